"""``PERSISTENCE_MODULE=service.log.factory``: any application of the ``eventsourcing`` library on the event log.

Settings, each also with the application's name in front, as everywhere in the library: ``WATCHWORD_LOG_URL`` (required;
one log, one database: applications that are to have logs of their own name databases of their own),
``ORIGINATOR_ID_TYPE`` (``uuid``, the default, or ``text``, which Watchword's own streams need), ``CREATE_TABLE``
(``yes``, the default, runs the migrations).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from eventsourcing.persistence import InfrastructureFactory
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from service.log.log import EventLog
from service.log.recorder import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogRecorder,
    LogTrackingRecorder,
)
from service.log.schema import migrate

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["LogFactory"]

R = TypeVar("R", bound=LogRecorder)


class LogFactory(InfrastructureFactory[LogTrackingRecorder]):
    """Makes recorders that share one log. Raises ``OSError`` for settings that cannot be used, as the library does."""

    WATCHWORD_LOG_URL = "WATCHWORD_LOG_URL"
    ORIGINATOR_ID_TYPE = "ORIGINATOR_ID_TYPE"
    CREATE_TABLE = "CREATE_TABLE"

    def __init__(self, env: Environment | EnvType | None) -> None:
        """Open the log that the environment names."""
        super().__init__(env)
        url = self.env.get(self.WATCHWORD_LOG_URL)
        if not url:
            names = ", ".join(self.env.create_keys(self.WATCHWORD_LOG_URL))
            msg = f"no event log named: set one of {names} to sqlite:///path or postgresql+psycopg://user@host/database"
            raise OSError(msg)
        self._ids = (self.env.get(self.ORIGINATOR_ID_TYPE) or "uuid").lower()
        if self._ids not in {"uuid", "text"}:
            msg = f"{self.ORIGINATOR_ID_TYPE} must be 'uuid' or 'text'"
            raise OSError(msg)
        self._url = url
        self._migrated = False
        try:
            self.log = EventLog(url)
        except ValueError as error:
            raise OSError(str(error)) from None

    def _prepare(self) -> None:
        if not self._migrated and strtobool(self.env.get(self.CREATE_TABLE) or "yes"):
            migrate(self._url)
            self._migrated = True

    def _make(self, default: type[R], named: str) -> R:
        topic = self.env.get(named)
        recorder_class: type[R] = resolve_topic(topic) if topic else default
        return self._construct(recorder_class, default)

    def _construct(self, recorder_class: type[R], default: type[R]) -> R:
        if not issubclass(recorder_class, default):
            msg = f"{recorder_class.__qualname__} is no {default.__name__}"
            raise TypeError(msg)
        self._prepare()
        return recorder_class(self.log, originator_id_type=self._ids)

    def aggregate_recorder(self, purpose: str = "events") -> LogAggregateRecorder:
        """Make a recorder of events or snapshots."""
        self._prepare()
        return LogAggregateRecorder(self.log, originator_id_type=self._ids, purpose=purpose)

    def application_recorder(self) -> LogApplicationRecorder:
        """Make a recorder of an application's events."""
        return self._make(LogApplicationRecorder, self.APPLICATION_RECORDER_TOPIC)

    def tracking_recorder(
        self, tracking_recorder_class: type[LogTrackingRecorder] | None = None
    ) -> LogTrackingRecorder:
        """Make a recorder of positions, of a class of one's own where one is given."""
        if tracking_recorder_class is not None:
            return self._construct(tracking_recorder_class, LogTrackingRecorder)
        return self._make(LogTrackingRecorder, self.TRACKING_RECORDER_TOPIC)

    def process_recorder(self) -> LogProcessRecorder:
        """Make a recorder of events together with positions."""
        return self._make(LogProcessRecorder, self.PROCESS_RECORDER_TOPIC)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        """Close the log."""
        super().__exit__(exc_type, exc_val, exc_tb)
        self.close()

    def close(self) -> None:
        """Close the log."""
        self.log.close()
