"""Hand-offs: the codes by which a contact goes on with somebody else, or again after it dropped (see `evidence`).

A transfer is offered to an agent, a team or a site, and taken once, within minutes. A resume code is told to the caller
before anybody has time for him, and gives him back his place in the queue and his case.

Codes are kept as marks only, as the names of their streams. Used, expired, somebody else's and never given are one
answer; which it was is for auditors.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Actor, Event, Personal, event
from domain.interaction import InteractionState
from domain.refusal import Refused

TRANSFER_LASTS = timedelta(minutes=10)
RESUME_LASTS = timedelta(hours=24)

RecipientKind = Literal["agent", "team", "site"]
# Why a code opened nothing: for auditors alone.
Why = Literal["unknown", "used", "expired", "another's", "over"]


class HandOffState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one transfer's code; one that nobody was given has this state too, empty."""

    interaction_id: str = ""
    offered_by: str = ""
    to_kind: RecipientKind = "agent"
    to_name: str = ""
    expires_at: datetime | None = None
    taken: bool = False


class ResumeState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one resume code; one that nobody was given has this state too, empty."""

    interaction_id: str = ""
    expires_at: datetime | None = None
    used: bool = False


@event
class HandOffOffered(Event, frozen=True, kw_only=True):
    """Somebody offered a contact to an agent, a team or a site. The stream's name is the mark of its code."""

    NAME: ClassVar[str] = "hand_off.offered.v1"
    interaction_id: str
    offered_by: str
    to_kind: RecipientKind
    to_name: str
    reason: Personal
    expires_at: datetime


@event
class HandOffTaken(Event, frozen=True, kw_only=True):
    """The code was used: the contact goes on in this interaction."""

    NAME: ClassVar[str] = "hand_off.taken.v1"
    interaction_id: str


@event
class HandOffMissed(Event, frozen=True, kw_only=True):
    """A code was tried and opened nothing."""

    NAME: ClassVar[str] = "hand_off.missed.v1"
    why: Why


@event
class ResumeIssued(Event, frozen=True, kw_only=True):
    """The caller was given a code to come back with. The stream's name is its mark."""

    NAME: ClassVar[str] = "resume.issued.v1"
    interaction_id: str
    expires_at: datetime


@event
class ResumeUsed(Event, frozen=True, kw_only=True):
    """The code was used: the case goes on in this interaction."""

    NAME: ClassVar[str] = "resume.used.v1"
    interaction_id: str


@event
class ResumeMissed(Event, frozen=True, kw_only=True):
    """A code was tried and resumed nothing."""

    NAME: ClassVar[str] = "resume.missed.v1"
    why: Why


class Spent(Refused):
    """A code opens nothing. `why` is recorded and never told."""

    def __init__(self, why: Why) -> None:
        """Say the same whatever the reason."""
        super().__init__("code_spent", "this code is not good, or not any more; ask for a new one", place="code")
        self.why: Why = why


def stream(mark: str) -> str:
    """The stream of the transfer whose code has this mark."""
    return f"hand_off:{mark}"


def resume_stream(mark: str) -> str:
    """The stream of the resume code with this mark."""
    return f"resume:{mark}"


def evolve(state: HandOffState, happened: Event) -> HandOffState:
    """Fold one event of a transfer's code."""
    match happened:
        case HandOffOffered():
            return HandOffState(
                happened.interaction_id, happened.offered_by, happened.to_kind, happened.to_name, happened.expires_at
            )
        case HandOffTaken():
            return replace(state, taken=True)
        case _:
            return state


def evolve_resume(state: ResumeState, happened: Event) -> ResumeState:
    """Fold one event of a resume code."""
    match happened:
        case ResumeIssued(interaction_id=interaction_id, expires_at=expires_at):
            return ResumeState(interaction_id, expires_at)
        case ResumeUsed():
            return replace(state, used=True)
        case _:
            return state


def take(offered: HandOffState, line: InteractionState | None, actor: Actor, team: str, now: datetime) -> None:
    """Raise Spent unless this person may take the transfer over now.

    `line`: the interaction it was offered in, None where the code is nobody's. Whoever offered it is not its receiver.
    """
    if line is None or offered.expires_at is None:
        raise Spent("unknown")
    name = {"agent": actor.subject, "team": team, "site": actor.site}[offered.to_kind]
    if not name or name != offered.to_name or actor.subject == offered.offered_by:
        raise Spent("another's")
    if offered.taken:
        raise Spent("used")
    if now >= offered.expires_at:
        raise Spent("expired")
    if not line.usable(offered.offered_by, now):
        raise Spent("over")


def use(issued: ResumeState, now: datetime) -> None:
    """Raise Spent unless this resume code is good now."""
    if issued.expires_at is None:
        raise Spent("unknown")
    if issued.used:
        raise Spent("used")
    if now >= issued.expires_at:
        raise Spent("expired")
