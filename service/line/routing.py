"""Routing: who answers for a booking, said before any human does.

It is asked and recorded as a question of class E, decided like any other: a protected booking is routed as its shown
view says, and what is hidden, unknown, or of nobody's concern goes where everything goes that nobody owns.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import booking, judging
from domain.attempt import Given
from domain.field_class import FieldClass
from domain.judging import Judged
from domain.refusal import Refused
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.ids import MaybeId
from service.line.disclosing import Attempt, not_signed, recorded, scene_of


class RouteInteraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which booking it is about, by its locator or its id."""

    locator: Annotated[str, Meta(max_length=32, examples=["YL92CN"])] = ""
    booking_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "RouteInteraction()"


class OwnerDesk(msgspec.Struct, frozen=True):
    """Who answers for it: an office, the channel it was made in, and who is asked after that office, in order."""

    office: str
    channel: str
    escalation: tuple[str, ...]


ROUTED_SAY = "I am putting you through to the people who look after this."
DEFAULT = OwnerDesk("front desk", "", ("duty supervisor",))


class RouteAnswer(msgspec.Struct, frozen=True):
    """Where to go with it. Always somewhere, in the same words."""

    decision_id: str
    owner: OwnerDesk
    say: str = ROUTED_SAY
    next_step: Literal["transfer"] = "transfer"

    def __repr__(self) -> str:
        """Say nothing of the booking."""
        return "RouteAnswer()"


class _Owned(msgspec.Struct):
    """As much of a document as says who owns it."""

    owners: tuple[OwnerDesk, ...] = ()


_OWNED = msgspec.json.Decoder(_Owned)


async def route(desk: Desk, asker: Asker, interaction_id: str, body: RouteInteraction) -> RouteAnswer:
    """Say who owns a booking, as far as everybody who listens may know that it exists.

    Raises Refused: "unknown_interaction", or "nothing_offered".
    """
    if not body.locator and not body.booking_id:
        raise Refused("nothing_offered", "offer a locator or a booking id", place="locator")
    mark = desk.marks.locator(body.locator) if body.locator else ""
    await desk.contacts.keyed(asker, interaction_id)

    def judge(reader: Reader) -> Draft[Attempt]:
        scene = scene_of(desk, asker, reader, interaction_id)
        given = Given(mark, body.booking_id, unvouched=not_signed(desk, scene))
        judged = (judging.named(scene, given, classes=FieldClass.E.bit),)
        return recorded(
            reader, scene, given, asked="route", judged=judged, classes=FieldClass.E.bit, locator=body.locator
        )

    attempt = (await desk.pipeline.carry_out(asker, judge, on_beat=True)).answer
    return RouteAnswer(attempt.decision_id, _owner(desk, attempt.judged[0]))


def _owner(desk: Desk, judged: Judged) -> OwnerDesk:
    """The first owner that the answer to such a question would name; the default desk where it names none."""
    if judged.decision.outcome != "disclosed" or judged.state is None:
        return DEFAULT
    raw = desk.opened.rendered(booking.stream(judged.booking_id), judged.state, judged.decision)
    owners = () if raw is None else _OWNED.decode(raw).owners
    return owners[0] if owners else DEFAULT
