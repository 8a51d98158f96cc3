"""An application of the ``eventsourcing`` library, as its documentation would write it, run unchanged on the log."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import pytest
from eventsourcing.application import Application, ProcessingEvent
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError, ProcessRecorder
from eventsourcing.system import ProcessApplication, SingleThreadedRunner, System

from service.log import EventLog
from service.log.factory import LogFactory


class Dog(Aggregate):
    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


class DogSchool(Application[UUID]):
    snapshotting_intervals: ClassVar[dict[type[Aggregate], int]] = {Dog: 3}  # type: ignore[assignment]  # narrower than the library's

    def register(self, name: str) -> UUID:
        dog = Dog(name)
        self.save(dog)
        return dog.id

    def teach(self, dog_id: UUID, trick: str) -> None:
        dog: Dog = self.repository.get(dog_id)
        dog.add_trick(trick)
        self.save(dog)


class Counters(ProcessApplication[UUID]):
    """Follows the school, and writes a dog of its own for each trick it sees."""

    @singledispatchmethod
    def policy(self, domain_event: object, processing_event: ProcessingEvent[UUID]) -> None: ...

    @policy.register
    def _(self, domain_event: Dog.TrickAdded, processing_event: ProcessingEvent[UUID]) -> None:  # type: ignore[name-defined]  # made by the decorator
        processing_event.collect_events(Dog(f"seen {domain_event.trick}"))


@pytest.fixture
def env(url: str) -> dict[str, str]:
    return {"PERSISTENCE_MODULE": "service.log.factory", "WATCHWORD_LOG_URL": url}


def test_aggregates_snapshots_and_the_notification_log(env: dict[str, str]) -> None:
    with DogSchool(env=env) as school:
        fido = school.register("Fido")
        for trick in ("roll over", "play dead", "fetch ball", "bark"):
            school.teach(fido, trick)
        dog: Dog = school.repository.get(fido)
        assert dog.tricks == ["roll over", "play dead", "fetch ball", "bark"]
        assert school.repository.get(fido, version=2).tricks == ["roll over"]
        assert school.snapshots is not None
        assert [shot.originator_version for shot in school.snapshots.get(fido)] == [3]
        assert [found.id for found in school.notification_log.select(start=1, limit=10)] == [1, 2, 3, 4, 5]
        with school.recorder.subscribe(gt=3) as subscription:
            assert [next(subscription).id, next(subscription).id] == [4, 5]

    with DogSchool(env={**env, "CREATE_TABLE": "no"}) as again:
        assert again.repository.get(fido).version == 5


def test_a_stale_save_is_the_librarys_integrity_error(env: dict[str, str]) -> None:
    with DogSchool(env=env) as school:
        fido = school.register("Fido")
        stale: Dog = school.repository.get(fido)
        school.teach(fido, "sit")
        stale.add_trick("stay")
        with pytest.raises(IntegrityError):
            school.save(stale)


def test_a_process_application_follows_another_on_a_log_of_its_own(
    url: str, env: dict[str, str], request: pytest.FixtureRequest
) -> None:
    system = System(pipes=[[DogSchool, Counters]])
    # One log, one database: the follower's is a second one.
    second = f"{url}2" if url.startswith("sqlite") else request.getfixturevalue("second_postgres")
    env = {**env, "COUNTERS_WATCHWORD_LOG_URL": second}
    runner: SingleThreadedRunner[UUID]
    with SingleThreadedRunner(system, env=env) as runner:
        school, counters = runner.get(DogSchool), runner.get(Counters)
        fido = school.register("Fido")
        school.teach(fido, "sit")
        assert isinstance(counters.recorder, ProcessRecorder)
        assert counters.recorder.max_tracking_id("DogSchool") == 2
        assert len(counters.notification_log.select(start=1, limit=10)) == 1


def test_the_library_reads_what_the_log_wrote(log: EventLog, env: dict[str, str]) -> None:
    from .conftest import one  # noqa: PLC0415 - beside its only use

    log.append(one("account:1", 0))
    with LogFactory({**env, "ORIGINATOR_ID_TYPE": "text"}) as factory:
        recorder = factory.application_recorder()
        assert [found.originator_id for found in recorder.select_notifications(start=1, limit=10)] == ["account:1"]
        assert [found.topic for found in recorder.select_events("account:1")] == ["thing.happened.v1"]


@pytest.mark.parametrize(
    "setting, complaint",
    [
        ({}, "no event log named"),
        ({"WATCHWORD_LOG_URL": "mysql://u:hunter2@h/d"}, "no event log on mysql"),
        ({"WATCHWORD_LOG_URL": "sqlite:///:memory:"}, "needs a file"),
        ({"WATCHWORD_LOG_URL": "hunter2"}, "cannot be read"),
        ({"WATCHWORD_LOG_URL": "sqlite:////tmp/x.db", "ORIGINATOR_ID_TYPE": "int"}, "must be 'uuid' or 'text'"),
    ],
)
def test_settings_that_cannot_be_used_say_what_to_do(setting: dict[str, str], complaint: str) -> None:
    with pytest.raises(OSError, match=complaint) as caught:
        LogFactory(setting)
    assert "hunter2" not in str(caught.value)
