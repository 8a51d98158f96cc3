"""Replaying: one decision made again from the log, by the policy of its day, for an auditor.

It is judged on the streams it names as they stood before it, read from the log and from no snapshot. That it was made
again is on record before anything of it is told.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain import reader
from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted, Heard
from domain.auditing import DecisionReplayed
from domain.event import Event
from domain.refusal import Refused
from projections.replaying import Made, Replay
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.record.decisions import look_up
from service.record.share import Load

__all__ = ["ReplayAnswer", "replay"]


class Came(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a decision came out. `view`: the one it was answered from; `override_id`: under which override."""

    outcome: str
    view: str
    rules: tuple[str, ...]
    booking_ids: tuple[str, ...]
    listeners: tuple[Heard, ...]
    override_id: str = ""
    route: str = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Came()"


class Differs(msgspec.Struct, frozen=True):
    """One thing that came out otherwise: as it is on record, and as it came out now."""

    what: str
    recorded: Any
    again: Any

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Differs()"


class ReplayAnswer(msgspec.Struct, frozen=True):
    """A decision as it is on record and as it came out again; `again` is null where it cannot be made at all.

    `judged_at`: the version of every stream it was judged on. `inferred`: it was recorded before decisions kept what
    they were given, and what it was given was found by what came out.
    """

    decision_id: str
    same: bool
    position: int
    policy_version: int
    judged_at: dict[str, int]
    recorded: Came
    again: Came | None
    differs: tuple[Differs, ...]
    inferred: bool

    def __repr__(self) -> str:
        """Name the decision."""
        return f"ReplayAnswer({self.decision_id})"


async def replay(desk: Desk, asker: Asker, decision_id: str) -> ReplayAnswer:
    """Make a decision again. Raises Refused("unknown_decision"), LogUnavailable."""
    await desk.mentions.covering()
    made = await desk.pipeline.threaded(lambda: _made(desk, decision_id))
    same = None if made is None else not made.differs
    differs = () if made is None else tuple(each.what for each in made.differs)

    def decide(states: Reader) -> Draft[None]:
        own = reader.stream(asker.actor.subject)
        states.folded(own)
        return Draft(None, [(own, DecisionReplayed(decision_id=decision_id, same=same, differs=differs))])

    await desk.pipeline.carry_out(asker, decide)
    if made is None:
        raise Refused("unknown_decision", "there is no such decision", place="decision_id")
    return _told(made)


def _made(desk: Desk, decision_id: str) -> Made | None:
    """Blocking."""
    recorded = look_up(desk, decision_id)
    if recorded is None:
        return None
    load = Load(desk.log, desk.codec)
    made = Replay(load).made(recorded)
    if load.failed is not None:
        raise load.failed
    return made


def _told(made: Made) -> ReplayAnswer:
    recorded, attempt = made.recorded, made.recorded.event
    judged_at = attempt.judged_at if isinstance(attempt, DisclosureAttempted | ActionAttempted) else {}
    return ReplayAnswer(
        getattr(attempt, "decision_id", ""),
        not made.differs,
        recorded.position,
        recorded.header.policy,
        dict(judged_at),
        _came(attempt),
        None if made.again is None else _came(made.again),
        tuple(Differs(each.what, each.recorded, each.again) for each in made.differs),
        made.inferred,
    )


def _came(attempt: Event) -> Came:
    match attempt:
        case DisclosureAttempted():
            came = Came(attempt.outcome, attempt.view, attempt.rules, attempt.bookings, attempt.listeners)
            return msgspec.structs.replace(came, override_id=attempt.override_id)
        case ActionAttempted():
            came = Came(attempt.outcome, attempt.view, attempt.rules, attempt.bookings, attempt.listeners)
            return msgspec.structs.replace(came, route=attempt.route)
        case _:  # the index knows of no others
            raise Refused("unknown_decision", "there is no such decision", place="decision_id")
