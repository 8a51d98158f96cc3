"""The log on PostgreSQL: an advisory lock, arrays unnested, NOTIFY with the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool, QueuePool

from service.log import tables
from service.log.database import Repeats, on_conflict
from service.log.errors import LogUnavailable
from service.log.packed import pack, register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import Connection, Cursor
    from sqlalchemy import URL, Table
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["CHANNEL", "Postgres"]

CHANNEL = "watchword_log"
LOCK = 0x57_61_74_63_68_4C_6F_67  # "WatchLog"; advisory locks belong to one database, so logs do not meet
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
# The lock comes first and in a statement of its own: a statement sees what was committed before *it* began, so one
# that waited for the lock would read the heads of before its wait (and so would every later one, were the database's
# default isolation any stricter).
BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({LOCK})"
HEADS = """
SELECT s, (SELECT version FROM events WHERE stream = s ORDER BY version DESC LIMIT 1) FROM unnest(%s) AS s
UNION ALL SELECT NULL, (SELECT max(position) FROM events)"""
TAKEN = "SELECT i.actor, i.key FROM unnest(%s, %s) AS k (actor, key) JOIN idempotency_keys AS i USING (actor, key)"
# A plan that scans or sorts would cost by the length of a stream, and a plan made while the table was small would be
# kept: only index seeks are left to choose from.
SESSION = (
    "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET enable_hashjoin = off;"
    " SET enable_mergejoin = off; SET jit = off"
)
KINDS = {"BIGINT": "bigint", "INTEGER": "integer", "FLOAT(53)": "float8", "BYTEA": "bytea", "TEXT": "text"}


def _kinds(table: Table) -> tuple[str, ...]:
    return tuple(KINDS[column.type.compile(DIALECT).split(" COLLATE")[0]] for column in table.columns)


def _statement(table: Table, repeats: Repeats) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    arrays = ", ".join(["%s"] * len(table.columns))
    rows = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names
    return rows + on_conflict(table, repeats)


INSERTS = {
    (table, repeats): (_statement(table, repeats), _kinds(table))
    for table in tables.log_metadata.sorted_tables
    for repeats in Repeats
}


class Postgres:
    """Engines and statements for a server."""

    now = "extract(epoch FROM now())::float8"

    def __init__(self, url: URL, *, lock_timeout: float, connect_timeout: float, readers: int) -> None:
        """Make engines for ``url``; times in seconds."""
        self.lock_timeout = int(lock_timeout * 1000)
        connect = {
            "connect_timeout": max(2, round(connect_timeout)),  # libpq takes 1 for 2
            "application_name": "watchword",
            # A peer that is gone without a word is noticed in seconds, not in the kernel's fifteen minutes.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        }
        shared: dict[str, Any] = {"hide_parameters": True, "isolation_level": "AUTOCOMMIT", "connect_args": connect}
        self.writer: Engine = create_engine(url, poolclass=NullPool, **shared)
        self.reader: Engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=readers,
            max_overflow=readers,
            pool_timeout=connect_timeout,
            pool_recycle=1800,
            **shared,
        )
        event.listen(self.writer, "connect", self._for_writing)
        event.listen(self.reader, "connect", self._for_reading)

    def _for_writing(self, connection: Connection[tuple[object, ...]], _: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        # The last one frees the lock of a replica that is frozen in mid-transaction.
        limits = (
            f"SET lock_timeout = {self.lock_timeout}; SET statement_timeout = {self.lock_timeout + 5000};"
            " SET idle_in_transaction_session_timeout = '10s'"
        )
        connection.execute(f"{SESSION}; {limits}".encode())
        register(connection)

    def _for_reading(self, connection: Connection[tuple[object, ...]], _: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        limits = "SET default_transaction_read_only = on; SET statement_timeout = '30s'"
        connection.execute(f"{SESSION}; {limits}".encode())
        register(connection)

    def begin(self, connection: Connection[Any]) -> None:
        """Take the advisory lock for this transaction, waiting no longer than the lock timeout."""
        connection.execute(BEGIN.encode())

    def heads(self, connection: Connection[Any], streams: Sequence[str]) -> tuple[dict[str, int], int]:
        """Read versions and the last position, under the lock."""
        found = connection.execute(HEADS, (pack("text", streams),)).fetchall()
        heads = {stream: version for stream, version in found if version is not None}
        return heads, heads.pop(None, 0)

    def taken_keys(self, connection: Connection[Any], keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of the (actor, key) pairs that are in the log."""
        actors, names = zip(*keys, strict=True)
        return set(connection.execute(TAKEN, (pack("text", actors), pack("text", names))).fetchall())

    def tracked(self, connection: Connection[Any]) -> dict[str, int]:
        """Every application's tracked position."""
        return dict(connection.execute("SELECT application, position FROM tracking").fetchall())

    def insert(
        self, connection: Connection[Any], table: Table, repeats: Repeats, rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """One statement, whatever the number of rows."""
        statement, kinds = INSERTS[table, repeats]
        columns = zip(*rows, strict=True)
        connection.execute(statement, [pack(kind, column) for kind, column in zip(kinds, columns, strict=True)])

    def execute(self, connection: Connection[Any], statement: str, parameters: Sequence[Any]) -> None:
        """Run one statement written with ``?``."""
        connection.execute(statement.replace("?", "%s"), parameters)

    def commit(self, connection: Connection[Any], position: int | None) -> None:
        """Flush; listeners on every replica hear the last position once it is committed."""
        notify = "" if position is None else f"NOTIFY {CHANNEL}, '{position}'; "
        connection.execute(f"{notify}COMMIT".encode())  # one round trip

    def cursor(self, connection: Connection[Any]) -> Cursor[Any]:
        """Return a cursor for reading many rows: in binary, which spares two copies of every state."""
        return connection.cursor(binary=True)

    def rollback(self, connection: Connection[Any]) -> None:
        """Undo."""
        connection.rollback()

    def still_there(self, connection: Connection[Any]) -> bool:
        """Whether the connection is open."""
        return not connection.closed

    def settings(self, connection: Connection[Any]) -> None:
        """Check ``fsync`` and ``synchronous_commit``, and that this is a primary."""
        fsync, synchronous, replica = connection.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit'), pg_is_in_recovery()"
        ).fetchone() or ("?", "?", True)
        if fsync != "on":
            msg = "fsync is off: PostgreSQL acknowledges what it has not flushed"
            raise LogUnavailable(msg)
        if synchronous == "off":
            msg = "synchronous_commit is off: PostgreSQL acknowledges what it has not flushed"
            raise LogUnavailable(msg)
        if replica:
            msg = "the server is a standby and cannot be written to"
            raise LogUnavailable(msg)
