"""Protection: provisional at first (it only narrows, and lapses), confirmed by two people of tier 3.

Starting one freezes the shown view of every booking in the same append. A provisional protection that lapses opens
nothing: a booking whose views have come to differ stays guarded until people have looked at it (see `booking.guarded`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from domain.event import Actor, Event, Kept, Personal, event
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.account import AccountState

PROVISIONAL_LASTS = timedelta(hours=72)
CONFIRMERS = 2
CONFIRMING_TIER = 3


class Protection(msgspec.Struct, frozen=True, gc=False):
    """One party's protection; `until` bounds a provisional one and is None once confirmed."""

    protection_id: str
    party_id: str
    adverse: frozenset[str]
    safe_contact: Kept
    until: datetime | None
    started_by: str
    confirmers: tuple[str, ...] = ()

    def active(self, now: datetime) -> bool:
        """Whether it is in force at `now`."""
        return self.until is None or now < self.until


@event
class ProtectionStarted(Event, frozen=True, kw_only=True):
    """A caller asked to be protected: provisional from now on. `guarded`: the views of a booking differed already."""

    NAME: ClassVar[str] = "protection.started.v1"
    protection_id: str
    party_id: str
    adverse: tuple[str, ...]
    safe_contact: Personal
    until: datetime
    started_by: str
    review_on: str = ""
    guarded: bool = False


@event
class ProtectionConfirmed(Event, frozen=True, kw_only=True):
    """One person of tier 3 confirmed; `complete` when that makes two."""

    NAME: ClassVar[str] = "protection.confirmed.v1"
    protection_id: str
    party_id: str
    confirmer: str
    complete: bool


def evolve(
    known: Mapping[str, Protection], happened: ProtectionStarted | ProtectionConfirmed, version: int
) -> Mapping[str, Protection]:
    """Fold one event that stands at `version` of the account's stream; protections by party."""
    before = known.get(happened.party_id)
    match happened:
        case ProtectionStarted():
            return {**known, happened.party_id: _started(before, happened, version)}
        case ProtectionConfirmed(confirmer=confirmer, complete=complete):
            if before is None:
                return known
            until = None if complete else before.until
            confirmed = replace(before, until=until, confirmers=(*before.confirmers, confirmer))
            return {**known, happened.party_id: confirmed}


def _started(before: Protection | None, happened: ProtectionStarted, version: int) -> Protection:
    """A protection that is asked for, or asked for again.

    Asking again only narrows: what two people confirmed stays confirmed, whoever was named adverse stays named, and
    while it is in force, or has left a booking guarded, the safe contact stays the one it had, because whoever holds
    that can be called back.
    """
    adverse = frozenset(happened.adverse)
    safe_contact = Kept(happened.safe_contact, version, ProtectionStarted.NAME, "safe_contact")
    if before is not None:
        adverse |= before.adverse
        if before.until is None:
            return replace(before, adverse=adverse)
        if happened.guarded or before.active(happened.until - PROVISIONAL_LASTS):
            safe_contact = before.safe_contact
    return Protection(
        happened.protection_id, happened.party_id, adverse, safe_contact, happened.until, happened.started_by
    )


def start(account: AccountState, started: ProtectionStarted) -> ProtectionStarted:
    """Decide on a new protection. Raises Refused("unknown_party") naming the place of who is not on the account."""
    if started.party_id not in account.parties:
        raise Refused("unknown_party", "name a party of this account; add the person first", place="protected_party_id")
    for index, adverse in enumerate(started.adverse):
        if adverse not in account.parties or adverse == started.party_id:
            raise Refused(
                "unknown_party",
                "name other parties of this account, not the protected one",
                place=f"adverse_party_ids[{index}]",
            )
    return started


def opens_link(account: AccountState, party_id: str, now: datetime, *, guarded: bool = False) -> bool:
    """Whether starting a protection may send the safe contact it names a link to choose this party's passcode.

    Not where a protection of the party is in force, or has lapsed and left a booking guarded (a new safe contact is no
    way to a passcode), nor where the party has a passcode: who has one proves it first. Either would let a caller reset
    it by asking in another's name.
    """
    party, before = account.parties.get(party_id), account.protections.get(party_id)
    if party is None or account.proves(party_id):
        return False
    return before is None or not (guarded or before.active(now))


def confirm(account: AccountState, protection_id: str, actor: Actor, now: datetime) -> ProtectionConfirmed:
    """Decide on a confirmation: two different people of tier 3, neither of whom started it.

    Raises Refused: "unknown_protection", "lapsed", "confirmed_already" or "another_person".
    """
    found = next((p for p in account.protections.values() if p.protection_id == protection_id), None)
    if found is None:
        raise Refused("unknown_protection", "there is no such protection on this account", place="protection_id")
    if found.until is None:
        raise Refused("confirmed_already", "two people have confirmed this protection already")
    if not found.active(now):
        raise Refused("lapsed", "this provisional protection has lapsed; start it again")
    if actor.subject in found.confirmers or actor.subject == found.started_by:
        raise Refused(
            "another_person", "whoever started or has confirmed a protection cannot confirm it; ask another person"
        )
    complete = len(found.confirmers) + 1 >= CONFIRMERS
    return ProtectionConfirmed(
        protection_id=protection_id, party_id=found.party_id, confirmer=actor.subject, complete=complete
    )
