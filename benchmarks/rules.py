"""Rules: how long it takes from an event to its incident under load, and how fast rules are replayed over the past."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks.figure import Figure, Run, Unsound
from benchmarks.history import AGENTS, BEGAN, BOOKING, PARTIES, callers, subjects
from benchmarks.probing import Probes
from benchmarks.scene import DISCLOSED, scene
from benchmarks.server import Watchword, watchword
from benchmarks.wire import Wire
from domain.attempt import DisclosureAttempted, Heard
from domain.event import Event, Header, Plain
from domain.incident import IncidentJoined, IncidentOpened
from domain.passcode import PasscodeTried
from domain.protection import ProtectionStarted
from domain.rule import DEFAULT
from service.following.judging import Trial
from service.log import Append, EventLog, migrate, migrate_keys
from service.sealing import Codec, KeyRing, MasterKey

REACTION, TRY = "rules.reaction.p99", "rules.try"
LOADED = 500  # decisions a second
SENDERS = 16
PROBES_S = 20.0
SECONDS = 15.0
LOOK_S = 0.004
ACCOUNTS, LENGTH, GROUP = 200, 200_000, 1_000
ROUNDS = 5


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    if run.wanted(REACTION):
        yield _reaction(run)
    if run.wanted(TRY):
        yield _try(run.folder / "past", run)


# --- from an event to its incident -----------------------------------------------------------------------------------


class _Seen(msgspec.Struct):
    """When each position was first seen in the log, and which incident event came of which position."""

    at: dict[int, float]
    causes: dict[int, int]


class _Cause(msgspec.Struct):
    cause: int


class _Found(msgspec.Struct):
    finding: _Cause


class _Stored(msgspec.Struct):
    event: _Found


def _reaction(run: Run) -> Figure:
    with watchword(run.folder / "served") as server:
        busy = scene(server, accounts=32, first=0)
        probes = Probes(server, contacts=50)
        run.say(f"rules: {LOADED} decisions/s and {PROBES_S:g} probes/s for {SECONDS:g} s")
        log = EventLog(server.settings.database_url)
        stop = threading.Event()
        seen = _Seen({}, {})
        watching = threading.Thread(target=_watch, args=(log, log.last_position(), seen, stop))
        watching.start()
        answers: list[float] = []
        senders = [
            threading.Thread(target=send, args=(server.port, busy.requests[n], n, answers)) for n in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        began = time.perf_counter()
        _probe(server, probes, began)
        for sender in senders:
            sender.join()
        time.sleep(2)
        stop.set()
        watching.join()
        log.close()
    wanted = int(PROBES_S * SECONDS)
    if len(answers) < 0.96 * LOADED * SECONDS:
        raise Unsound(f"{len(answers) / SECONDS:.0f} decisions/s were made, not {LOADED}")
    if len(seen.causes) != wanted:
        raise Unsound(f"{len(seen.causes)} incidents' events came of {wanted} probes")
    taken = sorted(seen.at[position] - seen.at[cause] for position, cause in seen.causes.items())
    run.say(f"rules: reaction p50 {taken[len(taken) // 2]:.3f} s, most {taken[-1]:.3f} s")
    return Figure(REACTION, taken[int(0.99 * (len(taken) - 1))], "s")


def _watch(log: EventLog, position: int, seen: _Seen, stop: threading.Event) -> None:
    """Look at the log as it grows."""
    names = {IncidentOpened.NAME, IncidentJoined.NAME}
    decoder = msgspec.json.Decoder(_Stored)
    while not stop.is_set():
        for notification in log.read_all(gt=position, limit=500):
            position = notification.id
            seen.at[position] = time.perf_counter()
            if notification.topic in names:
                seen.causes[position] = decoder.decode(notification.state).event.finding.cause
        stop.wait(LOOK_S)


def send(port: int, request: bytes, number: int, answers: list[float]) -> None:
    """One sender: its share of the load, whether or not the last answer took long."""
    every = SENDERS / LOADED
    began = time.perf_counter() + number * every / SENDERS
    with Wire(port) as wire:
        for turn in range(int(SECONDS / every)):
            wait = began + turn * every - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            at = time.perf_counter()
            if DISCLOSED not in wire.raw(request):
                raise Unsound("a question of the load was not answered")
            answers.append(time.perf_counter() - at)


def _probe(server: Watchword, probes: Probes, began: float) -> None:
    with Wire(server.port) as wire:
        for number in range(int(PROBES_S * SECONDS)):
            wait = began + number / PROBES_S - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            probes.ask(wire, number)


# --- the past again --------------------------------------------------------------------------------------------------


def _try(folder: Path, run: Run) -> Figure:
    folder.mkdir()
    run.say(f"rules: recording {LENGTH:,} events on {ACCOUNTS} accounts")
    url, keys_url = f"sqlite:///{folder / 'log.sqlite'}", f"sqlite:///{folder / 'keys.sqlite'}"
    migrate(url)
    migrate_keys(keys_url)
    keys = KeyRing(keys_url, MasterKey(bytes(range(32))))
    keys.ensure(subjects())
    codec, log = Codec(keys), EventLog(url)
    _record(log, codec)
    rates, found = [], 0
    for _ in range(ROUNDS):
        trial = Trial(log, codec, DEFAULT)
        began = time.perf_counter()
        trial.begin(None)
        while not trial.done():
            trial.span(2.0)
        rates.append(trial.events / (time.perf_counter() - began))
        found = sum(trial.found.values())
        if trial.events != LENGTH or not found:
            raise Unsound(f"{trial.events:,} events were judged of {LENGTH:,}, {found} findings")
    log.close()
    keys.close()
    run.say(f"rules: {found} findings")
    return Figure(TRY, sorted(rates)[len(rates) // 2], "events/s")


def _past() -> Iterator[tuple[str, Header, Event]]:
    """Attempts and trials in each account's own stream, two seconds apart: one in ten fails, one in four is his."""
    for number in range(LENGTH):
        at = BEGAN + number * timedelta(seconds=2)
        header = Header(os.urandom(16).hex(), at, AGENTS[number % 40], os.urandom(16).hex(), os.urandom(16).hex(), 1)
        stream, guarded = f"account:{number % ACCOUNTS:032x}", number % 4 == 0
        if number < ACCOUNTS and guarded:
            happened: Event = ProtectionStarted(
                protection_id="0" * 32,
                party_id=PARTIES[0],
                adverse=(PARTIES[1],),
                safe_contact=Plain(PARTIES[0], b"{}"),
                until=at,
                started_by="agent-1",
            )
        elif number % 50 == 0:
            happened = PasscodeTried(interaction_id=header.interaction, contact="0" * 32, accepted=False, blocked=False)
        else:
            fails = number % 10 == 1
            happened = DisclosureAttempted(
                decision_id=os.urandom(16).hex(),
                asked="booking",
                bookings=() if fails else (BOOKING,),
                classes="EI",
                purpose="service",
                outcome="withheld" if fails else "disclosed",
                view="" if fails else "held",
                rules=("no-such-booking",) if fails else ("customer-hears-own-details", "customer-hears-the-travel"),
                listeners=(Heard("caller", "identified", "other" if guarded else "none", PARTIES[number % 2]),),
                judged_at={f"interaction:{header.interaction}": 2, stream: number, "policy:default": 1},
                locator=Plain(callers(at), b"Q00042"),
            )
        yield stream, header, happened


def _record(log: EventLog, codec: Codec) -> None:
    versions: dict[str, int] = {}
    past = _past()
    while some := list(islice(past, GROUP)):
        _write(log, codec, some, versions)


def _write(log: EventLog, codec: Codec, events: Sequence[tuple[str, Header, Event]], versions: dict[str, int]) -> None:
    expect = {stream: versions.get(stream, 0) for stream, _, _ in events}
    stored = []
    for stream, header, happened in events:
        versions[stream] = versions.get(stream, 0) + 1
        stored.append(codec.encode(happened, header, stream, versions[stream])[0])
    log.append(Append(events=tuple(stored), expect=expect))
