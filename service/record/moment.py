"""Moments: a position in the log, or an instant, said in one way. Positions are exact; clocks of replicas differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from domain.refusal import Refused
from service.desk.desk import Desk

__all__ = ["SKEW", "Instant", "Moment", "instant", "position"]

_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(Z|[ +-][0-9]{2}:[0-9]{2})"
Instant = Annotated[str, Meta(pattern=f"^({_INSTANT})?$", description="an instant with its offset, ISO 8601")]
Moment = Annotated[
    str, Meta(pattern=f"^([0-9]{{1,15}}|{_INSTANT})?$", description="a position in the log, or an instant (ISO 8601)")
]
# By so much the clocks of two replicas may differ: events stand in the order of their commits, not of their times.
SKEW = timedelta(minutes=1)


def instant(said: str, place: str) -> datetime | None:
    """An instant, UTC; None for "". Raises Refused("bad_moment") naming the place of one that is none."""
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said.replace(" ", "+"))  # in a query, a plus may have come as a space
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(
            "bad_moment", "give an instant with its offset, such as 2026-05-04T10:00:00Z", place=place
        ) from None


def position(desk: Desk, said: str, place: str, last: int) -> int:
    """Where the log stood at this moment, `last` for "" and for whatever is later. Blocking.

    Raises Refused("bad_moment"), LogUnavailable.
    """
    if said.isdigit():
        return min(int(said), last)
    at = instant(said, place)
    return last if at is None else before(desk, at, last)


def before(desk: Desk, at: datetime, last: int) -> int:
    """The last position, up to `last`, whose event occurred by then: twenty-odd seeks in a log of any length."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        found = desk.log.read_all(gt=middle - 1, limit=1)
        # What this reader cannot see yet came later than whatever it can.
        passed = bool(found) and desk.codec.header(found[0]).occurred_at <= at
        low, high = (middle, high) if passed else (low, middle - 1)
    return low
