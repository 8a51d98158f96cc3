"""Live: projections over the whole log, folded in memory and caught up with it whenever they are asked."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from eventsourcing.persistence import Notification

from domain.event import with_retired
from projections.projection import Projection
from service.log import EventLog
from service.sealing import Codec

S = TypeVar("S")

log = logging.getLogger("watchword.live")

AT_ONCE = 2_000


class Live:
    """The live projections of one log. For one event loop; it reads in a thread of its own."""

    def __init__(self, log: EventLog, codec: Codec) -> None:
        """Follow this log."""
        self._log = log
        self._codec = codec
        self._thread = ThreadPoolExecutor(1, "live")
        self._known: dict[Projection[Any], tuple[Any, int]] = {}
        self.skipped = 0  # events that a projection could not fold, counted for each projection

    async def current(self, projection: Projection[S]) -> S:
        """What the projection makes of all that is committed now; not to be changed. Raises LogUnavailable.

        A damaged event is left out, and said so in the log of the process: it is not to hide all the others.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._caught_up, projection)

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=True)

    def _caught_up(self, projection: Projection[S]) -> S:
        state, position = self._known.get(projection) or (projection.begin(), 0)
        last = self._log.last_position()
        names = with_retired(projection.names)
        while position < last:
            rows = self._log.select_all(gt=position, lte=last, topics=names, limit=AT_ONCE)
            for row in rows:
                try:
                    state = projection.evolve(state, self._codec.recorded(_notification(row)))
                except Exception as error:  # noqa: BLE001 - whatever it was; kind and place only, words could be personal
                    self.skipped += 1
                    about = {"position": row[-1], "reason": type(error).__name__}
                    log.error("an event could not be read and is left out", extra=about)  # noqa: TRY400 - likewise
                # For each row: the state may be changed in place, and nothing is to be folded into it twice.
                self._known[projection] = state, row[-1]
            position = rows[-1][-1] if len(rows) == AT_ONCE else last
            self._known[projection] = state, position
        return state


def _notification(row: Any) -> Notification:
    stream, version, name, stored, position = row
    return Notification(stream, version, name, stored, position)
