"""How every stream folds: which noun a stream is about, its empty state, and how one event moves it on."""

from __future__ import annotations

from domain import account, booking, contact, interaction, policy
from domain.account import AccountState
from domain.booking import BookingState
from domain.contact import ContactState
from domain.event import Event, Header
from domain.interaction import InteractionOpened, InteractionState
from domain.policy import PolicyAdopted, PolicyState

State = AccountState | BookingState | ContactState | InteractionState | PolicyState

_EMPTY: dict[str, State] = {
    "account": AccountState(),
    "booking": BookingState(),
    "contact": ContactState(),
    "interaction": InteractionState(),
    "policy": PolicyState(),
}


def noun(stream: str) -> str:
    """The noun a stream is about: what stands before its colon."""
    return stream.partition(":")[0]


def empty(stream: str) -> State:
    """The state of a stream without events. Raises KeyError for a noun that has no streams."""
    return _EMPTY[noun(stream)]


def fold(state: State, happened: Event, header: Header, version: int) -> State:
    """Move a state on by one event that stands at `version` of its stream."""
    match state:
        case AccountState():
            return account.evolve(state, happened, version)
        case InteractionState():
            if isinstance(happened, InteractionOpened):
                return interaction.opened(happened, header.actor.subject, max(header.actor.tier, 1), header.actor.site)
            return interaction.evolve(state, happened)
        case BookingState():
            return booking.evolve(state, happened, version)
        case ContactState():
            return contact.evolve(state, happened)
        case PolicyState():
            return policy.evolve(state, happened) if isinstance(happened, PolicyAdopted) else state
