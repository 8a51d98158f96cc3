"""Splits: the declared difference between what is held and what is shown, and every way the truth could still get out.

A split is only as good as its leaks. It stays open until each of its checks is done: which there are follows from what
the two documents say, each has an owner and a due time, and a newer held document reopens those that it touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal, get_args

import msgspec
from msgspec.structs import replace

from domain.difference import Differing
from domain.document import BookingDocument
from domain.event import Actor, Event, Personal, event
from domain.flight import Fate
from domain.refusal import Refused

Hers = Literal["shown", "nothing"]
CheckName = Literal[
    "new_locator",
    "safety_office_only",
    "ordinary_sign_on",
    "queues_and_copies",
    "airline_site",
    "cross_reference",
    "contact_elements",
    "loyalty_account",
    "statement",
    "calendar_feeds",
    "receipts",
]
Standing = Literal["open", "failed", "closed"]

# Who answers for the trial from an ordinary sign-on unless somebody is named: never whoever declares the split.
SAFETY_OFFICE = "safety-office"
CHECKS: tuple[CheckName, ...] = get_args(CheckName)
# How soon each way out has to be looked at. First the record itself and what anybody can try at once, then what is
# sent or posted with a delay.
DUE: Mapping[CheckName, timedelta] = {
    "new_locator": timedelta(hours=2),
    "safety_office_only": timedelta(hours=2),
    "ordinary_sign_on": timedelta(hours=4),
    "queues_and_copies": timedelta(hours=4),
    "airline_site": timedelta(hours=4),
    "cross_reference": timedelta(hours=4),
    "contact_elements": timedelta(hours=4),
    "loyalty_account": timedelta(hours=12),
    "calendar_feeds": timedelta(hours=12),
    "receipts": timedelta(hours=12),
    "statement": timedelta(hours=48),
}
# What of a held document each check hangs on. The record itself is looked at again whenever its locators are others.
_HANGS_ON: Mapping[CheckName, frozenset[str]] = {
    "new_locator": frozenset({"locators"}),
    "safety_office_only": frozenset({"locators"}),
    "ordinary_sign_on": frozenset({"locators"}),
    "queues_and_copies": frozenset({"locators", "remarks"}),
    "airline_site": frozenset({"locators", "segments", "travellers"}),
    "cross_reference": frozenset({"locators"}),
    "contact_elements": frozenset({"contacts"}),
    "loyalty_account": frozenset({"loyalty", "segments"}),
    "statement": frozenset({"payments"}),
    "calendar_feeds": frozenset({"segments"}),
    "receipts": frozenset({"payments", "tickets"}),
}


class Due(msgspec.Struct, frozen=True, gc=False):
    """A check as it is set: who answers for it, and by when, UTC. `failed`: the documents alone say that it fails."""

    check: CheckName
    owner: str
    due_at: datetime
    failed: bool = False


class Check(msgspec.Struct, frozen=True, gc=False):
    """A check as it stands. `since`: when it came to stand so; `by`: who looked last, "" where nobody did yet."""

    owner: str
    due_at: datetime
    standing: Standing
    since: datetime | None
    by: str = ""


class Split(msgspec.Struct, frozen=True, gc=False):
    """The declared divergence. `hers`: what an adverse party who proved himself hears of hers, as shown or nothing.

    `cancelled`: whose own tickets were cancelled on records that are not held here.
    """

    split_id: str
    hers: Hers
    life: Mapping[str, Fate]
    declared_by: str = ""
    declared_at: datetime | None = None
    checks: Mapping[CheckName, Check] = {}
    cancelled: tuple[str, ...] = ()

    def undone(self) -> tuple[CheckName, ...]:
        """The checks that are not closed."""
        return tuple(name for name, check in self.checks.items() if check.standing != "closed")

    def status(self) -> Literal["open", "closed"]:
        """Open until every check is done."""
        return "open" if self.undone() else "closed"

    def overdue(self, now: datetime) -> tuple[CheckName, ...]:
        """The checks that should have been done by `now`, and are not."""
        return tuple(name for name in self.undone() if self.checks[name].due_at <= now)


@event
class SplitDeclared(Event, frozen=True, kw_only=True):
    """Tier 3 declared what is shown. Without `parts` the frozen view goes on.

    `voided`: whose own tickets were cancelled on records not held here, the protected left out; `cancelled`: who
    travels no more as shown; `taken_off`: who is shown and not held, and had a claim to be protected;
    `cross_references`: the marks of others' locators that the document names.
    """

    NAME: ClassVar[str] = "split.declared.v1"
    split_id: str
    hers: Hers
    life: Mapping[str, Fate]
    reason: Personal
    people: tuple[str, ...] = ()
    locators: tuple[str, ...] = ()
    parts: tuple[Personal, ...] = ()
    declared_by: str = ""
    checks: tuple[Due, ...] = ()
    voided: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    taken_off: tuple[str, ...] = ()
    cross_references: tuple[str, ...] = ()


@event
class CheckClosed(Event, frozen=True, kw_only=True):
    """Somebody looked, and the truth does not get out this way."""

    NAME: ClassVar[str] = "split.check_closed.v1"
    split_id: str
    check: CheckName
    by: str
    words: Personal


@event
class CheckFailed(Event, frozen=True, kw_only=True):
    """Somebody looked, and the truth can get out this way."""

    NAME: ClassVar[str] = "split.check_failed.v1"
    split_id: str
    check: CheckName
    by: str
    words: Personal


@event
class BookingDiffered(Event, frozen=True, kw_only=True):
    """A held document came while the views were parted.

    `differing`: by what it differs from what is shown; `reopened`: the checks that are to be looked at again.
    """

    NAME: ClassVar[str] = "booking.differed.v1"
    differing: tuple[Differing, ...]
    reopened: tuple[Due, ...] = ()


@event
class SplitRead(Event, frozen=True, kw_only=True):
    """Somebody of tier 3 read how a split stands, or by what paths its views differ."""

    NAME: ClassVar[str] = "split.read.v1"
    what: Literal["checks", "difference"]


def declared(happened: SplitDeclared, at: datetime | None) -> Split:
    """The split that was declared at this time."""
    checks: dict[CheckName, Check] = {due.check: _set(due, at) for due in happened.checks}
    return Split(happened.split_id, happened.hers, happened.life, happened.declared_by, at, checks, happened.voided)


def evolve(split: Split, happened: CheckClosed | CheckFailed | BookingDiffered, at: datetime | None) -> Split:
    """Fold what was found, or what a newer held document reopened."""
    if isinstance(happened, BookingDiffered):
        again = {each.check: _set(each, at) for each in happened.reopened}
        return replace(split, checks={**split.checks, **again}) if again else split
    before = split.checks.get(happened.check)
    if before is None or happened.split_id != split.split_id:
        return split
    standing: Standing = "closed" if isinstance(happened, CheckClosed) else "failed"
    after = replace(before, standing=standing, since=at, by=happened.by)
    return replace(split, checks={**split.checks, happened.check: after})


def _set(due: Due, at: datetime | None) -> Check:
    return Check(due.owner, due.due_at, "failed" if due.failed else "open", at)


def wanted(held: BookingDocument | None, shown: BookingDocument | None) -> tuple[CheckName, ...]:
    """The checks that follow from what these two say. Without a document nothing is left out."""
    documents = [document for document in (held, shown) if document is not None]
    if held is None:
        return CHECKS
    has = {
        "cross_reference": any(item.kind == "cross_reference" for each in documents for item in each.locators),
        "contact_elements": any(each.contacts for each in documents),
        "loyalty_account": any(each.loyalty for each in documents),
        "statement": any(each.payments for each in documents),
        "calendar_feeds": bool(held.segments),
        "receipts": any(each.payments or each.tickets for each in documents),
    }
    return tuple(name for name in CHECKS if has.get(name, True))


def set_out(
    names: Iterable[CheckName], owners: Mapping[CheckName, str], by: str, now: datetime, *, linked: bool
) -> tuple[Due, ...]:
    """The checks with who answers for each and by when: as named, else whoever declares. `linked`: a locator is shared.

    Raises Refused: "unknown_check", or "another_person" where the trial from an ordinary sign-on would be their own.
    """
    names = tuple(names)
    for name in owners:
        if name not in names:
            raise Refused("unknown_check", "this split has no such check", place=f"owners.{name}")
    if owners.get("ordinary_sign_on") == by:
        raise Refused(
            "another_person",
            "whoever declares a split does not try it from an ordinary sign-on; name another person",
            place="owners.ordinary_sign_on",
        )
    return tuple(
        Due(
            name,
            owners.get(name, SAFETY_OFFICE if name == "ordinary_sign_on" else by),
            now + DUE[name],
            linked and _links(name),
        )
        for name in names
    )


def _links(name: CheckName) -> bool:
    return name == "new_locator"


def reopened(
    split: Split,
    held: BookingDocument,
    shown: BookingDocument | None,
    since: Iterable[Differing],
    now: datetime,
    *,
    linked: bool,
) -> tuple[Due, ...]:
    """The checks that a newer held document opens again: those it touches, and those it is the first to need.

    `since`: by what paths it differs from the held document before it. What stands open with its due time stays so.
    """  # fmt: skip
    touched = {each.path.partition("/")[0] for each in since}
    again = []
    for name in wanted(held, shown):
        before = split.checks.get(name)
        failed = linked and _links(name)
        if before is not None and touched.isdisjoint(_HANGS_ON[name]):
            continue
        if before is not None and before.standing == "open" and not failed:
            continue
        owner = before.owner if before is not None else split.declared_by
        again.append(Due(name, owner, now + DUE[name], failed))
    return tuple(again)


def answer(
    split: Split | None, check: str, result: Literal["closed", "failed"], words: Personal, actor: Actor, *, linked: bool
) -> CheckClosed | CheckFailed:
    """Decide on what somebody found.

    Raises Refused: "unknown_split", "unknown_check", "another_person", or "still_linked" where both views have a
    locator in common, so that the record cannot be a new one.
    """
    if split is None:
        raise Refused("unknown_split", "no split is declared for this booking", place="booking_id")
    name = next((each for each in split.checks if each == check), None)
    if name is None:
        raise Refused("unknown_check", "this split has no such check", place="check")
    if result == "failed":
        return CheckFailed(split_id=split.split_id, check=name, by=actor.subject, words=words)
    if name == "ordinary_sign_on" and actor.subject == split.declared_by:
        raise Refused("another_person", "whoever declared the split cannot be who tried it; ask another person")
    if _links(name) and linked:
        raise Refused("still_linked", "what is held and what is shown have a locator in common; reissue it first")
    return CheckClosed(split_id=split.split_id, check=name, by=actor.subject, words=words)
