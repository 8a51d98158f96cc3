"""Following the log as it grows.

A subscription reads batches until it has caught up, then waits for the bell. The writer rings it after each commit; on
PostgreSQL a listener rings it too, for what other replicas commit. A ring says no more than "look again", so a lost one
delays and never loses: the listener rings after every reconnection, and a subscription looks by itself now and then
(another process may write to the same SQLite file).
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.exc import SQLAlchemyError

from service.log.errors import LogUnavailable
from service.log.postgres import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eventsourcing.persistence import Notification
    from sqlalchemy import Engine

    from service.log.reading import Reader

__all__ = ["Bell", "Listener", "Subscription"]

BATCH = 500  # notifications read at once
LOOK = 1.0  # seconds after which a subscription looks by itself
RETRY = 0.5  # seconds between attempts to reach a database that is gone
HEAR = 0.25  # seconds the listener waits before it looks whether it should stop


class Bell:
    """Wakes whoever waits. Counts its rings, so that one between a look and a wait is not missed."""

    def __init__(self) -> None:
        """Begin silent."""
        self._condition = threading.Condition()
        self.rings = 0

    def ring(self) -> None:
        """Wake all."""
        with self._condition:
            self.rings += 1
            self._condition.notify_all()

    def wait(self, heard: int, timeout: float) -> None:
        """Wait until it has rung since ``heard`` rings, or ``timeout`` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self.rings != heard, timeout)


class Subscription:
    """An iterator of notifications in the order of the log, without gaps; blocks at the end, until closed."""

    def __init__(
        self,
        reader: Reader,
        bell: Bell,
        gt: int,
        topics: Sequence[str] = (),
        closed: Callable[[Subscription], None] | None = None,
    ) -> None:
        """Follow from the first position greater than ``gt``; only events of these names, if any are given."""
        self._reader = reader
        self._bell = bell
        self._position = gt
        self._topics = topics
        self._ready: deque[Notification] = deque()
        self._closed = threading.Event()
        self._forget = closed

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __iter__(self) -> Self:
        """Iterate over itself."""
        return self

    def at_hand(self) -> int:
        """How many were read and not given out yet: none, and the next one has to be looked for."""
        return len(self._ready)

    def __next__(self) -> Notification:
        """Wait for the next notification. While the database is gone, waits for it to come back."""
        while not self._closed.is_set():
            if self._ready:
                return self._ready.popleft()
            heard = self._bell.rings
            try:
                batch = self._reader.read_all(gt=self._position, limit=BATCH)
            except LogUnavailable:
                self._closed.wait(RETRY)
                continue
            if batch:
                self._position = batch[-1].id
                # Chosen here and not in the query, which would look through the same part of the log at every ring.
                self._ready.extend(found for found in batch if not self._topics or found.topic in self._topics)
            else:
                self._bell.wait(heard, LOOK)
        raise StopIteration

    def close(self) -> None:
        """End the iteration, also one that waits in another thread."""
        self._closed.set()
        self._bell.ring()
        if self._forget is not None:
            self._forget(self)


class Listener:
    """A thread and a connection of its own that LISTEN to PostgreSQL and ring the bell."""

    def __init__(self, engine: Engine, bell: Bell) -> None:
        """Start listening; returns once LISTEN is in force, or the database could not be reached (it tries on)."""
        self._engine = engine
        self._bell = bell
        self._closed = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-log-listener", daemon=True)
        self._thread.start()
        self._listening.wait(LOOK)

    def close(self) -> None:
        """Stop."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            with suppress(SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error, OSError):
                self._listen()
            self._closed.wait(RETRY)

    def _listen(self) -> None:
        # Detached: a connection that listens must not go back to the pool.
        pooled = self._engine.raw_connection()
        driver: Any = self._engine.dialect.loaded_dbapi
        connection: Any = pooled.driver_connection
        pooled.detach()
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}".encode())
            self._listening.set()
            self._bell.ring()  # whatever was committed while nobody listened
            while not self._closed.is_set():
                for _ in connection.notifies(timeout=HEAR, stop_after=1):
                    self._bell.ring()
        finally:
            with suppress(driver.Error):
                connection.close()
