"""Overrides: break-glass. One asks with a reason, another approves, it expires, and somebody reviews it afterwards.

An approved override stands in the place of the caller's passcode, in the field classes it names, and of nothing else:
for one party, in one binding of one interaction of one agent, and for so many minutes. How it widens an answer, and
what ends that: `standing_in`.

State keeps what waits for an answer or for its review, a bounded number: what was refused, reviewed, asked anew or not
answered in time is on record, and leaves it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import msgspec
from msgspec.structs import replace

from domain.event import Event, Kept, Personal, event
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.account import AccountState
    from domain.interaction import InteractionState

Reason = Literal[
    "caller_cannot_use_passcode", "welfare_check_by_police_liaison", "court_order", "carrier_emergency", "other"
]
Finding = Literal["justified", "not_justified"]

REASONS: tuple[Reason, ...] = get_args(Reason)
AUTHORITIES = frozenset({"welfare_check_by_police_liaison", "court_order"})
AUTHORITY_TIER = 3
ASKED_LASTS = timedelta(hours=1)
REVIEWED_WITHIN = timedelta(hours=24)
MOST_MINUTES = 60
MOST_WAITING = 16
MOST_OF_AN_AGENT = 2
MOST_UNREVIEWED = 16

_HEAD = "watchword override approval v2"


class Override(msgspec.Struct, frozen=True, gc=False):
    """One override: asked, and approved once `until` is there. `words` are the asker's own, sealed.

    The last four are as the contact was when it was asked for, see `OverrideAsked`.
    """

    override_id: str
    interaction_id: str
    agent: str
    reason: str
    classes: str
    minutes: int
    asked_at: datetime
    words: Kept
    approver: str = ""
    until: datetime | None = None
    signature: str = ""
    party_id: str = ""
    bindings: int = 0
    channel: str = ""
    tier: int = 0

    def waiting(self, now: datetime) -> bool:
        """Whether it was asked for and can still be answered."""
        return self.until is None and now < self.asked_at + ASKED_LASTS

    def active(self, now: datetime) -> bool:
        """Whether it was approved and has not expired."""
        return self.until is not None and now < self.until

    def overdue(self, now: datetime) -> bool:
        """Whether nobody has reviewed it in the time there is for that."""
        return self.until is not None and now >= self.until + REVIEWED_WITHIN


@event
class OverrideAsked(Event, frozen=True, kw_only=True):
    """An agent asked for one. `classes`: letters of field classes, E among them; `minutes` count from its approval.

    `party_id`: as whom the caller is to be answered, who was identified as that or for an authority was named, "" for
    nobody; `bindings`: how often the contact had been bound; `channel` and `tier`: the contact's.
    """

    NAME: ClassVar[str] = "override.asked.v1"
    override_id: str
    interaction_id: str
    agent: str
    reason: str
    words: Personal
    classes: str
    minutes: int
    asked_at: datetime
    party_id: str = ""
    bindings: int = 0
    channel: str = ""
    tier: int = 0


@event
class OverrideApproved(Event, frozen=True, kw_only=True):
    """Another person approved it. `signature`: Ed25519 over `statement`, in hex."""

    NAME: ClassVar[str] = "override.approved.v1"
    override_id: str
    approver: str
    until: datetime
    signature: str


@event
class OverrideRefused(Event, frozen=True, kw_only=True):
    """Another person refused it."""

    NAME: ClassVar[str] = "override.refused.v1"
    override_id: str
    refuser: str


@event
class OverrideReviewed(Event, frozen=True, kw_only=True):
    """A third person looked at it afterwards. It opens nothing any more."""

    NAME: ClassVar[str] = "override.reviewed.v1"
    override_id: str
    reviewer: str
    finding: Finding
    words: Personal


@event
class OverrideWordsRead(Event, frozen=True, kw_only=True):
    """Somebody was shown why these were asked for, in the words of whoever asked."""

    NAME: ClassVar[str] = "override.words_read.v1"
    override_ids: tuple[str, ...]


Happened = OverrideAsked | OverrideApproved | OverrideRefused | OverrideReviewed


def statement(account_id: str, override: Override, approver: str, until: datetime) -> bytes:
    """What an approval signs: a first line that says what it is, then JSON, its keys in order and without spaces.

    It has whatever an override is narrow by, so that nothing it opens can be changed after somebody approved it.
    """
    said = {
        "account_id": account_id,
        "agent": override.agent,
        "approver": approver,
        "bindings": override.bindings,
        "channel": override.channel,
        "classes": override.classes,
        "interaction_id": override.interaction_id,
        "minutes": override.minutes,
        "override_id": override.override_id,
        "party_id": override.party_id,
        "reason": override.reason,
        "tier": override.tier,
        "until": until.isoformat(),
    }
    return f"{_HEAD}\n{json.dumps(said, sort_keys=True, separators=(',', ':'))}".encode()


def evolve(known: Mapping[str, Override], happened: Happened, version: int) -> Mapping[str, Override]:
    """Fold one event that stands at `version` of the account's stream; overrides by id."""
    match happened:
        case OverrideAsked():
            return _asked(known, happened, version)
        case OverrideApproved(override_id=override_id) if override_id in known:
            approved = replace(
                known[override_id], approver=happened.approver, until=happened.until, signature=happened.signature
            )
            return {**known, override_id: approved}
        case OverrideRefused(override_id=override_id) | OverrideReviewed(override_id=override_id):
            return {each: kept for each, kept in known.items() if each != override_id}
        case _:
            return known


def _asked(known: Mapping[str, Override], asked: OverrideAsked, version: int) -> Mapping[str, Override]:
    """With one more that waits: in the place of what the same contact asked for, of the lapsed, and of the oldest.

    Of the agent's own oldest first: nobody makes another's go by asking often.
    """
    at = asked.asked_at
    waiting = [
        each
        for each in known.values()
        if each.waiting(at) and not (each.interaction_id == asked.interaction_id and each.agent == asked.agent)
    ]
    own = [each for each in waiting if each.agent == asked.agent][: 1 - MOST_OF_AN_AGENT]
    waiting = [each for each in waiting if each not in own]
    kept = [each for each in known.values() if each.until is not None] + waiting[-(MOST_WAITING - 1) :]
    made = Override(
        asked.override_id,
        asked.interaction_id,
        asked.agent,
        asked.reason,
        asked.classes,
        asked.minutes,
        at,
        Kept(asked.words, version, OverrideAsked.NAME, "words"),
        party_id=asked.party_id,
        bindings=asked.bindings,
        channel=asked.channel,
        tier=asked.tier,
    )
    return {each.override_id: each for each in (*kept, made)}


def ask(asked: OverrideAsked) -> OverrideAsked:
    """Decide on asking, which nothing of the account has a say in.

    An authority is not on the account: whom it asks about has to be named. And who has to answer for it that the call
    is one which the desk placed itself is of tier 3: the channel is the word of whoever opened the contact.

    Raises Refused: "not_your_tier", "not_a_call_back", or "wrong_party" where an authority's party is missing.
    """
    if asked.reason not in AUTHORITIES:
        return asked
    if asked.tier < AUTHORITY_TIER:
        raise Refused("not_your_tier", "for an authority only tier 3 asks, in a call it placed itself; pass it on")
    if asked.channel != "call_back":
        raise Refused("not_a_call_back", "open an interaction whose channel is call_back", place="interaction_id")
    if not asked.party_id:
        raise Refused("wrong_party", "name the party whom the authority asks about", place="party_id")
    return asked


def find(account: AccountState, override_id: str) -> Override:
    """The override of this id. Raises Refused("unknown_override"), also where it was refused, reviewed or replaced."""
    found = account.overrides.get(override_id)
    if found is None:
        raise Refused("unknown_override", "no override of this id waits on this account", place="override_id")
    return found


def answerable(
    account: AccountState, override_id: str, sat_there: Collection[str], person: str, now: datetime
) -> Override:
    """The override that this person may approve or refuse now. `sat_there`: everybody who had that contact so far.

    Raises Refused: "unknown_override", "approved_already", "lapsed", or "another_person" for who asked for it or sits
    at its interaction.
    """
    found = find(account, override_id)
    if found.until is not None:
        raise Refused("approved_already", "this override was approved already")
    if not found.waiting(now):
        raise Refused("lapsed", "nobody answered this in an hour; ask for it again")
    if person == found.agent or person in sat_there:
        raise Refused("another_person", "somebody who is not on this contact answers it; ask another person")
    return found


def approve(
    account: AccountState,
    override_id: str,
    interaction: InteractionState,
    *,
    approver: str,
    now: datetime,
    before: Collection[str] = (),
) -> tuple[Override, datetime]:
    """Decide on an approval: the override, and until when it holds. The service signs that and records it.

    `before`: whoever had the contact before this interaction of it.

    Raises Refused, see `answerable`; "interaction_over" where it would open nothing any more, bound anew as well;
    "review_first" where too many of this account wait for their review.
    """
    found = answerable(account, override_id, {*before, interaction.agent}, approver, now)
    if not interaction.usable(found.agent, now) or interaction.bindings != found.bindings:
        raise Refused("interaction_over", "the contact it was asked for is over, another agent's or bound anew by now")
    if sum(each.until is not None for each in account.overrides.values()) >= MOST_UNREVIEWED:
        raise Refused("review_first", "overrides of this account wait for their review; have those reviewed first")
    return found, now + timedelta(minutes=found.minutes)


def review(account: AccountState, reviewed: OverrideReviewed) -> OverrideReviewed:
    """Decide on a review.

    Raises Refused: "unknown_override", "not_approved", or "another_person" for who asked for it or approved it.
    """
    found = find(account, reviewed.override_id)
    if found.until is None:
        raise Refused("not_approved", "nobody has approved this override; there is nothing to review")
    if reviewed.reviewer in (found.agent, found.approver):
        raise Refused("another_person", "whoever asked for an override or approved it cannot review it")
    return reviewed
