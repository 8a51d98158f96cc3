"""Killing: the service is killed under load, again and again, and all that it ever acknowledged must be on record.

A kill leaves what the operating system was given; that each commit was flushed before it was acknowledged is seen to by
the log's own settings, which `/readyz` checks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from benchmarks.callers import Caller, callers, decisions, disclosed
from benchmarks.figure import Unsound
from benchmarks.recorded import record
from benchmarks.server import watchword
from benchmarks.wire import Cut, Wire

CONNECTIONS = 8
LONGEST_S = 0.8


class Killed(msgspec.Struct):
    """What came of it. `unrecorded`: those of the `missing` that disclosed something. The last three must be 0."""

    rounds: int = 0
    acknowledged: int = 0
    answers: int = 0
    missing: int = 0
    unrecorded: int = 0
    gaps: int = 0

    def faults(self) -> int:
        """Everything that must not be."""
        return self.missing + self.gaps


class Load:
    """Several connections that ask until they are cut off. `acknowledged`: decisions; `told`: those that disclosed."""

    def __init__(self, asked: list[Caller], port: int, seed: str) -> None:
        """Start."""
        self.acknowledged: set[str] = set()
        self.told: set[str] = set()
        self.wrong: list[str] = []
        self._lock = threading.Lock()
        self._began = threading.Barrier(CONNECTIONS + 1, timeout=60)
        self._threads = [
            threading.Thread(target=self._ask, args=(asked, port, Random(f"{seed}/{number}")), daemon=True)
            for number in range(CONNECTIONS)
        ]
        for thread in self._threads:
            thread.start()

    def under_way(self) -> None:
        """Wait until every connection has had an answer."""
        self._began.wait()

    def ended(self) -> None:
        """Wait until every connection was cut. Raises Unsound for an answer that was none."""
        for thread in self._threads:
            thread.join(60)
            if thread.is_alive():
                raise Unsound("a connection was not cut")
        if self.wrong:
            raise Unsound(f"under load: {self.wrong[0]}")

    def _ask(self, asked: list[Caller], port: int, random: Random) -> None:
        try:
            with Wire(port) as wire:
                self._once(wire, asked, random)
                self._began.wait()
                while True:
                    self._once(wire, asked, random)
        except Cut as cut:
            # What came of the last answer counts: its first byte may not leave before the event is on the disk.
            with self._lock:
                self.acknowledged.update(decisions(cut.partial))

    def _once(self, wire: Wire, asked: list[Caller], random: Random) -> None:
        caller = random.choice(asked)
        reply = caller.ask(wire) if random.random() < 0.8 else caller.list(wire)
        found = decisions(reply.body)
        with self._lock:
            self.acknowledged.update(found)
            if disclosed(reply):
                self.told.update(found)
            if reply.status != 200 or len(found) != 1:
                self.wrong.append(f"{reply.status} with {len(found)} decisions")


def kill(
    folder: Path, urls: dict[str, str], *, rounds: int, seed: str, say: Callable[[str], None] = lambda _: None
) -> Killed:
    """Kill the service on these databases (SQLite in the folder where none is given) this many times."""
    random = Random(seed)
    found = Killed()
    acknowledged: set[str] = set()
    told: set[str] = set()
    asked: list[Caller] = []
    url = ""
    for number in range(rounds):
        with watchword(folder, **urls) as server:
            url = server.settings.database_url
            asked = asked or callers(server)
            load = Load(asked, server.port, f"{seed}/{number}")
            load.under_way()
            time.sleep(random.uniform(0.02, LONGEST_S))
            server.process.kill()
            server.process.wait()
            load.ended()
        acknowledged |= load.acknowledged
        told |= load.told
        kept = record(url)
        found = Killed(
            rounds=number + 1,
            acknowledged=len(acknowledged),
            answers=len(told),
            missing=len(acknowledged - kept.decisions),
            unrecorded=len(told - kept.decisions),
            gaps=kept.gaps,
        )
        if found.faults():
            break
    say(f"faults.sigkill: {found}")
    return found
