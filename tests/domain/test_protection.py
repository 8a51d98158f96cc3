"""Safe contacts, endings and releases, as given, when, then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain import ending, protection, release, review, safe_contact
from domain.account import AccountOpened, AccountState
from domain.booking import BookingState, ShownViewFrozen
from domain.document import BookingDocument
from domain.ending import DAYS_OF_GRACE, LINK_LASTS, ProtectionEnded, ProtectionEndingAsked, ProtectionEndingStopped
from domain.event import Actor, Event, Plain
from domain.item import Traveller
from domain.passcode import (
    MOST_ASKED,
    OFFER_LASTS,
    PasscodeOffered,
    PasscodeRequestDeclined,
    PasscodeSet,
)
from domain.refusal import Refused
from domain.release import BookingReleased
from domain.safe_contact import (
    COOLING_OFF,
    SafeContactChangeAsked,
    SafeContactChanged,
    SafeContactChangeStopped,
    SafeContactCorrectionAsked,
)
from tests.domain.deciding import Deciding
from tests.domain.test_account import LATER, NOW, added, confirmed, on_account, started
from tests.domain.worlds import folded, imported, only

HERS, NEXT, WRONG = Plain("alma", b"hers"), Plain("alma", b"next"), Plain("alma", b"wrong")


def family() -> Deciding[AccountState]:
    return on_account().given(AccountOpened(), added("alma"), added("bo"))


def protected() -> Deciding[AccountState]:
    return family().given(started("alma", "bo"), confirmed("s-1", complete=False), confirmed("s-2", complete=True))


def change(at: timedelta = timedelta(), *, named: str = "c-1", to: Plain = NEXT) -> SafeContactChangeAsked:
    return SafeContactChangeAsked(
        protection_id="p-1", party_id="alma", change_id=named, safe_contact=to, token=named,
        asked_at=NOW + at, effective_at=NOW + at + COOLING_OFF, interaction_id="i",
    )  # fmt: skip


def asked() -> ProtectionEndingAsked:
    return ProtectionEndingAsked(
        protection_id="p-1", party_id="alma", ending_id="e-1", token="t-1", expires_at=NOW + LINK_LASTS,
        agent="agent", interaction_id="i",
    )  # fmt: skip


def reached(told: Deciding[AccountState], after: timedelta) -> Event | object:
    return told.state.protections["alma"].reach(NOW + after).personal


# --- asked again -----------------------------------------------------------------------------------------------------


def test_asking_again_is_the_same_protection_while_it_is_in_force() -> None:
    told = family().given(started("alma"), confirmed("s-1", complete=False))
    again = started("alma", "bo", named="p-2", at=NOW + timedelta(hours=1), by="s-2", safe=b"his")
    told.when(lambda state: protection.start(state, again)).then(replace(again, protection_id="p-1"))
    found = told.state.protections["alma"]
    assert (found.protection_id, found.confirmers, found.adverse) == ("p-1", ("s-1",), frozenset({"bo"}))
    assert (found.until, found.safe_contact.personal) == (again.until, HERS)
    with pytest.raises(Refused, match="another person"):
        protection.confirm(told.state, "p-1", Actor("s-2", "agent", 3), NOW)


def test_a_claim_that_lapsed_begins_anew_without_what_its_safe_contact_was_sent() -> None:
    set_ = PasscodeSet(party_id="alma", offer_id="o", passcode_id="c", digest=Plain("alma", b"d"), gates=False)
    offered = PasscodeOffered(party_id="alma", offer_id="o", token="t", reason="protection", expires_at=LATER)
    told = family().given(started("alma", safe=b"his"), offered, set_)
    again = started("alma", named="p-2", at=LATER, safe=b"hers")
    told.when(lambda state: protection.start(state, again)).then(again)
    assert told.state.parties["alma"].passcode is None
    assert told.state.protections["alma"].protection_id == "p-2"
    # One that left a booking guarded keeps its safe contact, and what was sent there.
    kept = family().given(started("alma"), offered, set_, replace(again, guarded=True))
    assert kept.state.parties["alma"].passcode is not None


# --- safe contact ----------------------------------------------------------------------------------------------------


def test_a_change_is_in_force_after_the_cooling_off_and_not_if_it_was_stopped() -> None:
    told = protected().given(change())
    assert reached(told, COOLING_OFF - timedelta(seconds=1)) == HERS
    assert reached(told, COOLING_OFF) == NEXT
    stopped = SafeContactChangeStopped(protection_id="p-1", party_id="alma", change_id="c-1", by="safe_contact")
    told.when(lambda state: ending.stopped_by_link(state, "c-1", NOW)).then(stopped)
    assert reached(told, COOLING_OFF) == HERS


def test_a_change_of_a_change_starts_from_what_was_in_force() -> None:
    early = protected().given(change(), change(timedelta(hours=1), named="c-2", to=WRONG))
    assert reached(early, COOLING_OFF) == HERS
    assert reached(early, COOLING_OFF + timedelta(hours=1)) == WRONG
    late = protected().given(change(), change(COOLING_OFF, named="c-2", to=WRONG))
    assert reached(late, COOLING_OFF) == NEXT
    assert reached(late, 2 * COOLING_OFF) == WRONG


def test_a_change_cannot_be_stopped_once_it_is_in_force() -> None:
    told = protected().given(change())
    told.when(lambda state: ending.stopped_by_link(state, "c-1", NOW + COOLING_OFF)).then_refused("link_spent")


def test_a_correction_takes_two_who_type_the_same() -> None:
    def correct(subject: str, mark: str = "m") -> Deciding[AccountState]:
        actor = Actor(subject, "agent", 3)
        return told.when(lambda state: safe_contact.correct(state, "p-1", actor, NOW, mark=mark, safe_contact=NEXT))

    offered = PasscodeOffered(party_id="alma", offer_id="o", token="t", reason="protection", expires_at=LATER)
    told = family().given(started("alma"), offered)
    correct("s-1", "typo").then(
        SafeContactCorrectionAsked(protection_id="p-1", party_id="alma", mark="typo", asked_by="s-1")
    )
    correct("s-2").then(SafeContactCorrectionAsked(protection_id="p-1", party_id="alma", mark="m", asked_by="s-2"))
    correct("s-1").then(
        SafeContactChanged(
            protection_id="p-1", party_id="alma", safe_contact=NEXT, corrected_by=("s-2", "s-1"), mark="m"
        )
    )
    assert reached(told, timedelta()) == NEXT
    assert told.state.parties["alma"].offer is None


@pytest.mark.parametrize(
    "before, subject, at, code",
    [
        ((started("alma"),), "agent", NOW, "another_person"),
        ((started("alma"),), "s-1", LATER, "lapsed"),
        ((started("alma"), confirmed("s-2", complete=True)), "s-1", NOW, "confirmed_already"),
    ],
)
def test_a_correction_is_refused(before: tuple[Event, ...], subject: str, at: object, code: str) -> None:
    told = family().given(*before)
    actor = Actor(subject, "agent", 3)
    told.when(
        lambda state: safe_contact.correct(state, "p-1", actor, at, mark="m", safe_contact=NEXT)  # type: ignore[arg-type]  # a time
    ).then_refused(code)


# --- ending ----------------------------------------------------------------------------------------------------------


def test_an_ending_takes_the_safe_contacts_word_and_fourteen_days() -> None:
    told = protected().given(asked())
    with pytest.raises(Refused):
        ending.confirmed_by_link(told.state, "another", "t-2", NOW)
    with pytest.raises(Refused):
        ending.confirmed_by_link(told.state, "t-1", "t-2", NOW + LINK_LASTS)
    told.when(lambda state: ending.confirmed_by_link(state, "t-1", "t-2", NOW))
    end = NOW + DAYS_OF_GRACE
    assert told.state.protected(end - timedelta(seconds=1)) == {"alma"}
    assert told.state.protected(end) == frozenset()
    assert told.state.confirmed() == {"alma"}  # her safe contact stays the one that is called
    with pytest.raises(Refused, match="used"):
        ending.stopped_by_link(told.state, "t-2", end)


def test_the_end_is_put_on_record_once() -> None:
    told = protected().given(asked()).when(lambda state: ending.confirmed_by_link(state, "t-1", "t-2", NOW))
    assert ending.record(told.state, NOW) == []
    over = ProtectionEnded(protection_id="p-1", party_id="alma", how="as_asked")
    told = protected().given(asked()).when(lambda state: [ending.confirmed_by_link(state, "t-1", "t-2", NOW)])
    assert ending.record(told.state, NOW + DAYS_OF_GRACE) == [over]
    assert ending.record(told.given(over).state, NOW + DAYS_OF_GRACE) == []


def test_what_is_stopped_goes_on() -> None:
    told = protected().given(asked())
    stopped = ProtectionEndingStopped(protection_id="p-1", party_id="alma", ending_id="e-1", by="safe_contact")
    told.when(lambda state: ending.stopped_by_link(state, "t-1", NOW)).then(stopped)
    assert told.state.protections["alma"].ending is None


def test_who_may_not_ask_for_an_end_and_who_may_not_confirm_it() -> None:
    assert ending.not_to_be_asked(family().state, "alma", NOW) == "not protected"
    assert ending.not_to_be_asked(family().given(started("alma")).state, "alma", NOW).startswith("provisional")
    assert ending.not_to_be_asked(protected().state, "alma", NOW) == ""
    told = protected()
    assert ending.not_to_be_confirmed(told.state, "alma", "s", NOW) == "nothing to confirm"
    told.given(asked())
    assert "took the call" in ending.not_to_be_confirmed(told.state, "alma", "agent", NOW)
    assert ending.not_to_be_confirmed(told.state, "alma", "s", NOW) == ""
    assert ending.not_to_be_confirmed(told.state, "alma", "s", NOW + LINK_LASTS) == "nothing to confirm"
    told.when(lambda state: ending.confirmed_by_link(state, "t-1", "t-2", NOW))
    assert ending.not_to_be_asked(told.state, "alma", NOW) == "under way already"
    assert ending.not_to_be_confirmed(told.state, "alma", "s", NOW) == "under way already"


# --- review and release ----------------------------------------------------------------------------------------------


def test_a_claim_that_lapsed_may_still_be_found_wrong_and_not_right() -> None:
    told = family().given(started("alma"))
    actor = Actor("s-1", "agent", 3)
    told.when(lambda state: review.review(state, "p-1", actor, LATER, finding="upheld", words=HERS)).then_refused(
        "lapsed"
    )
    again = family().given(started("alma"))
    again.when(lambda state: review.review(state, "p-1", actor, LATER, finding="not_upheld", words=HERS))
    other = Actor("s-2", "agent", 3)
    again.when(lambda state: review.review(state, "p-1", other, LATER, finding="not_upheld", words=HERS))
    assert again.state.protections["alma"].dismissed


def test_only_what_was_frozen_and_concerns_the_party_is_released() -> None:
    def document(tag: str, *who: str) -> BookingDocument:
        travellers = tuple(Traveller(surname=f"{tag}-{each}", subjects=(each,)) for each in who)
        return BookingDocument(source=tag, travellers=travellers)

    def parted(*who: str) -> BookingState:
        state = only("b", document("old", *who)).state
        return folded(state, ShownViewFrozen(protection_id="p"), imported(document("new", *who), "new"))

    told = protected().given(asked()).when(lambda state: ending.confirmed_by_link(state, "t-1", "t-2", NOW))
    end = NOW + DAYS_OF_GRACE
    assert release.not_to_be_released(told.state, "alma", NOW) == "the protection is in force"
    assert release.not_to_be_released(told.state, "bo", NOW) == "another's protection is in force"
    assert release.not_to_be_released(told.state, "alma", end) == ""
    books = {"hers": parted("alma"), "his": parted("bo"), "plain": only("b", document("old", "alma")).state}
    mine = BookingReleased(party_id="alma", rejoined=True)
    assert release.release(told.state, "alma", books, None, end) == {"hers": mine}
    assert release.release(told.state, "alma", books, frozenset({"his"}), end) == {}
    # His alone waits for hers: as long as she keeps anything closed, nothing on the account is as it was.
    assert release.release(told.state, "bo", books, None, end) == {
        "his": BookingReleased(party_id="bo", rejoined=False)
    }
    rejoined = folded(books["hers"], mine)
    assert rejoined.shown is rejoined.held
    assert not rejoined.frozen


# --- who may call back -----------------------------------------------------------------------------------------------


def test_an_account_remembers_for_a_day_in_which_calls_it_was_asked_in_vain_and_no_more_than_it_must() -> None:
    def in_vain(agent: str, call: str = "", after: timedelta = timedelta()) -> PasscodeRequestDeclined:
        return PasscodeRequestDeclined(
            interaction_id=call or f"i-{agent}", party_id="", why="", agent=agent, at=NOW + after
        )

    told = family().given(in_vain("first"), *(in_vain("one", f"i-{at}") for at in range(200)))
    # Each contact counts, and no more of one agent's make anybody forget another's.
    assert [each.interaction_id for each in told.state.asked_in] == ["i-first", *(f"i-{at}" for at in range(137, 200))]
    told.given(in_vain("one", "i-199", timedelta(hours=1)))
    assert [each.interaction_id for each in told.state.asked_in][-1] == "i-199"
    assert len(told.state.asked_in) == MOST_ASKED
    told.given(in_vain("late", after=OFFER_LASTS))
    assert [each.agent for each in told.state.asked_in] == ["one", "late"]
    told.given(PasscodeRequestDeclined(interaction_id="i", party_id="", why="nobody to call back"))
    assert len(told.state.asked_in) == 2
