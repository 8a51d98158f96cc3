"""Documents that mean harm, or are broken: a rejection that names a place; never another error, never a value."""

import json
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.document import attribute, merge, parts
from service.documents import FORMATS, DocumentRejected, Limits, read
from tests.service.test_documents import DOCUMENTS, element, pnr

XML = "amadeus.pnr_reply"
JSON = ("duffel.order", "watchword.booking")
# Values of our documents that must not be repeated. Codes of the formats themselves (ADT, HK) are no secrets.
SECRETS = (
    "OKAFOR",
    "NGOZI",
    "Okafor",
    "Ngozi",
    "LINDQVIST",
    "900123",
    "EXAMPLE.ORG",
    "example.org",
    "1995",
    "X0000001",
    "QX7RTB",
)


def refused(name: str, document: object, limits: Limits | None = None) -> DocumentRejected:
    """Read a document that has to be rejected, and see that all that comes out is a place and a reason."""
    with pytest.raises(DocumentRejected) as caught:
        read(name, document, limits)
    rejected = caught.value
    assert rejected.place
    assert rejected.reason
    assert rejected.__cause__ is None
    assert rejected.__context__ is None or rejected.__suppress_context__
    said = "".join(traceback.format_exception_only(rejected)) + rejected.place + rejected.reason + rejected.hint
    assert not [secret for secret in SECRETS if secret in said]
    return rejected


def tolerated(name: str, document: object) -> None:
    """Read what may or may not be a document; only a rejection may come out."""
    said = "read"
    try:
        booking = read(name, document)
        parties = {traveller.subjects[0]: f"party-{at}" for at, traveller in enumerate(booking.travellers)}
        whole = attribute(booking, parties, None)
        if merge(parts(whole)) != whole:
            said = ""
    except DocumentRejected as rejected:
        said = str(rejected) if rejected.place and rejected.reason else ""
    assert said
    assert not [secret for secret in SECRETS if secret in said]


# --- entities and DOCTYPE ---------------------------------------------------------------------------------------------

DOCTYPES = {
    "external entity": '<!DOCTYPE PNR_Reply [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
    "external subset": '<!DOCTYPE PNR_Reply SYSTEM "http://127.0.0.1:9/evil.dtd">',
    "parameter entity": '<!DOCTYPE PNR_Reply [<!ENTITY % x SYSTEM "http://127.0.0.1:9/evil.dtd"> %x;]>',
    "billion laughs": "<!DOCTYPE PNR_Reply [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10 if n else '&a;' * 10}'>" for n in range(9))
    + "]>",
    "harmless": "<!DOCTYPE PNR_Reply>",
}


@pytest.mark.parametrize("prologue", DOCTYPES.values(), ids=DOCTYPES)
def test_a_document_type_is_refused_whatever_it_declares(prologue: str) -> None:
    document = "<?xml version='1.0'?>\n" + prologue + pnr(place="&x;")
    started = time.perf_counter()
    rejected = refused(XML, document)
    assert rejected.place == "line 2"
    assert "document type" in rejected.reason
    assert time.perf_counter() - started < 1


def test_an_entity_that_nobody_declared_is_refused() -> None:
    assert refused(XML, pnr(place="&x;")).reason == "it is not well-formed XML"


def test_the_declared_encoding_of_a_text_is_of_no_account() -> None:
    document = '<?xml version="1.0" encoding="UTF-16"?>' + pnr()
    tolerated(XML, document)
    assert read(XML, '<?xml version="1.0" encoding="ISO-8859-1"?>' + pnr()).segments


def test_comments_and_instructions_are_not_read() -> None:
    document = read(XML, pnr(place="L<!-- X -->H<?php echo 1 ?>R"))
    assert document.segments[0].origin == "LHR"


# --- size, depth, number ----------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"metadata": value}
    return value


ENORMOUS: dict[str, tuple[str, Callable[[], object]]] = {
    "five megabytes of XML": (XML, lambda: pnr(elements=element("<x>" + "y" * 5 * 1024 * 1024 + "</x>"))),
    "deep XML": (XML, lambda: pnr(elements="<x>" * 100 + "</x>" * 100)),
    "abysmal XML": (XML, lambda: "<x>" * 9_000 + "</x>" * 9_000),
    "many elements": (XML, lambda: pnr(elements="<x/>" * 100_000)),
    "many travellers": (XML, lambda: pnr().replace("</travellerInfo>", "</travellerInfo>" + _crowd(), 1)),
    "many notes": (XML, lambda: pnr(elements=element("<x>y</x>", name="RM") * 2_500)),
    "five megabytes of JSON": ("duffel.order", lambda: {"metadata": "y" * 5 * 1024 * 1024}),
    "a long key": ("duffel.order", lambda: {"y" * 5 * 1024 * 1024: 1}),
    "deep JSON": ("duffel.order", lambda: nested(100)),
    "abysmal JSON": ("watchword.booking", lambda: nested(50_000)),
    "many values": ("duffel.order", lambda: {"metadata": [1] * 100_000}),
    "many own travellers": (
        "watchword.booking",
        lambda: {"travellers": [{"subjects": [str(at)], "surname": "X"} for at in range(150)]},
    ),
    "many own notes": (
        "watchword.booking",
        lambda: {**DOCUMENTS["watchword.booking"], "remarks": [{"kind": "x"}] * 2_500},
    ),
}


def _crowd() -> str:
    one = """<travellerInfo><elementManagementPassenger><reference><number>{0}</number></reference>
    </elementManagementPassenger><passengerData><travellerInformation><traveller><surname>S</surname></traveller>
    </travellerInformation></passengerData></travellerInfo>"""
    return "".join(one.format(at) for at in range(2, 150))


@pytest.mark.parametrize("name, make", ENORMOUS.values(), ids=ENORMOUS)
def test_the_enormous_is_refused_quickly(name: str, make: Callable[[], object]) -> None:
    document = make()
    started = time.perf_counter()
    refused(name, document)
    assert time.perf_counter() - started < 2


def test_limits_are_the_callers() -> None:
    assert refused(XML, DOCUMENTS[XML], Limits(size=1_000)).place == "document"
    assert refused("duffel.order", DOCUMENTS["duffel.order"], Limits(depth=2)).place.startswith("/")
    assert refused("duffel.order", DOCUMENTS["duffel.order"], Limits(travellers=1)).place == "/passengers/1"
    assert refused(XML, DOCUMENTS[XML], Limits(segments=1)).place.startswith("PNR_Reply/originDestinationDetails")


# --- broken -----------------------------------------------------------------------------------------------------------


def test_a_document_that_was_cut_off_anywhere_is_refused() -> None:
    whole = DOCUMENTS[XML].rstrip()
    for end in range(0, len(whole), 53):
        assert refused(XML, whole[:end]).place.startswith(("line", "document"))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "document",
    [None, True, [], [{}], {}, "", " ", "{}", b"<PNR_Reply/>", "<a/>", {"data": []}, {7: 7}, {"metadata": 2**64}, ()],
)
def test_what_is_no_document_of_the_format_is_refused(name: str, document: object) -> None:
    refused(name, document)


def test_a_format_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    rejected = refused("sabre.okafor", {})
    assert rejected.place == "format"
    assert all(name in rejected.hint for name in FORMATS)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\ud800", "\uffff"])
@pytest.mark.parametrize("name", FORMATS)
def test_what_is_not_text_is_refused(name: str, character: str) -> None:
    if name == XML:
        refused(name, pnr(place=f"L{character}R"))
    elif isinstance(DOCUMENTS[name], str):
        for place in ('"OKAFOR"', "<common:City>"):
            refused(name, DOCUMENTS[name].replace(place, place[:5] + character + place[5:], 1))
            refused(name, DOCUMENTS[name].replace(place, f"{place}{character}", 1))
    else:
        document = DOCUMENTS[name]
        refused(name, {**document, "metadata": {"okafor": f"Okafor{character}"}})
        refused(name, {**document, f"Okafor{character}": 1})
        first = {**document["passengers"][0], "family_name": f"Okafor{character}"} if name == "duffel.order" else {}
        if first:
            place = refused(name, {**document, "passengers": [first]}).place
            assert place == "/passengers/0/family_name"


def test_a_key_that_is_not_ours_is_not_repeated_in_the_place() -> None:
    place = refused("duffel.order", {**DOCUMENTS["duffel.order"], "Okafor": {"id": "\x00"}}).place
    assert place == "/?/id"


FAULTS: dict[str, tuple[str, str]] = {
    "a month that is none": (pnr(date="141331"), "itineraryInfo/travelProduct/product/depDate"),
    "a date in words": (pnr(date="OKAFOR"), "itineraryInfo/travelProduct/product/depDate"),
    "an hour that is none": (pnr(time="2535"), "itineraryInfo/travelProduct/product/depTime"),
    "a place in words": (pnr(place="EXAMPLE.ORG"), "travelProduct/boardpointDetail/cityCode"),
    "a stranger": (pnr(elements=element("<x>y</x>", tattoo="9")), "referenceForDataElement/reference"),
    "no surname": (pnr(traveller="<travellerInformation/>"), "travellerInfo"),
    "no traveller": (pnr(traveller=""), "PNR_Reply (line 1)"),
    "a locator with a hole": (
        pnr().replace("QX7RTB", "QX 7RTB"),
        "pnrHeader/reservationInfo/reservation/controlNumber",
    ),
}


@pytest.mark.parametrize("document, place", FAULTS.values(), ids=FAULTS)
def test_amadeus_a_fault_is_named_by_path_and_line(document: str, place: str) -> None:
    rejected = refused(XML, document)
    assert place in rejected.place
    assert "(line " in rejected.place


DUFFEL_FAULTS: list[tuple[tuple[str | int, ...], object, str]] = [
    (("passengers", 0, "born_on"), "4 July 1995", "/passengers/0/born_on"),
    (("passengers", 0, "born_on"), "1995-02-30", "/passengers/0/born_on"),
    (("passengers", 0, "family_name"), None, "/passengers/0/family_name"),
    (("passengers", 0, "family_name"), ["Okafor"], "/passengers/0/family_name"),
    (("passengers", 1, "id"), "pas_a", "/passengers"),
    (("passengers",), {}, "/passengers"),
    (("passengers",), ["Okafor"], "/passengers/0"),
    (("passengers",), [], "/passengers"),
    (("slices", 0, "segments", 0, "departing_at"), "2031-03-14T09:35:00Z", "/slices/0/segments/0/departing_at"),
    (("slices", 0, "segments", 0, "departing_at"), None, "/slices/0/segments/0/departing_at"),
    (("slices", 0, "segments", 0, "origin", "iata_code"), "LOND", "/slices/0/segments/0/origin/iata_code"),
    (("slices", 0, "segments", 0, "origin"), "LHR", "/slices/0/segments/0/origin"),
    (("booking_reference",), "QX 7RTB", "/booking_reference"),
    (("total_amount",), "812,40", "/total_amount"),
    (("total_amount",), 812.4, "/total_amount"),
    (("total_currency",), "Euro", "/total_currency"),
    (("payment_status", "awaiting_payment"), "no", "/payment_status/awaiting_payment"),
    (("documents", 0, "unique_identifier"), None, "/documents/0/unique_identifier"),
    (("documents", 0, "passenger_ids"), [7], "/documents/0/passenger_ids/0"),
]


@pytest.mark.parametrize("steps, value, place", DUFFEL_FAULTS)
def test_duffel_a_fault_is_named_by_its_pointer(steps: tuple[str | int, ...], value: object, place: str) -> None:
    document = json.loads(json.dumps(DOCUMENTS["duffel.order"]))
    inner = document
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = value
    assert refused("duffel.order", document).place == place


# --- mutations --------------------------------------------------------------------------------------------------------

SNIPPETS = st.sampled_from(
    [
        "<",
        ">",
        "&",
        "</",
        "]]>",
        "<![CDATA[",
        "'",
        '"',
        "\x00",
        "<!--",
        "<x/>",
        "0",
        "Z",
        " ",
        "\ud800",
        "é",
        "&#0;",
        "&#x1F600;",
    ]
)


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 40), SNIPPETS), min_size=1, max_size=4))
def test_a_reply_with_anything_put_in_or_cut_out_is_read_or_rejected(cuts: list[tuple[int, int, str]]) -> None:
    text = DOCUMENTS[XML]
    for at, length, snippet in cuts:
        start = at % len(text)
        text = text[:start] + snippet + text[start + length :]
    tolerated(XML, text)


@given(st.data())
def test_a_reply_with_any_value_changed_is_read_or_rejected(data: st.DataObject) -> None:
    pieces = DOCUMENTS[XML].split(">")
    at = data.draw(st.integers(0, len(pieces) - 1))
    value, bracket, tag = pieces[at].partition("<")
    if bracket:
        pieces[at] = data.draw(st.text(st.characters(exclude_characters="<&>"), max_size=12)) + bracket + tag
    assert value is not None
    tolerated(XML, ">".join(pieces))


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "LHR", "2031-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "x", "iata_code"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def spots(value: object, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above] + [spot for key, inner in below for spot in spots(inner, (*above, key))]


SPOTS = {name: spots(DOCUMENTS[name])[1:] for name in JSON}


@pytest.mark.parametrize("name", JSON)
@given(data=st.data())
def test_json_with_anything_put_anywhere_is_read_or_rejected(name: str, data: st.DataObject) -> None:
    document = json.loads(json.dumps(DOCUMENTS[name]))
    spot = data.draw(st.sampled_from(SPOTS[name]))
    inner = document
    for step in spot[:-1]:
        inner = inner[step]
    if isinstance(inner, dict) and data.draw(st.booleans()):
        del inner[spot[-1]]
    else:
        inner[spot[-1]] = data.draw(ANYTHING)
    tolerated(name, document)
