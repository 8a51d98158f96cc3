"""Safe contact: the one place a protected party is written to or called, and how it comes to be another.

She changes it herself, proved by her passcode; for 72 hours the old one stays the one that is called, is told at once
and can stop it. A wrong one (a slip of the pen) is mended before the protection is confirmed: two people of tier 3
type the right one, alike.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from domain.event import Actor, Event, Kept, Personal, event
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.account import AccountState

COOLING_OFF = timedelta(hours=72)

StoppedBy = Literal["customer", "safe_contact", "asked_again"]


class Change(msgspec.Struct, frozen=True, gc=False):
    """A change under way: the new one, from when it is in force; `token`: the mark of the link that stops it."""

    change_id: str
    safe_contact: Kept
    token: str
    effective_at: datetime


class Correction(msgspec.Struct, frozen=True, gc=False):
    """A correction one person has typed. `mark`: a keyed digest of it, compared with what the second person types."""

    mark: str
    asked_by: str


@event
class SafeContactChangeAsked(Event, frozen=True, kw_only=True):
    """The party, proved, named another safe contact; it is the one from `effective_at` on unless it is stopped."""

    NAME: ClassVar[str] = "safe_contact.change_asked.v1"
    protection_id: str
    party_id: str
    change_id: str
    safe_contact: Personal
    token: str
    asked_at: datetime
    effective_at: datetime
    interaction_id: str


@event
class SafeContactChangeStopped(Event, frozen=True, kw_only=True):
    """A change was stopped in time: the old safe contact stays."""

    NAME: ClassVar[str] = "safe_contact.change_stopped.v1"
    protection_id: str
    party_id: str
    change_id: str
    by: StoppedBy


@event
class SafeContactCorrectionAsked(Event, frozen=True, kw_only=True):
    """One person of tier 3 typed what the safe contact of an unconfirmed protection should have been."""

    NAME: ClassVar[str] = "safe_contact.correction_asked.v1"
    protection_id: str
    party_id: str
    mark: str
    asked_by: str


@event
class SafeContactChanged(Event, frozen=True, kw_only=True):
    """The second person typed the same: it is the safe contact from now on, and what went to the wrong one is void."""

    NAME: ClassVar[str] = "safe_contact.changed.v1"
    protection_id: str
    party_id: str
    safe_contact: Personal
    corrected_by: tuple[str, ...]
    mark: str = ""


def kept(happened: SafeContactChangeAsked | SafeContactChanged, version: int) -> Kept:
    """The safe contact that an event at this version of the account's stream names."""
    return Kept(happened.safe_contact, version, happened.NAME, "safe_contact")


def asked(happened: SafeContactChangeAsked, version: int) -> Change:
    """The change that is under way from now on."""
    return Change(happened.change_id, kept(happened, version), happened.token, happened.effective_at)


def not_to_be_changed(account: AccountState, party_id: str, now: datetime) -> str:
    """Why this party's safe contact is not changed at her word, "" where it may be."""
    protection = account.protections.get(party_id)
    if protection is None or not protection.active(now):
        return "not protected"
    if protection.until is not None:
        return "nobody has confirmed the protection yet"
    return ""


def correct(
    account: AccountState, protection_id: str, actor: Actor, now: datetime, *, mark: str, safe_contact: Personal
) -> SafeContactCorrectionAsked | SafeContactChanged:
    """Decide on a correction: asked by one, and done when another has typed the same.

    Raises Refused: "unknown_protection", "lapsed", "confirmed_already" or "another_person".
    """
    found = account.protection(protection_id)
    if found.until is None:
        raise Refused("confirmed_already", "a confirmed safe contact is changed by the protected party alone")
    if not found.active(now):
        raise Refused("lapsed", "this provisional protection is over; start it again")
    found.another_person(actor.subject)
    before = found.correction
    if before is not None and before.mark == mark:
        if before.asked_by == actor.subject:
            raise Refused("another_person", "another person has to type it too")
        return SafeContactChanged(
            protection_id=protection_id,
            party_id=found.party_id,
            safe_contact=safe_contact,
            corrected_by=(before.asked_by, actor.subject),
            mark=mark,
        )
    return SafeContactCorrectionAsked(
        protection_id=protection_id, party_id=found.party_id, mark=mark, asked_by=actor.subject
    )
