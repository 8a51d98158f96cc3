"""Changes: what two states or two documents differ by, and nothing where they do not."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.account import AccountState
from domain.document import BookingDocument, Locator, Segment, Ticket
from domain.event import Kept, Sealed
from domain.party import Party
from projections.changes import changed, differs, leaves

WORDS = st.text("ABC", max_size=3)
LOCATORS = st.lists(WORDS.map(lambda code: Locator(code=code, system="1A", subjects=("a",))), max_size=3)
TICKETS = st.lists(st.builds(Ticket, number=WORDS, subjects=st.sampled_from([("a",), ("b",), ("a", "b")])), max_size=2)
DOCUMENTS = st.builds(BookingDocument, source=st.just("x"), locators=LOCATORS.map(tuple), tickets=TICKETS.map(tuple))


def kept(box: bytes) -> Kept:
    return Kept(Sealed("a", box), 1, "party.added.v1", "profile")


def party(number: int, box: bytes = b"1") -> Party:
    return Party("a", "holder", frozenset({f"surname:{number}"}), kept(box), attempts=number)


PARTIES = st.builds(party, st.integers(0, 2), st.sampled_from([b"1", b"2"]))
STATES = st.builds(
    AccountState,
    parties=st.dictionaries(st.sampled_from("ab"), PARTIES),
    bookings=st.lists(WORDS, max_size=2).map(tuple),
    withheld=st.integers(0, 1),
)


@given(STATES, STATES)
def test_two_states_differ_just_where_a_leaf_does(one: AccountState, other: AccountState) -> None:
    found = changed(one, other)
    assert (found == ()) == (one == other)
    was, becomes = dict(leaves(one)), dict(leaves(other))
    assert {each.path for each in found} == {p for p in {*was, *becomes} if was.get(p) != becomes.get(p)}
    back = {each.path: (each.after, each.before) for each in changed(other, one)}
    assert back == {each.path: (each.before, each.after) for each in found}


def test_a_personal_value_is_carried_and_never_looked_into() -> None:
    (only,) = changed(AccountState(parties={"a": party(1)}), AccountState(parties={"a": party(1, b"2")}))
    assert (only.path, only.before, only.after) == ("parties/a/profile", kept(b"1"), kept(b"2"))


@given(DOCUMENTS, DOCUMENTS)
def test_two_documents_differ_where_they_say_something_else(one: BookingDocument, other: BookingDocument) -> None:
    found = differs(one, other)
    assert (found == ()) == ([*said(one)] == [*said(other)])
    for each in found:
        assert each.before != each.after
        assert "subjects" not in each.path


def said(document: BookingDocument) -> list[object]:
    return [
        [msgspec.structs.replace(each, subjects=()) for each in items]
        for items in (document.locators, document.tickets)
    ]


def test_against_nothing_everything_that_is_said_differs() -> None:
    document = BookingDocument(source="x", segments=(Segment(carrier="ZZ", number="1", subjects=("a",)),))
    for before, after in ((None, document), (document, None)):
        (only,) = differs(before, after)
        assert (only.path, only.subjects) == ("segments/0", ("a",))
        assert (only.before is None) == (before is None)
    assert differs(None, None) == ()
