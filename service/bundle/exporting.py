"""Exporting: a task of every replica that makes what was asked for, and goes on with what another left unfinished.

Whoever makes an export says so on record for some seconds at a time, and again while it goes on; once it has not said
so any more, anybody takes it over, from the pieces that are whole. A replica that lost it notices with its next piece.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import cast

from domain import export
from domain.event import Event
from domain.export import ExportFailed, ExportState, ExportTaken
from domain.refusal import Refused
from projections.exports import EXPORTS
from service.bundle import keeping
from service.bundle.making import Making, Overtaken
from service.bundle.planning import NotMade
from service.bundle.stamped import Unstamped
from service.chance import identifier
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.following.opening import SYSTEM
from service.log import LogUnavailable
from service.sealing import KeysUnavailable

log = logging.getLogger("watchword.exporting")

LOOK_S = 1.0
TAKEN_FOR = timedelta(seconds=5)
AGAIN_S = 1.5
TRIES = 4
RETRY_S = 1.0


class Exporting:
    """Makes the exports of one desk, one after the other. For one event loop."""

    def __init__(self, desk: Desk) -> None:
        """Make nothing yet."""
        self._desk = desk
        self._runner = identifier()
        self._working: asyncio.Task[None] | None = None
        self._failed: dict[str, int] = {}

    def start(self) -> None:
        """Make from now on."""
        self._working = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop. What is not made is gone on with after the next start."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def _work(self) -> None:
        failing = ""
        while True:
            try:
                await keeping.tidied(self._desk)
                for export_id in await self._waiting():
                    await self._one(export_id)
                failing = ""
            except Exception as error:  # noqa: BLE001 - the next ones have to be made; kind only, words could be personal
                reason = type(error).__name__
                if reason != failing:  # once, not every second
                    log.warning("exports are not made for now", extra={"reason": reason})
                failing = reason
            self._desk.workshop.asked.clear()
            try:
                await asyncio.wait_for(self._desk.workshop.asked.wait(), LOOK_S)
            except TimeoutError:
                continue

    async def _waiting(self) -> list[str]:
        """Those that nobody makes now."""
        now = self._desk.pipeline.now()
        known = (await self._desk.live.current(EXPORTS)).by_id.copy()
        return [
            each.export_id
            for each in known.values()
            if each.state.status == "asked" and each.state.free(self._runner, now)
        ]

    async def _one(self, export_id: str) -> None:
        """Make one, if nobody else does."""
        asker = Asker(SYSTEM, f"export-{export_id}")
        state = await self._take(export_id, asker)
        if state is None:
            return
        going_on = asyncio.create_task(self._go_on(export_id, asker))
        try:
            made = await Making(self._desk, export_id, self._runner, asker).all(state)
            if await self._ended(export_id, asker, made):
                await self._desk.pipeline.threaded(self._desk.workshop.exports.of(export_id).clear)
        except Overtaken:
            return
        except (LogUnavailable, KeysUnavailable):
            await asyncio.sleep(RETRY_S)  # the service as a whole is not well; it is no fault of this export
        except NotMade as error:
            await self._fail(export_id, asker, error.why)
        except Refused as refused:
            await self._fail(export_id, asker, refused.code)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again, and then on record as failed
            tries = self._failed[export_id] = self._failed.get(export_id, 0) + 1
            log.warning("an export could not be made", extra={"reason": type(error).__name__, "tries": tries})
            if tries >= TRIES:
                why = str(error) if isinstance(error, Unstamped) else f"a fault of the service: {type(error).__name__}"
                await self._fail(export_id, asker, why)
            await asyncio.sleep(RETRY_S * tries)
        finally:
            going_on.cancel()
            await asyncio.gather(going_on, return_exceptions=True)

    async def _take(self, export_id: str, asker: Asker) -> ExportState | None:
        """Say that we make it; None where somebody else does, or nobody has to."""
        stream = export.stream(export_id)

        def decide(reader: Reader) -> Draft[ExportState | None]:
            state, now = cast(ExportState, reader.folded(stream).state), self._desk.pipeline.now()
            taken = export.take(
                state, ExportTaken(export_id=export_id, runner=self._runner, until=now + TAKEN_FOR), now
            )
            return Draft(None, []) if taken is None else Draft(export.evolve(state, taken), [(stream, taken)])

        return (await self._desk.pipeline.carry_out(asker, decide)).answer

    async def _go_on(self, export_id: str, asker: Asker) -> None:
        """Say again that we make it, while we do."""
        while True:
            await asyncio.sleep(AGAIN_S)
            try:
                await self._take(export_id, asker)
            except LogUnavailable:
                continue

    async def _ended(self, export_id: str, asker: Asker, happened: Event) -> bool:
        """Put the end on record, unless somebody else did."""
        stream = export.stream(export_id)

        def decide(reader: Reader) -> Draft[bool]:
            state = cast(ExportState, reader.folded(stream).state)
            if not export.go_on(state, self._runner):
                return Draft(False, [])  # noqa: FBT003 - the answer
            return Draft(True, [(stream, happened)])  # noqa: FBT003 - likewise

        return (await self._desk.pipeline.carry_out(asker, decide)).answer

    async def _fail(self, export_id: str, asker: Asker, why: str) -> None:
        failed = ExportFailed(export_id=export_id, why=why, at=self._desk.pipeline.now())
        if await self._ended(export_id, asker, failed):
            await self._desk.pipeline.threaded(self._desk.workshop.exports.of(export_id).remove)
