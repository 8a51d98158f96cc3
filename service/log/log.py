"""The event log: one facade over the writer, the readers and the subscriptions."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Self

from service.log.append import Append
from service.log.database import open_database
from service.log.reading import Reader
from service.log.subscription import Bell, Listener, Subscription
from service.log.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.log.append import Snapshot

__all__ = ["EventLog"]


class EventLog(Reader):
    """An append-only log of events on SQLite or PostgreSQL, safe to use from any thread.

    Opening it connects to nothing: a database that is down makes appends fail, not the start. Its tables are made by
    :func:`service.log.migrate`.
    """

    def __init__(
        self,
        url: str,
        *,
        lock_timeout: float = 5.0,
        connect_timeout: float = 3.0,
        readers: int = 4,
        group: int = 256,
        queue: int = 4096,
        patience: float = 15.0,
    ) -> None:
        """Open the log at a SQLAlchemy URL (``sqlite:///path``, ``postgresql+psycopg://...``).

        ``lock_timeout``, ``connect_timeout``: seconds until an append fails because another process holds the commit
        lock, or the server does not answer. ``readers``: connections kept for reading. ``group``: most appends in one
        transaction. ``queue``: most appends that wait. ``patience``: seconds until a database that does not
        answer at all is given up on. Raises ``ValueError`` for any other URL.
        """
        self._database = open_database(url, lock_timeout=lock_timeout, connect_timeout=connect_timeout, readers=readers)
        super().__init__(self._database)
        self._bell = Bell()
        self._guard = threading.Lock()
        self._listener: Listener | None = None
        self._subscriptions: weakref.WeakSet[Subscription] = weakref.WeakSet()
        self._closed = False
        self._writer = Writer(self._database, group=group, queue=queue, patience=patience, committed=self._committed)

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Name the kind of database only: a URL may hold a password."""
        return f"EventLog({self._engine.dialect.name})"

    def _committed(self, _position: int) -> None:
        self._bell.ring()

    def submit(self, append: Append) -> None:
        """Queue an append; never blocks. Its sink hears the outcome (at once, and here, where the queue is full)."""
        self._writer.submit(append)

    def append(self, append: Append) -> tuple[int, ...]:
        """Write, wait for the flush, and return the positions given. Raises the append's error."""
        done = threading.Event()
        sink = append.sink

        def settled(appends: list[Append]) -> None:
            if sink is not None:
                sink(appends)
            done.set()

        append.sink = settled
        self._writer.submit(append)
        done.wait()
        append.sink = sink
        if append.error is not None:
            raise append.error
        return append.positions

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, unless a newer one of its stream is there. Shares its flush with the appends around it."""
        self.append(Append(snapshots=(snapshot,)))

    def subscribe(self, gt: int, *, topics: Sequence[str] = ()) -> Subscription:
        """Follow the log from the first position greater than ``gt``; only events of these names, if any are given."""
        with self._guard:
            if self._listener is None and self._engine.dialect.name == "postgresql" and not self._closed:
                self._listener = Listener(self._engine, self._bell)
            subscription = Subscription(self, self._bell, gt, topics, self._subscriptions.discard)
            self._subscriptions.add(subscription)
        if self._closed:
            subscription.close()
        return subscription

    def probe(self) -> None:
        """Try whether the log can be read and written durably, now. Raises ``LogUnavailable`` saying what is wrong."""
        self.append(Append(probe=True))
        self.last_position()

    def close(self) -> None:
        """Write what waits, end the subscriptions, close every connection."""
        with self._guard:
            self._closed = True
            listener, self._listener = self._listener, None
        self._writer.close()
        for subscription in list(self._subscriptions):
            subscription.close()
        if listener is not None:
            listener.close()
        self._database.reader.dispose()
        self._database.writer.dispose()
