"""Exports: the record of an incident, carried out of the building as a bundle that anybody can check.

Who asked, for whom and why is on record before anything is made; so is each piece as it is made, with its digest, so
that whoever goes on with an export that was broken off knows which pieces are whole. What is in a bundle stands in it:
`subjects` are those whose personal data stands in it in the open, and when one of them is forgotten it is discarded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, Personal, event
from domain.refusal import Refused
from domain.unsealing import PURPOSES

Discard = Literal["kept_long_enough", "forgotten"]
Status = Literal["asked", "made", "failed", "discarded"]


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A piece that was made: the SHA-256 of its file, in hex, and its size in bytes."""

    digest: str
    size: int


class ExportState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one export. `of`: how many pieces it will have, 0 while that is not known.

    `runner` makes it until `taken_until`, unless it says again that it does.
    """

    status: str = ""
    incident_id: str = ""
    account_id: str = ""
    recipient: str = ""
    unsealing_id: str = ""
    purpose: str = ""
    asked_by: str = ""
    asked_at: datetime | None = None
    runner: str = ""
    taken_until: datetime | None = None
    pieces: Mapping[str, Piece] = {}
    of: int = 0
    digest: str = ""
    size: int = 0
    events: int = 0
    tree_size: int = 0
    root: str = ""
    subjects: tuple[str, ...] = ()
    ended_at: datetime | None = None
    why: str = ""
    fetched: int = 0

    def free(self, runner: str, now: datetime) -> bool:
        """Whether this runner may make it now: nobody else does."""
        return self.runner in {"", runner} or self.taken_until is None or now >= self.taken_until


@event
class ExportAsked(Event, frozen=True, kw_only=True):
    """Somebody wants a bundle. `recipient`: for whose eyes it is redacted, "" for all; `unsealing_id`: "" for none.

    `for_whom` and `words` are as they were typed, sealed under the export.
    """

    NAME: ClassVar[str] = "export.asked.v1"
    export_id: str
    incident_id: str
    account_id: str
    recipient: str
    unsealing_id: str
    purpose: str
    for_whom: Personal
    words: Personal
    asked_by: str
    asked_at: datetime


@event
class ExportTaken(Event, frozen=True, kw_only=True):
    """A replica makes it, until then; it says so again while it goes on."""

    NAME: ClassVar[str] = "export.taken.v1"
    export_id: str
    runner: str
    until: datetime


@event
class ExportProgressed(Event, frozen=True, kw_only=True):
    """A piece is made and flushed. `of`: how many there will be in all."""

    NAME: ClassVar[str] = "export.progressed.v1"
    export_id: str
    piece: str
    digest: str
    size: int
    of: int


@event
class ExportMade(Event, frozen=True, kw_only=True):
    """The bundle is whole. `digest`: SHA-256 of the archive in hex; `root`: the ledger's, of `tree_size` events."""

    NAME: ClassVar[str] = "export.made.v1"
    export_id: str
    digest: str
    size: int
    events: int
    tree_size: int
    root: str
    subjects: tuple[str, ...]
    at: datetime


@event
class ExportFailed(Event, frozen=True, kw_only=True):
    """It could not be made. `why` is one of the service's own words for it."""

    NAME: ClassVar[str] = "export.failed.v1"
    export_id: str
    why: str
    at: datetime


@event
class ExportFetched(Event, frozen=True, kw_only=True):
    """Somebody took a copy of the bundle with this digest away."""

    NAME: ClassVar[str] = "export.fetched.v1"
    export_id: str
    digest: str


@event
class ExportDiscarded(Event, frozen=True, kw_only=True):
    """The bundle, or what there was of it, was removed from the service's disk."""

    NAME: ClassVar[str] = "export.discarded.v1"
    export_id: str
    why: Discard
    at: datetime


NAMES = tuple(
    each.NAME
    for each in (
        ExportAsked, ExportTaken, ExportProgressed, ExportMade, ExportFailed, ExportFetched, ExportDiscarded,
    )
)  # fmt: skip


def stream(export_id: str) -> str:
    """The stream of this export."""
    return f"export:{export_id}"


def evolve(  # noqa: PLR0911 - one for each event
    state: ExportState, happened: Event
) -> ExportState:
    """Fold one event."""
    match happened:
        case ExportAsked():
            return ExportState(
                status="asked",
                incident_id=happened.incident_id,
                account_id=happened.account_id,
                recipient=happened.recipient,
                unsealing_id=happened.unsealing_id,
                purpose=happened.purpose,
                asked_by=happened.asked_by,
                asked_at=happened.asked_at,
            )
        case ExportTaken():
            return replace(state, runner=happened.runner, taken_until=happened.until)
        case ExportProgressed():
            made = {**state.pieces, happened.piece: Piece(happened.digest, happened.size)}
            return replace(state, pieces=made, of=happened.of)
        case ExportMade():
            return replace(
                state,
                status="made",
                digest=happened.digest,
                size=happened.size,
                events=happened.events,
                tree_size=happened.tree_size,
                root=happened.root,
                subjects=happened.subjects,
                ended_at=happened.at,
            )
        case ExportFailed():
            return replace(state, status="failed", why=happened.why, ended_at=happened.at)
        case ExportFetched():
            return replace(state, fetched=state.fetched + 1)
        case ExportDiscarded():
            return replace(state, status="discarded", why=happened.why, ended_at=happened.at)
        case _:
            return state


def exists(state: ExportState) -> ExportState:
    """The state, where there is such an export. Raises Refused("unknown_export")."""
    if not state.status:
        raise Refused("unknown_export", "there is no such export", place="export_id")
    return state


def ask(asked: ExportAsked, *, for_whom: str, words: str) -> ExportAsked:
    """Decide on an export. Raises Refused: "no_recipient", "no_purpose"; both are on record with every export."""
    if not for_whom.strip():
        raise Refused("no_recipient", "say for whom this is exported", place="for_whom")
    if not words.strip() or asked.purpose not in PURPOSES:
        raise Refused("no_purpose", "say what this is exported for, in words", place="words")
    return asked


def take(state: ExportState, taken: ExportTaken, now: datetime) -> ExportTaken | None:
    """Decide whether a runner makes it; None where it is over, or where somebody else does."""
    return taken if state.status == "asked" and state.free(taken.runner, now) else None


def go_on(state: ExportState, runner: str) -> bool:
    """Whether what this runner made still counts: the export is not over, and nobody else took it."""
    return state.status == "asked" and state.runner == runner


def fetch(state: ExportState) -> ExportState:
    """The state of an export whose bundle may be fetched. Raises Refused: "unknown_export", "not_made", "discarded"."""
    match exists(state).status:
        case "made":
            return state
        case "discarded":
            raise Refused("discarded", "this bundle was removed from the service; export the incident again")
        case _:
            raise Refused("not_made", "this bundle is not made yet, or could not be; read the export to see which")


def discard(state: ExportState, discarded: ExportDiscarded) -> ExportDiscarded | None:
    """Decide on a removal; None where there is nothing left to remove."""
    return discarded if exists(state).status in {"asked", "made", "failed"} else None
