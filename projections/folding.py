"""How every stream folds: which noun a stream is about, its empty state, and how one event moves it on."""

from __future__ import annotations

from domain import (
    access_request,
    account,
    action,
    authority,
    booking,
    commitment,
    contact,
    evidence,
    export,
    follower,
    forgetting,
    hand_off,
    hold,
    incident,
    interaction,
    ledger,
    policy,
    problem,
    reader,
    rule,
    unsealing,
    webhook,
)
from domain.access_request import AccessRequestState
from domain.account import AccountState
from domain.action import ActionState
from domain.authority import AuthorityState
from domain.booking import BookingState
from domain.commitment import CommitmentState
from domain.contact import ContactState
from domain.event import Event, Header
from domain.evidence import EvidenceCarried, InteractionContinued
from domain.export import ExportState
from domain.follower import FollowerState
from domain.forgetting import ForgettingState
from domain.hand_off import HandOffState, ResumeState
from domain.hold import HoldState
from domain.incident import IncidentState
from domain.interaction import InteractionOpened, InteractionState
from domain.ledger import LedgerState
from domain.policy import PolicyAdopted, PolicyState
from domain.problem import ProblemState
from domain.reader import ReaderState
from domain.rule import RulesState
from domain.unsealing import UnsealingState
from domain.webhook import WebhookState

State = (
    AccessRequestState
    | AccountState
    | ActionState
    | AuthorityState
    | BookingState
    | ContactState
    | InteractionState
    | LedgerState
    | PolicyState
    | CommitmentState
    | ProblemState
    | HandOffState
    | ResumeState
    | ExportState
    | FollowerState
    | ForgettingState
    | HoldState
    | IncidentState
    | ReaderState
    | RulesState
    | UnsealingState
    | WebhookState
)

_EMPTY: dict[str, State] = {
    "access_request": AccessRequestState(),
    "account": AccountState(),
    "action": ActionState(),
    "authority": AuthorityState(),
    "booking": BookingState(),
    "commitment": CommitmentState(),
    "contact": ContactState(),
    "export": ExportState(),
    "follower": FollowerState(),
    "forgetting": ForgettingState(),
    "hand_off": HandOffState(),
    "hold": HoldState(),
    "incident": IncidentState(),
    "interaction": InteractionState(),
    "ledger": LedgerState(),
    "policy": PolicyState(),
    "problem": ProblemState(),
    "reader": ReaderState(),
    "resume": ResumeState(),
    "rules": RulesState(),
    "unsealing": UnsealingState(),
    "webhook": WebhookState(),
}


def noun(stream: str) -> str:
    """The noun a stream is about: what stands before its colon."""
    return stream.partition(":")[0]


def empty(stream: str) -> State:
    """The state of a stream without events. Raises KeyError for a noun that has no streams."""
    return _EMPTY[noun(stream)]


def fold(  # noqa: C901, PLR0911, PLR0912 - one arm for each noun
    state: State, happened: Event, header: Header, version: int
) -> State:
    """Move a state on by one event that stands at `version` of its stream."""
    match state:
        case AccountState():
            return account.evolve(state, happened, version)
        case InteractionState():
            if isinstance(happened, InteractionOpened):
                return interaction.opened(happened, header.actor.subject, max(header.actor.tier, 1), header.actor.site)
            if isinstance(happened, EvidenceCarried | InteractionContinued):
                return evidence.evolve(state, happened, header.actor)
            return interaction.evolve(state, happened)
        case BookingState():
            return booking.evolve(state, happened, version, header.occurred_at)
        case CommitmentState():
            return commitment.evolve(state, happened, version)
        case ProblemState():
            return problem.evolve(state, happened, version)
        case HandOffState():
            return hand_off.evolve(state, happened)
        case ResumeState():
            return hand_off.evolve_resume(state, happened)
        case ActionState():
            return action.evolve(state, happened)
        case AccessRequestState():
            return access_request.evolve(state, happened)
        case ContactState():
            return contact.evolve(state, happened)
        case ExportState():
            return export.evolve(state, happened)
        case AuthorityState():
            return authority.evolve(state, happened)
        case IncidentState():
            return incident.evolve(state, happened)
        case WebhookState():
            return webhook.evolve(state, happened, version)
        case ReaderState():
            return reader.evolve(state, happened)
        case UnsealingState():
            return unsealing.evolve(state, happened, version)
        case RulesState():
            return rule.evolve(state, happened)
        case HoldState():
            return hold.evolve(state, happened, version)
        case ForgettingState():
            return forgetting.evolve(state, happened)
        case FollowerState():
            return follower.evolve(state, happened)
        case LedgerState():
            return ledger.evolve(state, happened)
        case PolicyState():
            return policy.evolve(state, happened) if isinstance(happened, PolicyAdopted) else state
