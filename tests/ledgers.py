"""A log with a ledger over it, small and without a service: to tamper with, and to see what is found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eventsourcing.persistence import StoredEvent
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from service.ledger.keeping import Keeper
from service.ledger.note import Signer
from service.ledger.published import Published
from service.ledger.store import Store
from service.ledger.verifying import Report, verify
from service.log import Append, EventLog, migrate, migrate_ledger
from service.sealing import MasterKey
from service.signing import SigningKey

ORIGIN = "watchword.test/log"
NOON = datetime(2027, 2, 25, 12, tzinfo=UTC)


class Book:
    """The log, the ledger's store, the file, and who keeps them. `now` is the keeper's clock."""

    def __init__(self, folder: Path, url: str, ledger_url: str, *, at_once: int = 200) -> None:
        self.url, self.ledger_url = url, ledger_url
        self.log, self.store = EventLog(url, lock_timeout=2.0), Store(ledger_url)
        self.published = Published(folder / "checkpoints.jsonl")
        self.signer = Signer(SigningKey(MasterKey(bytes(32)), "checkpoints of the ledger"), ORIGIN)
        self.now = NOON
        self.keeper = self.another()
        self._chance = random.Random(7)
        self._versions: dict[str, int] = {}
        self._at_once = at_once

    def another(self, published: Published | None = None) -> Keeper:
        """Another keeper of the same ledger: after a restart, or on another replica with a file of its own."""
        return Keeper(
            source=self.log,
            store=self.store,
            published=published or self.published,
            signer=self.signer,
            clock=lambda: self.now,
            public_s=timedelta(days=1).total_seconds(),
        )

    def write(self, count: int) -> None:
        """Append so many events, on a few streams."""
        for start in range(0, count, self._at_once):
            rows = []
            for _ in range(min(self._at_once, count - start)):
                stream = f"account:{self._chance.randrange(5)}"
                version = self._versions[stream] = self._versions.get(stream, 0) + 1
                rows.append(StoredEvent(stream, version, "thing.happened.v1", self._chance.randbytes(20)))
            self.log.append(Append(events=tuple(rows), expect=None))

    def kept(self) -> None:
        """Let the ledger take in all there is."""
        while self.keeper.step():
            pass

    def verified(self) -> Report:
        """What an audit finds, by the checkpoints that there are."""
        line = self.published.newest()
        assert line is not None
        return verify(self.log, self.store, [line.checkpoint], self.published.lines)

    def run(self, *statements: str, **values: Any) -> None:
        """Change the database as nobody of ours would; with `ledger`, that of the ledger."""
        engine = create_engine(self.ledger_url if values.pop("ledger", False) else self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)
        engine.dispose()

    def rows(self) -> list[Any]:
        """Every row of the log."""
        return list(self.log.section(gt=0, limit=1_000_000))

    def close(self) -> None:
        self.log.close()
        self.store.close()


@contextmanager
def book(folder: Path, url: str, **more: int) -> Iterator[Book]:
    """A book on empty databases: the ledger's beside the log's, as the settings have it."""
    ledger_url = f"sqlite:///{folder / 'ledger.db'}" if url.startswith("sqlite") else url
    migrate(url)
    migrate_ledger(ledger_url)
    made = Book(folder, url, ledger_url, **more)
    try:
        yield made
    finally:
        made.close()
