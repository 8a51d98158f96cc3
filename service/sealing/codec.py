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
from eventsourcing.persistence import StoredEvent
from msgspec.structs import replace

from domain.event import (
    Event,
    Header,
    Kept,
    Personal,
    Plain,
    Sealed,
    ancestors,
)
from service.chance import take
from service.log import Row
from service.sealing.decoding import Decoder
from service.sealing.errors import KeyMissing, SealBroken, SealingError
from service.sealing.keys import KeyRing
from service.sealing.marks import own_key
from service.sealing.shape import Shape, bound_to, tail

__all__ = ["Codec"]

NONCE, TAG = 12, 16
MOST_CIPHERS = 4_096  # 2.4 kB each; making one takes 1.6 us, and sealing with it 1 us
_NOT_SEALED = b'"as":"plain"'  # within a JSON string the quotes would be escaped: only a struct writes this


class _Stored(msgspec.Struct, frozen=True, gc=False):
    header: Header
    event: Event


class Codec(Decoder):
    """Seals, opens, encodes and decodes. Safe to use from several threads."""

    def __init__(self, keys: KeyRing) -> None:
        """Seal with the keys of this ring; the caller has made sure of them (`KeyRing.ensure`)."""
        super().__init__()
        self._keys = keys
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
        shape = self.shape(name, type(event))
        if shape.places:
            event = self._sealed(event, shape, bound_to(stream, version))
        state = self._encode(_Stored(header, event))
        if _NOT_SEALED in state:
            raise SealingError(f"{name} holds personal data in a field that is not sealed")
        return StoredEvent(stream, version, name, state), event

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
        shape = self.shape(event.NAME, type(event))
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
        generation, key = self._keys.current(subject)
        return Sealed(subject, nonce + self._cipher(key).encrypt(nonce, value.data, bound), generation)

    def _opened(  # noqa: PLR0917 - likewise
        self, value: Personal, stream: str, version: int, field: str, index: int, names: tuple[str, ...]
    ) -> bytes:
        subject = value.subject
        if type(value) is not Sealed or len(value.box) < NONCE + TAG:
            raise SealBroken(stream, version, field)
        # First: a key that was destroyed opens nothing, whatever is remembered here.
        cipher = self._cipher(self._keys.key(subject, value.generation))
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

    def drop(self) -> None:
        """Let go of every cipher in memory: one of them may be of a key that was destroyed."""
        with self._lock:
            self._ciphers.clear()

    def _cipher(self, key: bytes) -> AESGCM:
        cipher = self._ciphers.get(key)
        if cipher is None:
            cipher = AESGCM(own_key(key, "seal"))
            with self._lock:
                while len(self._ciphers) >= MOST_CIPHERS:  # oldest first
                    del self._ciphers[next(iter(self._ciphers))]
                self._ciphers[key] = cipher
        return cipher
