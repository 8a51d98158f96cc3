"""Disclosures: a question is judged, its attempt is recorded, and only then is the document made that may be seen.

What is not in the answer was never opened for it: the parts of a view are unsealed after the commit, and only of a
view the answer is taken from.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from domain import account, booking, interaction
from domain.account import AccountState
from domain.attempt import Asked, DisclosureAttempted, Outcome
from domain.booking import BookingState
from domain.decision import Decision, Facts, Question, decide
from domain.dimension import Purpose
from domain.event import Plain
from domain.field_class import FieldClass
from domain.interaction import InteractionState
from service.chance import identifier
from service.desk.desk import Desk, callers
from service.desk.draft import Asker, Draft, Reader
from service.desk.ids import MaybeId
from service.safety.overriding import vouched

ANSWER_LASTS = timedelta(seconds=60)
LISTED = sum(1 << each.index for each in (FieldClass.E, FieldClass.I, FieldClass.L))
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


class Judged(msgspec.Struct, frozen=True):
    """One booking as it was judged."""

    booking_id: str
    state: BookingState | None
    decision: Decision


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
    await desk.have_keys([callers(desk.pipeline.now())])

    def judge(reader: Reader) -> Draft[Attempt]:
        state = reader.interaction(interaction_id)
        account_id = state.account_id
        on_account = of_account(desk, reader, account_id)
        booking_id = meant(reader, on_account, body.booking_id, mark)
        of_booking = reader.booking(booking_id) if booking_id else None
        question = Question(asker.actor.subject, account_id, booking_id, classes, purpose, mark, interaction_id)
        decision = decide(question, Facts(on_account, of_booking, state), reader.policy().table, desk.pipeline.now())
        judged = (Judged(booking_id, of_booking, decision),)
        return recorded(
            desk,
            reader,
            interaction_id,
            state,
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
        state = reader.interaction(interaction_id)
        account_id = state.account_id
        on_account = of_account(desk, reader, account_id)
        policy, now = reader.policy().table, desk.pipeline.now()
        judged = []
        for booking_id in on_account.bookings or ("",):
            of_booking = reader.booking(booking_id) if booking_id else None
            question = Question(
                asker.actor.subject,
                account_id,
                booking_id,
                LISTED,
                Purpose.SERVICE,
                interaction_id=interaction_id,
                named=bool(booking_id),
            )
            decision = decide(question, Facts(on_account, of_booking, state), policy, now)
            judged.append(Judged(booking_id, of_booking, decision))
        return recorded(
            desk,
            reader,
            interaction_id,
            state,
            asked="bookings",
            judged=tuple(judged),
            classes=LISTED,
            purpose=Purpose.SERVICE,
            locator="",
        )

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


NOBODYS = AccountState()


def of_account(desk: Desk, reader: Reader, account_id: str) -> AccountState:
    """The account a contact is about, with no override on it but those whose approval is signed as it stands."""
    state = reader.account(account_id) if account_id else NOBODYS
    return vouched(desk.approvals, account_id, state) if state.overrides else state


def line(decision: Decision, *, disclosed: bool, ended: bool = False) -> tuple[str, NextStep]:
    """What may be read aloud, and what comes next: the neutral line unless something may be told.

    `ended`: the airline ended a flight of what is told, which is a colleague's matter.
    """
    if disclosed:
        return (ENDED_SAY, "transfer") if ended else (DISCLOSED_SAY, "read_answer")
    if decision.rules == ("disputed",):
        return TRANSFER_SAY, "transfer"
    return WITHHELD_SAY, "ask_passcode"


def meant(reader: Reader, state: AccountState, booking_id: str, mark: str) -> str:
    """The booking of this account that is meant, "" if none is: another account's is as unknown as nobody's.

    One that is shown under this locator goes before one that is only held under it.
    """
    if booking_id:
        return booking_id if booking_id in state.bookings else ""
    held = ""
    for each in state.bookings:
        found = reader.booking(each)
        if found.shown is not None and mark in found.shown.locators:
            return each
        if found.held is not None and mark in found.held.locators:
            held = held or each
    return held


def recorded(
    desk: Desk,
    reader: Reader,
    interaction_id: str,
    state: InteractionState,
    *,
    asked: Asked,
    judged: tuple[Judged, ...],
    classes: int,
    purpose: Purpose,
    locator: str,
    role: str = "",
) -> Draft[Attempt]:
    """The attempt as an event about the account; about the interaction where it was bound to none."""
    now = desk.pipeline.now()
    disclosed = [each for each in judged if each.decision.outcome == "disclosed"]
    views = {each.decision.basis for each in disclosed}
    version = reader.policy().version
    attempted = DisclosureAttempted(
        decision_id=identifier(),
        asked=asked,
        bookings=tuple(each.booking_id for each in (disclosed or judged) if each.booking_id),
        classes="".join(each.value for each in FieldClass if classes >> each.index & 1),
        purpose=purpose.value,
        outcome="disclosed" if disclosed else "withheld",
        view="" if not views else "held" if "held" in views else "shown",
        rules=_rules(judged),
        listeners=judged[0].decision.listeners,
        judged_at={stream: folded.version for stream, folded in reader.reads.items()},
        locator=Plain(callers(now), locator.encode()) if locator else None,
        override_id=next((each.decision.override_id for each in disclosed if each.decision.override_id), ""),
        role=role,
    )
    about = account.stream(state.account_id) if state.account_id else interaction.stream(interaction_id)
    attempt = Attempt(attempted.decision_id, now, judged)
    return Draft(attempt, [(about, attempted)], interaction=interaction_id, policy=version)


def _rules(judged: tuple[Judged, ...]) -> tuple[str, ...]:
    if len(judged) == 1:
        return judged[0].decision.rules
    return tuple(sorted({rule for each in judged for rule in each.decision.rules}))


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
