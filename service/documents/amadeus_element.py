"""Amadeus data elements: what stands in `dataElementsMaster`, by its segment name, onto items of the right field class.

An element that is not known here becomes a note with its text: N is the class that the fewest may hear.
"""

from __future__ import annotations

from typing import Literal

from domain.item import Contact, Locator, Loyalty, Payment, Remark, Seat, Segment
from service.documents import value
from service.documents.draft import Draft
from service.documents.markup import Node
from service.documents.rejection import DocumentRejected
from service.documents.request import (
    LOYALTY_REQUESTS,
    Request,
    is_infant_document,
    membership,
    read_request,
    tickets,
)

__all__ = ["Names", "read_element"]

_FRAME = frozenset({"elementManagementData", "referenceForDataElement"})
_TICKETS = frozenset({"FA", "FB", "FHA", "FHE", "FHM", "FHP", "FI", "FO"})
_PAYMENTS = frozenset({"FD", "FE", "FG", "FM", "FP", "FS", "FT", "FV", "FZ", "AI", "MCO", "SVC", "TSM"})
_LINKS = frozenset({"SP", "AXR", "SPL"})
_MEMBERSHIP = (
    ("frequentTravellerData", "frequentTraveller"),
    ("frequentFlyerInformationGroup", "frequentTravellerInfo"),
)


class Names:
    """Who is on a PNR, by tattoo: the adult, and the infant who shares it. `flights`: the segments, by theirs."""

    def __init__(self) -> None:
        self._adults: dict[str, str] = {}
        self._infants: dict[str, str] = {}
        self._last: dict[str, str] = {}
        self.flights: dict[str, Segment] = {}

    def knows(self, tattoo: str) -> bool:
        """Whether somebody has this tattoo already."""
        return tattoo in self._adults

    def add(self, tattoo: str, *, infant: bool, place: str) -> str:
        """Take a person and give the reference. Raises DocumentRejected if the place is taken."""
        group, reference = (self._infants, f"PT{tattoo}.INF") if infant else (self._adults, f"PT{tattoo}")
        if tattoo in group or len(reference) > 128:  # noqa: PLR2004 - the length of a subject
            raise DocumentRejected(place, "two travellers have the same reference")
        group[tattoo] = self._last[tattoo] = reference
        return reference

    def last(self, tattoo: str) -> str:
        """The reference given last for this tattoo."""
        return self._last[tattoo]

    def referred(self, references: Node | None, *, infant: bool | None = False) -> tuple[str, ...]:
        """Whom an element names: the adults; the infants of these tattoos (True); both (None). It may name nobody."""
        found: list[str] = []
        for node in references.all("reference") if references else ():
            qualifier, tattoo = node.text("qualifier"), node.text("number")
            if qualifier == "PT":
                if not self.knows(tattoo):
                    raise DocumentRejected(node.place, "it refers to a traveller who is not in the document")
                found += self._persons(tattoo, infant=infant)
        return tuple(dict.fromkeys(found))

    def only(self, tattoo: str) -> tuple[str, ...]:
        """The adult who has this tattoo, alone: infants in arms have no seat."""
        return (self._adults[tattoo],)

    def _persons(self, tattoo: str, *, infant: bool | None) -> list[str]:
        adult, child = self._adults[tattoo], self._infants.get(tattoo)
        if child is None:
            return [adult]
        return [adult, child] if infant is None else [child] if infant else [adult]


def read_element(element: Node, names: Names, last_year: int, draft: Draft) -> None:
    """Read one `dataElementsIndiv`. Raises DocumentRejected."""
    name = value.plain_text(element.place, element.text("elementManagementData", "segmentName"), 64)
    element.skip("elementManagementData")
    request = element.first("serviceRequest", "ssr")
    if request is not None:
        _service_request(element, request, names, last_year, draft)
        return
    element.skip("otherDataFreetext", "freetextDetail")
    element.skip("miscellaneousRemarks", "remarks", "type")
    element.skip("extendedRemark", "structuredRemark", "type")
    text = value.plain_text(element.place, element.words(_FRAME))
    about = names.referred(element.first("referenceForDataElement"), infant=_says_infant(element, text))
    if name in _LINKS or element.first("referencedRecord") is not None:
        _link(element, name, text, about, draft)
    elif name == "AP":
        kind = _contact_kind(element.text("otherDataFreetext", "freetextDetail", "type"), text)
        number = value.plain_text(element.place, element.text("otherDataFreetext", "longFreetext")) or text
        draft.add(Contact(kind=kind, value=number, subjects=about), element.place)
    elif name.startswith(("AB", "AM")):
        draft.add(Contact(kind="address", value=text, label=name, subjects=about), element.place)
    elif name in _TICKETS:
        tickets(text, "original" if name == "FO" else "electronic_ticket", about, draft, element.place)
        draft.add(Remark(kind=name, text=text, subjects=about), element.place)
    elif name in _PAYMENTS:
        draft.add(Payment(kind=name, text=text, subjects=about), element.place)
    else:
        draft.add(Remark(kind=name or "element", text=text, subjects=about), element.place)


def _says_infant(element: Node, text: str) -> bool:
    return element.text("ticketElement", "passengerType") == "INF" or text.startswith(("INF ", "FA INF "))


def _contact_kind(code: str, text: str) -> Literal["email", "phone", "other"]:
    """Tell an AP element's kind: P02 is email, digits are the kinds of telephone (business, home, mobile, ...)."""
    if code == "P02" or "@" in text:
        return "email"
    return "phone" if code.isdigit() else "other"


def _link(element: Node, name: str, text: str, about: tuple[str, ...], draft: Draft) -> None:
    """Read the other half of a split, or an associated record; its date and office stay a note."""
    for node in element.all("referencedRecord", "referencedReservationInfo", "reservation"):
        code = value.locator(node.place_of("controlNumber"), node.text("controlNumber"))
        system = value.plain_text(node.place, node.text("companyId"), 64)
        if code:
            draft.add_once(Locator(code=code, system=system, kind="cross_reference", subjects=about), node.place)
    draft.add(Remark(kind=name or "element", text=text, subjects=about), element.place)


def _service_request(element: Node, request: Node, names: Names, last_year: int, draft: Draft) -> None:
    code = value.plain_text(request.place, request.text("type"), 64)
    text = value.plain_text(request.place, " ".join(node.text() for node in request.all("freeText")))
    infant = None if code == "INFT" else _says_infant(element, text) or (code == "DOCS" and is_infant_document(text))
    about = names.referred(element.first("referenceForDataElement"), infant=infant)
    place = request.place
    note = False
    if code in LOYALTY_REQUESTS:
        note = not _memberships(element, request, text, about, draft)
    elif read_request(Request(code, text, about), last_year, draft, place):
        pass
    elif element.first("serviceRequest", "ssrb") is not None:
        _seats(element, request, names, draft)
    else:
        note = True
    if note:
        text = " ".join(filter(None, [value.plain_text(element.place, element.words(_FRAME)), text]))
        draft.add(Remark(kind=code or "SSR", text=text, subjects=about), place)
    for frame in ("status", "quantity", "companyId", "indicator", "boardpoint", "offpoint"):
        request.skip(frame)
    element.skip("serviceRequest", "ssrb", "seatType")


def _memberships(element: Node, request: Node, text: str, about: tuple[str, ...], draft: Draft) -> bool:
    found = False
    programme = value.plain_text(request.place, request.text("companyId"), 64)
    for steps in _MEMBERSHIP:
        for group in element.all(*steps):
            for node in [group, *group.children]:
                number = value.plain_text(node.place, node.text("membershipNumber"), 64).replace(" ", "")
                if number:
                    company = node.text("companyId") or node.text("company") or programme
                    own = number.removeprefix(company)
                    draft.add_once(Loyalty(number=own or number, programme=company, subjects=about), node.place)
                    found = True
    return found or membership(text, programme, about, draft, request.place)


def _seats(element: Node, request: Node, names: Names, draft: Draft) -> None:
    """Read assigned seats, each with the one traveller it is for; a seat of nobody on this booking is a note."""
    references = element.all("referenceForDataElement", "reference")
    on = [node.text("number") for node in references if node.text("qualifier") == "ST"]
    flight = names.flights.get(on[0], Segment()) if len(on) == 1 else Segment()
    for node in element.all("serviceRequest", "ssrb"):
        designator = value.plain_text(node.place_of("data"), node.text("data"), 64)
        tattoo = node.text("crossRef")
        if not designator or not names.knows(tattoo):
            draft.add(Remark(kind="seat", text=designator), node.place)
            continue
        draft.add(
            Seat(
                designator=designator,
                carrier=value.carrier(request.place_of("companyId"), request.text("companyId")),
                number=flight.number,
                origin=value.place_code(request.place_of("boardpoint"), request.text("boardpoint")),
                destination=value.place_code(request.place_of("offpoint"), request.text("offpoint")),
                departs_at=flight.departs_at,
                subjects=names.only(tattoo),
            ),
            node.place,
        )
