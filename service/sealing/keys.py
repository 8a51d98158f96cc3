"""The ring of keys: one for each data subject, wrapped by the master key, in a database apart from the log.

A row is `0x01 | nonce (12) | AES-256-GCM of 32 random bytes (32 + 16)`, with the subject as associated data, so that a
key cannot be moved to another subject. A destroyed key leaves its row with nothing in it: otherwise whatever is written
about that person next would quietly make a new one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from service.log.errors import reason
from service.log.tables import subject_keys
from service.sealing.database import key_engine
from service.sealing.errors import KeyMissing, KeysUnavailable, WrongMasterKey
from service.sealing.master import MasterKey

__all__ = ["KeyRing"]

SIZE, NONCE, FORMAT = 32, 12, b"\x01"
MOST_CACHED = 131_072  # about 25 MB
SLICE = 500  # subjects in one statement
CHECK = "watchword:master-key"  # nobody's: its key tells whether the master key is the right one

_READ = select(subject_keys.c.subject, subject_keys.c.wrapped).where(
    subject_keys.c.subject.in_(bindparam("subjects", expanding=True))
)
_INSERTS = {
    "sqlite": sqlite.insert(subject_keys).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(subject_keys).on_conflict_do_nothing(),
}


class KeyRing:
    """The keys of the data subjects. Blocking, and safe to use from several threads.

    Its table is made by `service.log.migrate_keys`. Everything that reaches the database raises KeysUnavailable where
    it cannot be read or written, WrongMasterKey where what it holds was wrapped by another master key.
    """

    def __init__(self, url: str, master: MasterKey, *, most_cached: int = MOST_CACHED, timeout_s: float = 5.0) -> None:
        """Use the database at `url`; nothing is connected yet. Raises ValueError for a URL that cannot be read."""
        self._engine: Engine = key_engine(url, timeout_s)
        self._insert = _INSERTS[self._engine.dialect.name]
        self._wrapping = AESGCM(master.derive("subject keys"))
        self._most = most_cached
        self._lock = threading.Lock()
        # Read without the lock (a dict's own get is whole); None stands for a key that was destroyed.
        self._cache: dict[str, bytes | None] = {}

    def __repr__(self) -> str:
        """Say nothing of the keys."""
        return f"KeyRing({len(self._cache)} cached)"

    def check(self) -> None:
        """Prove that the database can be read and that this is its master key; called at start."""
        with self._transaction("checked") as connection:
            found = self._rows(connection, [CHECK])
        if not found:
            self.ensure([CHECK])
        elif found[CHECK] is None:
            raise KeyMissing(CHECK)

    def has_all(self, subjects: Iterable[str]) -> bool:
        """Whether the keys of all these are at hand, without asking the database."""
        return all(self._cache.get(subject) is not None for subject in subjects)

    def key(self, subject: str) -> bytes:
        """The 32 bytes of this subject, from memory where they are there. Raises KeyMissing."""
        found = self._cache.get(subject)
        if found is not None:
            return found
        if subject not in self._cache:
            with self._transaction("read") as connection:
                rows = self._rows(connection, [subject])
            self._remember(rows)
            found = rows.get(subject)
        if found is None:
            raise KeyMissing(subject)
        return found

    def ensure(self, subjects: Iterable[str]) -> None:
        """Make the keys that are missing, durably, before anything is sealed with one; and have them all at hand.

        Replicas that do this for the same subject at the same time end with the same key. Raises KeyMissing for a
        subject whose key was destroyed: nothing may be written about a person who was forgotten.
        """
        # Sorted: two replicas that wait for each other's rows do so in the same order.
        wanted = sorted({subject for subject in subjects if self._cache.get(subject) is None})
        for start in range(0, len(wanted), SLICE):
            self._ensure(wanted[start : start + SLICE])

    def destroy(self, subject: str) -> None:
        """Destroy a key for good. Other replicas still hold it until they drop it or start again."""
        row = {"subject": subject, "wrapped": b"", "created_at": time.time()}
        with self._transaction("destroyed") as connection:
            connection.execute(self._insert, row)
            connection.execute(update(subject_keys).where(subject_keys.c.subject == subject).values(wrapped=b""))
        self._remember({subject: None})

    def close(self) -> None:
        """Close the connections and drop every key from memory."""
        with self._lock:
            self._cache.clear()
        self._engine.dispose()

    def _ensure(self, subjects: list[str]) -> None:
        with self._transaction("read") as connection:
            found = self._rows(connection, subjects)
        missing = [subject for subject in subjects if subject not in found]
        if missing:
            now = time.time()
            rows = [{"subject": s, "wrapped": self._wrap(s, os.urandom(SIZE)), "created_at": now} for s in missing]
            with self._transaction("made") as connection:
                connection.execute(self._insert, rows)
                found |= self._rows(connection, missing)  # another replica's, where it was first
        self._remember(found)
        for subject in subjects:
            if found.get(subject) is None:
                raise KeyMissing(subject)

    def _rows(self, connection: Connection, subjects: list[str]) -> dict[str, bytes | None]:
        return {s: self._unwrap(s, wrapped) for s, wrapped in connection.execute(_READ, {"subjects": subjects})}

    def _wrap(self, subject: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return FORMAT + nonce + self._wrapping.encrypt(nonce, key, subject.encode())

    def _unwrap(self, subject: str, wrapped: bytes) -> bytes | None:
        if not wrapped:
            return None
        start = len(FORMAT)
        with suppress(InvalidTag, ValueError):
            if wrapped[:start] == FORMAT:
                nonce, box = wrapped[start : start + NONCE], wrapped[start + NONCE :]
                return self._wrapping.decrypt(nonce, box, subject.encode())
        raise WrongMasterKey(
            f"the master key does not open the stored key of {subject}: either it is not the one this installation was "
            "started with (restore that one; without it nothing sealed can be opened), or the row was altered"
        )

    def _remember(self, found: dict[str, bytes | None]) -> None:
        with self._lock:
            self._cache.update(found)
            while len(self._cache) > self._most:  # oldest first
                del self._cache[next(iter(self._cache))]

    @contextmanager
    def _transaction(self, done: str) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise KeysUnavailable(f"keys could not be {done} ({reason(error)})") from None
