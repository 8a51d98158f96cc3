"""Protection: provisional at first (it only narrows, and lapses), confirmed by two people of tier 3.

Starting one freezes the shown view of every booking in the same append. A protection that lapses or ends opens
nothing: a booking whose views have come to differ stays guarded (see `booking.guarded`) until its party releases it.

Over time: `review` of claims, `safe_contact` and how it changes, `ending` and `release`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from domain import ending, review, safe_contact
from domain.ending import (
    Ending,
    ProtectionEnded,
    ProtectionEndingAsked,
    ProtectionEndingConfirmed,
    ProtectionEndingStopped,
)
from domain.event import Actor, Event, Kept, Personal, event
from domain.refusal import Refused
from domain.release import ProtectionReleased
from domain.review import ProtectionRenewed, ProtectionReviewed, Review
from domain.safe_contact import (
    Change,
    Correction,
    SafeContactChangeAsked,
    SafeContactChanged,
    SafeContactChangeStopped,
    SafeContactCorrectionAsked,
)

if TYPE_CHECKING:
    from domain.account import AccountState

PROVISIONAL_LASTS = timedelta(hours=72)
CONFIRMERS = 2
CONFIRMING_TIER = 3


class Protection(msgspec.Struct, frozen=True, gc=False):
    """One party's protection; `until` bounds a provisional one and is None once confirmed, for good.

    `safe_contact`: the one it had before a `change` took effect; ask `reach` for the one in force. `asked_by`: all who
    asked for it after the first. `dismissed`: two people did not uphold it. `released`: all was, after its end.
    `asked`: who was named adverse once it was confirmed, last at `asked_at`, until two people confirm that too;
    `vouched`: who did so far. `named`: the mark of every safe contact that was named for it before it was confirmed.
    """

    protection_id: str
    party_id: str
    adverse: frozenset[str]
    safe_contact: Kept
    until: datetime | None
    started_by: str
    confirmers: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()
    review_on: str = ""
    review: Review = Review()
    change: Change | None = None
    correction: Correction | None = None
    ending: Ending | None = None
    dismissed: bool = False
    released: bool = False
    asked: frozenset[str] = frozenset()
    vouched: tuple[str, ...] = ()
    asked_at: datetime | None = None
    named: frozenset[str] = frozenset()

    def active(self, now: datetime) -> bool:
        """Whether it is in force at `now`."""
        if self.dismissed or (self.ending is not None and self.ending.over(now)):
            return False
        return self.until is None or now < self.until

    def reach(self, now: datetime) -> Kept:
        """The safe contact that is written to and called at `now`."""
        return self.safe_contact if self.change is None or now < self.change.effective_at else self.change.safe_contact

    def names(self, party_id: str, *, asked: bool) -> bool:
        """Whether it names this party adverse; `asked`: also where nobody has confirmed that yet."""
        return party_id in self.adverse or (asked and party_id in self.asked)

    def one_safe_contact(self) -> None:
        """Raise Refused("safe_contact_differs") where it is to be confirmed, and callers named different ones.

        Whoever asked in her name first would else be the one who is written to and called back.
        """
        if self.until is not None and len(self.named) > 1:
            raise Refused(
                "safe_contact_differs",
                "different safe contacts were named for this protection; find out which is hers, and have two people "
                "type it (/protection/safe-contact) before it is confirmed",
            )

    def another_person(self, subject: str) -> None:
        """Raise Refused("another_person") for whoever asked for it."""
        if subject == self.started_by or subject in self.asked_by:
            raise Refused(
                "another_person", "whoever asked for a protection cannot decide on it too; ask another person"
            )


@event
class ProtectionStarted(Event, frozen=True, kw_only=True):
    """A caller asked to be protected: provisional from now on. `guarded`: the views of a booking differed already.

    `mark`: a keyed digest of the safe contact, to tell whether another was named before.
    """

    NAME: ClassVar[str] = "protection.started.v1"
    protection_id: str
    party_id: str
    adverse: tuple[str, ...]
    safe_contact: Personal
    until: datetime
    started_by: str
    review_on: str = ""
    guarded: bool = False
    mark: str = ""


@event
class ProtectionConfirmed(Event, frozen=True, kw_only=True):
    """One person of tier 3 confirmed; `complete` when that makes two.

    `named`: who was named adverse after it was confirmed, where that is what this confirms.
    """

    NAME: ClassVar[str] = "protection.confirmed.v1"
    protection_id: str
    party_id: str
    confirmer: str
    complete: bool
    named: tuple[str, ...] = ()


ProtectionEvent = (
    ProtectionStarted
    | ProtectionConfirmed
    | ProtectionRenewed
    | ProtectionReviewed
    | ProtectionEndingAsked
    | ProtectionEndingConfirmed
    | ProtectionEndingStopped
    | ProtectionEnded
    | ProtectionReleased
    | SafeContactChangeAsked
    | SafeContactChangeStopped
    | SafeContactCorrectionAsked
    | SafeContactChanged
)
KINDS = ProtectionEvent.__args__


def evolve(known: Mapping[str, Protection], happened: ProtectionEvent, version: int) -> Mapping[str, Protection]:
    """Fold one event that stands at `version` of the account's stream; protections by party."""
    before = known.get(happened.party_id)
    if isinstance(happened, ProtectionStarted):
        return {**known, happened.party_id: _started(before, happened, version)}
    return known if before is None else {**known, happened.party_id: _moved(before, happened, version)}


def _moved(before: Protection, happened: Event, version: int) -> Protection:  # noqa: PLR0911 - one arm for each event
    match happened:
        case ProtectionConfirmed(named=named) if named:
            return _named(before, happened)
        case ProtectionConfirmed(confirmer=confirmer, complete=complete):
            until = None if complete else before.until
            return replace(before, until=until, confirmers=(*before.confirmers, confirmer))
        case ProtectionRenewed(review_on=review_on):
            return replace(before, review_on=review_on)
        case ProtectionReviewed(complete=complete, finding=finding):
            until = None if complete and finding == "upheld" else before.until
            moved = replace(before, until=until, review=review.evolve(before.review, happened))
            if not (complete and happened.struck):
                return moved
            left = before.asked.difference(happened.struck)
            return replace(moved, adverse=before.adverse.difference(happened.struck), asked=left)
        case ProtectionEnded(how="not_upheld"):
            return replace(before, dismissed=True)
        case ProtectionEndingAsked() | ProtectionEndingConfirmed() | ProtectionEndingStopped() | ProtectionEnded():
            return replace(before, ending=ending.evolve(before.ending, happened))
        case ProtectionReleased(everything=everything):
            return replace(before, released=before.released or everything)
        case _:
            return _reached(before, happened, version)


def _named(before: Protection, happened: ProtectionConfirmed) -> Protection:
    """Fold a confirmation of names. A claim that has come to cross another's is to be looked at anew."""
    if not happened.complete:
        return replace(before, vouched=(*before.vouched, happened.confirmer))
    adverse, left = before.adverse.union(happened.named), before.asked.difference(happened.named)
    return replace(before, adverse=adverse, asked=left, vouched=(), review=Review())


def _reached(before: Protection, happened: Event, version: int) -> Protection:
    """Fold what happened to its safe contact."""
    match happened:
        case SafeContactChangeAsked(asked_at=asked_at):
            settled = before.reach(asked_at)
            return replace(before, safe_contact=settled, change=safe_contact.asked(happened, version))
        case SafeContactChangeStopped():
            return replace(before, change=None)
        case SafeContactCorrectionAsked(mark=mark, asked_by=asked_by):
            return replace(before, correction=Correction(mark, asked_by))
        case SafeContactChanged():
            named = frozenset((happened.mark,)) if happened.mark else frozenset()
            mended = replace(before, change=None, correction=None, named=named)
            return replace(mended, safe_contact=safe_contact.kept(happened, version))
        case _:
            return before


def _started(before: Protection | None, happened: ProtectionStarted, version: int) -> Protection:
    """A protection that is asked for, or asked for again.

    Asking again only narrows. One that was ever confirmed is in force again, one in force goes on under its id with the
    confirmations it has, and for 72 hours from now where it is provisional; whoever was named adverse stays named, and
    an ending under way is over. Who is named after it was confirmed is *asked* to be adverse until people have looked
    at that too: the words of a caller do not part two whom two people have looked at. The safe contact stays the one it
    had, because whoever holds that can be called back; after a lapse too, where it left a booking guarded. Only a claim
    that lapsed or was dismissed begins anew.
    """
    asked_at = happened.until - PROVISIONAL_LASTS
    adverse = frozenset(happened.adverse)
    kept = Kept(happened.safe_contact, version, ProtectionStarted.NAME, "safe_contact")
    new = Protection(
        happened.protection_id,
        happened.party_id,
        adverse,
        kept,
        happened.until,
        happened.started_by,
        review_on=happened.review_on,
        named=frozenset((happened.mark,)) if happened.mark else frozenset(),
    )
    if before is None:
        return new
    if begins_anew(before, asked_at):
        stays = happened.guarded and not before.dismissed
        new = replace(new, adverse=adverse | before.adverse)
        return replace(new, safe_contact=before.safe_contact, named=new.named | before.named) if stays else new
    known = (before.started_by, *before.asked_by)
    asked = before.asked if before.until is not None else before.asked | (adverse - before.adverse)
    adverse = before.adverse if before.until is None else before.adverse | adverse
    return replace(
        before,
        adverse=adverse,
        asked=asked,
        vouched=before.vouched if asked == before.asked else (),
        asked_at=before.asked_at if asked == before.asked else asked_at,
        until=None if before.until is None else max(before.until, happened.until),
        asked_by=before.asked_by if happened.started_by in known else (*before.asked_by, happened.started_by),
        review_on=happened.review_on or before.review_on,
        review=before.review if adverse == before.adverse else Review(),
        ending=None,
        released=False,
        named=before.named if before.until is None else before.named | new.named,
    )


def begins_anew(before: Protection | None, now: datetime) -> bool:
    """Whether asking for protection at `now` makes a new claim, and not the one there is again."""
    return before is None or before.dismissed or (before.until is not None and not before.active(now))


def shy(own: Protection, its: Protection) -> bool:
    """Whether the held view tells the party of `own` nothing of the party of `its`.

    Until two people have confirmed both; from then on where it is named adverse; where claims cross, also where it was
    the one to name the other, until two people have upheld both. A claim that two people did not uphold keeps nothing
    from whoever was confirmed.
    """
    if its.dismissed:
        return own.until is not None
    if own.until is not None or its.until is not None or own.party_id in its.adverse:
        return True
    return its.party_id in own.adverse and not (own.review.upheld and its.review.upheld)


def start(account: AccountState, started: ProtectionStarted) -> ProtectionStarted:
    """Decide on a protection asked for, under the id of the one there is already if it is that one again.

    Raises Refused("unknown_party") naming the place of who is not on the account, "bad_date".
    """
    if started.party_id not in account.parties:
        raise Refused("unknown_party", "name a party of this account; add the person first", place="protected_party_id")
    for index, adverse in enumerate(started.adverse):
        if adverse not in account.parties or adverse == started.party_id:
            raise Refused(
                "unknown_party",
                "name other parties of this account, not the protected one",
                place=f"adverse_party_ids[{index}]",
            )
    if started.review_on:
        review.day(started.review_on)
    before = account.protections.get(started.party_id)
    if before is None or begins_anew(before, started.until - PROVISIONAL_LASTS):
        return started
    return replace(started, protection_id=before.protection_id)


def opens_link(account: AccountState, party_id: str) -> bool:
    """Whether confirming this party's protection sends the safe contact a link to choose a passcode.

    None goes out before: whoever asks in her name with a contact of his own could tell by it whether she is protected.
    Nor where one was chosen by such a link already: whoever has that proves it first.
    """
    party = account.parties.get(party_id)
    return party is not None and not party.kept()


def confirm(account: AccountState, protection_id: str, actor: Actor, now: datetime) -> ProtectionConfirmed:
    """Decide on a confirmation, of a protection or of whom it named since: two people of tier 3 who did not ask for it.

    Raises Refused: "unknown_protection", "lapsed", "confirmed_already", "another_person" or "safe_contact_differs".
    """
    found = account.protection(protection_id)
    named = tuple(sorted(found.asked)) if found.until is None else ()
    if found.until is None and not named:
        raise Refused("confirmed_already", "two people have confirmed this protection already")
    if not found.active(now):
        raise Refused("lapsed", "this protection is over; start it again")
    found.another_person(actor.subject)
    so_far = found.vouched if named else found.confirmers
    if actor.subject in so_far:
        raise Refused("another_person", "you have confirmed it already; another person has to confirm it too")
    found.one_safe_contact()
    return ProtectionConfirmed(
        protection_id=protection_id,
        party_id=found.party_id,
        confirmer=actor.subject,
        complete=len(so_far) + 1 >= CONFIRMERS,
        named=named,
    )
