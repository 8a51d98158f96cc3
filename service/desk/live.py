"""Live: projections over the whole log, folded in memory and caught up with it whenever they are asked."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from eventsourcing.persistence import Notification

from projections.projection import Projection
from service.log import EventLog
from service.sealing import Codec

S = TypeVar("S")

AT_ONCE = 2_000


class Live:
    """The live projections of one log. For one event loop; it reads in a thread of its own."""

    def __init__(self, log: EventLog, codec: Codec) -> None:
        """Follow this log."""
        self._log = log
        self._codec = codec
        self._thread = ThreadPoolExecutor(1, "live")
        self._known: dict[Projection[Any], tuple[Any, int]] = {}

    async def current(self, projection: Projection[S]) -> S:
        """What the projection makes of all that is committed now; not to be changed. Raises LogUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._caught_up, projection)

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=True)

    def _caught_up(self, projection: Projection[S]) -> S:
        state, position = self._known.get(projection) or (projection.begin(), 0)
        last = self._log.last_position()
        while position < last:
            rows = self._log.select_all(gt=position, lte=last, topics=projection.names, limit=AT_ONCE)
            for row in rows:
                state = projection.evolve(state, self._codec.recorded(_notification(row)))
            position = rows[-1][-1] if len(rows) == AT_ONCE else last
            self._known[projection] = state, position
        return state


def _notification(row: Any) -> Notification:
    stream, version, name, stored, position = row
    return Notification(stream, version, name, stored, position)
