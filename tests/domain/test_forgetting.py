"""Forgetting: who may be, by whose word, and what of the record goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import account, forgetting
from domain.account import AccountOpened, AccountState, BookingAdded
from domain.booking import BookingImported
from domain.event import Actor, Event, Header, Plain, Recorded
from domain.forgetting import (
    ASKED_LASTS,
    ForgettingAsked,
    ForgettingCompleted,
    ForgettingConfirmed,
    ForgettingState,
    Gone,
)
from domain.interaction import InteractionBound, InteractionOpened
from domain.party import PartyAdded, PartyForgotten
from domain.passcode import PasscodeSet
from domain.protection import ProtectionStarted
from domain.refusal import Refused
from projections.forgetting import UNFINISHED, Concerned, Plan

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
DAY = timedelta(days=1)
ACTOR = Actor("ann", "legal")


def party(party_id: str) -> PartyAdded:
    return PartyAdded(party_id=party_id, kind="holder", marks=(f"surname:{party_id}",), profile=Plain(party_id, b"{}"))


def protection(of: str, adverse: tuple[str, ...] = ()) -> ProtectionStarted:
    return ProtectionStarted(
        protection_id=f"of-{of}", party_id=of, adverse=adverse, safe_contact=Plain(of, b"{}"), until=NOW + 3 * DAY,
        started_by="first",
    )  # fmt: skip


def folded(*happened: Event) -> AccountState:
    state = AccountState()
    for version, each in enumerate(happened, 1):
        state = account.evolve(state, each, version)
    return state


STORY = (AccountOpened(), party("alma"), party("victor"))


def test_whoever_is_forgotten_is_on_the_account_no_more() -> None:
    chosen = PasscodeSet(party_id="alma", offer_id="o", passcode_id="p", digest=Plain("alma", b"d"), gates=True)
    state = folded(*STORY, chosen, PartyForgotten(party_id="alma"))
    assert set(state.parties) == {"victor"}
    assert state.forgotten == {"alma"}
    assert not state.proves("alma")
    assert account.holder(state) == "victor"
    assert account.evolve(state, chosen, 9) == state, "what comes late changes nothing"


@pytest.mark.parametrize("who, code", [("alma", "forgotten_already"), ("nobody", "unknown_party")])
def test_nobody_is_forgotten_twice_or_without_being_there(who: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        forgetting.forgettable(folded(*STORY, PartyForgotten(party_id="alma")), who)
    assert caught.value.code == code


def test_what_stands_against_it() -> None:
    plain, hers = folded(*STORY), folded(*STORY, protection("alma", ("victor",)))
    assert forgetting.stopped(plain, "alma", (), NOW) is None
    assert forgetting.stopped(plain, "alma", ("h",), NOW) == "held"
    assert forgetting.stopped(hers, "alma", (), NOW) == "protected"
    assert forgetting.stopped(hers, "victor", (), NOW) == "adverse"
    assert forgetting.stopped(hers, "alma", ("h",), NOW) == "held"
    assert forgetting.stopped(hers, "alma", (), NOW + 4 * DAY) is None, "it has lapsed"
    assert forgetting.stopped(hers, "victor", (), NOW + 4 * DAY) is None


def test_forgetting_somebody_opens_nothing_of_what_was_closed() -> None:
    before = folded(*STORY, protection("alma", ("victor",)))
    after = account.evolve(before, PartyForgotten(party_id="alma"), 9)
    assert after.protected(NOW) == before.protected(NOW)
    assert after.ever_protected() == before.ever_protected()
    assert after.adverse("victor", after.protected(NOW))


def asked(digest: str = "d", by: str = "ann") -> ForgettingState:
    return forgetting.evolve(
        ForgettingState(),
        ForgettingAsked(
            party_id="alma", account_id="a", digest=digest, position=7, reason="court_order", words=Plain("alma", b"w"),
            asked_by=by, asked_at=NOW,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    "state, digest, who, at, code",
    [
        (ForgettingState(), "d", "ben", NOW, "nothing_asked"),
        (asked(), "e", "ben", NOW, "another_digest"),
        (asked(), "d", "ann", NOW, "another_person"),
        (asked(), "d", "ben", NOW + ASKED_LASTS, "lapsed"),
    ],
)
def test_it_takes_the_word_of_another_to_just_that(
    state: ForgettingState, digest: str, who: str, at: datetime, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        forgetting.confirm(state, digest, who, at)
    assert caught.value.code == code
    assert forgetting.confirm(asked(), "d", "ben", NOW + DAY).position == 7


# --- what of the record goes ------------------------------------------------------------------------------------------


class Record:
    """A record of account `a`, in order."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []

    def put(self, stream: str, *happened: Event) -> None:
        for each in happened:
            position = len(self.events) + 1
            header = Header(f"{position:032}", NOW, ACTOR, "cause")
            self.events.append(Recorded(position, stream, position, each.NAME, header, each, b""))

    def plan(self, who: str = "alma") -> Plan:
        found = Concerned(who, "a")
        for each in self.events:
            found.evolve(each)
        return found.plan(len(self.events))


def contact(who: str, said: str) -> tuple[Event, Event]:
    bound = InteractionBound(
        account_id="a",
        party_id=who,
        known=True,
        hidden=False,
        facts=(),
        offered=Plain(said, b"{}"),
        locator="",
        place="",
    )
    return InteractionOpened(channel="call", contact="c", contact_id=Plain(said, b"+44"), at=NOW), bound


def imported(people: tuple[str, ...]) -> BookingImported:
    parts = (Plain("b", b"shared"), *(Plain(each, b"own") for each in people))
    return BookingImported(
        account_id="a", source="s", people=people, locators=("00" * 16,), cross_references=(), parts=parts, stale=False,
        withheld_from_view=False,
    )  # fmt: skip


def story() -> Record:
    record = Record()
    record.put("account:a", *STORY, BookingAdded(booking_id="b"))
    record.put("booking:b", imported(("alma", "victor")))
    for line, who in (("hers", "alma"), ("his", "victor"), ("nobodys", "")):
        record.put(f"interaction:{line}", *contact(who, line))
    return record


def test_hers_goes_and_so_does_what_nobody_known_said_and_the_others_stays() -> None:
    plan = story().plan()
    assert {each.subject: each.kind for each in plan.goes} == {"alma": "party", "hers": "contact", "nobodys": "contact"}
    assert [(each.subject, each.why) for each in plan.stays] == [("b", "others_travel_on_it")]
    assert plan.bookings() == ()
    assert plan.locators == ()
    assert {each.subject: each.values for each in plan.goes} == {"alma": 2, "hers": 2, "nobodys": 2}
    assert plan.events == 6
    assert plan.gone({}) == (Gone("alma"), Gone("hers"), Gone("nobodys"))


def test_the_last_of_a_booking_takes_it_along() -> None:
    record = story()
    record.put("account:a", PartyForgotten(party_id="victor"))
    plan = record.plan()
    assert {each.subject for each in plan.goes} == {"alma", "b", "hers", "nobodys"}
    assert plan.bookings() == ("b",)
    assert plan.locators == (("00" * 16, "b"),)


def test_a_plan_is_told_by_its_digest() -> None:
    record = story()
    before = record.plan().digest()
    assert record.plan().digest() == before
    record.put("interaction:later", *contact("alma", "later"))
    assert record.plan().digest() != before


@given(st.lists(st.tuples(st.sampled_from(["alma", "victor", ""]), st.sampled_from(["one", "two", "three"]))))
def test_a_contact_goes_with_her_and_never_only_with_somebody_else(calls: list[tuple[str, str]]) -> None:
    record = Record()
    record.put("account:a", *STORY)
    on: dict[str, set[str]] = {}
    for who, line in calls:
        record.put(f"interaction:{line}", *contact(who, line))
        on.setdefault(line, set()).add(who)
    gone = {each.subject for each in record.plan().goes}
    for line, people in on.items():
        assert (line in gone) == ("alma" in people or "victor" not in people)
    assert "victor" not in gone


def test_what_is_left_unfinished_is_found_again() -> None:
    confirmed = ForgettingConfirmed(
        party_id="alma", account_id="a", digest="d", gone=(Gone("alma"),), bookings=(), confirmed_by="ben", at=NOW
    )
    done = ForgettingCompleted(party_id="alma", gone=(), letters=0, exports=0, backups=0)
    record = Record()
    record.put("forgetting:alma", confirmed, done)
    state = UNFINISHED.evolve(UNFINISHED.begin(), record.events[0])
    assert state == {"alma": confirmed}
    assert UNFINISHED.evolve(state, record.events[1]) == {}
