"""Waking: what has a time at which it has to be looked at, soonest first. To ask when nothing is due costs nothing."""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush


class Waking:
    """Ids by their time. An id has one time, or none."""

    def __init__(self) -> None:
        """Start empty."""
        self._at: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    def __len__(self) -> int:
        """How many have a time."""
        return len(self._at)

    def put(self, key: str, at: datetime | None) -> None:
        """Give an id its time from now on, or none. What is out of date in the heap goes when it comes to the top."""
        if self._at.get(key) != at:
            if at is None:
                del self._at[key]
            else:
                self._at[key] = at
                heappush(self._heap, (at, key))
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)

    def due(self, now: datetime) -> list[str]:
        """The ids whose time has come, soonest first. It changes nothing, and may be asked from another thread."""
        first = self._heap[:1]
        if not first or first[0][0] > now:
            return []
        late = sorted({(at, key) for at, key in self._heap.copy() if at <= now})
        return [key for at, key in late if self._at.get(key) == at]
