"""Unsealing: what is personal in the record is opened to one reader, for a purpose, at a second person's word.

One asks, for one account or one incident; another approves it, and it is signed; it lasts an hour, may be ended before,
and every page that is read under it is on record with its id. What nobody needs to read, to understand what happened,
it never opens: the digests of passcodes, and the secrets of other systems.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import ClassVar, Literal, get_args

import msgspec
from msgspec.structs import replace

from domain.event import Event, Kept, Personal, event
from domain.refusal import Refused

Purpose = Literal[
    "incident_review", "court_order", "police_request", "legal_claim", "access_request", "complaint", "audit"
]
Reading = Literal["history", "differences", "views", "decision", "timeline", "export"]

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
LASTS = timedelta(hours=1)
ASKED_LASTS = timedelta(hours=24)
# By the name of the field, so that whatever event has one of these later keeps it closed too.
NEVER_OPENED = frozenset({"digest", "duress_digest", "secret"})

_HEAD = "watchword unsealing approval v1"


class Scope(msgspec.Struct, frozen=True, gc=False):
    """Of what: one account or one incident; the other is empty."""

    account_id: str = ""
    incident_id: str = ""

    def whole(self) -> bool:
        """Whether it names exactly one of the two."""
        return bool(self.account_id) != bool(self.incident_id)

    def subject(self) -> str:
        """The id of what it is about."""
        return self.account_id or self.incident_id


class UnsealingState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one unsealing. `words` are the asker's own, sealed; `ended`: refused, or ended before its time.

    `used`: how often something was read under it.
    """

    unsealing_id: str = ""
    scope: Scope = Scope()
    asker: str = ""
    purpose: str = ""
    asked_at: datetime | None = None
    words: Kept | None = None
    approver: str = ""
    until: datetime | None = None
    signature: str = ""
    refused_by: str = ""
    ended_by: str = ""
    used: int = 0

    def waiting(self, now: datetime) -> bool:
        """Whether somebody can still approve or refuse it."""
        answered = self.until is not None or self.refused_by or self.ended_by
        return self.asked_at is not None and not answered and now < self.asked_at + ASKED_LASTS

    def stands(self, now: datetime) -> bool:
        """Whether it was approved, was not ended, and has not expired."""
        return self.until is not None and not self.ended_by and now < self.until

    def opens(self, reader: str, scope: Scope, now: datetime) -> bool:
        """Whether it opens to this reader what is personal in this. The service sees to it that it was signed."""
        return self.stands(now) and self.asker == reader and self.scope == scope


@event
class UnsealingAsked(Event, frozen=True, kw_only=True):
    """Somebody asked to read what is personal. One of `account_id` and `incident_id` is empty."""

    NAME: ClassVar[str] = "unsealing.asked.v1"
    unsealing_id: str
    account_id: str
    incident_id: str
    asker: str
    purpose: str
    words: Personal
    asked_at: datetime


@event
class UnsealingApproved(Event, frozen=True, kw_only=True):
    """Another person approved it. `signature`: Ed25519 over `statement`, in hex."""

    NAME: ClassVar[str] = "unsealing.approved.v1"
    unsealing_id: str
    approver: str
    until: datetime
    signature: str


@event
class UnsealingRefused(Event, frozen=True, kw_only=True):
    """Another person refused it."""

    NAME: ClassVar[str] = "unsealing.refused.v1"
    unsealing_id: str
    refuser: str


@event
class UnsealingEnded(Event, frozen=True, kw_only=True):
    """Somebody ended it before its time: the asker, who is done, or another who answers for the record."""

    NAME: ClassVar[str] = "unsealing.ended.v1"
    unsealing_id: str
    ended_by: str


@event
class UnsealingUsed(Event, frozen=True, kw_only=True):
    """Something was read under it: what, and from where in the log up to where, 0 where that is nowhere in it."""

    NAME: ClassVar[str] = "unsealing.used.v1"
    unsealing_id: str
    reader: str
    reading: Reading
    after: int = 0
    until: int = 0


Happened = UnsealingAsked | UnsealingApproved | UnsealingRefused | UnsealingEnded | UnsealingUsed


def stream(unsealing_id: str) -> str:
    """The stream of this unsealing."""
    return f"unsealing:{unsealing_id}"


def statement(state: UnsealingState, approver: str, until: datetime) -> bytes:
    """What an approval signs: a first line that says what it is, then JSON, its keys in order and without spaces.

    It has whatever an unsealing is narrow by, so that nothing it opens can be changed after somebody approved it.
    """
    said = {
        "account_id": state.scope.account_id,
        "approver": approver,
        "asked_at": "" if state.asked_at is None else state.asked_at.isoformat(),
        "asker": state.asker,
        "incident_id": state.scope.incident_id,
        "purpose": state.purpose,
        "unsealing_id": state.unsealing_id,
        "until": until.isoformat(),
    }
    return f"{_HEAD}\n{json.dumps(said, sort_keys=True, separators=(',', ':'))}".encode()


def evolve(state: UnsealingState, happened: Event, version: int) -> UnsealingState:
    """Fold one event that stands at `version` of its stream."""
    match happened:
        case UnsealingAsked():
            return UnsealingState(
                unsealing_id=happened.unsealing_id,
                scope=Scope(happened.account_id, happened.incident_id),
                asker=happened.asker,
                purpose=happened.purpose,
                asked_at=happened.asked_at,
                words=Kept(happened.words, version, UnsealingAsked.NAME, "words"),
            )
        case UnsealingApproved():
            return replace(state, approver=happened.approver, until=happened.until, signature=happened.signature)
        case UnsealingRefused(refuser=refuser):
            return replace(state, refused_by=refuser)
        case UnsealingEnded(ended_by=ended_by):
            return replace(state, ended_by=ended_by)
        case UnsealingUsed():
            return replace(state, used=state.used + 1)
        case _:
            return state


def ask(asked: UnsealingAsked) -> UnsealingAsked:
    """Decide on asking. Raises Refused("one_scope") unless it is about one account or one incident."""
    if not Scope(asked.account_id, asked.incident_id).whole():
        raise Refused("one_scope", "name one account or one incident, and not both", place="account_id")
    return asked


def answerable(state: UnsealingState, person: str, now: datetime) -> None:
    """Raise Refused unless this person may approve or refuse it now.

    "unknown_unsealing", "answered_already", "lapsed", or "another_person" for who asked for it.
    """
    _exists(state)
    if state.until is not None or state.refused_by or state.ended_by:
        raise Refused("answered_already", "somebody has answered this already")
    if not state.waiting(now):
        raise Refused("lapsed", "nobody answered this in a day; ask for it again")
    if person == state.asker:
        raise Refused("another_person", "whoever asked for it cannot answer it; ask another person")


def approve(state: UnsealingState, approver: str, now: datetime) -> datetime:
    """Decide on an approval: until when it opens. The service signs that and records it. Raises as `answerable`."""
    answerable(state, approver, now)
    return now + LASTS


def refuse(state: UnsealingState, refuser: str, now: datetime) -> UnsealingRefused:
    """Decide on a refusal. Raises as `answerable`."""
    answerable(state, refuser, now)
    return UnsealingRefused(unsealing_id=state.unsealing_id, refuser=refuser)


def end(state: UnsealingState, person: str, now: datetime) -> UnsealingEnded:
    """Decide on an end before its time. Raises Refused: "unknown_unsealing", "over"."""
    _exists(state)
    if not state.stands(now) and not state.waiting(now):
        raise Refused("over", "this unsealing opens nothing any more")
    return UnsealingEnded(unsealing_id=state.unsealing_id, ended_by=person)


def _exists(state: UnsealingState) -> None:
    if not state.unsealing_id:
        raise Refused("unknown_unsealing", "there is no such unsealing", place="unsealing_id")
