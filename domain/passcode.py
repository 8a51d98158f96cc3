"""Passcodes: a memorised secret of one party, chosen and read by that party alone.

An *offer* is the one-time link that lets the customer choose; a *call-back* is the phrase read out to the safe contact
under a supervisor's eyes. Both reach the customer's own channel and no member of staff. Digests are personal data:
sealed, never clear.

A passcode on request gates its party: who is identified but has not proved it hears nothing. One set with a protection
does not, because it must leave everything that can be heard without it as it was (NIST SP 800-63B-4 section 3.1.1 for
the secret itself).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from domain.event import Event, Kept, Personal, Plain, event
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.account import AccountState

OFFER_LASTS = timedelta(hours=24)
CALL_BACK_LASTS = timedelta(minutes=15)
MOST_ASKED = 31

Reason = Literal["requested", "protection"]


class Passcode(msgspec.Struct, frozen=True, gc=False):
    """A passcode in force: its id and its sealed digest. `requested`: on request, and not set with a protection."""

    passcode_id: str
    digest: Kept
    requested: bool = True


class Offer(msgspec.Struct, frozen=True, gc=False):
    """An open one-time link. `token` is the digest of a 256-bit random token, which says nothing about the passcode."""

    offer_id: str
    token: str
    reason: Reason
    expires_at: datetime


class CallBack(msgspec.Struct, frozen=True, gc=False):
    """A supervised call-back: `supervisor` alone may try its phrase, in the one interaction, until it expires."""

    call_back_id: str
    digest: Kept
    supervisor: str
    interaction_id: str
    expires_at: datetime

    def open_to(self, supervisor: str, interaction_id: str, now: datetime) -> bool:
        """Whether this supervisor may still try its phrase in this interaction."""
        return self.supervisor == supervisor and self.interaction_id == interaction_id and now < self.expires_at


@event
class PasscodeOffered(Event, frozen=True, kw_only=True):
    """A one-time link went to the party's own channel."""

    NAME: ClassVar[str] = "passcode.offered.v1"
    party_id: str
    offer_id: str
    token: str
    reason: Reason
    expires_at: datetime


@event
class PasscodeRequestDeclined(Event, frozen=True, kw_only=True):
    """A request that was answered like any other and led to nothing; `why` is for auditors.

    `agent` and `at`: who took a call on which a passcode was asked for, and when; he is not the one to call back.
    """

    NAME: ClassVar[str] = "passcode.request_declined.v1"
    interaction_id: str
    party_id: str
    why: str
    agent: str = ""
    at: datetime | None = None


class AskedIn(msgspec.Struct, frozen=True, gc=False):
    """A contact in which a passcode was asked for in vain, the agent who took it, and when."""

    interaction_id: str
    agent: str
    at: datetime


def asked_in(before: tuple[AskedIn, ...], declined: PasscodeRequestDeclined) -> tuple[AskedIn, ...]:
    """The contacts of the last day in which a passcode was asked for in vain: the newest of each agent's."""
    if not declined.agent or declined.at is None:
        return before
    since = declined.at - OFFER_LASTS
    others = [each for each in before if each.agent != declined.agent and each.at > since]
    return (*others[-MOST_ASKED:], AskedIn(declined.interaction_id, declined.agent, declined.at))


@event
class PasscodeSet(Event, frozen=True, kw_only=True):
    """The party chose a passcode (and perhaps a duress one) through the offer."""

    NAME: ClassVar[str] = "passcode.set.v1"
    party_id: str
    offer_id: str
    passcode_id: str
    digest: Personal
    duress_id: str = ""
    duress_digest: Personal | None = None
    gates: bool


@event
class CallBackPlaced(Event, frozen=True, kw_only=True):
    """A phrase went to the safe contact, to be read out to the supervisor who dials."""

    NAME: ClassVar[str] = "call_back.placed.v1"
    party_id: str
    call_back_id: str
    digest: Personal
    supervisor: str
    interaction_id: str
    expires_at: datetime


@event
class PasscodeTried(Event, frozen=True, kw_only=True):
    """One verification: whoever asked, whatever it was compared with, whatever came of it."""

    NAME: ClassVar[str] = "passcode.tried.v1"
    interaction_id: str
    contact: str
    accepted: bool
    blocked: bool
    party_id: str = ""
    passcode_id: str = ""


def chooser(account: AccountState, token: str) -> str:
    """The party whose one-time link has this token, "" for nobody's."""
    offers = ((party_id, party.offer) for party_id, party in account.parties.items())
    return next((party_id for party_id, offer in offers if offer is not None and offer.token == token), "")


def choose(
    account: AccountState,
    token: str,
    now: datetime,
    *,
    passcode_id: str,
    digest: bytes,
    duress_id: str,
    duress: bytes | None,
) -> PasscodeSet:
    """Decide on a choice made through a one-time link. Raises Refused("link_spent") if no open offer has this token.

    A link that came with a protection sets a first passcode and replaces none: that would be a reset without proof.
    """
    for party in account.parties.values():
        offer = party.offer
        if offer is None or (offer.reason == "protection" and party.passcode is not None):
            continue
        if offer.token == token and now < offer.expires_at:
            return PasscodeSet(
                party_id=party.party_id,
                offer_id=offer.offer_id,
                passcode_id=passcode_id,
                digest=Plain(party.party_id, digest),
                duress_id=duress_id,
                duress_digest=None if duress is None else Plain(party.party_id, duress),
                gates=offer.reason == "requested",
            )
    raise Refused("link_spent", "this link was used, has expired or was replaced by a newer one; ask for a new one")
