"""Protections: every one there is, folded from the whole log, and which of them somebody has to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Literal, cast

import msgspec

from domain import protection
from domain.event import Recorded
from domain.protection import Protection, ProtectionEvent
from projections.projection import Projection

Why = Literal["review", "lapses", "lapsed", "ending_asked", "ends", "ended"]

LAPSE_SHOWN = timedelta(days=30)

State = dict[str, Mapping[str, Protection]]


class Due(msgspec.Struct, frozen=True):
    """A protection to look at: why, and when it is or was due, UTC (the start of the day, for a review)."""

    account_id: str
    protection: Protection
    why: Why
    due_at: datetime


def _evolve(state: State, recorded: Recorded) -> State:
    account_id = recorded.stream.partition(":")[2]
    happened = cast("ProtectionEvent", recorded.event)
    state[account_id] = protection.evolve(state.get(account_id, {}), happened, recorded.version)
    return state


def _begin() -> State:
    return {}


PROTECTIONS: Projection[State] = Projection(tuple(kind.NAME for kind in protection.KINDS), _begin, _evolve)


def due(state: State, now: datetime, within: timedelta) -> list[Due]:
    """Those whose review or end comes within this time, or is past; the longest due first."""
    found = [
        Due(account_id, each, why, at)
        for account_id, protections in state.items()
        for each in protections.values()
        for why, at in _dates(each, now)
        if at <= now + within
    ]
    return sorted(found, key=lambda each: (each.due_at, each.account_id, each.protection.protection_id, each.why))


def _dates(each: Protection, now: datetime) -> Iterator[tuple[Why, datetime]]:
    """When somebody has to look at a protection. What lapsed or ended long ago, or was dismissed, is nobody's task."""
    if each.dismissed:
        return
    if each.ending is not None and each.ending.ends_at is not None:
        if now - each.ending.ends_at < LAPSE_SHOWN:
            yield ("ended" if each.ending.over(now) else "ends"), each.ending.ends_at
    elif each.ending is not None and not each.ending.lapsed(now):
        yield "ending_asked", each.ending.expires_at
    if each.until is not None and now - each.until < LAPSE_SHOWN:
        yield ("lapses" if each.active(now) else "lapsed"), each.until
    if each.asked and each.asked_at is not None and each.active(now):
        yield "review", each.asked_at
    if each.review_on and each.active(now):
        try:
            day = date.fromisoformat(each.review_on)
        except ValueError:  # recorded before days were checked
            return
        yield "review", datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
