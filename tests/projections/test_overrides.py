"""Overrides that wait: what nobody answered is forgotten, what was approved stays, and a fold costs what it costs."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain import override
from domain.event import Actor, Event, Header, Plain, Recorded
from domain.override import ASKED_LASTS, Happened, Override, OverrideApproved, OverrideAsked, OverrideRefused
from projections.overrides import OVERRIDES, Overrides, unanswered, unreviewed

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def recorded(number: int, account_id: str, happened: Event) -> Recorded:
    header = Header(f"e{number}", BEGAN, Actor("agent", "agent"), "c")
    return Recorded(number, f"account:{account_id}", number, happened.NAME, header, happened, b"")


def asked(override_id: str, at: datetime) -> OverrideAsked:
    return OverrideAsked(
        override_id=override_id,
        interaction_id=override_id,
        agent=override_id,
        reason="other",
        words=Plain("i", b""),
        classes="E",
        minutes=15,
        asked_at=at,
    )


def approved(override_id: str, at: datetime) -> OverrideApproved:
    return OverrideApproved(override_id=override_id, approver="lead", until=at, signature="s")


def test_what_nobody_answered_is_forgotten_and_what_was_approved_is_not() -> None:
    state: Overrides = OVERRIDES.begin()
    for number in range(600):
        at = BEGAN + timedelta(minutes=number)
        state = OVERRIDES.evolve(state, recorded(2 * number + 1, f"a{number}", asked(f"o{number}", at)))
        if number % 100 == 0:
            state = OVERRIDES.evolve(state, recorded(2 * number + 2, f"a{number}", approved(f"o{number}", at)))
    now = BEGAN + timedelta(minutes=599)
    assert len(unanswered(state, now)) == ASKED_LASTS / timedelta(minutes=1)
    assert [each.override.override_id for each in unreviewed(state, now)] == [f"o{each}" for each in range(0, 600, 100)]
    assert len(state) == len(state.known) <= 2 * ASKED_LASTS / timedelta(minutes=1) + 6


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.sampled_from(["ask", "approve", "refuse"])), max_size=60
    )
)
def test_it_lists_what_the_accounts_themselves_have(steps: list[tuple[str, int, str]]) -> None:
    state: Overrides = OVERRIDES.begin()
    accounts: dict[str, dict[str, Override]] = {"a": {}, "b": {}}
    now = BEGAN
    for number, (account_id, which, step) in enumerate(steps, 1):
        now += timedelta(minutes=10)
        name = f"{account_id}{which}"
        known = accounts[account_id].get(name)
        happened: Happened
        if step == "ask" and known is None:
            happened = asked(name, now)
        elif step == "approve" and known is not None and known.waiting(now):
            happened = approved(name, now)
        elif step == "refuse" and known is not None and known.waiting(now):
            happened = OverrideRefused(override_id=name, refuser="lead")
        else:
            continue
        accounts[account_id] = dict(override.evolve(accounts[account_id], happened, number))
        state = OVERRIDES.evolve(state, recorded(number, account_id, happened))
    kept = [each for known in accounts.values() for each in known.values()]
    waiting, done = unanswered(state, now), unreviewed(state, now)
    assert {each.override.override_id for each in waiting} == {each.override_id for each in kept if each.waiting(now)}
    assert {each.override.override_id for each in done} == {each.override_id for each in kept if each.until is not None}
