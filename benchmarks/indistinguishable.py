"""Indistinguishable: 2,000 pairs of transcripts, and whether anything in them tells the protected account.

Each act of a transcript is played to both sides, one right after the other, in an order drawn for each act, with other
pairs in between; over one connection that is kept alive. Half-way through each batch the service is started again, so
that half of what is asked finds nothing in memory.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

import msgspec

from benchmarks import server
from benchmarks.figure import Figure, Run, Unsound
from benchmarks.pairs import Codes, Office, Outbox, Pair
from benchmarks.server import Watchword
from benchmarks.telling import Ear, Timed, Told, auc, interval_us
from benchmarks.transcripts import TRY, Act, Voice, Writer
from benchmarks.wire import Reply, Wire

PAIRS, BATCH = 2_000, 250
WINDOW = 6
Serve = Callable[[Path], AbstractContextManager[Watchword]]


class Difference(msgspec.Struct, frozen=True):
    """A step that was answered otherwise on the protected account; both answers, with everything opaque replaced."""

    pair: int
    kind: str
    protected: Told
    ordinary: Told

    def __str__(self) -> str:
        """Say what differs: of headers and texts only where they begin to."""
        ours, theirs = self.protected, self.ordinary
        told = [
            f"{name} {getattr(ours, name)} and {getattr(theirs, name)}"
            for name in ("status", "size")
            if getattr(ours, name) != getattr(theirs, name)
        ]
        told += [
            f"{mine} and {other}" for mine, other in zip(ours.headers, theirs.headers, strict=False) if mine != other
        ]
        both = zip(ours.text, theirs.text, strict=False)
        at = next((at for at, (mine, other) in enumerate(both) if mine != other), 0)
        if ours.text != theirs.text:
            told.append(f"...{ours.text[max(at - 30, 0) : at + 60]!r} and {theirs.text[max(at - 30, 0) : at + 60]!r}")
        return f"pair {self.pair}, {self.kind}: " + "; ".join(told)


class Findings(msgspec.Struct):
    """What came of it: every difference, and the steps of every pair in the order they were played."""

    differences: list[Difference] = []
    steps: dict[int, list[Timed]] = {}

    def differing(self) -> list[float]:
        """The paired differences in seconds of everything but passcode attempts."""
        return [s.protected - s.ordinary for steps in self.steps.values() for s in steps if s.kind != TRY]

    def by_kind(self) -> dict[str, list[float]]:
        """The paired differences of each kind of step."""
        found: dict[str, list[float]] = {}
        for steps in self.steps.values():
            for step in steps:
                found.setdefault(step.kind, []).append(step.protected - step.ordinary)
        return found

    def microseconds(self) -> float:
        """The farthest end of the 99% interval of the median paired difference."""
        _, low, high = interval_us(self.differing())
        return max(abs(low), abs(high))

    def auc(self) -> float:
        """How well a classifier does."""
        return auc(list(self.steps.items()))


class Conversation:
    """One pair and how far its transcript has come."""

    def __init__(self, pair: Pair, seed: str, agents: list[str]) -> None:
        """Draw the transcript."""
        self.pair = pair
        self.acts = Writer(pair, seed).transcript()
        self._random = Random(f"order/{seed}/{pair.number}")
        agent = self._random.choice(agents)
        contact = f"caller-{pair.number}"
        sides = (pair.protected, pair.ordinary)
        self._voices = [Voice(side, f"{contact}-{at}", agent) for at, side in enumerate(sides)]
        self._ears = [Ear(side) for side in sides]

    def play(self, act: Act, wire: Wire, findings: Findings) -> None:
        """Play an act to both sides, in a random order, and compare."""
        replies: tuple[list[Reply], list[Reply]] = ([], [])
        order = [0, 1] if self._random.random() < 0.5 else [1, 0]
        for at in order:
            voice = self._voices[at]
            for step in act:
                asked = step.build(voice)
                reply = wire.send(asked.method, asked.path, voice.agent, asked.body, **asked.headers)
                step.heard(voice, reply)
                replies[at].append(reply)
        timed = findings.steps.setdefault(self.pair.number, [])
        for step, ours, theirs in zip(act, *replies, strict=True):
            timed.append(Timed(step.kind, ours.seconds, theirs.seconds, (len(ours.body), len(theirs.body))))
            told = self._ears[0].told(ours), self._ears[1].told(theirs)
            if told[0] != told[1]:
                findings.differences.append(Difference(self.pair.number, step.kind, *told))


def measure(
    folder: Path,
    *,
    pairs: int,
    batch: int,
    serve: Serve = server.watchword,
    seed: str = "watchword",
    say: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Play the transcripts of this many pairs."""
    findings = Findings()
    codes = Codes()
    for first in range(0, pairs, batch):
        numbers = range(first, min(first + batch, pairs))
        with serve(folder) as started:
            conversations = _conversations(started, numbers, codes, seed)
        for half in (0, 1):
            with serve(folder) as started, Wire(started.port) as wire:
                _warm(started, wire)
                _play(conversations, half, wire, findings, Random(f"{seed}/{first}/{half}"))
        say(f"indistinguishable: {numbers[-1] + 1} pairs, {len(findings.differences)} differences")
    return findings


def _conversations(started: Watchword, numbers: range, codes: Codes, seed: str) -> list[Conversation]:
    """Make the pairs, two at a time."""
    outbox = Outbox(started.settings)
    offices = [Office(started.settings, started.port, codes, outbox) for _ in range(2)]

    def made(at: int) -> list[Pair]:
        return [offices[at].pair(number, seed) for number in numbers[at :: len(offices)]]

    with ThreadPoolExecutor(len(offices)) as threads:
        found = [pair for each in threads.map(made, range(len(offices))) for pair in each]
    for office in offices:
        office.close()
    return [Conversation(pair, seed, offices[0].agents) for pair in sorted(found, key=lambda pair: pair.number)]


def _warm(started: Watchword, wire: Wire) -> None:
    """The first requests of a process find nothing made ready; they are nobody's."""
    for _ in range(200):
        if wire.send("GET", "/healthz").status != 200:
            raise Unsound("the service is not well")
    if wire.send("GET", "/readyz").status != 200:
        raise Unsound(f"the service at {started.port} is not ready")


def _play(conversations: list[Conversation], half: int, wire: Wire, findings: Findings, random: Random) -> None:
    """Play one half of every transcript, a few pairs at a time, whose acts come in a random order."""
    waiting = list(conversations)
    random.shuffle(waiting)
    window: list[tuple[Conversation, list[Act]]] = []
    gc.collect()
    gc.disable()
    try:
        while waiting or window:
            while waiting and len(window) < WINDOW:
                conversation = waiting.pop()
                window.append((conversation, list(conversation.acts[half])))
            at = random.randrange(len(window))
            conversation, acts = window[at]
            conversation.play(acts.pop(0), wire, findings)
            if not acts:
                del window[at]
    finally:
        gc.enable()


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    findings = measure(run.folder / "served", pairs=PAIRS, batch=BATCH, say=run.say)
    for difference in findings.differences[:5]:
        run.say(f"indistinguishable: {difference}"[:600])
    for kind, differences in sorted(findings.by_kind().items()):
        middle, low, high = interval_us(differences)
        run.say(f"indistinguishable: {kind:18} {len(differences):6} {middle:8.1f} us ({low:.1f} to {high:.1f})")
    yield Figure("indistinguishable", len(findings.differences), "differences")
    yield Figure("indistinguishable.us", findings.microseconds(), "us")
    yield Figure("indistinguishable.auc", findings.auc(), "AUC")
