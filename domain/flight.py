"""Flights: what becomes public of a booking's own flights, and what a view does then (its fate).

A view goes on living: a flight on it is changed, cancelled, opened for check-in, departed or refunded, and everybody
can see that elsewhere. A view that nobody declared otherwise for, an ordinary booking's too, lives as `ORDINARY` says.
Which flight it was is personal: it is kept sealed, under a mark, and laid over the document when that is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.document import BookingDocument
from domain.event import Event, Kept, Personal, event
from domain.item import Carrier, Discreet, LocalTime, Seat, Segment, Word

__all__ = [
    "ENDING",
    "LIFE",
    "ORDINARY",
    "Change",
    "Fate",
    "FlightChanged",
    "PublicStatus",
    "What",
    "applied",
    "cancelled",
    "flies",
    "travellers",
]

What = Literal["schedule_change", "cancellation", "check_in", "departure", "refund"]
Fate = Literal["follow", "keep", "withhold", "transfer"]

# What can happen to a view's own flights, each to be said when a split is declared.
LIFE: tuple[What, ...] = ("schedule_change", "cancellation", "check_in", "departure", "refund")
# After these a ticket is good for nothing: who is shown it as valid all the same is told what is not so.
ENDING: tuple[What, ...] = ("cancellation", "refund")
# How a view lives for which nobody said otherwise. A declared life that says the same cannot be told from it.
ORDINARY: Mapping[str, Fate] = {
    "schedule_change": "follow",
    "cancellation": "transfer",
    "check_in": "follow",
    "departure": "follow",
    "refund": "transfer",
}
# Status codes of segments (AIRIMP: TK schedule change, UN not operated), words where there is no code.
_STATUS: Mapping[str, str] = {
    "schedule_change": "TK",
    "cancellation": "UN",
    "check_in": "check-in open",
    "departure": "departed",
    "refund": "refunded",
}
# Segments that nobody flies any more (AIRIMP action, advice and status codes), and the words for the same.
_ENDED = frozenset({"HX", "NO", "UC", "UN", "XK", "XL", "XR", "XX", "CANCELLED", "REFUNDED"})


class PublicStatus(Discreet, frozen=True, gc=False):
    """What became public of one flight on one local date of departure (YYYY-MM-DD); new local times where it moved."""

    carrier: Carrier
    number: Word
    date: LocalTime
    what: What
    departs_at: LocalTime = ""
    arrives_at: LocalTime = ""


class Change(msgspec.Struct, frozen=True, gc=False):
    """A public status as a booking keeps it: which flight by its mark, on which views, and what the shown one does."""

    flight: str
    what: What
    fate: Fate
    held: bool
    shown: bool
    told: Kept
    loses: tuple[str, ...] = ()


@event
class FlightChanged(Event, frozen=True, kw_only=True):
    """The public status of a flight changed. `held`, `shown`: the views it is on; `told`: a sealed `PublicStatus`.

    Where it is on neither nothing changes, and somebody may have guessed.
    `loses`: who is shown on it and unprotected, where it has ended: whom no view may tell that his ticket is good.
    """

    NAME: ClassVar[str] = "booking.flight_changed.v1"
    flight: str
    what: What
    held: bool
    shown: bool
    told: Personal
    loses: tuple[str, ...] = ()


def cancelled(document: BookingDocument) -> tuple[str, ...]:
    """Those on an attributed document who travel no more: it is cancelled, or each segment of theirs is."""
    if document.status == "cancelled":
        return travellers(document)
    going = {who for item in document.segments if item.status.upper() not in _ENDED for who in item.subjects}
    booked = {who for item in document.segments for who in item.subjects}
    return tuple(who for who in travellers(document) if who in booked - going)


def travellers(document: BookingDocument) -> tuple[str, ...]:
    """Who travels on an attributed document, each once."""
    return tuple(dict.fromkeys(who for each in document.travellers for who in each.subjects))


def flies(document: BookingDocument | None, told: PublicStatus) -> bool:
    """Whether this flight is on the document, as it is sold or as it is operated."""
    return document is not None and any(_is(item, told) for item in document.segments)


def applied(document: BookingDocument, statuses: Iterable[PublicStatus]) -> BookingDocument:
    """The document with these public statuses laid over its own flights, oldest first."""
    told = tuple(statuses)
    return replace(
        document,
        segments=tuple(reduce(_changed, _of(item, told), item) for item in document.segments),
        seats=tuple(reduce(_moved, _of(item, told), item) for item in document.seats),
    )


def _of(item: Segment | Seat, statuses: tuple[PublicStatus, ...]) -> list[PublicStatus]:
    """The statuses of the flight that an item was booked on, whenever it departs by now."""
    return [told for told in statuses if _is(item, told)]


def _is(item: Segment | Seat, told: PublicStatus) -> bool:
    flights = [(item.carrier, item.number)]
    if isinstance(item, Segment):
        flights.append((item.operating_carrier, item.operating_number))
    number = told.number.lstrip("0")
    return item.departs_at[:10] == told.date and any(
        carrier == told.carrier and each.lstrip("0") == number for carrier, each in flights
    )


def _changed(item: Segment, told: PublicStatus) -> Segment:
    changed: dict[str, Any] = {"status": _STATUS[told.what]}
    if told.departs_at:
        changed["departs_at"] = told.departs_at
    if told.arrives_at:
        changed["arrives_at"] = told.arrives_at
    return replace(item, **changed)


def _moved(item: Seat, told: PublicStatus) -> Seat:
    return replace(item, departs_at=told.departs_at) if told.departs_at else item
