"""Climbing: what the clock does by itself. Once a second: remind, break and lift a tier, mark as ignored.

It asks the live projections what is due, and has the pipeline decide it like anything else: on the folded state, so
that of several replicas that try the same one writes it and the others find nothing left to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from domain import commitment, problem
from domain.event import Actor, Event
from projections.commitments import COMMITMENTS
from projections.problems import PROBLEMS
from projections.projection import Projection
from service.chance import identifier
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.log import LogUnavailable

log = logging.getLogger("watchword.climbing")

CLOCK = Actor(commitment.SERVICE, "system")
EVERY_S = 1.0
AT_ONCE = 16


class Watched(NamedTuple):
    """What climbs: the projection whose `waking` says which are due, the stream of one, and what becomes of it now."""

    projection: Projection[Any]
    stream: Callable[[str], str]
    due: Callable[[Any, datetime], tuple[Event, ...]]


WATCHED = (
    Watched(COMMITMENTS, commitment.stream, commitment.due),
    Watched(PROBLEMS, problem.stream, problem.due),
)


async def climb(desk: Desk) -> None:
    """Tick until it is cancelled. Whatever goes wrong is tried again a second later."""
    failing = ""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await tick(desk)
            failing = ""
        except Exception as error:  # noqa: BLE001 - the clock has to go on; kind only, words could be personal
            reason = type(error).__name__
            if reason != failing:  # once, not every second
                log.warning("nothing climbs for now", extra={"reason": reason})
            failing = reason


async def tick(desk: Desk) -> int:
    """Carry out everything that is due now; returns how many it was.

    Raises LogUnavailable, and whatever kept one kind from climbing, once the others have.
    """
    now = desk.pipeline.now()
    done = 0
    failed: Exception | None = None
    for watched in WATCHED:
        try:
            done += await _all_lifted(desk, watched, now)
        except LogUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one kind must not hold up the others
            failed = error
    if failed is not None:
        raise failed
    return done


async def _all_lifted(desk: Desk, watched: Watched, now: datetime) -> int:
    """Decide on all of one kind that are due. Raises LogUnavailable."""
    due = (await desk.live.current(watched.projection)).waking.due(now)
    done = 0
    for start in range(0, len(due), AT_ONCE):
        several = (_lifted(desk, watched, key) for key in due[start : start + AT_ONCE])
        outcomes = await asyncio.gather(*several, return_exceptions=True)
        done += outcomes.count(None)
        failed = next((each for each in outcomes if each is not None), None)
        if isinstance(failed, LogUnavailable):
            raise failed
        if failed is not None:
            # One that cannot be lifted must not hold up the others.
            log.error("one could not climb", extra={"reason": type(failed).__name__})
    return done


async def _lifted(desk: Desk, watched: Watched, key: str) -> None:
    """Decide on one."""
    stream = watched.stream(key)

    def decide(reader: Reader) -> Draft[None]:
        events = watched.due(reader.folded(stream).state, desk.pipeline.now())
        return Draft(None, [(stream, each) for each in events])

    await desk.pipeline.carry_out(Asker(CLOCK, identifier()), decide)
