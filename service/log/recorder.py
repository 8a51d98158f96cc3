"""The ``eventsourcing`` library's recorders, on the event log.

The library asks for no expected versions, only that (stream, version) is new; everything else is the log's: grouped
commits, dense positions in commit order, subscriptions on both databases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)

from service.log.append import Append, Snapshot
from service.log.errors import Conflict, LogError, LogUnavailable
from service.log.tables import events, snapshots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.log.log import EventLog

__all__ = [
    "LogAggregateRecorder",
    "LogApplicationRecorder",
    "LogProcessRecorder",
    "LogSubscription",
    "LogTrackingRecorder",
]


def _translate(error: LogError) -> NoReturn:
    """Say in the library's words what the log said in its own (neither carries data)."""
    if isinstance(error, Conflict):
        raise IntegrityError(str(error)) from None
    if isinstance(error, LogUnavailable):
        raise OperationalError(str(error)) from None
    raise DataError(str(error)) from None


def _text(originator_id: UUID | str) -> str:
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id


class LogRecorder:
    """What every recorder has: a log, and how originator ids are read back (``uuid``: as UUIDs, else as text)."""

    def __init__(self, log: EventLog, *, originator_id_type: str = "uuid") -> None:
        """Record on ``log``."""
        self.log = log
        self._is_uuid = originator_id_type == "uuid"

    def _write(self, append: Append) -> tuple[int, ...]:
        try:
            return self.log.append(append)
        except LogError as error:
            _translate(error)

    def _id(self, stream: str) -> UUID | str:
        return UUID(stream) if self._is_uuid else stream


class LogAggregateRecorder(LogRecorder, AggregateRecorder):
    """Records aggregates' events, or with ``purpose`` "snapshots" their snapshots (all are kept)."""

    def __init__(self, log: EventLog, *, originator_id_type: str = "uuid", purpose: str = "events") -> None:
        """Record on ``log``. Raises ``ValueError`` for a purpose that has no table."""
        super().__init__(log, originator_id_type=originator_id_type)
        if purpose not in {"events", "snapshots"}:
            msg = f"no table for {purpose!r}: the log records events and snapshots"
            raise ValueError(msg)
        self._table = snapshots if purpose == "snapshots" else events

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Write all or none. Raises the library's ``IntegrityError`` where one is there already."""
        if self._table is snapshots:
            shots = tuple(
                Snapshot(_text(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events
            )
            self._write(Append(snapshots=shots, keep_snapshots=True))
        else:
            self._insert(stored_events, **kwargs)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent], tracking: Tracking | None = None, **_: Any) -> list[int]:
        rows = tuple(StoredEvent(_text(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events)
        moved = {} if tracking is None else {tracking.application_name: tracking.notification_id}
        if not rows and not moved:
            return []
        return list(self._write(Append(events=rows, expect=None, tracking=moved)))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Read one originator's events or snapshots."""
        stream = _text(originator_id)
        try:
            rows = self.log.select(self._table, stream, gt=gt, lte=lte, desc=desc, limit=limit)
        except LogError as error:
            _translate(error)
        return [StoredEvent(self._id(stream), version, name, state) for stream, version, name, state in rows]


class LogSubscription(Subscription[ApplicationRecorder]):
    """A subscription of the log, with the library's ways of filtering by topic and of stopping."""

    def __init__(self, recorder: LogApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        """Follow ``recorder`` from the first position greater than ``gt``."""
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._inner = recorder.log.subscribe(gt or 0, topics=topics)
        self._read_id = recorder._id  # noqa: SLF001 - the same module

    def stop(self) -> None:
        """End the iteration."""
        super().stop()
        self._inner.close()

    def __next__(self) -> Notification:
        """Wait for the next notification."""
        found = next(self._inner)
        return Notification(
            self._read_id(str(found.originator_id)), found.originator_version, found.topic, found.state, found.id
        )


class LogApplicationRecorder(LogAggregateRecorder, ApplicationRecorder):
    """Records an application's events in one dense sequence."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Write all or none, and return the positions given."""
        return self._insert(stored_events, **kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Read a section of the sequence."""
        gt = 0 if start is None else start - 1 if inclusive_of_start else start
        try:
            rows = self.log.select_all(gt=gt, lte=stop, topics=topics, limit=limit)
        except LogError as error:
            _translate(error)
        return [Notification(self._id(stream), *rest) for stream, *rest in rows]

    def max_notification_id(self) -> int | None:
        """Return the last position, or None where there are no events."""
        try:
            return self.log.last_position() or None
        except LogError as error:
            _translate(error)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LogSubscription:
        """Follow the sequence as it grows."""
        return LogSubscription(self, gt, topics)


class LogTrackingRecorder(LogRecorder, TrackingRecorder):
    """Records how far an application has followed another."""

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move forward. Raises the library's ``IntegrityError`` where that would not be forward."""
        self._write(Append(tracking={tracking.application_name: tracking.notification_id}))

    def max_tracking_id(self, application_name: str) -> int | None:
        """Return the position reached, or None."""
        try:
            return self.log.tracked(application_name)
        except LogError as error:
            _translate(error)


class LogProcessRecorder(LogTrackingRecorder, LogApplicationRecorder, ProcessRecorder):
    """Records events and the position they answer to in one transaction."""
