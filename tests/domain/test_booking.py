"""Bookings: documents, the freeze, and the split between what is held and what is shown."""

from collections.abc import Mapping

import pytest

from domain import booking
from domain.booking import LIFE, BookingImported, BookingState, Fate, Hers, ShownViewFrozen, SplitDeclared
from domain.event import Event, Kept, Plain
from domain.interaction import InteractionClosed
from tests.domain.deciding import Deciding

WHOLE: Mapping[str, Fate] = dict.fromkeys(LIFE, "keep")
FROZEN = ShownViewFrozen(protection_id="p")


def imported(
    locator: str = "OLD", *people: str, account_id: str = "a", stale: bool = False, hidden: bool = False
) -> BookingImported:
    return BookingImported(
        account_id=account_id,
        source="test",
        people=people or ("alma", "bo"),
        locators=(locator,),
        parts=(Plain("alma", b"1"), Plain("bo", b"2")),
        stale=stale,
        withheld_from_view=hidden,
    )


def split(*, hers: Hers = "shown", life: Mapping[str, Fate] = WHOLE, own: bool = False) -> SplitDeclared:
    if not own:
        return SplitDeclared(split_id="s", hers=hers, life=life, reason=Plain("b", b"why"))
    return SplitDeclared(
        split_id="s",
        hers=hers,
        life=life,
        reason=Plain("b", b"why"),
        people=("bo",),
        locators=("MADE UP",),
        parts=(Plain("bo", b"3"),),
    )


def a_booking(*events: Event) -> Deciding[BookingState]:
    return Deciding(BookingState(), booking.evolve).given(*events)


def test_on_an_ordinary_account_what_is_held_is_shown() -> None:
    state = a_booking(imported(), imported("NEW", "alma", stale=True)).state
    assert state.held is state.shown
    assert state.held is not None
    assert (state.held.people, state.held.locators, state.held.at) == (("alma",), frozenset({"NEW"}), 2)
    assert state.held.parts[1] == Kept(Plain("bo", b"2"), 2, "booking.imported.v1", "parts", 1)
    assert (state.account_id, state.held_version, state.stale, state.frozen) == ("a", 2, True, False)
    assert not state.guarded()


def test_protection_freezes_what_was_shown() -> None:
    told = a_booking(imported(), FROZEN)
    assert told.state.frozen
    assert not told.state.guarded()  # the views are parted, and still the same
    state = told.given(imported("NEW")).state
    assert state.shown is not None
    assert state.held is not None
    assert (state.shown.locators, state.held.locators) == (frozenset({"OLD"}), frozenset({"NEW"}))
    assert state.guarded()
    assert told.given(FROZEN).state == state


def test_a_booking_made_under_protection_has_no_shown_view_and_gets_none_by_a_later_document() -> None:
    told = a_booking(imported(hidden=True))
    assert told.state.shown is None
    assert told.state.guarded()
    assert told.given(imported("NEW")).state.shown is None
    assert told.state.held_version == 2


def test_the_freshness_of_the_last_document_is_both_views() -> None:
    told = a_booking(imported(), FROZEN, imported("NEW", stale=True))
    assert told.state.stale
    assert not told.given(imported("NEW")).state.stale


def test_a_document_of_another_account_is_refused() -> None:
    told = a_booking(imported())
    told.when(lambda state: booking.import_document(state, imported(account_id="b")))
    told.then_refused("another_account", "booking_id")


@pytest.mark.parametrize("before", [(), (imported(),)])
def test_a_document_is_taken(before: tuple[Event, ...]) -> None:
    told = a_booking(*before)
    told.when(lambda state: booking.import_document(state, imported("NEW"))).then(imported("NEW"))


def test_a_split_without_a_document_goes_on_with_the_frozen_view() -> None:
    told = a_booking(imported(), FROZEN, imported("NEW"))
    shown = told.state.shown
    told.when(lambda state: booking.declare_split(state, split(hers="nothing"), frozenset({"alma"})))
    told.then(split(hers="nothing"))
    assert told.state.shown == shown
    assert told.state.split is not None
    assert (told.state.split.hers, told.state.split.life) == ("nothing", WHOLE)


def test_a_split_with_a_document_shows_that() -> None:
    told = a_booking(imported(hidden=True))
    told.when(lambda state: booking.declare_split(state, split(own=True), frozenset({"alma"}))).then(split(own=True))
    assert told.state.shown is not None
    assert (told.state.shown.people, told.state.shown.locators) == (("bo",), frozenset({"MADE UP"}))
    assert told.state.shown.parts == (Kept(Plain("bo", b"3"), 2, "split.declared.v1", "parts"),)
    assert told.given(imported("NEW")).state.shown == told.state.shown


def test_a_split_freezes_a_booking_that_was_not() -> None:
    told = a_booking(imported(), split(), imported("NEW"))
    assert told.state.shown is not None
    assert told.state.shown.locators == {"OLD"}


def test_a_split_is_refused() -> None:
    protected = frozenset({"alma"})
    a_booking().when(lambda state: booking.declare_split(state, split(), protected)).then_refused(
        "unknown_booking", "booking_id"
    )
    a_booking(imported()).when(lambda state: booking.declare_split(state, split(), frozenset())).then_refused(
        "not_protected"
    )


@pytest.mark.parametrize("unsaid", LIFE)
def test_a_split_says_what_becomes_of_each_event_of_the_shown_trip(unsaid: str) -> None:
    life = {what: fate for what, fate in WHOLE.items() if what != unsaid}
    told = a_booking(imported()).when(lambda state: booking.declare_split(state, split(life=life), frozenset({"alma"})))
    told.then_refused("life_incomplete", "life")


def test_what_is_not_its_own_leaves_a_booking_as_it_is() -> None:
    state = a_booking(imported()).state
    assert booking.evolve(state, InteractionClosed(), 2) == state
    assert booking.stream("x") == "booking:x"
