"""The log on SQLite: WAL, every commit flushed, BEGIN IMMEDIATE as the lock."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from sqlalchemy import Engine, create_engine, event, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import NullPool, QueuePool

from service.log import tables
from service.log.database import Repeats, on_conflict
from service.log.errors import LogUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import URL, Table
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["Sqlite"]

DIALECT = sqlite.dialect(paramstyle="qmark")
# ORDER BY .. LIMIT 1 stops at the first row of the index, however long the stream is. json_each makes one statement
# of any number of streams, json_group_array one row of the answer, in the order of the question.
HEADS = """
SELECT json_group_array((SELECT version FROM events WHERE stream = s.value ORDER BY version DESC LIMIT 1)),
       (SELECT max(position) FROM events)
FROM json_each(?) AS s"""
TAKEN = """
SELECT i.actor, i.key FROM json_each(?) AS k
JOIN idempotency_keys AS i ON i.actor = json_extract(k.value, '$[0]') AND i.key = json_extract(k.value, '$[1]')"""
FULL = 2  # PRAGMA synchronous: a commit in the WAL is flushed at FULL (2) and EXTRA (3), not at NORMAL (1)


# Run by executemany: a multi-row VALUES, one step of SQLite's machine, took 0.2 ms more for 32 rows, idle or beside a
# busy event loop.
INSERTS = {
    (table, repeats): str(insert(table).compile(dialect=DIALECT)) + on_conflict(table, repeats)
    for table in tables.log_metadata.sorted_tables
    for repeats in Repeats
}


class Sqlite:
    """Engines and statements for a file."""

    now = "((julianday('now') - 2440587.5) * 86400.0)"

    def __init__(self, url: URL, *, lock_timeout: float, connect_timeout: float, readers: int) -> None:
        """Make engines for the file of ``url``; times in seconds."""
        self.path = Path(str(url.database))
        self.inode: tuple[int, int] | None = None
        self.lock_timeout = lock_timeout
        shared: dict[str, Any] = {"hide_parameters": True, "creator": self._connect}
        self.writer: Engine = create_engine("sqlite://", poolclass=NullPool, **shared)
        self.reader: Engine = create_engine(
            "sqlite://",
            poolclass=QueuePool,
            pool_size=readers,
            max_overflow=readers,
            pool_timeout=connect_timeout,
            isolation_level="AUTOCOMMIT",
            **shared,
        )
        event.listen(self.writer, "connect", self._for_writing)
        event.listen(self.reader, "connect", self._for_reading)

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a log that is gone is an error, not a new and empty log.
        uri = f"file:{quote(str(self.path.absolute()))}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=self.lock_timeout, check_same_thread=False, isolation_level=None)

    def _for_writing(self, connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        self.inode = self._inode()

    def _for_reading(self, connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA query_only = ON")

    def _inode(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def begin(self, connection: sqlite3.Connection) -> None:
        """Take SQLite's write lock, waiting no longer than the lock timeout."""
        connection.execute("BEGIN IMMEDIATE")

    def heads(self, connection: sqlite3.Connection, streams: Sequence[str]) -> tuple[dict[str, int], int]:
        """Read versions and the last position, under the lock."""
        versions, last = connection.execute(HEADS, (msgspec.json.encode(streams).decode(),)).fetchone()
        found = zip(streams, msgspec.json.decode(versions), strict=True)
        return {stream: version for stream, version in found if version is not None}, last or 0

    def taken_keys(self, connection: sqlite3.Connection, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of the (actor, key) pairs that are in the log."""
        return set(connection.execute(TAKEN, (msgspec.json.encode(keys).decode(),)).fetchall())

    def tracked(self, connection: sqlite3.Connection) -> dict[str, int]:
        """Every application's tracked position."""
        return dict(connection.execute("SELECT application, position FROM tracking").fetchall())

    def insert(
        self, connection: sqlite3.Connection, table: Table, repeats: Repeats, rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """One prepared statement, run for each row inside the driver."""
        connection.executemany(INSERTS[table, repeats], rows)

    def execute(self, connection: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> None:
        """Run one statement written with ``?``."""
        connection.execute(statement, parameters)

    def commit(self, connection: sqlite3.Connection, position: int | None) -> None:  # noqa: ARG002 - no other process
        """Flush the write-ahead log."""
        connection.execute("COMMIT")

    def cursor(self, connection: sqlite3.Connection) -> sqlite3.Cursor:
        """Return a cursor for reading many rows."""
        return connection.cursor()

    def rollback(self, connection: sqlite3.Connection) -> None:
        """Undo, unless SQLite has done so itself (as it does when a disk is full)."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def still_there(self, connection: sqlite3.Connection) -> bool:  # noqa: ARG002 - the file's own matter
        """Whether the file we have open is the one at its path: writing to a deleted file would lose everything."""
        return self._inode() == self.inode

    def settings(self, connection: sqlite3.Connection) -> None:
        """Check WAL and ``synchronous``."""
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        if mode != "wal":
            msg = f"journal_mode is {mode}, not wal"
            raise LogUnavailable(msg)
        if synchronous < FULL:
            msg = f"synchronous is {synchronous}, which does not flush a commit; FULL ({FULL}) or higher is needed"
            raise LogUnavailable(msg)
