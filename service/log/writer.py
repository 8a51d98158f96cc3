"""The one thread that writes. Whatever queued up while a group was being flushed is the next group.

A group is one transaction and one flush: lock, read heads, settle each append, write the rows, commit. Where the
database refuses the group's rows it is rolled back and tried in halves, down to the one at fault, which fails alone.
Where the database cannot be reached, everything that waits is told so at once, and the next append finds a new
connection.
"""

from __future__ import annotations

import contextlib
import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from service.log import tables
from service.log.database import Repeats
from service.log.errors import Conflict, LogError, LogUnavailable, Refused, reason, repeated
from service.log.group import Group, check, judged, reset
from service.log.pruning import PRUNE_KEYS, Pruning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import PoolProxiedConnection

    from service.log.append import Append
    from service.log.database import Database

__all__ = ["Writer"]

UNLOCATE = "DELETE FROM locators WHERE mac = ? AND account_id = ? AND booking_id = ?"
PROBE = "(probe)"  # the application name of the mark a probe leaves in the tracking table
MARK = """
INSERT INTO tracking (application, position) VALUES (?, 1)
ON CONFLICT (application) DO UPDATE SET position = tracking.position + 1"""
PRUNE = """
DELETE FROM snapshots WHERE stream = ? AND version < (SELECT max(version) FROM snapshots WHERE stream = ?)"""
TRACK = """
INSERT INTO tracking (application, position) VALUES (?, ?)
ON CONFLICT (application) DO UPDATE SET position = excluded.position WHERE tracking.position < excluded.position"""


class Writer:
    """A queue, a thread and a connection."""

    def __init__(
        self, database: Database, *, group: int, queue: int, patience: float, committed: Callable[[int], None]
    ) -> None:
        """Start the threads.

        ``group``: most appends in a transaction; ``queue``: most that may wait; ``patience``: seconds after which a
        database that does not answer at all (a disk or a server that hangs) is given up on.
        """
        self._database = database
        self._errors: type[Exception] = database.writer.dialect.loaded_dbapi.Error
        self._group = group
        self._limit = queue
        self._committed = committed
        self._queue: SimpleQueue[Append | None] = SimpleQueue()
        self._closed = False
        self._held: PoolProxiedConnection | None = None
        self._pruning = Pruning()
        self._prune_keys = PRUNE_KEYS.replace("NOW", database.now)
        # Serialises submit against close alone, so that nothing is queued behind the end of the queue.
        self._gate = threading.Lock()
        self._patience = patience
        self._busy: tuple[float, list[Append]] = (0.0, [])  # since when the thread has been writing what
        self._settling = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-log-writer", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, name="event-log-watch", daemon=True).start()

    def submit(self, append: Append) -> None:
        """Queue an append, or settle it here and now: closed, full, or wrong in itself."""
        wrong = check(append)
        if wrong is not None:
            self._settle([(append, wrong, ())])
            return
        with self._gate:
            if self._closed:
                error = LogUnavailable("the event log is closed")
            elif self._queue.qsize() >= self._limit:
                error = LogUnavailable("too many appends are waiting")
            else:
                self._queue.put(append)
                return
        self._settle([(append, error, ())])

    def close(self) -> None:
        """Write what waits, then stop."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join(2 * self._patience)  # for ever would be too long for a disk that hangs
        self._stopped.set()

    def _watch(self) -> None:
        """Answer for the writer while a call into the database does not return.

        What it gives up on may yet be committed. Nobody was told so, nothing was disclosed, and the log itself stays
        right: whoever judged by the old heads meets a conflict.
        """
        while not self._stopped.wait(self._patience / 8):
            since, group = self._busy
            if group and monotonic() - since > self._patience:
                self._fail(group, LogUnavailable("the log's database does not answer"))

    def _run(self) -> None:
        while True:
            group, last = self._next()
            if group:
                self._busy = (monotonic(), group)
                try:
                    for each in _transactions(group):
                        if not self._write(each):
                            self._fail(group, LogUnavailable("the log's database cannot be written"))
                except Exception as error:  # noqa: BLE001 - the thread must outlive anything, and answer for it
                    self._fail(group, LogUnavailable(f"the event log failed ({type(error).__name__})"))
                self._busy = (0.0, [])
            if last:
                self._drop()
                self._stopped.set()
                return

    def _next(self) -> tuple[list[Append], bool]:
        waiting = self._queue
        append = waiting.get()
        group: list[Append] = []
        while append is not None:
            group.append(append)
            if len(group) == self._group:
                return group, False
            try:
                append = waiting.get_nowait()
            except Empty:
                return group, False
        return group, True

    def _write(self, appends: list[Append]) -> bool:
        """Write a group, or tell its appends why not. False where the database could not be written to at all."""
        try:
            connection = self._connection()
            outcome = self._transaction(connection, appends)
        except _Unwritable as error:
            reset(appends)
            if len(appends) == 1:
                self._settle([(appends[0], error.outcome, ())])
                return True
            half = len(appends) // 2
            if self._write(appends[:half]):
                return self._write(appends[half:])
            self._fail(appends[half:], LogUnavailable("the log's database cannot be written"))
            return False
        except LogUnavailable as error:
            self._fail(appends, error)
            return False
        if outcome.position is not None:
            self._committed(outcome.position)
        settled: list[tuple[Append, LogError | None, tuple[int, ...]]] = [
            (append, None, positions) for append, positions in outcome.accepted
        ]
        self._settle([*settled, *((append, refusal, ()) for append, refusal in outcome.refusals)])
        return True

    def _connection(self) -> Any:
        held = self._held
        if held is not None and not self._database.still_there(held.driver_connection):
            self._drop()
            held = None
        if held is None:
            try:
                held = self._held = self._database.writer.raw_connection()
                self._database.settings(held.driver_connection)
            except LogUnavailable:
                self._drop()
                raise
            except (SQLAlchemyError, self._errors, OSError) as error:
                self._drop()
                msg = f"the log's database cannot be reached ({reason(error)})"
                raise LogUnavailable(msg) from None
        return held.driver_connection

    def _transaction(self, connection: Any, appends: list[Append]) -> Group:
        database = self._database
        group = Group(appends)
        try:
            database.begin(connection)
            for append in appends:
                judged(append)
            heads, last = database.heads(connection, group.streams())
            keys = group.keys()
            taken = database.taken_keys(connection, keys) if keys else set()
            tracked = database.tracked(connection) if group.tracks() else {}
            unsafe = self._unsafe(connection) if group.probes() else None
            group.settle(heads, last, taken, tracked, unsafe)
            if group.accepted:
                self._rows(connection, group)
                database.commit(connection, group.position)
            else:
                database.rollback(connection)
        except Exception as error:  # noqa: BLE001 - whatever it was, the connection must not keep the lock
            raise self._failure(connection, error) from None
        return group

    def _rows(self, connection: Any, group: Group) -> None:
        database = self._database
        for (table, repeats), rows in group.rows.items():
            database.insert(connection, table, repeats, rows)
        if group.newest:
            rows = [(shot.stream, shot.version, shot.name, shot.state) for shot in group.newest.values()]
            database.insert(connection, tables.snapshots, Repeats.REPLACE, rows)
            for stream in group.newest:
                database.execute(connection, PRUNE, (stream, stream))
        written = group.rows.get((tables.idempotency_keys, Repeats.REFUSED))
        pruned = self._pruning.due([row[-1] for row in written]) if written else None
        if pruned is not None:
            database.execute(connection, self._prune_keys, pruned)
        for entry in group.unlocated:
            database.execute(connection, UNLOCATE, (entry.mac, entry.account_id, entry.booking_id))
        for application, position in group.tracked.items():
            database.execute(connection, TRACK, (application, position))
        if group.probes():
            database.execute(connection, MARK, (PROBE,))

    def _unsafe(self, connection: Any) -> LogUnavailable | None:
        try:
            self._database.settings(connection)
        except LogUnavailable as error:
            return error
        return None

    def _failure(self, connection: Any, error: Exception) -> LogUnavailable | _Unwritable:
        driver: Any = self._database.writer.dialect.loaded_dbapi
        try:
            self._database.rollback(connection)
        except Exception:  # noqa: BLE001 - it is dropped, which rolls back
            self._drop()
        if isinstance(error, LogError):  # what was to be judged under the lock could not be
            return _Unwritable(error)
        if repeated(error):
            return _Unwritable(Conflict("a row of this append is in the log already"))
        if isinstance(error, driver.DataError | driver.IntegrityError) or not isinstance(
            error, (driver.Error, SQLAlchemyError)
        ):
            return _Unwritable(Refused(f"the database cannot hold this append ({reason(error)})"))
        self._drop()
        unavailable = LogUnavailable(f"the log's database cannot be written ({reason(error)})")
        # A value of a type that the driver cannot send is a ProgrammingError too: of one append, not of the group.
        return _Unwritable(unavailable) if isinstance(error, driver.ProgrammingError) else unavailable

    def _drop(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            with contextlib.suppress(Exception):
                held.invalidate()

    def _fail(self, group: list[Append], error: LogUnavailable) -> None:
        """Fail the group and all that waits behind it: each would wait for the same timeout, one after another."""
        failed = list(group)
        with contextlib.suppress(Empty):
            while (append := self._queue.get_nowait()) is not None:
                failed.append(append)
            self._queue.put(None)  # the end was asked for, and is still to come
        self._settle([(append, error, ()) for append in failed])

    def _settle(self, outcomes: Sequence[tuple[Append, LogError | None, tuple[int, ...]]]) -> None:
        """Set every outcome that is not set yet, then call each sink once with its own."""
        told: dict[Any, list[Append]] = {}
        with self._settling:
            for append, error, positions in outcomes:
                if append.settled:
                    continue
                append.error = error
                append.positions = positions
                append.parents = ()  # or every append would keep all before it
                append.accepted = False
                append.settled = True
                if append.sink is not None:
                    told.setdefault(append.sink, []).append(append)
        for sink, appends in told.items():
            with contextlib.suppress(Exception):  # an event loop that is closed; the writer goes on for the others
                sink(appends)


def _transactions(appends: list[Append]) -> list[list[Append]]:
    """The appends that can be settled together, then each that is judged under the lock."""
    ready = [append for append in appends if append.judge is None]
    return [*([ready] if ready else []), *([append] for append in appends if append.judge is not None)]


class _Unwritable(Exception):
    """The database refused the rows; ``outcome`` is the error of the append at fault, if it is alone."""

    def __init__(self, outcome: LogError) -> None:
        super().__init__()
        self.outcome = outcome
