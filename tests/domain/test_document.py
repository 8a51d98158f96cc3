"""The booking model: every field has a class, parts make the whole again, and a filter lets nothing by."""

import io
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from domain.document import (
    COLLECTIONS,
    BookingDocument,
    Contact,
    DocumentError,
    Identity,
    Locator,
    Loyalty,
    Payment,
    Remark,
    Seat,
    Segment,
    Supplier,
    Ticket,
    Traveller,
    attribute,
    differences,
    facts,
    field_classes,
    filtered,
    locator_codes,
    merge,
    normalise,
    parts,
    people,
    to_public,
)
from domain.fact import FactKind, split_title
from domain.field_class import ALL_CLASSES, FieldClass
from domain.item import Item

PEOPLE = ("ada", "ben", "cyd")


def words() -> st.SearchStrategy[str]:
    return st.text("ABCXYZ019", min_size=1, max_size=6)


def about() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True).map(tuple)


ITEMS: dict[str, st.SearchStrategy[Any]] = {
    "segments": st.builds(Segment, number=words(), subjects=about()),
    "seats": st.builds(Seat, designator=words(), subjects=about().map(lambda who: who[:1])),
    "locators": st.builds(Locator, code=words(), subjects=about()),
    "tickets": st.builds(Ticket, number=words(), subjects=about()),
    "loyalty": st.builds(Loyalty, number=words(), subjects=about()),
    "contacts": st.builds(Contact, kind=st.sampled_from(["email", "phone"]), value=words(), subjects=about()),
    "payments": st.builds(Payment, kind=words(), subjects=about()),
    "identity": st.builds(Identity, kind=st.just("other"), value=words(), subjects=about()),
    "remarks": st.builds(Remark, kind=words(), text=words(), subjects=about()),
    "suppliers": st.builds(Supplier, role=st.just("dealer"), name=words(), phone=words(), subjects=about()),
}


@st.composite
def documents(draw: st.DrawFn) -> BookingDocument:
    collected: dict[str, Any] = {name: tuple(draw(st.lists(items, max_size=5))) for name, items in ITEMS.items()}
    travellers = tuple(Traveller(surname=who.upper(), subjects=(who,)) for who in PEOPLE)
    collected["status"] = draw(st.sampled_from(["", "active", "cancelled"]))
    return BookingDocument(source="amadeus", travellers=travellers, **collected)


def imported() -> BookingDocument:
    return BookingDocument(
        source="amadeus",
        status="active",
        travellers=(Traveller(surname="OKAFOR", subjects=("PT1",)), Traveller(surname="LINDQVIST", subjects=("PT2",))),
        segments=(Segment(origin="LHR", destination="JFK"), Segment(origin="JFK", subjects=("PT2",))),
        locators=(Locator(code="QX7RTB"), Locator(code="HHALF2", kind="cross_reference")),
        contacts=(
            Contact(kind="email", value="desk@example.org"),
            Contact(kind="phone", value="+44 7700 900123", subjects=("PT2",)),
        ),
        payments=(Payment(kind="total", amount="812.40", currency="EUR"),),
        identity=(Identity(kind="date_of_birth", value="1979-11-02", subjects=("PT2",)),),
        loyalty=(Loyalty(number="ZZ 7001-0022", subjects=("PT2",)),),
    )


BOTH = {"PT1": "party-1", "PT2": "party-2"}


def everything(document: BookingDocument) -> list[Item]:
    return [item for name in COLLECTIONS for item in getattr(document, name)]


# --- field classes ----------------------------------------------------------------------------------------------------


def test_the_classes_are_eight_in_the_order_of_the_design() -> None:
    assert [str(letter) for letter in ALL_CLASSES] == list("EILCPFDN")
    assert [letter.index for letter in ALL_CLASSES] == list(range(8))
    assert [letter.bit for letter in ALL_CLASSES] == [1 << at for at in range(8)]


def test_every_field_of_the_model_has_exactly_one_class() -> None:
    found = field_classes()
    walked = {""}
    for name in BookingDocument.__struct_fields__:
        inner = COLLECTIONS[name].__struct_fields__ if name in COLLECTIONS else ()
        walked |= {f"{name}/{field}" for field in inner} or {name}
    assert set(found) == walked
    assert all(isinstance(letter, FieldClass) for letter in found.values())
    for name, item_type in COLLECTIONS.items():
        assert "FIELD_CLASS" in vars(item_type), f"{name} inherits its class instead of declaring it"


def test_only_that_the_booking_is_there_and_who_answers_for_it_is_existence() -> None:
    existence = {path.partition("/")[0] for path, letter in field_classes().items() if letter is FieldClass.E}
    assert existence == {"", "owners"}


@pytest.mark.parametrize("path", ["source", "positions"])
def test_where_a_document_came_from_is_linkage(path: str) -> None:
    assert field_classes()[path] is FieldClass.L


# --- attribution ------------------------------------------------------------------------------------------------------


def test_references_become_parties_and_what_names_nobody_is_about_all_travellers() -> None:
    document = attribute(imported(), BOTH, None)
    assert [t.subjects for t in document.travellers] == [("party-1",), ("party-2",)]
    assert [s.subjects for s in document.segments] == [("party-1", "party-2"), ("party-2",)]
    assert document.contacts[0].subjects == document.payments[0].subjects == ("party-1", "party-2")
    assert all(item.subjects for item in everything(document))


def test_contacts_and_payments_that_name_nobody_are_the_holders() -> None:
    document = attribute(imported(), BOTH, "holder")
    assert document.contacts[0].subjects == document.payments[0].subjects == ("holder",)
    assert document.contacts[1].subjects == ("party-2",)
    assert document.locators[0].subjects == ("party-1", "party-2")
    assert people(document) == ("party-1", "party-2", "holder")


@pytest.mark.parametrize(
    "changed, parties, place",
    [
        ({"segments": (Segment(subjects=("PT9",)),)}, BOTH, "segments/0/subjects"),
        ({"travellers": ()}, BOTH, "travellers"),
        ({}, {"PT1": "party-1"}, "travellers"),
        ({}, {"PT1": "party-1", "PT2": "party-1"}, "travellers"),
    ],
)
def test_a_document_that_cannot_be_attributed_is_refused(changed: Any, parties: dict[str, str], place: str) -> None:
    document = msgspec.structs.replace(imported(), **changed)
    with pytest.raises(DocumentError) as refused:
        attribute(document, parties, None)
    assert refused.value.place == place
    assert "PT9" not in str(refused.value)


# --- parts ------------------------------------------------------------------------------------------------------------


@given(documents())
def test_parts_make_the_whole_again(document: BookingDocument) -> None:
    assert merge(parts(document)) == document


@given(documents())
def test_parts_make_the_whole_again_after_they_were_stored(document: BookingDocument) -> None:
    stored = {owner: msgspec.json.encode(part) for owner, part in parts(document).items()}
    read_back = {owner: msgspec.json.decode(data, type=BookingDocument) for owner, data in stored.items()}
    assert merge(dict(reversed(read_back.items()))) == document


@given(documents(), st.sampled_from(PEOPLE))
def test_a_part_holds_what_is_about_its_person_alone_and_names_contacts_and_papers_are_never_shared(
    document: BookingDocument, who: str
) -> None:
    pieces = parts(document)
    personal = {FieldClass.P, FieldClass.C, FieldClass.D}
    for item in everything(pieces[""]):
        assert len(item.subjects) > 1
        assert item.FIELD_CLASS not in personal
    for item in everything(pieces[who]):
        assert item.subjects == (who,) or (who in item.subjects and item.FIELD_CLASS in personal)


@given(documents(), st.sampled_from(PEOPLE))
def test_a_forgotten_person_takes_along_what_was_theirs_and_nothing_else(document: BookingDocument, who: str) -> None:
    pieces = parts(document)
    del pieces[who]
    left = merge(pieces)
    assert everything(left) == [item for item in everything(document) if item.subjects != (who,)]


def test_nothing_is_no_booking_and_a_whole_is_no_part() -> None:
    with pytest.raises(DocumentError):
        merge({})
    with pytest.raises(DocumentError):
        merge({"": imported()})


# --- filtering --------------------------------------------------------------------------------------------------------

RULES = st.sets(st.tuples(st.sampled_from(ALL_CLASSES), st.sampled_from(PEOPLE)))


@given(documents(), RULES)
def test_a_filter_keeps_exactly_what_is_allowed(document: BookingDocument, rules: set[tuple[FieldClass, str]]) -> None:
    def allowed(field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        return all((field_class, who) in rules for who in subjects)

    kept = filtered(document, allowed)
    assert everything(kept) == [item for item in everything(document) if allowed(item.FIELD_CLASS, item.subjects)]
    assert kept.status == (document.status if allowed(FieldClass.I, PEOPLE) else "")


@given(documents())
def test_a_filter_that_allows_all_changes_nothing_and_one_that_allows_nothing_leaves_nothing(
    document: BookingDocument,
) -> None:
    assert filtered(document, lambda *_: True) == document
    assert not everything(filtered(document, lambda *_: False))


def test_what_is_about_nobody_is_kept_by_no_filter() -> None:
    document = BookingDocument(source="amadeus", status="active", remarks=(Remark(kind="RM", text="x"),))
    kept = filtered(document, lambda *_: True)
    assert not kept.remarks
    assert not kept.status


# --- views ------------------------------------------------------------------------------------------------------------


@given(documents())
def test_a_view_does_not_differ_from_itself(document: BookingDocument) -> None:
    assert differences(document, document) == ()


def test_differences_name_path_class_and_people_but_no_value() -> None:
    held = attribute(imported(), BOTH, None)
    segment = msgspec.structs.replace(held.segments[0], destination="EDI")
    shown = msgspec.structs.replace(held, status="cancelled", segments=(segment,), remarks=(Remark(kind="RM"),))
    found = {(d.path, d.field_class.value, d.subjects) for d in differences(held, shown)}
    assert found == {
        ("status", "I", ("party-1", "party-2")),
        ("segments/0/destination", "I", ("party-1", "party-2")),
        ("segments/1", "I", ("party-2",)),
        ("remarks/0", "N", ()),
    }


def test_a_booking_is_looked_up_by_its_own_locators_and_not_by_its_other_half() -> None:
    assert locator_codes(imported()) == ("QX7RTB",)


# --- what an agent reads ----------------------------------------------------------------------------------------------


@given(documents(), RULES)
def test_the_public_rendering_has_always_the_same_keys_and_no_party(
    document: BookingDocument, rules: set[tuple[FieldClass, str]]
) -> None:
    kept = filtered(document, lambda letter, who: all((letter, one) in rules for one in who))
    public = to_public(kept)
    assert list(public) == list(to_public(BookingDocument(source="duffel")))
    for name in COLLECTIONS:
        for row in public[name]:
            fields = (set(COLLECTIONS[name].__struct_fields__) - {"subjects"}) | {"travellers"}
            assert set(row) == fields - ({"travellers"} if name == "travellers" else set())
    written = msgspec.json.encode(public).decode()
    assert not any(f'"{word}"' in written for word in (*PEOPLE, "amadeus", "duffel"))


def test_an_item_names_the_shown_travellers_it_is_about_and_no_hidden_one() -> None:
    document = attribute(imported(), BOTH, "holder")
    public = to_public(document)
    assert [row["travellers"] for row in public["segments"]] == [[0, 1], [1]]
    assert [row["travellers"] for row in public["contacts"]] == [[], [1]]
    alone = to_public(msgspec.structs.replace(document, travellers=document.travellers[1:]))
    assert [row["travellers"] for row in alone["segments"]] == [[0], [0]]


@given(documents())
def test_nothing_prints_a_value(document: BookingDocument) -> None:
    screen = io.StringIO()
    Console(file=screen, width=200).print(document, *everything(document))
    assert repr(document) == "<BookingDocument>"
    assert {repr(item) for item in everything(document)} <= {f"<{kind.__name__}>" for kind in COLLECTIONS.values()}
    assert not any(who.upper() in screen.getvalue() for who in PEOPLE)


# --- facts ------------------------------------------------------------------------------------------------------------


def test_facts_are_what_is_about_one_person_alone() -> None:
    document = attribute(imported(), BOTH, None)
    assert facts(document, "party-1") == {"surname": {"okafor"}}
    assert facts(document, "party-2") == {
        "surname": {"lindqvist"},
        "date_of_birth": {"1979-11-02"},
        "phone": {"447700900123"},
        "loyalty": {"zz70010022"},
    }


@pytest.mark.parametrize(
    "kind, written, compared",
    [
        ("given_name", "DAVID MR", "david"),
        ("given_name", "Dr. Ana-María", "anamaria"),
        ("given_name", "Mr", "mr"),
        ("surname", "O'Brien ", "obrien"),
        ("surname", "Müller", "muller"),
        ("surname", "MUELLER", "muller"),
        ("surname", "Ørsted", "orsted"),
        ("surname", "Łęcki", "lecki"),
        ("surname", "STRASSE", "strasse"),
        ("surname", "Straße", "strasse"),
        ("phone", "+44 (0)7700 900-123", "447700900123"),
        ("phone", "0044 7700 900123", "447700900123"),
        ("phone", "ask the desk", ""),
        ("email", " Ngozi@Example.ORG", "ngozi@example.org"),
        ("loyalty", "zz 7001-0022", "zz70010022"),
        ("date_of_birth", "1979-11-02", "1979-11-02"),
        ("date_of_birth", "19791102", "1979-11-02"),
        ("date_of_birth", "2.11.1979", "1979-11-02"),
        ("date_of_birth", "1979-13-02", ""),
        ("date_of_birth", "yesterday", ""),
    ],
)
def test_facts_are_compared_however_they_are_written(kind: FactKind, written: str, compared: str) -> None:
    assert normalise(kind, written) == compared


@pytest.mark.parametrize("kind", ["surname", "given_name", "phone", "loyalty", "date_of_birth"])
@given(st.text(max_size=20))
def test_normalising_twice_changes_nothing(kind: FactKind, written: str) -> None:
    once = normalise(kind, written)
    assert normalise(kind, once) == once


def test_titles_come_off_the_end_of_a_given_name_unless_nothing_else_is_left() -> None:
    assert split_title("DANA LEE MS") == ("DANA LEE", "MS")
    assert split_title("MR") == ("MR", "")
    assert split_title("") == ("", "")
