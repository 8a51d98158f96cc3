"""Importers: real documents and our own onto the booking model, each thing in its class and about the right person."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from domain.document import COLLECTIONS, BookingDocument, attribute, facts, locator_codes, merge, parts, people
from domain.field_class import FieldClass
from service.documents import FORMATS, DocumentRejected, Limits, read
from service.documents.schema import EXAMPLE, schema, schema_text

ROOT = Path(__file__).parents[2]
OURS = ROOT / "tests" / "documents"
SAMPLES = ROOT.parent / "shared" / "samples" / "gds"
with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of published GDS samples is not there")

DOCUMENTS: dict[str, Any] = {
    "amadeus.pnr_reply": (OURS / "amadeus_family.xml").read_text("utf-8"),
    "amadeus.flight_order": json.loads((OURS / "amadeus_flight_order.json").read_text("utf-8")),
    "travelport.universal_record": (OURS / "travelport_family.xml").read_text("utf-8"),
    "duffel.order": json.loads((OURS / "duffel_pair.json").read_text("utf-8")),
    "watchword.booking": json.loads((OURS / "watchword_pair.json").read_text("utf-8")),
}


def rows(document: BookingDocument, name: str, *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(item, field) for field in fields) for item in getattr(document, name)]


def texts(document: BookingDocument, *, but: FieldClass | None = None) -> str:
    """Everything the document says outside one class."""
    kept = [name for name, item_type in COLLECTIONS.items() if item_type.FIELD_CLASS is not but]
    return msgspec.json.encode([getattr(document, name) for name in kept]).decode()


# --- every format -----------------------------------------------------------------------------------------------------


def test_every_format_has_a_document_of_its_own_here() -> None:
    assert set(DOCUMENTS) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_an_imported_document_can_be_attributed_parted_and_stored(name: str) -> None:
    document = read(name, DOCUMENTS[name])
    references = [traveller.subjects[0] for traveller in document.travellers]
    attributed = attribute(document, {who: f"party-{at}" for at, who in enumerate(references)}, "party-0")
    assert merge(parts(attributed)) == attributed
    assert set(people(attributed)) == {f"party-{at}" for at in range(len(references))}
    assert msgspec.json.decode(msgspec.json.encode(document), type=BookingDocument) == document


@pytest.mark.parametrize("name", FORMATS)
def test_reading_is_repeatable_and_leaves_the_document_alone(name: str) -> None:
    before = json.dumps(DOCUMENTS[name])
    assert read(name, DOCUMENTS[name]) == read(name, DOCUMENTS[name])
    assert json.dumps(DOCUMENTS[name]) == before


# --- Amadeus ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def family() -> BookingDocument:
    return read("amadeus.pnr_reply", DOCUMENTS["amadeus.pnr_reply"])


def test_amadeus_travellers_with_the_infant_that_shares_a_tattoo(family: BookingDocument) -> None:
    assert rows(family, "travellers", "subjects", "given_name", "title", "kind") == [
        (("PT2",), "NGOZI", "MRS", "adult"),
        (("PT2.INF",), "CHIDI", "", "infant"),
        (("PT3",), "PER", "MR", "adult"),
        (("PT5",), "ELSA", "MISS", "child"),
    ]


def test_amadeus_itinerary_and_seats(family: BookingDocument) -> None:
    flight, hotel = family.segments
    assert (flight.kind, flight.carrier, flight.number) == ("flight", "ZZ", "412")
    assert (flight.origin, flight.departs_at, flight.departure_terminal) == ("LHR", "2031-03-14T09:35", "5")
    assert (flight.destination, flight.arrives_at, flight.arrival_terminal) == ("JFK", "2031-03-14T12:50", "8")
    assert (flight.booking_class, flight.status, flight.subjects) == ("Y", "HK", ())
    assert (hotel.kind, hotel.departs_at, hotel.arrives_at, hotel.subjects) == (
        "hotel",
        "2031-03-14",
        "2031-03-18",
        ("PT3",),
    )
    assert rows(family, "seats", "designator", "number", "departs_at", "subjects") == [
        ("21A", "412", "2031-03-14T09:35", ("PT2",)),
        ("21B", "412", "2031-03-14T09:35", ("PT3",)),
    ]
    assert family.status == "active"
    assert not family.stale


def test_amadeus_linkage_and_the_other_half_of_a_split(family: BookingDocument) -> None:
    assert rows(family, "locators", "code", "system", "kind") == [
        ("QX7RTB", "1A", "record"),
        ("N4M2KD", "ZZ", "carrier"),
        ("HHALF2", "1A", "cross_reference"),
    ]
    assert locator_codes(family) == ("QX7RTB", "N4M2KD")
    assert rows(family, "tickets", "number", "kind", "subjects") == [
        ("9992400000017", "electronic_ticket", ("PT2",)),
        ("9992400000018", "electronic_ticket", ("PT2.INF",)),
        ("9992300000044", "original", ("PT2",)),
    ]
    assert rows(family, "loyalty", "programme", "number", "subjects") == [("ZZ", "70010022", ("PT3",))]


def test_amadeus_contacts_papers_and_payment(family: BookingDocument) -> None:
    assert rows(family, "contacts", "kind", "value", "subjects") == [
        ("phone", "+44 7700 900123", ("PT3",)),
        ("email", "DESK@EXAMPLE.ORG", ()),
        ("address", "1 LONG ACRE", ("PT2",)),
        ("email", "NGOZI_O@EXAMPLE.ORG", ("PT2",)),
    ]
    births = [(i.value, i.subjects) for i in family.identity if i.kind == "date_of_birth"]
    assert births == [("1995-07-04", ("PT2",)), ("2030-06-19", ("PT2.INF",)), ("1979-11-02", ("PT3",))]
    papers = [i.subjects for i in family.identity if i.kind == "travel_document"]
    assert papers == [("PT3",), ("PT2.INF",)]
    assert rows(family, "payments", "kind", "amount", "currency") == [
        ("FP", "", ""),
        ("fare", "700.00", "EUR"),
        ("total", "812.40", "EUR"),
    ]


def test_amadeus_says_which_office_is_responsible(family: BookingDocument) -> None:
    assert [(owner.office, owner.channel, owner.escalation) for owner in family.owners] == [("ZZZ1A0987", "", ())]


@pytest.mark.parametrize(
    "secret",
    ["PASS CODE", "NEEDS A CHAIR", "UNHEARD OF", "110131", "INFT", "WCHR", "EUR81.20"],
)
def test_amadeus_notes_dates_and_unknown_elements_are_notes_alone(family: BookingDocument, secret: str) -> None:
    assert secret in texts(family)
    assert secret not in texts(family, but=FieldClass.N)


@pytest.mark.parametrize("secret", ["QUIET INN", "UNPLACED", 'attribute"', "OKAFỌ"])
def test_amadeus_what_cannot_be_placed_is_noted_by_path_alone(family: BookingDocument, secret: str) -> None:
    assert secret not in texts(family)
    unread = [remark.text for remark in family.remarks if remark.kind == "unread"]
    assert "PNR_Reply/novelty/inner" in unread
    assert "PNR_Reply/novelty/@secret" in unread
    assert any(path.endswith("hotelName") for path in unread)


PNR = """<PNR_Reply{namespace}>
<pnrHeader><reservationInfo><reservation><controlNumber>QX7RTB</controlNumber></reservation></reservationInfo></pnrHeader>
{errors}<travellerInfo><elementManagementPassenger><reference><qualifier>PT</qualifier><number>1</number></reference>
</elementManagementPassenger>{traveller}</travellerInfo>
<originDestinationDetails><itineraryInfo><elementManagementItinerary><segmentName>AIR</segmentName>
</elementManagementItinerary><travelProduct><product><depDate>{date}</depDate><depTime>{time}</depTime></product>
<boardpointDetail><cityCode>{place}</cityCode></boardpointDetail></travelProduct>
<relatedProduct><status>{status}</status></relatedProduct></itineraryInfo></originDestinationDetails>
<dataElementsMaster>{elements}</dataElementsMaster></PNR_Reply>"""
ADULT = """<passengerData><travellerInformation><traveller><surname>DOE</surname></traveller>
<passenger><firstName>JO</firstName></passenger></travellerInformation></passengerData>"""


def pnr(**changed: str) -> str:
    usual = {"namespace": "", "errors": "", "traveller": ADULT, "date": "140331", "time": "0935", "place": "LHR"}
    return PNR.format(**{**usual, "status": "HK", "elements": "", **changed})


@pytest.mark.parametrize(
    "namespace",
    ["", ' xmlns="http://xml.amadeus.com/PNRACC_10_1_1A"', ' xmlns="http://xml.amadeus.com/PNRACC_14_2_1A"'],
)
def test_amadeus_any_version_of_the_schema_is_read(namespace: str) -> None:
    assert read("amadeus.pnr_reply", pnr(namespace=namespace)).segments[0].origin == "LHR"


def test_amadeus_an_element_of_another_vocabulary_does_not_pass_for_one_of_theirs() -> None:
    forged = (
        '<x:dataElementsIndiv xmlns:x="urn:x"><x:otherDataFreetext>HIDDEN</x:otherDataFreetext></x:dataElementsIndiv>'
    )
    namespace = ' xmlns="http://xml.amadeus.com/PNRACC_14_2_1A"'
    document = read("amadeus.pnr_reply", pnr(namespace=namespace, elements=forged))
    assert "HIDDEN" not in texts(document)
    assert [remark.kind for remark in document.remarks] == ["unread"]


@pytest.mark.parametrize(
    "status, booking", [("HK", "active"), ("TK", "active"), ("UN", "cancelled"), ("HX", "cancelled")]
)
def test_amadeus_a_booking_of_which_nothing_is_held_is_cancelled(status: str, booking: str) -> None:
    assert read("amadeus.pnr_reply", pnr(status=status)).status == booking


@pytest.mark.parametrize("category, stale", [("EC", True), ("WEC", False)])
def test_amadeus_a_reply_that_carries_an_error_may_not_be_what_is_held(category: str, stale: bool) -> None:  # noqa: FBT001 - an expected value
    errors = f"""<generalErrorInfo><errorOrWarningCodeDetails><errorDetails><errorCode>1</errorCode><errorCategory>
    {category}</errorCategory></errorDetails></errorOrWarningCodeDetails></generalErrorInfo>"""
    assert read("amadeus.pnr_reply", pnr(errors=errors)).stale is stale


def test_amadeus_older_replies_list_the_infant_behind_the_adult() -> None:
    traveller = """<travellerInformation><traveller><surname>DOE</surname></traveller>
    <passenger><firstName>JO</firstName><infantIndicator>2</infantIndicator></passenger>
    <passenger><firstName>BABY</firstName><type>INF</type></passenger></travellerInformation>"""
    document = read("amadeus.pnr_reply", pnr(traveller=traveller))
    assert rows(document, "travellers", "subjects", "given_name", "kind") == [
        (("PT1",), "JO", "adult"),
        (("PT1.INF",), "BABY", "infant"),
    ]


def element(inner: str, *, tattoo: str = "1", name: str = "SSR") -> str:
    return f"""<dataElementsIndiv><elementManagementData><segmentName>{name}</segmentName></elementManagementData>
    {inner}<referenceForDataElement><reference><qualifier>PT</qualifier><number>{tattoo}</number></reference>
    </referenceForDataElement></dataElementsIndiv>"""


def test_amadeus_a_seat_of_nobody_on_the_booking_is_a_note() -> None:
    seat = """<serviceRequest><ssr><type>RQST</type><companyId>ZZ</companyId></ssr>
    <ssrb><data>33C</data><crossRef>7</crossRef></ssrb></serviceRequest>"""
    document = read("amadeus.pnr_reply", pnr(elements=element(seat)))
    assert document.seats == ()
    assert rows(document, "remarks", "kind", "text", "subjects") == [("seat", "33C", ())]


def test_amadeus_tickets_and_loyalty_in_free_text() -> None:
    ssr = "<serviceRequest><ssr><type>{}</type><companyId>ZZ</companyId><freeText>{}</freeText></ssr></serviceRequest>"
    ticket, member = ssr.format("TKNE", "9992400000017C1"), ssr.format("FQTV", "ZZ70010022")
    phone = ssr.format("CTCM", "/447700900123")
    document = read("amadeus.pnr_reply", pnr(elements=element(ticket) + element(member) + element(phone)))
    assert document.tickets[0].number == "9992400000017"
    assert document.loyalty[0].number == "70010022"
    assert facts(document, "PT1")["phone"] == {"447700900123"}
    assert document.remarks == ()


# --- Duffel -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair() -> BookingDocument:
    return read("duffel.order", DOCUMENTS["duffel.order"])


def test_duffel_with_and_without_its_envelope(pair: BookingDocument) -> None:
    assert read("duffel.order", {"data": DOCUMENTS["duffel.order"]}) == pair


def test_duffel_travellers_itinerary_and_linkage(pair: BookingDocument) -> None:
    assert rows(pair, "travellers", "subjects", "given_name", "kind") == [
        (("pas_a",), "Ngozi", "adult"),
        (("pas_b",), "Chidi", "infant"),
    ]
    (flight,) = pair.segments
    assert (flight.carrier, flight.number, flight.operating_carrier, flight.operating_number) == (
        "ZZ",
        "412",
        "YY",
        "9412",
    )
    assert (flight.origin, flight.destination, flight.departs_at) == ("LHR", "JFK", "2031-03-14T09:35")
    assert (flight.cabin, flight.departure_terminal, pair.status) == ("economy", "5", "active")
    assert locator_codes(pair) == ("QX7RTB", "N4M2KD")
    assert rows(pair, "tickets", "number", "subjects") == [("9992400000017", ("pas_a",)), ("9992400000018", ("pas_b",))]


def test_duffel_a_detail_of_a_stranger_is_put_down_to_nobody(pair: BookingDocument) -> None:
    assert rows(pair, "seats", "designator", "subjects") == [("21A", ("pas_a",))]
    stranger = [remark for remark in pair.remarks if remark.kind == "seat"]
    assert [(remark.text, remark.subjects) for remark in stranger] == [("33C", ())]
    baggage = [payment.subjects for payment in pair.payments if payment.kind == "service_baggage"]
    assert baggage == [()]
    assert "pas_stranger" not in texts(pair, but=FieldClass.N)


def test_duffel_contacts_papers_and_payment(pair: BookingDocument) -> None:
    assert facts(pair, "pas_a") == {
        "surname": {"okafor"},
        "given_name": {"ngozi"},
        "date_of_birth": {"1995-07-04"},
        "email": {"ngozi@example.org"},
        "phone": {"447700900123"},
    }
    assert facts(pair, "pas_b")["loyalty"] == {"70010022"}
    assert ("total", "812.40", "EUR") in rows(pair, "payments", "kind", "amount", "currency")
    assert ("status", "paid, paid_at 2031-01-11T09:16:00Z") in rows(pair, "payments", "kind", "text")
    assert "X0000001" not in texts(pair, but=FieldClass.D)


@pytest.mark.parametrize(
    "tell", ["2031-01-11T09:15:00Z", "ord_test_0001", "note to self", "Duffel Airways", "live_mode"]
)
def test_duffel_ids_dates_and_metadata_are_notes_alone(pair: BookingDocument, tell: str) -> None:
    assert tell in texts(pair)
    assert tell not in texts(pair, but=FieldClass.N)


def test_duffel_what_cannot_be_placed_is_noted_by_path_alone(pair: BookingDocument) -> None:
    unread = [remark.text for remark in pair.remarks if remark.kind == "unread"]
    assert "/slices/segments/novelty" in unread
    assert "unplaced" not in texts(pair)


def test_duffel_a_cancelled_order() -> None:
    cancelled = {**DOCUMENTS["duffel.order"], "cancelled_at": "2031-02-01T00:00:00Z"}
    assert read("duffel.order", cancelled).status == "cancelled"


# --- our own ----------------------------------------------------------------------------------------------------------


def test_our_own_json_is_the_model() -> None:
    document = read("watchword.booking", EXAMPLE)
    assert document.source == "watchword"
    written = json.loads(msgspec.json.encode(document))
    assert {key: part for key, part in written.items() if key != "source"}.keys() == EXAMPLE.keys()
    assert written["segments"][0]["departs_at"] == EXAMPLE["segments"][0]["departs_at"]


def test_the_published_schema_is_the_one_that_is_generated() -> None:
    published = (ROOT / "openapi" / "booking.schema.json").read_text("utf-8")
    assert published == schema_text(), "run: python -m service.documents.schema > openapi/booking.schema.json"


def test_the_schema_is_a_schema_and_its_example_and_our_document_keep_it() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    for document in (*schema()["examples"], DOCUMENTS["watchword.booking"]):
        validator.validate(document)
        read("watchword.booking", document)


OWN_FAULTS: list[tuple[dict[str, Any], str, bool]] = [
    # what is changed, the place that is named, whether the schema says so too
    ({"travellers": []}, "/travellers", True),
    ({"travellers": [{"subjects": ["t1", "t2"], "surname": "X"}]}, "/travellers/0/subjects", True),
    ({"travellers": [{"subjects": ["t1"], "surname": " "}]}, "/travellers/0/surname", False),
    ({"travellers": [{"subjects": ["t1"]}]}, "/travellers/0", True),
    ({"travellers": [{"subjects": ["t1"], "surname": "X"}] * 2}, "/travellers/1/subjects", False),
    ({"remarks": [{"kind": "x", "subjects": ["t9"]}]}, "/remarks/0/subjects", False),
    ({"segments": [{"origin": "London"}]}, "/segments/0/origin", True),
    ({"segments": [{"departs_at": "2031-02-30T10:00"}]}, "/segments/0/departs_at", False),
    ({"segments": [{"departs_at": "2031-02-28T10:00Z"}]}, "/segments/0/departs_at", True),
    ({"payments": [{"kind": "total", "amount": "1,50"}]}, "/payments/0/amount", True),
    ({"identity": [{"kind": "date_of_birth", "value": "02.11.1979"}]}, "/identity/0/value", False),
    ({"contacts": [{"kind": "pigeon", "value": "coo"}]}, "/contacts/0/kind", True),
    ({"contacts": [{"kind": "email", "value": 7}]}, "/contacts/0/value", True),
    ({"locators": [{"code": "qx7rtb"}]}, "/locators/0/code", True),
    ({"status": "unclear"}, "/status", True),
    ({"source": "amadeus"}, "document", True),
    ({"positions": []}, "document", True),
    ({"remarks": [{"kind": "x", "secret": "y"}]}, "/remarks/0", True),
]


@pytest.mark.parametrize("changed, place, in_schema", OWN_FAULTS)
def test_our_own_json_is_strict_and_names_the_place(changed: dict[str, Any], place: str, in_schema: bool) -> None:  # noqa: FBT001 - an expected value
    document = {**EXAMPLE, **changed}
    with pytest.raises(DocumentRejected) as rejected:
        read("watchword.booking", document)
    assert rejected.value.place == place
    assert jsonschema.Draft202012Validator(schema()).is_valid(document) is not in_schema


# --- the published samples --------------------------------------------------------------------------------------------


@with_samples
def test_the_published_amadeus_reply() -> None:
    document = read("amadeus.pnr_reply", (SAMPLES / "amadeus_pnr_reply_two_travellers.xml").read_text("utf-8"))
    assert rows(document, "travellers", "surname", "given_name", "title") == [
        ("JONES", "DUNCAN", "MR"),
        ("BOWIE", "DAVID", "MR"),
    ]
    assert facts(document, "PT2") == {"surname": {"bowie"}, "given_name": {"david"}, "date_of_birth": {"1947-01-08"}}
    assert [s.kind for s in document.segments] == ["other", "flight"]
    assert document.segments[1].departs_at == "2016-08-12T07:00"
    assert locator_codes(document) == ("YL92CN", "SZEQNK")
    assert len(document.contacts) == len(document.payments) == 2
    assert not document.stale, "8111 is about what somebody tried to write"
    assert [owner.office for owner in document.owners] == ["BRUXXXXXX"]
    for tell in ("TRIP NAME", "9998WS", "200516"):
        assert tell not in texts(document, but=FieldClass.N)
    assert not [remark for remark in document.remarks if remark.kind == "unread"]


@with_samples
def test_the_published_duffel_order() -> None:
    document = read("duffel.order", json.loads((SAMPLES / "duffel_order.json").read_text("utf-8")))
    (amelia,) = document.travellers
    assert facts(document, amelia.subjects[0])["loyalty"] == {"12901014"}
    assert document.status == "cancelled"
    assert (document.segments[0].origin, document.segments[0].destination) == ("LHR", "JFK")
    assert rows(document, "seats", "designator", "subjects") == [("14B", amelia.subjects)]
    assert not [remark for remark in document.remarks if remark.kind == "unread"]
    for tell in ("ord_0000", "pit_0000", "window seat", "15:48:11"):
        assert tell not in texts(document, but=FieldClass.N)


@with_samples
def test_the_limits_leave_room_for_the_published_samples() -> None:
    reply = (SAMPLES / "amadeus_pnr_reply_two_travellers.xml").read_text("utf-8")
    assert read("amadeus.pnr_reply", reply, Limits(size=20_000, nodes=1_000, depth=12)).travellers
