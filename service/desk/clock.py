"""The clock: the wall's time, refused where it cannot be right. A wrong time would lapse or revive what hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.log import LogUnavailable

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
MOST_BACKWARDS = timedelta(seconds=5)


class ClockBroken(LogUnavailable):
    """The clock went back, or stands before anything was ever recorded: nothing is decided by it."""


def wall() -> datetime:
    """The time of the wall clock, UTC."""
    return datetime.now(UTC)


class Clock:
    """A wall clock that must not go back by more than five seconds, nor stand before the latest event recorded.

    Until it was told when that occurred, it tells no time.
    """

    def __init__(self, wall: Callable[[], datetime] = wall) -> None:
        """Tell this wall's time."""
        self._wall = wall
        self._latest: datetime | None = None

    def begin(self, latest: datetime) -> None:
        """Tell the time from now on; `latest` is when the last event on record occurred."""
        self._latest = latest

    def now(self) -> datetime:
        """The time now. Raises ClockBroken."""
        now, latest = self._wall(), self._latest
        if latest is None:
            raise ClockBroken("the clock has not been compared with the record yet")
        if now > latest:
            self._latest = now
        elif latest - now > MOST_BACKWARDS:
            raise ClockBroken("the clock stands before the latest event on record")
        return now
