"""Travelport Universal Records and Amadeus flight orders: each thing in its class, about the right person."""

import json
from typing import Any

import jsonschema
import pytest

from domain.document import BookingDocument, locator_codes
from domain.field_class import FieldClass
from service.cli import documents
from service.documents import DocumentRejected, read

from .test_documents import OURS, SAMPLES, rows, texts, with_samples

RECORD = (OURS / "travelport_family.xml").read_text("utf-8")
ORDER: dict[str, Any] = json.loads((OURS / "amadeus_flight_order.json").read_text("utf-8"))
NGOZI, ELSA = ("bt.1==",), ("bt.2==",)
STALE = '<common:ResponseMessage Code="1301" Type="Warning">Failed refresh</common:ResponseMessage>'


@pytest.fixture(scope="module")
def record() -> BookingDocument:
    return read("travelport.universal_record", RECORD)


@pytest.fixture(scope="module")
def order() -> BookingDocument:
    return read("amadeus.flight_order", ORDER)


def test_travelport_travellers_and_their_flights(record: BookingDocument) -> None:
    assert rows(record, "travellers", "subjects", "surname", "given_name", "title", "kind") == [
        (NGOZI, "OKAFOR", "NGOZI", "MRS", "adult"),
        (ELSA, "LIND", "ELSA", "MISS", "child"),
    ]
    flight, tour = record.segments
    assert (flight.carrier, flight.number, flight.operating_carrier, flight.operating_number) == (
        "ZZ", "412", "QQ", "9412",
    )  # fmt: skip
    assert (flight.origin, flight.departs_at, flight.departure_terminal) == ("LHR", "2031-03-14T09:35", "5")
    assert (flight.destination, flight.arrives_at, flight.arrival_terminal) == ("JFK", "2031-03-14T12:50", "8")
    assert (flight.booking_class, flight.cabin, flight.status, flight.subjects) == ("Y", "Economy", "HK", ())
    assert (tour.kind, tour.origin, tour.departs_at, tour.status) == ("other", "NYC", "2031-03-15T00:00", "BK")
    assert rows(record, "seats", "designator", "number", "origin", "subjects") == [("21A", "412", "LHR", NGOZI)]
    assert record.status == "active"
    assert not record.stale


def test_travelport_linkage_with_exchanged_tickets_and_the_other_half_of_a_split(record: BookingDocument) -> None:
    assert rows(record, "locators", "code", "system", "kind") == [
        ("URQX77", "UR", "record"),
        ("QX7RTB", "1G", "record"),
        ("AIRQX7", "UAPI", "record"),
        ("PASQX7", "UAPI", "record"),
        ("N4M2KD", "ZZ", "carrier"),
        ("HHALF2", "1G", "cross_reference"),
    ]
    assert "HHALF2" not in locator_codes(record)
    assert rows(record, "tickets", "number", "kind", "subjects") == [
        ("9992400000017", "electronic_ticket", NGOZI),
        ("9992400000018", "electronic_ticket", NGOZI),
        ("9992300000044", "original", NGOZI),
        ("9992400000019", "electronic_ticket", ELSA),
    ]
    assert rows(record, "loyalty", "programme", "number", "subjects") == [("ZZ", "70010022", NGOZI)]


def test_travelport_contacts_papers_and_payment(record: BookingDocument) -> None:
    assert rows(record, "contacts", "kind", "value", "subjects") == [
        ("phone", "44 7700900123", NGOZI),
        ("email", "ngozi@example.org", NGOZI),
        ("address", "1 LONG ACRE LONDON", NGOZI),
        ("phone", "447700900123", NGOZI),  # a request of the whole record that names her
    ]
    assert ("date_of_birth", "1988-04-12", NGOZI) in rows(record, "identity", "kind", "value", "subjects")
    paid = rows(record, "payments", "kind", "amount", "currency", "subjects")
    assert ("total", "412.50", "GBP", NGOZI) in paid
    assert ("tax UB", "12.50", "GBP", NGOZI) in paid
    assert any("0017" in payment.text for payment in record.payments)


def test_travelport_notes_what_it_cannot_place_by_path_alone(record: BookingDocument) -> None:
    unread = [remark.text for remark in record.remarks if remark.kind == "unread"]
    assert unread == ["UniversalRecord/SomethingNew/@Amount", "UniversalRecord/SomethingNew/Inner"]
    told = texts(record, but=FieldClass.N)
    for word in ("UNPLACED", "AISLE", "VEGETARIAN", "BRAND", "HARBOUR", "2031-01-02", "SPLIT"):
        assert word not in told
    assert "UNPLACED" not in texts(record)


def test_travelport_a_record_that_may_be_stale_says_so(record: BookingDocument) -> None:
    stale = read(
        "travelport.universal_record",
        RECORD.replace("<universal:UniversalRecord ", f"{STALE}<universal:UniversalRecord ", 1),
    )
    assert stale.stale
    assert stale.segments == record.segments


def test_travelport_cancelled_when_nothing_is_held_any_more() -> None:
    gone = RECORD.replace('ClassOfService="Y" Status="HK"', 'ClassOfService="Y" Status="XX"').replace(
        'SegmentType="Tour" Status="BK"', 'SegmentType="Tour" Status="XX"'
    )
    assert read("travelport.universal_record", gone).status == "cancelled"


@pytest.mark.parametrize(
    "was, becomes, place",
    [
        ('Last="LIND"', 'Last=""', "BookingTraveler"),
        ('Key="bt.2=="', 'Key="bt.1=="', "BookingTraveler"),
        ('DOB="1988-04-12"', 'DOB="1988-04-31"', "BookingTraveler"),
        ('TotalPrice="GBP412.50"', 'TotalPrice="MUCH"', "AirPricingInfo"),
        (
            'Origin="LHR" Destination="JFK" DepartureTime',
            'Origin="LONDON" Destination="JFK" DepartureTime',
            "AirSegment",
        ),
        ('DepartureTime="2031-03-14T09', 'DepartureTime="2031-03-54T09', "AirSegment"),
        ('Status="N" BookingTravelerRef="bt.2=="', 'Status="N" BookingTravelerRef="bt.9=="', "TicketInfo"),
        ("universal:UniversalRecord ", "universal:SomethingElse ", ""),
    ],
)
def test_travelport_what_cannot_be_read_is_refused_by_place(was: str, becomes: str, place: str) -> None:
    assert was in RECORD
    broken = RECORD.replace(was, becomes)
    if "SomethingElse" in becomes:
        broken = broken.replace("</universal:UniversalRecord>", "</universal:SomethingElse>")
    with pytest.raises(DocumentRejected) as caught:
        read("travelport.universal_record", broken)
    assert place in caught.value.place
    for word in ("OKAFOR", "LIND", "LONDON", "MUCH", "bt.9"):
        assert word not in str(caught.value)


def test_an_element_of_another_vocabulary_does_not_pass_for_one_of_travelport() -> None:
    other = RECORD.replace(
        '<air:AirSeatAssignment Key="a1"', '<x:AirSeatAssignment xmlns:x="http://elsewhere.example/" Key="a1"'
    )
    assert read("travelport.universal_record", other).seats == ()


@with_samples
def test_the_published_travelport_records() -> None:
    parent = read("travelport.universal_record", (SAMPLES / "travelport_universal_record_split_parent.xml").read_text())
    assert ("ZMV47G", "1G", "cross_reference") in rows(parent, "locators", "code", "system", "kind")
    assert rows(parent, "segments", "origin", "destination", "departs_at") == [
        ("KBP", "WAW", "2018-04-10T18:00"),
        ("WAW", "LHR", "2018-04-10T20:00"),
    ]
    assert rows(parent, "tickets", "number") == [("0809902930719",)]
    assert not parent.stale
    stale = read("travelport.universal_record", (SAMPLES / "travelport_universal_record_stale.xml").read_text())
    assert stale.stale
    assert rows(stale, "travellers", "surname", "given_name", "title") == [("MARLOW", "DANA LEE", "MS")]
    assert not [remark.text for remark in parent.remarks if remark.kind == "unread"]


# --- Amadeus flight orders --------------------------------------------------------------------------------------------


def test_flight_order_travellers_flights_and_seats(order: BookingDocument) -> None:
    assert rows(order, "travellers", "subjects", "surname", "given_name", "kind") == [
        (("1",), "OKAFOR", "NGOZI ADA", "adult"),
        (("2",), "LIND", "ELSA", "child"),
    ]
    (flight,) = order.segments
    assert (flight.carrier, flight.number, flight.operating_carrier) == ("ZZ", "412", "QQ")
    assert (flight.origin, flight.departs_at, flight.departure_terminal) == ("LHR", "2031-03-14T09:35", "5")
    assert (flight.destination, flight.arrives_at, flight.arrival_terminal) == ("JFK", "2031-03-14T12:50", "8")
    assert (flight.booking_class, flight.cabin) == ("Y", "ECONOMY")
    assert rows(order, "seats", "designator", "number", "subjects") == [("21A", "412", ("1",))]


def test_flight_order_linkage_papers_contacts_and_payment(order: BookingDocument) -> None:
    assert rows(order, "locators", "code", "system", "kind") == [
        ("QX7RTB", "GDS", "record"),
        ("N4M2KD", "ZZ", "carrier"),
    ]
    assert rows(order, "tickets", "number", "kind", "subjects") == [
        ("999-2400000017", "electronic_ticket", ("1",)),
        ("999-2300000044", "original", ("1",)),
    ]
    assert rows(order, "loyalty", "programme", "number", "subjects") == [("ZZ", "70010022", ("1",))]
    assert rows(order, "contacts", "kind", "value", "subjects") == [
        ("other", "Ama GB 7700900999", ("1",)),
        ("phone", "+447700900123", ("1",)),
        ("email", "ngozi@example.org", ("1",)),
        ("phone", "+442079460000", ()),
        ("address", "1 LONG ACRE WC2E London GB", ()),
    ]
    assert ("date_of_birth", "2022-06-01", ("2",)) in rows(order, "identity", "kind", "value", "subjects")
    assert ("total", "412.50", "GBP", ("1",)) in rows(order, "payments", "kind", "amount", "currency", "subjects")
    assert ("taxes UB", "12.50", ("1",)) in rows(order, "payments", "kind", "amount", "subjects")


def test_flight_order_notes_what_it_cannot_place_and_keeps_no_security_code(order: BookingDocument) -> None:
    assert [remark.text for remark in order.remarks if remark.kind == "unread"] == ["/somethingNew"]
    assert "UNPLACED" not in texts(order)
    assert "917" not in texts(order)
    told = texts(order, but=FieldClass.N)
    for word in ("AISLE", "2031-01-02", "DELAY_TO_CANCEL", "999-2300000045", "eJzTd9cP9HQ1"):
        assert word not in told


@pytest.mark.parametrize(
    "path, wrong",
    [
        (("travelers", 0, "name", "lastName"), None),
        (("travelers", 1, "id"), "1"),
        (("travelers", 0, "dateOfBirth"), "1988-04-31"),
        (("flightOffers", 0, "itineraries", 0, "segments", 0, "departure", "at"), "soon"),
        (("flightOffers", 0, "price", "total"), "much"),
        (("associatedRecords", 0, "reference"), "no locator"),
        (("travelers",), "nobody"),
    ],
)
def test_flight_order_what_cannot_be_read_is_refused_by_place(path: tuple[Any, ...], wrong: str | None) -> None:
    broken = json.loads(json.dumps(ORDER))
    below = broken["data"]
    for step in path[:-1]:
        below = below[step]
    below[path[-1]] = wrong
    with pytest.raises(DocumentRejected) as caught:
        read("amadeus.flight_order", broken)
    assert caught.value.place.startswith(f"/data/{path[0]}")
    assert wrong is None or len(wrong) < 5 or wrong not in str(caught.value)


@with_samples
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")  # a pattern of the published description
def test_our_flight_order_is_one_by_the_published_description() -> None:
    published = json.loads((SAMPLES / "amadeus_flight_order_management_openapi.json").read_text("utf-8"))
    schema = {"definitions": published["definitions"], "$ref": "#/definitions/FlightOrder"}
    jsonschema.Draft4Validator(schema).validate(ORDER["data"])


@with_samples
def test_nothing_that_the_published_description_knows_of_a_person_is_left_unplaced() -> None:
    published = json.loads((SAMPLES / "amadeus_flight_order_management_openapi.json").read_text("utf-8"))["definitions"]

    special = {"at": "2031-03-14T09:35:00", "iataCode": "LHR", "carrierCode": "ZZ", "currency": "GBP"}
    special |= {"dateOfBirth": "1988-04-12", "reference": "QX7RTB", "number": "412", "id": "1", "travelerIds": "1"}
    special |= dict.fromkeys(("travelerId", "segmentId", "flightOfferId"), "1")
    special |= dict.fromkeys(("amount", "total", "base", "grandTotal"), "12.50")
    kinds: dict[str, Any] = {"boolean": True, "integer": 1, "number": 1}

    def made(schema: dict[str, Any], name: str) -> Any:
        """A value with every property that the description has."""
        if "$ref" in schema:
            found = made(published[schema["$ref"].rpartition("/")[2]], name)
        elif "allOf" in schema:
            found = {key: each for part in schema["allOf"] for key, each in made(part, name).items()}
        elif "properties" in schema:
            found = {key: made(below, key) for key, below in schema["properties"].items()}
        elif schema.get("type") == "array":
            found = [made(schema["items"], name)]
        else:
            found = schema.get("enum", [special.get(name) or kinds.get(schema.get("type", ""), name)])[0]
        return found

    whole = made(published["FlightOrder"], "")
    document = read("amadeus.flight_order", {"data": whole})
    unread = [remark.text for remark in document.remarks if remark.kind == "unread"]
    assert unread == []
    assert document.travellers
    assert document.tickets
    assert document.contacts


@pytest.mark.parametrize(
    "name, file",
    [
        ("amadeus.pnr_reply", "amadeus_family.xml"),
        ("travelport.universal_record", "travelport_family.xml"),
        ("amadeus.flight_order", "amadeus_flight_order.json"),
        ("duffel.order", "duffel_pair.json"),
        ("watchword.booking", "watchword_pair.json"),
    ],
)
def test_the_command_line_tells_formats_apart_by_their_content(name: str, file: str) -> None:
    told, document = documents.read(OURS / file, documents.Format.AUTO)
    assert told == name
    assert read(told, document).travellers


def test_the_office_that_owns_a_record_is_who_answers_for_it(record: BookingDocument, order: BookingDocument) -> None:
    assert [owner.office for owner in record.owners] == ["7J8J"]
    assert [owner.office for owner in order.owners] == ["LON1A0955"]
