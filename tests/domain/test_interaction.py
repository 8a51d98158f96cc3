"""Interactions: opened, bound, joined, left, verified, closed; and who may still use one."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from domain import interaction, mistake
from domain.consent import Consent, ConsentGiven
from domain.contact import ContactCleared
from domain.event import Event, Plain
from domain.interaction import (
    CALLER,
    LASTS,
    MOST_LISTENERS,
    Disputed,
    DisputeResolved,
    InteractionBound,
    InteractionClosed,
    InteractionOpened,
    InteractionState,
    Listener,
    ListenerJoined,
    ListenerKind,
    ListenerLeft,
    ListenerVerified,
    Proof,
    VerificationFailed,
)
from domain.refusal import Refused
from tests.domain.deciding import Deciding

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
OPENED = InteractionOpened(channel="chat", contact="mark", contact_id=Plain("callers", b"+44"), at=NOW)


def bound(account_id: str, party_id: str) -> InteractionBound:
    return InteractionBound(
        account_id=account_id, party_id=party_id, known=True, hidden=False, facts=("surname",), offered=Plain("c", b"")
    )


def joined(
    listener_id: str, kind: ListenerKind = "customer", *, bound: bool = False, party: str = ""
) -> ListenerJoined:
    return ListenerJoined(
        listener_id=listener_id, kind=kind, bound=bound, account_id="a", party_id=party, offered=Plain("c", b"")
    )


def verified(listener_id: str, account_id: str, party_id: str) -> ListenerVerified:
    return ListenerVerified(
        listener_id=listener_id, account_id=account_id, party_id=party_id, method="passcode", secret_id="s"
    )


def contact(*events: Event) -> Deciding[InteractionState]:
    begun = interaction.opened(OPENED, "agent", 2, "manila")
    return Deciding(begun, lambda state, event, version: interaction.evolve(state, event)).given(*events)


def test_a_contact_begins_with_one_caller_of_whom_nothing_is_known() -> None:
    state = contact().state
    assert state.listeners == {CALLER: Listener(CALLER, "customer")}
    assert (state.agent, state.tier, state.site, state.channel, state.contact) == ("agent", 2, "manila", "chat", "mark")
    assert (state.account_id, state.failures, state.closed) == ("", 0, False)


def test_one_contact_may_be_about_several_accounts() -> None:
    state = contact(bound("a", "alma"), verified(CALLER, "a", "alma"), bound("b", "")).state
    assert state.account_id == "b"
    assert state.listeners[CALLER].identified == {"a": "alma", "b": ""}
    assert state.listeners[CALLER].proofs == {"a": Proof("alma", "passcode", "s")}


def test_binding_anew_forgets_who_the_caller_was_taken_for() -> None:
    assert contact(bound("a", "alma"), bound("a", "")).state.listeners[CALLER].identified == {"a": ""}


def test_bound_by_a_hidden_locator_only_those_on_the_held_view_can_prove_themselves() -> None:
    by_hidden = replace(bound("a", ""), hidden=True, may_prove=("alma",))
    told = contact(bound("a", "bo"), verified(CALLER, "a", "bo"), joined("x"), verified("x", "a", "alma"), by_hidden)
    caller, other = told.state.listeners[CALLER], told.state.listeners["x"]
    assert told.state.may_prove == frozenset({"alma"})
    assert (told.state.proof(caller), told.state.taken_for(caller)) == (None, "")
    assert told.state.proof(other) == Proof("alma", "passcode", "s")
    told.given(bound("a", "bo"))  # by one that is shown again: what was proved stands
    caller = told.state.listeners[CALLER]
    assert (told.state.proof(caller), told.state.taken_for(caller)) == (Proof("bo", "passcode", "s"), "bo")


def test_people_join_and_leave() -> None:
    told = contact(joined("x", "interpreter", bound=True, party=""), joined("y", party="bo"))
    assert told.state.listeners["x"] == Listener("x", "interpreter", bound=True, identified={"a": ""})
    assert told.state.listeners["y"].identified == {"a": "bo"}
    told.when(lambda state: interaction.leave(state, "x")).then(ListenerLeft(listener_id="x"))
    assert list(told.state.listeners) == [CALLER, "y"]


def test_who_joins_before_it_is_about_an_account_is_identified_on_none() -> None:
    early = ListenerJoined(
        listener_id="x", kind="customer", bound=False, account_id="", party_id="", offered=Plain("c", b"")
    )
    assert contact(early).state.listeners["x"].identified == {}


def test_one_persons_proof_is_nobody_elses() -> None:
    state = contact(joined("x", party="bo"), verified("x", "a", "bo")).state
    assert state.listeners["x"].proofs == {"a": Proof("bo", "passcode", "s")}
    assert state.listeners[CALLER].proofs == {}


@pytest.mark.parametrize("who, code", [(CALLER, "caller_stays"), ("x", "unknown_listener")])
def test_who_cannot_leave(who: str, code: str) -> None:
    contact().when(lambda state: interaction.leave(state, who)).then_refused(code, "listener_id")


def test_a_line_has_room_for_sixteen() -> None:
    told = contact(*(joined(str(number)) for number in range(MOST_LISTENERS - 2)))
    told.when(lambda state: interaction.join(state, joined("last"))).then(joined("last"))
    assert len(told.state.listeners) == MOST_LISTENERS == 16
    full = contact(*(joined(str(number)) for number in range(MOST_LISTENERS - 1)))
    full.when(lambda state: interaction.join(state, joined("one more"))).then_refused("too_many_listeners")


def test_failures_are_counted() -> None:
    failed = VerificationFailed(listener_id=CALLER)
    assert contact(failed, failed, verified(CALLER, "a", "alma")).state.failures == 2


@pytest.mark.parametrize(
    "events, agent, at",
    [
        ((InteractionClosed(),), "agent", NOW),
        ((), "agent", NOW + LASTS),
        ((), "another", NOW),
        ((), "", NOW),
    ],
)
def test_who_may_not_use_it_any_more(events: tuple[Event, ...], agent: str, at: datetime) -> None:
    told = contact(*events)
    assert not told.state.usable(agent, at)
    told.when(lambda state: interaction.use(state, agent, at)).then_refused("interaction_over", "interaction_id")


def test_its_own_agent_uses_it_until_it_expires() -> None:
    told = contact().when(lambda state: interaction.use(state, "agent", NOW + LASTS - timedelta(microseconds=1)))
    told.then_nothing_happened()


def test_one_that_nobody_opened_is_nobodys() -> None:
    assert not InteractionState().usable("", NOW)


def test_what_is_not_its_own_leaves_it_as_it_is() -> None:
    state = contact(bound("a", "alma")).state
    assert interaction.evolve(state, ContactCleared()) == state
    assert interaction.stream("x") == "interaction:x"


AGREED = ConsentGiven(by=CALLER, listener_id="guest", party_id="alma", account_id="a", classes="EI", bindings=1)


@pytest.mark.parametrize(
    "then", [ListenerLeft(listener_id="guest"), bound("a", "alma"), bound("b", ""), replace(AGREED, classes="")]
)
def test_a_consent_ends_when_either_leaves_or_the_contact_is_bound_anew(then: Event) -> None:
    line = contact(bound("a", "alma"), joined("guest"), verified(CALLER, "a", "alma"), AGREED)
    assert line.state.consents == (Consent(CALLER, "guest", "alma", "a", 3),)
    assert line.given(then).state.consents == ()


def test_what_was_given_when_it_was_bound_is_kept_as_long_as_it_is_bound_so() -> None:
    line = contact(replace(bound("a", ""), locator="mark", place="there"))
    assert (line.state.locator, line.state.place) == ("mark", "there")
    assert (line.given(bound("a", "")).state.locator, line.state.place) == ("", "")


def disputed(agent: str = "agent") -> Disputed:
    return Disputed(agent=agent, words=Plain("c", b""))


def test_a_dispute_stands_until_another_person_has_looked() -> None:
    line = contact(disputed())
    assert line.state.disputed_by == ("agent",)
    for concerned in ("agent", line.state.agent):
        with pytest.raises(Refused, match="another person"):
            interaction.resolve(line.state, concerned)
    interaction.resolve(line.state, "somebody else")
    resolved = line.given(DisputeResolved(resolver="somebody else", words=Plain("c", b""))).state
    assert resolved.disputed_by == ()
    with pytest.raises(Refused, match="nobody said"):
        interaction.resolve(resolved, "somebody else")
    with pytest.raises(Refused, match="closed"):
        interaction.resolve(contact(disputed(), InteractionClosed()).state, "somebody else")


def test_everybody_to_whom_it_was_said_stays_one_of_them() -> None:
    line = contact(disputed("one"), disputed("two"), disputed("two"))
    assert line.state.disputed_by == ("one", "two")
    for each in ("one", "two"):
        with pytest.raises(Refused, match="another person"):
            interaction.resolve(line.state, each)
    many = contact(*(disputed(f"agent-{number}") for number in range(200))).state
    assert many.disputed_by[0] == "agent-0"
    assert len(many.disputed_by) == interaction.MOST_TOLD


def test_a_duress_passcode_that_was_refused_proves_nothing_and_is_remembered() -> None:
    refused = VerificationFailed(listener_id=CALLER, account_id="a", duress_of="alma")
    line = contact(bound("a", ""), refused)
    assert line.state.proof(line.state.listeners[CALLER]) is None
    assert (set(line.state.duress), line.state.failures) == ({"a"}, 1)


def test_a_mistake_is_reported_by_whoever_had_the_contact_though_it_is_over() -> None:
    state = contact(InteractionClosed()).state
    mistake.report(state, "agent")
    with pytest.raises(Refused) as refused:
        mistake.report(state, "another")
    assert refused.value.code == "another_agents"
