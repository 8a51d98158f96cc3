"""Bookings: travel held for an account, with a held view, a shown view and the split between them.

While nobody on the account is protected the shown view *is* the held view. Protection freezes it; from then on
documents change the held view only. A booking made under protection has no shown view at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, Kept, Personal, event
from domain.refusal import Refused

Hers = Literal["shown", "nothing"]
Fate = Literal["follow", "keep", "withhold", "transfer"]

# What can happen to the shown view's own flights, each to be said when a split is declared.
LIFE = ("schedule_change", "cancellation", "check_in", "departure", "refund")


class BookingView(msgspec.Struct, frozen=True, gc=False):
    """One view: who is on it, the marks of its own locators, and its document in sealed parts, one a person."""

    people: tuple[str, ...]
    locators: frozenset[str]
    parts: tuple[Kept, ...]
    at: int


class Split(msgspec.Struct, frozen=True, gc=False):
    """The declared divergence. `hers`: what an adverse party who proved himself hears of hers, as shown or nothing."""

    split_id: str
    hers: Hers
    life: Mapping[str, Fate]


class BookingState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one booking. `frozen` once protection has parted the views."""

    account_id: str = ""
    held: BookingView | None = None
    shown: BookingView | None = None
    held_version: int = 0
    frozen: bool = False
    stale: bool = False
    split: Split | None = None

    def guarded(self) -> bool:
        """Whether the views were parted and have come to differ: it stays so when a provisional protection lapses."""
        return self.frozen and self.shown is not self.held and self.shown != self.held


@event
class BookingImported(Event, frozen=True, kw_only=True):
    """A GDS document became the held view. `withheld_from_view`: made under protection, so it has no shown view."""

    NAME: ClassVar[str] = "booking.imported.v1"
    account_id: str
    source: str
    people: tuple[str, ...]
    locators: tuple[str, ...]
    parts: tuple[Personal, ...]
    stale: bool
    withheld_from_view: bool


@event
class ShownViewFrozen(Event, frozen=True, kw_only=True):
    """A protection was started: what was shown until now stays shown."""

    NAME: ClassVar[str] = "booking.shown_view_frozen.v1"
    protection_id: str


@event
class SplitDeclared(Event, frozen=True, kw_only=True):
    """Tier 3 declared what is shown. Without `parts` the frozen view goes on."""

    NAME: ClassVar[str] = "split.declared.v1"
    split_id: str
    hers: Hers
    life: Mapping[str, Fate]
    reason: Personal
    people: tuple[str, ...] = ()
    locators: tuple[str, ...] = ()
    parts: tuple[Personal, ...] = ()


def stream(booking_id: str) -> str:
    """The stream of this booking."""
    return f"booking:{booking_id}"


def evolve(state: BookingState, happened: Event, version: int) -> BookingState:
    """Fold one event that stands at `version` of the booking's stream."""
    match happened:
        case BookingImported():
            held = _view(happened, version)
            frozen = state.frozen or happened.withheld_from_view
            return replace(
                state,
                account_id=happened.account_id,
                held=held,
                shown=state.shown if frozen else held,
                held_version=state.held_version + 1,
                frozen=frozen,
                stale=happened.stale,
            )
        case ShownViewFrozen():
            return replace(state, frozen=True)
        case SplitDeclared():
            split = Split(happened.split_id, happened.hers, happened.life)
            return replace(
                state, split=split, frozen=True, shown=_view(happened, version) if happened.parts else state.shown
            )
        case _:
            return state


def _view(happened: BookingImported | SplitDeclared, version: int) -> BookingView:
    parts = tuple(Kept(part, version, happened.NAME, "parts", index) for index, part in enumerate(happened.parts))
    return BookingView(happened.people, frozenset(happened.locators), parts, version)


def import_document(state: BookingState, imported: BookingImported) -> BookingImported:
    """Decide on a document. Raises Refused("another_account") where the booking belongs to somebody else."""
    if state.account_id and state.account_id != imported.account_id:
        raise Refused(
            "another_account",
            "this booking belongs to another account; leave booking_id out to add a new one",
            place="booking_id",
        )
    return imported


def declare_split(state: BookingState, declared: SplitDeclared, protected: frozenset[str]) -> SplitDeclared:
    """Decide on a split.

    Raises Refused: "unknown_booking", "not_protected", or "life_incomplete" naming what is unsaid.
    """
    if state.held is None:
        raise Refused("unknown_booking", "there is no such booking", place="booking_id")
    if not protected:
        raise Refused(
            "not_protected",
            "protect a party of the account first; only then can what is shown differ from what is held",
        )
    shown = frozenset() if state.shown is None else state.shown.locators
    if not (state.held.locators - shown).isdisjoint(declared.locators):
        raise Refused("gives_away", "what is shown names a locator that only the held view has", place="document")
    unsaid = [what for what in LIFE if what not in declared.life]
    if unsaid:
        raise Refused("life_incomplete", "say what the shown view does at each of: " + ", ".join(unsaid), place="life")
    return declared
