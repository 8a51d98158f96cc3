"""The database of keys: a file of SQLite or a server of PostgreSQL, either flushing each commit before it says so."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg import Connection
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from service.log.database import normal_url

__all__ = ["key_engine", "scrubbed"]

PRIMARY_CODE = 0xFF  # the lowest byte of SQLite's extended error codes

# A server that acknowledges what it has not flushed could lose a key whose data is already in the log.
_FLUSHED = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


def key_engine(url: str, timeout_s: float) -> Engine:
    """An engine for the keys; nothing is connected yet. Raises ValueError for a URL that cannot be read."""
    parsed = normal_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, timeout_s)
    return _postgres(parsed, timeout_s)


def _sqlite(url: URL, timeout_s: float) -> Engine:
    path = Path(str(url.database)).absolute()

    def connect() -> sqlite3.Connection:
        # mode=rw: keys that are gone are an error, not a new and empty ring.
        uri = f"file:{quote(str(path))}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=timeout_s, check_same_thread=False)
        try:
            _write_ahead(connection, timeout_s)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")  # a destroyed key is overwritten with zeros in its page
        except BaseException:
            connection.close()
            raise
        return connection

    def still_there(_connection: sqlite3.Connection, record: ConnectionPoolEntry, _: object) -> None:
        # An open connection goes on reading a file that was taken away, and nobody would find what it wrote there.
        found = _inode(path)
        if found is None or record.info.setdefault("inode", found) != found:
            raise DisconnectionError("the file of the keys was taken away")

    engine = create_engine("sqlite://", creator=connect, **_pool(timeout_s))
    event.listen(engine, "checkout", still_there)
    return engine


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _write_ahead(connection: sqlite3.Connection, timeout_s: float) -> None:
    # The file remembers it. Only the very first connections change it, and SQLite does not wait for its lock there:
    # two processes that start at the same time would see "database is locked".
    until = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _postgres(url: URL, timeout_s: float) -> Engine:
    connect = {
        "connect_timeout": max(2, round(timeout_s)),  # seconds; libpq takes 1 for 2
        "application_name": "watchword-keys",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    engine = create_engine(url, connect_args=connect, pool_pre_ping=True, pool_recycle=1800, **_pool(timeout_s))

    def prepare(connection: Connection[Any], _: ConnectionPoolEntry) -> None:
        milliseconds = int(timeout_s * 1000)
        connection.execute(f"SET lock_timeout = {milliseconds}; SET statement_timeout = {milliseconds}".encode())
        connection.execute(_FLUSHED)
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def scrubbed(engine: Engine) -> str:
    """See that nothing deleted is left in the database's files and its write-ahead log; what could not be done, or "".

    On SQLite pages are overwritten as they are changed, and the write-ahead log is brought in and cut to nothing. On
    PostgreSQL the table is written anew, and segments of the write-ahead log are left behind by two checkpoints; a
    server that recycles them keeps their bytes until they are written over.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
            return "the write-ahead log is being read, and is cut next time" if busy else ""
        left = []
        for statement, otherwise in _SCRUBBING:
            try:
                connection.exec_driver_sql(statement)
            except DBAPIError:
                left.append(otherwise)
        if connection.exec_driver_sql("SHOW wal_recycle").scalar_one() == "on":
            left.append("wal_recycle is on: segments keep their bytes until they are written over")
        connection.exec_driver_sql("RESET statement_timeout")
        return "; ".join(dict.fromkeys(left))


_CHECKPOINT = "the role may not CHECKPOINT: the write-ahead log keeps it until the server's own have gone by twice"
_SCRUBBING = (
    ("SET statement_timeout = 0", ""),
    ("VACUUM (FULL) subject_keys", "VACUUM FULL could not have the table"),
    ("CHECKPOINT", _CHECKPOINT),
    ("SELECT pg_switch_wal()", "the role may not pg_switch_wal"),
    ("CHECKPOINT", _CHECKPOINT),
)


def _pool(timeout_s: float) -> dict[str, Any]:
    return {
        "poolclass": QueuePool,
        "pool_size": 2,
        "max_overflow": 6,
        "pool_timeout": timeout_s,
        "hide_parameters": True,
    }
