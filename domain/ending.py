"""Ending: how a protection that two people confirmed comes to its end, at the protected party's own wish.

It takes her passcode, her safe contact's word (by a one-time link, or on a supervised call-back), and fourteen days
from then, in which she or her safe contact can stop it. Nothing that anybody hears changes before; and the end opens
nothing either (see `release`). Like a lapse it needs no event: it has come when its time has. `protection.ended.v1`
says so in the record, with the first thing that is done after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, event
from domain.refusal import Refused
from domain.safe_contact import SafeContactChangeStopped, StoppedBy

if TYPE_CHECKING:
    from domain.account import AccountState
    from domain.protection import Protection

LINK_LASTS = timedelta(days=7)
DAYS_OF_GRACE = timedelta(days=14)

ConfirmedBy = Literal["link", "call_back"]
How = Literal["as_asked", "not_upheld"]


class Ending(msgspec.Struct, frozen=True, gc=False):
    """An ending under way. `token`: the mark of the link in force; `ends_at`: None until the safe contact agreed."""

    ending_id: str
    token: str
    expires_at: datetime
    agent: str
    interaction_id: str
    ends_at: datetime | None = None
    recorded: bool = False

    def over(self, now: datetime) -> bool:
        """Whether its time has come."""
        return self.ends_at is not None and now >= self.ends_at

    def lapsed(self, now: datetime) -> bool:
        """Whether the safe contact did not answer in time."""
        return self.ends_at is None and now >= self.expires_at


@event
class ProtectionEndingAsked(Event, frozen=True, kw_only=True):
    """The protected party, proved by her passcode, asked for the end; a link went to her safe contact."""

    NAME: ClassVar[str] = "protection.ending_asked.v1"
    protection_id: str
    party_id: str
    ending_id: str
    token: str
    expires_at: datetime
    agent: str
    interaction_id: str


@event
class ProtectionEndingConfirmed(Event, frozen=True, kw_only=True):
    """Her safe contact agreed. `token`: the link that stops it until `ends_at`."""

    NAME: ClassVar[str] = "protection.ending_confirmed.v1"
    protection_id: str
    party_id: str
    ending_id: str
    by: ConfirmedBy
    token: str
    ends_at: datetime


@event
class ProtectionEndingStopped(Event, frozen=True, kw_only=True):
    """It was stopped: the protection goes on."""

    NAME: ClassVar[str] = "protection.ending_stopped.v1"
    protection_id: str
    party_id: str
    ending_id: str
    by: StoppedBy


@event
class ProtectionEnded(Event, frozen=True, kw_only=True):
    """It is over: as she asked, or because two people did not uphold a provisional one."""

    NAME: ClassVar[str] = "protection.ended.v1"
    protection_id: str
    party_id: str
    how: How


@event
class ProtectionRequestDeclined(Event, frozen=True, kw_only=True):
    """Something was asked for, answered like any other, and led to nothing; `why` is for auditors."""

    NAME: ClassVar[str] = "protection.request_declined.v1"
    interaction_id: str
    party_id: str
    asked: Literal["end", "stop", "release", "safe_contact"]
    why: str


EndingEvent = ProtectionEndingAsked | ProtectionEndingConfirmed | ProtectionEndingStopped | ProtectionEnded


def evolve(before: Ending | None, happened: EndingEvent) -> Ending | None:
    """Fold one event of an ending."""
    match happened:
        case ProtectionEndingAsked():
            return Ending(
                happened.ending_id, happened.token, happened.expires_at, happened.agent, happened.interaction_id
            )
        case ProtectionEndingConfirmed():
            return None if before is None else replace(before, token=happened.token, ends_at=happened.ends_at)
        case ProtectionEndingStopped():
            return None
        case ProtectionEnded():
            return None if before is None else replace(before, recorded=True)


def not_to_be_asked(account: AccountState, party_id: str, now: datetime) -> str:
    """Why an ending that this party asks for leads to nothing, "" where it leads to her safe contact."""
    protection = account.protections.get(party_id)
    if protection is None or not protection.active(now):
        return "not protected"
    if protection.until is not None:
        return "provisional: it lapses by itself"
    if protection.ending is not None and protection.ending.ends_at is not None:
        return "under way already"
    return ""


def not_to_be_confirmed(account: AccountState, party_id: str, supervisor: str, now: datetime) -> str:
    """Why a call-back that proved this party does not confirm an ending, "" where it does."""
    protection = account.protections.get(party_id)
    ending = None if protection is None or not protection.active(now) else protection.ending
    if ending is None or ending.lapsed(now):
        return "nothing to confirm"
    if ending.ends_at is not None:
        return "under way already"
    if ending.agent == supervisor:
        return "the supervisor took the call in which it was asked for"
    return ""


def confirm(
    account: AccountState, party_id: str, by: ConfirmedBy, token: str, now: datetime
) -> ProtectionEndingConfirmed:
    """The event of the safe contact's word, where there is an ending to confirm (see `not_to_be_confirmed`)."""
    protection = account.protections[party_id]
    ending = protection.ending
    assert ending is not None  # noqa: S101 - the caller has asked
    return ProtectionEndingConfirmed(
        protection_id=protection.protection_id,
        party_id=party_id,
        ending_id=ending.ending_id,
        by=by,
        token=token,
        ends_at=now + DAYS_OF_GRACE,
    )


def stop(protection: Protection, now: datetime, by: StoppedBy) -> list[Event]:
    """Stop the end of this protection, if one is under way."""
    ending = protection.ending
    if ending is None or ending.over(now):
        return []
    return [
        ProtectionEndingStopped(
            protection_id=protection.protection_id, party_id=protection.party_id, ending_id=ending.ending_id, by=by
        )
    ]


def stop_change(protection: Protection, now: datetime, by: StoppedBy) -> list[Event]:
    """Stop the change of its safe contact, if one is under way."""
    change = protection.change
    if change is None or now >= change.effective_at:
        return []
    return [
        SafeContactChangeStopped(
            protection_id=protection.protection_id, party_id=protection.party_id, change_id=change.change_id, by=by
        )
    ]


def confirmed_by_link(account: AccountState, token: str, new_token: str, now: datetime) -> ProtectionEndingConfirmed:
    """Decide on the word of a safe contact by its link. Raises Refused("link_spent")."""
    for party_id, protection in account.protections.items():
        ending = protection.ending
        if (
            ending is not None
            and ending.token == token
            and ending.ends_at is None
            and now < ending.expires_at
            and protection.active(now)
        ):
            return confirm(account, party_id, "link", new_token, now)
    raise _spent()


def stopped_by_link(account: AccountState, token: str, now: datetime) -> list[Event]:
    """Decide on a safe contact that stops, by its link, what the link was sent about. Raises Refused("link_spent")."""
    for protection in account.protections.values():
        found: list[Event] = []
        if protection.ending is not None and protection.ending.token == token:
            found = stop(protection, now, "safe_contact")
        elif protection.change is not None and protection.change.token == token:
            found = stop_change(protection, now, "safe_contact")
        if found:
            return found
    raise _spent()


def _spent() -> Refused:
    return Refused("link_spent", "this link was used, has expired or was replaced by a newer one")


def record(account: AccountState, now: datetime) -> list[Event]:
    """The ends that have come and are not in the record yet."""
    return [
        ProtectionEnded(protection_id=each.protection_id, party_id=each.party_id, how="as_asked")
        for each in account.protections.values()
        if each.ending is not None and each.ending.over(now) and not each.ending.recorded
    ]
