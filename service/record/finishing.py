"""Finishing a forgetting: what is left to be done once it is confirmed, by whoever finds it unfinished."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import cast

from domain import forgetting
from domain.event import Actor, Event
from domain.forgetting import ForgettingCompleted, ForgettingState, Gone
from projections.forgetting import UNFINISHED
from service.bundle import keeping
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.log import LogUnavailable
from service.outbox import OutboxUnavailable
from service.record.planning import planned
from service.sealing import SealingError
from service.sealing.backup import rewritten

log = logging.getLogger("watchword.record")

SYSTEM = Actor("watchword", "system")
SETTLE_S = 0.1  # what was on its way to the outbox when the keys went is there by then
AGAIN_S = 5.0


async def finish(desk: Desk, party_id: str) -> ForgettingCompleted | None:
    """Do what is left of a forgetting that was confirmed; None where it has to be tried again later.

    Every step may be done twice, by whoever finds it unfinished.
    """
    try:
        confirmed = (await desk.live.current(UNFINISHED)).get(party_id)
        if confirmed is None:
            return None
        await asyncio.sleep(SETTLE_S)
        plan = await planned(desk, party_id, confirmed.account_id)
        before = {each.subject for each in confirmed.gone}
        more = tuple(Gone(each.subject) for each in plan.goes if not each.shared and each.subject not in before)
        await desk.pipeline.threaded(lambda: desk.keys.destroy(*confirmed.gone, *more))
        letters = await desk.outbox.kept(party_id, discard=True)
        gone = {party_id, *before, *(each.subject for each in more)}
        exports = await keeping.forgotten(desk, Asker(SYSTEM, f"forgetting-{party_id}"), gone)
        backups = await asyncio.to_thread(rewritten, desk.backups, (*confirmed.gone, *more))
        left = await asyncio.to_thread(desk.keys.store.scrub)
        completed = ForgettingCompleted(
            party_id=party_id, gone=more, letters=letters, exports=len(exports), backups=backups, left=left
        )
        await _complete(desk, completed)
    except (LogUnavailable, SealingError, OutboxUnavailable, OSError) as error:
        log.warning("a forgetting is not finished and is tried again", extra={"reason": type(error).__name__})
        return None
    return completed


async def _complete(desk: Desk, completed: ForgettingCompleted) -> None:
    stream = forgetting.stream(completed.party_id)

    def decide(reader: Reader) -> Draft[None]:
        state = cast(ForgettingState, reader.folded(stream).state)
        events: list[tuple[str, Event]] = [] if state.completed else [(stream, completed)]
        return Draft(None, events)

    await desk.pipeline.carry_out(Asker(SYSTEM, f"forgetting-{completed.party_id}"), decide)


async def finish_all(desk: Desk) -> None:
    """Finish, for as long as the service runs, whatever forgetting was confirmed and left unfinished."""
    while True:
        with contextlib.suppress(LogUnavailable):
            unfinished = await desk.live.current(UNFINISHED)
            for party_id in list(unfinished):
                await finish(desk, party_id)
        await asyncio.sleep(AGAIN_S)
