"""Problems: who suffers from one, what was escalated about it, and what stands there because nobody answered."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain import problem
from domain.event import Actor, Event, Plain
from domain.problem import (
    MOST_ESCALATIONS,
    EscalationAccepted,
    EscalationAnswered,
    EscalationDeclined,
    EscalationIgnored,
    ProblemClosed,
    ProblemEscalated,
    ProblemOpened,
    ProblemState,
)
from tests.domain.deciding import Deciding

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WORDS = Plain("p", b'"words"')
OPENED = ProblemOpened(problem_id="p", about="website.seats", title=WORDS, raised_by="agent-3", raised_at=NOW)
ANSWERED = EscalationAnswered(problem_id="p", escalation_id="e", answered_by="boss", words=WORDS)
IGNORED = EscalationIgnored(problem_id="p", escalation_id="e", ignored_at=NOW + 2 * HOUR)
RAISER = Actor("agent-3", "agent", 1)


def escalated(name: str = "e", due: timedelta = HOUR) -> ProblemEscalated:
    return ProblemEscalated(
        problem_id="p",
        escalation_id=name,
        to="tier-3",
        due_at=NOW + due,
        raised_by="agent-3",
        raised_at=NOW,
        words=WORDS,
    )


def one(*events: Event) -> Deciding[ProblemState]:
    return Deciding(ProblemState(), problem.evolve).given(OPENED, *events)


def test_nothing_is_said_of_a_problem_that_nobody_opened_or_that_is_closed() -> None:
    nothing = Deciding(ProblemState(), problem.evolve)
    nothing.when(lambda state: problem.join(state, ("account:a",))).then_refused("unknown_problem", "problem_id")
    closed = one(ProblemClosed(problem_id="p", closed_by="x"))
    closed.when(lambda state: problem.escalate(state, escalated())).then_refused("problem_closed", "problem_id")


@given(st.lists(st.lists(st.sampled_from([f"account:{n:02}" for n in range(30)]), min_size=1, max_size=5), max_size=12))
def test_a_victim_counts_once_however_often_it_joins(joins: list[list[str]]) -> None:
    told = one()
    for victims in joins:
        told = told.when(lambda state, victims=victims: problem.join(state, tuple(victims)))  # type: ignore[misc]  # bound now
    everybody = {each for victims in joins for each in victims}
    assert told.state.victim_count == len(everybody)
    assert {each for drawer in told.state.victims.values() for each in drawer} == everybody


def test_an_escalation_that_nobody_answered_in_time_is_ignored_once() -> None:
    told = one(escalated())
    told.when(lambda state: problem.due(state, NOW + HOUR / 2)).then_nothing_happened()
    told = one(escalated()).when(lambda state: problem.due(state, NOW + 2 * HOUR)).then(IGNORED)
    assert told.state.escalations["e"].standing()
    told.when(lambda state: problem.due(state, NOW + 3 * HOUR)).then_nothing_happened()


def test_one_that_was_answered_in_time_never_stands_there() -> None:
    told = one(escalated()).when(lambda state: problem.answer(state, ANSWERED)).then(ANSWERED)
    told.when(lambda state: problem.due(state, NOW + 9 * HOUR)).then_nothing_happened()


def test_an_ignored_one_stands_until_somebody_answers_for_it_and_who_raised_it_accepts_that() -> None:
    told = one(escalated(), IGNORED).when(lambda state: problem.answer(state, ANSWERED)).then(ANSWERED)
    assert told.state.escalations["e"].standing()
    accepted = EscalationAccepted(problem_id="p", escalation_id="e", accepted_by="agent-3")
    told = told.when(lambda state: problem.judge(state, "e", RAISER, accepted=True)).then(accepted)
    assert not told.state.escalations["e"].standing()
    told.when(lambda state: problem.answer(state, ANSWERED))
    one(escalated(), IGNORED, ANSWERED, accepted).when(lambda state: problem.answer(state, ANSWERED)).then_refused(
        "over"
    )


def test_who_raised_it_may_decline_and_the_clock_goes_on() -> None:
    told = one(escalated(), ANSWERED).when(lambda state: problem.judge(state, "e", RAISER, accepted=False))
    told.then(EscalationDeclined(problem_id="p", escalation_id="e", declined_by="agent-3"))
    told.when(lambda state: problem.due(state, NOW + 2 * HOUR)).then(IGNORED)


def test_nobody_else_accepts_it_and_nobody_answers_his_own() -> None:
    one(escalated(), ANSWERED).when(
        lambda state: problem.judge(state, "e", Actor("boss", "executive"), accepted=True)
    ).then_refused("not_theirs")
    own = EscalationAnswered(problem_id="p", escalation_id="e", answered_by="agent-3", words=WORDS)
    one(escalated()).when(lambda state: problem.answer(state, own)).then_refused("own_answer")
    one(escalated()).when(lambda state: problem.judge(state, "e", RAISER, accepted=True)).then_refused(
        "nothing_to_accept"
    )
    one().when(lambda state: problem.answer(state, ANSWERED)).then_refused("unknown_escalation", "escalation_id")


def test_a_problem_is_not_closed_over_what_was_escalated_about_it() -> None:
    one(escalated(), IGNORED, ANSWERED).when(lambda state: problem.close(state, "x")).then_refused("still_open")
    accepted = EscalationAccepted(problem_id="p", escalation_id="e", accepted_by="agent-3")
    told = one(escalated(), IGNORED, ANSWERED, accepted).when(lambda state: problem.close(state, "x"))
    told.then(ProblemClosed(problem_id="p", closed_by="x"))
    assert told.state.closed


def test_an_escalation_has_time_and_there_are_only_so_many() -> None:
    one().when(lambda state: problem.escalate(state, escalated(due=timedelta()))).then_refused("due_already", "due_at")
    many = [escalated(str(number)) for number in range(MOST_ESCALATIONS)]
    one(*many).when(lambda state: problem.escalate(state, escalated())).then_refused("too_many_escalations")


def test_the_soonest_of_several_wakes_the_clock() -> None:
    state = one(escalated("e", 3 * HOUR), escalated("f", HOUR)).state
    assert state.wakes_at() == NOW + HOUR
    ignored = EscalationIgnored(problem_id="p", escalation_id="f", ignored_at=NOW + 2 * HOUR)
    assert problem.due(state, NOW + 2 * HOUR) == (ignored,)
    assert one().state.wakes_at() is None
