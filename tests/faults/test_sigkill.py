"""Killed under load, the service has on record all that it ever acknowledged (promise 2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.killing import kill
from tests.postgres import drop_database, new_database


@pytest.fixture(params=["sqlite", "postgres"])
def urls(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Where the service has its databases; nothing for SQLite, which has them in its folder."""
    if request.param == "sqlite":
        yield {}
        return
    server = request.getfixturevalue("postgres_url")
    made = {name: new_database(server) for name in ("DATABASE_URL", "KEYS_URL")}
    yield made
    for url in made.values():
        drop_database(server, url)


def test_a_kill_under_load_loses_nothing_acknowledged(urls: dict[str, str], tmp_path: Path) -> None:
    found = kill(tmp_path / "served", urls, rounds=2, seed="test")
    assert found.rounds == 2
    assert found.answers > 0
    assert found.acknowledged > found.answers
    assert (found.missing, found.unrecorded, found.gaps) == (0, 0, 0)
