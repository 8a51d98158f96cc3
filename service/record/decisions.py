"""Decisions: who asked what for whom, and why it was answered so, each role in its own words.

The front line is told again the line it was given with its own decision. Any other id, protected, ordinary, somebody
else's or nobody's, is answered with the neutral line, in the same shape and on the same beat. Who must act is told the
reason; the auditor the rules, the policy's version and all it was judged on. Having asked is on record either way.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import msgspec

from domain import booking, reader
from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted
from domain.booking import BookingState
from domain.event import Actor, Event, Recorded
from domain.reader import DecisionRead, Told
from domain.refusal import Refused
from domain.unsealing import Scope
from projections.folding import noun
from projections.history import HistoryEntry
from projections.mentions import about_decision
from projections.reasons import Attempted, reason, rule_words, stood
from service.desk.beat import Beat
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.ids import MaybeId
from service.desk.loading import Loader
from service.line.acting import ACCEPTED_SAY
from service.line.dialling import DIAL_SAY
from service.line.disclosing import DISCLOSED_SAY, ENDED_SAY, TRANSFER_SAY, WITHHELD_SAY
from service.line.routing import ROUTED_SAY
from service.record import unsealing
from service.record.opener import Opener

__all__ = ["DecisionAnswer", "DecisionPage", "decision", "look_up"]

BEAT = timedelta(milliseconds=25)
ACTING_TIER = 3


class DecisionPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`unsealing`: an approved one of the account it was about, for an auditor."""

    unsealing: MaybeId = ""


class Listened(msgspec.Struct, frozen=True):
    """One who would have heard the answer: what he had proved, and in words where he stood."""

    listener_id: str
    party_id: str
    standing: str
    protection: str
    words: str

    def __repr__(self) -> str:
        """Name the listener."""
        return f"Listened({self.listener_id!r})"


class Ruled(msgspec.Struct, frozen=True):
    """A rule that decided, and what it says."""

    rule: str
    words: str

    def __repr__(self) -> str:
        """Name the rule."""
        return f"Ruled({self.rule!r})"


class DecisionAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision, as far as its reader needs to know. The front line reads `decision_id` and `say` alone.

    Whoever must act also reads from `outcome` to `booking_ids`; the auditor all of it: the rules, the policy's version,
    what was judged on (`recorded`, as its history has it), and whether an unsealing opened what is personal in that.
    """

    decision_id: str
    say: str
    outcome: str = ""
    reason: str = ""
    asked: str = ""
    asked_at: str = ""
    asker: Actor | None = None
    account_id: str = ""
    interaction_id: str = ""
    booking_ids: tuple[str, ...] = ()
    listeners: tuple[Listened, ...] = ()
    rules: tuple[Ruled, ...] = ()
    policy_version: int = 0
    recorded: HistoryEntry | None = None
    unsealed: bool = False

    def __repr__(self) -> str:
        """Name the decision."""
        return f"DecisionAnswer({self.decision_id!r})"


async def decision(desk: Desk, asker: Asker, decision_id: str, page: DecisionPage) -> DecisionAnswer:
    """One decision, in the words of whoever asks. Raises Refused("unknown_decision"), to the front line never."""
    told = _told(asker.actor)
    if told == "line":
        async with Beat(BEAT):
            return await _decision(desk, asker, decision_id, "", told)
    return await _decision(desk, asker, decision_id, page.unsealing if told == "whole" else "", told)


async def _decision(desk: Desk, asker: Asker, decision_id: str, unsealing_id: str, told: Told) -> DecisionAnswer:
    await desk.mentions.covering()
    found = await desk.pipeline.threaded(lambda: look_up(desk, decision_id))
    account_id = "" if found is None or noun(found.stream) != "account" else found.stream.partition(":")[2]
    scope, own = Scope(account_id), reader.stream(asker.actor.subject)

    def decide(states: Reader) -> Draft[bool]:
        uses = unsealing.used(desk, states, asker, scope, unsealing_id, "decision") if account_id else []
        read = DecisionRead(decision_id=decision_id, told=told, unsealing_id=unsealing_id if uses else "")
        events: list[tuple[str, Event]] = [(own, read), *uses]
        return Draft(bool(uses), events)

    opens = (await desk.pipeline.carry_out(asker, decide)).answer
    if told == "line":
        mine = found if found is not None and found.header.actor.subject == asker.actor.subject else None
        say = await desk.pipeline.threaded(lambda: WITHHELD_SAY if mine is None else _say(desk, mine))
        return DecisionAnswer(decision_id, say)
    if found is None:
        raise Refused("unknown_decision", "there is no such decision", place="decision_id")
    opener = unsealing.opener(desk, scope, unsealing_id if opens else "", account_id)
    return await desk.pipeline.threaded(lambda: _answer(desk, found, account_id, opener, whole=told == "whole"))


def _told(actor: Actor) -> Told:
    """How much of a decision this role needs to know."""
    if actor.role == "auditor":
        return "whole"
    acts = actor.role in {"compliance", "legal"} or (actor.role == "agent" and actor.tier >= ACTING_TIER)
    return "reason" if acts else "line"


def look_up(desk: Desk, decision_id: str) -> Recorded | None:
    """The event that made a decision. Blocking."""
    position = desk.log.first_about(about_decision(decision_id))
    if position is None:
        return None
    (stored,) = desk.log.read_all(gt=position - 1, limit=1)
    return desk.codec.recorded(stored)


def _answer(desk: Desk, found: Recorded, account_id: str, opener: Opener, *, whole: bool) -> DecisionAnswer:
    attempted = cast(Attempted, found.event)
    told = DecisionAnswer(
        attempted.decision_id,
        _say(desk, found),
        attempted.outcome,
        reason(attempted),
        attempted.action if isinstance(attempted, ActionAttempted) else attempted.asked,
        found.header.occurred_at.isoformat(),
        found.header.actor,
        account_id,
        found.header.interaction,
        attempted.bookings,
    )
    if not whole:
        return told
    return msgspec.structs.replace(
        told,
        listeners=tuple(
            Listened(each.listener_id, each.party_id, each.standing, each.protection, stood(each))
            for each in attempted.listeners
        ),
        rules=tuple(Ruled(rule, rule_words(rule)) for rule in attempted.rules),
        policy_version=found.header.policy,
        recorded=opener.entries([found])[0],
        unsealed=opener.unsealed,
    )


def _say(desk: Desk, found: Recorded) -> str:
    """The line that went with a decision. Blocking."""
    attempted = cast(Attempted, found.event)
    withheld = TRANSFER_SAY if attempted.rules == ("disputed",) else WITHHELD_SAY
    if isinstance(attempted, ActionAttempted):
        return ACCEPTED_SAY if attempted.outcome == "accepted" else withheld
    if attempted.asked == "route":
        return ROUTED_SAY
    if attempted.outcome != "disclosed":
        return withheld
    if attempted.asked == "dial":
        return DIAL_SAY
    return ENDED_SAY if _ended(desk, attempted) else DISCLOSED_SAY


def _ended(desk: Desk, attempted: DisclosureAttempted) -> bool:
    """Whether the airline had ended a flight of what was told: then a colleague goes on with it."""
    loader = Loader(desk.log, desk.codec, desk.keys)
    for booking_id in attempted.bookings:
        stream = booking.stream(booking_id)
        state = cast(BookingState, loader.load_at(stream, attempted.judged_at.get(stream, 0)))
        if state.living is not None and state.living.transfers("held" if attempted.view == "held" else "shown"):
            return True
    return False
