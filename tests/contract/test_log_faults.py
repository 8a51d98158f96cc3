"""The log when its database fails: every append hears so within seconds, and nothing acknowledged is ever lost."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from service.log import Append, Conflict, EventLog, LogUnavailable, Snapshot, migrate
from tests.postgres import PostgresServer

from .conftest import event, one

SECONDS = 6.0  # the longest an append may take to hear that the log is unavailable

# Appends for ever from eight threads; says each position after it was acknowledged.
WRITER = """
import sys, threading
sys.path[:0] = sys.argv[2:]
from eventsourcing.persistence import StoredEvent
from service.log import Append, Conflict, EventLog
log = EventLog(sys.argv[1])
def work(stream):
    for version in range(1_000_000):
        append = Append(events=(StoredEvent(stream, version + 1, "e.v1", b"x" * 200),), expect={stream: version})
        sys.stdout.write(f"{log.append(append)[0]}\\n")
        sys.stdout.flush()
for number in range(8):
    threading.Thread(target=work, args=(f"account:{number}",)).start()
"""


def hears_quickly(log: EventLog, stream: str = "account:down") -> None:
    began = time.monotonic()
    with pytest.raises(LogUnavailable):
        log.append(one(stream, 0))
    with pytest.raises(LogUnavailable):
        log.probe()
    assert time.monotonic() - began < 2 * SECONDS


def test_sigkill_loses_no_acknowledged_append(url: str, open_log: Callable[[str], EventLog]) -> None:
    root = str(Path(__file__).parents[2])
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, url, root]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as writer:
            assert writer.stdout is not None
            acknowledged = [int(writer.stdout.readline()) for _ in range(100)]
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split("\n")
        acknowledged += [int(line) for line in rest[:-1]]  # the last may be cut short
        log = open_log(url)
        found = {row.id for row in log.read_all(limit=100_000)}
        assert set(acknowledged) <= found
        assert found == set(range(1, len(found) + 1))
        log.close()
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:  # the next round begins anew
            connection.exec_driver_sql("DELETE FROM events")
        engine.dispose()


def test_a_stopped_server_is_reported_and_its_return_noticed(
    stoppable_postgres: PostgresServer, open_log: Callable[[str], EventLog]
) -> None:
    migrate(stoppable_postgres.url)
    log = open_log(stoppable_postgres.url)
    log.append(one("account:1", 0))
    with log.subscribe(0) as subscription:
        assert next(subscription).id == 1
        stoppable_postgres.stop()
        hears_quickly(log)
        with pytest.raises(LogUnavailable) as caught:
            log.read("account:1")
        assert "postgres" not in str(caught.value)
        stoppable_postgres.start()
        log.probe()
        assert log.append(one("account:1", 1)) == (2,)
        assert len(log.read("account:1")) == 2
        assert next(subscription).id == 2


def test_a_read_only_server_is_reported_and_its_return_noticed(
    fresh_postgres: str, open_log: Callable[[str], EventLog]
) -> None:
    migrate(fresh_postgres)
    log, name = open_log(fresh_postgres), make_url(fresh_postgres).database
    log.append(one("account:1", 0))
    alter(fresh_postgres, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    hears_quickly(log)
    assert len(log.read("account:1")) == 1
    alter(fresh_postgres, f'ALTER DATABASE "{name}" SET default_transaction_read_only = off')
    hears_nothing_for_long(log)


def alter(url: str, statement: str) -> None:
    """Change a setting, and end every session but this one so that it holds."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql(statement)
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()


def hears_nothing_for_long(log: EventLog) -> None:
    """The log is back, at the latest after the one append that finds its session ended."""
    try:
        log.probe()
    except LogUnavailable:
        log.probe()
    assert log.append(one("account:back", 0))


@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_a_server_that_does_not_flush_is_refused(
    fresh_postgres: str, open_log: Callable[[str], EventLog], setting: str
) -> None:
    migrate(fresh_postgres)
    name = make_url(fresh_postgres).database
    log = open_log(fresh_postgres)
    log.probe()
    alter(fresh_postgres, f'ALTER DATABASE "{name}" SET {setting} = off')
    with pytest.raises(LogUnavailable):  # may find no more than that its session was ended
        log.probe()
    with pytest.raises(LogUnavailable, match=setting):
        log.probe()
    with pytest.raises(LogUnavailable, match=setting):
        log.append(one("account:1", 0))


def test_a_file_that_is_not_flushed_is_refused(tmp_path: Path, open_log: Callable[[str], EventLog]) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    migrate(url)
    log = open_log(url)
    log.probe()
    held = log._writer._held
    assert held is not None
    assert isinstance(held.driver_connection, sqlite3.Connection)
    held.driver_connection.execute("PRAGMA synchronous = NORMAL")
    with pytest.raises(LogUnavailable, match="synchronous is 1"):
        log.probe()


def test_a_full_disk_is_reported_and_space_noticed(tmp_path: Path, open_log: Callable[[str], EventLog]) -> None:
    path = tmp_path / "log.db"
    url = f"sqlite:///{path}"
    migrate(url)
    log = open_log(url)
    stood, failed = 0, 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write past the limit is an error, not a signal
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024, hard))
        while failed < 20:
            try:
                log.append(large(stood))
            except LogUnavailable:
                failed += 1
            else:
                stood += 1
        assert len(log.read("account:1")) == stood > 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    log.probe()
    assert log.append(large(stood)) == (stood + 1,)


def large(expected: int) -> Append:
    stored = event("account:1", expected + 1, state=b"x" * 8192)
    return Append(events=(stored,), expect={"account:1": expected})


def test_a_file_that_is_gone_is_reported_and_never_written_behind_its_name(
    tmp_path: Path, open_log: Callable[[str], EventLog]
) -> None:
    path = tmp_path / "log.db"
    migrate(f"sqlite:///{path}")
    log = open_log(f"sqlite:///{path}")
    log.append(one("account:1", 0))
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in tmp_path.glob("log.db*"):
        file.rename(moved / file.name)
    hears_quickly(log)
    assert not path.exists()
    for file in moved.iterdir():
        file.rename(tmp_path / file.name)
    assert log.append(one("account:1", 1)) == (2,)


def test_a_lock_held_by_another_process_is_waited_for_no_longer_than_set(
    url: str, open_log: Callable[[str], EventLog]
) -> None:
    log = open_log(url)
    log.append(one("account:1", 0))
    other = open_log(url)
    other.append(one("account:2", 0))
    connection = other._writer._held
    assert connection is not None
    other._database.begin(connection.driver_connection)
    began = time.monotonic()
    with pytest.raises(LogUnavailable):
        log.append(one("account:1", 1))
    assert time.monotonic() - began < SECONDS
    other._database.rollback(connection.driver_connection)
    assert log.append(one("account:1", 1)) == (3,)


def test_a_log_without_tables_says_it_is_unavailable(
    fresh_postgres: str, tmp_path: Path, open_log: Callable[[str], EventLog]
) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    for url in (fresh_postgres, f"sqlite:///{empty}"):
        log = open_log(url)
        hears_quickly(log)
        with pytest.raises(LogUnavailable):
            log.read("account:1")
        migrate(url)
        assert log.append(one("account:1", 0)) == (1,)


def test_nobody_home_is_heard_quickly_and_without_the_password() -> None:
    url = "postgresql+psycopg://agent:hunter2@127.0.0.1:1/log"
    with EventLog(url) as log:
        hears_quickly(log)
        questions = (
            lambda: log.append(one("a", 0)),
            lambda: log.put_snapshot(Snapshot("a", 1, "n", b"")),
            log.last_position,
        )
        for question in questions:
            with pytest.raises(LogUnavailable) as caught:
                question()
            assert "hunter2" not in f"{caught.value!r}{caught.value.__cause__!r}"
            assert caught.value.__suppress_context__
    with pytest.raises(LogUnavailable) as caught:
        migrate(url)
    assert "hunter2" not in repr(caught.value)


def test_an_ended_session_costs_at_most_the_appends_in_flight(
    fresh_postgres: str, open_log: Callable[[str], EventLog]
) -> None:
    migrate(fresh_postgres)
    log = open_log(fresh_postgres)
    log.append(one("account:1", 0))
    assert log.last_position() == 1
    alter(fresh_postgres, "SELECT 1")
    assert log.last_position() == 1  # reads are asked once more
    hears_nothing_for_long(log)


def test_a_database_that_hangs_is_given_up_on_and_its_return_noticed(url: str) -> None:
    with EventLog(url, patience=0.4) as log:
        log.append(one("account:1", 0))
        commit, release = log._database.commit, threading.Event()

        def hang(connection: object, position: int | None) -> None:
            release.wait(10)
            commit(connection, position)

        log._database.commit = hang  # type: ignore[method-assign]  # a fault put in from inside
        hears_quickly(log)
        log._database.commit = commit  # type: ignore[method-assign]  # as it was
        release.set()
        log.probe()
        # What was given up on was committed after all: it is in the log, and whoever judged before it conflicts.
        assert log.heads(["account:down"]) == {"account:down": 1}
        with pytest.raises(Conflict):
            log.append(one("account:down", 0))
        assert log.append(one("account:1", 1)) == (3,)
