"""Actions: something is to be done to a booking, decided like words by the same function and recorded like them.

What it takes: all who listen may have the classes that the action is about, of everybody on the booking, in the view
that answers. An action is never carried out here. It is accepted in the same words and with the same due time on any
account, and waits in a worklist: of the back office, or where anybody is protected of tier 3 alone, who know which of
the two views it was asked about. No view of a booking is changed by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.attempt import Given, Heard
from domain.dimension import Protection, Standing
from domain.event import Event, Personal, event
from domain.field_class import FieldClass
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.booking import BookingState
    from domain.decision import Decision

Action = Literal["change", "cancel", "refund", "check_in", "resend", "edit_contact"]
Accepted = Literal["accepted", "withheld"]
Route = Literal["ordinary", "tier_3"]
Result = Literal["done", "not_done"]


def _bits(letters: str) -> int:
    return sum(FieldClass(letter).bit for letter in letters)


# Whoever asks for something hears by the answer that it can be asked for: that the booking is, and this of it.
NEEDED: dict[Action, int] = {
    "change": _bits("EI"),
    "cancel": _bits("EI"),
    "check_in": _bits("EI"),
    "refund": _bits("EF"),
    "resend": _bits("EIC"),
    "edit_contact": _bits("EC"),
}
# So long whoever read one has it to himself.
HELD = timedelta(minutes=30)
# Within which time it is seen to, on any account.
DUE: dict[Action, timedelta] = {
    "change": timedelta(hours=4),
    "cancel": timedelta(hours=4),
    "check_in": timedelta(hours=2),
    "refund": timedelta(hours=24),
    "resend": timedelta(hours=4),
    "edit_contact": timedelta(hours=24),
}


class ActionState(msgspec.Struct, frozen=True, gc=False):
    """What became of one accepted action: "" while it waits. `reader`: who read it last and has it, `until` then."""

    result: str = ""
    reader: str = ""
    until: datetime | None = None

    def held_by(self, now: datetime) -> str:
        """Whoever has it at `now`, "" for nobody."""
        return self.reader if self.until is not None and now < self.until else ""


@event
class ActionAttempted(Event, frozen=True, kw_only=True):
    """Somebody asked for something to be done. `view`: the view it was judged on; `request`: what was said of it.

    `judged_at`: the version of every stream it was judged on; `due_at`, UTC, where it was accepted.
    `authority`: what that says of an agent's own tier (`domain.authority.Word`). `repeats`: the accepted one that this
    asks for again, by its idempotency key: nothing more is to be done for it. `given`: as in `attempt`.
    """

    NAME: ClassVar[str] = "action.attempted.v1"
    decision_id: str
    action: Action
    bookings: tuple[str, ...]
    outcome: Accepted
    route: Route
    view: str
    rules: tuple[str, ...]
    listeners: tuple[Heard, ...]
    judged_at: Mapping[str, int]
    request: Personal
    due_at: datetime | None = None
    authority: str = ""
    repeats: str = ""
    given: Given | None = None


@event
class ActionRead(Event, frozen=True, kw_only=True):
    """Somebody who is to do it read what was said of it: it is his to do, until then."""

    NAME: ClassVar[str] = "action.read.v1"
    decision_id: str
    reader: str = ""
    until: datetime | None = None


@event
class ActionNotGiven(Event, frozen=True, kw_only=True):
    """Somebody who wanted to read or to close it was told that another has it."""

    NAME: ClassVar[str] = "action.not_given.v1"
    decision_id: str


@event
class ActionClosed(Event, frozen=True, kw_only=True):
    """It was done, or it was not, and why."""

    NAME: ClassVar[str] = "action.closed.v1"
    decision_id: str
    result: Result
    words: Personal


def stream(decision_id: str) -> str:
    """The stream of what became of this action."""
    return f"action:{decision_id}"


def evolve(state: ActionState, happened: Event) -> ActionState:
    """Fold one event."""
    match happened:
        case ActionRead(reader=reader, until=until):
            return replace(state, reader=reader, until=until)
        case ActionClosed(result=result):
            return ActionState(result)
        case _:
            return state


def accepted(action: Action, decision: Decision, booking: BookingState | None) -> bool:
    """Whether everybody who listens may have what this action is about, of all the people of the view that answers."""
    view = None if booking is None else booking.held if decision.basis == "held" else booking.shown
    if decision.outcome != "disclosed" or view is None:
        return False
    needed = [each for each in FieldClass if each is not FieldClass.E and NEEDED[action] >> each.index & 1]
    return all(decision.held(each, view.people) or decision.as_shown(each, view.people) for each in needed)


def route(decision: Decision, *, passed_on: bool = False) -> Route:
    """Who does it: tier 3 where anybody is protected, or was and the views differ, and under duress; else anybody.

    And what an agent asks for whose tier has no authority for it now: it is passed on, in the words of any other.
    """
    guarded = any(
        hearing.protection is not Protection.NONE or hearing.standing is Standing.DURESS
        for hearing in decision.hearings
    )
    return "tier_3" if guarded or passed_on else "ordinary"


def give(state: ActionState, person: str, now: datetime, *, tier_3: bool, guarded: bool) -> None:
    """Raise Refused("with_a_colleague") where it is not this person's to do now.

    Tier 3 may do any. To all others one that became tier 3's is as if a colleague had it, as any may be that somebody
    read a moment ago; who had it by then goes on with it while that lasts, like anybody.
    """
    has_it = state.held_by(now)
    if not tier_3 and has_it != person and (has_it or guarded):
        raise Refused("with_a_colleague", "a colleague has this one at the moment; go on with another")


def close(state: ActionState, closed: ActionClosed) -> ActionClosed:
    """Decide on what became of it. Raises Refused("closed_already")."""
    if state.result:
        raise Refused("closed_already", "somebody has said what became of this action already", place="decision_id")
    return closed
