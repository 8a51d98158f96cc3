"""Amadeus `PNR_Reply` (any version of the PNRACC schema): its frame, travellers and itinerary onto the booking model.

Travellers are referred to by their tattoo (`PT` and a number); an infant in arms shares the adult's and is told apart
by `.INF`. What stands in `dataElementsMaster` is read by `amadeus_element`. What is left unread is noted by its path.
"""

from __future__ import annotations

from typing import Literal

from domain.document import BookingDocument
from domain.fact import split_title
from domain.item import Identity, Locator, Owner, Payment, Remark, Segment, Traveller
from service.documents import value
from service.documents.amadeus_element import Names, read_element
from service.documents.draft import Draft
from service.documents.markup import Node, parse
from service.documents.rejection import DocumentRejected, Limits
from service.documents.request import GONE

__all__ = ["FORMAT", "read"]

FORMAT = "amadeus.pnr_reply"

_KINDS: dict[str, Literal["adult", "child", "infant", "other"]] = {
    "": "adult",
    "ADT": "adult",
    "CHD": "child",
    "CNN": "child",
    "CH": "child",
    "INF": "infant",
    "INS": "infant",
    "ITF": "infant",
    "IN": "infant",
}
_SEGMENTS: dict[str, Literal["flight", "rail", "car", "hotel", "other"]] = {
    "AIR": "flight",
    "TRN": "rail",
    "CAR": "car",
    "CCR": "car",
    "HTL": "hotel",
    "HHL": "hotel",
}
WRITERS_ERROR = "8111"  # simultaneous changes to the record
# Where and when and by whom the record was made: a tell, so notes and not the booking.
_METADATA = (
    "securityInformation",
    "queueInformations",
    "numberOfUnits",
    "generalErrorInfo",
    "pnrType",
    "freetextData",
    "pnrHeaderTag",
    "freeFormText",
    "historyData",
    "sbrPOSDetails",
    "sbrCreationPosDetails",
    "sbrUpdatorPosDetails",
    "technicalData",
)
_TST_AMOUNTS = {"B": "base", "F": "fare", "E": "equivalent", "T": "total"}


def read(document: object, limits: Limits) -> BookingDocument:
    """Read a PNR_Reply, given as the text of its XML, in a SOAP envelope or without. Raises DocumentRejected."""
    root = parse(document, limits)
    if root.name != "PNR_Reply":
        raise DocumentRejected("the root element", "it is not a PNR_Reply", "send the reply to PNR_Retrieve")
    draft = Draft("amadeus", limits)
    _headers(root, draft)
    names = Names()
    last_year = _last_year(root)
    for info in root.all("travellerInfo"):
        _travellers(info, names, last_year, draft)
    for info in root.all("originDestinationDetails", "itineraryInfo"):
        _segment(info, names, draft)
    for element in root.all("dataElementsMaster", "dataElementsIndiv"):
        read_element(element, names, last_year, draft)
    for fare in root.all("tstData"):
        _fare(fare, names, draft)
    for section in _METADATA:
        for node in root.all(section):
            draft.add(Remark(kind=section, text=node.words()), node.place)
    for node in root.all("securityInformation", "responsibilityInformation", "officeId"):
        if node.value:  # the office that is responsible for the record
            draft.add_once(Owner(office=value.plain_text(node.place, node.value, 256)), node.place)
    draft.unread(list(root.unread()))
    statuses = draft.statuses()
    held = [status for status in statuses if status not in GONE]
    return draft.document(
        status=("active" if held else "cancelled") if statuses else "",
        stale=_stale(root),
        place=root.place,
    )


def _stale(root: Node) -> bool:
    """Whether the reply says of itself that it is not what is held: an error (EC) means that nothing was committed.

    But 8111, simultaneous changes, is told to whoever tried to write: the record itself was retrieved with it.
    """
    errors = root.all("generalErrorInfo", "errorOrWarningCodeDetails", "errorDetails")
    errors += root.all("generalErrorInfo", "messageErrorInformation", "errorDetail")
    return any(error.text("errorCategory") == "EC" and error.text("errorCode") != WRITERS_ERROR for error in errors)


def _last_year(root: Node) -> int:
    """The year by which everybody on the booking was born: of its first travel, or of its own date; 0 if unknown."""
    dates = root.all("originDestinationDetails", "itineraryInfo", "travelProduct", "product", "depDate")
    dates += root.all("pnrHeader", "reservationInfo", "reservation", "date")
    years = [value.gds_date(node.place, node.value)[:4] for node in dates if node.value]
    return int(years[0]) if years else 0


def _headers(root: Node, draft: Draft) -> None:
    for node in root.all("pnrHeader", "reservationInfo", "reservation"):
        code = value.locator(node.place_of("controlNumber"), node.text("controlNumber"))
        if not code:
            continue
        system = value.plain_text(node.place, node.text("companyId"), 64)
        kind: Literal["record", "carrier", "cross_reference"] = "record" if system in ("", "1A") else "carrier"
        if node.text(
            "controlType"
        ):  # with a type, it is the locator of another record that hangs together with this one
            kind = "cross_reference"
        draft.add_once(Locator(code=code, system=system, kind=kind), node.place)
        created = f"{node.text('date')} {node.text('time')}".strip()
        if created:
            draft.add(Remark(kind="record_date", text=created), node.place)


def _travellers(info: Node, names: Names, last_year: int, draft: Draft) -> None:
    info.skip("elementManagementPassenger")
    tattoo = info.text("elementManagementPassenger", "reference", "number")
    if not tattoo:
        raise DocumentRejected(info.place, "a traveller has no reference number", "send the reply to PNR_Retrieve")
    # Version 11 and later keep each person in passengerData; before, travellerInformation stood by itself.
    for data in info.all("passengerData") or [info]:
        for information in data.all("travellerInformation"):
            surname = information.text("traveller", "surname")
            information.text("traveller", "quantity")
            if information.text("traveller", "qualifier") == "G":
                draft.add(Remark(kind="group_name", text=surname), information.place)
                continue
            for at, person in enumerate(information.all("passenger") or [information]):
                _traveller(person, surname, tattoo, names, draft, place=information.place, later=at > 0)
                reference = names.last(tattoo)
                births = data.all("dateOfBirth", "dateAndTimeDetails")
                if births:
                    born = births[min(at, len(births) - 1)]
                    _birth(born, reference, last_year, draft)
    said = {leaf.value for data in info.all("passengerData") for leaf in data.leaves()}
    for enhanced in info.all("enhancedPassengerData"):  # the same again; names in another script are left unread
        for leaf in enhanced.leaves():
            leaf.read = leaf.value in said or leaf.name in ("nameType", "referenceName", "displayedName", "qualifier")


def _traveller(person: Node, surname: str, tattoo: str, names: Names, draft: Draft, *, place: str, later: bool) -> None:
    given_name, title = split_title(person.text("firstName"))
    code = person.text("type")
    kind = _KINDS.get(code, "infant" if later else "other")
    indicator = person.text("infantIndicator")
    if not surname:
        raise DocumentRejected(place, "a traveller has no surname")
    reference = names.add(tattoo, infant=kind == "infant" and (later or names.knows(tattoo)), place=place)
    draft.add(
        Traveller(
            surname=value.plain_text(place, surname, 256),
            given_name=value.plain_text(place, given_name, 256),
            title=value.plain_text(place, title, 64),
            kind=kind,
            subjects=(reference,),
        ),
        place,
    )
    if kind == "other":
        draft.add(Remark(kind="passenger_type", text=code, subjects=(reference,)), place)
    if indicator == "1":
        draft.add(Remark(kind="infant_without_name", subjects=(reference,)), place)


def _birth(node: Node, reference: str, last_year: int, draft: Draft) -> None:
    node.text("qualifier")
    written = node.text("date")
    born = value.birth_date(written, last_year)
    if written and not born:
        raise DocumentRejected(
            node.place_of("date"), "it is not a date of birth", "dates of birth are written DDMMYYYY"
        )
    if born:
        draft.add_once(Identity(kind="date_of_birth", value=born, subjects=(reference,)), node.place)


def _segment(info: Node, names: Names, draft: Draft) -> None:
    """Read one piece of the itinerary."""
    element = info.text("elementManagementItinerary", "segmentName")
    tattoo = info.text("elementManagementItinerary", "reference", "number")
    info.skip("elementManagementItinerary")
    info.skip("itineraryMessageAction")
    info.skip("flightDetail", "productDetails")
    info.skip("selectionDetails")
    info.skip("travelProduct", "typeDetail")
    subjects = names.referred(info.first("referenceForSegment"))
    product = info.first("travelProduct") or Node("travelProduct", f"{info.path}/travelProduct", info.line, "", {})

    def moment(date: str, time: str) -> str:
        return value.gds_moment(
            product.place_of("product", date),
            product.text("product", date),
            product.place_of("product", time),
            product.text("product", time),
        )

    status = value.plain_text(info.place, info.text("relatedProduct", "status"), 64)
    origin = ("boardpointDetail", "cityCode")
    destination = ("offpointDetail", "cityCode")
    company = ("companyDetail", "identification")
    segment = Segment(
        kind=_SEGMENTS.get(element, "other"),
        carrier=value.carrier(product.place_of(*company), product.text(*company)),
        number=value.plain_text(product.place, product.text("productDetails", "identification"), 64),
        origin=value.place_code(product.place_of(*origin), product.text(*origin)),
        destination=value.place_code(product.place_of(*destination), product.text(*destination)),
        departs_at=moment("depDate", "depTime"),
        arrives_at=moment("arrDate", "arrTime"),
        departure_terminal=value.plain_text(
            info.place, info.text("flightDetail", "departureInformation", "departTerminal"), 64
        ),
        arrival_terminal=value.plain_text(info.place, info.text("flightDetail", "arrivalStationInfo", "terminal"), 64),
        booking_class=value.plain_text(product.place, product.text("productDetails", "classOfService"), 64),
        status=status,
        subjects=subjects,
    )
    draft.add(segment, info.place)
    names.flights[tattoo] = segment
    for node in info.all("itineraryReservationInfo", "reservation"):
        code = value.locator(node.place_of("controlNumber"), node.text("controlNumber"))
        system = value.plain_text(node.place, node.text("companyId"), 64)
        if code:
            draft.add_once(Locator(code=code, system=system, kind="carrier", subjects=subjects), node.place)
    info.skip("itineraryFreetext", "freetextDetail")
    for node in info.all("itineraryFreetext"):
        draft.add(Remark(kind=element or "segment", text=node.words(), subjects=subjects), node.place)
    # How many seats were sold says how many travel: not itinerary, and the names say it to whom it may be said.
    info.text("relatedProduct", "quantity")


def _fare(fare: Node, names: Names, draft: Draft) -> None:
    subjects = names.referred(fare.first("referenceForTstData"))
    for node in fare.all("fareData", "monetaryInfo"):
        qualifier = node.text("qualifier")
        draft.add(
            Payment(
                kind=_TST_AMOUNTS.get(qualifier, "amount"),
                amount=value.amount(node.place_of("amount"), node.text("amount")),
                currency=value.currency(node.place_of("currencyCode"), node.text("currencyCode")),
                subjects=subjects,
            ),
            node.place,
        )
