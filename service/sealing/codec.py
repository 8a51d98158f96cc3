"""Events to stored bytes and back, with whatever is personal in them sealed.

Stored bytes are JSON, `{"header": {...}, "event": {...}}`; a personal value is `{"as": "sealed", "subject", "box"}`,
its box `nonce (12) | AES-256-GCM ciphertext | tag (16)` in base64. The tag covers where the value stands (see
`shape.bound_to`), so a value that is moved to another row, field or place in a tuple does not open.
"""

from __future__ import annotations

import threading
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import Notification, StoredEvent
from msgspec.structs import replace

from domain.event import (
    EVENTS,
    Event,
    EventShapeError,
    Header,
    Kept,
    Personal,
    Plain,
    Recorded,
    Sealed,
    ancestors,
    upcast,
)
from service.chance import take
from service.log import Row
from service.sealing.errors import CorruptEvent, KeyMissing, SealBroken, SealingError
from service.sealing.keys import KeyRing
from service.sealing.marks import own_key
from service.sealing.shape import Shape, bound_to, shape_of, tail

__all__ = ["Codec"]

NONCE, TAG = 12, 16
MOST_CIPHERS = 4_096  # 2.4 kB each; making one takes 1.6 us, and sealing with it 1 us
_NOT_SEALED = b'"as":"plain"'  # within a JSON string the quotes would be escaped: only a struct writes this


class _Stored(msgspec.Struct, frozen=True, gc=False):
    header: Header
    event: Event


class _Headed(msgspec.Struct, frozen=True, gc=False):
    """The envelope alone: whatever the event is, or is not."""

    header: Header


class _Retired(msgspec.Struct, frozen=True, gc=False):
    """What an earlier release stored, its event not yet in today's shape."""

    header: msgspec.Raw
    event: dict[str, Any]


_RETIRED = msgspec.json.Decoder(_Retired)
_HEADER = msgspec.json.Decoder(Header)
_HEADED = msgspec.json.Decoder(_Headed)


class Codec:
    """Seals, opens, encodes and decodes. Safe to use from several threads."""

    def __init__(self, keys: KeyRing) -> None:
        """Seal with the keys of this ring; the caller has made sure of them (`KeyRing.ensure`)."""
        self._keys = keys
        self._shapes: dict[str, Shape] = {}
        self._tails: dict[tuple[str, str], bytes] = {}
        self._ciphers: dict[bytes, AESGCM] = {}  # read without the lock: a dict's own get is whole
        self._lock = threading.Lock()
        self._encode = msgspec.json.Encoder().encode

    def encode(self, event: Event, header: Header, stream: str, version: int) -> tuple[StoredEvent, Event]:
        """Seal an event for this place in the log. Returns what is stored, and the event as it will be read back.

        Raises SealingError for a value that is sealed already (it belongs to another place), KeyMissing for a subject
        without a key, KeysUnavailable.
        """
        name = event.NAME
        shape = self._shapes.get(name) or self._shape(name, type(event))
        if shape.places:
            event = self._sealed(event, shape, bound_to(stream, version))
        state = self._encode(_Stored(header, event))
        if _NOT_SEALED in state:
            raise SealingError(f"{name} holds personal data in a field that is not sealed")
        return StoredEvent(stream, version, name, state), event

    def decode(self, stored: Row | StoredEvent) -> tuple[Header, Event]:
        """Read a stored event in today's shape, its personal values still sealed.

        Raises EventShapeError for a name that nobody knows, CorruptEvent for bytes that cannot be read.
        """
        name = stored.topic
        shape = self._shapes.get(name)
        if shape is None:
            if name not in EVENTS:
                return self._upcast(stored)
            shape = self._shape(name, EVENTS[name])
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

    def open(self, stream: str, kept: Kept) -> bytes:
        """The value that was sealed in this place. Raises KeyMissing (the person was forgotten), SealBroken.

        A value that was never sealed is refused as broken: nobody but us writes to the log, and we seal.
        """
        names = (kept.name, *ancestors(kept.name))
        return self._opened(kept.personal, stream, kept.version, kept.field, kept.index, names)

    def open_event(self, event: Event, stored: Row | StoredEvent) -> Event:
        """A decoded event with its personal values in the open; those of people who were forgotten stay sealed.

        Raises SealBroken, KeysUnavailable. Whoever calls this may read all of it, and has put it on record.
        """
        shape = self._shapes.get(event.NAME) or self._shape(event.NAME, type(event))
        if not shape.places:
            return event
        changes: dict[str, Any] = {}
        at, names = (str(stored.originator_id), stored.originator_version), (stored.topic,)
        for place in shape.places:
            value, field = getattr(event, place.field), place.field
            if place.many:
                changes[field] = tuple([self._plain(each, *at, field, i, names) for i, each in enumerate(value)])
            elif value is not None:
                changes[field] = self._plain(value, *at, field, 0, names)
        return replace(event, **changes)

    def _plain(  # noqa: PLR0917 - called for every value that is opened; keywords would cost a tenth of it
        self, value: Personal, stream: str, version: int, field: str, index: int, names: tuple[str, ...]
    ) -> Personal:
        try:
            return Plain(value.subject, self._opened(value, stream, version, field, index, names))
        except KeyMissing:
            return value

    def _sealed(self, event: Event, shape: Shape, head: bytes) -> Event:
        changes: dict[str, Any] = {}
        for place in shape.places:
            value = getattr(event, place.field)
            where = head + place.tail
            if place.many:
                changes[place.field] = tuple([self._seal(each, where, i) for i, each in enumerate(value)])
            elif value is not None:
                changes[place.field] = self._seal(value, where, 0)
        return replace(event, **changes)

    def _seal(self, value: Personal, where: bytes, index: int) -> Sealed:
        if type(value) is not Plain:
            raise SealingError("a value that is sealed already, or not personal, cannot be sealed for another place")
        subject = value.subject
        nonce = take(NONCE)
        bound = where + index.to_bytes(4) + subject.encode()
        return Sealed(subject, nonce + self._cipher(subject).encrypt(nonce, value.data, bound))

    def _opened(  # noqa: PLR0917 - likewise
        self, value: Personal, stream: str, version: int, field: str, index: int, names: tuple[str, ...]
    ) -> bytes:
        subject = value.subject
        if type(value) is not Sealed or len(value.box) < NONCE + TAG:
            raise SealBroken(stream, version, field)
        cipher = self._cipher(subject)
        box = value.box
        head, place = bound_to(stream, version), index.to_bytes(4) + subject.encode()
        for name in names:
            where = self._tails.get((name, field))
            if where is None:
                where = self._tails[name, field] = tail(name, field)
            try:
                return cipher.decrypt(box[:NONCE], box[NONCE:], head + where + place)
            except InvalidTag:
                continue
        raise SealBroken(stream, version, field)

    def _cipher(self, subject: str) -> AESGCM:
        key = self._keys.key(subject)  # first: a key that was destroyed opens nothing, whatever is remembered here
        cipher = self._ciphers.get(key)
        if cipher is None:
            cipher = AESGCM(own_key(key, "seal"))
            with self._lock:
                while len(self._ciphers) >= MOST_CIPHERS:  # oldest first
                    del self._ciphers[next(iter(self._ciphers))]
                self._ciphers[key] = cipher
        return cipher

    def _shape(self, name: str, cls: type[Event]) -> Shape:
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
