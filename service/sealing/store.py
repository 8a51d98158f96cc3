"""The store: the rows of wrapped keys, and nothing of what is in them.

A subject has a row for each of its keys, by generation from 1 on. A destroyed key leaves its row with nothing in it; a
row of generation 0 says that the subject is forgotten for good: otherwise whatever is written about that person next
would quietly make a new key.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from domain.forgetting import Gone
from service.log.errors import reason
from service.log.tables import heeded, subject_keys
from service.sealing.database import key_engine, scrubbed
from service.sealing.errors import KeysUnavailable
from service.sealing.master import CHECK

__all__ = ["FOR_GOOD", "Found", "KeyStore", "Row", "Superseded"]

SLICE = 500  # subjects in one statement
FOR_GOOD = 0  # the generation that says so
FORGETTINGS = "forgettings"

Found = dict[str, dict[int, bytes]]  # wrapped keys by subject and generation; empty: destroyed

_READ = select(subject_keys.c.subject, subject_keys.c.generation, subject_keys.c.wrapped).where(
    subject_keys.c.subject.in_(bindparam("subjects", expanding=True))
)
# FOR SHARE: whoever puts another master key in use waits for those who make keys by the old one, and finds them.
_IN_USE = (
    select(subject_keys.c.wrapped)
    .where(subject_keys.c.subject == CHECK, subject_keys.c.generation == 1)
    .with_for_update(read=True)
)
_INSERTS: dict[str, tuple[sqlite.Insert | postgresql.Insert, sqlite.Insert | postgresql.Insert]] = {
    "sqlite": (sqlite.insert(subject_keys), sqlite.insert(heeded)),
    "postgresql": (postgresql.insert(subject_keys), postgresql.insert(heeded)),
}


class Superseded(Exception):
    """Another master key was put in use since these keys were wrapped; nothing was written."""


class Row(NamedTuple):
    """One wrapped key as it is stored; `created_at` in seconds since 1970."""

    subject: str
    generation: int
    wrapped: bytes
    created_at: float


class KeyStore:
    """The table of wrapped keys. Blocking; every method raises KeysUnavailable where it cannot be read or written."""

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        """Use the database at `url`; nothing is connected yet. Raises ValueError for a URL that cannot be read."""
        self._engine: Engine = key_engine(url, timeout_s)
        rows, marked = _INSERTS[self._engine.dialect.name]
        self._insert = rows.on_conflict_do_nothing()
        self._mark = marked.on_conflict_do_update(
            index_elements=[heeded.c.what],
            set_={"position": marked.excluded.position},
            where=heeded.c.position < marked.excluded.position,
        )

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def read(self, subjects: Sequence[str]) -> Found:
        """What there is of these subjects."""
        found: Found = {}
        with self._transaction("read") as connection:
            for start in range(0, len(subjects), SLICE):
                _gathered(found, connection, subjects[start : start + SLICE])
        return found

    def add(self, rows: Sequence[Row], *, in_use: bytes = b"") -> Found:
        """Put these rows in where there are none yet, durably, and return what there is then of their subjects.

        `in_use`: the wrapped key of nobody's by which they were wrapped. Raises Superseded where it is another by now.
        """
        found: Found = {}
        with self._transaction("made") as connection:
            connection.execute(self._insert, [row._asdict() for row in rows])
            if in_use and connection.execute(_IN_USE).scalar_one_or_none() != in_use:
                raise Superseded
            subjects = sorted({row.subject for row in rows})
            for start in range(0, len(subjects), SLICE):
                _gathered(found, connection, subjects[start : start + SLICE])
        return found

    def destroy(self, gone: Sequence[Gone]) -> int:
        """Destroy these keys for good; returns how many there were that held something."""
        now, count = time.time(), 0
        with self._transaction("destroyed") as connection:
            for each in gone:
                if not each.generations:
                    row = Row(each.subject, FOR_GOOD, b"", now)
                    connection.execute(self._insert, [row._asdict()])
                upto = () if not each.generations else (subject_keys.c.generation <= each.generations,)
                of_subject = and_(subject_keys.c.subject == each.subject, func.length(subject_keys.c.wrapped) > 0)
                count += connection.execute(update(subject_keys).where(of_subject, *upto).values(wrapped=b"")).rowcount
        return count

    def page(self, after: tuple[str, int] = ("", -1), most: int = SLICE) -> list[Row]:
        """So many rows after this one, in the order of subject and generation."""
        here = tuple_(subject_keys.c.subject, subject_keys.c.generation)
        columns = (subject_keys.c.subject, subject_keys.c.generation, subject_keys.c.wrapped, subject_keys.c.created_at)
        asked = select(*columns).where(here > after).order_by(*columns[:2]).limit(most)
        with self._transaction("read") as connection:
            return [Row(*row) for row in connection.execute(asked)]

    def replace(self, changes: Sequence[tuple[Row, bytes]]) -> int:
        """Put these bytes in the place of those rows that still are as they were read; returns how many were."""
        count = 0
        with self._transaction("wrapped anew") as connection:
            for row, wrapped in changes:
                same = (
                    subject_keys.c.subject == row.subject,
                    subject_keys.c.generation == row.generation,
                    subject_keys.c.wrapped == row.wrapped,
                )
                count += connection.execute(update(subject_keys).where(*same).values(wrapped=wrapped)).rowcount
        return count

    def heeded(self) -> int:
        """Up to which position of the log these keys have heeded every forgetting; 0 where that was never said."""
        asked = select(heeded.c.position).where(heeded.c.what == FORGETTINGS)
        with self._transaction("read") as connection:
            return connection.execute(asked).scalar_one_or_none() or 0

    def heed(self, position: int, *, back: bool = False) -> None:
        """They have, up to this position. `back`: although it is before the one that is said, of another log."""
        with self._transaction("marked") as connection:
            if back:
                connection.execute(delete(heeded))
            connection.execute(self._mark, {"what": FORGETTINGS, "position": position})

    def scrub(self) -> str:
        """See that no destroyed key is left in the database's files; returns what could not be done, "" for nothing."""
        with self._raised("scrubbed"):
            return scrubbed(self._engine)

    @contextmanager
    def _transaction(self, done: str) -> Iterator[Connection]:
        with self._raised(done), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _raised(self, done: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise KeysUnavailable(f"keys could not be {done} ({reason(error)})") from None


def _gathered(found: Found, connection: Connection, subjects: Sequence[str]) -> None:
    for subject, generation, wrapped in connection.execute(_READ, {"subjects": list(subjects)}):
        found.setdefault(subject, {})[generation] = wrapped


def living(rows: Mapping[int, bytes]) -> bool:
    """Whether these rows of a subject leave it any key to seal with: not forgotten, and the newest not destroyed."""
    return bool(rows) and FOR_GOOD not in rows and bool(rows[max(rows)])
