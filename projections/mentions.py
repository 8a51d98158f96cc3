"""Mentions: which events of the log are about an account, and which made a decision, so that nobody has to search it.

What is on the account's own stream is about it, and what is on those of its bookings, commitments, incidents, access
requests, exports and unsealings; of a contact what happened while it was bound to it, and what came before it was bound
to any, which is about it from the binding on. What a reader looked up is about the account of that decision, and so is
what became of an action.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from domain import account, incident
from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted
from domain.auditing import AuditBegun, AuditEnded, DecisionReplayed
from domain.booking import BookingImported
from domain.event import Recorded
from domain.evidence import EvidenceCarried
from domain.interaction import InteractionBound
from domain.reader import DecisionRead
from domain.unsealing import UnsealingAsked
from projections.folding import noun

__all__ = ["FOLLOWED", "Found", "Known", "about_account", "about_decision", "found", "named"]

_NAMED_AT_FIRST = ("access_request", "commitment", "export", "incident")

# Streams that are about one account, each with the events by which it says so; the others are about none, or many.
FOLLOWED = frozenset({"account", "booking", "interaction", "reader", "unsealing", "action", *_NAMED_AT_FIRST})


class Found(NamedTuple):
    """The event at `position` is about this, since the log stood at `since`."""

    about: str
    position: int
    since: int


class Known(Protocol):
    """What is known of the rest of the log."""

    def account_of(self, stream: str, version: int) -> str:
        """The account that a stream is about at this version of it: the last that it named, "" for none."""

    def unbound(self, stream: str, version: int) -> tuple[int, ...]:
        """The positions of a stream's events up to this version, as far as none of them had named an account."""

    def decided(self, decision_id: str) -> str:
        """The account that a decision was about, "" where there is no such decision."""


def about_account(account_id: str) -> str:
    """What the index says of an account's events."""
    return account.stream(account_id)


def about_decision(decision_id: str) -> str:
    """What the index says of the event that made a decision."""
    return f"decision:{decision_id}"


def named(recorded: Recorded, known: Known) -> str | None:  # noqa: PLR0911 - one return for each that says it
    """The account that an event says its stream is about from now on, "" for none; None where it says nothing of it."""
    match recorded.event:
        case InteractionBound(account_id=account_id) | BookingImported(account_id=account_id):
            return account_id
        case EvidenceCarried(evidence=evidence):
            return evidence.account_id
        case UnsealingAsked(account_id=account_id, incident_id=incident_id):
            return account_id or known.account_of(incident.stream(incident_id), 1)
        case DecisionRead(decision_id=decision_id) | DecisionReplayed(decision_id=decision_id):
            return known.decided(decision_id)
        case AuditBegun() | AuditEnded():
            return ""
        case _ if recorded.version == 1 and noun(recorded.stream) in _NAMED_AT_FIRST:
            return str(getattr(recorded.event, "account_id", ""))
        case _:
            return None


def found(recorded: Recorded, known: Known) -> list[Found]:
    """What this event is about."""
    happened, position = recorded.event, recorded.position
    account_id = _account(recorded, known)
    told = [Found(about_account(account_id), position, position)] if account_id else []
    if isinstance(happened, DisclosureAttempted | ActionAttempted):
        told.append(Found(about_decision(happened.decision_id), position, position))
    if isinstance(happened, InteractionBound) and account_id:
        earlier = known.unbound(recorded.stream, recorded.version)
        told += [Found(about_account(account_id), each, position) for each in earlier]
    return told


def _account(recorded: Recorded, known: Known) -> str:
    kind, _, own = recorded.stream.partition(":")
    if kind == "account":
        return own
    if kind == "action":
        return known.decided(own)
    said = named(recorded, known)
    return known.account_of(recorded.stream, recorded.version) if said is None else said
