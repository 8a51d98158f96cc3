"""Living: what became of a booking's views since they were made, and whether the shown one still answers.

Nobody is told that his own cancelled ticket is valid. Whose travel is cancelled in truth, and valid as shown, makes
the shown view withhold, unless two people of tier 3 approved an exception for him, by name and until a date. Those who
were protected when it was cancelled are not counted: it is for their sake that it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Actor, Event, Kept, Personal, event
from domain.flight import ENDING, ORDINARY, Change, Fate, FlightChanged
from domain.refusal import Refused

LONGEST = timedelta(days=92)
_NOBODY: frozenset[str] = frozenset()


class Excepted(msgspec.Struct, frozen=True, gc=False):
    """An exception for one party: who asked, until when, and whether a second person approved it."""

    asker: str
    until: datetime
    approved: bool = False


class Living(msgspec.Struct, frozen=True, gc=False):
    """What happened to a booking whose flights changed, or whose shown view must not speak for all who are on it.

    `withheld`: a declared fate closed the shown view. `void`: whom it would tell that his cancelled travel is valid.
    """

    changes: tuple[Change, ...] = ()
    withheld: bool = False
    void: frozenset[str] = _NOBODY
    exceptions: Mapping[str, Excepted] = {}

    def unshown(self, now: datetime) -> bool:
        """Whether the shown view answers nothing at `now`."""
        return self.withheld or any(not self.excepted(who, now) for who in self.void)

    def excepted(self, party_id: str, now: datetime) -> bool:
        """Whether an exception for this party is approved and has not expired."""
        found = self.exceptions.get(party_id)
        return found is not None and found.approved and now < found.until

    def on(self, view: Literal["held", "shown"]) -> tuple[Change, ...]:
        """The changes that show on this view, oldest first."""
        if view == "held":
            return tuple(change for change in self.changes if change.held)
        return tuple(change for change in self.changes if change.shown and change.fate in ("follow", "transfer"))

    def transfers(self, view: Literal["held", "shown"]) -> bool:
        """Whether an answer from this view goes on with a colleague: the airline ended a flight that is on it."""
        if view == "held":
            return any(change.held and change.what in ENDING for change in self.changes)
        return any(change.shown and change.fate == "transfer" for change in self.changes)

    def misled(self) -> frozenset[str]:
        """Whom the shown view misleads that was told to go on as it was though one of its flights ended."""
        kept = (change.loses for change in self.changes if change.shown and change.fate == "keep")
        return frozenset(who for loses in kept for who in loses)

    def renewed(self, *, held: bool, shown: bool) -> Living:
        """The same after these views were replaced by newer documents, which know what happened before."""
        changes = tuple(
            replace(change, held=change.held and not held, shown=change.shown and not shown) for change in self.changes
        )
        return replace(
            self,
            changes=tuple(change for change in changes if change.held or change.shown),
            withheld=self.withheld and not shown,
        )


@event
class ExceptionAsked(Event, frozen=True, kw_only=True):
    """One person of tier 3 asked that this party be shown his cancelled travel as valid, until then."""

    NAME: ClassVar[str] = "split.exception_asked.v1"
    party_id: str
    until: datetime
    asker: str
    words: Personal


@event
class ExceptionApproved(Event, frozen=True, kw_only=True):
    """Another person of tier 3 approved it."""

    NAME: ClassVar[str] = "split.exception_approved.v1"
    party_id: str
    until: datetime
    approver: str
    words: Personal


def changed(living: Living, happened: FlightChanged, version: int, life: Mapping[str, Fate]) -> Living:
    """Fold a flight's new status. The newest of one kind about one flight stands in the place of the one before.

    A flight that is on neither view changes nothing.
    """
    if not happened.held and not happened.shown:
        return living
    fate = life.get(happened.what, ORDINARY[happened.what])
    told = Kept(happened.told, version, happened.NAME, "told")
    change = Change(happened.flight, happened.what, fate, happened.held, happened.shown, told, happened.loses)
    others = tuple(each for each in living.changes if (each.flight, each.what) != (happened.flight, happened.what))
    withheld = living.withheld or (happened.shown and fate == "withhold")
    return replace(living, changes=(*others, change), withheld=withheld)


def excepted(living: Living, happened: ExceptionAsked | ExceptionApproved) -> Living:
    """Fold an exception that was asked for or approved."""
    before = living.exceptions.get(happened.party_id)
    if isinstance(happened, ExceptionAsked):
        after = Excepted(happened.asker, happened.until)
    elif before is None:
        return living
    else:
        after = replace(before, approved=True)
    return replace(living, exceptions={**living.exceptions, happened.party_id: after})


def allow(
    living: Living | None,
    people: tuple[str, ...],
    *,
    party_id: str,
    until: datetime,
    words: Personal,
    actor: Actor,
    now: datetime,
) -> ExceptionAsked | ExceptionApproved:
    """Decide on an exception: the first person asks, the second approves the same party and date.

    Raises Refused: "unknown_party", "bad_until", "confirmed_already", "another_person".
    """  # fmt: skip
    if party_id not in people:
        raise Refused("unknown_party", "name somebody who is on what is shown of this booking", place="party_id")
    if not now < until <= now + LONGEST:
        raise Refused("bad_until", f"name a date within the next {LONGEST.days} days", place="until")
    before = None if living is None else living.exceptions.get(party_id)
    if before is None or before.until != until:
        return ExceptionAsked(party_id=party_id, until=until, asker=actor.subject, words=words)
    if before.approved:
        raise Refused("confirmed_already", "this exception was approved already")
    if before.asker == actor.subject:
        raise Refused("another_person", "whoever asked for an exception cannot approve it; ask another person")
    return ExceptionApproved(party_id=party_id, until=until, approver=actor.subject, words=words)
