"""Parties: the people on an account, and how the facts a caller offered are compared with what is known of each.

Facts are compared as marks: a keyed digest of the normalised fact, made by the service with a key of that person, so
that the log holds no fact in clear and a forgotten person cannot be matched any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from domain.event import Event, Kept, Personal, event
from domain.passcode import CallBack, CallBackPlaced, Offer, Passcode, PasscodeOffered, PasscodeSet

KINDS = ("holder", "traveller", "contact")

# What may stand beside a surname to tell one person from another.
DISTINGUISHING = frozenset({"given_name", "date_of_birth", "email", "phone", "loyalty", "locator"})


class Party(msgspec.Struct, frozen=True, gc=False):
    """One person. `marks` are `kind:digest`; `gated` says that an unproved caller hears nothing (see `passcode`).

    `hidden`: only a held view has named this person so far, so nobody is taken for him or her. `outward`: the passcode
    that was chosen elsewhere than through the safe contact, where there is another too or the party was protected when
    it was; `outward_duress` and `outward_offer` go with it.
    """

    party_id: str
    kind: str
    marks: frozenset[str]
    profile: Kept
    attempts: int = 0
    gated: bool = False
    passcode: Passcode | None = None
    duress: Passcode | None = None
    offer: Offer | None = None
    call_back: CallBack | None = None
    hidden: bool = False
    outward: Passcode | None = None
    outward_duress: Passcode | None = None
    outward_offer: Offer | None = None

    def offered(self, token: str) -> Offer | None:
        """The open one-time link with this token."""
        open_ones = (self.offer, self.outward_offer)
        return next((each for each in open_ones if each is not None and each.token == token), None)

    def kept(self) -> bool:
        """Whether a passcode was chosen through the safe contact."""
        return self.passcode is not None and not self.passcode.requested

    def public(self) -> bool:
        """Whether the party has a passcode that was asked for on a call, as anybody's is on an ordinary account."""
        return self.outward is not None or (self.passcode is not None and self.passcode.requested)


@event
class PartyAdded(Event, frozen=True, kw_only=True):
    """A person was put on the account, by hand or by a document that names them; `hidden`: one that is not shown."""

    NAME: ClassVar[str] = "party.added.v1"
    party_id: str
    kind: str
    marks: tuple[str, ...]
    profile: Personal
    hidden: bool = False


@event
class PartyShown(Event, frozen=True, kw_only=True):
    """A view that is shown names a person whom only a held one did: he or she is taken for who they are, as anybody."""

    NAME: ClassVar[str] = "party.shown.v1"
    party_id: str


@event
class PartyForgotten(Event, frozen=True, kw_only=True):
    """A person's keys were destroyed: nobody is taken for this person any more, and no passcode proves it."""

    NAME: ClassVar[str] = "party.forgotten.v1"
    party_id: str


def added(recorded: PartyAdded, version: int) -> Party:
    """The party as first recorded, at this version of the account's stream."""
    profile = Kept(recorded.profile, version, PartyAdded.NAME, "profile")
    return Party(recorded.party_id, recorded.kind, frozenset(recorded.marks), profile, hidden=recorded.hidden)


def evolve(party: Party, happened: PasscodeOffered | PasscodeSet | CallBackPlaced | PartyShown, version: int) -> Party:
    """Fold what happened to this party, at this version of the account's stream."""
    match happened:
        case PartyShown():
            return replace(party, hidden=False)
        case PasscodeOffered():
            return _offered(party, happened)
        case CallBackPlaced():
            digest = Kept(happened.digest, version, CallBackPlaced.NAME, "digest")
            placed = CallBack(
                happened.call_back_id, digest, happened.supervisor, happened.interaction_id, happened.expires_at
            )
            return replace(party, call_back=placed)
        case PasscodeSet():
            digest = Kept(happened.digest, version, PasscodeSet.NAME, "digest")
            passcode = Passcode(happened.passcode_id, digest, happened.gates)
            duress = None
            if happened.duress_digest is not None:
                kept = Kept(happened.duress_digest, version, PasscodeSet.NAME, "duress_digest")
                duress = Passcode(happened.duress_id, kept, happened.gates)
            return _chosen(replace(party, gated=party.gated or happened.gates), happened, passcode, duress)


def _offered(party: Party, happened: PasscodeOffered) -> Party:
    """A newer link takes the place of the one before, but neither the safe contact's nor any other that of the other.

    What is under way to the party's ordinary channel when the safe contact is sent one stays good for what it can do.
    """
    safe = happened.via == "safe_contact" or happened.reason == "protection"
    offer = Offer(happened.offer_id, happened.token, happened.reason, happened.expires_at, safe)
    before = party.offer
    elsewhere = before if before is not None and not before.safe else None
    if happened.via == "outward":
        return replace(party, outward_offer=offer, offer=None if elsewhere is not None else before)
    if safe and elsewhere is not None:
        return replace(party, offer=offer, outward_offer=elsewhere)
    return replace(party, offer=offer)


def _chosen(party: Party, happened: PasscodeSet, passcode: Passcode, duress: Passcode | None) -> Party:
    """A passcode chosen through the safe contact stands beside what was asked for on a call; else it replaces that."""
    public = party.passcode is not None and party.passcode.requested
    if happened.outward:
        if public:
            party = replace(party, passcode=None, duress=None)
        own = party.offer if party.offer is not None and party.offer.safe else None
        return replace(party, outward=passcode, outward_duress=duress, outward_offer=None, offer=own)
    if happened.gates:
        return replace(
            party,
            passcode=passcode,
            duress=duress,
            offer=None,
            outward=None,
            outward_duress=None,
            outward_offer=None,
        )
    if public:
        party = replace(party, outward=party.passcode, outward_duress=party.duress)
    return replace(party, passcode=passcode, duress=duress, offer=None)


def shown(parties: Mapping[str, Party], people: Iterable[str]) -> list[PartyShown]:
    """Who of these people was hidden until now, when they came to be shown."""
    return [PartyShown(party_id=who) for who in dict.fromkeys(people) if who in parties and parties[who].hidden]


def unproved(party: Party) -> Party:
    """The party without the passcode and the link that came with a protection, and without an open call-back."""
    if party.passcode is not None and not party.passcode.requested:
        party = replace(party, passcode=None, duress=None)
    offer = None if party.offer is not None and party.offer.reason == "protection" else party.offer
    return replace(party, offer=offer, call_back=None)


def identify(parties: Mapping[str, Party], offered: Mapping[str, Mapping[str, str]], *, locator_shown: bool) -> str:
    """Find the one party whose facts were offered; "" if there is none, or more than one.

    `offered` maps a party id to that party's marks of the offered facts, by kind. Every offered fact has to be right:
    one wrong answer is wrong. A surname has to be among them, and something that tells people apart; the booking's
    shown locator will do. Somebody whom only a held view names is passed over: who travels with her could be found out
    by offering names, and one more of the same surname would show.
    """
    found = ""
    for party_id, party in parties.items():
        marks = offered.get(party_id, {})
        right = not party.hidden and "surname" in marks and all(mark in party.marks for mark in marks.values())
        if right and (locator_shown or DISTINGUISHING & marks.keys()):
            if found:
                return ""
            found = party_id
    return found
