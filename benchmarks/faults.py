"""Faults: the service killed under load, and its storage taken away. Both figures count what must not be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.figure import Figure, Run
from benchmarks.killing import kill
from benchmarks.storing import endure
from benchmarks.troubles import places
from tests.postgres import PostgresServer, new_database

SIGKILL, STORAGE = "faults.sigkill", "faults.storage"
ROUNDS = 20
ASKED = 20


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    if run.wanted(SIGKILL):
        yield Figure(SIGKILL, _sigkill(run), "missing")
    if run.wanted(STORAGE):
        yield Figure(STORAGE, _storage(run), "faults")


def _sigkill(run: Run) -> int:
    found = kill(run.folder / "killed-sqlite", {}, rounds=ROUNDS, seed="sqlite", say=run.say).faults()
    with ExitStack() as stack:
        postgres = PostgresServer()
        stack.callback(postgres.close)
        urls = {"DATABASE_URL": new_database(postgres.url), "KEYS_URL": new_database(postgres.url)}
        found += kill(run.folder / "killed-postgres", urls, rounds=ROUNDS, seed="postgres", say=run.say).faults()
    return found


def _storage(run: Run) -> int:
    found = 0
    for name, making in places(run.folder).items():
        endured = endure(making, run.folder / name, rounds=ASKED, say=run.say)
        found += sum(stored.faults() for stored in endured.values())
    return found
