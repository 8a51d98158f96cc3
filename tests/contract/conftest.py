"""One suite, both stores: every test that asks for ``url`` or ``log`` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent

from service.log import Append, EventLog, Row, migrate
from tests.postgres import drop_database, new_database


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty, migrated log."""
    found: str = (
        f"sqlite:///{tmp_path / 'log.db'}" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    )
    migrate(found)
    return found


@pytest.fixture
def second_postgres(postgres_url: str) -> Iterator[str]:
    """URL of another empty database, for those who need two."""
    made = new_database(postgres_url)
    try:
        yield made
    finally:
        drop_database(postgres_url, made)


@pytest.fixture
def open_log() -> Iterator[Callable[[str], EventLog]]:
    """Opens logs, and closes them when the test ends."""
    opened: list[EventLog] = []

    def open_one(url: str) -> EventLog:
        opened.append(EventLog(url, lock_timeout=2.0, connect_timeout=2.0))
        return opened[-1]

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture
def log(url: str, open_log: Callable[[str], EventLog]) -> EventLog:
    """An empty log."""
    return open_log(url)


def event(stream: str, version: int, *, name: str = "thing.happened.v1", state: bytes = b"{}") -> StoredEvent:
    """A row to write."""
    return StoredEvent(stream, version, name, state)


def as_read(stored: StoredEvent) -> Row:
    """The row as it is read back."""
    return Row(str(stored.originator_id), stored.originator_version, stored.topic, stored.state)


def one(stream: str, expected: int, **fields: object) -> Append:
    """An append of the one event that follows version ``expected``."""
    return Append(events=(event(stream, expected + 1),), expect={stream: expected}, **fields)  # type: ignore[arg-type]  # any field
