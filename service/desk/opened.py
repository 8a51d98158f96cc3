"""Opened: the documents of views that were unsealed for an answer, kept for the questions that follow on the same call.

A document is used from here only while every key that opened it is still there: forgetting a person reaches it at once.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from domain.booking import BookingView
from domain.document import BookingDocument, merge
from service.sealing import Codec, KeyMissing, KeyRing

MOST = 2_048

_PART = msgspec.json.Decoder(BookingDocument)


class Opened:
    """Documents by stream and the version their view was sealed at; the least recently used go first."""

    def __init__(self, codec: Codec, keys: KeyRing, most: int = MOST) -> None:
        """Open with this codec."""
        self._codec = codec
        self._keys = keys
        self._most = most
        self._documents: OrderedDict[tuple[str, int], tuple[BookingDocument, tuple[str, ...]]] = OrderedDict()

    def document(self, stream: str, view: BookingView) -> BookingDocument:
        """A view's document. The parts of people who were forgotten are left out. Raises SealBroken, KeysUnavailable."""
        found = self._documents.get((stream, view.at))
        if found is not None and self._keys.has_all(found[1]):
            self._documents.move_to_end((stream, view.at))
            return found[0]
        pieces: dict[str, BookingDocument] = {}
        for kept in view.parts:
            try:
                pieces[kept.personal.subject] = _PART.decode(self._codec.open(stream, kept))
            except KeyMissing:
                continue
        document = merge(pieces)
        self._documents[stream, view.at] = document, tuple(pieces)
        if len(self._documents) > self._most:
            self._documents.popitem(last=False)
        return document
