"""Travelport Universal Record XML (uAPI, any version of its schemas): its frame and its travellers.

Travellers are referred to by their `Key`. What stands in `AirReservation` is read by `travelport_air`. Another half of
a divided record is a cross reference. What is left unread is noted by its path.
"""

from __future__ import annotations

import re
from typing import Literal

from domain.document import BookingDocument
from domain.fact import split_title
from domain.item import Contact, Identity, Locator, Loyalty, Owner, Payment, Remark, Segment, Traveller
from service.documents import value
from service.documents.draft import Draft
from service.documents.markup import Node, parse
from service.documents.rejection import DocumentRejected, Limits
from service.documents.request import GONE, LOYALTY_REQUESTS, Request, membership, read_request
from service.documents.travelport_air import Known, read_air
from service.documents.travelport_value import local

__all__ = ["FORMAT", "read"]

FORMAT = "travelport.universal_record"
FAMILY = "http://www.travelport.com/schema/"
STALE = "1301"  # "Failed refresh: Universal Record data may be stale"

_KINDS: dict[str, Literal["adult", "child", "infant", "other"]] = {
    "": "adult",
    "ADT": "adult",
    "CNN": "child",
    "CHD": "child",
    "INF": "infant",
    "INS": "infant",
}
# Remarks of a divided record: "SPLIT PTY/11AUG/12AG/IEV/ZMV47G", the last being the locator of the other half.
_SPLIT = re.compile(r"^(?:SPLIT|DIVIDED)\b.*?/([A-Z0-9]{5,6})$")
_NAMED = re.compile(r"-[0-9]+([^/]+)/(.+)$")
_REMARKS = ("GeneralRemark", "AccountingRemark", "UnassociatedRemark", "XMLRemark", "ReservationName", "OSI")
# Keys, references between elements, dates of creation and owners: plumbing and tells, and nothing of the booking.
_PLUMBING = frozenset(
    """
    Key Ref SegmentRef ProviderReservationInfoRef BookingTravelerRef AirPricingInfoRef FareInfoRef FormOfPaymentRef
    PassiveSegmentRef Group TravelOrder ProviderSegmentOrder CreateDate ModifiedDate HostCreateDate CreateDateTime
    EventTime Version Imported TransactionId TraceId ResponseTime ElStat KeyOverride ProviderCode SupplierType Direction
    TypeInGds Category AirPricingInfoGroup ProfileKey Reusable
    """.split()  # noqa: SIM905 - a list of words reads better as words
)
_METADATA = ("ActionStatus", "AgencyInfo", "AgencyContactInfo")


def read(document: object, limits: Limits) -> BookingDocument:
    """Read a response that holds a UniversalRecord, as the text of its XML, in a SOAP envelope or without.

    Raises DocumentRejected.
    """
    root = parse(document, limits, FAMILY)
    records = [root] if root.name == "UniversalRecord" else root.all("UniversalRecord")
    if len(records) != 1:
        raise DocumentRejected(
            "the root element", "it does not hold one UniversalRecord", "send the response to UniversalRecordRetrieve"
        )
    record = records[0]
    draft = Draft("travelport", limits)
    stale = _messages(root, draft)
    known = Known(_last_year(record))
    for traveller in record.all("BookingTraveler"):
        _traveller(traveller, known, draft)
    _locators(record, draft)
    for reservation in record.all("AirReservation"):
        read_air(reservation, known, draft)
    for traveller in record.all("BookingTraveler"):
        _details(traveller, known, draft)
    for request in record.all("SSR"):
        _request(request, known.named(_said_name(request)), known, draft)
    for reservation in record.all("PassiveReservation"):
        known.suppliers(reservation, draft)
        _passive(reservation, known, draft)
    _rest(record, draft)
    record.attribute("Status")
    draft.unread(list(record.unread(but=_PLUMBING)))
    statuses = draft.statuses()
    held = [status for status in statuses if status not in GONE]
    return draft.document(
        status=("active" if held else "cancelled") if statuses else "", stale=stale, place=record.place
    )


def _messages(root: Node, draft: Draft) -> bool:
    """Note what the response says of itself. Whether it says that the record may be stale."""
    stale = False
    for message in root.all("ResponseMessage"):
        stale = stale or message.attribute("Code") == STALE
        draft.add(Remark(kind="response_message", text=message.text()), message.place)
    return stale


def _last_year(record: Node) -> int:
    """The year of the first flight, by which everybody on the booking was born; 0 if there is none."""
    flights = record.all("AirReservation", "AirSegment")
    years = [local(each.place, each.attribute("DepartureTime"))[:4] for each in flights]
    return int(min((year for year in years if year), default="0"))


def _traveller(traveller: Node, known: Known, draft: Draft) -> None:
    reference = value.plain_text(traveller.place, traveller.attribute("Key"), 128)
    if not reference or reference in known.people:
        raise DocumentRejected(traveller.place, "a traveller has no key of its own", "send the response as it came")
    name = traveller.first("BookingTravelerName")
    surname = "" if name is None else name.attribute("Last")
    if name is None or not surname.strip():
        raise DocumentRejected(traveller.place, "a traveller has no surname")
    words = [name.attribute(part) for part in ("First", "Middle")]
    given_name, title = split_title(" ".join(word for word in words if word))
    code = traveller.attribute("TravelerType")
    known.people[reference] = value.plain_text(name.place, surname, 256), given_name
    draft.add(
        Traveller(
            surname=value.plain_text(name.place, surname, 256),
            given_name=value.plain_text(name.place, given_name, 256),
            title=value.plain_text(name.place, name.attribute("Prefix") or name.attribute("Suffix") or title, 64),
            kind=_KINDS.get(code[:3], "other"),
            subjects=(reference,),
        ),
        traveller.place,
    )


def _details(traveller: Node, known: Known, draft: Draft) -> None:
    """What else a traveller's own element says of him."""
    about = (traveller.attribute("Key"),)
    born, gender = traveller.attribute("DOB"), traveller.attribute("Gender")
    if born:
        if not value.birth_date(born, 0):
            raise DocumentRejected(traveller.place, "it is not a date of birth", "dates are written YYYY-MM-DD")
        draft.add_once(Identity(kind="date_of_birth", value=born, subjects=about), traveller.place)
    if gender:
        draft.add(Identity(kind="gender", value=gender, subjects=about), traveller.place)
    _contacts(traveller, about, draft)
    for card in traveller.all("LoyaltyCard"):
        number = value.plain_text(card.place, card.attribute("CardNumber"), 64)
        programme = value.plain_text(card.place, card.attribute("SupplierCode"), 64)
        draft.add_once(Loyalty(number=number, programme=programme, subjects=about), card.place)
        card.skip()
    for request in traveller.all("SSR"):
        _request(request, about, known, draft)
    for seat in traveller.all("AirSeatAssignment"):
        known.seat(seat, about, draft)
    for remark in traveller.all("NameRemark"):
        draft.add(Remark(kind="NameRemark", text=remark.words(), subjects=about), remark.place)


def _contacts(traveller: Node, about: tuple[str, ...], draft: Draft) -> None:
    for phone in traveller.all("PhoneNumber"):
        number = " ".join(filter(None, [phone.attribute(part) for part in ("CountryCode", "AreaCode", "Number")]))
        label = value.plain_text(phone.place, phone.attribute("Type"), 64)
        draft.add(Contact(kind="phone", value=number, label=label, subjects=about), phone.place)
        phone.skip()
    for mail in traveller.all("Email"):
        draft.add(Contact(kind="email", value=mail.attribute("EmailID"), subjects=about), mail.place)
        mail.skip()
    for address in traveller.all("Address"):
        draft.add(Contact(kind="address", value=address.words(), subjects=about), address.place)


def _request(request: Node, about: tuple[str, ...], known: Known, draft: Draft) -> None:
    code = value.plain_text(request.place, request.attribute("Type"), 64)
    text, carrier = request.attribute("FreeText"), value.plain_text(request.place, request.attribute("Carrier"), 64)
    request.attribute("Status")
    said = _NAMED.sub("", text) if code.startswith("CTC") else text
    placed = (
        membership(text, carrier, about, draft, request.place)
        if code in LOYALTY_REQUESTS
        else read_request(Request(code, said, about), known.last_year, draft, request.place)
    )
    if not placed:
        draft.add(Remark(kind=code or "SSR", text=text, subjects=about), request.place)


def _said_name(request: Node) -> tuple[str, str]:
    """Whom a request of the whole record names at its end: `/254700000000-1MARLOW/DANA LEE MS`."""
    match = _NAMED.search(request.attribute("FreeText"))
    return (match[1], split_title(match[2])[0]) if match else ("", "")


def _locators(record: Node, draft: Draft) -> None:
    for node, system in (
        (record, "UR"),
        *((each, each.attribute("ProviderCode")) for each in record.all("ProviderReservationInfo")),
        *((each, "UAPI") for each in record.all("AirReservation") + record.all("PassiveReservation")),
    ):
        code = value.locator(node.place, node.attribute("LocatorCode"))
        if code:
            draft.add_once(Locator(code=code, system=value.plain_text(node.place, system, 64)), node.place)
    for info in record.all("ProviderReservationInfo"):
        office = info.attribute("OwningPCC")
        if office:
            draft.add(Remark(kind="owning_office", text=office), info.place)
            draft.add_once(Owner(office=value.plain_text(info.place, office, 256)), info.place)
        info.skip()


def _passive(reservation: Node, known: Known, draft: Draft) -> None:
    """Something that was booked elsewhere and is only noted here: a tour, a hotel, a ferry."""
    kinds: dict[str, Literal["hotel", "car", "rail"]] = {"Hotel": "hotel", "Car": "car", "Rail": "rail"}
    for segment in reservation.all("PassiveSegment"):
        draft.add(
            Segment(
                kind=kinds.get(segment.attribute("SegmentType"), "other"),
                origin=value.place_code(segment.place, segment.attribute("Origin")),
                destination=value.place_code(segment.place, segment.attribute("Destination")),
                departs_at=local(segment.place, segment.attribute("StartDate")),
                arrives_at=local(segment.place, segment.attribute("EndDate")),
                status=value.plain_text(segment.place, segment.attribute("Status"), 64),
                subjects=known.subjects(reservation),
            ),
            segment.place,
        )
        segment.skip()
    for remark in reservation.all("PassiveRemark"):
        draft.add(Remark(kind="PassiveRemark", text=remark.words()), remark.place)


def _rest(record: Node, draft: Draft) -> None:
    """Remarks, of which one may name the other half of a divided record; forms of payment; who made the record."""
    for name in _REMARKS:
        for remark in record.all(name):
            text = remark.words()
            match = _SPLIT.match(text)
            if match:
                draft.add_once(Locator(code=match[1], system="1G", kind="cross_reference"), remark.place)
            draft.add(Remark(kind=name, text=text), remark.place)
    for form in record.all("FormOfPayment"):
        said = [found for each in form.everything() for key, found in each.attributes.items() if key not in _PLUMBING]
        text = value.plain_text(form.place, " ".join(said))
        draft.add(Payment(kind="form", text=text), form.place)
        form.skip()
    for name in _METADATA:
        for node in record.all(name):
            text = node.words()
            if text:
                draft.add(Remark(kind=name, text=text), node.place)
            node.skip()
