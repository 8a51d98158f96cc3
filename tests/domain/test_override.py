"""Overrides: asked, answered by another person, expired, reviewed; and what state keeps of them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import account, override
from domain.account import AccountState
from domain.event import Plain
from domain.interaction import InteractionState
from domain.override import (
    ASKED_LASTS,
    MOST_OF_AN_AGENT,
    MOST_UNREVIEWED,
    MOST_WAITING,
    REVIEWED_WITHIN,
    OverrideApproved,
    OverrideAsked,
    OverrideRefused,
    OverrideReviewed,
    statement,
)
from domain.refusal import Refused
from tests.domain.deciding import Deciding
from tests.domain.worlds import LINE, NOW

OVER = replace(LINE, closed=True)


def asked(
    override_id: str = "o", *, at: datetime = NOW, interaction_id: str = "i", agent: str = "agent"
) -> OverrideAsked:
    return OverrideAsked(
        override_id=override_id,
        interaction_id=interaction_id,
        agent=agent,
        reason="caller_cannot_use_passcode",
        words=Plain("i", b'"lost"'),
        classes="EI",
        minutes=15,
        asked_at=at,
    )


def approved(override_id: str = "o", approver: str = "lead") -> OverrideApproved:
    until = NOW + timedelta(minutes=15)
    return OverrideApproved(override_id=override_id, approver=approver, until=until, signature="s")


def reviewed(reviewer: str, override_id: str = "o") -> OverrideReviewed:
    return OverrideReviewed(
        override_id=override_id, reviewer=reviewer, finding="justified", words=Plain("i", b'"fine"')
    )


def deciding() -> Deciding[AccountState]:
    return Deciding(AccountState(), account.evolve)


def approving(person: str, *, line: InteractionState = LINE, now: datetime = NOW, override_id: str = "o") -> object:
    def decide(state: AccountState) -> OverrideApproved:
        found, until = override.approve(state, override_id, line, approver=person, now=now)
        return OverrideApproved(override_id=found.override_id, approver=person, until=until, signature="s")

    return decide


def test_another_person_approves_for_as_many_minutes_as_were_asked_for() -> None:
    told = deciding().given(asked()).when(approving("lead"))  # type: ignore[arg-type]  # a command on the state
    told.then(approved())
    found = told.state.overrides["o"]
    assert (found.approver, found.until, found.signature) == ("lead", NOW + timedelta(minutes=15), "s")
    assert found.active(NOW)
    assert not found.active(NOW + timedelta(minutes=15))


@pytest.mark.parametrize("person", ["agent", "taker"])
def test_neither_who_asked_nor_who_sits_at_the_contact_answers(person: str) -> None:
    line = replace(LINE, agent="taker" if person == "taker" else "agent")
    for answer in (
        approving(person, line=line),
        lambda state: [] if override.answerable(state, "o", {line.agent}, person, NOW) is None else None,
    ):
        deciding().given(asked()).when(answer).then_refused("another_person")  # type: ignore[arg-type]  # as above


def test_what_was_answered_lapsed_or_never_asked_is_not_answered_again() -> None:
    def refused(*given_: object, code: str, place: str = "", **more: object) -> None:
        deciding().given(*given_).when(approving("lead", **more)).then_refused(code, place)  # type: ignore[arg-type]  # as above

    refused(code="unknown_override", place="override_id")
    refused(asked(), OverrideRefused(override_id="o", refuser="lead"), code="unknown_override", place="override_id")
    refused(asked(), approved(), code="approved_already")
    refused(asked(), code="lapsed", now=NOW + ASKED_LASTS)
    refused(asked(), code="interaction_over", line=OVER)


def test_a_third_person_reviews_and_it_leaves_the_state() -> None:
    told = deciding().given(asked(), approved())
    told.when(lambda state: override.review(state, reviewed("auditor"))).then(reviewed("auditor"))
    assert told.state.overrides == {}


@pytest.mark.parametrize("person", ["agent", "lead"])
def test_neither_who_asked_nor_who_approved_reviews(person: str) -> None:
    told = deciding().given(asked(), approved())
    told.when(lambda state: override.review(state, reviewed(person))).then_refused("another_person")


def test_what_nobody_approved_is_not_reviewed() -> None:
    told = deciding().given(asked())
    told.when(lambda state: override.review(state, reviewed("auditor"))).then_refused("not_approved")


def test_nobody_reviewed_it_in_time() -> None:
    found = deciding().given(asked(), approved()).state.overrides["o"]
    assert found.until is not None
    assert not found.overdue(found.until + REVIEWED_WITHIN - timedelta(seconds=1))
    assert found.overdue(found.until + REVIEWED_WITHIN)


def test_too_many_that_nobody_reviewed_stop_the_next_one() -> None:
    told = deciding()
    for number in range(MOST_UNREVIEWED):
        told.given(asked(f"o{number}"), approved(f"o{number}"))
    told.given(asked("next"))
    assert len(told.state.overrides) == MOST_UNREVIEWED + 1
    told.when(approving("lead", override_id="next")).then_refused("review_first")  # type: ignore[arg-type]  # as above


def test_nobody_makes_anothers_go_by_asking_often() -> None:
    told = deciding().given(asked("hers"))
    for number in range(MOST_WAITING + 1):
        told.given(asked(f"o{number}", interaction_id=f"i{number}", agent="insider"))
    own = [f"o{MOST_WAITING - 1}", f"o{MOST_WAITING}"]
    assert len(own) == MOST_OF_AN_AGENT
    assert [*told.state.overrides] == ["hers", *own]


def test_for_an_authority_tier_3_asks_in_a_call_it_placed_and_names_the_party() -> None:
    good = replace(asked(), reason="court_order", party_id="alma", channel="call_back", tier=3)
    assert override.ask(good) == good
    for wrong, code in (
        ({"tier": 2}, "not_your_tier"),
        ({"channel": "call"}, "not_a_call_back"),
        ({"party_id": ""}, "wrong_party"),
    ):
        with pytest.raises(Refused) as refused:
            override.ask(replace(good, **wrong))
        assert refused.value.code == code
        assert override.ask(replace(asked(), **wrong)).reason == "caller_cannot_use_passcode"


def test_what_was_asked_for_before_it_was_bound_anew_is_not_approved() -> None:
    told = deciding().given(asked())
    told.when(approving("lead", line=replace(LINE, bindings=1))).then_refused("interaction_over")  # type: ignore[arg-type]  # as above


def test_asking_anew_in_the_same_contact_takes_the_place_of_what_was_asked() -> None:
    state = deciding().given(asked("first"), asked("second")).state
    assert [*state.overrides] == ["second"]
    state = deciding().given(asked("first"), approved("first"), asked("second")).state
    assert [*state.overrides] == ["first", "second"]


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["ask", "approve", "refuse", "review"])), max_size=120))
def test_state_keeps_a_bounded_number(steps: list[tuple[int, str]]) -> None:
    told = deciding()
    for number, (which, step) in enumerate(steps):
        name = f"o{which}"
        if step == "ask":
            told.given(asked(name, at=NOW + timedelta(minutes=number), interaction_id=f"i{which}"))
        elif step == "approve":
            told.when(approving("lead", override_id=name, now=NOW + timedelta(minutes=number)))  # type: ignore[arg-type]  # as above
        elif step == "refuse":
            told.given(OverrideRefused(override_id=name, refuser="lead"))
        else:
            told.given(reviewed("auditor", name))
    waiting = [each for each in told.state.overrides.values() if each.until is None]
    assert len(waiting) <= MOST_WAITING
    assert len(told.state.overrides) - len(waiting) <= MOST_UNREVIEWED


def test_a_statement_says_everything_an_approval_is_narrow_by() -> None:
    told = replace(asked(), party_id="alma", bindings=2, channel="call", tier=1)
    found = deciding().given(told).state.overrides["o"]
    until = NOW + timedelta(minutes=15)
    said = statement("account", found, "lead", until)
    assert said == (
        b"watchword override approval v2\n"
        b'{"account_id":"account","agent":"agent","approver":"lead","bindings":2,"channel":"call","classes":"EI",'
        b'"interaction_id":"i","minutes":15,"override_id":"o","party_id":"alma","reason":"caller_cannot_use_passcode",'
        b'"tier":1,"until":"2026-11-01T12:15:00+00:00"}'
    )
    others = [
        statement("another", found, "lead", until),
        statement("account", replace(found, agent="x"), "lead", until),
        statement("account", replace(found, classes="EIL"), "lead", until),
        statement("account", replace(found, interaction_id="x"), "lead", until),
        statement("account", replace(found, override_id="x"), "lead", until),
        statement("account", replace(found, reason="court_order"), "lead", until),
        statement("account", replace(found, minutes=60), "lead", until),
        statement("account", replace(found, party_id="x"), "lead", until),
        statement("account", replace(found, bindings=3), "lead", until),
        statement("account", replace(found, channel="call_back"), "lead", until),
        statement("account", replace(found, tier=3), "lead", until),
        statement("account", found, "x", until),
        statement("account", found, "lead", until + timedelta(minutes=1)),
    ]
    assert len({said, *others}) == 1 + len(others)
