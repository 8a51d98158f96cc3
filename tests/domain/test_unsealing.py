"""Unsealings: asked for by one, answered by another, for an hour, of one thing; given, when, then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import unsealing
from domain.event import EVENTS as ALL
from domain.event import Event, Plain, personal_fields
from domain.refusal import Refused
from domain.unsealing import (
    ASKED_LASTS,
    LASTS,
    NEVER_OPENED,
    Scope,
    UnsealingApproved,
    UnsealingAsked,
    UnsealingState,
    UnsealingUsed,
)

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
A, B = Scope("a"), Scope("b")


def asked(scope: Scope = A, asker: str = "ada", at: datetime = NOW) -> UnsealingAsked:
    return UnsealingAsked(
        unsealing_id="u", account_id=scope.account_id, incident_id=scope.incident_id, asker=asker,
        purpose="court_order", words=Plain("a", b'"because"'), asked_at=at,
    )  # fmt: skip


def folded(*happened: Event) -> UnsealingState:
    state = UnsealingState()
    for version, each in enumerate(happened, 1):
        state = unsealing.evolve(state, each, version)
    return state


def approved(scope: Scope = A, asker: str = "ada") -> UnsealingState:
    state = folded(asked(scope, asker))
    until = unsealing.approve(state, "ben", NOW)
    return unsealing.evolve(state, UnsealingApproved(unsealing_id="u", approver="ben", until=until, signature="00"), 2)


@pytest.mark.parametrize("scope", [Scope(), Scope("a", "i")])
def test_it_is_about_one_account_or_one_incident(scope: Scope) -> None:
    with pytest.raises(Refused) as caught:
        unsealing.ask(asked(scope))
    assert caught.value.code == "one_scope"


def test_what_nobody_approved_opens_nothing() -> None:
    assert not folded(asked()).opens("ada", A, NOW)
    assert not UnsealingState().opens("", Scope(), NOW)


def test_it_opens_for_an_hour_and_to_its_asker_alone() -> None:
    state = approved()
    assert state.opens("ada", A, NOW)
    assert state.opens("ada", A, NOW + LASTS - timedelta(seconds=1))
    assert not state.opens("ada", A, NOW + LASTS)
    assert not state.opens("ben", A, NOW)
    assert not state.opens("ada", B, NOW)
    assert not state.opens("ada", Scope(incident_id="a"), NOW)


@pytest.mark.parametrize("answer", [unsealing.approve, unsealing.refuse])
def test_another_person_answers_it_once_and_in_time(answer: object) -> None:
    assert callable(answer)
    for state, person, at, code in (
        (folded(asked()), "ada", NOW, "another_person"),
        (folded(asked()), "ben", NOW + ASKED_LASTS, "lapsed"),
        (approved(), "cem", NOW, "answered_already"),
        (folded(asked(), unsealing.refuse(folded(asked()), "ben", NOW)), "cem", NOW, "answered_already"),
        (folded(asked(), unsealing.end(folded(asked()), "ada", NOW)), "cem", NOW, "answered_already"),
        (UnsealingState(), "ben", NOW, "unknown_unsealing"),
    ):
        with pytest.raises(Refused) as caught:
            answer(state, person, at)
        assert caught.value.code == code


def test_it_may_be_ended_before_its_time_and_then_opens_nothing() -> None:
    state = approved()
    ended = unsealing.evolve(state, unsealing.end(state, "ada", NOW), 3)
    assert not ended.opens("ada", A, NOW)
    for over in (ended, folded(asked(at=NOW - ASKED_LASTS))):
        with pytest.raises(Refused) as caught:
            unsealing.end(over, "ada", NOW)
        assert caught.value.code == "over"


def test_what_was_read_under_it_is_counted() -> None:
    read = UnsealingUsed(unsealing_id="u", reader="ada", reading="history")
    assert unsealing.evolve(unsealing.evolve(approved(), read, 3), read, 4).used == 2


def test_what_is_signed_says_all_that_it_is_narrow_by() -> None:
    until = NOW + LASTS
    said = unsealing.statement(approved(), "ben", until)
    others = [
        unsealing.statement(approved(B), "ben", until),
        unsealing.statement(approved(asker="eve"), "ben", until),
        unsealing.statement(approved(), "eve", until),
        unsealing.statement(approved(), "ben", until + LASTS),
    ]
    assert len({said, *others}) == 5
    assert said.startswith(b"watchword unsealing approval v1\n{")


def test_a_secret_is_never_opened_whichever_event_has_it() -> None:
    import service.composition  # noqa: F401, PLC0415 - every event there is

    secrets = {f"{cls.NAME}.{field}" for cls in ALL.values() for field in personal_fields(cls) if field in NEVER_OPENED}
    assert {"passcode.set.v1.digest", "passcode.set.v1.duress_digest", "call_back.placed.v1.digest"} <= secrets
    suspicious = {
        field
        for cls in ALL.values()
        for field in personal_fields(cls)
        if any(word in field for word in ("digest", "secret", "token", "passcode", "hash"))
    }
    assert suspicious <= NEVER_OPENED


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["approve", "refuse", "end", "wait", "use"]),
        st.sampled_from(["ada", "ben", "cem"]),
        st.integers(0, 50),
    ),
    max_size=12,
)


@given(STEPS, st.sampled_from(["ada", "ben", "cem"]), st.sampled_from([A, B, Scope(incident_id="i")]))
def test_nothing_opens_but_at_another_persons_word_within_the_hour(
    steps: list[tuple[str, str, int]], reader: str, scope: Scope
) -> None:
    state, now, version = folded(asked()), NOW, 1
    said: datetime | None = None
    over = False
    for step, person, minutes in steps:
        version += 1
        try:
            if step == "approve":
                until = unsealing.approve(state, person, now)
                happened: Event = UnsealingApproved(unsealing_id="u", approver=person, until=until, signature="")
                assert person != "ada"
                said = now
            elif step == "refuse":
                happened = unsealing.refuse(state, person, now)
                over = True
            elif step == "end":
                happened = unsealing.end(state, person, now)
                over = True
            elif step == "use":
                happened = UnsealingUsed(unsealing_id="u", reader=person, reading="history")
            else:
                now += timedelta(minutes=minutes)
                continue
        except Refused:
            continue
        state = unsealing.evolve(state, happened, version)
    may = said is not None and not over and now < said + timedelta(hours=1) and reader == "ada" and scope == A
    assert state.opens(reader, scope, now) == may
