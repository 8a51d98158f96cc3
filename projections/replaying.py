"""Replaying: the log passed once, in its order, and every decision in it made again by the policy of its day.

An event that is a decision is made again on the states as they stand before it, and has to come out as it is on record:
outcome, view, rules, bookings, where each listener stood, the override, and the policy, the versions and the stream
that it names. What does not is a `Divergence`. An event that cannot be read or folded is a `Fault`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted, Given
from domain.authority import AuthorityAsked
from domain.event import Event, Recorded
from domain.judgement import JudgementGranted
from domain.judging import Judged, Scene, about
from domain.notice import NoticeSent, NoticeSuppressed
from domain.policy import PolicyState, PolicyTable
from domain.safety_signal import SafetySignalActed, SafetySignalRaised
from projections import attempts, verdicts
from projections.attempts import Unnamed
from projections.past import Broken, Load, Moved, Past

__all__ = ["ATTEMPTS", "DECISIONS", "Difference", "Divergence", "Fault", "Made", "Replay", "named"]

POLICY = "policy:default"
ATTEMPTS = (DisclosureAttempted, ActionAttempted)
NOTICES = (NoticeSent, NoticeSuppressed)
BY_AUTHORITY = (AuthorityAsked, JudgementGranted, SafetySignalRaised, SafetySignalActed)
DECISIONS: frozenset[type[Event]] = frozenset({*ATTEMPTS, *NOTICES, *BY_AUTHORITY})
"""The events that are decisions."""


class Difference(msgspec.Struct, frozen=True):
    """One thing that came out otherwise: what it is, as it is on record, and as it came out now."""

    what: str
    recorded: Any
    again: Any


class Divergence(msgspec.Struct, frozen=True, tag="divergence", tag_field="found"):
    """A decision that did not come out as it is on record. `decision_id`: of whatever kind it was."""

    position: int
    stream: str
    version: int
    name: str
    decision_id: str
    differs: tuple[Difference, ...]


class Fault(msgspec.Struct, frozen=True, tag="fault", tag_field="found"):
    """An event that could not be read or folded; what was decided on its stream since may diverge by it."""

    position: int
    stream: str
    version: int
    reason: str


class Made(msgspec.Struct, frozen=True, gc=False):
    """A decision made again. `inferred`: what it was given is not on record, and was found by what came out."""

    recorded: Recorded
    again: Event | None
    judged: tuple[Judged, ...]
    differs: tuple[Difference, ...]
    given: Given
    inferred: bool = False

    def divergence(self) -> Divergence | None:
        """Where it differs, None where it came out the same."""
        if not self.differs:
            return None
        each = self.recorded
        decision_id = named(each.event)
        return Divergence(each.position, each.stream, each.version, each.event.NAME, decision_id, self.differs)


class Replay:
    """Everything that decisions read, as it stood; fed with the log in its order."""

    def __init__(self, load: Load, most: int = 20_000) -> None:
        """Begin before the first event; see `Past`."""
        self.past = Past(load, most)

    def fold(self, recorded: Recorded) -> Fault | None:
        """Move on by an event."""
        try:
            self.past.fold(recorded.stream, recorded.version, recorded.header, recorded.event)
        except Broken as broken:
            return Fault(recorded.position, recorded.stream, recorded.version, broken.reason)
        return None

    def made(self, recorded: Recorded) -> Made:
        """Make a decision again, before it is folded."""
        kind = type(recorded.event)
        try:
            if kind in ATTEMPTS:
                return self._attempt(recorded)
            return self._notice(recorded) if kind in NOTICES else self._by_authority(recorded)
        except Moved as moved:
            stood = {moved.stream: moved.named}, {moved.stream: moved.stands}
            return Made(recorded, None, (), (Difference("judged_at", *stood),), attempts.NOTHING)
        except Broken as broken:
            return self._unmade(recorded, "stream", f"{broken.stream} at {broken.version}")
        except Unnamed as unnamed:
            return self._unmade(recorded, "judged_at", unnamed.stream)
        except Exception as error:  # noqa: BLE001 - a damaged event can fail in any way; its values could be personal
            return self._unmade(recorded, "decision", type(error).__name__)

    def supposed(self, made: Made, table: PolicyTable) -> tuple[Event, tuple[Judged, ...]]:
        """The same attempt by another policy than that of its day, of an attempt that came out as recorded."""
        recorded = made.recorded
        attempt = cast("DisclosureAttempted | ActionAttempted", recorded.event)
        states = self.past.read(attempt.judged_at, recorded)
        at = attempts.scene(recorded, states, table)
        if isinstance(attempt, ActionAttempted):
            return attempts.action(at, recorded, attempt, made.given, states)
        return attempts.disclosure(at, attempt, made.given, states, supposed=True)

    def _attempt(self, recorded: Recorded) -> Made:
        attempt: Any = recorded.event
        states = self.past.read(attempt.judged_at, recorded)
        policy: Any = states.get(POLICY) or self.past.at(POLICY, recorded)
        at = attempts.scene(recorded, states, policy.table)
        given = attempt.given
        if given is not None:
            again, judged = self._again(recorded, at, given, states)
        else:
            given, again, judged = self._inferred(recorded, at, states)
        stream, same = about(at.interaction, at.interaction_id), again is attempt or again == attempt
        if same and stream == recorded.stream and recorded.header.policy == policy.version:
            return Made(recorded, attempt, judged, (), given, attempt.given is None)
        differs = (*differences(attempt, again), *self._placed(recorded, stream, policy.version))
        return Made(recorded, again, judged, differs, given, attempt.given is None)

    @staticmethod
    def _again(
        recorded: Recorded, at: Scene, given: Given, states: Mapping[str, Any]
    ) -> tuple[Event, tuple[Judged, ...]]:
        attempt: Any = recorded.event
        if type(attempt) is ActionAttempted:
            return attempts.action(at, recorded, attempt, given, states)
        return attempts.disclosure(at, attempt, given, states)

    def _inferred(
        self, recorded: Recorded, at: Scene, states: Mapping[str, Any]
    ) -> tuple[Given, Event, tuple[Judged, ...]]:
        """With what it can have been given so that it comes out as recorded; if nothing does, with the likeliest."""
        likeliest = None
        for given in attempts.inferred(at, cast("DisclosureAttempted | ActionAttempted", recorded.event)):
            try:
                found = given, *self._again(recorded, at, given, states)
            except Unnamed:  # it would have been judged on a stream that it does not name
                continue
            if found[1] == recorded.event:
                return found
            likeliest = likeliest or found
        if likeliest is None:
            raise Unnamed(recorded.stream)
        return likeliest

    def _notice(self, recorded: Recorded) -> Made:
        happened = cast(verdicts.Notice, recorded.event)
        policy = cast(PolicyState, self.past.at(POLICY, recorded))
        again, inferred = verdicts.noticed(
            recorded, happened, lambda stream: self.past.at(stream, recorded), policy.table
        )
        differs = (*differences(happened, again), *self._placed(recorded, recorded.stream, policy.version))
        return Made(recorded, again, (), differs, happened.given or attempts.NOTHING, inferred)

    def _by_authority(self, recorded: Recorded) -> Made:
        happened = cast(verdicts.ByAuthority, recorded.event)
        again = verdicts.by_authority(recorded, happened, lambda stream: self.past.at(stream, recorded))
        return Made(recorded, again, (), differences(happened, again), attempts.NOTHING)

    @staticmethod
    def _placed(recorded: Recorded, stream: str, policy: int) -> tuple[Difference, ...]:
        """Whether it stands on the stream it belongs to, and names the policy that was in force."""
        found = {"stream": (recorded.stream, stream), "policy": (recorded.header.policy, policy)}
        return tuple(Difference(what, *values) for what, values in found.items() if values[0] != values[1])

    @staticmethod
    def _unmade(recorded: Recorded, what: str, why: str) -> Made:
        return Made(recorded, None, (), (Difference(what, "it was decided", f"cannot be decided: {why}"),), Given())


def differences(recorded: Event, again: Event) -> tuple[Difference, ...]:
    """What differs between a decision on record and the one made again, by field; nothing personal is compared."""
    if recorded == again:
        return ()
    return tuple(
        Difference(field, msgspec.to_builtins(before), msgspec.to_builtins(after))
        for field in recorded.__struct_fields__
        if (before := getattr(recorded, field)) != (after := getattr(again, field))
    )


def named(event: Event) -> str:
    """The id of a decision, under the name that its kind has for it."""
    names = ("decision_id", "notice_id", "ruling_id", "judgement_id", "signal_id")
    return next((str(getattr(event, name)) for name in names if hasattr(event, name)), "")
