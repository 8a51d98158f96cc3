"""Opened: the documents of views that were unsealed for an answer, kept for the questions that follow on the same call.

A document is used from here only while every key that opened it is still there: forgetting a person reaches it at once.
It is found again by what was opened and not by where that stood: what is decided on before it is written may never be,
and then something else comes to stand in its place.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Literal, TypeVar

import msgspec

from domain.answer import render
from domain.booking import BookingState, BookingView
from domain.decision import Decision
from domain.document import BookingDocument, DocumentError, merge, to_public
from domain.event import Kept, Plain, Sealed
from domain.flight import Change, PublicStatus, applied
from service.sealing import Codec, KeyMissing, KeyRing

MOST = 2_048

Subjects = tuple[str, ...]
# What was opened: each box has a nonce of its own, so no two are alike.
Boxes = tuple[bytes, ...]

_PART = msgspec.json.Decoder(BookingDocument)
_STATUS = msgspec.json.Decoder(PublicStatus)


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping of bounded size that forgets what was not used for longest."""

    def __init__(self, most: int) -> None:
        """Hold at most this many."""
        self._most = most
        self._held: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What is held under this key."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def clear(self) -> None:
        """Hold nothing."""
        self._held.clear()

    def put(self, key: K, value: V) -> None:
        """Hold this."""
        self._held[key] = value
        if len(self._held) > self._most:
            self._held.popitem(last=False)


def part(subject: str, document: BookingDocument) -> Plain:
    """One person's part of a document, to be sealed: JSON, compressed, since states in memory carry it about."""
    return Plain(subject, zlib.compress(msgspec.json.encode(document)))


class Opened:
    """Documents by what they were opened from, and what was rendered of them; the least recently used go first."""

    def __init__(self, codec: Codec, keys: KeyRing, most: int = MOST) -> None:
        """Open with this codec."""
        self._codec = codec
        self._keys = keys
        self._documents: Recent[tuple[str, Boxes], tuple[BookingDocument, Subjects]] = Recent(most)
        self._rendered: Recent[Hashable, tuple[msgspec.Raw, Subjects]] = Recent(most)

    def drop(self) -> None:
        """Let go of every document in memory: somebody who is in one may have been forgotten."""
        self._documents.clear()
        self._rendered.clear()

    def rendered(self, stream: str, state: BookingState, decision: Decision) -> msgspec.Raw | None:
        """What may be seen of a booking, as the JSON an agent reads; None where nothing may be.

        A view that the answer is not taken from stays closed. What was rendered once is rendered again only for another
        view or another decision; each was decided and recorded for itself. Raises SealBroken, KeysUnavailable.
        """
        held = state.held if decision.basis == "held" else None
        shown = state.shown
        boxes = _boxes(held), _boxes(shown)
        on_held, on_shown = _changes(state, "held"), _changes(state, "shown")
        key: tuple[Hashable, ...] = (
            stream,
            boxes,
            decision.basis,
            decision.classes,
            decision.unspoken,
            decision.hearings,
            decision.unshown,
        )
        if state.living is not None:
            key += (_told(on_held), _told(on_shown))
        found = self._rendered.get(key)
        if found is not None and self._keys.has_all(found[1]):
            return found[0]
        shown_document, subjects = self._lived(stream, shown, on_shown)
        # One view, though read back from a snapshot it may be two objects.
        alike = boxes[0] == boxes[1] and on_held == on_shown
        held_document, more = (shown_document, subjects) if alike else self._lived(stream, held, on_held)
        document = render(decision, held_document, shown_document)
        if document is None:
            return None
        raw = msgspec.Raw(msgspec.json.encode(to_public(document)))
        self._rendered.put(key, (raw, subjects + more))
        return raw

    def view(
        self, stream: str, state: BookingState, name: Literal["held", "shown"], *, lived: bool = True
    ) -> BookingDocument | None:
        """The document of a view, for what is decided on it; None where there is none. `lived`: as it is by now.

        Raises SealBroken, KeysUnavailable.
        """
        view = state.held if name == "held" else state.shown
        document, _ = self._lived(stream, view, _changes(state, name) if lived else ())
        return document

    def _lived(
        self, stream: str, view: BookingView | None, changes: tuple[Change, ...]
    ) -> tuple[BookingDocument | None, Subjects]:
        """A view's document with what became public of its flights laid over it."""
        document, subjects = self._opened(stream, view)
        if document is None or not changes:
            return document, subjects
        statuses, about = [], []
        for each in changes:
            about.append(each.told.personal.subject)
            try:
                statuses.append(_STATUS.decode(self._codec.open(stream, each.told)))
            except KeyMissing:
                continue
        return applied(document, statuses), (*subjects, *about)

    def _opened(self, stream: str, view: BookingView | None) -> tuple[BookingDocument | None, Subjects]:
        """A view's document, and the people whose keys opened it. Parts of people who were forgotten are left out."""
        if view is None:
            return None, ()
        key = stream, _boxes(view)
        found = self._documents.get(key)
        if found is not None and self._keys.has_all(found[1]):
            return found
        pieces: dict[str, BookingDocument] = {}
        for kept in view.parts:
            try:
                pieces[kept.personal.subject] = _PART.decode(zlib.decompress(self._codec.open(stream, kept)))
            except KeyMissing:
                continue
        try:
            opened = merge(pieces), tuple(pieces)
        except DocumentError:  # everybody who is on it was forgotten
            return None, ()
        self._documents.put(key, opened)
        return opened


def _boxes(view: BookingView | None) -> Boxes:
    return () if view is None else tuple([_box(kept) for kept in view.parts])


def _told(changes: tuple[Change, ...]) -> Boxes:
    return tuple([_box(each.told) for each in changes])


def _box(kept: Kept) -> bytes:
    """The box of a value in a state. One in the open is no part of one: `Codec.open` refuses it."""
    return kept.personal.box if isinstance(kept.personal, Sealed) else b""


def _changes(state: BookingState, view: Literal["held", "shown"]) -> tuple[Change, ...]:
    return () if state.living is None else state.living.on(view)
