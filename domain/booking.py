"""Bookings: travel held for an account, with a held view, a shown view and the split between them.

While nobody on the account is protected the shown view *is* the held view. Protection freezes it; from then on
documents change the held view only. A booking made under protection has no shown view at all. Both views live on (see
`living`), and one verdict on freshness is for both: it is that of the view that is shown, so that nothing which
happens to the held one alone can be told by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from domain import living, split
from domain.event import Event, Kept, Personal, event
from domain.flight import LIFE, ORDINARY, Fate, FlightChanged
from domain.living import ExceptionApproved, ExceptionAsked, Living
from domain.refusal import Refused
from domain.release import BookingReleased
from domain.split import BookingDiffered, CheckClosed, CheckFailed, Hers, Split, SplitDeclared

__all__ = [
    "LIFE",
    "BookingImported",
    "BookingRefreshed",
    "BookingState",
    "BookingView",
    "Fate",
    "Hers",
    "ShownViewFrozen",
    "Split",
    "SplitDeclared",
    "declare_split",
    "evolve",
    "import_document",
    "stream",
    "taken_off",
]

_NOBODY: frozenset[str] = frozenset()
_FOR_EVER = 100 * 365 * 86_400.0  # seconds; a limit beyond it is none that anybody meets


class BookingView(msgspec.Struct, frozen=True, gc=False):
    """One view: who is on it, the marks of its own locators, and its document in sealed parts, one a person.

    `cancelled`: those on it whose travel it says is cancelled; `cross_references`: the marks of others' that it names.
    """

    people: tuple[str, ...]
    locators: frozenset[str]
    parts: tuple[Kept, ...]
    at: int
    cancelled: frozenset[str] = _NOBODY
    cross_references: frozenset[str] = _NOBODY

    def names(self, locators: Iterable[str]) -> bool:
        """Whether any of these is a locator of it, or one that it names as another's."""
        return any(each in self.locators or each in self.cross_references for each in locators)


class BookingState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one booking. `frozen` once protection has parted the views.

    `as_of`: when what is shown was last confirmed by its source, and `fresh_until` how long that is good for: for both
    views. `living`: None while nothing became of them. `released_by`: who, once protected, keeps nothing of it closed.
    `taken_off`: who is not held any more, and had a claim to be protected by then.
    """

    account_id: str = ""
    held: BookingView | None = None
    shown: BookingView | None = None
    held_version: int = 0
    frozen: bool = False
    stale: bool = False
    split: Split | None = None
    as_of: datetime | None = None
    fresh_until: datetime | None = None
    living: Living | None = None
    released_by: frozenset[str] = _NOBODY
    taken_off: frozenset[str] = _NOBODY

    def linked(self) -> bool:
        """Whether what is held can be found by a locator that is shown, be it as that of another booking."""
        if self.held is None or self.shown is None:
            return False
        return self.shown.names(self.held.locators)

    def past(self) -> frozenset[str]:
        """Who is shown and not held, and had no claim to be protected when that came so."""
        if self.held is None or self.shown is None or self.shown is self.held:
            return _NOBODY
        return frozenset(self.shown.people).difference(self.held.people, self.taken_off)

    def shows(self, now: datetime) -> bool:
        """Whether there is a shown view, and it answers at `now`."""
        return self.shown is not None and (self.living is None or not self.living.unshown(now))

    def guarded(self) -> bool:
        """Whether the views were parted and have come to differ: it stays so when a provisional protection lapses."""
        return self.frozen and self.shown is not self.held and self.shown != self.held


@event
class BookingImported(Event, frozen=True, kw_only=True):
    """A GDS document became the held view. `withheld_from_view`: made under protection, so it has no shown view.

    `fresh_for`: the limit of its source on that day in seconds, 0 for none; `cancelled`: who travels no more by it and
    was not protected then; `taken_off`: see the function.
    """

    NAME: ClassVar[str] = "booking.imported.v1"
    account_id: str
    source: str
    people: tuple[str, ...]
    locators: tuple[str, ...]
    parts: tuple[Personal, ...]
    stale: bool
    withheld_from_view: bool
    fresh_for: int = 0
    cancelled: tuple[str, ...] = ()
    taken_off: tuple[str, ...] = ()
    cross_references: tuple[str, ...] = ()


@event
class BookingRefreshed(Event, frozen=True, kw_only=True):
    """The source was asked again. `changed`: it said something new, which was imported just before."""

    NAME: ClassVar[str] = "booking.refreshed.v1"
    source: str
    stale: bool
    changed: bool
    fresh_for: int = 0


@event
class ShownViewFrozen(Event, frozen=True, kw_only=True):
    """A protection was started: what was shown until now stays shown."""

    NAME: ClassVar[str] = "booking.shown_view_frozen.v1"
    protection_id: str


def stream(booking_id: str) -> str:
    """The stream of this booking."""
    return f"booking:{booking_id}"


def evolve(  # noqa: C901, PLR0911 - one arm for each event
    state: BookingState, happened: Event, version: int, at: datetime | None = None
) -> BookingState:
    """Fold one event that stands at `version` of the booking's stream and occurred `at` this time."""
    match happened:
        case BookingImported():
            return _imported(state, happened, version, at)
        case BookingRefreshed(stale=True):
            return replace(state, stale=True)
        case BookingRefreshed():
            # What is shown of a parted booking keeps the limit it had: another source may be behind the truth by now.
            kept = _lasts(state) if state.frozen and state.shown is not None else happened.fresh_for
            return replace(state, stale=False, as_of=at, fresh_until=_until(at, kept))
        case ShownViewFrozen():
            return replace(state, frozen=True, released_by=_NOBODY)
        case BookingReleased():
            return _released(state, happened)
        case SplitDeclared():
            off = state.taken_off.union(happened.taken_off)
            declared = replace(state, split=split.declared(happened, at), frozen=True, taken_off=off)
            if happened.parts:  # on an ordinary account it would have been imported now
                until = _until(at, _lasts(state))
                declared = replace(declared, shown=_view(happened, version), as_of=at, fresh_until=until)
            return _lived(declared, shown=bool(happened.parts))
        case CheckClosed() | CheckFailed() | BookingDiffered():
            return state if state.split is None else replace(state, split=split.evolve(state.split, happened, at))
        case FlightChanged():
            life = ORDINARY if state.split is None else state.split.life
            after = living.changed(state.living or Living(), happened, version, life)
            return _lived(replace(state, living=after))
        case ExceptionAsked() | ExceptionApproved():
            return replace(state, living=living.excepted(state.living or Living(), happened))
        case _:
            return state


def _imported(state: BookingState, happened: BookingImported, version: int, at: datetime | None) -> BookingState:
    held = _view(happened, version)
    frozen = state.frozen or happened.withheld_from_view
    parted = frozen and state.shown is not None
    imported = replace(
        state,
        account_id=happened.account_id,
        held=held,
        shown=state.shown if frozen else held,
        held_version=state.held_version + 1,
        frozen=frozen,
        stale=happened.stale,
        as_of=state.as_of if parted else at,
        fresh_until=state.fresh_until if parted else _until(at, happened.fresh_for),
        taken_off=state.taken_off.union(happened.taken_off).difference(held.people) if frozen else _NOBODY,
    )
    return _lived(imported, held=True, shown=not frozen)


def _released(state: BookingState, happened: BookingReleased) -> BookingState:
    """Released by one more; where the views are rejoined, the held one is shown as on any ordinary booking."""
    released = replace(state, released_by=state.released_by | {happened.party_id})
    if not happened.rejoined:
        return released
    changes = () if state.living is None else state.living.changes
    held = tuple(replace(change, shown=True, fate="follow") for change in changes if change.held)
    after = Living(changes=held) if held else None
    return replace(released, shown=state.held, frozen=False, split=None, living=after, taken_off=_NOBODY)


def _view(happened: BookingImported | SplitDeclared, version: int) -> BookingView:
    parts = tuple(Kept(part, version, happened.NAME, "parts", index) for index, part in enumerate(happened.parts))
    return BookingView(
        happened.people,
        frozenset(happened.locators),
        parts,
        version,
        frozenset(happened.cancelled) or _NOBODY,
        frozenset(happened.cross_references) or _NOBODY,
    )


def _until(at: datetime | None, seconds: float) -> datetime | None:
    return at + timedelta(seconds=min(seconds, _FOR_EVER)) if at is not None and seconds > 0 else None


def _lasts(state: BookingState) -> float:
    """How many seconds what is shown stays fresh after it was confirmed, 0 where its source has no limit."""
    if state.as_of is None or state.fresh_until is None:
        return 0
    return (state.fresh_until - state.as_of).total_seconds()


def _lived(state: BookingState, *, held: bool = False, shown: bool = False) -> BookingState:
    """The state after these views were replaced, or a flight of theirs changed: whom the shown one may not speak for.

    Whose travel is cancelled as held and not as shown, and everybody where the shown view keeps what has ended.
    """
    void = _NOBODY
    if state.held is not None and state.shown is not None:
        gone = state.held.cancelled
        if state.split is not None:
            gone = gone.union(state.split.cancelled)
        void = gone.intersection(state.shown.people) - state.shown.cancelled
    if state.living is None:
        return replace(state, living=Living(void=void)) if void else state
    after = state.living.renewed(held=held, shown=shown) if held or shown else state.living
    after = replace(after, void=void | after.misled())
    return replace(state, living=None if after == Living() else after)


def taken_off(before: Iterable[str], after: Collection[str], claims: Collection[str]) -> tuple[str, ...]:
    """Who of those `before` is not among those `after`, and has a claim to be protected, whatever became of it since.

    Whoever must not learn of such a person hears of it no more than that. A claim that comes later says nothing of it:
    anybody could else take what is held from its own people by claiming to be protected too.
    """
    return tuple(who for who in before if who not in after and who in claims)


def import_document(state: BookingState, imported: BookingImported) -> BookingImported:
    """Decide on a document. Raises Refused("another_account") where the booking belongs to somebody else."""
    if state.account_id and state.account_id != imported.account_id:
        raise Refused(
            "another_account",
            "this booking belongs to another account; leave booking_id out to add a new one",
            place="booking_id",
        )
    return imported


def declare_split(
    state: BookingState, declared: SplitDeclared, protected: frozenset[str], others: Iterable[BookingState] = ()
) -> SplitDeclared:
    """Decide on a split. `others`: all bookings of the account, since what is shown may name any of them.

    Raises Refused: "unknown_booking", "not_protected", or "life_incomplete" naming what is unsaid.
    """
    if state.held is None:
        raise Refused("unknown_booking", "there is no such booking", place="booking_id")
    if not protected:
        raise Refused(
            "not_protected",
            "protect a party of the account first; only then can what is shown differ from what is held",
        )
    hidden = frozenset[str]().union(*(_hidden(each) for each in (state, *others)))
    if not hidden.isdisjoint((*declared.locators, *declared.cross_references)):
        raise Refused("gives_away", "what is shown names a locator that only the held view has", place="document")
    unsaid = [what for what in LIFE if what not in declared.life]
    if unsaid:
        raise Refused("life_incomplete", "say what the shown view does at each of: " + ", ".join(unsaid), place="life")
    return declared


def _hidden(state: BookingState) -> frozenset[str]:
    """The marks of the locators that only the held view has."""
    if state.held is None:
        return _NOBODY
    return state.held.locators if state.shown is None else state.held.locators - state.shown.locators
