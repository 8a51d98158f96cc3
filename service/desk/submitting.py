"""Submitting: appends handed from the event loop to the log's writer, and their outcomes brought back.

What comes up in one turn of the loop is handed over together, and a whole group's outcomes wake the loop once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from service.log import Append, EventLog, LogUnavailable

LONGEST_GATHERING_S = 0.002

T = TypeVar("T")


def called(work: Coroutine[object, object, T], loop: asyncio.AbstractEventLoop, timeout_s: float) -> T:
    """Run this on the event loop, from another thread. Raises TimeoutError, LogUnavailable where the loop is gone."""
    try:
        future = asyncio.run_coroutine_threadsafe(work, loop)
    except RuntimeError:
        work.close()
        raise LogUnavailable("the service is stopping") from None
    try:
        return future.result(timeout_s)
    finally:
        future.cancel()


class Submitting:
    """The way to one log and back. For one event loop."""

    def __init__(self, log: EventLog) -> None:
        """Submit to this log."""
        self._log = log
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._gathered: list[Append] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> Append:
        """An append to fill in, whose outcome will find its way back here."""
        return Append(sink=self._sink)

    async def settled(self, append: Append) -> None:
        """Hand an append over, and wait for its outcome."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting[id(append)] = future
        self._gathered.append(append)
        if len(self._gathered) == 1:
            loop.call_soon(self._release, loop, 0, loop.time() + LONGEST_GATHERING_S)
        # Whoever asked may go away; what was decided is recorded all the same, and its outcome seen to.
        await asyncio.shield(future)

    async def outcome(self, append: Append) -> None:
        """Wait for the outcome of an append that somebody has handed over, if it is not there yet."""
        future = self._waiting.get(id(append))
        if future is not None:
            await asyncio.shield(future)

    def _release(self, loop: asyncio.AbstractEventLoop, seen: int, latest: float) -> None:
        """Hand what was gathered to the log as soon as a turn of the loop brings nothing more.

        The writer takes whatever waits for it into one transaction. Given each append at once it would write many small
        groups, and compete with this loop for the interpreter at each of them.
        """
        gathered = self._gathered
        if len(gathered) > seen and loop.time() < latest:
            loop.call_soon(self._release, loop, len(gathered), latest)
            return
        self._gathered = []
        for append in gathered:
            self._log.submit(append)

    def _sink(self, appends: list[Append]) -> None:
        """Called by the writer once a group: wake the loop once."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake, appends)

    def _wake(self, appends: list[Append]) -> None:
        for append in appends:
            future = self._waiting.pop(id(append), None)
            if future is not None and not future.done():
                future.set_result(None)
