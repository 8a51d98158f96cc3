"""Dialling: who may be put on the line for the caller. It follows from this contact, never from the last search.

The number stands in the booking that this contact is about, as all who listen may have it; there is no directory. A
place that goes along has to be the one that the caller gave when this contact was bound: a tool that still has the
previous caller's is answered with nothing. It is decided and recorded like any other question.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from domain import booking, judging
from domain.attempt import Given, Outcome
from domain.interaction import InteractionState
from domain.judging import DIALLED, Judged
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.ids import MaybeId
from service.line.disclosing import ANSWER_LASTS, Attempt, NextStep, line, not_signed, recorded, scene_of

Role = Literal["owner_office", "airline", "rail", "car_rental", "hotel", "dealer", "other"]

DIAL_SAY = "I can put you through now."


class AskDial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the caller wants on the line, and for which booking. `place`: where he is, as he gave it in this contact."""

    purpose: Annotated[Role, Meta(examples=["dealer"])]
    locator: Annotated[str, Meta(max_length=32, examples=["YL92CN"])] = ""
    booking_id: MaybeId = ""
    place: Annotated[str, Meta(max_length=64, examples=["98101"])] = ""

    def __repr__(self) -> str:
        """Say whom it is about, and no more."""
        return f"AskDial({self.purpose})"


class Dial(msgspec.Struct, frozen=True):
    """Who may be put on the line."""

    role: Role
    name: str
    phone: str
    place: str

    def __repr__(self) -> str:
        """Say nothing of it: it says where somebody is."""
        return f"Dial({self.role})"


class DialAnswer(msgspec.Struct, frozen=True):
    """Whom to dial, null where nobody may be. `say` may be read aloud as it is."""

    decision_id: str
    outcome: Outcome
    dial: Dial | None
    say: str
    next_step: NextStep
    expires_at: str

    def __repr__(self) -> str:
        """Say nothing of whom."""
        return f"DialAnswer({self.outcome})"


class _Seen(msgspec.Struct, frozen=True):
    """As much of a rendered booking as this needs."""

    suppliers: tuple[Dial, ...] = ()


async def ask_dial(desk: Desk, asker: Asker, interaction_id: str, body: AskDial) -> DialAnswer:
    """Say who may be put on the line. Raises Refused("unknown_interaction"), LogUnavailable: then nobody is."""
    mark = desk.marks.locator(body.locator) if body.locator else ""
    place = desk.marks.place(body.place) if body.place else ""
    await desk.contacts.keyed(asker, interaction_id)
    found: list[Dial] = []

    def judge(reader: Reader) -> Draft[Attempt]:
        found.clear()
        scene = scene_of(desk, asker, reader, interaction_id)
        given = Given(mark, body.booking_id, place, unvouched=not_signed(desk, scene))
        judged = judging.named(scene, given, classes=DIALLED)
        if judged.decision.outcome == "disclosed" and not judging.misplaced(scene, given):
            found.extend(_fit(desk, judged, body.purpose, scene.interaction))
            given = replace(given, fit=len(found))
        judged = judging.dialled(scene, given, judged)
        return recorded(
            reader,
            scene,
            given,
            asked="dial",
            judged=(judged,),
            classes=DIALLED,
            locator=body.locator,
            role=body.purpose,
        )

    attempt = (await desk.pipeline.carry_out(asker, judge, on_beat=True)).answer
    dial = found[0] if attempt.judged[0].decision.outcome == "disclosed" else None
    say, next_step = line(attempt.judged[0].decision, disclosed=dial is not None)
    return DialAnswer(
        attempt.decision_id,
        "disclosed" if dial is not None else "withheld",
        dial,
        DIAL_SAY if dial is not None else say,
        next_step,
        (attempt.at + ANSWER_LASTS).isoformat(timespec="seconds"),
    )


def _fit(desk: Desk, judged: Judged, role: Role, state: InteractionState) -> list[Dial]:
    """The suppliers of this role that all who listen may hear of: at the caller's place, where he gave one."""
    if judged.state is None:
        return []
    raw = desk.opened.rendered(booking.stream(judged.booking_id), judged.state, judged.decision)
    if raw is None:
        return []
    fit = [each for each in msgspec.json.decode(raw, type=_Seen).suppliers if each.role == role and each.phone]
    here = [each for each in fit if each.place and desk.marks.place(each.place) == state.place]
    return here if state.place and any(each.place for each in fit) else fit
