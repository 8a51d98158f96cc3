"""Hand-offs: who may take a contact over, what goes along, and that nobody ever gains by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import evidence, hand_off, interaction
from domain.account import AccountState
from domain.clearance import Clearances, Cleared
from domain.consent import Consent
from domain.decision import Question
from domain.event import Actor, Event, Plain
from domain.evidence import EvidenceCarried, InteractionContinued
from domain.hand_off import (
    RESUME_LASTS,
    TRANSFER_LASTS,
    HandOffOffered,
    HandOffState,
    HandOffTaken,
    RecipientKind,
    ResumeIssued,
    ResumeState,
    ResumeUsed,
    Spent,
    Why,
)
from domain.interaction import CALLER, LASTS, InteractionClosed, InteractionState, Listener, Method, Proof
from domain.passcode import CallBackPlaced, PasscodeSet
from domain.policy import PolicyTable
from tests.domain.deciding import Deciding
from tests.domain.worlds import (
    ACCOUNT,
    AGENT,
    ELSEWHERE,
    LINE,
    NOW,
    PARTIES,
    PLAIN,
    World,
    ask,
    cases,
    confirmed,
    gated,
    happened,
    started,
    telling,
)

RECEIVER = Actor("receiver", "agent", 1, "sofia")


def offered(kind: RecipientKind = "team", name: str = "ticketing") -> HandOffOffered:
    return HandOffOffered(
        interaction_id="i",
        offered_by=AGENT,
        to_kind=kind,
        to_name=name,
        reason=Plain("i", b""),
        expires_at=NOW + TRANSFER_LASTS,
    )


def code() -> Deciding[HandOffState]:
    return Deciding(HandOffState(), lambda state, event, version: hand_off.evolve(state, event))


def why(take: Callable[[], None]) -> Why | None:
    """Why it is not good, as auditors read it; None where it is."""
    try:
        take()
    except Spent as spent:
        return spent.why
    return None


def test_whyever_a_code_is_not_good_the_same_is_said() -> None:
    reasons: list[Why] = ["unknown", "used", "expired", "another's", "over"]
    assert len({(str(Spent(each)), Spent(each).code, Spent(each).detail, Spent(each).place) for each in reasons}) == 1


@pytest.mark.parametrize("kind, name", [("team", "ticketing"), ("site", "sofia"), ("agent", "receiver")])
def test_whom_it_was_offered_to_may_take_it_once(kind: RecipientKind, name: str) -> None:
    state = code().given(offered(kind, name)).state
    assert why(lambda: hand_off.take(state, LINE, RECEIVER, "ticketing", NOW)) is None
    taken = code().given(offered(kind, name), HandOffTaken(interaction_id="j")).state
    assert why(lambda: hand_off.take(taken, LINE, RECEIVER, "ticketing", NOW)) == "used"


@pytest.mark.parametrize(
    "kind, name, team",
    [
        ("team", "ticketing", "baggage"),
        ("team", "ticketing", ""),
        ("site", "manila", "ticketing"),
        ("agent", "sofia", "ticketing"),
        ("agent", "Receiver", ""),
        ("site", "", ""),
    ],
)
def test_nobody_else_may(kind: RecipientKind, name: str, team: str) -> None:
    state = code().given(offered(kind, name)).state
    assert why(lambda: hand_off.take(state, LINE, RECEIVER, team, NOW)) == "another's"


def test_whoever_offered_it_is_not_its_receiver() -> None:
    state = code().given(offered("site", "manila")).state
    assert why(lambda: hand_off.take(state, LINE, Actor(AGENT, "agent", 1, "manila"), "", NOW)) == "another's"


def test_a_code_is_good_for_ten_minutes_and_while_the_line_is_open() -> None:
    state = code().given(offered()).state
    late = NOW + TRANSFER_LASTS
    assert timedelta(minutes=10) >= TRANSFER_LASTS
    assert why(lambda: hand_off.take(state, LINE, RECEIVER, "ticketing", late - timedelta(seconds=1))) is None
    assert why(lambda: hand_off.take(state, LINE, RECEIVER, "ticketing", late)) == "expired"
    over = interaction.evolve(LINE, InteractionClosed())
    assert why(lambda: hand_off.take(state, over, RECEIVER, "ticketing", NOW)) == "over"
    old = replace(LINE, opened_at=NOW - LASTS)
    assert why(lambda: hand_off.take(state, old, RECEIVER, "ticketing", NOW)) == "over"
    assert why(lambda: hand_off.take(HandOffState(), None, RECEIVER, "ticketing", NOW)) == "unknown"


def test_a_resume_code_is_good_once_and_for_a_day() -> None:
    issued = ResumeIssued(interaction_id="i", expires_at=NOW + RESUME_LASTS)
    state = hand_off.evolve_resume(ResumeState(), issued)
    assert why(lambda: hand_off.use(state, NOW)) is None
    assert why(lambda: hand_off.use(state, NOW + RESUME_LASTS)) == "expired"
    used = hand_off.evolve_resume(state, ResumeUsed(interaction_id="j"))
    assert why(lambda: hand_off.use(used, NOW)) == "used"
    assert why(lambda: hand_off.use(ResumeState(), NOW)) == "unknown"


def test_the_line_it_came_from_is_over_and_says_where_it_went() -> None:
    state = evidence.evolve(LINE, InteractionContinued(continued_in="j"), RECEIVER)
    assert not state.usable(AGENT, NOW)
    assert state.continued_in == "j"


def moved(line: InteractionState, account: AccountState, actor: Actor = RECEIVER) -> InteractionState:
    accounts = {each: account if each == ACCOUNT else AccountState() for each in evidence.proved_on(line)}
    handed = evidence.transferred(line, accounts, NOW)
    carried = EvidenceCarried(continues="i", by="transfer", evidence=handed)
    return evidence.evolve(InteractionState(), carried, actor)


# What is not evidence: whose line it was, whether it is over, where it went, and what the receiver did not hear said.
NOT_CARRIED = {"agent", "tier", "site", "closed", "continued_in", "continues", "consents"}


def test_everything_an_interaction_knows_is_carried_or_is_known_not_to_be() -> None:
    """A new field of an interaction is to be thought about here: is it evidence, or a verdict?"""
    known = dict[str, Any](
        agent=AGENT,
        tier=3,
        site="manila",
        channel="chat",
        contact="mark",
        opened_at=NOW - timedelta(hours=2),
        closed=True,
        account_id=ACCOUNT,
        listeners={CALLER: Listener(CALLER, "customer", identified={ACCOUNT: "alma"})},
        failures=3,
        may_prove=frozenset({"alma"}),
        bindings=4,
        queued_at=NOW - timedelta(hours=3),
        continued_in="somewhere",
        continues="earlier",
        cleared=Clearances(binding=4, confirmed=(Cleared("refund", "warehouse", NOW),), signals={"s": "safety"}),
        consents=(Consent(CALLER, "l-1", "alma", ACCOUNT, 3),),
        disputed_by=(AGENT,),
        locator="locator",
        place="place",
        duress=(ACCOUNT,),
        bound_to=(ACCOUNT,),
        phantom="phantom",
    )
    assert known.keys() == set(InteractionState.__struct_fields__)
    told = InteractionState(**known)
    assert not [name for name, value in known.items() if value == getattr(InteractionState(), name)]
    after = moved(told, PLAIN)
    for name in set(InteractionState.__struct_fields__) - NOT_CARRIED:
        assert getattr(after, name) == getattr(told, name), name
    assert (after.agent, after.tier, after.site, after.closed) == ("receiver", 1, "sofia", False)


def test_a_verdict_of_a_colleague_is_not_carried() -> None:
    granted = Clearances(binding=1, granted=(Cleared("refund", "tier-2", NOW),))
    assert moved(replace(LINE, cleared=granted), PLAIN).cleared.granted == ()


SET = PasscodeSet(party_id="alma", offer_id="o2", passcode_id="c2", digest=Plain("alma", b"d"), gates=True)


def placed(who: str, call_back_id: str = "secret") -> CallBackPlaced:
    return CallBackPlaced(
        party_id=who,
        call_back_id=call_back_id,
        digest=Plain(who, b"d"),
        supervisor="s",
        interaction_id="i",
        expires_at=NOW,
    )


def proved(who: str, method: Method, secret: str) -> Listener:
    return Listener(CALLER, "customer", identified={ACCOUNT: who}, proofs={ACCOUNT: Proof(who, method, secret)})


@pytest.mark.parametrize(
    "listener, account, stands",
    [
        (proved("alma", "passcode", "c-alma"), happened(PLAIN, gated("alma")), True),
        (proved("alma", "passcode", "c-alma"), happened(PLAIN, gated("alma"), SET), False),
        (proved("alma", "passcode", "c-alma"), PLAIN, False),
        # One that came with a protection which nobody has confirmed proves nothing.
        (proved("alma", "passcode", "c-alma"), happened(PLAIN, started("alma"), gated("alma", gates=False)), False),
        (
            proved("alma", "call_back", "secret"),
            happened(PLAIN, started("alma"), confirmed("alma"), placed("alma")),
            True,
        ),
        (proved("alma", "call_back", "secret"), happened(PLAIN, started("alma"), placed("alma")), False),
        (
            proved("alma", "call_back", "secret"),
            happened(PLAIN, started("alma"), confirmed("alma"), placed("alma"), placed("alma", "another")),
            False,
        ),
        (proved("alma", "duress", "d-alma"), happened(PLAIN, gated("alma"), SET), True),
        (proved("stranger", "passcode", "c"), PLAIN, False),
    ],
)
def test_a_proof_stands_while_its_secret_is_in_force(listener: Listener, account: AccountState, stands: bool) -> None:  # noqa: FBT001 - a column of the table above
    after = moved(replace(LINE, listeners={CALLER: listener}), account).listeners[CALLER]
    if stands:
        assert after == listener
    else:
        assert after == Listener(CALLER, "customer")


def test_what_was_proved_elsewhere_is_carried_by_itself() -> None:
    two = replace(
        proved("alma", "passcode", "c-alma"),
        identified={ACCOUNT: "alma", ELSEWHERE: "bo"},
        proofs={ACCOUNT: Proof("alma", "passcode", "c-alma"), ELSEWHERE: Proof("bo", "passcode", "gone")},
    )
    after = moved(replace(LINE, listeners={CALLER: two}), happened(PLAIN, gated("alma"))).listeners[CALLER]
    assert after == proved("alma", "passcode", "c-alma")


# --- nobody gains --------------------------------------------------------------------------------------------------


@st.composite
def handed(draw: st.DrawFn) -> tuple[World, Question, int]:
    """A case in which some proofs are still in force, and the tier of whoever takes it over."""
    world, asked = draw(st.one_of(cases(), telling()))
    secrets = {who: draw(st.sampled_from([f"c-{who}", f"c-{who}", "changed since"])) for who in PARTIES}
    events: list[Event] = [placed(who) for who in PARTIES if draw(st.booleans())]
    events += [gated(who) for who in PARTIES if world.account.parties[who].passcode is None and draw(st.booleans())]
    listeners = {}
    for name, listener in world.line.listeners.items():
        proofs = {
            account_id: replace(proof, secret_id=secrets[proof.party_id]) if proof.method == "passcode" else proof
            for account_id, proof in listener.proofs.items()
        }
        listeners[name] = replace(listener, proofs=proofs)
    line = replace(world.line, listeners=listeners)
    return replace(world, account=happened(world.account, *events), line=line), asked, draw(st.integers(1, 3))


def still(world: World) -> bool:
    """Whether every proof on the account stands."""
    proofs = [proof for each in world.line.listeners.values() for name, proof in each.proofs.items() if name == ACCOUNT]
    return all(evidence.in_force(proof, world.account) for proof in proofs)


@given(handed())
def test_a_receiver_hears_at_most_what_the_sender_would_under_his_tier(
    table: PolicyTable, case: tuple[World, Question, int]
) -> None:
    world, asked, tier = case
    actor = Actor("receiver", "agent", tier, "sofia")
    asked = replace(asked, agent="receiver")
    his = replace(world, line=moved(world.line, world.account, actor))
    senders = replace(world, line=replace(world.line, agent="receiver", tier=tier))
    receiver, sender = ask(his, asked, table), ask(senders, asked, table)
    assert receiver.items() <= sender.items()
    assert receiver.decision.outcome == "withheld" or sender.decision.outcome == "disclosed"
    if still(world):  # and then nobody has to repeat anything
        assert receiver.public == sender.public


@given(handed())
def test_however_often_it_is_handed_about_nothing_is_added(case: tuple[World, Question, int]) -> None:
    world, _, tier = case
    once = moved(world.line, world.account)
    twice = moved(once, world.account, Actor(AGENT, "agent", tier, "manila"))
    assert replace(twice, agent="", tier=1, site="") == replace(once, agent="", tier=1, site="")
    assert moved(world.line, world.account, Actor(AGENT, "agent", tier, "manila")) == twice


@pytest.mark.parametrize("contact", [LINE.contact, "elsewhere"])
@given(case=handed())
def test_coming_back_proves_nothing(table: PolicyTable, contact: str, case: tuple[World, Question, int]) -> None:
    world, asked, tier = case
    handed_on = evidence.resumed(world.line, contact=contact, channel="call", now=NOW)
    back = evidence.carried(handed_on, Actor(AGENT, "agent", tier, "manila"))
    assert list(back.listeners) == [CALLER]
    assert back.listeners[CALLER].proofs == {}
    assert back.failures == world.line.failures
    assert back.duress == world.line.duress
    assert back.queued_at == world.line.opened_at
    answered = ask(replace(world, line=back), asked, table)
    if contact != world.line.contact:
        assert answered.decision.outcome == "withheld"
    # At most what the same facts are told when they are offered again.
    fresh = replace(LINE, tier=tier, may_prove=world.line.may_prove, listeners={})
    caller = Listener(CALLER, "customer", identified=world.line.listeners[CALLER].identified)
    again = ask(replace(world, line=replace(fresh, listeners={CALLER: caller})), asked, table)
    assert answered.items() <= again.items()
