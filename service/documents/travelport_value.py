"""How uAPI writes times, amounts and references, onto the spelling of the booking model."""

from __future__ import annotations

import re
from collections.abc import Container

from service.documents import value
from service.documents.markup import Node
from service.documents.rejection import DocumentRejected

__all__ = ["local", "money", "referred"]

_ZONE = re.compile(r"(\.[0-9]+)?([+-][0-9]{2}:[0-9]{2}|Z)?$")
_MONEY = re.compile(r"([A-Z]{3})(-?[0-9]+(?:\.[0-9]+)?)")


def local(place: str, text: str) -> str:
    """`2018-04-10T18:00:00.000+03:00`: the local time there, without its offset. Raises DocumentRejected."""
    return value.local_time(place, _ZONE.sub("", text) if "T" in text else text)


def money(place: str, text: str) -> tuple[str, str]:
    """`UAH4736`: amount and currency; both empty for nothing. Raises DocumentRejected."""
    match = _MONEY.fullmatch(text.strip())
    if text.strip() and not match:
        raise DocumentRejected(place, "it is not an amount of money", "write the currency before it: EUR12.50")
    return (value.amount(place, match[2]), match[1]) if match else ("", "")


def referred(node: Node, people: Container[str]) -> tuple[str, ...]:
    """The travellers an element names. Raises DocumentRejected for one who is not on the record."""
    found = []
    for reference in node.all("BookingTravelerRef"):
        key = reference.attribute("Key")
        if key not in people:
            raise DocumentRejected(reference.place, "it refers to a traveller who is not in the document")
        found.append(key)
    return tuple(dict.fromkeys(found))
