"""Accounts: the record that parties, protections, passcodes and every disclosure attempt hang on.

State keeps counters, not lists, so the hundred-thousandth attempt costs what the tenth did.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain import override, protection
from domain import party as parties
from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted, Heard
from domain.ending import ProtectionEnded
from domain.event import Event, event
from domain.override import Override, OverrideApproved, OverrideAsked, OverrideRefused, OverrideReviewed
from domain.party import Party, PartyAdded, PartyForgotten, PartyShown
from domain.passcode import (
    AskedIn,
    CallBackPlaced,
    PasscodeOffered,
    PasscodeRequestDeclined,
    PasscodeSet,
    PasscodeTried,
    asked_in,
)
from domain.protection import Protection, ProtectionStarted
from domain.refusal import Refused
from domain.safe_contact import SafeContactChanged


class AccountState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one account. An account nobody opened has this state too, empty."""

    opened: bool = False
    parties: Mapping[str, Party] = {}
    protections: Mapping[str, Protection] = {}
    bookings: tuple[str, ...] = ()
    attempts: int = 0
    withheld: int = 0
    tries: int = 0
    failures: int = 0
    overrides: Mapping[str, Override] = {}
    asked_in: tuple[AskedIn, ...] = ()
    forgotten: frozenset[str] = frozenset()

    def protected(self, now: datetime) -> frozenset[str]:
        """The parties whose protection is in force at `now`."""
        if not self.protections:
            return frozenset()
        return frozenset(party for party, protection in self.protections.items() if protection.active(now))

    def confirmed(self) -> frozenset[str]:
        """The parties whose protection two people have confirmed: their safe contacts may be called back.

        One that nobody has looked at proves nothing: whoever asked in another's name could name a number of his own.
        """
        return frozenset(
            party
            for party, protection in self.protections.items()
            if protection.until is None and party not in self.forgotten
        )

    def upheld(self) -> frozenset[str]:
        """The parties whose protection two people have confirmed, and no two others found to be none since."""
        return frozenset(party for party in self.confirmed() if not self.protections[party].dismissed)

    def proves(self, party_id: str) -> bool:
        """Whether this party has a passcode that proves anything.

        One chosen by a link that a provisional protection sent does so only once two people have confirmed it: whoever
        asked in another's name could have named a safe contact of his own, and would have widened what he hears.
        """
        party = self.parties.get(party_id)
        if party is None or party.passcode is None:
            return False
        own = self.protections.get(party_id)
        return party.passcode.requested or (own is not None and own.until is None)

    def outward(self, party_id: str, passcode_id: str) -> bool:
        """Whether this passcode shows what is shown, and no more, while its party is protected.

        Whoever shared her ordinary channel may have asked for it in her name, before or after she fled.
        """
        party = self.parties.get(party_id)
        if party is None:
            return False
        if party.outward is not None and party.outward.passcode_id == passcode_id:
            return True
        own = self.protections.get(party_id)
        if own is None or own.until is not None or party.passcode is None:
            return False
        return party.passcode.requested and party.passcode.passcode_id == passcode_id

    def ever_protected(self) -> frozenset[str]:
        """The parties who were protected at any time; who may open a booking that is still guarded after a lapse."""
        return frozenset(self.protections)

    def protection(self, protection_id: str) -> Protection:
        """The protection of this id. Raises Refused("unknown_protection")."""
        found = next((each for each in self.protections.values() if each.protection_id == protection_id), None)
        if found is None:
            raise Refused("unknown_protection", "there is no such protection on this account", place="protection_id")
        return found

    def adverse_towards(self, party_id: str, protected: frozenset[str]) -> frozenset[str]:
        """Those of the `protected` parties towards whom this one is adverse.

        One whose own protection people have looked at is not so by the mere words of whoever asked for another's.
        """
        own = self.protections.get(party_id)
        asked_counts = own is None or own.until is not None
        return frozenset(party for party in protected if self.protections[party].names(party_id, asked=asked_counts))

    def adverse(self, party_id: str, protected: frozenset[str]) -> bool:
        """Whether this one is adverse towards any of the `protected` parties."""
        own = self.protections.get(party_id)
        asked_counts = own is None or own.until is not None
        for party in protected:  # noqa: SIM110 - on the hot path a loop costs half of any(generator)
            if self.protections[party].names(party_id, asked=asked_counts):
                return True
        return False

    def shy_of(self, party_id: str, protected: frozenset[str]) -> frozenset[str]:
        """Those of the `protected` of whom the held view tells this party nothing, though the party was proved.

        All others, unless people have looked at both protections (see `protection.shy`).
        """
        own = self.protections.get(party_id)
        if own is None:
            return protected - {party_id}
        return frozenset(
            other for other in protected if other != party_id and protection.shy(own, self.protections[other])
        )


@event
class AccountOpened(Event, frozen=True, kw_only=True):
    """An account was opened; `reference` is the back office's own pseudonymous id for it."""

    NAME: ClassVar[str] = "account.opened.v1"
    reference: str = ""


@event
class BookingAdded(Event, frozen=True, kw_only=True):
    """A booking belongs to this account from now on."""

    NAME: ClassVar[str] = "account.booking_added.v1"
    booking_id: str


@event
class HistoryRead(Event, frozen=True, kw_only=True):
    """Somebody read of the account's record: at most `limit` entries after this position of the log, up to `until`.

    `reading`: its history, the differences between two moments, or both views side by side; `filters`: what the page
    was narrowed by, by name; `unsealing_id`: under which what is personal was opened, "" where it stayed sealed. Where
    `until` is 0, `after` is a version of the account's stream, as an earlier release had it.
    """

    NAME: ClassVar[str] = "account.history_read.v1"
    after: int
    limit: int
    until: int = 0
    reading: Literal["history", "differences", "views"] = "history"
    filters: tuple[str, ...] = ()
    unsealing_id: str = ""


COUNTED: frozenset[type[Event]] = frozenset({DisclosureAttempted, ActionAttempted, PasscodeTried})
"""Events that move counters alone. No decision reads those, or it could not be made again without all before it."""


def stream(account_id: str) -> str:
    """The stream of this account."""
    return f"account:{account_id}"


def evolve(state: AccountState, happened: Event, version: int) -> AccountState:  # noqa: C901, PLR0911 - one arm for each event
    """Fold one event that stands at `version` of the account's stream."""
    match happened:
        case (
            DisclosureAttempted(outcome=outcome, listeners=listeners)
            | ActionAttempted(outcome=outcome, listeners=listeners)
        ):
            withheld = state.withheld + (outcome == "withheld")
            counted = _counted(state.parties, listeners)
            return replace(state, attempts=state.attempts + 1, withheld=withheld, parties=counted)
        case PasscodeTried(accepted=accepted):
            return replace(state, tries=state.tries + 1, failures=state.failures + (not accepted))
        case AccountOpened():
            return replace(state, opened=True)
        case BookingAdded(booking_id=booking_id):
            return replace(state, bookings=(*state.bookings, booking_id))
        case PartyAdded(party_id=party_id):
            return replace(state, parties={**state.parties, party_id: parties.added(happened, version)})
        case PasscodeOffered() | PasscodeSet() | CallBackPlaced() | PartyShown() if happened.party_id in state.parties:
            party = parties.evolve(state.parties[happened.party_id], happened, version)
            return replace(state, parties={**state.parties, happened.party_id: party})
        case OverrideAsked() | OverrideApproved() | OverrideRefused() | OverrideReviewed():
            return replace(state, overrides=override.evolve(state.overrides, happened, version))
        case PartyForgotten(party_id=party_id):
            left = {each: known for each, known in state.parties.items() if each != party_id}
            return replace(state, parties=left, forgotten=state.forgotten | {party_id})
        case PasscodeRequestDeclined():
            return replace(state, asked_in=asked_in(state.asked_in, happened))
        case _ if isinstance(happened, protection.KINDS):
            found = protection.evolve(state.protections, happened, version)
            return replace(state, protections=found, parties=_unproved(state, happened, found))
        case _:
            return state


def _unproved(state: AccountState, happened: Event, after: Mapping[str, Protection]) -> Mapping[str, Party]:
    """The parties, without what was sent to a safe contact that turned out to be none.

    That is: one that was corrected, that of a claim which two people did not uphold, and the one before where a claim
    begins anew with another. Whoever read it there has no say by it.
    """
    match happened:
        case SafeContactChanged(party_id=party_id) | ProtectionEnded(party_id=party_id, how="not_upheld"):
            void = True
        case ProtectionStarted(party_id=party_id):
            before = state.protections.get(party_id)
            void = before is not None and before.safe_contact != after[party_id].safe_contact
        case _:
            return state.parties
    party = state.parties.get(party_id)
    return {**state.parties, party_id: parties.unproved(party)} if void and party is not None else state.parties


def _counted(known: Mapping[str, Party], listeners: tuple[Heard, ...]) -> Mapping[str, Party]:
    """The parties with one more attempt for each who listened, however often he is named."""
    counted: dict[str, Party] | None = None
    for heard in listeners:
        party = known.get(heard.party_id)
        if party is not None:
            if counted is None:
                counted = dict(known)
            counted[heard.party_id] = replace(party, attempts=party.attempts + 1)
    return known if counted is None else counted


def exists(state: AccountState) -> None:
    """Raise Refused("unknown_account") unless somebody opened this account."""
    if not state.opened:
        raise Refused("unknown_account", "there is no such account; open it first", place="account_id")


def add_party(state: AccountState, added: PartyAdded) -> PartyAdded:
    """Decide on a new party. Raises Refused("unknown_account")."""
    exists(state)
    return added


def holder(state: AccountState) -> str | None:
    """The party who holds the account, if one is named."""
    return next((party_id for party_id, party in state.parties.items() if party.kind == "holder"), None)
