"""Formats: which importer reads which kind of document, and the one way in.

Another GDS is another file with a `FORMAT` and a `read`, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable

from domain.document import BookingDocument
from service.documents import amadeus, amadeus_order, duffel, travelport, watchword
from service.documents.rejection import DocumentRejected, Limits

__all__ = ["FORMATS", "read"]

Importer = Callable[[object, Limits], BookingDocument]

FORMATS: dict[str, Importer] = {
    amadeus.FORMAT: amadeus.read,
    amadeus_order.FORMAT: amadeus_order.read,
    duffel.FORMAT: duffel.read,
    travelport.FORMAT: travelport.read,
    watchword.FORMAT: watchword.read,
}


def read(format_name: str, document: object, limits: Limits | None = None) -> BookingDocument:
    """Read a document of one of `FORMATS`: XML as text, JSON as its decoded value.

    The subjects of the result are the document's own traveller references; `domain.document.attribute` replaces them.
    Raises DocumentRejected, which names the place and holds nothing of the document.
    """
    importer = FORMATS.get(format_name)
    if importer is None:
        raise DocumentRejected("format", "it is not a format that is known here", f"use one of {', '.join(FORMATS)}")
    return watchword.conform(importer(document, limits or Limits()))
