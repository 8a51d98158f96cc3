"""Duffel order JSON (API v1 and v2, with or without its `data` envelope) onto the booking model.

Travellers are referred to by their passenger id. A detail under an id that no passenger of the order has becomes a note
about everybody: it must not be put down to the wrong person. Whatever is left unread is noted by its path.
"""

from __future__ import annotations

from typing import Literal

from domain.document import BookingDocument
from domain.item import Contact, Identity, Locator, Loyalty, Owner, Payment, Remark, Seat, Segment, Ticket, Traveller
from service.documents import value
from service.documents.draft import Draft
from service.documents.record import Record, check
from service.documents.rejection import DocumentRejected, Limits

__all__ = ["FORMAT", "KNOWN", "read"]

FORMAT = "duffel.order"

_KINDS: dict[str, Literal["adult", "child", "infant", "other"]] = {
    "": "adult",
    "adult": "adult",
    "child": "child",
    "infant_without_seat": "infant",
}
# Ids, dates of creation, whose order it is, what may be done with it: tells, so notes and not the booking.
_METADATA = (
    "id",
    "offer_id",
    "created_at",
    "synced_at",
    "live_mode",
    "content",
    "type",
    "owner",
    "metadata",
    "available_actions",
    "users",
    "cancelled_at",
    "void_window_ends_at",
)
_PAYMENT_TIMES = ("payment_required_by", "price_guarantee_expires_at", "paid_at")
_CONDITIONS = ("change_before_departure", "refund_before_departure")

KNOWN = frozenset(
    """
    data slices segments passengers documents services origin destination marketing_carrier operating_carrier baggages
    loyalty_programme_accounts identity_documents payment_status conditions owner metadata booking_reference seat id
    booking_references departing_at arriving_at born_on given_name family_name title gender type email phone_number
    passenger_id passenger_ids segment_ids iata_code total_amount total_currency base_amount base_currency tax_amount
    tax_currency penalty_amount penalty_currency unique_identifier designator account_number airline_iata_code city
    airports cancelled_at created_at
    """.split()  # noqa: SIM905 - a list of words reads better as words
)


def read(document: object, limits: Limits) -> BookingDocument:
    """Read an order, given as a JSON object. Raises DocumentRejected."""
    check(document, limits, KNOWN)
    order = Record(document)
    if order.has("data"):
        order = order.record("data")
    draft = Draft("duffel", limits)
    travellers = tuple(_traveller(passenger, draft) for passenger in order.records("passengers"))
    if len(set(travellers)) != len(travellers):
        raise DocumentRejected(order.at("passengers"), "two passengers have the same id")
    known = frozenset(travellers)
    _locators(order, draft)
    segments: dict[str, Segment] = {}
    for part in order.records("slices"):
        part.skip("origin", "destination", "origin_type", "destination_type", "duration", "id", "fare_brand_name")
        _conditions(part, "slice_", draft)
        for record in part.records("segments"):
            _segment(record, known, segments, draft)
    for service in order.records("services"):
        _service(service, known, segments, draft)
    _payment(order, draft)
    for ticket in order.records("documents"):
        number = value.plain_text(ticket.at("unique_identifier"), ticket.needed("unique_identifier", 64))
        about = _people(ticket.texts("passenger_ids"), known)
        draft.add(Ticket(number=number, kind=ticket.text("type", 64), subjects=about), ticket.pointer)
    status: Literal["active", "cancelled"] = "cancelled" if order.has("cancelled_at") else "active"
    for key in _METADATA:
        if order.has(key):
            draft.add(Remark(kind=key, text=order.told(key)), order.at(key))
    draft.unread(list(order.unread()))
    return draft.document(status=status, stale=False, place=order.at("passengers"))


def _people(ids: list[str], known: frozenset[str]) -> tuple[str, ...]:
    """Those of the ids that are on the order; if one is not, nobody, so that the item is about everybody."""
    return tuple(dict.fromkeys(ids)) if all(one in known for one in ids) else ()


def _traveller(passenger: Record, draft: Draft) -> str:
    reference = passenger.needed("id", 128)
    alone = (reference,)
    kind = _KINDS.get(passenger.text("type", 64), "other")
    draft.add(
        Traveller(
            surname=passenger.needed("family_name"),
            given_name=passenger.text("given_name", 256),
            title=passenger.text("title", 64),
            kind=kind,
            subjects=alone,
        ),
        passenger.pointer,
    )
    born = passenger.text("born_on", 64)
    if born:
        if not value.birth_date(born, 0) or len(born) != len("YYYY-MM-DD"):
            raise DocumentRejected(passenger.at("born_on"), "it is not a date", "dates are written YYYY-MM-DD")
        draft.add(Identity(kind="date_of_birth", value=born, subjects=alone), passenger.at("born_on"))
    gender = passenger.text("gender", 64)
    if gender:
        draft.add(Identity(kind="gender", value=gender, subjects=alone), passenger.at("gender"))
    for paper in passenger.records("identity_documents"):
        words = [paper.text(key, 256) for key in ("type", "issuing_country_code", "unique_identifier", "expires_on")]
        draft.add(Identity(kind="travel_document", value=" ".join(words), subjects=alone), paper.pointer)
    contacts: tuple[tuple[Literal["email", "phone"], str], ...] = (("email", "email"), ("phone", "phone_number"))
    for contact, key in contacts:
        reach = passenger.text(key, 256)
        if reach:
            draft.add(Contact(kind=contact, value=reach, subjects=alone), passenger.at(key))
    for account in passenger.records("loyalty_programme_accounts"):
        programme = value.carrier(account.at("airline_iata_code"), account.text("airline_iata_code"))
        number = account.needed("account_number", 64)
        draft.add(Loyalty(number=number, programme=programme, subjects=alone), account.pointer)
    infant = passenger.text("infant_passenger_id", 128)
    if infant:
        draft.add(Remark(kind="infant_passenger_id", text=infant, subjects=alone), passenger.at("infant_passenger_id"))
    return reference


def _locators(order: Record, draft: Draft) -> None:
    owner = (
        value.plain_text(order.at("owner"), order.record("owner").text("iata_code", 64)) if order.has("owner") else ""
    )
    if owner:  # the airline that answers for the order
        draft.add(Owner(office=owner), order.at("owner"))
    code = value.locator(order.at("booking_reference"), order.text("booking_reference"))
    if code:
        draft.add_once(Locator(code=code, system=owner, kind="record"), order.at("booking_reference"))
    for reference in order.records("booking_references"):
        system = value.plain_text(reference.pointer, reference.record("carrier").text("iata_code", 64))
        code = value.locator(reference.at("booking_reference"), reference.needed("booking_reference"))
        draft.add_once(Locator(code=code, system=system, kind="carrier"), reference.pointer)


def _segment(record: Record, known: frozenset[str], segments: dict[str, Segment], draft: Draft) -> None:
    record.skip("distance", "duration", "aircraft", "media", "stops")
    record.skip("departure_datetime", "arrival_datetime", "arrival_terminal", "departure_terminal")  # older twins

    def inner(outer: str) -> tuple[str, str]:
        below = record.record(outer)
        code = below.text("iata_code", 64)
        record.skip(outer)
        return below.at("iata_code"), code

    marketing, operating = "marketing_carrier", "operating_carrier"
    per_person = record.records("passengers")
    cabins = {person.text("cabin_class", 64) for person in per_person}
    segment = Segment(
        kind="flight",
        carrier=value.carrier(*inner(marketing)),
        number=record.text(f"{marketing}_flight_number", 64),
        operating_carrier=value.carrier(*inner(operating)),
        operating_number=record.text(f"{operating}_flight_number", 64),
        origin=value.place_code(*inner("origin")),
        destination=value.place_code(*inner("destination")),
        departs_at=value.local_time(record.at("departing_at"), record.needed("departing_at")),
        arrives_at=value.local_time(record.at("arriving_at"), record.needed("arriving_at")),
        departure_terminal=record.text("origin_terminal", 64),
        arrival_terminal=record.text("destination_terminal", 64),
        cabin=cabins.pop() if len(cabins) == 1 else "",
    )
    draft.add(segment, record.pointer)
    segments[record.text("id", 128)] = segment
    for person in per_person:
        about = _people([person.needed("passenger_id", 128)], known)
        person.text("cabin_class_marketing_name")
        if person.has("baggages"):
            draft.add(Remark(kind="baggages", text=person.told("baggages"), subjects=about), person.at("baggages"))
        if person.has("seat"):
            seat = person.record("seat")
            seat.skip("name", "disclosures")
            _seat(seat.needed("designator", 64), segment, about, draft, seat.pointer)


def _seat(designator: str, segment: Segment | None, about: tuple[str, ...], draft: Draft, place: str) -> None:
    """Put down a seat to its one traveller; a seat of nobody on the order, or of several, stays a note."""
    if len(about) != 1:
        draft.add_once(Remark(kind="seat", text=designator), place)
        return
    flight = segment or Segment()
    draft.add_once(
        Seat(
            designator=designator,
            carrier=flight.carrier,
            number=flight.number,
            origin=flight.origin,
            destination=flight.destination,
            departs_at=flight.departs_at,
            subjects=about,
        ),
        place,
    )


def _service(service: Record, known: frozenset[str], segments: dict[str, Segment], draft: Draft) -> None:
    about = _people(service.texts("passenger_ids"), known)
    flights = [segments[one] for one in service.texts("segment_ids") if one in segments]
    kind = service.text("type", 32)
    service.skip("id", "quantity")
    metadata = service.record("metadata")
    designator = metadata.text("designator", 64)
    if kind == "seat" and designator:
        _seat(designator, flights[0] if len(flights) == 1 else None, about, draft, service.pointer)
    note = service.told("metadata")
    draft.add(Remark(kind=f"service_{kind}"[:64], text=note, subjects=about), service.pointer)
    _amount(service, "total", f"service_{kind}"[:64], about, draft)


def _amount(record: Record, key: str, kind: str, about: tuple[str, ...], draft: Draft) -> None:
    worth = value.amount(record.at(f"{key}_amount"), record.text(f"{key}_amount"))
    unit = value.currency(record.at(f"{key}_currency"), record.text(f"{key}_currency"))
    if worth:
        draft.add(Payment(kind=kind, amount=worth, currency=unit, subjects=about), record.at(f"{key}_amount"))


def _conditions(record: Record, prefix: str, draft: Draft) -> None:
    conditions = record.record("conditions")
    record.flag("changeable")
    for key in _CONDITIONS:
        if conditions.has(key):
            condition = conditions.record(key)
            allowed = condition.flag("allowed")
            draft.add(
                Payment(
                    kind=f"{prefix}{key}",
                    amount=value.amount(condition.at("penalty_amount"), condition.text("penalty_amount")),
                    currency=value.currency(condition.at("penalty_currency"), condition.text("penalty_currency")),
                    text="" if allowed is None else "allowed" if allowed else "not allowed",
                ),
                condition.pointer,
            )


def _payment(order: Record, draft: Draft) -> None:
    for key in ("total", "base", "tax"):
        _amount(order, key, key, (), draft)
    _conditions(order, "", draft)
    if order.has("payment_status"):
        status = order.record("payment_status")
        words = [
            {True: "awaiting payment", False: "paid", None: ""}[status.flag("awaiting_payment")],
            *(f"{key} {status.text(key, 64)}" for key in _PAYMENT_TIMES if status.has(key)),
        ]
        draft.add(Payment(kind="status", text=", ".join(word for word in words if word)), status.pointer)
