"""Travelport air reservations: flights, seats, tickets with those they were exchanged for, and fares."""

from __future__ import annotations

from domain.item import Locator, Payment, Remark, Seat, Segment, Ticket
from service.documents import value
from service.documents.draft import Draft
from service.documents.markup import Node
from service.documents.rejection import DocumentRejected
from service.documents.travelport_value import local, money, referred

__all__ = ["Known", "read_air"]

_AMOUNTS = {
    "TotalPrice": "total",
    "BasePrice": "base",
    "EquivalentBasePrice": "equivalent",
    "Taxes": "tax",
    "Fees": "fees",
}


class Known:
    """Who is on the record, by key, with surname and given name; its flights by key."""

    def __init__(self, last_year: int) -> None:
        self.last_year = last_year
        self.people: dict[str, tuple[str, str]] = {}
        self.flights: dict[str, Segment] = {}

    def named(self, name: tuple[str, str]) -> tuple[str, ...]:
        """The one traveller of this surname and given name; nobody if there is none, or more than one."""
        found = [who for who, (surname, given_name) in self.people.items() if (surname, given_name) == name]
        return tuple(found) if len(found) == 1 else ()

    def subjects(self, reservation: Node) -> tuple[str, ...]:
        """Whom a reservation is about: some of those on the record, or nobody in particular, which is all of them."""
        who = referred(reservation, self.people)
        return () if set(who) == set(self.people) else who

    def suppliers(self, reservation: Node, draft: Draft) -> None:
        """Take the locators that airlines and others gave a reservation."""
        subjects = self.subjects(reservation)
        for supplier in reservation.all("SupplierLocator"):
            code = value.locator(supplier.place, supplier.attribute("SupplierLocatorCode"))
            system = value.plain_text(supplier.place, supplier.attribute("SupplierCode"), 64)
            if code:
                draft.add_once(Locator(code=code, system=system, kind="carrier", subjects=subjects), supplier.place)

    def seat(self, node: Node, about: tuple[str, ...], draft: Draft) -> None:
        """Take a seat on one of the flights; one on no flight that is known says its designator alone."""
        flight = self.flights.get(node.attribute("SegmentRef"), Segment())
        node.attribute("Status")
        draft.add_once(
            Seat(
                designator=value.plain_text(node.place, node.attribute("Seat"), 64),
                carrier=flight.carrier,
                number=flight.number,
                origin=flight.origin,
                destination=flight.destination,
                departs_at=flight.departs_at,
                subjects=about,
            ),
            node.place,
        )


def read_air(reservation: Node, known: Known, draft: Draft) -> None:
    """Read one AirReservation. Raises DocumentRejected."""
    subjects = known.subjects(reservation)
    known.suppliers(reservation, draft)
    for flight in reservation.all("AirSegment"):
        _flight(flight, subjects, known, draft)
    for ticket in reservation.all("DocumentInfo", "TicketInfo"):
        _ticket(ticket, known, draft)
    for pricing in reservation.all("AirPricingInfo"):
        _fare(pricing, known, draft)
    for payment in reservation.all("Payment"):
        amount, currency = money(payment.place, payment.attribute("Amount"))
        draft.add(Payment(kind="payment", amount=amount, currency=currency, subjects=subjects), payment.place)
        payment.skip()
    reservation.skip("TicketingModifiers")
    for services in reservation.all("OptionalServices"):
        draft.add(Remark(kind="OptionalServices", text=services.words(), subjects=subjects), services.place)
        services.skip()


def _flight(flight: Node, subjects: tuple[str, ...], known: Known, draft: Draft) -> None:
    legs = flight.all("FlightDetails") or [Node("FlightDetails", flight.path, flight.line, "", {})]
    operating = flight.first("CodeshareInfo") or Node("CodeshareInfo", flight.path, flight.line, "", {})
    key = flight.attribute("Key")
    if not key or key in known.flights:
        raise DocumentRejected(flight.place, "a flight has no key of its own", "send the response as it came")
    segment = Segment(
        kind="flight",
        carrier=value.carrier(flight.place, flight.attribute("Carrier")),
        number=value.plain_text(flight.place, flight.attribute("FlightNumber"), 64),
        operating_carrier=value.carrier(operating.place, operating.attribute("OperatingCarrier")),
        operating_number=value.plain_text(operating.place, operating.attribute("OperatingFlightNumber"), 64),
        origin=value.place_code(flight.place, flight.attribute("Origin")),
        destination=value.place_code(flight.place, flight.attribute("Destination")),
        departs_at=local(flight.place, flight.attribute("DepartureTime")),
        arrives_at=local(flight.place, flight.attribute("ArrivalTime")),
        departure_terminal=value.plain_text(legs[0].place, legs[0].attribute("OriginTerminal"), 64),
        arrival_terminal=value.plain_text(legs[-1].place, legs[-1].attribute("DestinationTerminal"), 64),
        booking_class=value.plain_text(flight.place, flight.attribute("ClassOfService"), 64),
        cabin=value.plain_text(flight.place, flight.attribute("CabinClass"), 64),
        status=value.plain_text(flight.place, flight.attribute("Status"), 64),
        subjects=subjects,
    )
    draft.add(segment, flight.place)
    known.flights[key] = segment
    for remark in flight.all("SegmentRemark") + flight.all("SellMessage"):
        draft.add(Remark(kind=remark.name, text=remark.words(), subjects=subjects), remark.place)
    flight.skip()


def _ticket(ticket: Node, known: Known, draft: Draft) -> None:
    """A ticket, and those it was exchanged for. One that was voided is a note: it is no ticket any more."""
    key = ticket.attribute("BookingTravelerRef")
    if key and key not in known.people:
        raise DocumentRejected(ticket.place, "it refers to a traveller who is not in the document")
    about = (key,) if key else ()
    number = value.plain_text(ticket.place, ticket.attribute("Number"), 64)
    status = ticket.attribute("Status")
    if status == "V":
        draft.add(Remark(kind="void_ticket", text=number, subjects=about), ticket.place)
    elif number:
        draft.add_once(Ticket(number=number, kind="electronic_ticket", subjects=about), ticket.place)
    for name, kind in (("ConjunctedTicketInfo", "electronic_ticket"), ("ExchangedTicketInfo", "original")):
        for other in ticket.all(name):
            more = value.plain_text(other.place, other.attribute("Number"), 64)
            draft.add_once(Ticket(number=more, kind=kind, subjects=about), other.place)
    if status not in ("", "N", "V"):
        draft.add(Remark(kind="ticket_status", text=status, subjects=about), ticket.place)
    ticket.skip()


def _fare(pricing: Node, known: Known, draft: Draft) -> None:
    """What was paid, and by which fare. What that allows is long, alike for everybody who buys it, and about nobody."""
    about = referred(pricing, known.people)
    for name, kind in _AMOUNTS.items():
        amount, currency = money(pricing.place, pricing.attribute(name))
        if amount:
            draft.add(Payment(kind=kind, amount=amount, currency=currency, subjects=about), pricing.place)
    for tax in pricing.all("TaxInfo"):
        amount, currency = money(tax.place, tax.attribute("Amount"))
        kind = value.plain_text(tax.place, f"tax {tax.attribute('Category')}", 64)
        draft.add(Payment(kind=kind, amount=amount, currency=currency, subjects=about), tax.place)
    calculation = pricing.text("FareCalc")
    if calculation:
        draft.add(Payment(kind="fare_calculation", text=calculation, subjects=about), pricing.place)
    for fare in pricing.all("FareInfo"):
        basis = value.plain_text(fare.place, fare.attribute("FareBasis"), 64)
        draft.add_once(Payment(kind="fare_basis", text=basis, subjects=about), fare.place)
    for person in pricing.all("PassengerType"):
        code = value.plain_text(person.place, person.attribute("Code"), 64)
        draft.add_once(Remark(kind="passenger_type", text=code, subjects=about), person.place)
    pricing.skip()
