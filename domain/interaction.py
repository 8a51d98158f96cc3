"""Interactions: one contact, the people on the line, what they offered and what they proved.

Standing is never said by a client: it follows from the facts the service compared and the passcodes it verified *here*.
A new interaction starts from nothing, whoever sat at the desktop before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, Personal, event
from domain.refusal import Refused

Channel = Literal["call", "chat", "portal", "call_back", "notice"]
ListenerKind = Literal["customer", "third_party", "interpreter", "relay_operator"]
Method = Literal["passcode", "duress", "call_back"]

LASTS = timedelta(hours=8)
CALLER = "caller"
MOST_LISTENERS = 16
FAILURES_ALLOWED = 5


class Proof(msgspec.Struct, frozen=True, gc=False):
    """A party proved in this interaction; `secret_id`: the id of the passcode, duress passcode or call-back."""

    party_id: str
    method: Method
    secret_id: str


class Listener(msgspec.Struct, frozen=True, gc=False):
    """One person on the line. `identified` and `proofs` are by account: one contact may bind several."""

    listener_id: str
    kind: ListenerKind
    bound: bool = False
    identified: Mapping[str, str] = {}
    proofs: Mapping[str, Proof] = {}


class InteractionState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one interaction. `account_id` is the account it is about now, "" before the first binding.

    `may_prove`: the parties who alone count while it is bound by a locator that only a held view has, None otherwise.
    To everybody else such a locator is nobody's: what he proved or was taken for on the account is nothing meanwhile.
    """

    agent: str = ""
    tier: int = 1
    site: str = ""
    channel: Channel = "call"
    contact: str = ""
    opened_at: datetime | None = None
    closed: bool = False
    account_id: str = ""
    listeners: Mapping[str, Listener] = {}
    failures: int = 0
    may_prove: frozenset[str] | None = None
    bindings: int = 0

    def proof(self, listener: Listener) -> Proof | None:
        """What a listener has proved that counts now."""
        found = listener.proofs.get(self.account_id)
        return found if found is None or self.may_prove is None or found.party_id in self.may_prove else None

    def taken_for(self, listener: Listener) -> str:
        """The party whose facts a listener offered, as far as that counts now; "" for nobody."""
        return listener.identified.get(self.account_id, "") if self.may_prove is None else ""

    def usable(self, agent: str, now: datetime) -> bool:
        """Whether this agent may ask in it now: open, not expired, and his own."""
        return not self.closed and self.agent == agent and self.opened_at is not None and now < self.opened_at + LASTS


@event
class InteractionOpened(Event, frozen=True, kw_only=True):
    """A contact began. `contact` is the mark of where it comes from; evidence, never proof."""

    NAME: ClassVar[str] = "interaction.opened.v1"
    channel: Channel
    contact: str
    contact_id: Personal
    at: datetime


@event
class InteractionBound(Event, frozen=True, kw_only=True):
    """The contact is about this account now. `known`: it was found; `hidden`: only a held view has the locator.

    `may_prove`, where it is hidden: the protected parties on that held view; if there are none, all who are on it.
    """

    NAME: ClassVar[str] = "interaction.bound.v1"
    account_id: str
    party_id: str
    known: bool
    hidden: bool
    facts: tuple[str, ...]
    offered: Personal
    may_prove: tuple[str, ...] = ()


@event
class ListenerJoined(Event, frozen=True, kw_only=True):
    """Somebody else is on the line. `bound`: an interpreter or relay operator who declared to keep silence."""

    NAME: ClassVar[str] = "listener.joined.v1"
    listener_id: str
    kind: ListenerKind
    bound: bool
    account_id: str
    party_id: str
    offered: Personal


@event
class ListenerLeft(Event, frozen=True, kw_only=True):
    """Somebody left the line."""

    NAME: ClassVar[str] = "listener.left.v1"
    listener_id: str


@event
class ListenerVerified(Event, frozen=True, kw_only=True):
    """A passcode was proved by this listener."""

    NAME: ClassVar[str] = "listener.verified.v1"
    listener_id: str
    account_id: str
    party_id: str
    method: Method
    secret_id: str


@event
class VerificationFailed(Event, frozen=True, kw_only=True):
    """A passcode was not accepted from this listener."""

    NAME: ClassVar[str] = "listener.verification_failed.v1"
    listener_id: str


@event
class InteractionClosed(Event, frozen=True, kw_only=True):
    """The contact ended; nothing proved in it is good any more."""

    NAME: ClassVar[str] = "interaction.closed.v1"


def stream(interaction_id: str) -> str:
    """The stream of this interaction."""
    return f"interaction:{interaction_id}"


def evolve(state: InteractionState, happened: Event) -> InteractionState:  # noqa: PLR0911 - one arm for each event
    """Fold one event but for its opening, which also needs its header (see `opened`)."""
    match happened:
        case InteractionBound(account_id=account_id, hidden=True, may_prove=may_prove):
            bindings = state.bindings + 1
            return replace(state, account_id=account_id, may_prove=frozenset(may_prove), bindings=bindings)
        case InteractionBound(account_id=account_id, party_id=party_id):
            caller = state.listeners[CALLER]
            listeners = {**state.listeners, CALLER: _identified(caller, account_id, party_id)}
            bindings = state.bindings + 1
            return replace(state, account_id=account_id, listeners=listeners, may_prove=None, bindings=bindings)
        case ListenerJoined(listener_id=listener_id):
            joined = _identified(
                Listener(listener_id, happened.kind, happened.bound), happened.account_id, happened.party_id
            )
            return replace(state, listeners={**state.listeners, listener_id: joined})
        case ListenerLeft(listener_id=listener_id):
            return replace(state, listeners={key: kept for key, kept in state.listeners.items() if key != listener_id})
        case ListenerVerified(listener_id=listener_id):
            listener = state.listeners[listener_id]
            proof = Proof(happened.party_id, happened.method, happened.secret_id)
            proved = replace(listener, proofs={**listener.proofs, happened.account_id: proof})
            return replace(state, listeners={**state.listeners, listener_id: proved})
        case VerificationFailed():
            return replace(state, failures=state.failures + 1)
        case InteractionClosed():
            return replace(state, closed=True)
        case _:
            return state


def opened(happened: InteractionOpened, agent: str, tier: int, site: str) -> InteractionState:
    """The state of a contact that has just begun: one caller of whom nothing is known."""
    return InteractionState(
        agent=agent,
        tier=tier,
        site=site,
        channel=happened.channel,
        contact=happened.contact,
        opened_at=happened.at,
        listeners={CALLER: Listener(CALLER, "customer")},
    )


def _identified(listener: Listener, account_id: str, party_id: str) -> Listener:
    if not account_id:
        return listener
    return replace(listener, identified={**listener.identified, account_id: party_id})


def use(state: InteractionState, agent: str, now: datetime) -> None:
    """Raise Refused("interaction_over") unless this agent may still change the interaction."""
    if not state.usable(agent, now):
        raise Refused(
            "interaction_over",
            "this interaction is closed, expired or another agent's; open a new one",
            place="interaction_id",
        )


def join(state: InteractionState, joined: ListenerJoined) -> ListenerJoined:
    """Decide on a new listener. Raises Refused("too_many_listeners")."""
    if len(state.listeners) >= MOST_LISTENERS:
        raise Refused(
            "too_many_listeners", f"at most {MOST_LISTENERS} people can be on one line; let somebody leave first"
        )
    return joined


def leave(state: InteractionState, listener_id: str) -> ListenerLeft:
    """Decide on a listener who leaves. Raises Refused: "unknown_listener", or "caller_stays" for the caller himself."""
    if listener_id == CALLER:
        raise Refused(
            "caller_stays", "the caller cannot leave his own interaction; close it instead", place="listener_id"
        )
    if listener_id not in state.listeners:
        raise Refused("unknown_listener", "nobody on this line has that id", place="listener_id")
    return ListenerLeft(listener_id=listener_id)
