"""Forgetting: a person's keys are destroyed, so that what was sealed under them is noise for ever.

One person asks, and is told exactly what will go; another confirms just that, by its digest. It is refused, on record,
while a legal hold covers the person, while a protection of hers stands (her safe contact would go with it) and while
one names him adverse (whoever is feared must not vanish from what is watched). What was decided about the person stays:
nothing that was read for it is sealed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import msgspec
from msgspec.structs import replace

from domain.event import Event, Personal, event
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.account import AccountState

Reason = Literal["asked_by_the_person", "kept_long_enough", "court_order", "recorded_in_error"]
Why = Literal["held", "protected", "adverse"]

REASONS: tuple[Reason, ...] = get_args(Reason)
ASKED_LASTS = timedelta(days=7)


class Gone(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Keys to destroy: of this data subject those up to this generation; 0: all, and none is made again."""

    subject: str
    generations: int = 0


class ForgettingState(msgspec.Struct, frozen=True, gc=False):
    """How far a person's forgetting has come. `digest` and `position`: of what was last told would go."""

    party_id: str = ""
    account_id: str = ""
    digest: str = ""
    position: int = 0
    asked_by: str = ""
    asked_at: datetime | None = None
    confirmed_at: datetime | None = None
    completed: bool = False
    refused: int = 0


@event
class ForgettingAsked(Event, frozen=True, kw_only=True):
    """Somebody was told what would go. `digest`: SHA-256 of that, as the log stood at `position`.

    `words` are sealed under the person, and go along.
    """

    NAME: ClassVar[str] = "forgetting.asked.v1"
    party_id: str
    account_id: str
    digest: str
    position: int
    reason: str
    words: Personal
    asked_by: str
    asked_at: datetime


@event
class ForgettingRefused(Event, frozen=True, kw_only=True):
    """It may not be. `holds`: those that cover the person, where that is why."""

    NAME: ClassVar[str] = "forgetting.refused.v1"
    party_id: str
    account_id: str
    why: Why
    holds: tuple[str, ...] = ()


@event
class ForgettingConfirmed(Event, frozen=True, kw_only=True):
    """Another person confirmed it. `gone`: the keys that every process lets go of, and that are destroyed.

    `bookings`: those that nobody is on any more; the index of locators has forgotten them.
    """

    NAME: ClassVar[str] = "forgetting.confirmed.v1"
    party_id: str
    account_id: str
    digest: str
    gone: tuple[Gone, ...]
    bookings: tuple[str, ...]
    confirmed_by: str
    at: datetime


@event
class ForgettingCompleted(Event, frozen=True, kw_only=True):
    """The keys are destroyed. `gone`: those of what came up to the very end; `left`: what the storage could not do."""

    NAME: ClassVar[str] = "forgetting.completed.v1"
    party_id: str
    gone: tuple[Gone, ...]
    letters: int
    exports: int
    backups: int
    left: str = ""


NAMES = (ForgettingConfirmed.NAME, ForgettingCompleted.NAME)


def stream(party_id: str) -> str:
    """The stream of this person's forgetting."""
    return f"forgetting:{party_id}"


def evolve(state: ForgettingState, happened: Event) -> ForgettingState:
    """Fold one event."""
    match happened:
        case ForgettingAsked():
            return replace(
                state,
                party_id=happened.party_id,
                account_id=happened.account_id,
                digest=happened.digest,
                position=happened.position,
                asked_by=happened.asked_by,
                asked_at=happened.asked_at,
            )
        case ForgettingRefused():
            return replace(state, refused=state.refused + 1)
        case ForgettingConfirmed():
            return replace(state, confirmed_at=happened.at)
        case ForgettingCompleted():
            return replace(state, completed=True)
        case _:
            return state


def forgettable(account: AccountState, party_id: str) -> None:
    """Raise Refused unless there is such a person to forget: "unknown_party", "forgotten_already"."""
    if party_id in account.forgotten:
        raise Refused("forgotten_already", "this person was forgotten already", place="party_id")
    if party_id not in account.parties:
        raise Refused("unknown_party", "there is no such person on any account", place="party_id")


def stopped(account: AccountState, party_id: str, holds: tuple[str, ...], now: datetime) -> Why | None:
    """Why this person may not be forgotten now; None where nothing stands against it."""
    if holds:
        return "held"
    protected = account.protected(now)
    if party_id in protected:
        return "protected"
    named = any(account.protections[each].names(party_id, asked=True) for each in protected)
    return "adverse" if named else None


def confirm(state: ForgettingState, digest: str, person: str, now: datetime) -> ForgettingState:
    """Decide on a confirmation by the digest of what was told.

    Raises Refused: "nothing_asked", "lapsed", "another_digest", or "another_person" for who asked.
    """
    if not state.digest or state.asked_at is None:
        raise Refused("nothing_asked", "ask what would go first, and confirm its digest")
    if now >= state.asked_at + ASKED_LASTS:
        raise Refused("lapsed", "nobody confirmed this in seven days; ask again")
    if digest != state.digest:
        raise Refused("another_digest", "this is not the digest of what was told last; read it again", place="digest")
    if person == state.asked_by:
        raise Refused("another_person", "whoever asked does not confirm it; have another person do so")
    return state
