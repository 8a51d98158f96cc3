"""Replay: a stream read, opened, upcast and folded; against the `eventsourcing` library's own SQLite recorder.

The library gets like events: the same fields, sealed as it seals (the whole state by its AES cipher, one key), upcast
as it upcasts (a class version), folded into an aggregate's counters by its repository. Its cipher is the one it takes
where none is named; against its other one, which is faster, the ratio is printed too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure, Run, Unsound
from benchmarks.history import as_before, as_today, history, locator_of, subjects
from benchmarks.theirs import AS_SHIPPED, FASTER, Theirs
from domain.account import AccountState
from domain.attempt import DisclosureAttempted
from domain.event import Event, Header, Plain
from projections.folding import State, empty, fold
from service.log import Append, EventLog, migrate, migrate_keys
from service.sealing import Codec, KeyRing, MasterKey

LENGTH = 20_000
ROUNDS = 5
STREAM = "account:0f1e2d3c4b5a69788796a5b4c3d2e1f0"
GROUP = 1000


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say(f"replay: recording {LENGTH:,} events, in our log and in the library's")
    as_before()
    events = list(history(LENGTH))
    log, keys = _recorded(run.folder, events)
    library = {
        "replay.sqlite": Theirs(run.folder / "shipped.sqlite", AS_SHIPPED),
        "replay.sqlite.faster_cipher": Theirs(run.folder / "faster.sqlite", FASTER),
    }
    for theirs in library.values():
        theirs.record(events)
    as_today()
    codec = Codec(keys)
    attempts = sum(happened.NAME.startswith("disclosure.") for _, happened in events)
    replays: dict[str, Callable[[], int]] = {"": lambda: _replay(log, codec)}
    replays |= {name: theirs.replay for name, theirs in library.items()}
    taken: dict[str, list[float]] = {name: [] for name in replays}
    for number in range(ROUNDS):
        run.say(f"replay: round {number + 1}")
        for name in reversed(replays) if number % 2 else replays:
            taken[name].append(_seconds(replays[name], attempts))
    for name, theirs in library.items():
        ratio = median(each / ours for each, ours in zip(taken[name], taken[""], strict=True))
        yield Figure(name, LENGTH / median(taken[""]), "events/s", ratio, f"eventsourcing on SQLite, {theirs.cipher}")
        theirs.close()
    log.close()
    keys.close()


def _seconds(replay: Callable[[], int], attempts: int) -> float:
    began = time.perf_counter()
    found = replay()
    taken = time.perf_counter() - began
    if found != attempts:
        raise Unsound(f"{found} attempts were folded of {attempts}")
    return taken


def _recorded(folder: Path, events: list[tuple[Header, Event]]) -> tuple[EventLog, KeyRing]:
    """The events in a log of ours."""
    url, keys_url = f"sqlite:///{folder / 'ours.sqlite'}", f"sqlite:///{folder / 'keys.sqlite'}"
    migrate(url)
    migrate_keys(keys_url)
    keys = KeyRing(keys_url, MasterKey(bytes(range(32))))
    keys.ensure(subjects())
    codec = Codec(keys)
    stored = [codec.encode(e, header, STREAM, version)[0] for version, (header, e) in enumerate(events, 1)]
    log = EventLog(url)
    for start in range(0, LENGTH, GROUP):
        log.append(Append(events=tuple(stored[start : start + GROUP]), expect={STREAM: start}))
    return log, keys


def _replay(log: EventLog, codec: Codec) -> int:
    """Fold the stream with everything in it opened. Returns the attempts counted. Raises Unsound."""
    state: State = empty(STREAM)
    last: Event | None = None
    for stored in log.read(STREAM):
        header, happened = codec.decode(stored)
        last = codec.open_event(happened, stored)
        state = fold(state, last, header, stored.originator_version)
    asked = last.locator if isinstance(last, DisclosureAttempted) else None
    if not isinstance(asked, Plain) or asked.data.decode() != locator_of(LENGTH - 1):
        raise Unsound("the last event was not opened")
    return state.attempts if isinstance(state, AccountState) else 0
