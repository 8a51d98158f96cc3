"""Splits: which checks follow from two documents, who closes them, how views live on, and how long they are fresh."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import booking, flight, living, split
from domain.booking import BookingImported, BookingRefreshed, BookingState, ShownViewFrozen
from domain.difference import Differing, between
from domain.document import COLLECTIONS, BookingDocument
from domain.event import Actor, Event, Plain
from domain.field_class import FieldClass
from domain.flight import LIFE, ORDINARY, Fate, FlightChanged, PublicStatus, What
from domain.item import Contact, Locator, Loyalty, Payment, Seat, Segment, Ticket, Traveller
from domain.living import ExceptionApproved, Living
from domain.split import CHECKS, DUE, BookingDiffered, CheckClosed, CheckFailed, CheckName, Due, Split, SplitDeclared
from tests.domain.deciding import Deciding
from tests.domain.worlds import PARTIES, documents

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
WORDS = Plain("b", b"words")
ALMA, BO = ("alma",), ("bo",)
BOTH = (Traveller(surname="Grey", subjects=ALMA), Traveller(surname="Hale", subjects=BO))


def actor(name: str) -> Actor:
    return Actor(name, "agent", 3)


def document(**content: Any) -> BookingDocument:
    return BookingDocument(**{"source": "test", "travellers": BOTH, **content})


# --- which checks there are ------------------------------------------------------------------------------------------

ALWAYS = {"new_locator", "safety_office_only", "ordinary_sign_on", "queues_and_copies", "airline_site"}


@pytest.mark.parametrize(
    "content, checks",
    [
        ({}, set()),
        ({"loyalty": (Loyalty(number="1", subjects=ALMA),)}, {"loyalty_account"}),
        ({"contacts": (Contact(kind="email", value="a@b", subjects=ALMA),)}, {"contact_elements"}),
        ({"payments": (Payment(kind="total", subjects=ALMA),)}, {"statement", "receipts"}),
        ({"tickets": (Ticket(number="1", subjects=ALMA),)}, {"receipts"}),
        ({"segments": (Segment(number="1", subjects=ALMA),)}, {"calendar_feeds"}),
        ({"locators": (Locator(code="A", kind="cross_reference", subjects=ALMA),)}, {"cross_reference"}),
        ({"locators": (Locator(code="A", subjects=ALMA),)}, set()),
    ],
)
def test_the_checks_follow_from_what_the_held_document_has(content: dict[str, Any], checks: set[str]) -> None:
    assert set(split.wanted(document(**content), document())) == ALWAYS | checks
    shown_alone = set(split.wanted(document(), document(**content)))
    assert shown_alone == ALWAYS | (checks - {"calendar_feeds"})  # what is shown may stand in a calendar


def test_what_cannot_be_read_leaves_no_check_out() -> None:
    assert split.wanted(None, document()) == CHECKS


@given(documents("held"), documents("shown"))
def test_every_check_has_its_place_an_owner_and_a_due_time(held: BookingDocument, shown: BookingDocument) -> None:
    names = split.wanted(held, shown)
    due = split.set_out(names, {}, "lead", NOW, linked=False)
    assert tuple(each.check for each in due) == tuple(name for name in CHECKS if name in names)
    assert all(each.owner and each.due_at == NOW + DUE[each.check] and not each.failed for each in due)
    assert next(each.owner for each in due if each.check == "ordinary_sign_on") != "lead"
    linked = split.set_out(names, {}, "lead", NOW, linked=True)
    assert [each.check for each in linked if each.failed] == ["new_locator"]


# --- who closes them -------------------------------------------------------------------------------------------------


def declared(*checks: CheckName, life: Mapping[str, Fate] = ORDINARY, **more: Any) -> SplitDeclared:
    due = split.set_out(checks, {}, "lead", NOW, linked=False)
    return SplitDeclared(split_id="s", hers="shown", life=life, reason=WORDS, declared_by="lead", checks=due, **more)


def imported(locator: str = "OLD", people: tuple[str, ...] = PARTIES, **more: Any) -> BookingImported:
    body = {"account_id": "a", "source": "test", "stale": False, "withheld_from_view": False, **more}
    return BookingImported(people=people, locators=(locator,), parts=(Plain("alma", b"1"),), **body)


FROZEN = ShownViewFrozen(protection_id="p")


def at(state: BookingState, happened: Event, version: int) -> BookingState:
    return booking.evolve(state, happened, version, NOW)


def a_split(*checks: CheckName) -> Deciding[BookingState]:
    return Deciding(BookingState(), at).given(imported(), FROZEN, imported("NEW"), declared(*checks or CHECKS))


def found(check: str, result: Any = "closed", by: str = "other") -> Any:
    def command(state: BookingState) -> Event:
        return split.answer(state.split, check, result, WORDS, actor(by), linked=state.linked())

    return command


def of(told: Deciding[BookingState]) -> Split:
    assert told.state.split is not None
    return told.state.split


def test_a_split_is_open_until_every_check_is_closed() -> None:
    told = a_split()
    for check in CHECKS:
        assert of(told).status() == "open"
        told.when(found(check)).then(CheckClosed(split_id="s", check=check, by="other", words=WORDS))
        assert of(told).checks[check].since == NOW
    assert (of(told).status(), of(told).undone()) == ("closed", ())
    told.when(found("statement", "failed")).then(CheckFailed(split_id="s", check="statement", by="other", words=WORDS))
    assert (of(told).status(), of(told).undone()) == ("open", ("statement",))


def test_whoever_declared_a_split_does_not_try_it_from_an_ordinary_sign_on() -> None:
    a_split().when(found("ordinary_sign_on", by="lead")).then_refused("another_person")
    a_split().when(found("ordinary_sign_on", "failed", by="lead")).then(
        CheckFailed(split_id="s", check="ordinary_sign_on", by="lead", words=WORDS)
    )


def test_what_a_check_refuses() -> None:
    a_split("statement").when(found("receipts")).then_refused("unknown_check", "check")
    Deciding(BookingState(), at).given(imported()).when(found("receipts")).then_refused("unknown_split", "booking_id")
    linked = Deciding(BookingState(), at).given(imported(), FROZEN, imported("OLD"), declared(*CHECKS))
    linked.when(found("new_locator")).then_refused("still_linked")


def test_a_check_is_overdue_from_its_due_time() -> None:
    of_it = of(a_split("statement", "new_locator"))
    assert of_it.overdue(NOW + DUE["new_locator"] - timedelta(seconds=1)) == ()
    assert of_it.overdue(NOW + DUE["new_locator"]) == ("new_locator",)
    assert set(of_it.overdue(NOW + timedelta(days=3))) == {"new_locator", "statement"}


def test_a_finding_about_an_earlier_split_changes_nothing() -> None:
    told = a_split("statement")
    before = told.state
    assert told.given(CheckClosed(split_id="another", check="statement", by="x", words=WORDS)).state == before
    assert told.given(CheckClosed(split_id="s", check="receipts", by="x", words=WORDS)).state == before


# --- what a newer document opens again -------------------------------------------------------------------------------

WHOLE = document(
    segments=(Segment(number="1", subjects=ALMA),),
    locators=(Locator(code="A", subjects=ALMA),),
    loyalty=(Loyalty(number="1", subjects=ALMA),),
)


def again(told: Deciding[BookingState], newer: BookingDocument, *, linked: bool = False) -> tuple[Due, ...]:
    return split.reopened(of(told), newer, WHOLE, between(newer, WHOLE), NOW, linked=linked)


def closed(*checks: CheckName) -> Deciding[BookingState]:
    told = a_split(*checks)
    for check in checks:
        told.when(found(check))
    return told


def test_a_newer_document_reopens_what_it_touches_and_nothing_else() -> None:
    told = closed(*split.wanted(WHOLE, WHOLE))
    assert again(told, WHOLE) == ()
    other_number = document(segments=WHOLE.segments, locators=WHOLE.locators, loyalty=())
    assert [each.check for each in again(told, other_number)] == ["loyalty_account"]
    reopened = again(told, other_number)
    told.given(BookingDiffered(differing=(), reopened=reopened))
    assert of(told).undone() == ("loyalty_account",)
    assert of(told).checks["loyalty_account"].due_at == NOW + DUE["loyalty_account"]


def test_a_newer_document_may_need_a_check_that_there_was_not() -> None:
    told = closed("new_locator")
    paid = document(segments=WHOLE.segments, locators=WHOLE.locators, payments=(Payment(kind="t", subjects=ALMA),))
    added = {each.check: each.owner for each in again(told, paid)}
    assert added["statement"] == "lead"
    assert "new_locator" not in added


def test_a_record_that_is_linked_again_fails_at_once() -> None:
    told = closed(*split.wanted(WHOLE, WHOLE))
    other = document(segments=WHOLE.segments, loyalty=WHOLE.loyalty, locators=(Locator(code="B", subjects=ALMA),))
    assert [each.check for each in again(told, other, linked=True) if each.failed] == ["new_locator"]


def test_what_is_open_keeps_its_due_time() -> None:
    told = a_split("loyalty_account")
    assert "loyalty_account" not in [each.check for each in again(told, document())]


@given(documents("one"), documents("two"))
def test_a_difference_is_paths_and_classes_without_a_value(one: BookingDocument, two: BookingDocument) -> None:
    assert between(one, one) == ()
    found = between(one, two)
    assert {each.path for each in found} == {each.path for each in between(two, one)}
    for each in found:
        name = each.path.partition("/")[0]
        assert each.field_class == (FieldClass.I if name == "status" else COLLECTIONS[name].FIELD_CLASS)
        assert not any(tag in each.path for tag in ("one-", "two-"))
    assert (not found) == all(getattr(one, name) == getattr(two, name) for name in (*COLLECTIONS, "status"))


def test_against_nothing_all_that_is_said_differs() -> None:
    assert Differing(FieldClass.L, "locators/0") in between(WHOLE, None)


# --- the life of views -----------------------------------------------------------------------------------------------

FLIGHT = Segment(carrier="ZZ", number="0117", departs_at="2031-03-14T09:35", status="HK", subjects=ALMA)


def told_of(what: What, **more: str) -> PublicStatus:
    return PublicStatus("ZZ", "117", "2031-03-14", what, **more)


def test_statuses_are_laid_over_the_flight_they_are_of_whenever_it_departs_by_now() -> None:
    other = Segment(carrier="ZZ", number="118", departs_at="2031-03-14T23:00", subjects=ALMA)
    operated = Segment(carrier="YY", number="9", operating_carrier="ZZ", operating_number="117",
                       departs_at="2031-03-14T09:35", subjects=BO)  # fmt: skip
    seat = Seat(designator="1A", carrier="ZZ", number="117", departs_at="2031-03-14T09:35", subjects=ALMA)
    before = document(segments=(FLIGHT, other, operated), seats=(seat,))
    moved = told_of("schedule_change", departs_at="2031-03-15T00:20", arrives_at="2031-03-15T08:00")
    after = flight.applied(before, [moved, told_of("cancellation")])
    assert [(each.departs_at, each.status) for each in after.segments] == [
        ("2031-03-15T00:20", "UN"), ("2031-03-14T23:00", ""), ("2031-03-15T00:20", "UN"),
    ]  # fmt: skip
    assert after.seats[0].departs_at == "2031-03-15T00:20"
    assert flight.applied(before, []) == before
    assert flight.flies(before, moved)
    assert not flight.flies(document(segments=(other,)), moved)
    assert not flight.flies(None, moved)


def test_who_travels_no_more() -> None:
    hers, his = FLIGHT, Segment(number="2", status="HK", subjects=BO)
    gone = Segment(number="3", status="HX", subjects=BO)
    assert flight.cancelled(document(segments=(hers, his))) == ()
    assert flight.cancelled(document(segments=(hers, gone))) == BO
    assert flight.cancelled(document(segments=(hers, his, gone))) == ()
    assert flight.cancelled(document(segments=(hers,))) == ()  # it says nothing of his travel
    assert flight.cancelled(document(status="cancelled", segments=(hers,))) == ALMA + BO


def changed(what: What, *, held: bool = True, shown: bool = True, mark: str = "f", loses: Any = ()) -> FlightChanged:
    return FlightChanged(flight=mark, what=what, held=held, shown=shown, told=WORDS, loses=loses)


def test_a_flight_that_is_on_neither_view_changes_nothing() -> None:
    before = Deciding(BookingState(), at).given(imported(), FROZEN)
    after = before.given(changed("cancellation", held=False, shown=False))
    assert after.state == before.state


@pytest.mark.parametrize("what", LIFE)
def test_a_life_that_is_declared_as_ordinary_is_that_of_an_ordinary_booking(what: What) -> None:
    ordinary = Deciding(BookingState(), at).given(imported(), changed(what)).state.living
    frozen = Deciding(BookingState(), at).given(imported(), FROZEN, changed(what)).state.living
    split_up = Deciding(BookingState(), at).given(imported(), declared(), changed(what)).state.living
    assert ordinary is not None
    assert frozen is not None
    assert split_up is not None
    seen = [
        (len(each.on("shown")), each.transfers("shown"), each.unshown(NOW)) for each in (ordinary, frozen, split_up)
    ]
    assert seen[0] == seen[1] == seen[2] == (1, what in flight.ENDING, False)
    assert ordinary.transfers("held") == ordinary.transfers("shown")


@pytest.mark.parametrize(
    "fate, follows, transfers, unshown",
    [
        ("follow", 1, False, False),
        ("keep", 0, False, False),
        ("withhold", 0, False, True),
        ("transfer", 1, True, False),
    ],
)
def test_a_declared_fate(fate: Fate, follows: int, transfers: object, unshown: object) -> None:
    life: Mapping[str, Fate] = {**ORDINARY, "check_in": fate}
    told = Deciding(BookingState(), at).given(imported(), FROZEN, imported("NEW"), declared(life=life))
    state = told.given(changed("check_in", held=False)).state.living
    assert state is not None
    assert (len(state.on("shown")), state.transfers("shown"), state.unshown(NOW)) == (follows, transfers, unshown)
    assert state.on("held") == ()
    # The held view's own flights are its own matter.
    of_held = told.given(changed("check_in", shown=False, mark="g")).state.living
    assert of_held is not None
    assert [each.flight for each in of_held.on("held")] == ["g"]
    # What is shown instead knows of nothing that was before.
    whole = declared(life=life, people=PARTIES, locators=("X",), parts=(WORDS,))
    now = told.given(whole).state.living
    assert now is not None
    assert (now.on("shown"), now.unshown(NOW), [each.flight for each in now.on("held")]) == ((), False, ["g"])


def test_a_newer_document_knows_what_happened_before_it() -> None:
    told = Deciding(BookingState(), at).given(imported(), changed("departure"))
    assert told.given(imported()).state.living is None
    parted = Deciding(BookingState(), at).given(imported(), FROZEN, changed("departure"), imported("NEW")).state.living
    assert parted is not None
    assert (len(parted.on("shown")), parted.on("held")) == (1, ())


def test_of_one_kind_about_one_flight_the_newest_stands() -> None:
    state = Deciding(BookingState(), at).given(
        imported(), *[changed("schedule_change")] * 50, changed("schedule_change", mark="g"), changed("departure")
    )
    assert state.state.living is not None
    assert [(each.flight, each.what) for each in state.state.living.changes] == [
        ("f", "schedule_change"), ("g", "schedule_change"), ("f", "departure"),
    ]  # fmt: skip


# --- his own cancelled ticket ----------------------------------------------------------------------------------------


def unshown(told: Deciding[BookingState], now: datetime = NOW) -> bool:
    return told.state.living is not None and told.state.living.unshown(now)


def test_a_shown_view_is_silent_where_somebodys_travel_is_cancelled_in_truth_alone() -> None:
    def parted() -> Deciding[BookingState]:
        return Deciding(BookingState(), at).given(imported(), FROZEN)

    assert unshown(parted().given(imported("NEW", cancelled=BO)))
    assert not unshown(parted().given(imported("NEW", cancelled=("somebody else",))))
    assert not unshown(parted().given(imported("NEW", cancelled=BO), imported("NEWER")))
    assert not unshown(Deciding(BookingState(), at).given(imported(cancelled=BO)))
    as_cancelled = Deciding(BookingState(), at).given(imported(cancelled=BO), FROZEN, imported("NEW", cancelled=BO))
    assert not unshown(as_cancelled)
    assert unshown(parted().given(declared(voided=BO)))
    keeping: Mapping[str, Fate] = {**ORDINARY, "cancellation": "keep"}
    kept = parted().given(declared(life=keeping))
    assert not unshown(kept.given(changed("cancellation", held=False)))
    assert unshown(kept.given(changed("cancellation", held=False, loses=BO)))


def allowing(party: str, by: str, until: datetime, now: datetime = NOW) -> Any:
    def command(state: BookingState) -> Event:
        assert state.shown is not None
        return living.allow(
            state.living, state.shown.people, party_id=party, until=until, words=WORDS, actor=actor(by), now=now
        )

    return command


def test_an_exception_takes_two_people_is_for_one_party_and_ends() -> None:
    until = NOW + timedelta(days=2)
    told = Deciding(BookingState(), at).given(imported(), FROZEN, imported("NEW", cancelled=BO))
    told.when(allowing("bo", "one", until))
    assert unshown(told)
    told.when(allowing("bo", "two", until)).then(
        ExceptionApproved(party_id="bo", until=until, approver="two", words=WORDS)
    )
    assert not unshown(told, until - timedelta(seconds=1))
    assert unshown(told, until)
    told.given(imported("NEWER", cancelled=("bo", "cy")))
    assert unshown(told)  # it was for him, and not for another
    # Another date is another exception, which one person alone has only asked for.
    told.when(allowing("bo", "one", until + timedelta(days=1)))
    assert unshown(told)


def test_what_an_exception_refuses() -> None:
    def told() -> Deciding[BookingState]:
        return Deciding(BookingState(), at).given(imported(), FROZEN, imported("NEW", cancelled=BO))

    until = NOW + timedelta(days=2)
    told().when(allowing("nobody", "one", until)).then_refused("unknown_party", "party_id")
    told().when(allowing("bo", "one", NOW)).then_refused("bad_until", "until")
    told().when(allowing("bo", "one", NOW + living.LONGEST + timedelta(1))).then_refused("bad_until", "until")
    asked = told().when(allowing("bo", "one", until))
    approved = told().when(allowing("bo", "one", until)).when(allowing("bo", "two", until))
    again = Deciding(asked.state, at).when(allowing("bo", "one", until))
    again.then_refused("another_person")
    Deciding(approved.state, at).when(allowing("bo", "three", until)).then_refused("confirmed_already")


def test_an_approval_of_what_nobody_asked_for_allows_nothing() -> None:
    lone = ExceptionApproved(party_id="bo", until=NOW + timedelta(days=2), approver="x", words=WORDS)
    assert living.excepted(Living(), lone) == Living()


# --- freshness -------------------------------------------------------------------------------------------------------


def aged(*steps: tuple[int, Event]) -> BookingState:
    state = BookingState()
    for version, (hours, happened) in enumerate(steps, 1):
        state = booking.evolve(state, happened, version, NOW + timedelta(hours=hours))
    return state


def refreshed(*, stale: bool = False, changed: bool = False, fresh_for: int = 0) -> BookingRefreshed:
    return BookingRefreshed(source="test", stale=stale, changed=changed, fresh_for=fresh_for)


def hours(state: BookingState) -> tuple[float | None, float | None]:
    """When it is as of and until when it is fresh, in hours from the beginning."""
    return tuple(
        None if each is None else (each - NOW) / timedelta(hours=1) for each in (state.as_of, state.fresh_until)
    )  # type: ignore[return-value]  # two


SIX, DAY = 6 * 3600, 24 * 3600


def test_an_ordinary_booking_is_as_fresh_as_its_last_document_or_refresh() -> None:
    assert hours(aged((0, imported()))) == (0, None)
    assert hours(aged((0, imported(fresh_for=SIX)))) == (0, 6)
    assert hours(aged((0, imported(fresh_for=SIX)), (2, imported(fresh_for=DAY)))) == (2, 26)
    assert hours(aged((0, imported(fresh_for=SIX)), (3, refreshed(fresh_for=SIX)))) == (3, 9)
    stale = aged((0, imported(fresh_for=SIX)), (3, refreshed(stale=True)))
    assert (hours(stale), stale.stale) == ((0, 6), True)


def test_nothing_that_becomes_of_the_truth_moves_what_is_shown() -> None:
    parted = (0, imported(fresh_for=SIX)), (1, FROZEN)
    before = aged(*parted)
    for happened in (
        imported("NEW", fresh_for=DAY),
        changed("departure"),
        declared(),
        BookingDiffered(differing=()),
    ):
        assert hours(aged(*parted, (2, happened))) == hours(before) == (0, 6)
    # A refresh moves it, by the limit of what is shown: the truth may come from somewhere else by now.
    assert hours(aged(*parted, (2, imported("NEW", fresh_for=DAY)), (3, refreshed(fresh_for=DAY)))) == (3, 9)
    # So does another document to be shown: on an ordinary account it would have been imported.
    shown = declared(people=PARTIES, locators=("X",), parts=(WORDS,))
    assert hours(aged(*parted, (4, shown))) == (4, 10)


def test_a_booking_that_is_not_shown_is_as_fresh_as_its_last_document() -> None:
    hidden = imported(withheld_from_view=True, fresh_for=SIX)
    assert hours(aged((0, hidden), (2, imported("NEW", fresh_for=DAY)))) == (2, 26)


@given(st.lists(st.sampled_from(["import", "change", "declare", "refresh"]), max_size=8))
def test_without_a_refresh_what_is_shown_ages_as_if_nothing_had_happened(steps: list[str]) -> None:
    made: dict[str, Event] = {
        "import": imported("NEW", fresh_for=DAY),
        "change": changed("check_in"),
        "declare": declared(),
        "refresh": refreshed(fresh_for=DAY),
    }
    story = [(0, imported(fresh_for=SIX)), (0, FROZEN), *((at, made[step]) for at, step in enumerate(steps, 1))]
    last = max((at for at, step in enumerate(steps, 1) if step == "refresh"), default=0)
    assert hours(aged(*story)) == (last, last + 6)
