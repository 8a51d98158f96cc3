"""Accounts, their people and their protections, as given, when, then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain import account, protection, review, safe_contact
from domain.account import AccountOpened, AccountState, BookingAdded, HistoryRead
from domain.attempt import DisclosureAttempted, Heard, Outcome
from domain.event import Actor, Event, Kept, Plain
from domain.party import PartyAdded
from domain.passcode import CallBackPlaced, PasscodeOffered, PasscodeRequestDeclined, PasscodeSet, PasscodeTried
from domain.protection import PROVISIONAL_LASTS, ProtectionConfirmed, ProtectionStarted
from domain.refusal import Refused
from tests.domain.deciding import Deciding

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = NOW + PROVISIONAL_LASTS


def on_account() -> Deciding[AccountState]:
    return Deciding(AccountState(), account.evolve)


def added(party_id: str, kind: str = "traveller") -> PartyAdded:
    return PartyAdded(party_id=party_id, kind=kind, marks=(f"surname:{party_id}",), profile=Plain(party_id, b"{}"))


def started(
    party_id: str, *adverse: str, named: str = "p-1", at: datetime = NOW, by: str = "agent", safe: bytes = b"hers"
) -> ProtectionStarted:
    return ProtectionStarted(
        protection_id=named,
        party_id=party_id,
        adverse=adverse,
        safe_contact=Plain(party_id, safe),
        until=at + PROVISIONAL_LASTS,
        started_by=by,
    )


def confirmed(confirmer: str, *, complete: bool, named: str = "p-1", party_id: str = "alma") -> ProtectionConfirmed:
    return ProtectionConfirmed(protection_id=named, party_id=party_id, confirmer=confirmer, complete=complete)


def attempted(outcome: Outcome, *party_ids: str) -> DisclosureAttempted:
    return DisclosureAttempted(
        decision_id="d",
        asked="booking",
        bookings=(),
        classes="E",
        purpose="service",
        outcome=outcome,
        view="",
        rules=(),
        listeners=tuple(Heard(str(at), "identified", "none", party_id) for at, party_id in enumerate(party_ids)),
        judged_at={},
    )


# --- opening, people, bookings ---------------------------------------------------------------------------------------


def test_an_account_nobody_opened_takes_no_people() -> None:
    on_account().when(lambda state: account.add_party(state, added("alma"))).then_refused(
        "unknown_account", "account_id"
    )


def test_people_are_added_to_an_open_account() -> None:
    told = on_account().given(AccountOpened()).when(lambda state: account.add_party(state, added("alma", "holder")))
    told.then(added("alma", "holder"))
    party = told.state.parties["alma"]
    assert (party.kind, party.marks, party.gated, party.passcode) == (
        "holder",
        frozenset({"surname:alma"}),
        False,
        None,
    )
    assert party.profile == Kept(Plain("alma", b"{}"), 2, "party.added.v1", "profile")


def test_the_holder_is_the_one_who_was_added_as_such() -> None:
    assert account.holder(on_account().given(AccountOpened(), added("bo")).state) is None
    assert account.holder(on_account().given(AccountOpened(), added("bo"), added("alma", "holder")).state) == "alma"


def test_bookings_stand_in_the_order_they_were_added() -> None:
    told = on_account().given(AccountOpened(), BookingAdded(booking_id="b-1"), BookingAdded(booking_id="b-2"))
    assert told.state.bookings == ("b-1", "b-2")


def test_what_an_account_only_keeps_on_record_changes_nothing() -> None:
    state = on_account().given(AccountOpened(), added("alma")).state
    declined = PasscodeRequestDeclined(interaction_id="i", party_id="", why="nobody identified")
    assert account.evolve(state, HistoryRead(after=0, limit=50), 3) == state
    assert account.evolve(state, declined, 3) == state


# --- counters --------------------------------------------------------------------------------------------------------


def test_attempts_add_up_by_account_and_by_party() -> None:
    told = on_account().given(AccountOpened(), added("alma"), added("bo"))
    told.given(attempted("disclosed", "alma"), attempted("withheld", "bo", "bo", "stranger", ""), attempted("withheld"))
    assert (told.state.attempts, told.state.withheld) == (3, 2)
    assert {party_id: party.attempts for party_id, party in told.state.parties.items()} == {"alma": 1, "bo": 1}


def test_tries_of_a_passcode_add_up_on_an_account_that_does_not_exist_too() -> None:
    tried = PasscodeTried(interaction_id="i", contact="c", accepted=False, blocked=False)
    told = on_account().given(
        tried, tried, PasscodeTried(interaction_id="i", contact="c", accepted=True, blocked=False)
    )
    assert (told.state.tries, told.state.failures, told.state.opened) == (3, 2, False)


# --- passcodes of its people -----------------------------------------------------------------------------------------


def test_a_passcode_that_was_set_spends_the_offer_and_gates_if_it_was_requested() -> None:
    offered = PasscodeOffered(party_id="alma", offer_id="o", token="t", reason="requested", expires_at=LATER)
    set_ = PasscodeSet(
        party_id="alma", offer_id="o", passcode_id="c", digest=Plain("alma", b"d"),
        duress_id="u", duress_digest=Plain("alma", b"e"), gates=True,
    )  # fmt: skip
    told = on_account().given(AccountOpened(), added("alma"), offered)
    assert told.state.parties["alma"].offer is not None
    party = told.given(set_).state.parties["alma"]
    assert party.offer is None
    assert party.gated
    assert party.passcode is not None
    assert party.passcode.digest == Kept(Plain("alma", b"d"), 4, "passcode.set.v1", "digest")
    assert party.duress is not None
    assert party.duress.digest == Kept(Plain("alma", b"e"), 4, "passcode.set.v1", "duress_digest")


def test_a_passcode_set_with_a_protection_does_not_gate_and_does_not_lift_a_gate() -> None:
    def set_(*, gates: bool) -> PasscodeSet:
        return PasscodeSet(party_id="alma", offer_id="o", passcode_id="c", digest=Plain("alma", b"d"), gates=gates)

    told = on_account().given(AccountOpened(), added("alma"), set_(gates=False))
    assert not told.state.parties["alma"].gated
    assert told.state.parties["alma"].duress is None
    assert told.given(set_(gates=True), set_(gates=False)).state.parties["alma"].gated


def test_a_call_back_stands_with_the_party_it_was_placed_for() -> None:
    placed = CallBackPlaced(
        party_id="alma", call_back_id="k", digest=Plain("alma", b"d"), supervisor="s", interaction_id="i",
        expires_at=LATER,
    )  # fmt: skip
    call_back = on_account().given(AccountOpened(), added("alma"), placed).state.parties["alma"].call_back
    assert call_back is not None
    assert (call_back.call_back_id, call_back.supervisor, call_back.interaction_id) == ("k", "s", "i")
    assert call_back.digest == Kept(Plain("alma", b"d"), 3, "call_back.placed.v1", "digest")


# --- protection ------------------------------------------------------------------------------------------------------


def family() -> Deciding[AccountState]:
    return on_account().given(AccountOpened(), added("alma"), added("bo"), added("cy"))


def test_any_party_is_protected_at_once_and_until_it_lapses() -> None:
    told = family().when(lambda state: protection.start(state, started("alma", "bo"))).then(started("alma", "bo"))
    assert told.state.protected(NOW) == {"alma"}
    assert told.state.protected(LATER - timedelta(microseconds=1)) == {"alma"}
    assert told.state.protected(LATER) == frozenset()
    assert told.state.ever_protected() == {"alma"}
    assert told.state.adverse_towards("bo", frozenset({"alma"})) == {"alma"}
    assert told.state.adverse_towards("cy", frozenset({"alma"})) == frozenset()


@pytest.mark.parametrize(
    "asked, place",
    [
        (started("stranger", "bo"), "protected_party_id"),
        (started("alma", "bo", "stranger"), "adverse_party_ids[1]"),
        (started("alma", "alma"), "adverse_party_ids[0]"),
    ],
)
def test_protection_is_of_and_from_people_of_the_account(asked: ProtectionStarted, place: str) -> None:
    family().when(lambda state: protection.start(state, asked)).then_refused("unknown_party", place)


def test_asking_again_only_narrows() -> None:
    again = started("alma", "cy", named="p-2", at=NOW + timedelta(hours=1), by="other", safe=b"his")
    found = family().given(started("alma", "bo"), again).state.protections["alma"]
    assert found.adverse == {"bo", "cy"}
    assert found.until == NOW + timedelta(hours=1) + PROVISIONAL_LASTS
    assert (found.protection_id, found.started_by, found.asked_by) == ("p-1", "agent", ("other",))


def test_a_safe_contact_stays_while_the_protection_is_in_force() -> None:
    """Whoever asks for protection in her name must not become the one who is called back."""
    before_it_lapses = started("alma", named="p-2", at=LATER - timedelta(seconds=1), safe=b"his")
    after_it_lapsed = started("alma", named="p-2", at=LATER, safe=b"hers, moved")
    kept = family().given(started("alma"), before_it_lapses).state.protections["alma"].safe_contact
    assert kept == Kept(Plain("alma", b"hers"), 5, "protection.started.v1", "safe_contact")
    moved = family().given(started("alma"), after_it_lapsed).state.protections["alma"].safe_contact
    assert moved.personal == Plain("alma", b"hers, moved")


def test_a_safe_contact_stays_where_a_lapse_left_a_booking_guarded() -> None:
    again = replace(started("alma", named="p-2", at=LATER, safe=b"his"), guarded=True)
    kept = family().given(started("alma"), again).state.protections["alma"].safe_contact
    assert kept.personal == Plain("alma", b"hers")


def test_what_two_people_confirmed_stays_confirmed() -> None:
    told = family().given(started("alma", "bo"), confirmed("s-1", complete=False), confirmed("s-2", complete=True))
    before = told.state.protections["alma"]
    after = told.given(started("alma", "cy", named="p-2", safe=b"his")).state.protections["alma"]
    assert after.until is None
    assert (after.protection_id, after.safe_contact, after.confirmers) == ("p-1", before.safe_contact, ("s-1", "s-2"))
    # Who is named from then on is adverse once two people have confirmed that too.
    assert after.adverse == {"bo"}
    assert after.asked == {"cy"}
    assert told.state.protected(NOW + timedelta(days=9_999)) == {"alma"}


def test_two_different_people_confirm() -> None:
    def confirm(subject: str, at: datetime = NOW) -> Deciding[AccountState]:
        return told.when(lambda state: protection.confirm(state, "p-1", Actor(subject, "safety", 3), at))

    told = family().given(started("alma"))
    confirm("s-1").then(confirmed("s-1", complete=False))
    assert told.state.protected(LATER) == frozenset()
    confirm("s-2").then(confirmed("s-2", complete=True))
    assert told.state.protected(LATER) == {"alma"}
    assert told.state.protections["alma"].confirmers == ("s-1", "s-2")


@pytest.mark.parametrize(
    "before, named, subject, at, code, place",
    [
        ((), "p-1", "s", NOW, "unknown_protection", "protection_id"),
        ((started("alma"),), "p-9", "s", NOW, "unknown_protection", "protection_id"),
        ((started("alma"),), "p-1", "s", LATER, "lapsed", ""),
        ((started("alma"),), "p-1", "agent", NOW, "another_person", ""),
        ((started("alma"), confirmed("s", complete=False)), "p-1", "s", NOW, "another_person", ""),
        ((started("alma"), confirmed("s", complete=True)), "p-1", "t", NOW, "confirmed_already", ""),
    ],
)
def test_a_confirmation_is_refused(
    *, before: tuple[Event, ...], named: str, subject: str, at: datetime, code: str, place: str
) -> None:
    told = family().given(*before)
    told.when(lambda state: protection.confirm(state, named, Actor(subject, "safety", 3), at)).then_refused(code, place)


def test_a_confirmation_of_nothing_folds_to_nothing() -> None:
    assert family().given(confirmed("s", complete=True)).state.protections == {}


def test_protection_opens_a_link_to_a_first_passcode_only() -> None:
    def chosen(*, gates: bool) -> PasscodeSet:
        return PasscodeSet(party_id="alma", offer_id="o", passcode_id="c", digest=Plain("alma", b"d"), gates=gates)

    assert protection.opens_link(family().state, "alma")
    assert not protection.opens_link(family().state, "stranger")
    # Whoever shares her mailbox may have chosen that one; but one that came to the safe contact is proved first.
    assert protection.opens_link(family().given(chosen(gates=True)).state, "alma")
    assert not protection.opens_link(family().given(chosen(gates=False)).state, "alma")


def safely(mark: str, **more: Any) -> ProtectionStarted:
    return replace(started("alma", **more), mark=mark)


def test_a_protection_for_which_different_safe_contacts_were_named_is_not_confirmed() -> None:
    s_1, s_2 = Actor("s-1", "safety", 3), Actor("s-2", "safety", 3)
    told = family().given(safely("his", safe=b"his"), safely("hers", named="p-2", by="other"))
    for decide in (
        lambda state: protection.confirm(state, "p-1", s_1, NOW),
        lambda state: review.review(state, "p-1", s_1, NOW, finding="upheld", words=Plain("alma", b"")),
    ):
        with pytest.raises(Refused) as refused:
            decide(told.state)
        assert refused.value.code == "safe_contact_differs"
    for actor in (s_1, s_2):
        typed = safe_contact.correct(told.state, "p-1", actor, NOW, mark="hers", safe_contact=Plain("alma", b"hers"))
        told.given(typed)
    told.when(lambda state: protection.confirm(state, "p-1", s_1, NOW)).then(confirmed("s-1", complete=False))
    assert told.state.protections["alma"].safe_contact.personal == Plain("alma", b"hers")
    # And again, if somebody names another after it was settled; but the same, typed twice, is one.
    told.given(safely("hers", named="p-3", by="other"))
    assert told.state.protections["alma"].named == {"hers"}
    told.given(safely("his", named="p-4", by="other"))
    assert told.state.protections["alma"].named == {"hers", "his"}


# --- of whom the held view tells a party nothing ---------------------------------------------------------------------


def test_everybody_is_shy_of_a_protected_party_but_that_party() -> None:
    state = family().given(started("alma", "bo")).state
    protected = state.protected(NOW)
    assert {who: set(state.shy_of(who, protected)) for who in state.parties} == {
        "alma": set(),
        "bo": {"alma"},
        "cy": {"alma"},
    }


def test_claims_of_two_keep_each_from_the_other_until_people_have_looked_at_both() -> None:
    hers, his = frozenset({"alma"}), frozenset({"bo"})
    both = hers | his
    told = family().given(started("alma"), started("bo", named="p-2"))
    assert (told.state.shy_of("alma", both), told.state.shy_of("bo", both)) == (his, hers)
    told.given(confirmed("s", complete=True))
    assert (told.state.shy_of("alma", both), told.state.shy_of("bo", both)) == (his, hers)
    told.given(confirmed("s", complete=True, named="p-2", party_id="bo"))
    assert (told.state.shy_of("alma", both), told.state.shy_of("bo", both)) == (frozenset(), frozenset())
    # A caller's words alone do not part two whom people have looked at, nor make the one adverse to the other.
    told.given(started("alma", "bo", "cy", named="p-3"))
    assert (told.state.shy_of("alma", both), told.state.shy_of("bo", both)) == (frozenset(), frozenset())
    assert [bool(told.state.adverse_towards(who, hers)) for who in ("bo", "cy")] == [False, True]
    # Once two people have confirmed the name the claims cross: both are protected until people have upheld both.
    for subject in ("s-1", "s-2"):
        told.given(protection.confirm(told.state, "p-1", Actor(subject, "safety", 3), NOW))
        assert bool(told.state.adverse_towards("bo", hers)) is (subject == "s-2")
    assert (told.state.shy_of("alma", both), told.state.shy_of("bo", both)) == (his, hers)
    # And two who look at it again strike a name.
    for subject in ("s-3", "s-4"):
        found = review.review(
            told.state, "p-1", Actor(subject, "safety", 3), NOW,
            finding="upheld", words=Plain("alma", b"why"), struck=frozenset({"bo"}),
        )  # fmt: skip
        told.given(*found)
    assert (told.state.shy_of("alma", both), told.state.shy_of("bo", both)) == (frozenset(), frozenset())
    assert told.state.protections["alma"].adverse == {"cy"}
