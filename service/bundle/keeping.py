"""Keeping: a finished bundle stays for some days, and goes at once when a person is forgotten whose data it shows.

What is on record of it stays: who asked, for whom and why, its digest, and who took it away.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from domain import export
from domain.export import Discard, ExportDiscarded, ExportState
from projections.exports import EXPORTS
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.following.opening import SYSTEM


async def tidied(desk: Desk) -> None:
    """Discard what was kept long enough, and remove what nothing is to be left of. Raises LogUnavailable, OSError."""
    now, known = desk.pipeline.now(), (await desk.live.current(EXPORTS)).by_id.copy()
    for each in known.values():
        ended = each.state.ended_at
        if each.state.status == "made" and ended is not None and now >= ended + desk.workshop.kept:
            await discarded(desk, Asker(SYSTEM, f"export-{each.export_id}"), each.export_id, "kept_long_enough")
    exports = desk.workshop.exports
    for export_id in await desk.pipeline.threaded(exports.ids):
        found = known.get(export_id)
        if found is not None and found.state.status in {"failed", "discarded"}:
            await desk.pipeline.threaded(exports.of(export_id).remove)


async def forgotten(desk: Desk, asker: Asker, subjects: Collection[str]) -> list[str]:
    """Discard every bundle that shows data of one of these people, and every one that is being made; which they were.

    A bundle in the making may show anybody's: it is asked for again. Copies that were taken away are out of reach; who
    took them is on record. Raises LogUnavailable, OSError.
    """
    gone = await showing(desk, subjects)
    for export_id in gone:
        await discarded(desk, asker, export_id, "forgotten")
    return gone


async def showing(desk: Desk, subjects: Collection[str]) -> list[str]:
    """The exports that `forgotten` would discard. Raises LogUnavailable."""
    known = (await desk.live.current(EXPORTS)).by_id.copy()
    return [
        each.export_id
        for each in known.values()
        if each.state.status == "asked"
        or (each.state.status == "made" and not set(subjects).isdisjoint(each.state.subjects))
    ]


async def discarded(desk: Desk, asker: Asker, export_id: str, why: Discard) -> None:
    """Put it on record, then remove it from this replica's folder; the others remove theirs by the record."""
    stream = export.stream(export_id)

    def decide(reader: Reader) -> Draft[None]:
        state = cast(ExportState, reader.folded(stream).state)
        happened = ExportDiscarded(export_id=export_id, why=why, at=desk.pipeline.now())
        decided = export.discard(state, happened)
        return Draft(None, [] if decided is None else [(stream, decided)])

    await desk.pipeline.carry_out(asker, decide)
    await desk.pipeline.threaded(desk.workshop.exports.of(export_id).remove)
