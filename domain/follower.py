"""Followers: what follows the log as it grows. What one cannot deal with is parked, on record, and passed by."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from domain.event import Event, event


class FollowerState(msgspec.Struct, frozen=True, gc=False):
    """How many events were parked, and the position of the last one."""

    parked: int = 0
    last: int = 0


@event
class EventParked(Event, frozen=True, kw_only=True):
    """The event at this position could not be dealt with. `why`: the kind of the fault, never what was in the event."""

    NAME: ClassVar[str] = "event.parked.v1"
    position: int
    why: str


def stream(name: str) -> str:
    """The stream of the follower of this name."""
    return f"follower:{name}"


def evolve(state: FollowerState, happened: Event) -> FollowerState:
    """Fold one event."""
    if isinstance(happened, EventParked):
        return FollowerState(state.parked + 1, max(state.last, happened.position))
    return state
