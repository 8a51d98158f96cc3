"""Commitments: what keeps one, what breaks it, how it climbs, who sees it and who accepts the answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import acceptance, commitment
from domain.commitment import (
    ACCEPTED_WITHIN,
    CUSTOMER,
    EXECUTIVES,
    LAST_TIER,
    OVER,
    SERVICE,
    SUBSTANTIVE,
    CommitmentAccepted,
    CommitmentAnswered,
    CommitmentBroken,
    CommitmentClimbed,
    CommitmentDeclined,
    CommitmentMade,
    CommitmentReminded,
    CommitmentState,
    CommitmentStood,
    CommitmentUnaccepted,
    How,
)
from domain.event import Actor, Event, Plain
from domain.refusal import Refused
from tests.domain.deciding import Deciding

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDS = Plain("a", b'"words"')


def made(owner: str = "agent-7", kind: str = "promise", raised_by: str = "agent-3", **more: object) -> CommitmentMade:
    told = {"commitment_id": "c", "account_id": "a", "tier": 1, "due_at": NOW + 4 * HOUR, "made_to": CUSTOMER,
            "words": WORDS, "about": "", "now": NOW, "interaction_id": "i", "party_id": "alma"}  # fmt: skip
    return commitment.make(kind=kind, owner=owner, raised_by=raised_by, **told | more)  # type: ignore[arg-type]  # kinds of fact


def answered(how: How = "call", by: str = "agent-7") -> CommitmentAnswered:
    return CommitmentAnswered(
        commitment_id="c", how=how, substantive=how in SUBSTANTIVE, answered_by=by, words=WORDS, answered_tier=1,
        accept_by=NOW + ACCEPTED_WITHIN,
    )  # fmt: skip


def agent(sub: str, tier: int = 1, site: str = "manila") -> Actor:
    return Actor(sub, "agent", tier, site)


def one(*events: Event) -> Deciding[CommitmentState]:
    return Deciding(CommitmentState(), commitment.evolve).given(*(events or (made(),)))


def at(hours: float) -> datetime:
    return NOW + hours * HOUR


def test_a_promise_that_is_answered_and_accepted_is_kept() -> None:
    told = one().when(lambda state: commitment.answer(state, answered())).then(answered())
    assert told.state.status == "answered"
    raiser = agent("agent-3")
    told = one(made(), answered()).when(lambda state: acceptance.judge(state, raiser, accepted=True))
    told.then(CommitmentAccepted(commitment_id="c", accepted_by="agent-3"))
    assert told.state.status == "kept"
    assert commitment.due(told.state, at(71)) == ()


def test_a_voicemail_does_not_keep_one() -> None:
    told = one().when(lambda state: commitment.answer(state, answered("voicemail"))).then(answered("voicemail"))
    assert (told.state.status, told.state.answers, told.state.how) == ("open", 1, "voicemail")
    one(made(), answered("voicemail")).when(
        lambda state: acceptance.judge(state, agent("agent-3"), accepted=True)
    ).then_refused("nothing_to_accept")
    assert commitment.due(told.state, at(4))[0].NAME == "commitment.broken.v1"


def test_a_reminder_comes_once_before_it_is_due() -> None:
    reminded = CommitmentReminded(commitment_id="c", owner="agent-7", due_at=at(4))
    one().when(lambda state: commitment.due(state, at(2.99))).then_nothing_happened()
    one().when(lambda state: commitment.due(state, at(3))).then(reminded)
    one(made(), reminded).when(lambda state: commitment.due(state, at(3.5))).then_nothing_happened()


def test_one_that_is_broken_climbs_to_the_last_tier_and_onto_the_executive_list() -> None:
    told, now = one(), at(4)
    for tier in (1, 2, 3):
        owner = told.state.owner
        broken = CommitmentBroken(commitment_id="c", owner=owner, tier=tier, due_at=now)
        again = now + 4 * HOUR if tier < LAST_TIER else None
        climbed = CommitmentClimbed(commitment_id="c", owner=commitment.queue(tier + 1), tier=tier + 1, due_at=again)
        told = told.when(lambda state, now=now: commitment.due(state, now)).then(broken, climbed)  # type: ignore[misc]  # bound now
        now += 4 * HOUR
    assert (told.state.status, told.state.owner, told.state.broken) == ("executive", EXECUTIVES, 3)
    told.when(lambda state: commitment.due(state, at(10_000))).then_nothing_happened()
    stood = CommitmentStood(commitment_id="c", stood_by="boss", words=WORDS)
    told = told.when(lambda state: commitment.stand(state, stood)).then(stood)
    assert told.state.status == "answered_for"


def test_nobody_answers_for_what_is_not_on_the_executive_list() -> None:
    stood = CommitmentStood(commitment_id="c", stood_by="boss", words=WORDS)
    one().when(lambda state: commitment.stand(state, stood)).then_refused("not_executive")


def test_an_answer_in_time_stops_the_clock_and_one_that_will_not_do_starts_it_again() -> None:
    told = one(made(), answered())
    assert commitment.due(told.state, at(71)) == ()
    told = told.when(lambda state: acceptance.judge(state, agent("agent-3"), accepted=False))
    told.then(CommitmentDeclined(commitment_id="c", declined_by="agent-3"))
    assert [each.NAME for each in commitment.due(told.state, at(5))] == [
        "commitment.broken.v1",
        "commitment.climbed.v1",
    ]


def test_nobody_accepts_an_answer_of_his_own() -> None:
    own = one(made(raised_by="agent-7"), answered(by="agent-7"))
    own.when(lambda state: acceptance.judge(state, agent("agent-7"), accepted=True)).then_refused("own_answer")
    own = one(made(raised_by="agent-7"), answered(by="agent-7"))
    own.when(lambda state: acceptance.judge(state, agent("agent-7"), "a", frozenset({"alma"}), accepted=True)).then(
        CommitmentAccepted(commitment_id="c", accepted_by="agent-7", party_id="alma")
    )


@pytest.mark.parametrize(
    "account,party",
    [("a", "victor"), ("b", "alma"), ("", ""), ("a", "")],
    ids=["another", "elsewhere", "none", "no one"],
)
def test_another_customer_does_not_accept_it(account: str, party: str) -> None:
    parties = frozenset({party} - {""})
    stranger = agent("agent-9", tier=3)
    unseen = one(made(), answered())
    unseen.when(lambda state: acceptance.judge(state, agent("agent-9"), account, parties, accepted=True)).then_refused(
        "unknown_commitment", "commitment_id"
    )
    seen = one(made(owner="tier-3", tier=3), answered())
    seen.when(lambda state: acceptance.judge(state, stranger, account, parties, accepted=True)).then_refused(
        "not_theirs"
    )


def test_one_made_in_a_contact_that_knew_nobody_is_accepted_by_no_customer() -> None:
    # Or a promise made on a hidden locator would say, by whom it lets accept it, whose locator that is.
    told = one(made(party_id="", owner="agent-9"), answered("mail", by="x"))
    told.when(
        lambda state: acceptance.judge(state, agent("agent-9"), "a", frozenset({"victor"}), accepted=True)
    ).then_refused("not_theirs")
    told = one(made(party_id="", interaction_id=""), answered("mail", by="x"))
    told.when(lambda state: acceptance.judge(state, agent("agent-9"), "a", frozenset({"victor"}), accepted=True)).then(
        CommitmentAccepted(commitment_id="c", accepted_by="agent-9", party_id="victor")
    )


def test_a_task_of_the_service_is_kept_by_doing_it_and_never_by_a_voicemail() -> None:
    warning = made(kind="warning", raised_by=SERVICE, owner="tier-3")
    one(warning).when(lambda state: commitment.answer(state, answered("voicemail"))).then(answered("voicemail"))
    told = one(warning).when(lambda state: commitment.answer(state, answered("call")))
    told.then(answered("call"), CommitmentAccepted(commitment_id="c", accepted_by="agent-7"))
    assert told.state.status == "kept"


def test_what_is_no_promise_begins_at_the_last_tier_and_no_tier_below_sees_it() -> None:
    warning = made(kind="warning", raised_by="agent-3", owner="tier-1")
    assert (warning.tier, warning.owner) == (3, "tier-3")
    state = one(warning).state
    for tier in (1, 2):
        assert not acceptance.concerns(state, agent("agent-3", tier))
        assert not acceptance.concerns(state, agent("agent-7", tier))
    assert acceptance.concerns(state, agent("anybody", 3))


def test_it_is_over_once_it_is_over() -> None:
    told = one(made(), answered(), CommitmentAccepted(commitment_id="c", accepted_by="agent-3"))
    told.when(lambda state: commitment.answer(state, answered())).then_refused("over")


@pytest.mark.parametrize(
    "ahead,code", [(timedelta(), "due_already"), (-HOUR, "due_already"), (timedelta(days=401), "due_too_late")]
)
def test_a_due_time_is_still_to_come_and_not_years_away(ahead: timedelta, code: str) -> None:
    with pytest.raises(Refused) as refused:
        made(due_at=NOW + ahead)
    assert (refused.value.code, refused.value.place) == (code, "due_at")


def test_who_sees_one() -> None:
    state = one().state
    assert acceptance.concerns(state, agent("agent-7"))
    assert acceptance.concerns(state, agent("agent-3"))
    assert not acceptance.concerns(state, agent("agent-8"))
    assert not acceptance.concerns(state, agent("safety-1", 3))
    assert all(acceptance.concerns(state, Actor("x", role)) for role in acceptance.EVERYTHING)
    assert not any(acceptance.concerns(state, Actor("agent-7", role)) for role in ("portal", "auditor", "notifier"))
    for owner in ("tier-2", "site:manila", "team:refunds"):
        state = one(made(owner=owner)).state
        assert acceptance.concerns(state, agent("agent-8", 2), "refunds")
        assert not acceptance.concerns(state, agent("agent-8", 1, "sofia"), "bookings")
    # A token whose subject is the word for many is not everybody's.
    assert not acceptance.concerns(one().state, agent(CUSTOMER))
    assert not acceptance.concerns(one(made(owner="tier-2")).state, agent("tier-2", 1))


STEP = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 6 * 60)),
    st.tuples(st.just("answer"), st.sampled_from(["call", "voicemail", "mail", "message"])),
    st.tuples(st.just("judge"), st.booleans()),
    st.tuples(st.just("stand"), st.none()),
)


@given(st.lists(STEP, max_size=30))
def test_whatever_happens_it_only_climbs_and_is_never_kept_by_the_one_who_answered(
    steps: list[tuple[str, object]],
) -> None:
    state, version, now = commitment.evolve(CommitmentState(), made(), 1), 1, NOW
    for kind, told in steps:
        before = state
        try:
            match kind:
                case "wait":
                    now += timedelta(minutes=told)  # type: ignore[arg-type]  # a number of minutes
                    events: tuple[Event, ...] = commitment.due(state, now)
                case "answer":
                    events = commitment.answer(state, answered(told))  # type: ignore[arg-type]  # one of the four ways
                case "judge":
                    events = (acceptance.judge(state, agent("agent-3"), accepted=bool(told)),)
                case _:
                    events = (commitment.stand(state, CommitmentStood(commitment_id="c", stood_by="b", words=WORDS)),)
        except Refused:
            continue
        for event in events:
            version += 1
            state = commitment.evolve(state, event, version)
        assert state.tier >= before.tier
        assert before.status not in OVER or state.status == before.status
        assert state.status != "kept" or before.status in ("answered", "kept")
        assert (state.status == "executive") <= (state.tier == LAST_TIER + 1)
        assert kind != "wait" or commitment.due(state, now) == ()  # the clock never has to be asked twice


def test_an_answer_that_nobody_accepts_is_none_and_the_next_such_one_is_broken() -> None:
    told = one(made(), answered("message"))
    waits_until = NOW + ACCEPTED_WITHIN
    assert told.state.wakes_at() == waits_until
    assert commitment.due(told.state, waits_until - timedelta(seconds=1)) == ()
    (unaccepted,) = commitment.due(told.state, waits_until)
    assert isinstance(unaccepted, CommitmentUnaccepted)
    told = told.given(unaccepted)
    assert (told.state.status, told.state.owner, told.state.tier) == ("open", "agent-7", 1)
    assert told.state.wakes_at() == unaccepted.due_at == waits_until + 4 * HOUR
    # Nobody does anything: it climbs like any other. Another message gives no more than as long again, once.
    assert [type(each) for each in commitment.due(told.state, unaccepted.due_at)] == [
        CommitmentBroken,
        CommitmentClimbed,
    ]
    again = told.given(answered("message"))
    broken = commitment.due(again.state, waits_until)
    assert [type(each) for each in broken] == [CommitmentBroken, CommitmentClimbed]
    climbed = again.given(*broken).state
    assert (climbed.status, climbed.tier, climbed.unaccepted) == ("open", 2, 0)


def test_an_answer_that_is_accepted_wakes_nobody() -> None:
    told = one(made(), answered("mail"), CommitmentAccepted(commitment_id="c", accepted_by="alma"))
    assert told.state.wakes_at() is None
    assert commitment.due(told.state, NOW + 2 * ACCEPTED_WITHIN) == ()
