"""Contacts: where a call comes from, and the only thing that a wrong passcode ever locks.

Failures bind the contact that failed, never the account or the person: a hundred adverse failures do not shut her out.
Figures: NIST SP 800-63B-4 section 3.2.2 (at most 100 consecutive failures; delays from 30 seconds to an hour).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from domain.event import Event, event

FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
LAST_FAILURE = 100


class ContactState(msgspec.Struct, frozen=True, gc=False):
    """Consecutive failures of one contact, and when the last one was."""

    failures: int = 0
    last_failed_at: datetime | None = None


@event
class ContactFailed(Event, frozen=True, kw_only=True):
    """A passcode from this contact was not accepted."""

    NAME: ClassVar[str] = "contact.failed.v1"
    at: datetime


@event
class ContactCleared(Event, frozen=True, kw_only=True):
    """A passcode from this contact was accepted: the count starts anew."""

    NAME: ClassVar[str] = "contact.cleared.v1"


def stream(mark: str) -> str:
    """The stream of the contact with this mark."""
    return f"contact:{mark}"


def evolve(state: ContactState, happened: Event) -> ContactState:
    """Fold one event."""
    match happened:
        case ContactFailed(at=at):
            return ContactState(state.failures + 1, at)
        case ContactCleared():
            return ContactState()
        case _:
            return state


def delay(failures: int) -> timedelta:
    """How long a contact waits after this many consecutive failures."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(FIRST_DELAY * (1 << min(failures - FREE_FAILURES, 16)), LONGEST_DELAY)


def blocked(state: ContactState, now: datetime) -> bool:
    """Whether a passcode from this contact is not to be accepted now, right or wrong."""
    if state.failures >= LAST_FAILURE:
        return True
    return state.last_failed_at is not None and now < state.last_failed_at + delay(state.failures)
