"""The suites that the ``eventsourcing`` library ships for its recorders, on both databases.

They are ``unittest`` cases with abstract constructors, so each is subclassed once and given a URL by a fixture.

Left out, each for its reason:

- ``optional_test_insert_subscribe`` is not collected by name; ``test_insert_subscribe`` below calls it.
- The suites of DCB recorders: the log offers no dynamic consistency boundary, whose unconditional append can lose an
  event to readers.
- The library's tests of its own SQLite and PostgreSQL classes (pools, table names, table migration): nothing here is
  made of those classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.tests import persistence
from eventsourcing.utils import Environment

from service.log import EventLog, migrate
from service.log.factory import LogFactory
from service.log.recorder import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogTrackingRecorder,
)


class OnSqlite:
    """A log in a file."""

    log_url: str
    log: EventLog

    @pytest.fixture(autouse=True)
    def _log(self, tmp_path: Path) -> Iterator[None]:
        self.log_url = f"sqlite:///{tmp_path / 'log.db'}"
        yield from _opened(self)


class OnPostgres:
    """A log on a server."""

    log_url: str
    log: EventLog

    @pytest.fixture(autouse=True)
    def _log(self, fresh_postgres: str) -> Iterator[None]:
        self.log_url = fresh_postgres
        yield from _opened(self)


def _opened(case: OnSqlite | OnPostgres) -> Iterator[None]:
    migrate(case.log_url)
    with EventLog(case.log_url) as case.log:
        yield


class _Events:
    log: EventLog

    def create_recorder(self) -> LogAggregateRecorder:
        return LogAggregateRecorder(self.log)


class _Snapshots:
    log: EventLog

    def create_recorder(self) -> LogAggregateRecorder:
        return LogAggregateRecorder(self.log, purpose="snapshots")


class _Application:
    log: EventLog

    def create_recorder(self) -> LogApplicationRecorder:
        return LogApplicationRecorder(self.log)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()  # type: ignore[attr-defined]  # the suite's


class _Tracking:
    log: EventLog

    def create_recorder(self) -> LogTrackingRecorder:
        return LogTrackingRecorder(self.log)


class _Process:
    log: EventLog

    def create_recorder(self) -> LogProcessRecorder:
        return LogProcessRecorder(self.log)


class _Interleaving:
    log: EventLog

    def create_recorder(self) -> LogApplicationRecorder:
        return LogApplicationRecorder(self.log)


class TrackingSubclass(LogTrackingRecorder):
    """A tracking recorder of one's own."""


class _Factory:
    log_url: str
    env: Environment

    @pytest.fixture(autouse=True)
    def _environment(self, _log: None) -> None:
        self.env = Environment(
            "TestCase",
            {InfrastructureFactory.PERSISTENCE_MODULE: "service.log.factory", "WATCHWORD_LOG_URL": self.log_url},
        )

    def expected_factory_class(self) -> type[LogFactory]:
        return LogFactory

    def expected_aggregate_recorder_class(self) -> type[LogAggregateRecorder]:
        return LogAggregateRecorder

    def expected_application_recorder_class(self) -> type[LogApplicationRecorder]:
        return LogApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[LogTrackingRecorder]:
        return LogTrackingRecorder

    def tracking_recorder_subclass(self) -> type[LogTrackingRecorder]:
        return TrackingSubclass

    def expected_process_recorder_class(self) -> type[LogProcessRecorder]:
        return LogProcessRecorder


class TestEventsSqlite(OnSqlite, _Events, persistence.AggregateRecorderTestCase): ...


class TestEventsPostgres(OnPostgres, _Events, persistence.AggregateRecorderTestCase): ...


class TestSnapshotsSqlite(OnSqlite, _Snapshots, persistence.AggregateRecorderTestCase): ...


class TestSnapshotsPostgres(OnPostgres, _Snapshots, persistence.AggregateRecorderTestCase): ...


class TestApplicationSqlite(
    OnSqlite, _Application, persistence.ApplicationRecorderTestCase[LogApplicationRecorder]
): ...


class TestApplicationPostgres(
    OnPostgres, _Application, persistence.ApplicationRecorderTestCase[LogApplicationRecorder]
): ...


class TestTrackingSqlite(OnSqlite, _Tracking, persistence.TrackingRecorderTestCase): ...


class TestTrackingPostgres(OnPostgres, _Tracking, persistence.TrackingRecorderTestCase): ...


class TestProcessSqlite(OnSqlite, _Process, persistence.ProcessRecorderTestCase): ...


class TestProcessPostgres(OnPostgres, _Process, persistence.ProcessRecorderTestCase): ...


class TestInterleavingSqlite(OnSqlite, _Interleaving, persistence.NonInterleavingNotificationIDsBaseCase): ...


class TestInterleavingPostgres(OnPostgres, _Interleaving, persistence.NonInterleavingNotificationIDsBaseCase): ...


class TestFactorySqlite(OnSqlite, _Factory, persistence.InfrastructureFactoryTestCase[LogFactory]): ...


class TestFactoryPostgres(OnPostgres, _Factory, persistence.InfrastructureFactoryTestCase[LogFactory]): ...
