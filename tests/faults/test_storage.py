"""While the storage fails nothing is told, every answer is alike, and the service comes back by itself (promise 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.storing import Stored, endure
from benchmarks.troubles import Making, may_mark, may_mount, on_postgres, on_small_disk, on_sqlite

ROUNDS = 4


def checked(found: Stored) -> None:
    """Nothing that must not be, and three callers who asked all the time."""
    assert found.asked == 3 * ROUNDS
    assert found.disclosed == 0, "something was disclosed"
    assert found.not_neutral == 0, "an answer was no 503"
    assert found.unlike == 0, "the refusals differ"
    assert found.cut == 0, "an answer did not come"
    assert found.unready == 0, "/healthz or /readyz said what is not so"
    assert found.lost == 0, "what was acknowledged is not on record"
    assert found.recorded == 0, "what was refused is on record"


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stored]:
    return endure(on_sqlite, tmp_path_factory.mktemp("sqlite"), rounds=ROUNDS)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stored]:
    return endure(on_postgres, tmp_path_factory.mktemp("postgres"), rounds=ROUNDS)


@pytest.mark.parametrize("name", ["files limited", "log gone"])
def test_nothing_is_disclosed_while_a_file_fails(name: str, sqlite: dict[str, Stored]) -> None:
    checked(sqlite[name])


def test_nothing_is_disclosed_while_the_log_cannot_be_written(sqlite: dict[str, Stored], tmp_path: Path) -> None:
    if not may_mark(tmp_path):
        pytest.skip("this user may not make files immutable here; 'files limited' stands in for it")
    checked(sqlite["file immutable"])


@pytest.mark.parametrize("name", ["PostgreSQL stopped", "PostgreSQL read-only"])
def test_nothing_is_disclosed_while_postgresql_fails(name: str, postgres: dict[str, Stored]) -> None:
    checked(postgres[name])


@pytest.mark.parametrize("making", [on_small_disk])
def test_nothing_is_disclosed_while_the_disk_is_full(making: Making, tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("this user may not mount a small disk; 'files limited' stands in for it")
    checked(endure(making, tmp_path / "place", rounds=ROUNDS)["disk full"])
    assert not (tmp_path / "place" / "small").is_mount()
