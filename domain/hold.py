"""Legal holds: while one stands, nobody whom it covers is forgotten.

A hold has an owner, who answers for it, a scope, a reason and an end; it is extended as long as it stands, and lifted
when there is no need of it any more. Each of these also leaves a mark on one stream of all holds (`REGISTER`): whoever
decides that nothing stands in the way names the version of that stream, so that no hold is placed past him.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Literal, get_args

import msgspec
from msgspec.structs import replace

from domain.event import Event, Kept, Personal, event
from domain.refusal import Refused

Scope = Literal["party", "account", "incident"]
Reason = Literal["litigation", "police_investigation", "court_order", "regulator", "internal_investigation", "other"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
REASONS: tuple[Reason, ...] = get_args(Reason)
LONGEST = timedelta(days=3653)  # ten years; whoever needs more extends it
REGISTER = "hold:register"


class HoldState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one hold. `about`: the id of its scope; `names`: accounts and parties that it covers besides."""

    hold_id: str = ""
    scope: str = ""
    about: str = ""
    names: frozenset[str] = frozenset()
    owner: str = ""
    reason: str = ""
    placed_by: str = ""
    placed_at: datetime | None = None
    until: datetime | None = None
    lifted_at: datetime | None = None
    words: Kept | None = None

    def stands(self, at: datetime) -> bool:
        """Whether it is in force at this instant."""
        if self.placed_at is None or self.until is None or not self.placed_at <= at < self.until:
            return False
        return self.lifted_at is None or at < self.lifted_at

    def covers(self, ids: Collection[str], incidents: Collection[str]) -> bool:
        """Whether it is about one of these ids, an account's or a party's, or about one of these incidents."""
        found = incidents if self.scope == "incident" else ids
        return self.about in found or not self.names.isdisjoint(ids)


@event
class HoldPlaced(Event, frozen=True, kw_only=True):
    """Somebody of legal placed a hold. `names`: whom an incident names by then; `account_id`: where a party is on."""

    NAME: ClassVar[str] = "hold.placed.v1"
    hold_id: str
    scope: Scope
    about: str
    names: tuple[str, ...]
    owner: str
    reason: str
    words: Personal
    placed_by: str
    placed_at: datetime
    until: datetime
    account_id: str = ""


@event
class HoldExtended(Event, frozen=True, kw_only=True):
    """It stands until then. `names`: whom it covers besides, all that its incident has come to name."""

    NAME: ClassVar[str] = "hold.extended.v1"
    hold_id: str
    until: datetime
    words: Personal
    extended_by: str
    names: tuple[str, ...] = ()


@event
class HoldLifted(Event, frozen=True, kw_only=True):
    """It stands no more."""

    NAME: ClassVar[str] = "hold.lifted.v1"
    hold_id: str
    words: Personal
    lifted_by: str
    lifted_at: datetime


@event
class HoldsChanged(Event, frozen=True, kw_only=True):
    """Which holds stand may be different from now on; on the stream of all holds."""

    NAME: ClassVar[str] = "hold.register_changed.v1"
    hold_id: str


def stream(hold_id: str) -> str:
    """The stream of this hold."""
    return f"hold:{hold_id}"


def evolve(state: HoldState, happened: Event, version: int) -> HoldState:
    """Fold one event that stands at `version` of the hold's stream."""
    match happened:
        case HoldPlaced():
            return HoldState(
                happened.hold_id,
                happened.scope,
                happened.about,
                frozenset(happened.names),
                happened.owner,
                happened.reason,
                happened.placed_by,
                happened.placed_at,
                happened.until,
                None,
                Kept(happened.words, version, HoldPlaced.NAME, "words"),
            )
        case HoldExtended():
            return replace(state, until=happened.until, names=state.names | frozenset(happened.names))
        case HoldLifted():
            return replace(state, lifted_at=happened.lifted_at)
        case _:
            return state


def place(placed: HoldPlaced) -> HoldPlaced:
    """Decide on a new hold. Raises Refused("bad_end") for an end that is past, or more than ten years away."""
    _end(placed.until, placed.placed_at)
    return placed


def extend(state: HoldState, extended: HoldExtended, now: datetime) -> HoldExtended:
    """Decide on a later end. Raises Refused: "unknown_hold", "hold_over", "bad_end"."""
    before = _standing(state, now)
    _end(extended.until, now)
    if extended.until <= before:
        raise Refused("bad_end", "it stands until later than that already; lift it instead", place="until")
    return extended


def lift(state: HoldState, lifted: HoldLifted) -> HoldLifted:
    """Decide on its end. Raises Refused: "unknown_hold", "hold_over"."""
    _standing(state, lifted.lifted_at)
    return lifted


def _standing(state: HoldState, now: datetime) -> datetime:
    """Until when it stands."""
    if state.until is None:
        raise Refused("unknown_hold", "there is no such hold", place="hold_id")
    if not state.stands(now):
        raise Refused("hold_over", "this hold was lifted or has expired; place another")
    return state.until


def _end(until: datetime, now: datetime) -> None:
    if not now < until <= now + LONGEST:
        raise Refused("bad_end", "give an end that is to come, ten years from now at the latest", place="until")
