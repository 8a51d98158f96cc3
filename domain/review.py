"""Review: two people of tier 3 look at a claim, above all where two claims cross, and agree on what they find.

Until both claims that cross were upheld, neither party hears of the other, whoever was confirmed first. A provisional
one that is not upheld ends at once (one that lapsed may be found so too), and keeps nothing any more from a party whose
own was confirmed. To anybody else it opens nothing. A confirmed one is ended by nobody but its party.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from domain.ending import ProtectionEnded
from domain.event import Actor, Event, Personal, event
from domain.refusal import Refused

if TYPE_CHECKING:
    from domain.account import AccountState

Finding = Literal["upheld", "not_upheld"]


class Review(msgspec.Struct, frozen=True, gc=False):
    """What each reviewer found so far, whom each would strike, and whether two agreed that the claim is right."""

    voices: Mapping[str, Finding] = {}
    upheld: bool = False
    strikes: Mapping[str, tuple[str, ...]] = {}


@event
class ProtectionReviewed(Event, frozen=True, kw_only=True):
    """One person looked at a claim; `complete` where another had found the same.

    `struck`: who was named adverse and is not, by this finding.
    """

    NAME: ClassVar[str] = "protection.reviewed.v1"
    protection_id: str
    party_id: str
    finding: Finding
    reviewer: str
    complete: bool
    words: Personal
    struck: tuple[str, ...] = ()


@event
class ProtectionRenewed(Event, frozen=True, kw_only=True):
    """Somebody looked at it, and it is to be looked at again on this day, YYYY-MM-DD."""

    NAME: ClassVar[str] = "protection.renewed.v1"
    protection_id: str
    party_id: str
    review_on: str
    renewed_by: str


def evolve(before: Review, happened: ProtectionReviewed) -> Review:
    """Fold one voice. Once two agree the count begins anew."""
    if happened.complete:
        return Review(upheld=happened.finding == "upheld")
    voices = {**before.voices, happened.reviewer: happened.finding}
    return Review(voices, before.upheld, {**before.strikes, happened.reviewer: happened.struck})


def review(
    account: AccountState,
    protection_id: str,
    actor: Actor,
    now: datetime,
    *,
    finding: Finding,
    words: Personal,
    struck: frozenset[str] = frozenset(),
) -> list[Event]:
    """Decide on one person's finding; `struck`: who was named adverse, and is not.

    Raises Refused: "unknown_protection", "lapsed", "not_adverse", "confirmed_already", "reviewed_already",
    "another_person" or "safe_contact_differs".
    """
    found = account.protection(protection_id)
    over = found.dismissed or (found.ending is not None and found.ending.over(now))
    if over or (finding == "upheld" and not found.active(now)):
        raise Refused("lapsed", "this protection is over; to be upheld it has to be started again")
    if found.until is None and finding == "not_upheld":
        raise Refused("confirmed_already", "a confirmed protection ends at the wish of its party alone")
    if not struck <= found.adverse | found.asked or (struck and finding != "upheld"):
        raise Refused(
            "not_adverse", "strike whom this protection names adverse, and uphold the rest", place="struck_party_ids"
        )
    found.another_person(actor.subject)
    if finding == "upheld":
        found.one_safe_contact()
    if found.review.upheld and not struck:
        raise Refused("reviewed_already", "two people have upheld this protection already")
    wanted = (finding, tuple(sorted(struck)))
    voices = {who: (voice, found.review.strikes.get(who, ())) for who, voice in found.review.voices.items()}
    if voices.get(actor.subject) == wanted:
        raise Refused("another_person", "you have said so already; another person has to find the same")
    complete = any(voice == wanted for who, voice in voices.items() if who != actor.subject)
    events: list[Event] = [
        ProtectionReviewed(
            protection_id=protection_id,
            party_id=found.party_id,
            finding=finding,
            reviewer=actor.subject,
            complete=complete,
            words=words,
            struck=wanted[1],
        )
    ]
    if complete and finding == "not_upheld":
        events.append(ProtectionEnded(protection_id=protection_id, party_id=found.party_id, how="not_upheld"))
    return events


def renew(account: AccountState, protection_id: str, review_on: str, actor: Actor, now: datetime) -> ProtectionRenewed:
    """Decide on the next day to look at a protection.

    Raises Refused: "unknown_protection", "lapsed", "bad_date" for a day that is none or not to come.
    """
    found = account.protection(protection_id)
    if not found.active(now):
        raise Refused("lapsed", "this protection is over; there is nothing to renew")
    if day(review_on) <= now.date():
        raise Refused("bad_date", "name a day that is still to come", place="review_on")
    return ProtectionRenewed(
        protection_id=protection_id, party_id=found.party_id, review_on=review_on, renewed_by=actor.subject
    )


def day(text: str) -> date:
    """The day of a review. Raises Refused("bad_date")."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("bad_date", "there is no such day; give it as YYYY-MM-DD", place="review_on") from None
