"""Idempotency keys go after seven days, beside the new ones and a few at a time; on both databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import create_engine, func, select

from service.log import EventLog, IdempotencyKey
from service.log.database import normal_url
from service.log.pruning import EVERY_S, KEPT_S, LEAST, Pruning
from service.log.tables import idempotency_keys
from tests.contract.conftest import one

NOW = time.time() - 2 * KEPT_S  # what is written a week after it is not in the future of the database's own clock


def key(name: str, created_at: float) -> IdempotencyKey:
    return IdempotencyKey("actor", name, b"f", 200, b"{}", created_at)


def written(log: EventLog, names: Sequence[str], created_at: float) -> None:
    for name in names:
        log.append(one(f"thing:{name}", 0, key=key(name, created_at)))


def count(url: str) -> int:
    engine = create_engine(normal_url(url))
    try:
        with engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(idempotency_keys)).scalar_one())
    finally:
        engine.dispose()


def test_keys_older_than_a_week_go_with_the_next_that_are_written(log: EventLog) -> None:
    written(log, ["old", "older"], NOW)
    written(log, ["younger"], NOW + 60)
    assert log.find_key("actor", "old") is not None
    written(log, ["new"], NOW + KEPT_S + 1)
    assert [log.find_key("actor", name) is None for name in ("old", "older", "younger", "new")] == [
        True,
        True,
        False,
        False,
    ]
    assert len(list(log.read("thing:old"))) == 1  # the event stays, whatever becomes of its key
    # The key is free: the same request is a new one.
    log.append(one("thing:old", 1, key=key("old", NOW + KEPT_S + 2)))
    assert log.find_key("actor", "old") is not None


def test_nothing_goes_that_is_not_a_week_old(log: EventLog, url: str) -> None:
    written(log, ["a", "b"], NOW)
    written(log, ["c"], NOW + KEPT_S)
    assert count(url) == 3


def test_a_replica_whose_clock_runs_ahead_takes_no_fresh_key(url: str, open_log: Callable[[str], EventLog]) -> None:
    right, ahead = open_log(url), open_log(url)
    written(right, ["fresh"], time.time())
    for number in range(3):  # its own keys are in the log by then, and make it no less wrong
        written(ahead, [f"ahead-{number}"], time.time() + KEPT_S + 86_400 + number * EVERY_S)
    assert right.find_key("actor", "fresh") is not None
    assert count(url) == 4


def test_no_transaction_takes_more_than_a_few_along(url: str, open_log: Callable[[str], EventLog]) -> None:
    written(open_log(url), [str(at) for at in range(LEAST * 2)], NOW)
    restarted = open_log(url)  # it does not know how many have come since
    most = 2 + LEAST
    written(restarted, ["x"], NOW + KEPT_S + EVERY_S)
    assert count(url) == LEAST * 2 + 1 - most
    written(restarted, ["y"], NOW + KEPT_S + 2 * EVERY_S)
    assert count(url) == 2


def test_an_append_that_is_refused_prunes_nothing(log: EventLog, url: str) -> None:
    written(log, ["old"], NOW)
    with pytest.raises(Exception, match="moved on"):
        log.append(one("thing:old", 7, key=key("new", NOW + 2 * KEPT_S)))
    assert count(url) == 1


def test_pruning_keeps_pace_with_what_is_written() -> None:
    pruning = Pruning()
    assert pruning.due([NOW]) == (NOW - KEPT_S, 2 + LEAST)
    assert pruning.due([NOW + 0.5] * 9) is None
    assert pruning.due([NOW + 0.9]) is None
    assert pruning.due([NOW + EVERY_S, NOW]) == (NOW + EVERY_S - KEPT_S, 24 + LEAST)
    assert pruning.due([NOW - 60]) is None
