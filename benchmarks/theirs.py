"""The `eventsourcing` library as it ships: its application, SQLite recorder, JSON mapper and AES cipher.

Its events hold the values that ours do, brought back in their types: times by the library's own transcoding, actors and
listeners by one each, as its documentation has it for value objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import JSONTranscoder, Transcoding
from msgspec.structs import asdict

from domain.attempt import DisclosureAttempted, Heard
from domain.event import Actor, Event, Header, Plain

BEFORE, TODAY = 1, 2
AS_SHIPPED = "eventsourcing.cipher:AESCipher"
"""The library's cipher where none is named."""

FASTER = "eventsourcing.cryptography:AESCipher"
"""Its other one, on the library that our sealing uses too."""

GROUP = 1000


class Account(Aggregate):
    """The counter that our account folds too."""

    def __init__(self) -> None:
        """Begin."""
        self.attempts = 0

    class Recorded(Aggregate.Event):
        """One event with all the fields of ours."""

        header: dict[str, Any]
        said: dict[str, Any]
        attempt: bool
        class_version: ClassVar[int] = TODAY

        def apply(self, aggregate: Any) -> None:
            """Count it."""
            aggregate.attempts += self.attempt

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Add what the earlier release did not say."""
            if state["attempt"]:
                state["said"]["asked"] = "booking"


class ActorAsDict(Transcoding):
    """Who acted."""

    type = Actor
    name = "actor"

    def encode(self, obj: Actor) -> dict[str, Any]:
        """To what JSON has."""
        return asdict(obj)

    def decode(self, data: dict[str, Any]) -> Actor:
        """And back."""
        return Actor(**data)


class HeardAsDict(Transcoding):
    """One listener."""

    type = Heard
    name = "heard"

    def encode(self, obj: Heard) -> dict[str, Any]:
        """To what JSON has."""
        return asdict(obj)

    def decode(self, data: dict[str, Any]) -> Heard:
        """And back."""
        return Heard(**data)


class Accounts(Application[UUID]):
    """The application."""

    def register_transcodings(self, transcoder: JSONTranscoder) -> None:
        """The library's own, and those of the value objects."""
        super().register_transcodings(transcoder)
        transcoder.register(ActorAsDict())
        transcoder.register(HeardAsDict())


class Theirs:
    """The library over a file."""

    def __init__(self, path: Path, cipher: str) -> None:
        """Make its tables."""
        self.cipher = cipher.partition(":")[0].rpartition(".")[2]
        environment = {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(path),
            "CIPHER_TOPIC": cipher,
            "CIPHER_KEY": AESCipher.create_key(32),
        }
        self._app = Accounts(environment)
        self._id: UUID | None = None

    def record(self, events: Iterable[tuple[Header, Event]]) -> None:
        """Write like events, those of an earlier release as it would have written them."""
        aggregate = Account()
        self._id = aggregate.id
        stored = []
        for header, happened in events:
            today = happened.NAME == DisclosureAttempted.NAME or not happened.NAME.startswith("disclosure.")
            attempt = happened.NAME.startswith("disclosure.")
            aggregate.trigger_event(Account.Recorded, header=asdict(header), said=_open(happened), attempt=attempt)
            Account.Recorded.class_version = TODAY if today else BEFORE
            stored += [self._app.mapper.to_stored_event(each) for each in aggregate.collect_events()]
        Account.Recorded.class_version = TODAY
        for start in range(0, len(stored), GROUP):
            self._app.recorder.insert_events(stored[start : start + GROUP])

    def replay(self) -> int:
        """Fold the stream. Returns the attempts counted."""
        assert self._id is not None  # noqa: S101 - recorded before
        account: Account = self._app.repository.get(self._id)
        return account.attempts

    def close(self) -> None:
        """Close its connections."""
        self._app.close()


def _open(happened: Event) -> dict[str, Any]:
    """An event's fields; what is personal in the open, since the library seals the whole."""
    return {
        name: value.data.decode() if isinstance(value, Plain) else value for name, value in asdict(happened).items()
    }
