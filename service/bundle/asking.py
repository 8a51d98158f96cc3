"""Asking for a bundle, reading how far it is, and taking it away: each by legal, each on record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import export, unsealing
from domain.account import AccountState
from domain.export import ExportAsked, ExportFetched, ExportState
from domain.refusal import Refused
from domain.unsealing import Purpose, Scope, UnsealingState
from projections import timeline
from projections.exports import EXPORTS
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId
from service.office.incidents import readable

Status = Literal["asked", "made", "failed", "discarded"]

MOST = 200


class AskExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For whom, for what purpose, and in words why; all three are on record and in the bundle.

    `recipient`: for whose eyes it is redacted, as in the timeline, "" for all of it; `unsealing_id`: an approved
    unsealing of this incident, by which the timelines in it are opened.
    """

    for_whom: Annotated[str, Meta(min_length=1, max_length=400)]
    purpose: Annotated[Purpose, Meta(examples=["court_order"])]
    words: Annotated[str, Meta(min_length=1, max_length=1000)]
    recipient: Annotated[str, Meta(max_length=80)] = ""
    unsealing_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return f"AskExport(purpose={self.purpose!r})"


class ExportAnswer(msgspec.Struct, frozen=True):
    """An export as it stands. `done` of `pieces` are made; `pieces` is 0 until it is known how many there will be.

    `digest`: SHA-256 of the archive, hex; `size`: its bytes; `root`: of the ledger of `tree_size` events, hex.
    `kept_until`: when the service removes it; `why`: it failed or was discarded. Times are UTC, ISO 8601.
    """

    export_id: str
    status: Status
    incident_id: str
    recipient: str
    purpose: str
    unsealing_id: str
    asked_by: str
    asked_at: str
    done: int
    pieces: int
    events: int
    size: int
    digest: str
    tree_size: int
    root: str
    kept_until: str | None
    why: str
    fetched: int

    def __repr__(self) -> str:
        """Name it, and say how it stands."""
        return f"ExportAnswer({self.export_id!r}, {self.status})"


class ExportsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many, the newest of them."""

    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50


class ExportsAnswer(msgspec.Struct, frozen=True):
    """The exports of an incident, newest first."""

    exports: tuple[ExportAnswer, ...]


async def ask_export(
    desk: Desk, asker: Asker, incident_id: str, body: AskExport, key: Key | None
) -> Draft[ExportAnswer]:
    """Ask for a bundle. It is made in the background; read the export to see how far it is.

    Raises Refused: "unknown_incident" (also for one about whoever asks), "no_recipient", "no_purpose",
    "unknown_recipient", "not_unsealed" where the unsealing does not open this incident to whoever asks, now.
    """
    await desk.pipeline.carry_out(asker, lambda reader: Draft(readable(reader, asker, incident_id), []))
    export_id = identifier()
    stream = export.stream(export_id)
    await desk.have_keys([export_id])

    def decide(reader: Reader) -> Draft[ExportAnswer]:
        state, now = readable(reader, asker, incident_id), desk.pipeline.now()
        whose = reader.account(state.account_id) if state.account_id else AccountState()
        timeline.recipient(body.recipient, whose)
        if body.unsealing_id:
            _opens(reader, asker, incident_id, body.unsealing_id, desk)
        asked = ExportAsked(
            export_id=export_id,
            incident_id=incident_id,
            account_id=state.account_id,
            recipient=body.recipient,
            unsealing_id=body.unsealing_id,
            purpose=body.purpose,
            for_whom=sealed(export_id, body.for_whom),
            words=sealed(export_id, body.words),
            asked_by=asker.actor.subject,
            asked_at=now,
        )
        export.ask(asked, for_whom=body.for_whom, words=body.words)
        reader.fresh(stream)
        return Draft(_told(desk, export_id, export.evolve(ExportState(), asked)), [(stream, asked)], status=202)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.workshop.asked.set()
    return draft


async def read_export(desk: Desk, asker: Asker, export_id: str) -> ExportAnswer:
    """How an export stands. Raises Refused("unknown_export")."""
    draft = await desk.pipeline.carry_out(asker, lambda reader: Draft(of(reader, asker, export_id), []))
    return _told(desk, export_id, draft.answer)


async def list_exports(desk: Desk, asker: Asker, incident_id: str, page: ExportsPage) -> ExportsAnswer:
    """The exports of an incident. Raises Refused("unknown_incident")."""
    await desk.pipeline.carry_out(asker, lambda reader: Draft(readable(reader, asker, incident_id), []))
    found = (await desk.live.current(EXPORTS)).of(incident_id)[: page.limit]
    return ExportsAnswer(tuple(_told(desk, each.export_id, each.state) for each in found))


async def take_export(desk: Desk, asker: Asker, export_id: str) -> Path:
    """Where the finished bundle lies, once it is on record that somebody takes it.

    Raises Refused: "unknown_export", "not_made", "discarded", "elsewhere" where this replica's folder has it not.
    """
    pieces = desk.workshop.exports.of(export_id)
    draft = await desk.pipeline.carry_out(asker, lambda reader: Draft(export.fetch(of(reader, asker, export_id)), []))
    expected = export.Piece(draft.answer.digest, draft.answer.size)
    if not await desk.pipeline.threaded(lambda: pieces.finished(expected)):
        raise Refused(
            "elsewhere", "the bundle is not in this replica's folder; have all replicas use one (WATCHWORD_EXPORTS)"
        )

    def decide(reader: Reader) -> Draft[None]:
        state = export.fetch(of(reader, asker, export_id))
        fetched = ExportFetched(export_id=export_id, digest=state.digest)
        return Draft(None, [(export.stream(export_id), fetched)])

    await desk.pipeline.carry_out(asker, decide)
    return pieces.archive


def of(reader: Reader, asker: Asker, export_id: str) -> ExportState:
    """An export's state. Raises Refused("unknown_export"), also where its incident is about whoever asks."""
    state = export.exists(cast(ExportState, reader.folded(export.stream(export_id)).state))
    try:
        readable(reader, asker, state.incident_id)
    except Refused:
        raise Refused("unknown_export", "there is no such export", place="export_id") from None
    return state


def opens(reader: Reader, asker: Asker, incident_id: str, unsealing_id: str, desk: Desk) -> UnsealingState | None:
    """The unsealing, where it opens this incident to this person now; None where it does not."""
    state = cast(UnsealingState, reader.folded(unsealing.stream(unsealing_id)).state)
    scope = Scope(incident_id=incident_id)
    return state if state.opens(asker.actor.subject, scope, desk.pipeline.now()) else None


def _opens(reader: Reader, asker: Asker, incident_id: str, unsealing_id: str, desk: Desk) -> None:
    if opens(reader, asker, incident_id, unsealing_id, desk) is None:
        raise Refused(
            "not_unsealed",
            "this unsealing opens nothing of this incident to you now; ask for one",
            place="unsealing_id",
        )


def _told(desk: Desk, export_id: str, state: ExportState) -> ExportAnswer:
    until = state.ended_at + desk.workshop.kept if state.status == "made" and state.ended_at else None
    return ExportAnswer(
        export_id,
        cast(Status, state.status),
        state.incident_id,
        state.recipient,
        state.purpose,
        state.unsealing_id,
        state.asked_by,
        "" if state.asked_at is None else state.asked_at.isoformat(),
        len(state.pieces),
        state.of,
        state.events,
        state.size,
        state.digest,
        state.tree_size,
        state.root,
        None if until is None else until.isoformat(),
        state.why,
        state.fetched,
    )
