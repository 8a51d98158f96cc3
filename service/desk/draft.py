"""Drafts: what a decision reads, states with their versions, and what it would write, events and an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar, cast

import msgspec

from domain import account, action, booking, contact, interaction
from domain.account import AccountState
from domain.action import ActionState
from domain.booking import BookingState
from domain.contact import ContactState
from domain.event import Actor, Event
from domain.interaction import InteractionState
from domain.policy import PolicyState
from domain.refusal import Refused
from projections.access import Access, Folded
from projections.folding import empty
from service.log import Append, LocatorEntry

POLICY = "policy:default"

T = TypeVar("T")


class Asker(msgspec.Struct, frozen=True, gc=False):
    """Who asks, the id of the request that asks, and the team of an agent, as his token names it."""

    actor: Actor
    cause: str
    team: str = ""


class Key(msgspec.Struct, frozen=True, gc=False):
    """An idempotency key as it came: the asker's key and the keyed digest of the request."""

    key: str
    fingerprint: bytes


class Replay(Exception):
    """The key was used before by the same request: answer what was answered then."""

    def __init__(self, status: int, body: bytes) -> None:
        """Keep the recorded answer."""
        super().__init__("replayed")
        self.status = status
        self.body = body


class Cold(Exception):
    """A stream that is not folded in memory yet."""

    def __init__(self, stream: str) -> None:
        """Name the stream."""
        super().__init__(stream)
        self.stream = stream


class Draft(Generic[T]):
    """What a decision would write, and what is answered once it is written."""

    __slots__ = ("answer", "events", "interaction", "keeps", "locators", "policy", "status", "tracking", "unlocated")

    def __init__(
        self,
        answer: T,
        events: list[tuple[str, Event]],
        *,
        interaction: str = "",
        policy: int = 0,
        locators: tuple[LocatorEntry, ...] = (),
        status: int = 200,
        tracking: Mapping[str, int] | None = None,
        keeps: bool = True,
        unlocated: tuple[LocatorEntry, ...] = (),
    ) -> None:
        """Events go to their streams in this order; `tracking`: how far a follower of the log has come with them.

        `keeps`: whether the answer is kept under the key of the request. `unlocated`: what the index of locators
        forgets.
        """
        self.answer = answer
        self.events = events
        self.interaction = interaction
        self.policy = policy
        self.locators = locators
        self.status = status
        self.tracking = tracking
        self.keeps = keeps
        self.unlocated = unlocated


class Reader:
    """What a decision reads. Every stream it touches is named in its append, at the version it stood at."""

    __slots__ = ("_access", "reads")

    def __init__(self, access: Access[Append]) -> None:
        """Read from these states."""
        self._access = access
        self.reads: dict[str, Folded[Append]] = {}

    def folded(self, stream: str) -> Folded[Append]:
        """The state of a stream with its version. Raises Cold where it has to be loaded first."""
        found = self.reads.get(stream)
        if found is None:
            found = self._access.get(stream)
            if found is None:
                raise Cold(stream)
            if found.pending is not None and found.pending.settled:
                if found.pending.error is not None:
                    self._access.drop(stream)
                    raise Cold(stream)
                found.pending = None
            self.reads[stream] = found
        return found

    def fresh(self, stream: str) -> None:
        """Name a stream whose id was just made up: there is nothing to read, and there must still be nothing."""
        self.reads[stream] = Folded(empty(stream), 0)

    def account(self, account_id: str) -> AccountState:
        """The account's state; empty where nobody opened it."""
        return cast(AccountState, self.folded(account.stream(account_id)).state)

    def booking(self, booking_id: str) -> BookingState:
        """The booking's state; empty where there is none."""
        return cast(BookingState, self.folded(booking.stream(booking_id)).state)

    def interaction(self, interaction_id: str) -> InteractionState:
        """The interaction's state. Raises Refused("unknown_interaction")."""
        state = cast(InteractionState, self.folded(interaction.stream(interaction_id)).state)
        if not state.agent:
            raise Refused("unknown_interaction", "there is no such interaction; open one", place="interaction_id")
        return state

    def action(self, decision_id: str) -> ActionState:
        """What became of an action; empty while it waits."""
        return cast(ActionState, self.folded(action.stream(decision_id)).state)

    def contact(self, mark: str) -> ContactState:
        """The contact's state."""
        return cast(ContactState, self.folded(contact.stream(mark)).state)

    def policy(self) -> PolicyState:
        """The policy in force."""
        return cast(PolicyState, self.folded(POLICY).state)
