"""Release: what was held stays closed when a protection ends, past travel included, until its party releases it.

A release opens the releasing party's own, and nothing of anybody else who was ever protected. A booking's views become
one again (*rejoined*) once nobody is left for whose sake they were parted; until then it goes on answering as under
protection, and only the others' silence about the releasing party is lifted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from domain.event import Event, event

if TYPE_CHECKING:
    from domain.account import AccountState
    from domain.booking import BookingState


@event
class ProtectionReleased(Event, frozen=True, kw_only=True):
    """A party, proved by passcode, released bookings; `everything`: all that concern the party, named or not."""

    NAME: ClassVar[str] = "protection.released.v1"
    party_id: str
    bookings: tuple[str, ...]
    everything: bool
    interaction_id: str


@event
class BookingReleased(Event, frozen=True, kw_only=True):
    """A party released what this booking holds of her; `rejoined`: from now on the shown view is the held one."""

    NAME: ClassVar[str] = "booking.released.v1"
    party_id: str
    rejoined: bool


def not_to_be_released(account: AccountState, party_id: str, now: datetime) -> str:
    """Why nothing is released at this party's word, "" where something may be."""
    own = account.protections.get(party_id)
    if own is not None and own.active(now):
        return "the protection is in force"
    if own is None and account.protected(now):
        return "another's protection is in force"
    return ""


def release(
    account: AccountState,
    party_id: str,
    bookings: Mapping[str, BookingState],
    named: frozenset[str] | None,
    now: datetime,
) -> dict[str, BookingReleased]:
    """What this party releases of these bookings, of all where none are `named`."""
    found: dict[str, BookingReleased] = {}
    for booking_id, state in bookings.items():
        if not state.frozen or (named is not None and booking_id not in named):
            continue
        people = concerned(state)
        own = party_id in people and party_id not in state.released_by
        waiting = named is None and bool(state.released_by)  # for this party's release, perhaps
        released = state.released_by | ({party_id} if party_id in people else frozenset())
        closed = any(
            _closes(account, other, people, now) for other in account.protections if other not in {*released, party_id}
        ) or (party_id not in people and named is not None)
        if own or (waiting and not closed):
            found[booking_id] = BookingReleased(party_id=party_id, rejoined=not closed)
    return found


def _closes(account: AccountState, party_id: str, people: frozenset[str], now: datetime) -> bool:
    """Whether a booking of these people stays closed for this party's sake.

    Also where the party is not on it: a held record's cross references name other bookings.
    """
    its = account.protections[party_id]
    return party_id in people or its.active(now) or not (its.released or its.dismissed)


def concerned(state: BookingState) -> frozenset[str]:
    """Everybody who is on a booking in either view."""
    return frozenset(person for view in (state.held, state.shown) if view is not None for person in view.people)
