"""Passcodes: a memorised secret of one party, chosen and read by that party alone.

An *offer* is the one-time link that lets the customer choose; a *call-back* is the phrase read out to the safe contact
under a supervisor's eyes. Both reach the customer's own channel and no member of staff. Digests are personal data:
sealed, never clear.

A passcode on request gates its party: who is identified but has not proved it hears nothing. One chosen through a safe
contact does not, because it must leave everything that can be heard without it as it was (NIST SP 800-63B-4 section
3.1.1 for the secret itself).

Whoever else reads a party's own channel can ask in her name and choose. So of a party whose protection is confirmed a
passcode that was not chosen through her safe contact is *outward*: it is accepted, and shows what is shown, like any on
an ordinary account whose booking is that.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from domain.event import Event, Kept, Personal, Plain, event
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.account import AccountState

OFFER_LASTS = timedelta(hours=24)
CALL_BACK_LASTS = timedelta(minutes=15)
MOST_ASKED = 64

Reason = Literal["requested", "protection"]
Via = Literal["", "own", "safe_contact", "outward"]


class Passcode(msgspec.Struct, frozen=True, gc=False):
    """A passcode in force: its id and its sealed digest. `requested`: on request, and not through a safe contact."""

    passcode_id: str
    digest: Kept
    requested: bool = True


class Offer(msgspec.Struct, frozen=True, gc=False):
    """An open one-time link. `token` is the digest of a 256-bit random token, which says nothing about the passcode."""

    offer_id: str
    token: str
    reason: Reason
    expires_at: datetime
    safe: bool = False


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
    """A one-time link went to the party's own channel.

    `via`: to which, "" where that was not recorded. "outward": the one an ordinary account would have sent it to, of a
    party who is protected; what is chosen by it shows what is shown.
    """

    NAME: ClassVar[str] = "passcode.offered.v1"
    party_id: str
    offer_id: str
    token: str
    reason: Reason
    expires_at: datetime
    via: Via = ""


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
    """The contacts of the last day in which a passcode was asked for in vain.

    Of too many the oldest is let go of whoever had the most: one more call to one agent makes nobody forget another's.
    """
    if not declined.agent or declined.at is None:
        return before
    since = declined.at - OFFER_LASTS
    kept = [each for each in before if each.interaction_id != declined.interaction_id and each.at > since]
    kept.append(AskedIn(declined.interaction_id, declined.agent, declined.at))
    if len(kept) > MOST_ASKED:
        most = Counter(each.agent for each in kept).most_common(1)[0][0]
        kept.remove(next(each for each in kept if each.agent == most))
    return tuple(kept)


@event
class PasscodeSet(Event, frozen=True, kw_only=True):
    """The party chose a passcode (and perhaps a duress one) through the offer; `outward`: not the safe contact's."""

    NAME: ClassVar[str] = "passcode.set.v1"
    party_id: str
    offer_id: str
    passcode_id: str
    digest: Personal
    duress_id: str = ""
    duress_digest: Personal | None = None
    gates: bool
    outward: bool = False


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
    return next((each for each, party in account.parties.items() if party.offered(token) is not None), "")


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
        offer = party.offered(token)
        if offer is None or (offer.reason == "protection" and party.kept()):
            continue
        if now < offer.expires_at:
            kept = party.party_id in account.protected(now) and party.party_id in account.confirmed()
            return PasscodeSet(
                party_id=party.party_id,
                offer_id=offer.offer_id,
                passcode_id=passcode_id,
                digest=Plain(party.party_id, digest),
                duress_id=duress_id,
                duress_digest=None if duress is None else Plain(party.party_id, duress),
                gates=offer.reason == "requested" and not offer.safe,
                outward=not offer.safe and (kept or offer is party.outward_offer),
            )
    raise Refused("link_spent", "this link was used, has expired or was replaced by a newer one; ask for a new one")
