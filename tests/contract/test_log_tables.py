"""The tables: what Alembic makes is what the code expects, and reading a head costs the same in any stream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from service.log import Append, EventLog, LogUnavailable, migrate, migrate_keys
from service.log import postgres as postgres_store
from service.log import sqlite as sqlite_store
from service.log.packed import pack
from service.log.tables import keys_metadata, log_metadata

from .conftest import event, one


@pytest.mark.parametrize("branch", ["log", "keys"])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_migrations_make_the_tables_of_the_code(
    kind: str, branch: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}" if kind == "sqlite" else request.getfixturevalue("fresh_postgres")
    run, metadata = (migrate, log_metadata) if branch == "log" else (migrate_keys, keys_metadata)
    run(url)
    run(url)  # a second time changes nothing
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": f"alembic_version_{branch}", "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
        made = set(inspect(connection).get_table_names())
    engine.dispose()
    assert made == {*metadata.tables, f"alembic_version_{branch}"}


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    migrate(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


def test_migrating_says_which_database_and_not_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="folder"):
        migrate(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")


def test_heads_are_index_seeks_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    migrate(url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sqlite_store.HEADS}", ('["a"]',)).all()
    engine.dispose()
    told = " ".join(row[-1] for row in plan)
    assert "SEARCH events USING COVERING INDEX" in told
    assert "SCAN events" not in told
    assert "TEMP B-TREE" not in told


def test_heads_are_index_seeks_on_postgresql_however_long_the_stream(
    fresh_postgres: str, open_log: Callable[[str], EventLog]
) -> None:
    migrate(fresh_postgres)
    log = open_log(fresh_postgres)
    log.append(one("account:short", 0))
    for at in range(0, 20_000, 5_000):  # never analysed: the planner knows as little as it ever will
        events = tuple(event("account:long", at + step) for step in range(1, 5_001))
        log.append(Append(events=events, expect={"account:long": at}))
    assert log.heads(["account:long", "account:short", "none"]) == {
        "account:long": 20_000,
        "account:short": 1,
        "none": 0,
    }
    held = log._writer._held
    assert held is not None
    assert held.driver_connection is not None
    query = f"EXPLAIN (ANALYZE, FORMAT JSON) {postgres_store.HEADS}"
    [[plan]] = held.driver_connection.execute(query, (pack("text", ["account:long", "none"]),)).fetchall()
    told = json.dumps(plan)
    assert "Seq Scan" not in told
    assert '"Sort"' not in told
    rows = [float(found) for found in re.findall(r'"Actual Rows": ([0-9.]+)', told)]
    assert 0 < max(rows) <= 3
