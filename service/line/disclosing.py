"""Disclosures: a question is judged, its attempt is recorded, and only then is the document made that may be seen.

What is not in the answer was never opened for it: the parts of a view are unsealed after the commit, and only of a
view the answer is taken from.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from domain import booking, judging
from domain.attempt import Asked, Given, Outcome
from domain.decision import Decision
from domain.dimension import Purpose
from domain.event import Plain
from domain.field_class import FieldClass
from domain.judging import LISTED, NOBODYS, Judged, Scene
from service.chance import identifier
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.ids import MaybeId
from service.safety.overriding import unvouched

ANSWER_LASTS = timedelta(seconds=60)
DISCLOSED_SAY = "Here is what I can see for you."
WITHHELD_SAY = "I am not able to go into that here. I can take a passcode, or pass you on to a colleague."
TRANSFER_SAY = "Thank you for telling me. I will pass you on to a colleague who can look into it with you."
ENDED_SAY = "Here is what I can see for you. I will pass you on to a colleague who can help you with what comes next."

_BITS = {each.value: 1 << each.index for each in FieldClass}

Letter = Literal["E", "I", "L", "C", "P", "F", "D", "N"]
NextStep = Literal["read_answer", "ask_passcode", "transfer"]


class AskDisclosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question about one booking, by its locator or its id; which field classes, and what for."""

    classes: Annotated[tuple[Letter, ...], Meta(min_length=1, max_length=8, examples=[["E", "I"]])]
    locator: Annotated[str, Meta(max_length=32, examples=["YL92CN"])] = ""
    booking_id: MaybeId = ""
    purpose: Literal["service", "operations"] = "service"

    def __repr__(self) -> str:
        """Say what kind of question it is."""
        return f"AskDisclosure(classes={''.join(self.classes)})"


class DisclosureAnswer(msgspec.Struct, frozen=True):
    """What may be said. `document` is null where it is withheld; `say` may be read aloud as it is.

    `as_of`: when what is told was last confirmed by its source, UTC.
    """

    decision_id: str
    outcome: Outcome
    document: dict[str, Any] | None
    say: str
    next_step: NextStep
    expires_at: str
    as_of: str | None = None

    def __repr__(self) -> str:
        """Say nothing of the document."""
        return f"DisclosureAnswer({self.outcome})"


class ListedBooking(msgspec.Struct, frozen=True):
    """A booking this contact may know of, and when it was last confirmed by its source, UTC."""

    booking_id: str
    document: dict[str, Any]
    as_of: str | None = None

    def __repr__(self) -> str:
        """Say nothing of the document."""
        return "ListedBooking()"


class BookingsAnswer(msgspec.Struct, frozen=True):
    """The bookings this contact may know of."""

    decision_id: str
    bookings: tuple[ListedBooking, ...]
    say: str
    next_step: NextStep
    expires_at: str


class Attempt(msgspec.Struct, frozen=True):
    """A question as it was judged: what is recorded, and what the answer is made of once it is."""

    decision_id: str
    at: datetime
    judged: tuple[Judged, ...]


async def ask(desk: Desk, asker: Asker, interaction_id: str, body: AskDisclosure) -> DisclosureAnswer:
    """Answer a question about one booking.

    Raises Refused("unknown_interaction"), LogUnavailable: then nothing is told.
    """
    classes = 0
    for letter in body.classes:
        classes |= _BITS[letter]
    purpose = Purpose(body.purpose)
    mark = desk.marks.locator(body.locator) if body.locator else ""
    await desk.contacts.keyed(asker, interaction_id)

    def judge(reader: Reader) -> Draft[Attempt]:
        scene = scene_of(desk, asker, reader, interaction_id)
        given = Given(mark, body.booking_id, unvouched=not_signed(desk, scene))
        judged = (judging.named(scene, given, classes=classes, purpose=purpose),)
        return recorded(
            reader,
            scene,
            given,
            asked="booking",
            judged=judged,
            classes=classes,
            purpose=purpose,
            locator=body.locator,
        )

    attempt = (await desk.pipeline.carry_out(asker, judge, on_beat=True)).answer
    only = attempt.judged[0]
    document = document_of(desk, only) if only.decision.outcome == "disclosed" else None
    say, next_step = line(only.decision, disclosed=document is not None, ended=_ended(only))
    return DisclosureAnswer(
        attempt.decision_id,
        "disclosed" if document is not None else "withheld",
        document,
        say,
        next_step,
        (attempt.at + ANSWER_LASTS).isoformat(timespec="seconds"),
        None if document is None else _as_of(only),
    )


async def bookings(desk: Desk, asker: Asker, interaction_id: str) -> BookingsAnswer:
    """The bookings that this contact may know of. Each is judged as a question of its own."""

    def judge(reader: Reader) -> Draft[Attempt]:
        scene = scene_of(desk, asker, reader, interaction_id)
        given = Given(unvouched=not_signed(desk, scene))
        judged = judging.listed(scene, given)
        return recorded(reader, scene, given, asked="bookings", judged=judged, classes=LISTED)

    attempt = (await desk.pipeline.carry_out(asker, judge, on_beat=True)).answer
    listed = []
    for each in attempt.judged:
        document = document_of(desk, each) if each.decision.outcome == "disclosed" else None
        if document is not None:
            listed.append(ListedBooking(each.booking_id, document, _as_of(each)))
    ended = any(_ended(each) for each in attempt.judged)
    say, next_step = line(attempt.judged[0].decision, disclosed=bool(listed), ended=ended)
    return BookingsAnswer(
        attempt.decision_id,
        tuple(listed),
        say,
        next_step,
        (attempt.at + ANSWER_LASTS).isoformat(timespec="seconds"),
    )


def scene_of(desk: Desk, asker: Asker, reader: Reader, interaction_id: str) -> Scene:
    """What a question in this contact is judged on. Raises Refused("unknown_interaction")."""
    state = reader.interaction(interaction_id)
    on_account = reader.account(state.account_id) if state.account_id else NOBODYS
    table = reader.policy().table
    return Scene(asker.actor.subject, interaction_id, state, on_account, reader.booking, table, desk.pipeline.now())


def not_signed(desk: Desk, scene: Scene) -> tuple[str, ...]:
    """The overrides of the account whose approval is not signed as it stands; they count for nothing."""
    overrides = scene.account.overrides
    return unvouched(desk.approvals, scene.interaction.account_id, scene.account) if overrides else ()


def line(decision: Decision, *, disclosed: bool, ended: bool = False) -> tuple[str, NextStep]:
    """What may be read aloud, and what comes next: the neutral line unless something may be told.

    `ended`: the airline ended a flight of what is told, which is a colleague's matter.
    """
    if disclosed:
        return (ENDED_SAY, "transfer") if ended else (DISCLOSED_SAY, "read_answer")
    if decision.rules == ("disputed",):
        return TRANSFER_SAY, "transfer"
    return WITHHELD_SAY, "ask_passcode"


def recorded(
    reader: Reader,
    scene: Scene,
    given: Given,
    *,
    asked: Asked,
    judged: tuple[Judged, ...],
    classes: int,
    purpose: Purpose = Purpose.SERVICE,
    locator: str = "",
    role: str = "",
) -> Draft[Attempt]:
    """The attempt as an event about the account; about the interaction where it was bound to none."""
    attempted = judging.attempted(
        judged,
        decision_id=identifier(),
        asked=asked,
        given=given,
        classes=judging.letters(classes),
        purpose=purpose.value,
        judged_at={stream: folded.version for stream, folded in reader.reads.items()},
        locator=Plain(scene.interaction_id, locator.encode()) if locator else None,
        role=role,
    )
    attempt = Attempt(attempted.decision_id, scene.now, judged)
    about = judging.about(scene.interaction, scene.interaction_id)
    return Draft(attempt, [(about, attempted)], interaction=scene.interaction_id, policy=scene.policy.version)


def _ended(judged: Judged) -> bool:
    """Whether a flight of the view that is told has ended, and the view goes on with a colleague then."""
    basis, state = judged.decision.basis, judged.state
    return basis != "" and state is not None and state.living is not None and state.living.transfers(basis)


def _as_of(judged: Judged) -> str | None:
    """When the source last confirmed what is told: one instant for both views."""
    if judged.state is None or judged.state.as_of is None:
        return None
    return judged.state.as_of.isoformat(timespec="seconds")


def document_of(desk: Desk, judged: Judged) -> dict[str, Any] | None:
    """What may be seen of a booking, as an agent reads it, rendered already."""
    if judged.state is None:
        return None
    raw = desk.opened.rendered(booking.stream(judged.booking_id), judged.state, judged.decision)
    return cast("dict[str, Any] | None", raw)  # encoded as it stands
