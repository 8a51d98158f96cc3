"""Decoding: stored bytes to events, with whatever is personal in them left sealed. No key is needed, and none is there.

What holds nothing personal can be written without one, too.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import msgspec
from eventsourcing.persistence import Notification, StoredEvent

import domain
from domain.event import EVENTS, Event, EventShapeError, Header, Recorded, upcast
from service.log import Row
from service.sealing.errors import CorruptEvent, SealingError
from service.sealing.shape import Shape, shape_of

__all__ = ["Decoder"]


class _Headed(msgspec.Struct, frozen=True, gc=False):
    """The envelope alone: whatever the event is, or is not."""

    header: Header


class _Stored(msgspec.Struct, frozen=True, gc=False):
    header: Header
    event: Event


class _Retired(msgspec.Struct, frozen=True, gc=False):
    """What an earlier release stored, its event not yet in today's shape."""

    header: msgspec.Raw
    event: dict[str, Any]


_RETIRED = msgspec.json.Decoder(_Retired)
_HEADER = msgspec.json.Decoder(Header)
_HEADED = msgspec.json.Decoder(_Headed)


class Decoder:
    """Reads events in today's shape. Safe to use from several threads."""

    def __init__(self) -> None:
        """Know every event there is, and work out its shape when it is first met."""
        for module in iter_modules(domain.__path__):  # an event is known once its noun is imported
            import_module(f"{domain.__name__}.{module.name}")
        self._shapes: dict[str, Shape] = {}

    def decode(self, stored: Row | StoredEvent) -> tuple[Header, Event]:
        """Read a stored event in today's shape, its personal values still sealed.

        Raises EventShapeError for a name that nobody knows, CorruptEvent for bytes that cannot be read.
        """
        name = stored.topic
        shape = self._shapes.get(name)
        if shape is None:
            if name not in EVENTS:
                return self._upcast(stored)
            shape = self.shape(name, EVENTS[name])
        try:
            found = shape.decoder.decode(stored.state)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # From None: a decoder's error repeats what it read.
            raise CorruptEvent(str(stored.originator_id), stored.originator_version) from None
        return found.header, found.event

    def header(self, stored: Row | StoredEvent) -> Header:
        """The envelope alone, also of an event that nobody here knows. Raises CorruptEvent."""
        try:
            return _HEADED.decode(stored.state).header
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CorruptEvent(str(stored.originator_id), stored.originator_version) from None

    def recorded(self, notification: Notification) -> Recorded:
        """A notification of the log as projections see it; `name` is the one it was written under."""
        header, event = self.decode(notification)
        return Recorded(
            position=notification.id,
            stream=str(notification.originator_id),
            version=notification.originator_version,
            name=notification.topic,
            header=header,
            event=event,
            stored_bytes=notification.state,
        )

    def read(self, stream: str, version: int, name: str, state: bytes) -> tuple[Header, Event]:
        """The same of a row's own values, for who reads very many. Raises as `decode`."""
        shape = self._shapes.get(name)
        if shape is None:
            return self.decode(Row(stream, version, name, state))
        try:
            found = shape.decoder.decode(state)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CorruptEvent(stream, version) from None
        return found.header, found.event

    def stored(self, event: Event, header: Header, stream: str, version: int) -> StoredEvent:
        """An event that holds nothing personal, as it is stored. Raises SealingError for any other: those need keys."""
        if self.shape(event.NAME, type(event)).places:
            raise SealingError(f"{event.NAME} holds personal data, and there is no key here to seal it")
        return StoredEvent(stream, version, event.NAME, msgspec.json.encode(_Stored(header, event)))

    def shape(self, name: str, cls: type[Event]) -> Shape:
        """The shape of an event class by its name. Raises EventShapeError for one that is not registered."""
        found = self._shapes.get(name)
        if found is not None:
            return found
        if EVENTS.get(name) is not cls:
            raise EventShapeError(f"{name or cls.__name__!r} is not a registered event: decorate it with @event")
        shape = self._shapes[name] = shape_of(cls)
        return shape

    def _upcast(self, stored: Row | StoredEvent) -> tuple[Header, Event]:
        try:
            raw = _RETIRED.decode(stored.state)
            name, body = upcast(stored.topic, raw.event)
            return _HEADER.decode(raw.header), msgspec.convert(body, EVENTS[name])
        except EventShapeError:
            raise
        except Exception:  # noqa: BLE001 - an upcaster may fail in any way on damaged bytes, and its error repeats them
            raise CorruptEvent(str(stored.originator_id), stored.originator_version) from None
