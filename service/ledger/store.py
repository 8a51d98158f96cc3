"""The ledger's database: tiles, and the newest checkpoints. A file of SQLite, or PostgreSQL.

Whatever is in it can be made again from the log, but for the signatures of witnesses. One process at a time makes the
tree grow, in one transaction a step: on PostgreSQL whoever gets the advisory lock, on SQLite whoever gets the file's.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import SQLAlchemyError

from projections.ledger import HASH, WIDTH, Edge, Tile
from service.ledger.errors import REMADE, Damaged
from service.ledger.note import Checkpoint, read
from service.log.database import open_database
from service.log.errors import LogUnavailable, reason

__all__ = ["CURRENT", "PUBLIC", "Growing", "Kept", "Store"]

CURRENT, PUBLIC = "current", "public"
LOCK = 0x57_61_74_63_68_54_72_65  # "WatchTre"
LAST = "SELECT number, length(hashes) FROM ledger_tiles WHERE level = 0 ORDER BY number DESC LIMIT 1"
TILE = "SELECT hashes FROM ledger_tiles WHERE level = ? AND number = ?"
TILES = "SELECT number, hashes FROM ledger_tiles WHERE level = ? AND number BETWEEN ? AND ?"
NEWEST = "SELECT size, note, signed_at FROM ledger_checkpoints WHERE kind = ? ORDER BY size DESC LIMIT 1"
PUT_TILE = """
INSERT INTO ledger_tiles (level, number, hashes) VALUES (?, ?, ?)
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes"""
PUT_CHECKPOINT = """
INSERT INTO ledger_checkpoints (kind, size, note, signed_at) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, size) DO UPDATE SET note = excluded.note, signed_at = excluded.signed_at"""
PRUNE = "DELETE FROM ledger_checkpoints WHERE kind = ? AND size < ?"


class Kept(msgspec.Struct, frozen=True):
    """A checkpoint, and when it was signed, in seconds since 1970."""

    checkpoint: Checkpoint
    at: float


class Store:
    """Blocking, and safe to use from several threads. Each method raises LogUnavailable where the database is away."""

    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        """Use the database at this URL; nothing is connected yet. Raises ValueError for one that cannot be read."""
        self._database = open_database(url, lock_timeout=timeout_s, connect_timeout=3.0, readers=2)
        self._sqlite = self._database.writer.dialect.name == "sqlite"
        self._errors: type[Exception] = self._database.writer.dialect.loaded_dbapi.Error
        self._held: PoolProxiedConnection | None = None
        self._turns = threading.Lock()

    def __repr__(self) -> str:
        """Name the kind of database only: a URL may hold a password."""
        return f"Store({self._database.writer.dialect.name})"

    def close(self) -> None:
        """Close the connections."""
        self._drop()
        self._database.reader.dispose()
        self._database.writer.dispose()

    def size(self) -> int:
        """How many leaves the tiles hold."""
        return _size(self._rows(LAST, ()))

    def tile(self, level: int, number: int) -> bytes | None:
        """A tile as it is now; None where there is none."""
        found = self._rows(TILE, (level, number))
        return bytes(found[0][0]) if found else None

    def tiles(self, level: int, first: int, last: int) -> dict[int, bytes]:
        """The tiles of a level from one number to another, by number."""
        return {number: bytes(hashes) for number, hashes in self._rows(TILES, (level, first, last))}

    def newest(self, kind: str) -> Kept | None:
        """The newest checkpoint of this kind. Raises BadNote where it was damaged."""
        found = self._rows(NEWEST, (kind,))
        return Kept(read(found[0][1]), found[0][2]) if found else None

    def note(self, kind: str) -> str | None:
        """The text of the newest checkpoint of this kind, whatever it says."""
        found = self._rows(NEWEST, (kind,))
        return found[0][1] if found else None

    def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        for attempt in (1, 2):
            try:
                with self._database.reader.connect() as connection:
                    return _rows(self._sqlite, connection.connection.driver_connection, statement, parameters)
            except (SQLAlchemyError, self._errors) as error:
                # A pooled connection of before the server's restart: drop them all, and ask once more.
                self._database.reader.dispose()
                if attempt == 2:  # noqa: PLR2004 - once more is enough
                    raise LogUnavailable(f"the ledger cannot be read ({reason(error)})") from None
        raise AssertionError  # pragma: no cover - the loop returns or raises

    @contextmanager
    def growing(self) -> Iterator[Growing | None]:
        """A transaction in which the tree may grow; None where another process is at it. Committed at the end."""
        with self._turns:
            yield from self._transaction()

    def _transaction(self) -> Iterator[Growing | None]:
        try:
            connection = self._writable()
            mine = self._begin(connection)
        except (SQLAlchemyError, self._errors, OSError) as error:
            self._drop()
            raise LogUnavailable(f"the ledger cannot be written ({reason(error)})") from None
        growing = Growing(self, connection) if mine else None
        try:
            yield growing
        except BaseException:
            self._drop()  # which rolls back
            raise
        try:
            connection.execute("COMMIT" if growing is not None and growing.wrote else "ROLLBACK")
        except self._errors as error:
            self._drop()
            raise LogUnavailable(f"the ledger cannot be written ({reason(error)})") from None

    def _begin(self, connection: Any) -> bool:
        if self._sqlite:
            connection.execute("BEGIN IMMEDIATE")
            return True
        connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        return bool(connection.execute(f"SELECT pg_try_advisory_xact_lock({LOCK})").fetchone()[0])

    def _writable(self) -> Any:
        if self._held is not None and not self._database.still_there(self._held.driver_connection):
            self._drop()
        if self._held is None:
            self._held = self._database.writer.raw_connection()
            self._database.settings(self._held.driver_connection)
        return self._held.driver_connection

    def _drop(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.invalidate()


class Growing:
    """The transaction in which the tree grows. Used by one thread."""

    def __init__(self, store: Store, connection: Any) -> None:
        """Write by this connection, which holds the lock."""
        self._store = store
        self._connection = connection
        self.wrote = False

    def _run(self, statement: str, parameters: tuple[Any, ...]) -> None:
        self.wrote = True
        try:
            self._store._database.execute(self._connection, statement, parameters)  # noqa: SLF001 - one noun, two faces
        except self._store._errors as error:  # noqa: SLF001 - likewise
            raise LogUnavailable(f"the ledger cannot be written ({reason(error)})") from None

    def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        try:
            return _rows(self._store._sqlite, self._connection, statement, parameters)  # noqa: SLF001 - likewise
        except self._store._errors as error:  # noqa: SLF001 - likewise
            raise LogUnavailable(f"the ledger cannot be read ({reason(error)})") from None

    def size(self) -> int:
        """How many leaves the tiles hold."""
        return _size(self._rows(LAST, ()))

    def edge(self) -> Edge:
        """The tree's right edge. Raises Damaged."""
        size = self.size()
        partial = {}
        for level in range((size.bit_length() + 7) // 8):
            width = (size >> 8 * level) % WIDTH
            if width:
                found = self._rows(TILE, (level, size >> 8 * (level + 1)))
                partial[level] = bytes(found[0][0])[: width * HASH] if found else b""
        try:
            return Edge(size, partial)
        except ValueError as error:
            raise Damaged(f"{error}; {REMADE}") from None

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf. Raises Damaged."""
        number, at = divmod(index, WIDTH)
        found = self._rows(TILE, (0, number))
        hashed = bytes(found[0][0])[at * HASH : (at + 1) * HASH] if found else b""
        if len(hashed) != HASH:
            raise Damaged(f"the tiles hold no leaf {index}; {REMADE}")
        return hashed

    def newest(self, kind: str) -> Kept | None:
        """The newest checkpoint of this kind. Raises BadNote where it was damaged."""
        found = self._rows(NEWEST, (kind,))
        return Kept(read(found[0][1]), found[0][2]) if found else None

    def put(self, tiles: list[Tile]) -> None:
        """Keep tiles."""
        for each in tiles:
            self._run(PUT_TILE, (each.level, each.number, each.hashes))

    def keep(self, kind: str, kept: Kept) -> None:
        """Keep a checkpoint. Of the current ones only the newest is kept."""
        self._run(PUT_CHECKPOINT, (kind, kept.checkpoint.size, kept.checkpoint.text, kept.at))
        if kind == CURRENT:
            self._run(PRUNE, (kind, kept.checkpoint.size))

    def clear(self) -> None:
        """Drop every tile and the current checkpoint; public ones, which witnesses may have signed, stay."""
        self._run("DELETE FROM ledger_tiles", ())
        self._run("DELETE FROM ledger_checkpoints WHERE kind = ?", (CURRENT,))


def _size(rows: list[Any]) -> int:
    return rows[0][0] * WIDTH + rows[0][1] // HASH if rows else 0


def _rows(sqlite: bool, connection: Any, statement: str, parameters: tuple[Any, ...]) -> list[Any]:  # noqa: FBT001 - called by position
    found: list[Any] = connection.execute(statement if sqlite else statement.replace("?", "%s"), parameters).fetchall()
    return found
