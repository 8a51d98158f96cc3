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

from domain import clearance, consent, listener
from domain.clearance import ClearanceNoted, Clearances
from domain.consent import Consent, ConsentGiven
from domain.event import Event, Personal, event
from domain.refusal import Refused

Channel = Literal["call", "chat", "portal", "call_back", "notice"]
ListenerKind = Literal["customer", "third_party", "interpreter", "relay_operator", "colleague"]
Method = Literal["passcode", "duress", "call_back"]

CHANNELS: Mapping[str, tuple[Channel, ...]] = {
    "agent": ("call", "chat", "call_back"),
    "portal": ("portal", "chat"),
    "notifier": ("notice",),
}
LASTS = timedelta(hours=8)
CALLER = "caller"
MOST_LISTENERS = 16
MOST_TOLD = 64
MOST_BOUND = 64
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
    `locator` and `place`: the marks of what the caller gave when it was bound. `disputed_by`: every agent to whom he
    said that what he hears is wrong, none where he did not or where it was resolved.
    `continues`: the earlier interaction of the same contact, "" for none. `duress`: the accounts for which a duress
    passcode was given in this contact, accepted or not, here or earlier, and whoever has left since.
    `bound_to`: the accounts it was about here, now or before, the last one last. `phantom`: see `InteractionBound`.
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
    queued_at: datetime | None = None
    continued_in: str = ""
    cleared: Clearances = Clearances()
    consents: tuple[Consent, ...] = ()
    disputed_by: tuple[str, ...] = ()
    locator: str = ""
    place: str = ""
    continues: str = ""
    duress: tuple[str, ...] = ()
    bound_to: tuple[str, ...] = ()
    phantom: str = ""

    def proof(self, listener: Listener) -> Proof | None:
        """What a listener has proved that counts now. A duress passcode does not where only a held view answers."""
        found = listener.proofs.get(self.account_id)
        if found is None or self.may_prove is None:
            return found
        return found if found.party_id in self.may_prove and found.method != "duress" else None

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
    `phantom`: the account that such a contact may be said to be about, as if nobody had the locator. `set_aside`: the
    accounts on which the caller had proved to be somebody whose facts these are not.
    """

    NAME: ClassVar[str] = "interaction.bound.v1"
    account_id: str
    party_id: str
    known: bool
    hidden: bool
    facts: tuple[str, ...]
    offered: Personal
    may_prove: tuple[str, ...] = ()
    locator: str = ""
    place: str = ""
    phantom: str = ""
    set_aside: tuple[str, ...] = ()


@event
class ListenerJoined(Event, frozen=True, kw_only=True):
    """Somebody else is on the line. `bound`: interpreter, relay operator or colleague, and declared to keep silence."""

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
    """A passcode was not accepted from this listener.

    `duress_of`: the party of this account whose duress passcode it was. What it would show is nothing at a locator that
    only a held view has, and to accept it there would say whose that is.
    """

    NAME: ClassVar[str] = "listener.verification_failed.v1"
    listener_id: str
    account_id: str = ""
    duress_of: str = ""


@event
class Disputed(Event, frozen=True, kw_only=True):
    """The caller says that what he was told is wrong: nothing more is told or done here until somebody has looked."""

    NAME: ClassVar[str] = "interaction.disputed.v1"
    agent: str
    words: Personal


@event
class DisputeResolved(Event, frozen=True, kw_only=True):
    """Somebody else, of tier 3, has looked at it: the contact goes on."""

    NAME: ClassVar[str] = "interaction.dispute_resolved.v1"
    resolver: str
    words: Personal


@event
class InteractionClosed(Event, frozen=True, kw_only=True):
    """The contact ended; nothing proved in it is good any more."""

    NAME: ClassVar[str] = "interaction.closed.v1"


def stream(interaction_id: str) -> str:
    """The stream of this interaction."""
    return f"interaction:{interaction_id}"


def evolve(state: InteractionState, happened: Event) -> InteractionState:  # noqa: PLR0911, C901 - one arm for each event
    """Fold one event but for its opening, which also needs its header (see `opened`)."""
    match happened:
        case InteractionBound(account_id=account_id, party_id=party_id):
            bound = replace(
                state,
                account_id=account_id,
                may_prove=frozenset(happened.may_prove) if happened.hidden else None,
                bindings=state.bindings + 1,
                consents=(),
                locator=happened.locator,
                place=happened.place,
                bound_to=_bound_to(state.bound_to, account_id),
                phantom=happened.phantom,
            )
            caller = listener.set_aside(state.listeners[CALLER], happened.set_aside)
            if not happened.hidden:
                caller = listener.identified(caller, account_id, party_id)
            return replace(bound, listeners={**state.listeners, CALLER: caller})
        case ListenerJoined(listener_id=listener_id):
            joined = listener.identified(
                Listener(listener_id, happened.kind, happened.bound), happened.account_id, happened.party_id
            )
            return replace(state, listeners={**state.listeners, listener_id: joined})
        case ListenerLeft(listener_id=listener_id):
            listeners = {key: kept for key, kept in state.listeners.items() if key != listener_id}
            return replace(state, listeners=listeners, consents=consent.without(state.consents, listener_id))
        case ConsentGiven():
            return replace(state, consents=consent.given(state.consents, happened))
        case Disputed(agent=agent):
            return replace(state, disputed_by=_told(state.disputed_by, agent))
        case DisputeResolved():
            return replace(state, disputed_by=())
        case ListenerVerified(listener_id=listener_id):
            before = state.listeners[listener_id]
            proof = Proof(happened.party_id, happened.method, happened.secret_id)
            proved = replace(before, proofs={**before.proofs, happened.account_id: proof})
            duress = _forced_on(state.duress, happened.account_id) if happened.method == "duress" else state.duress
            return replace(state, listeners={**state.listeners, listener_id: proved}, duress=duress)
        case VerificationFailed():
            duress = _forced_on(state.duress, happened.account_id) if happened.duress_of else state.duress
            return replace(state, failures=state.failures + 1, duress=duress)
        case ClearanceNoted():
            return replace(state, cleared=clearance.evolve(state.cleared, happened))
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


def _told(before: tuple[str, ...], agent: str) -> tuple[str, ...]:
    """Those to whom it was said, with one more; those who heard it first are kept where it is said to ever more."""
    return before if agent in before or len(before) >= MOST_TOLD else (*before, agent)


def _bound_to(before: tuple[str, ...], account_id: str) -> tuple[str, ...]:
    """The accounts it was about, each once; of too many the first are let go."""
    return (*(each for each in before if each != account_id), account_id)[-MOST_BOUND:]


def _forced_on(before: tuple[str, ...], account_id: str) -> tuple[str, ...]:
    return before if account_id in before else (*before, account_id)


def open_by(role: str, channel: Channel) -> None:
    """Raise Refused("wrong_channel") for a contact of a kind that this role does not have.

    What may be heard depends on the channel: whoever could name any would choose by which rules he is answered.
    """
    if channel not in CHANNELS.get(role, ()):
        raise Refused("wrong_channel", "this role has no contacts of this channel; name its own", place="channel")


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


def resolve(state: InteractionState, resolver: str) -> None:
    """Raise Refused unless this person may end the dispute: "interaction_over", "not_disputed", "another_person"."""
    if state.closed:
        raise Refused("interaction_over", "this interaction is closed; look for the one it goes on in")
    if not state.disputed_by:
        raise Refused("not_disputed", "nobody said here that anything is wrong")
    if resolver == state.agent or resolver in state.disputed_by:
        raise Refused("another_person", "whoever the caller said it to cannot resolve it; ask another person")
