"""Actions: what they take of those who listen, who does them, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from domain import action
from domain.action import DUE, NEEDED, Action, ActionClosed, ActionState
from domain.decision import Question
from domain.dimension import Purpose
from domain.event import Plain
from domain.field_class import FieldClass
from domain.interaction import CALLER, Listener, Proof
from domain.policy import PolicyTable
from domain.refusal import Refused
from tests.domain.test_consent import DEALER, booked, proved, trip
from tests.domain.worlds import ACCOUNT, AGENT, LINE, PLAIN, Booked, World, ask, confirmed, gated, happened, started

BO = Listener(CALLER, "customer", identified={ACCOUNT: "bo"})
TRIP = booked(trip("t", "bo", "cy"))
PARTED = booked(trip("old", "alma", "bo"), trip("new", "alma"))
PROTECTED = happened(PLAIN, started("alma", "bo"), confirmed("alma"))


def judged(
    table: PolicyTable, of: Booked, *listeners: Listener, what: Action = "cancel", world: World | None = None
) -> tuple[bool, str, str]:
    """Whether it is accepted, who does it, and the view it was judged on."""
    line = replace(LINE, listeners={each.listener_id: each for each in listeners})
    world = replace(world or World(PLAIN, (), LINE), booked=(of,), line=line)
    question = Question(AGENT, ACCOUNT, "b", NEEDED[what], Purpose.SERVICE)
    decision = ask(world, question, table).decision
    return action.accepted(what, decision, of.state), action.route(decision), decision.basis


def test_every_action_needs_existence_and_has_a_time() -> None:
    assert NEEDED.keys() == DUE.keys()
    assert all(bits & FieldClass.E.bit and bits != FieldClass.E.bit for bits in NEEDED.values())
    assert all(timedelta(0) < due <= timedelta(days=1) for due in DUE.values())


@pytest.mark.parametrize("what", NEEDED)
def test_whoever_may_hear_it_may_ask_for_it(table: PolicyTable, what: Action) -> None:
    assert judged(table, TRIP, BO, what=what) == (True, "ordinary", "held")
    # One who is not on it may have the travel changed, and has no say over payments and contacts.
    holder = Listener(CALLER, "customer", identified={ACCOUNT: "alma"})
    own = bool(NEEDED[what] & (FieldClass.F.bit | FieldClass.C.bit))
    assert judged(table, TRIP, holder, what=what)[0] is not own


@pytest.mark.parametrize("what", NEEDED)
@pytest.mark.parametrize(
    "another", [DEALER, Listener("guest", "customer"), Listener("guest", "interpreter"), Listener("guest", "colleague")]
)
def test_it_takes_everybody_who_listens(table: PolicyTable, what: Action, another: Listener) -> None:
    assert not judged(table, TRIP, BO, another, what=what)[0]
    bound = Listener("guest", "interpreter", bound=True)
    assert judged(table, TRIP, BO, bound, what=what)[0]


def test_who_has_a_passcode_gives_it_first(table: PolicyTable) -> None:
    world = World(happened(PLAIN, gated("bo")), (), LINE)
    assert not judged(table, TRIP, BO, world=world)[0]
    assert judged(table, TRIP, proved("bo"), world=world)[0]


def test_on_a_protected_account_it_is_asked_about_what_is_shown_and_tier_3_does_it(table: PolicyTable) -> None:
    world = World(PROTECTED, (), LINE)
    assert judged(table, PARTED, BO, world=world) == (True, "tier_3", "shown")
    assert judged(table, PARTED, proved("bo"), world=world) == (True, "tier_3", "shown")
    assert judged(table, PARTED, proved("alma"), world=world) == (True, "tier_3", "held")
    same = booked(trip("t", "alma", "bo"))
    assert judged(table, same, BO, world=world)[:2] == (True, "tier_3")
    lapsed = World(happened(PLAIN, started("alma", until=LINE.opened_at or world.now)), (), LINE)
    assert judged(table, PARTED, BO, world=lapsed) == (True, "tier_3", "shown")
    assert judged(table, same, BO, world=lapsed)[:2] == (True, "ordinary")


def test_under_duress_tier_3_does_it_on_any_account(table: PolicyTable) -> None:
    forced = replace(proved("bo"), proofs={ACCOUNT: Proof("bo", "duress", "secret")})
    assert judged(table, TRIP, forced)[:2] == (True, "tier_3")


def test_a_booking_without_a_shown_view_is_nobodys(table: PolicyTable) -> None:
    hidden = replace(PARTED, state=replace(PARTED.state, shown=None))
    assert judged(table, hidden, BO, world=World(PROTECTED, (), LINE))[0] is False


def test_it_is_closed_once() -> None:
    closed = ActionClosed(decision_id="d", result="done", words=Plain("w", b""))
    state = action.evolve(ActionState(), action.close(ActionState(), closed))
    assert state.result == "done"
    with pytest.raises(Refused) as refused:
        action.close(state, closed)
    assert refused.value.code == "closed_already"
