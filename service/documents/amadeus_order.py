"""Amadeus self-service Flight Orders JSON (Flight Order Management v1, with or without its `data`) onto the model.

Travellers are referred to by their id in the order. Who is said to be somebody that the order does not have becomes a
note about everybody. Card numbers are payment like any other; a card's security code is not kept. Whatever is left
unread is noted by its path.
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

FORMAT = "amadeus.flight_order"

_KINDS: dict[str, Literal["adult", "child", "infant", "other"]] = {
    "": "adult",
    "ADULT": "adult",
    "SENIOR": "adult",
    "YOUNG": "adult",
    "STUDENT": "adult",
    "CHILD": "child",
    "HELD_INFANT": "infant",
    "SEATED_INFANT": "infant",
}
_PAPER = ("documentType", "number", "issuanceCountry", "issuanceLocation", "issuanceDate", "expiryDate", "nationality")
_PAPER_TOO = ("birthPlace", "birthCountry", "validityCountry")
_ADDRESS = ("postalBox", "postalCode", "cityName", "stateName", "countryCode")
_EMERGENCY = ("addresseeName", "countryCode", "number", "text")
_OFFER_PLUMBING = (
    "type", "id", "source", "instantTicketingRequired", "disablePricing", "nonHomogeneous", "oneWay",
    "paymentCardRequired", "numberOfBookableSeats", "pricingOptions", "validatingAirlineCodes", "lastTicketingDate",
    "lastTicketingDateTime",
)  # fmt: skip
# Offices, queues and deadlines: where the order was made and what becomes of it, which tells; notes.
_METADATA = ("id", "queuingOfficeId", "ownerOfficeId", "ticketingAgreement", "automatedProcess")

KNOWN = frozenset(
    """
    data dictionaries type id queuingOfficeId ownerOfficeId associatedRecords flightOffers travelers remarks
    formOfPayments ticketingAgreement automatedProcess contacts tickets formOfIdentifications reference creationDate
    originSystemCode flightOfferId itineraries segments departure arrival iataCode terminal at carrierCode number
    operating aircraft travelerPricings travelerId travelerType associatedAdultId price currency total base fees taxes
    grandTotal amount code fareDetailsBySegment segmentId cabin class fareBasis additionalServices chargeableSeat
    chargeableSeatNumber name firstName lastName middleName secondLastName dateOfBirth gender documents documentType
    issuanceCountry issuanceLocation issuanceDate expiryDate nationality birthPlace birthCountry validityCountry holder
    emergencyContact addresseeName countryCode text loyaltyPrograms programOwner discountEligibility contact phones
    deviceType countryCallingCode emailAddress address lines postalCode cityName stateName postalBox companyName purpose
    language general airline subType category travelerIds keyword airlineCode creditCard brand b2bWallet other method
    documentNumber documentStatus segmentIds identificationType meta warnings
    """.split()  # noqa: SIM905 - a list of words reads better as words
)


def read(document: object, limits: Limits) -> BookingDocument:
    """Read a flight order, given as a JSON object. Raises DocumentRejected."""
    check(document, limits, KNOWN)
    order = Record(document)
    if order.has("data"):
        order.skip("dictionaries", "meta")
        order = order.record("data")
    draft = Draft("amadeus_order", limits)
    kinds = _kinds(order)
    known = frozenset(_traveller(traveller, kinds, draft) for traveller in order.records("travelers"))
    if len(known) != len(order.records("travelers")):
        raise DocumentRejected(order.at("travelers"), "two travelers have the same id")
    _locators(order, draft)
    for offer in order.records("flightOffers"):
        _offer(offer, known, draft)
    for contact in order.records("contacts"):
        _contact(contact, (), draft)
    _tickets(order, known, draft)
    _papers(order, known, draft)
    _remarks(order, known, draft)
    for form in order.records("formOfPayments"):
        _form(form, draft)
    for key in _METADATA:
        if order.has(key):
            draft.add(Remark(kind=key, text=order.told(key)), order.at(key))
    if order.text("ownerOfficeId", 256):
        draft.add(Owner(office=order.text("ownerOfficeId", 256)), order.at("ownerOfficeId"))
    order.skip("type")
    draft.unread(list(order.unread()))
    held = [status for status in draft.statuses() if status != "CANCELLED"]
    return draft.document(status="active" if held else "cancelled", stale=False, place=order.at("travelers"))


def _kinds(order: Record) -> dict[str, str]:
    """What kind of traveller each was priced as."""
    pricings = [p for offer in order.records("flightOffers") for p in offer.records("travelerPricings")]
    return {pricing.needed("travelerId", 128): pricing.text("travelerType", 64) for pricing in pricings}


def _people(ids: list[str], known: frozenset[str]) -> tuple[str, ...]:
    """Those of the ids that are on the order; if one is not, nobody, so that the item is about everybody."""
    return tuple(dict.fromkeys(ids)) if all(one in known for one in ids) else ()


def _traveller(traveller: Record, kinds: dict[str, str], draft: Draft) -> str:
    reference = traveller.needed("id", 128)
    about = (reference,)
    name = traveller.record("name")
    surname = " ".join(filter(None, [name.needed("lastName"), name.text("secondLastName", 256)]))
    given_name = " ".join(filter(None, [name.text("firstName", 256), name.text("middleName", 256)]))
    kind = _KINDS.get(kinds.get(reference, ""), "other")
    draft.add(
        Traveller(
            surname=value.plain_text(name.pointer, surname, 256),
            given_name=value.plain_text(name.pointer, given_name, 256),
            kind=kind,
            subjects=about,
        ),
        traveller.pointer,
    )
    born = traveller.text("dateOfBirth", 64)
    if born:
        if not value.birth_date(born, 0):
            raise DocumentRejected(traveller.at("dateOfBirth"), "it is not a date", "dates are written YYYY-MM-DD")
        draft.add(Identity(kind="date_of_birth", value=born, subjects=about), traveller.at("dateOfBirth"))
    gender = traveller.text("gender", 64)
    if gender:
        draft.add(Identity(kind="gender", value=gender, subjects=about), traveller.at("gender"))
    for paper in traveller.records("documents"):
        words = [paper.text(key, 256) for key in (*_PAPER, *_PAPER_TOO)]
        paper.flag("holder")
        draft.add(Identity(kind="travel_document", value=_line(words), subjects=about), paper.pointer)
    if traveller.has("emergencyContact"):
        other = traveller.record("emergencyContact")
        words = [other.text(key, 256) for key in _EMERGENCY]
        draft.add(Contact(kind="other", value=_line(words), label="emergency", subjects=about), other.pointer)
    for programme in traveller.records("loyaltyPrograms"):
        owner = value.plain_text(programme.pointer, programme.text("programOwner", 64))
        draft.add(Loyalty(number=programme.needed("id", 64), programme=owner, subjects=about), programme.pointer)
    discounts = traveller.told("discountEligibility")
    if discounts:
        draft.add(Remark(kind="discount", text=discounts, subjects=about), traveller.at("discountEligibility"))
    if traveller.has("contact"):
        _contact(traveller.record("contact"), about, draft)
    return reference


def _line(words: list[str]) -> str:
    return " ".join(word for word in words if word)


def _contact(contact: Record, about: tuple[str, ...], draft: Draft) -> None:
    """A way to reach somebody; one that names no traveller is the holder's."""
    contact.skip("language", "purpose", "addresseeName", "companyName")
    for phone in contact.records("phones"):
        code = phone.text("countryCallingCode", 64).removeprefix("+")
        number = f"+{code}{phone.needed('number', 64)}" if code else phone.needed("number", 64)
        label = phone.text("deviceType", 64)
        draft.add_once(Contact(kind="phone", value=number, label=label, subjects=about), phone.pointer)
    mail = contact.text("emailAddress", 256)
    if mail:
        draft.add_once(Contact(kind="email", value=mail, subjects=about), contact.at("emailAddress"))
    if contact.has("address"):
        address = contact.record("address")
        words = [*address.texts("lines"), *(address.text(key, 256) for key in _ADDRESS)]
        draft.add_once(Contact(kind="address", value=_line(words), subjects=about), address.pointer)


def _locators(order: Record, draft: Draft) -> None:
    """The first record of a system is this one (`1A` or the airline's); its dates of creation are notes."""
    for record in order.records("associatedRecords"):
        code = value.locator(record.at("reference"), record.text("reference"))
        system = value.plain_text(record.pointer, record.text("originSystemCode", 64))
        kind: Literal["record", "carrier"] = "record" if system in ("", "GDS", "1A") else "carrier"
        if code:
            draft.add_once(Locator(code=code, system=system, kind=kind), record.pointer)
        created = record.text("creationDate", 64)
        if created:
            draft.add_once(Remark(kind="record_date", text=created), record.at("creationDate"))
        record.skip("flightOfferId")


def _offer(offer: Record, known: frozenset[str], draft: Draft) -> None:
    offer.skip(*_OFFER_PLUMBING)
    details: dict[str, list[Record]] = {}
    for pricing in offer.records("travelerPricings"):
        for detail in pricing.records("fareDetailsBySegment"):
            details.setdefault(detail.needed("segmentId", 128), []).append(detail)
    segments: dict[str, Segment] = {}
    for itinerary in offer.records("itineraries"):
        itinerary.skip("duration")
        for flight in itinerary.records("segments"):
            reference = flight.text("id", 128)
            segments[reference] = _segment(flight, details.get(reference, []), draft)
    for pricing in offer.records("travelerPricings"):
        _pricing(pricing, segments, known, draft)
    if offer.has("price"):
        _price(offer.record("price"), (), draft)


def _segment(flight: Record, details: list[Record], draft: Draft) -> Segment:
    flight.skip("duration", "stops", "numberOfStops", "blacklistedInEU", "co2Emissions", "aircraft")
    flight.skip("segmentType", "isFlown")
    departure, arrival = flight.record("departure"), flight.record("arrival")
    operating = flight.record("operating")
    cabins = {detail.text("cabin", 64) for detail in details}
    classes = {detail.text("class", 64) for detail in details}
    segment = Segment(
        kind="flight",
        carrier=value.carrier(flight.at("carrierCode"), flight.text("carrierCode", 64)),
        number=flight.text("number", 64),
        operating_carrier=value.carrier(operating.at("carrierCode"), operating.text("carrierCode", 64)),
        origin=value.place_code(departure.at("iataCode"), departure.text("iataCode", 64)),
        destination=value.place_code(arrival.at("iataCode"), arrival.text("iataCode", 64)),
        departs_at=value.local_time(departure.at("at"), departure.needed("at")),
        arrives_at=value.local_time(arrival.at("at"), arrival.needed("at")),
        departure_terminal=departure.text("terminal", 64),
        arrival_terminal=arrival.text("terminal", 64),
        booking_class=classes.pop() if len(classes) == 1 else "",
        cabin=cabins.pop() if len(cabins) == 1 else "",
        status=flight.text("bookingStatus", 64),
    )
    draft.add(segment, flight.pointer)
    return segment


def _pricing(pricing: Record, segments: dict[str, Segment], known: frozenset[str], draft: Draft) -> None:
    about = _people([pricing.needed("travelerId", 128)], known)
    pricing.skip("fareOption", "associatedAdultId")
    if pricing.has("price"):
        _price(pricing.record("price"), about, draft)
    for detail in pricing.records("fareDetailsBySegment"):
        flight = segments.get(detail.needed("segmentId", 128), Segment())
        services = detail.record("additionalServices")
        chosen, paid_for = services.text("chargeableSeatNumber", 64), services.record("chargeableSeat")
        designator = chosen or paid_for.text("number", 64)
        paid_for.skip("id", "number")
        for key in ("chargeableCheckedBags", "otherServices"):
            if services.has(key):
                draft.add(Remark(kind=key, text=services.told(key), subjects=about), services.at(key))
        if designator and about:
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
                services.pointer,
            )
        basis = detail.text("fareBasis", 64)
        if basis:
            draft.add_once(Payment(kind="fare_basis", text=basis, subjects=about), detail.at("fareBasis"))
        detail.skip("cabin", "class", "brandedFare", "isAllotment", "allotmentDetails", "sliceDiceIndicator")
        detail.skip("includedCheckedBags")


def _price(price: Record, about: tuple[str, ...], draft: Draft) -> None:
    unit = value.currency(price.at("currency"), price.text("currency", 64))
    price.skip("billingCurrency", "margin", "refundableTaxes", "additionalServices")
    for key, kind in (("total", "total"), ("base", "base"), ("grandTotal", "grand_total")):
        worth = value.amount(price.at(key), price.text(key, 64))
        if worth:
            draft.add(Payment(kind=kind, amount=worth, currency=unit, subjects=about), price.at(key))
    for key in ("fees", "taxes"):
        for each in price.records(key):
            worth = value.amount(each.at("amount"), each.text("amount", 64))
            kind = f"{key} {each.text('code', 32) or each.text('type', 32)}".strip()
            if worth:
                draft.add(Payment(kind=kind, amount=worth, currency=unit, subjects=about), each.pointer)


def _tickets(order: Record, known: frozenset[str], draft: Draft) -> None:
    """Documents that are good, and the originals they came from; voided and refunded ones are notes."""
    for ticket in order.records("tickets"):
        about = _people([one] if (one := ticket.text("travelerId", 128)) else [], known)
        number, status = ticket.needed("documentNumber", 64), ticket.text("documentStatus", 64)
        if status in ("VOID", "REFUNDED"):
            draft.add(Remark(kind=f"{status.casefold()}_ticket", text=number, subjects=about), ticket.pointer)
        else:
            kind = "original" if status in ("ORIGINAL", "EXCHANGED") else "electronic_ticket"
            draft.add_once(Ticket(number=number, kind=kind, subjects=about), ticket.pointer)
        ticket.skip("documentType", "segmentIds")


def _papers(order: Record, known: frozenset[str], draft: Draft) -> None:
    for paper in order.records("formOfIdentifications"):
        about = _people(paper.texts("travelerIds"), known)
        words = [paper.text(key, 256) for key in ("identificationType", "carrierCode", "number")]
        paper.skip("flightOfferIds")
        draft.add(Identity(kind="travel_document", value=_line(words), subjects=about), paper.pointer)


def _remarks(order: Record, known: frozenset[str], draft: Draft) -> None:
    remarks = order.record("remarks")
    for key in ("general", "airline"):
        for remark in remarks.records(key):
            about = _people(remark.texts("travelerIds"), known)
            kind = value.plain_text(remark.pointer, f"{key}_{remark.text('subType', 48)}", 64)
            draft.add(Remark(kind=kind, text=remark.text("text"), subjects=about), remark.pointer)
            remark.skip("category", "keyword", "airlineCode", "flightOfferIds")


def _form(form: Record, draft: Draft) -> None:
    for key in ("creditCard", "b2bWallet", "other"):
        if form.has(key):
            means = form.record(key)
            means.skip("securityCode", "flightOfferIds", "reportingData", "virtualCreditCardDetails", "cardId")
            names = ("brand", "number", "expiryDate", "holder", "method", "cardUsageName", "cardFriendlyName")
            text = _line([key, *(means.text(name, 256) for name in names)])
            draft.add(Payment(kind="form", text=text), means.pointer)
