"""Storing: what the service answers while its storage fails it, and whether it comes back by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import uuid4

import msgspec

from benchmarks.callers import Caller, callers, decisions, disclosed
from benchmarks.figure import Unsound
from benchmarks.recorded import Record, record
from benchmarks.server import Server, watchword
from benchmarks.troubles import Making, Trouble
from benchmarks.wire import Cut, Reply, Wire

PATIENCE_S = 30.0
TROUBLED_S = 12.0
"""How long after a trouble began the service may still say that it is ready: good news is kept for a second."""


class Stored(msgspec.Struct):
    """What came of one trouble. All but `asked` and `recovered_s` must be 0."""

    asked: int = 0
    disclosed: int = 0
    unlike: int = 0
    not_neutral: int = 0
    cut: int = 0
    unready: int = 0
    lost: int = 0
    recorded: int = 0
    recovered_s: float = 0.0

    def faults(self) -> int:
        """Everything that must not be."""
        return self.disclosed + self.unlike + self.not_neutral + self.cut + self.unready + self.lost + self.recorded


def endure(
    making: Making, folder: Path, *, rounds: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, Stored]:
    """Put one service through all that can befall it in its place, one trouble after another.

    All three callers ask `rounds` times while each lasts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with making(folder) as place:
        with watchword(place.home, **place.given) as server:
            asked = callers(server)
            trials = {name: _Trial(server, trouble, asked, name) for name, trouble in place.troubles.items()}
            for trial in trials.values():
                trial.run(rounds)
        kept = record(server.settings.database_url)
    for name, trial in trials.items():
        say(f"faults.storage: {name}: {trial.check(kept)}")
    return {name: trial.found for name, trial in trials.items()}


class _Trial:
    """One service and one trouble."""

    def __init__(self, server: Server, trouble: Trouble, asked: list[Caller], name: str) -> None:
        self.found = Stored()
        self._server = server
        self._trouble = trouble
        self._callers = asked
        self._acknowledged: set[str] = set()
        self._refused: set[str] = set()
        self._answers: set[object] = set()
        self._random = Random(name)

    def run(self, rounds: int) -> None:
        """Before, while it lasts, and after."""
        self._normally()
        self._trouble.begin(self._server)
        try:
            for _ in range(rounds):
                for caller in self._random.sample(self._callers, len(self._callers)):
                    self._trouble.again()
                    self._troubled(caller)
            self.found.unlike = max(len(self._answers) - 1, 0)
            self._health()
        finally:
            self._trouble.end()
        self._recover()
        self._normally()

    def check(self, kept: Record) -> Stored:
        """Compare what was answered with what is on record."""
        self.found.lost = len(self._acknowledged - kept.decisions) + kept.gaps
        self.found.recorded = len(self._refused & kept.requests)
        return self.found

    def _normally(self) -> None:
        with Wire(self._server.port) as wire:
            for caller in self._callers * 3:
                for reply in (caller.ask(wire), caller.list(wire)):
                    if reply.status != 200 or disclosed(reply) != (caller.name != "unknown"):
                        raise Unsound(f"{caller.name} was not answered as usual: {reply.status}")
                    self._acknowledged.update(decisions(reply.body))

    def _troubled(self, caller: Caller) -> None:
        request_id = uuid4().hex
        with Wire(self._server.port) as wire:
            try:
                reply = (caller.ask if self._random.random() < 0.7 else caller.list)(wire, request_id)
            except Cut:
                self.found.cut += 1
                return
        self.found.asked += 1
        self.found.disclosed += disclosed(reply)
        self._acknowledged.update(decisions(reply.body))
        if reply.status != 503:
            self.found.not_neutral += 1
            return
        self._refused.add(request_id)
        self._answers.add(_words(reply, request_id))

    def _health(self) -> None:
        """Alive, and not ready."""
        with Wire(self._server.port) as wire:
            self.found.unready += wire.send("GET", "/healthz").status != 200
            until = time.monotonic() + TROUBLED_S
            while wire.send("GET", "/readyz").status != 503:
                if time.monotonic() > until:
                    self.found.unready += 1
                    return
                self._trouble.again()
                time.sleep(0.1)

    def _recover(self) -> None:
        """Nobody helps it: it is asked until it answers as before."""
        began = time.monotonic()
        while True:
            with Wire(self._server.port) as wire:
                replies = [caller.ask(wire) for caller in self._callers]
                ready = wire.send("GET", "/readyz").status
            for reply in replies:
                self._acknowledged.update(decisions(reply.body))
            if ready == 200 and [disclosed(reply) for reply in replies] == [True, True, False]:
                self.found.recovered_s = round(time.monotonic() - began, 2)
                return
            if time.monotonic() - began > PATIENCE_S:
                raise Unsound(f"it did not recover in {PATIENCE_S:g} s")
            time.sleep(0.1)


def _words(reply: Reply, request_id: str) -> object:
    """An answer but for what is this request's alone."""
    headers = tuple((name, "" if name == "date" else value.replace(request_id, "")) for name, value in reply.headers)
    return reply.status, headers, reply.body.replace(request_id.encode(), b"")
