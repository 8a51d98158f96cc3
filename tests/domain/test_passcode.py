"""Choosing a passcode by a one-time link, and what wrong ones cost the contact they came from."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from domain import account, contact, passcode
from domain.account import AccountOpened, AccountState
from domain.contact import ContactCleared, ContactFailed, ContactState
from domain.event import Event, Plain
from domain.interaction import InteractionClosed
from domain.party import PartyAdded
from domain.passcode import OFFER_LASTS, PasscodeOffered, PasscodeSet, Reason
from tests.domain.deciding import Deciding

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def offered(token: str, reason: Reason = "requested", party_id: str = "alma") -> PasscodeOffered:
    return PasscodeOffered(
        party_id=party_id, offer_id=f"o-{token}", token=token, reason=reason, expires_at=NOW + OFFER_LASTS
    )


def chosen(offer_id: str = "o-t", *, gates: bool = True, duress: bytes | None = None) -> PasscodeSet:
    return PasscodeSet(
        party_id="alma",
        offer_id=offer_id,
        passcode_id="c",
        digest=Plain("alma", b"digest"),
        duress_id="u",
        duress_digest=None if duress is None else Plain("alma", duress),
        gates=gates,
    )


def alma(*events: Event) -> Deciding[AccountState]:
    people = [PartyAdded(party_id=who, kind="holder", marks=(), profile=Plain(who, b"")) for who in ("alma", "bo")]
    return Deciding(AccountState(), account.evolve).given(AccountOpened(), *people, *events)


def choosing(told: Deciding[AccountState], token: str, at: datetime = NOW, duress: bytes | None = None) -> None:
    told.when(
        lambda state: passcode.choose(state, token, at, passcode_id="c", digest=b"digest", duress_id="u", duress=duress)
    )


def test_a_link_sets_the_passcode_of_the_party_it_went_to() -> None:
    told = alma(offered("other", party_id="bo"), offered("t"))
    choosing(told, "t", duress=b"duress")
    told.then(chosen(duress=b"duress"))


def test_a_link_works_once() -> None:
    told = alma(offered("t"))
    choosing(told, "t")
    told.then(chosen())
    again = alma(offered("t"), chosen())
    choosing(again, "t")
    again.then_refused("link_spent")


@pytest.mark.parametrize("at, spent", [(OFFER_LASTS - timedelta(seconds=1), False), (OFFER_LASTS, True)])
def test_a_link_expires(at: timedelta, spent: bool) -> None:  # noqa: FBT001 - a column of the table
    told = alma(offered("t"))
    choosing(told, "t", NOW + at)
    if spent:
        told.then_refused("link_spent")
    else:
        told.then(chosen())


def test_a_newer_link_replaces_an_older_one() -> None:
    told = alma(offered("old"), offered("t"))
    choosing(told, "old")
    told.then_refused("link_spent")


def test_nobodys_link_is_refused_in_the_same_words() -> None:
    told = alma()
    choosing(told, "")
    told.then_refused("link_spent")


def test_a_link_that_came_with_a_protection_does_not_gate() -> None:
    told = alma(offered("t", "protection"))
    choosing(told, "t")
    told.then(chosen(gates=False))


def test_a_link_that_came_with_a_protection_replaces_no_passcode() -> None:
    """Or a link that lies about would be a reset of her passcode without proof."""
    told = alma(offered("first", "protection"), chosen("o-first", gates=False), offered("t", "protection"))
    choosing(told, "t")
    told.then_refused("link_spent")


def test_what_is_chosen_through_the_safe_contact_stands_beside_what_was_asked_for_on_a_call() -> None:
    told = alma(
        offered("first"), replace(chosen("o-first", duress=b"d"), passcode_id="old"), offered("t", "protection")
    )
    choosing(told, "t")
    party = told.then(chosen(gates=False)).state.parties["alma"]
    assert (party.passcode, party.outward) != (None, None)
    assert [None if each is None else each.passcode_id for each in (party.passcode, party.outward)] == ["c", "old"]
    assert party.outward_duress is not None
    assert party.gated


def test_neither_link_takes_the_place_of_the_other() -> None:
    told = alma(offered("mailbox"), replace(offered("t"), via="safe_contact"))
    choosing(told, "mailbox")
    told.then(replace(chosen("o-mailbox"), outward=True))
    again = alma(replace(offered("t"), via="safe_contact"), replace(offered("mailbox"), via="outward"))
    choosing(again, "t")
    again.then(chosen(gates=False))
    assert again.state.parties["alma"].outward_offer is not None
    newer = alma(offered("mailbox"), replace(offered("t"), via="outward"))
    choosing(newer, "mailbox")
    newer.then_refused("link_spent")


def test_who_requested_a_link_may_replace_a_passcode() -> None:
    told = alma(offered("first"), chosen("o-first"), offered("t"))
    choosing(told, "t")
    told.then(chosen())


# --- contacts: NIST SP 800-63B-4, section 3.2.2 ----------------------------------------------------------------------


def failed(times: int, at: datetime = NOW) -> ContactState:
    state = ContactState()
    for _ in range(times):
        state = contact.evolve(state, ContactFailed(at=at))
    return state


@pytest.mark.parametrize(
    "failures, seconds",
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 960), (11, 1920), (12, 3600), (99, 3600)],
)
def test_delays_grow_from_thirty_seconds_to_an_hour(failures: int, seconds: int) -> None:
    assert contact.delay(failures) == timedelta(seconds=seconds)
    state = failed(failures)
    assert not contact.blocked(state, NOW + timedelta(seconds=seconds))
    if seconds:
        assert contact.blocked(state, NOW + timedelta(seconds=seconds - 1))


def test_delays_never_shrink() -> None:
    delays = [contact.delay(failures) for failures in range(1_000)]
    assert delays == sorted(delays)
    assert set(delays) <= {timedelta(0)} | {timedelta(seconds=seconds) for seconds in range(30, 3601)}


def test_a_hundred_failures_in_a_row_shut_the_contact() -> None:
    assert not contact.blocked(failed(99), NOW + timedelta(days=1))
    assert contact.blocked(failed(100), NOW + timedelta(days=3650))


def test_a_right_passcode_starts_the_count_anew() -> None:
    assert contact.evolve(failed(99), ContactCleared()) == ContactState()
    assert contact.evolve(failed(3), InteractionClosed()) == failed(3)


def test_streams_are_named_by_their_noun() -> None:
    assert (contact.stream("x"), account.stream("x")) == ("contact:x", "account:x")
