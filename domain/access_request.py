"""Access requests: somebody asks, by mail or otherwise, for what is kept of them (Article 15 of the GDPR).

A letter proves nothing: whoever wrote it is answered nowhere but in a contact in which the person has proved who they
are, by a passcode or by the safe-contact call-back. There they are told their own fields, of the views they may have;
what is about other people alone stays out (Article 15(4)), and notes do. A request is due a month after it came
(Article 12(3)), and one that nobody proved is never answered by being late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain import account
from domain.account import AccountState
from domain.decision import Decision
from domain.dimension import Scope, View, bit
from domain.event import Event, event
from domain.evidence import counts
from domain.field_class import FieldClass
from domain.interaction import CALLER, InteractionState
from domain.refusal import Refused

ReceivedBy = Literal["letter", "mail", "call", "portal"]
Why = Literal["about_others", "notes_and_reasons"]

DUE = timedelta(days=30)

# What is asked for: everything but notes; and what of it stays out, on every account alike.
CLASSES = tuple(each for each in FieldClass if each is not FieldClass.N)
LEFT_OUT: tuple[tuple[FieldClass, Why], ...] = (
    *((each, "about_others") for each in CLASSES if each is not FieldClass.E),
    (FieldClass.N, "notes_and_reasons"),
)

_OWN = sum(1 << bit(view, Scope.OWN, each) for view in View for each in CLASSES)


class AccessRequestState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one request; one that nobody opened has this state too, empty."""

    account_id: str = ""
    party_id: str = ""
    due_at: datetime | None = None
    answers: int = 0


@event
class AccessRequestOpened(Event, frozen=True, kw_only=True):
    """A request came, in this party's name."""

    NAME: ClassVar[str] = "access_request.opened.v1"
    account_id: str
    party_id: str
    received_by: ReceivedBy
    due_at: datetime


@event
class AccessRequestAnswered(Event, frozen=True, kw_only=True):
    """The party it is of was told its own fields, in this contact, by this decision."""

    NAME: ClassVar[str] = "access_request.answered.v1"
    interaction_id: str
    decision_id: str


def stream(access_request_id: str) -> str:
    """The stream of this request."""
    return f"access_request:{access_request_id}"


def evolve(state: AccessRequestState, happened: Event) -> AccessRequestState:
    """Fold one event."""
    match happened:
        case AccessRequestOpened():
            return AccessRequestState(happened.account_id, happened.party_id, happened.due_at)
        case AccessRequestAnswered():
            return replace(state, answers=state.answers + 1)
        case _:
            return state


def open_request(state: AccountState, opened: AccessRequestOpened) -> AccessRequestOpened:
    """Decide on a request. Raises Refused: "unknown_account", or "unknown_party"."""
    account.exists(state)
    if opened.party_id not in state.parties:
        raise Refused("unknown_party", "name a party of this account", place="party_id")
    return opened


def proved(request: AccessRequestState, interaction: InteractionState, account: AccountState) -> bool:
    """Whether the caller has proved here to be the party that the request is of."""
    caller = interaction.listeners.get(CALLER)
    if caller is None or not request.party_id or interaction.account_id != request.account_id:
        return False
    proof, _ = counts(caller, interaction, account)
    return proof is not None and proof.party_id == request.party_id


def own(decision: Decision) -> Decision:
    """The same decision for each listener's own things alone: what is about others stays out, whoever may hear it."""
    own_only = tuple([replace(each, mask=each.mask & _OWN, consents=()) for each in decision.hearings])
    return replace(decision, hearings=own_only)
