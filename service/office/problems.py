"""Problems at the desk: a cause that cases share is named, cases join it, and somebody is told, who answers or not."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from domain import problem
from domain.event import Event
from domain.problem import (
    Escalation,
    EscalationAccepted,
    EscalationAnswered,
    EscalationDeclined,
    ProblemEscalated,
    ProblemOpened,
    ProblemState,
)
from domain.refusal import Refused
from projections.problems import PROBLEMS
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.office.commitments import opened
from service.office.committing import Owner, Time, Words

MOST = 200


class OpenProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cause that cases share. `about`: a word for it that everybody may read; the title is read by no lower tier."""

    title: Annotated[str, Meta(min_length=1, max_length=200, examples=["Seats are paid for and not assigned."])]
    about: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{0,64}$", examples=["website.seats"])] = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "OpenProblem()"


class JoinVictims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who suffers from it: accounts, contacts or promises, by id. None of them is looked up."""

    accounts: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    interactions: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    commitments: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()


class EscalateProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tell somebody, who has until then to answer: a subject, a tier's queue ("tier-3") or the "executives"."""

    to: Owner
    due_at: Time
    words: Words

    def __repr__(self) -> str:
        """Say to whom."""
        return f"EscalateProblem({self.to})"


class AnswerProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer; to one that was ignored, what somebody has to say for that."""

    words: Words

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "AnswerProblem()"


class AcceptProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the answer will do; only who raised it says so."""

    accepted: bool = True


class ProblemAnswer(msgspec.Struct, frozen=True):
    """The problem's id, and how many suffer from it."""

    problem_id: str
    victims: int
    closed: bool = False


class ProblemEscalation(msgspec.Struct, frozen=True):
    """An escalation. `ignored_at`: when its time had passed unanswered; ages in seconds; times are UTC.

    `words` and `answer` are null where there is nothing that you may read.
    """

    escalation_id: str
    to: str
    raised_by: str
    due_at: str
    age_s: int
    ignored_at: str | None
    answered_by: str
    accepted: bool
    words: str | None
    answer: str | None

    def __repr__(self) -> str:
        """Say which it is."""
        return f"ProblemEscalation({self.escalation_id})"


class ProblemRow(msgspec.Struct, frozen=True):
    """A problem in the list. `ignored`: the escalations that were, and whose answer nobody has accepted yet.

    `escalations`: those that are not over.
    """

    problem_id: str
    about: str
    title: str | None
    raised_by: str
    age_s: int
    victims: int
    ignored: int
    escalations: tuple[ProblemEscalation, ...]

    def __repr__(self) -> str:
        """Say which it is."""
        return f"ProblemRow({self.problem_id})"


class ProblemQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many problems."""

    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50


class ProblemsAnswer(msgspec.Struct, frozen=True):
    """The problems that are not closed, oldest first. `total`: how many there are."""

    problems: tuple[ProblemRow, ...]
    total: int


def of(reader: Reader, problem_id: str) -> ProblemState:
    """The problem's state; empty where nobody opened it."""
    return cast(ProblemState, reader.folded(problem.stream(problem_id)).state)


async def open_problem(desk: Desk, asker: Asker, body: OpenProblem, key: Key | None) -> Draft[ProblemAnswer]:
    """Name a cause that cases share."""
    problem_id = identifier()
    await desk.have_keys([problem_id])

    def decide(reader: Reader) -> Draft[ProblemAnswer]:
        stream = problem.stream(problem_id)
        reader.fresh(stream)
        named = ProblemOpened(
            problem_id=problem_id,
            about=body.about,
            title=sealed(problem_id, body.title),
            raised_by=asker.actor.subject,
            raised_at=desk.pipeline.now(),
            raised_tier=asker.actor.tier,
        )
        return Draft(ProblemAnswer(problem_id, 0), [(stream, named)], status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def join(desk: Desk, asker: Asker, problem_id: str, body: JoinVictims, key: Key | None) -> Draft[ProblemAnswer]:
    """Say who suffers from it. Raises Refused: see `problem.use`; "nobody_named"."""
    named = [(kind, each) for kind in ("account", "interaction", "commitment") for each in getattr(body, f"{kind}s")]
    if not named:
        raise Refused("nobody_named", "name an account, an interaction or a commitment", place="accounts")
    victims = tuple(f"{kind}:{each}" for kind, each in named)

    def decide(reader: Reader) -> Draft[ProblemAnswer]:
        state = of(reader, problem_id)
        joined = problem.join(state, victims)
        count = state.victim_count + sum(len(each.victims) for each in joined)
        return _told(problem_id, ProblemAnswer(problem_id, count), *joined)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def escalate(
    desk: Desk, asker: Asker, problem_id: str, body: EscalateProblem, key: Key | None
) -> Draft[ProblemEscalation]:
    """Tell somebody. Raises Refused, see `problem.escalate`."""
    escalation_id = identifier()
    await desk.have_keys([problem_id])

    def decide(reader: Reader) -> Draft[ProblemEscalation]:
        now = desk.pipeline.now()
        raised = ProblemEscalated(
            problem_id=problem_id,
            escalation_id=escalation_id,
            to=body.to,
            due_at=body.due_at,
            raised_by=asker.actor.subject,
            raised_at=now,
            words=sealed(problem_id, body.words),
            raised_tier=asker.actor.tier,
        )
        draft = _changed(desk, asker, reader, problem.escalate(of(reader, problem_id), raised))
        draft.status = 201
        return draft

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def answer(  # noqa: PLR0917 - as the route calls it
    desk: Desk, asker: Asker, problem_id: str, escalation_id: str, body: AnswerProblem, key: Key | None
) -> Draft[ProblemEscalation]:
    """Answer it, or answer for it. Raises Refused, see `problem.answer`."""
    await desk.have_keys([problem_id])

    def decide(reader: Reader) -> Draft[ProblemEscalation]:
        given = EscalationAnswered(
            problem_id=problem_id,
            escalation_id=escalation_id,
            answered_by=asker.actor.subject,
            words=sealed(problem_id, body.words),
            answered_tier=asker.actor.tier,
        )
        return _changed(desk, asker, reader, problem.answer(of(reader, problem_id), given))

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def accept(  # noqa: PLR0917 - as the route calls it
    desk: Desk, asker: Asker, problem_id: str, escalation_id: str, body: AcceptProblem, key: Key | None
) -> Draft[ProblemEscalation]:
    """Say whether the answer will do. Raises Refused, see `problem.judge`."""

    def decide(reader: Reader) -> Draft[ProblemEscalation]:
        judged = problem.judge(of(reader, problem_id), escalation_id, asker.actor, accepted=body.accepted)
        return _changed(desk, asker, reader, judged)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def close(desk: Desk, asker: Asker, problem_id: str, key: Key | None) -> Draft[ProblemAnswer]:
    """Say that the cause is gone. Raises Refused, see `problem.close`."""

    def decide(reader: Reader) -> Draft[ProblemAnswer]:
        state = of(reader, problem_id)
        closed = problem.close(state, asker.actor.subject)
        return _told(problem_id, ProblemAnswer(problem_id, state.victim_count, closed=True), closed)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def listed(desk: Desk, asker: Asker, query: ProblemQuery) -> ProblemsAnswer:
    """The problems that are not closed, those that stand longest first, each with what was escalated about it."""
    held = await desk.live.current(PROBLEMS)
    now = desk.pipeline.now()

    def told() -> ProblemsAnswer:
        states = held.all()
        return ProblemsAnswer(tuple(_row(desk, asker, each, now) for each in states[: query.limit]), len(states))

    return await desk.pipeline.threaded(told)


def _told(problem_id: str, answer: ProblemAnswer, *events: Event) -> Draft[ProblemAnswer]:
    return Draft(answer, [(problem.stream(problem_id), each) for each in events])


def _changed(
    desk: Desk,
    asker: Asker,
    reader: Reader,
    happened: ProblemEscalated | EscalationAnswered | EscalationAccepted | EscalationDeclined,
) -> Draft[ProblemEscalation]:
    """What an escalation is once this has happened, without its words, and it to be written."""
    stream = problem.stream(happened.problem_id)
    folded = reader.folded(stream)
    state = problem.evolve(of(reader, happened.problem_id), happened, folded.version + 1)
    shown = _escalation(None, asker, stream, state.escalations[happened.escalation_id], desk.pipeline.now())
    return Draft(shown, [(stream, happened)])


def _row(desk: Desk, asker: Asker, state: ProblemState, now: datetime) -> ProblemRow:
    stream = problem.stream(state.problem_id)
    raised_at = state.raised_at or now
    return ProblemRow(
        problem_id=state.problem_id,
        about=state.about,
        title=opened(desk, asker, stream, state.title, (state.raised_by, state.raised_tier)),
        raised_by=state.raised_by,
        age_s=int((now - raised_at).total_seconds()),
        victims=state.victim_count,
        ignored=sum(each.standing() for each in state.escalations.values()),
        escalations=tuple(
            _escalation(desk, asker, stream, each, now) for each in state.escalations.values() if not each.accepted
        ),
    )


def _escalation(desk: Desk | None, asker: Asker, stream: str, each: Escalation, now: datetime) -> ProblemEscalation:
    """An escalation as it is answered; with the desk, what was written is opened."""
    words = answer = None
    if desk is not None:
        words = opened(desk, asker, stream, each.words, (each.raised_by, each.raised_tier))
        answer = opened(desk, asker, stream, each.answer, (each.answered_by, each.answered_tier))
    return ProblemEscalation(
        escalation_id=each.escalation_id,
        to=each.to,
        raised_by=each.raised_by,
        due_at=each.due_at.isoformat(),
        age_s=int((now - each.raised_at).total_seconds()),
        ignored_at=None if each.ignored_at is None else each.ignored_at.isoformat(),
        answered_by=each.answered_by,
        accepted=each.accepted,
        words=words,
        answer=answer,
    )
