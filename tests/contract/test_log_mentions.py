"""The record's index in the log, on both stores: what is read by it is found by seeks, and is what was known then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import NullPool

from service.log import Append, Conflict, EventLog, Mention, migrate
from service.log.reading import MENTIONED

from .conftest import event


def written(log: EventLog, stream: str, count: int) -> None:
    at = log.heads([stream])[stream]
    events = tuple(event(stream, at + step) for step in range(1, count + 1))
    log.append(Append(events=events, expect={stream: at}))


def told(log: EventLog, *mentions: Mention, position: int) -> None:
    log.append(Append(mentions=mentions, tracking={"mentions": position}))


def positions(log: EventLog, about: str, **between: int) -> list[int]:
    return [row.id for row in log.mentioned(about, **({"gt": 0, "lte": 99, "limit": 9} | between))]


def test_what_is_about_something_is_read_in_the_order_of_the_log(log: EventLog) -> None:
    written(log, "a:1", 3)
    written(log, "b:1", 3)
    told(log, Mention("x", 5, 5), Mention("x", 1, 1), Mention("x", 3, 3), Mention("y", 2, 2), position=6)
    assert positions(log, "x") == [1, 3, 5]
    assert positions(log, "x", gt=1, lte=4) == [3]
    assert positions(log, "x", limit=2) == [1, 3]
    assert positions(log, "z") == []
    assert [(row.originator_id, row.originator_version) for row in log.mentioned("x", gt=3, lte=9, limit=1)] == [
        ("b:1", 2)
    ]
    assert log.about("x", [1, 2, 3, 9]) == {1, 3}
    assert log.about("x", []) == set()
    assert (log.first_about("x"), log.first_about("z")) == (1, None)


def test_what_came_to_be_about_it_later_was_not_so_before(log: EventLog) -> None:
    written(log, "a:1", 4)
    told(log, Mention("x", 1, 3), Mention("x", 3, 3), position=4)
    assert positions(log, "x", lte=2) == []
    assert positions(log, "x", lte=3) == [1, 3]


def test_a_repeated_row_is_passed_over_and_a_step_back_refused(log: EventLog) -> None:
    written(log, "a:1", 2)
    told(log, Mention("x", 1, 1), position=1)
    told(log, Mention("x", 1, 1), Mention("x", 2, 2), position=2)
    with pytest.raises(Conflict):
        told(log, Mention("x", 7, 7), position=2)
    assert positions(log, "x") == [1, 2]


def test_a_streams_version_at_a_position(log: EventLog) -> None:
    for _ in range(5):
        written(log, "a:1", 2)
        written(log, "b:1", 1)
    found = [log.version_at("a:1", position) for position in range(17)]
    assert found == [0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 10, 10]
    assert log.version_at("none", 9) == 0
    assert [(row.originator_version, row.id) for row in log.positioned("a:1", gt=2, lte=4)] == [(3, 4), (4, 5)]


def test_a_page_is_index_seeks_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    migrate(url)
    engine = create_engine(url, poolclass=NullPool)
    statement = str(MENTIONED.compile(dialect=sqlite.dialect(paramstyle="named")))
    with engine.connect() as connection:
        asked = {"about": "x", "gt": 0, "lte": 9, "rows": 5, "param_1": 0}
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", asked).all()
    engine.dispose()
    steps = [row[-1] for row in plan]
    assert len(steps) == 2
    assert "mentions USING PRIMARY KEY (about=? AND position>? AND position<?)" in steps[0]
    assert "events USING INTEGER PRIMARY KEY (rowid=?)" in steps[1]


def test_a_page_costs_the_same_in_the_longest_history_on_postgresql(
    fresh_postgres: str, open_log: Callable[[str], EventLog]
) -> None:
    migrate(fresh_postgres)
    log = open_log(fresh_postgres)
    for _ in range(4):  # never analysed: the planner knows as little as it ever will
        written(log, "a:1", 5_000)
    told(log, *(Mention("x", at, at) for at in range(1, 20_001)), position=20_000)
    dialect = log._engine.dialect
    statement = str(MENTIONED.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    asked = {"about": "x", "gt": 15_000, "lte": 20_000, "rows": 5}
    with log._engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", asked).scalar()
    steps = str(plan)
    assert "Seq Scan" not in steps
    assert "'Sort'" not in steps
    assert steps.count("Index Scan") + steps.count("Index Only Scan") >= 2
    assert "'Actual Rows': 5000" not in steps
    assert positions(log, "x", gt=15_000, lte=20_000, limit=2) == [15_001, 15_002]
