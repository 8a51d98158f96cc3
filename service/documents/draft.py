"""Draft: a booking while an importer is reading it. Items find their collection by their type; limits are kept here."""

from __future__ import annotations

from typing import Any, Literal

from domain.document import COLLECTIONS, BookingDocument
from domain.item import Item, Remark, Segment
from service.documents.rejection import DocumentRejected, Limits

__all__ = ["Draft"]

_NAMES = {item_type: name for name, item_type in COLLECTIONS.items()}
_MOST_UNREAD = 100


class Draft:
    """Collects items in the order of the document. `repr` shows none of them."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._count = 0
        self._items: dict[str, list[Item]] = {name: [] for name in COLLECTIONS}

    def add(self, item: Item, place: str) -> None:
        """Take one more item, read at `place`. Raises DocumentRejected when there are too many."""
        name = _NAMES[type(item)]
        self._count += 1
        most = {"travellers": self._limits.travellers, "segments": self._limits.segments}.get(name, self._limits.items)
        if len(self._items[name]) >= most or self._count > self._limits.items:
            raise DocumentRejected(place, f"there are too many {name}", f"no more than {most} are read")
        self._items[name].append(item)

    def add_once(self, item: Item, place: str) -> None:
        """Take an item unless the very same was taken before: a GDS says many things twice."""
        if item not in self._items[_NAMES[type(item)]]:
            self.add(item, place)

    def statuses(self) -> list[str]:
        """The status of every segment so far."""
        return [item.status for item in self._items["segments"] if isinstance(item, Segment)]

    def unread(self, paths: list[str]) -> None:
        """Note what the importer could not place, by path alone: its value might be about anybody."""
        for path in list(dict.fromkeys(paths))[:_MOST_UNREAD]:
            self.add(Remark(kind="unread", text=path), path)

    def document(self, *, status: Literal["", "active", "cancelled"], stale: bool, place: str) -> BookingDocument:
        """Close the draft. Raises DocumentRejected if nobody travels on it."""
        if not self._items["travellers"]:
            raise DocumentRejected(place, "there is no traveller in it", "send the whole booking, with its names")
        collected: dict[str, Any] = {name: tuple(items) for name, items in self._items.items()}
        return BookingDocument(source=self._source, status=status, stale=stale, **collected)
