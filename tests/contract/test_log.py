"""What the event log promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from eventsourcing.persistence import Notification

from service.log import (
    Append,
    Conflict,
    EventLog,
    IdempotencyKey,
    KeyTaken,
    LocatorEntry,
    LogError,
    LogUnavailable,
    Refused,
    Snapshot,
    migrate,
)

from .conftest import as_read, event, one

SECRET = "hunter2-Madrid"


def key(name: str, actor: str = "agent-7") -> IdempotencyKey:
    return IdempotencyKey(actor, name, b"fingerprint", 201, b'{"id": 1}', 1_700_000_000.25)


def in_one_group(log: EventLog, appends: list[Append]) -> None:
    """Have the writer take all of these as one group: they queue up while it is held at the gate of its database."""
    begin, release, held = log._database.begin, threading.Event(), threading.Event()

    def wait(connection: object) -> None:
        held.set()
        release.wait(10)
        begin(connection)

    log._database.begin = wait  # type: ignore[method-assign]  # a fault put in from inside
    first = Append(probe=True)
    log.submit(first)
    held.wait(10)
    settled: list[Append] = []
    done = threading.Event()

    def sink(some: list[Append]) -> None:
        settled.extend(some)
        if len(settled) == len(appends):
            done.set()

    for append in appends:
        append.sink = sink
        log.submit(append)
    log._database.begin = begin  # type: ignore[method-assign]  # as it was
    release.set()
    assert done.wait(10)
    assert first.error is None


def test_an_append_is_read_back_and_numbered_from_one(log: EventLog) -> None:
    positions = log.append(
        Append(events=(event("account:1", 1, state=b"\x00\xff"), event("account:1", 2)), expect={"account:1": 0})
    )
    assert positions == (1, 2)
    assert log.read("account:1") == [as_read(event("account:1", 1, state=b"\x00\xff")), as_read(event("account:1", 2))]
    assert log.read("account:1", gt=1) == [as_read(event("account:1", 2))]
    assert log.read("account:2") == []
    assert [found.id for found in log.read_all(limit=10)] == [1, 2]
    assert log.read_all(gt=1, limit=10) == [Notification("account:1", 2, "thing.happened.v1", b"{}", 2)]
    assert len(log.read_all(limit=1)) == 1
    assert log.last_position() == 2


def test_an_empty_log_answers(log: EventLog) -> None:
    assert log.last_position() == 0
    assert log.heads(["account:1"]) == {"account:1": 0}
    assert log.heads([]) == {}
    assert log.snapshot("account:1") is None
    assert log.find_key("agent-7", "k") is None
    assert log.find_locator(b"mac") == []


def test_a_stale_append_conflicts_and_writes_nothing(log: EventLog) -> None:
    log.append(one("account:1", 0))
    with pytest.raises(Conflict):
        log.append(one("account:1", 0))
    with pytest.raises(Conflict):
        log.append(one("account:1", 5))
    assert log.heads(["account:1"]) == {"account:1": 1}


def test_a_stream_that_was_only_read_counts(log: EventLog) -> None:
    log.append(one("policy", 0))
    stale = Append(events=(event("account:1", 1),), expect={"account:1": 0, "policy": 0})
    with pytest.raises(Conflict):
        log.append(stale)
    fresh = Append(events=(event("account:1", 1),), expect={"account:1": 0, "policy": 1, "interaction:9": 0})
    assert log.append(fresh) == (2,)


def test_several_streams_are_written_whole_or_not_at_all(log: EventLog) -> None:
    log.append(one("booking:1", 0))
    both = (event("account:1", 1), event("booking:1", 1))
    with pytest.raises(Conflict):
        log.append(Append(events=both, expect={"account:1": 0, "booking:1": 0}, key=key("k")))
    assert log.read("account:1") == []
    assert log.find_key("agent-7", "k") is None
    after = (event("account:1", 1), event("booking:1", 2), event("account:1", 2))
    assert log.append(Append(events=after, expect={"account:1": 0, "booking:1": 1})) == (2, 3, 4)


def test_an_append_that_does_not_follow_on_is_refused(log: EventLog) -> None:
    with pytest.raises(Refused, match="follow on"):
        log.append(Append(events=(event("account:1", 2),), expect={"account:1": 0}))
    with pytest.raises(Refused, match="without saying"):
        log.append(Append(events=(event("account:1", 1),), expect={"account:2": 0}))
    assert log.last_position() == 0


def test_an_idempotency_key_is_unique_to_its_actor(log: EventLog) -> None:
    log.append(one("account:1", 0, key=key("k")))
    with pytest.raises(KeyTaken):
        log.append(one("account:1", 1, key=key("k")))
    assert log.heads(["account:1"]) == {"account:1": 1}
    log.append(one("account:1", 1, key=key("k", actor="agent-8")))
    assert log.find_key("agent-7", "k") == key("k")
    assert log.find_key("agent-7", "other") is None


def test_locators_are_indexed_with_their_events_and_may_repeat(log: EventLog) -> None:
    entry, other = LocatorEntry(b"mac", "account:1", "booking:1"), LocatorEntry(b"mac", "account:2", "booking:2")
    log.append(one("account:1", 0, locators=(entry, entry)))
    log.append(one("account:2", 0, locators=(entry, other)))
    assert log.find_locator(b"mac") == [entry, other]


def test_the_newest_snapshot_wins(log: EventLog) -> None:
    log.put_snapshot(Snapshot("account:1", 10, "account.v1", b"ten"))
    log.put_snapshot(Snapshot("account:1", 5, "account.v1", b"five"))
    assert log.snapshot("account:1") == Snapshot("account:1", 10, "account.v1", b"ten")
    log.put_snapshot(Snapshot("account:1", 20, "account.v1", b"twenty"))
    log.put_snapshot(Snapshot("account:1", 20, "account.v2", b"twenty, in a new shape"))
    assert log.snapshot("account:1") == Snapshot("account:1", 20, "account.v2", b"twenty, in a new shape")
    with log._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM snapshots").scalar() == 1


def test_appends_of_one_group_are_judged_one_by_one(log: EventLog) -> None:
    first, rival, second = one("account:1", 0), one("account:1", 0), one("account:1", 1)
    taken, again, other = one("a", 0, key=key("k")), one("b", 0, key=key("k")), one("c", 0)
    in_one_group(log, [first, rival, second, taken, again, other])
    errors = [type(append.error) for append in (first, rival, second, taken, again, other)]
    assert errors == [type(None), Conflict, type(None), type(None), KeyTaken, type(None)]
    assert [append.positions for append in (first, second, taken, other)] == [(1,), (2,), (3,), (4,)]
    assert [found.id for found in log.read_all(limit=10)] == [1, 2, 3, 4]


def test_a_child_fails_with_its_parent_even_where_the_versions_fit(log: EventLog) -> None:
    log.append(one("account:1", 0))
    parent, rival = one("account:1", 0), one("account:1", 1)
    child = one("account:1", 2, parents=(parent,))
    grandchild = one("other", 0, parents=(child,))
    in_one_group(log, [parent, rival, child, grandchild])
    assert [type(a.error) for a in (parent, rival, child, grandchild)] == [Conflict, type(None), Conflict, Conflict]
    assert child.parents == ()
    assert log.heads(["account:1", "other"]) == {"account:1": 2, "other": 0}


def test_a_child_is_written_with_its_parent(log: EventLog) -> None:
    parent = one("account:1", 0)
    child = one("account:1", 1, parents=(parent,))
    later = one("account:1", 2, parents=(child,))
    in_one_group(log, [parent, child])
    assert log.append(later) == (3,)
    assert (parent.error, child.error) == (None, None)


def test_an_append_the_database_cannot_hold_fails_alone(log: EventLog) -> None:
    bad = Append(events=(event("account:2", 1, name="lone \ud800 surrogate"),), expect={"account:2": 0})
    wide = Append(events=(event("account:3", 1, state="not bytes"),), expect={"account:3": 0})  # type: ignore[arg-type]  # on purpose
    good = [one("account:1", 0), one("account:1", 1), one("account:4", 0)]
    child = one("account:5", 0, parents=(bad,))
    if log._engine.dialect.name == "sqlite":
        wide.events = (event("account:3", 2**63),)  # SQLite holds text in a BLOB column, but no integer that wide
        wide.expect = {"account:3": 2**63 - 1}
        wide.expect = None
    in_one_group(log, [good[0], bad, good[1], wide, child, good[2]])
    assert [append.error for append in good] == [None, None, None]
    assert [append.positions for append in good] == [(1,), (2,), (3,)]
    assert isinstance(bad.error, Refused)
    assert isinstance(wide.error, LogError)
    assert not isinstance(wide.error, Conflict)  # to decide again would not help
    assert isinstance(child.error, Conflict)


def test_a_missing_value_is_no_conflict(log: EventLog) -> None:
    empty = Append(events=(event("account:2", 1, state=None),), expect={"account:2": 0})  # type: ignore[arg-type]  # on purpose
    good = one("account:1", 0)
    in_one_group(log, [empty, good])
    assert isinstance(empty.error, Refused)
    assert good.error is None


def test_a_nul_fails_alone_on_postgresql(fresh_postgres: str, open_log: Callable[[str], EventLog]) -> None:
    migrate(fresh_postgres)
    log = open_log(fresh_postgres)
    bad = Append(events=(event("account:2", 1, name=f"{SECRET}\x00"),), expect={"account:2": 0})
    good = [one("account:1", 0), one("account:1", 1)]
    in_one_group(log, [good[0], bad, good[1]])
    assert [append.error for append in good] == [None, None]
    assert isinstance(bad.error, Refused)
    assert SECRET not in f"{bad.error!r}{bad.error.__cause__}{bad.error.__context__}"


def test_each_sink_hears_once_in_each_group(log: EventLog) -> None:
    heard: list[list[Append]] = []

    def sink(appends: list[Append]) -> None:
        heard.append(appends)

    done = threading.Event()
    appends = [one("account:1", at, sink=sink) for at in range(5)]
    last = one("account:2", 0, sink=lambda _: done.set())
    for append in [*appends, last]:
        log.submit(append)
    assert done.wait(10)
    assert [append for group in heard for append in group] == appends
    assert all(append.settled for append in appends)
    assert [append.error for append in appends] == [None] * 5


def test_a_sink_that_raises_does_not_stop_the_writer(log: EventLog) -> None:
    def broken(_: list[Append]) -> None:
        raise RuntimeError("the event loop is closed")

    log.submit(one("account:1", 0, sink=broken))
    assert log.append(one("account:1", 1)) == (2,)


def hammer(logs: list[EventLog], streams: int, rounds: int) -> list[tuple[int, ...]]:
    """Many threads append to few streams, deciding again on conflict, as replicas do."""

    def work(number: int) -> list[tuple[int, ...]]:
        log, positions = logs[number % len(logs)], []
        for at in range(rounds):
            stream = f"account:{(number + at) % streams}"
            while True:
                try:
                    positions.append(log.append(one(stream, log.heads([stream])[stream])))
                    break
                except Conflict:
                    continue
        return positions

    with ThreadPoolExecutor(8) as pool:
        return [positions for done in pool.map(work, range(8)) for positions in done]


def check_dense(log: EventLog, positions: list[tuple[int, ...]]) -> None:
    numbers = sorted(position for given in positions for position in given)
    assert numbers == list(range(1, len(numbers) + 1))
    found = log.read_all(limit=len(numbers) + 1)
    assert [row.id for row in found] == numbers
    versions: Counter[str] = Counter()
    for row in found:  # in every stream, versions follow the order of the log
        versions[str(row.originator_id)] += 1
        assert row.originator_version == versions[str(row.originator_id)]


def test_positions_are_dense_and_in_order_under_threads(log: EventLog) -> None:
    check_dense(log, hammer([log], streams=3, rounds=25))


def test_positions_are_dense_and_in_order_under_two_replicas(url: str, open_log: Callable[[str], EventLog]) -> None:
    replicas = [open_log(url), open_log(url)]
    with replicas[0].subscribe(0) as here, replicas[1].subscribe(0) as there:
        seen: dict[str, list[int]] = {"here": [], "there": []}

        def follow(name: str) -> None:
            subscription = here if name == "here" else there
            for found in subscription:
                seen[name].append(found.id)
                if len(seen[name]) == 200:
                    return

        followers = [threading.Thread(target=follow, args=(name,)) for name in seen]
        for follower in followers:
            follower.start()
        check_dense(replicas[0], hammer(replicas, streams=3, rounds=25))
        for follower in followers:
            follower.join(20)
    assert seen["here"] == seen["there"] == list(range(1, 201))


def test_a_subscription_catches_up_then_waits_then_ends(log: EventLog) -> None:
    log.append(one("account:1", 0))
    subscription = log.subscribe(0)
    assert next(subscription).id == 1
    timer = threading.Timer(0.1, lambda: log.append(one("account:1", 1)))
    timer.start()
    assert next(subscription).originator_version == 2
    timer.join()
    closer = threading.Timer(0.1, subscription.close)
    closer.start()
    assert list(subscription) == []
    closer.join()


def test_a_subscription_chooses_by_name(log: EventLog) -> None:
    names = ("a.v1", "b.v1", "a.v1")
    events = tuple(event("account:1", at, name=name) for at, name in enumerate(names, 1))
    log.append(Append(events=events, expect={"account:1": 0}))
    with log.subscribe(0, topics=["b.v1"]) as chosen:
        assert next(chosen).id == 2
    with log.subscribe(2) as rest:
        assert next(rest).id == 3


def test_closing_writes_what_waits_and_ends_subscriptions(url: str, open_log: Callable[[str], EventLog]) -> None:
    log = open_log(url)
    subscription = log.subscribe(0)
    appends = [one("account:1", at) for at in range(20)]
    for append in appends:
        log.submit(append)
    log.close()
    assert [append.error for append in appends] == [None] * 20
    assert len(list(subscription)) <= 20
    with pytest.raises(LogUnavailable, match="closed"):
        log.append(one("account:1", 20))
    assert open_log(url).heads(["account:1"]) == {"account:1": 20}


def test_a_full_queue_refuses_at_once(url: str) -> None:
    with EventLog(url, queue=2) as log:
        begin, release, held = log._database.begin, threading.Event(), threading.Event()

        def wait(connection: object) -> None:
            held.set()
            release.wait(10)
            begin(connection)

        log._database.begin = wait  # type: ignore[method-assign]  # a fault put in from inside
        appends = [one("account:1", 0)]
        log.submit(appends[0])
        assert held.wait(10)
        heard: list[Append] = []
        appends += [one("account:1", at, sink=heard.extend) for at in (1, 2, 3)]
        for append in appends[1:]:
            log.submit(append)
        assert heard == [appends[3]]
        assert isinstance(appends[3].error, LogUnavailable)
        release.set()
    assert [append.error for append in appends[:3]] == [None, None, None]


def test_errors_and_names_carry_no_data(log: EventLog) -> None:
    log.append(Append(events=(event(f"account:{SECRET}", 1),), expect={f"account:{SECRET}": 0}, key=key(SECRET)))
    attempts = [
        Append(events=(event(f"account:{SECRET}", 1),), expect={f"account:{SECRET}": 0}),
        Append(events=(event(f"account:{SECRET}", 1),), expect=None),  # the database's own guard: DETAIL names the row
        Append(key=key(SECRET)),
        Append(events=(event(f"account:{SECRET}", 2, name=f"{SECRET}\ud800"),), expect={f"account:{SECRET}": 1}),
    ]
    for append in attempts:
        with pytest.raises(LogError) as caught:
            log.append(append)
        error = caught.value
        told = f"{error!r} {error} {append!r} {error.__cause__!r} {log!r}"
        assert SECRET not in told
        assert error.__suppress_context__ or error.__context__ is None
    kept = (key(SECRET), LocatorEntry(SECRET.encode(), "a", "b"), Snapshot("s", 1, "n", SECRET.encode()))
    assert SECRET not in repr(kept)


def test_a_probe_passes_and_leaves_no_event(log: EventLog) -> None:
    log.probe()
    log.probe()
    assert log.last_position() == 0


def test_what_is_judged_under_the_lock_cannot_be_overtaken(
    log: EventLog, url: str, open_log: Callable[[str], EventLog]
) -> None:
    other = open_log(url)
    log.append(one("account:1", 0))
    others: list[Append] = []
    late = Append()

    def judge() -> None:
        version = log.heads(["account:1"])["account:1"]
        overtaking = one("account:1", version)
        other.submit(overtaking)  # waits for the lock, and finds that the stream has moved on
        others.append(overtaking)
        late.events = (event("account:1", version + 1),)
        late.expect = {"account:1": version}

    late.judge = judge
    assert log.append(late) == (2,)
    with pytest.raises(Conflict):
        other.append(one("account:1", 1))
    assert isinstance(others[0].error, Conflict)
    assert [each.originator_version for each in log.read("account:1")] == [1, 2]


def test_what_cannot_be_judged_fails_alone_and_lets_go_of_the_lock(log: EventLog) -> None:
    def judge() -> None:
        raise Conflict("somebody else")

    def unfit() -> None:
        misnumbered.events = (event("account:1", 9),)
        misnumbered.expect = {"account:1": 0}

    failed, misnumbered, written = Append(judge=judge), Append(judge=unfit), one("account:1", 0)
    in_one_group(log, [failed, misnumbered, written])
    assert isinstance(failed.error, Conflict)
    assert isinstance(misnumbered.error, Refused)
    assert written.error is None
    assert log.append(one("account:1", 1)) == (2,)
