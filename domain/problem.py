"""Problems: a cause that several cases share, with its victims and what was escalated about it.

An escalation that nobody answered in time is ignored: it is marked so by itself, and stands there with its age until
somebody answers for it and the one who raised it accepts that. Nothing closes a problem over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from domain.event import Actor, Event, Kept, Personal, event
from domain.refusal import Refused

MOST_ESCALATIONS = 200


class Escalation(msgspec.Struct, frozen=True, gc=False):
    """One time that somebody was told. `ignored_at`: when its time had passed without an answer."""

    escalation_id: str
    to: str
    due_at: datetime
    raised_by: str
    raised_at: datetime
    raised_tier: int
    words: Kept
    ignored_at: datetime | None = None
    answered_by: str = ""
    answered_tier: int = 0
    answer: Kept | None = None
    accepted: bool = False

    def standing(self) -> bool:
        """Whether it was ignored and the one who raised it has accepted nothing yet."""
        return self.ignored_at is not None and not self.accepted

    def wakes_at(self) -> datetime | None:
        """When the clock marks it as ignored; None where it never will."""
        return None if self.answered_by or self.accepted or self.ignored_at is not None else self.due_at


class ProblemState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one problem. `victims`: "account:<id>" and the like, in drawers by the id's first two characters.

    One in a drawer of its own would copy all of them each time that another joins.
    """

    problem_id: str = ""
    raised_by: str = ""
    raised_at: datetime | None = None
    raised_tier: int = 0
    about: str = ""
    title: Kept | None = None
    victims: Mapping[str, frozenset[str]] = {}
    victim_count: int = 0
    escalations: Mapping[str, Escalation] = {}
    closed: bool = False

    def wakes_at(self) -> datetime | None:
        """When the clock has something to do about it; None where it never has."""
        if self.closed:
            return None
        return min((at for each in self.escalations.values() if (at := each.wakes_at()) is not None), default=None)


@event
class ProblemOpened(Event, frozen=True, kw_only=True):
    """Somebody named a cause that cases share. `about`: a clear word for it, no name; the title is personal."""

    NAME: ClassVar[str] = "problem.opened.v1"
    problem_id: str
    about: str
    title: Personal
    raised_by: str
    raised_at: datetime
    raised_tier: int = 0


@event
class VictimsJoined(Event, frozen=True, kw_only=True):
    """These suffer from it: "account:<id>", "interaction:<id>" or "commitment:<id>"."""

    NAME: ClassVar[str] = "problem.victims_joined.v1"
    problem_id: str
    victims: tuple[str, ...]


@event
class ProblemEscalated(Event, frozen=True, kw_only=True):
    """Somebody was told, and has until then to answer. `to`: a subject, a tier's queue, or the executives."""

    NAME: ClassVar[str] = "problem.escalated.v1"
    problem_id: str
    escalation_id: str
    to: str
    due_at: datetime
    raised_by: str
    raised_at: datetime
    words: Personal
    raised_tier: int = 0


@event
class EscalationIgnored(Event, frozen=True, kw_only=True):
    """Its time passed and nobody had answered."""

    NAME: ClassVar[str] = "problem.escalation_ignored.v1"
    problem_id: str
    escalation_id: str
    ignored_at: datetime


@event
class EscalationAnswered(Event, frozen=True, kw_only=True):
    """Somebody answered it; of one that was ignored, answered for it."""

    NAME: ClassVar[str] = "problem.escalation_answered.v1"
    problem_id: str
    escalation_id: str
    answered_by: str
    words: Personal
    answered_tier: int = 0


@event
class EscalationAccepted(Event, frozen=True, kw_only=True):
    """Who raised it said that the answer will do."""

    NAME: ClassVar[str] = "problem.escalation_accepted.v1"
    problem_id: str
    escalation_id: str
    accepted_by: str


@event
class EscalationDeclined(Event, frozen=True, kw_only=True):
    """Who raised it said that the answer will not do: it waits for another, and is due when it was."""

    NAME: ClassVar[str] = "problem.escalation_declined.v1"
    problem_id: str
    escalation_id: str
    declined_by: str


@event
class ProblemClosed(Event, frozen=True, kw_only=True):
    """The cause is gone, and nothing that was escalated about it stands open."""

    NAME: ClassVar[str] = "problem.closed.v1"
    problem_id: str
    closed_by: str


def stream(problem_id: str) -> str:
    """The stream of this problem."""
    return f"problem:{problem_id}"


def evolve(state: ProblemState, happened: Event, version: int) -> ProblemState:  # noqa: PLR0911 - one arm for each event
    """Fold one event that stands at `version` of the problem's stream."""
    match happened:
        case ProblemOpened():
            told = {name: getattr(happened, name) for name in happened.__struct_fields__ if name != "title"}
            return ProblemState(title=Kept(happened.title, version, ProblemOpened.NAME, "title"), **told)
        case VictimsJoined(victims=victims):
            drawers = dict(state.victims)
            for victim in victims:
                drawers[_drawer(victim)] = drawers.get(_drawer(victim), frozenset()) | {victim}
            return replace(state, victims=drawers, victim_count=state.victim_count + len(victims))
        case ProblemEscalated():
            told = {name: getattr(happened, name) for name in happened.__struct_fields__}
            del told["problem_id"]
            told["words"] = Kept(happened.words, version, ProblemEscalated.NAME, "words")
            return _with(state, Escalation(**told))
        case EscalationIgnored(escalation_id=escalation_id, ignored_at=ignored_at):
            return _with(state, replace(state.escalations[escalation_id], ignored_at=ignored_at))
        case EscalationAnswered(escalation_id=escalation_id, answered_by=answered_by, answered_tier=tier):
            kept = Kept(happened.words, version, EscalationAnswered.NAME, "words")
            before = state.escalations[escalation_id]
            return _with(state, replace(before, answered_by=answered_by, answered_tier=tier, answer=kept))
        case EscalationAccepted(escalation_id=escalation_id):
            return _with(state, replace(state.escalations[escalation_id], accepted=True))
        case EscalationDeclined(escalation_id=escalation_id):
            return _with(state, replace(state.escalations[escalation_id], answered_by=""))
        case ProblemClosed():
            return replace(state, closed=True)
        case _:
            return state


def _drawer(victim: str) -> str:
    return victim.partition(":")[2][:2]


def _with(state: ProblemState, escalation: Escalation) -> ProblemState:
    return replace(state, escalations={**state.escalations, escalation.escalation_id: escalation})


def use(state: ProblemState) -> None:
    """Raise Refused: "unknown_problem", or "problem_closed" for one that nothing more is said about."""
    if not state.problem_id:
        raise Refused("unknown_problem", "there is no such problem; open one", place="problem_id")
    if state.closed:
        raise Refused("problem_closed", "this problem is closed; open another", place="problem_id")


def join(state: ProblemState, victims: tuple[str, ...]) -> tuple[VictimsJoined, ...]:
    """Decide on more victims; one that is there already is not counted again. Raises Refused, see `use`."""
    use(state)
    fresh = tuple(each for each in dict.fromkeys(victims) if each not in state.victims.get(_drawer(each), ()))
    return (VictimsJoined(problem_id=state.problem_id, victims=fresh),) if fresh else ()


def escalate(state: ProblemState, escalated: ProblemEscalated) -> ProblemEscalated:
    """Decide on an escalation. Raises Refused: see `use`; "due_already", "too_many_escalations"."""
    use(state)
    if escalated.due_at <= escalated.raised_at:
        raise Refused("due_already", "say a time that is still to come", place="due_at")
    if len(state.escalations) >= MOST_ESCALATIONS:
        raise Refused("too_many_escalations", f"at most {MOST_ESCALATIONS} are kept of one problem; open another")
    return escalated


def found(state: ProblemState, escalation_id: str) -> Escalation:
    """An escalation of this problem. Raises Refused: see `use`; "unknown_escalation"."""
    use(state)
    escalation = state.escalations.get(escalation_id)
    if escalation is None:
        raise Refused("unknown_escalation", "there is no such escalation of this problem", place="escalation_id")
    return escalation


def answer(state: ProblemState, given: EscalationAnswered) -> EscalationAnswered:
    """Decide on an answer. Raises Refused: see `found`; "over", "own_answer"."""
    escalation = found(state, given.escalation_id)
    if escalation.accepted:
        raise Refused("over", "this escalation is over: its answer was accepted")
    if escalation.raised_by == given.answered_by:
        raise Refused("own_answer", "nobody answers an escalation of his own; ask whom it was raised to")
    return given


def judge(
    state: ProblemState, escalation_id: str, actor: Actor, *, accepted: bool
) -> EscalationAccepted | EscalationDeclined:
    """Decide whether the answer will do, as the one who raised it.

    Raises Refused: see `found`; "not_theirs", "over", "nothing_to_accept".
    """
    escalation = found(state, escalation_id)
    if escalation.raised_by != actor.subject:
        raise Refused("not_theirs", "who raised it says whether the answer will do")
    if escalation.accepted:
        raise Refused("over", "this escalation is over: its answer was accepted")
    if not escalation.answered_by:
        raise Refused("nothing_to_accept", "nobody has answered it yet")
    about, by = state.problem_id, actor.subject
    if accepted:
        return EscalationAccepted(problem_id=about, escalation_id=escalation_id, accepted_by=by)
    return EscalationDeclined(problem_id=about, escalation_id=escalation_id, declined_by=by)


def close(state: ProblemState, by: str) -> ProblemClosed:
    """Decide that the cause is gone. Raises Refused: see `use`; "still_open" where an escalation waits."""
    use(state)
    if any(not each.accepted for each in state.escalations.values()):
        raise Refused("still_open", "first who raised each escalation has to accept an answer to it")
    return ProblemClosed(problem_id=state.problem_id, closed_by=by)


def due(state: ProblemState, now: datetime) -> tuple[Event, ...]:
    """What the clock makes of it now: every escalation whose time has passed is marked as ignored."""
    if state.closed:
        return ()
    late = [each for each in state.escalations.values() if (at := each.wakes_at()) is not None and at <= now]
    return tuple(
        EscalationIgnored(problem_id=state.problem_id, escalation_id=each.escalation_id, ignored_at=now)
        for each in late
    )
