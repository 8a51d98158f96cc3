"""The ledger: how fast it takes in leaves beside decisions, how far it is behind them, and how fast an audit reads.

The service is a process of its own. What it has signed is looked at in the ledger's database, as its replicas do.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from eventsourcing.persistence import StoredEvent

from benchmarks.figure import Figure, Run, Unsound
from benchmarks.rules import LOADED, SENDERS, send
from benchmarks.scene import scene
from benchmarks.server import Watchword, watchword
from service.desk.clock import wall
from service.ledger.keeping import Keeper
from service.ledger.note import Signer
from service.ledger.published import Published
from service.ledger.store import CURRENT, Store
from service.ledger.verifying import verify
from service.log import Append, EventLog, migrate, migrate_ledger
from service.sealing import MasterKey
from service.signing import SigningKey

APPEND, LAG, VERIFY = "ledger.append", "ledger.lag.p99", "audit.verify"
BEHIND = 600_000  # leaves that wait when the service starts
LENGTH = 500_000  # events of the audited log
STATE = 500  # bytes of an event, about what an attempt takes
GROUP = 2_000
ROUNDS = 3
LOOK_S = 0.004
SECONDS = 15.0  # of load, as `benchmarks.rules` makes it


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    if run.wanted(APPEND):
        yield _append(run, run.folder / "behind")
    if run.wanted(LAG):
        yield _lag(run, run.folder / "served")
    if run.wanted(VERIFY):
        yield _verify(run, run.folder / "audited")


def _fill(url: str, count: int) -> None:
    """A log of so many events, of the size that events have."""
    migrate(url)
    state = os.urandom(STATE)
    with EventLog(url) as log:
        for start in range(0, count, GROUP):
            rows = tuple(
                StoredEvent(f"follower:{at % 500:032x}", at // 500 + 1, "event.parked.v1", state + at.to_bytes(4))
                for at in range(start, min(start + GROUP, count))
            )
            log.append(Append(events=rows, expect=None))


@contextmanager
def _loaded(server: Watchword) -> Iterator[list[float]]:
    """The service under its load; gives the times of the answers."""
    busy = scene(server, accounts=SENDERS, first=0)
    answers: list[float] = []
    senders = [threading.Thread(target=send, args=(server.port, busy.requests[n], n, answers)) for n in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        yield answers
    finally:
        for sender in senders:
            sender.join()


def _watched(server: Watchword, seen: Callable[[int], None], until: Callable[[], bool]) -> None:
    """Look at what is signed as it grows."""
    store = Store(server.settings.ledger_url)
    try:
        while not until():
            kept = store.newest(CURRENT)
            if kept is not None:
                seen(kept.checkpoint.size)
            time.sleep(LOOK_S)
    finally:
        store.close()


def _append(run: Run, home: Path) -> Figure:
    home.mkdir()
    run.say(f"ledger: recording {BEHIND:,} events")
    _fill(f"sqlite:///{home / 'watchword.sqlite'}", BEHIND)
    found: list[tuple[float, int]] = []
    with watchword(home) as server, _loaded(server) as answers:
        run.say(f"ledger: the service starts {BEHIND:,} leaves behind, with {LOADED} decisions/s")
        end = time.monotonic() + SECONDS
        _watched(
            server,
            lambda size: found.append((time.monotonic(), size)),
            lambda: time.monotonic() > end or bool(found and found[-1][1] >= BEHIND),
        )
    if len(answers) < 0.9 * LOADED * SECONDS:
        raise Unsound(f"{len(answers) / SECONDS:.0f} decisions/s were made, not {LOADED}")
    (began, first), (ended, last) = found[0], found[-1]
    if last - first < BEHIND / 10:
        raise Unsound(f"{last - first} leaves were left when the load began: too few to tell anything")
    return Figure(APPEND, (last - first) / (ended - began), "leaves/s")


def _lag(run: Run, home: Path) -> Figure:
    committed: dict[int, float] = {}
    signed: list[tuple[float, int]] = []
    stop = threading.Event()
    with watchword(home) as server:
        log = EventLog(server.settings.database_url)

        def watch() -> None:
            position = log.last_position()
            while not stop.is_set():
                for row in log.section(gt=position, limit=1_000):
                    position = row[4]
                    committed[position] = time.monotonic()
                time.sleep(LOOK_S)

        watching = threading.Thread(target=watch)
        with _loaded(server) as answers:
            run.say(f"ledger: {LOADED} decisions/s for {SECONDS:g} s")
            watching.start()
            end = time.monotonic() + SECONDS + 2
            _watched(server, lambda size: signed.append((time.monotonic(), size)), lambda: time.monotonic() > end)
        stop.set()
        watching.join()
        log.close()
    if len(answers) < 0.96 * LOADED * SECONDS:
        raise Unsound(f"{len(answers) / SECONDS:.0f} decisions/s were made, not {LOADED}")
    taken, at = [], iter(signed)
    when, size = next(at)
    for position in sorted(committed):
        while size < position:
            try:
                when, size = next(at)
            except StopIteration:
                raise Unsound(f"position {position} was never covered") from None
        taken.append(max(0.0, when - committed[position]))
    taken.sort()
    run.say(f"ledger: lag p50 {taken[len(taken) // 2]:.3f} s, most {taken[-1]:.3f} s")
    return Figure(LAG, taken[int(0.99 * (len(taken) - 1))], "s")


def _verify(run: Run, folder: Path) -> Figure:
    folder.mkdir()
    run.say(f"ledger: recording {LENGTH:,} events and their tiles")
    url, ledger_url = f"sqlite:///{folder / 'log.sqlite'}", f"sqlite:///{folder / 'ledger.sqlite'}"
    _fill(url, LENGTH)
    migrate_ledger(ledger_url)
    log, store, published = EventLog(url), Store(ledger_url), Published(folder / "checkpoints.jsonl")
    keeper = Keeper(
        source=log,
        store=store,
        published=published,
        signer=Signer(SigningKey(MasterKey(bytes(32)), "benchmark"), "watchword.test/log"),
        clock=wall,
        public_s=86_400,
    )
    while keeper.step():
        pass
    newest = keeper.current
    if newest is None or newest.size != LENGTH:
        raise Unsound("the ledger does not cover the log")
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        report = verify(log, store, [newest], published.lines)
        taken.append(time.perf_counter() - began)
        if not report.sound:
            raise Unsound(f"the audit found {report.finding}")
    log.close()
    store.close()
    return Figure(VERIFY, LENGTH / median(taken), "events/s")
