"""Watchword's own booking JSON: the booking model as it is, described by `openapi/booking.schema.json`.

`subjects` of a traveller is one reference of the sender's choosing; the subjects of any other item are such references.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from domain.document import COLLECTIONS, BookingContent, BookingDocument
from domain.item import Item
from service.documents import value
from service.documents.record import check
from service.documents.rejection import DocumentRejected, Limits

__all__ = ["FORMAT", "conform", "read"]

FORMAT = "watchword.booking"
_HINT = "see openapi/booking.schema.json"
_KNOWN = frozenset(BookingContent.__struct_fields__).union(*(item.__struct_fields__ for item in COLLECTIONS.values()))
_AT = re.compile(r" - at `\$?([^`]*)`$")


def read(document: object, limits: Limits) -> BookingDocument:
    """Read our own JSON, given as an object. Raises DocumentRejected."""
    check(document, limits, _KNOWN)
    if not isinstance(document, dict):
        raise DocumentRejected("document", "it is not an object", _HINT)
    try:
        content = msgspec.convert(document, BookingContent)
    except msgspec.ValidationError as error:
        raise _rejected(error) from None
    _within(content, limits)
    _references(content)
    collected: dict[str, Any] = {name: getattr(content, name) for name in COLLECTIONS}
    for name in ("segments", "seats"):
        items: list[Item] = []
        for at, item in enumerate(collected[name]):
            times = [field for field in ("departs_at", "arrives_at") if hasattr(item, field)]
            tidy = {field: value.local_time(f"/{name}/{at}/{field}", getattr(item, field)) for field in times}
            items.append(msgspec.structs.replace(item, **tidy))
        collected[name] = tuple(items)
    for at, identity in enumerate(content.identity):
        if identity.kind == "date_of_birth" and not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", identity.value):
            raise DocumentRejected(f"/identity/{at}/value", "it is not a date", "dates are written YYYY-MM-DD")
    return BookingDocument(source="watchword", status=content.status, stale=content.stale, **collected)


def conform(document: BookingDocument) -> BookingDocument:
    """Prove that what an importer made can be stored and read back. Raises DocumentRejected, placed in our model."""
    try:
        return msgspec.convert(msgspec.to_builtins(document), BookingDocument)
    except msgspec.ValidationError as error:
        raise _rejected(error) from None


def _rejected(error: msgspec.ValidationError) -> DocumentRejected:
    """Turn msgspec's message into ours: its place as a pointer, its reason only where it cannot quote the document."""
    message = str(error)
    found = _AT.search(message)
    pointer = re.sub(r"\.|\[", "/", found[1]).replace("]", "") if found else ""
    reason = _AT.sub("", message)
    if not reason.startswith(("Object missing required field", "Expected")):
        reason = (
            "it has a field that the schema does not know" if "unknown field" in reason else "it is not allowed here"
        )
    return DocumentRejected(pointer or "document", reason[0].lower() + reason[1:], _HINT)


def _within(content: BookingContent, limits: Limits) -> None:
    most = {"travellers": limits.travellers, "segments": limits.segments}
    for name in COLLECTIONS:
        if len(getattr(content, name)) > most.get(name, limits.items):
            raise DocumentRejected(f"/{name}", f"there are more than {most.get(name, limits.items)} of them")


def _references(content: BookingContent) -> None:
    known: set[str] = set()
    for at, traveller in enumerate(content.travellers):
        if len(traveller.subjects) != 1 or traveller.subjects[0] in known:
            raise DocumentRejected(f"/travellers/{at}/subjects", "a traveller has one reference, and no other has it")
        if not traveller.surname.strip():
            raise DocumentRejected(f"/travellers/{at}/surname", "it is missing")
        known.update(traveller.subjects)
    if not known:
        raise DocumentRejected("/travellers", "there is no traveller in it", "send the whole booking, with its names")
    for name in COLLECTIONS:
        for at, item in enumerate(getattr(content, name)):
            if not known.issuperset(item.subjects):
                raise DocumentRejected(f"/{name}/{at}/subjects", "it refers to a traveller who is not in the document")
