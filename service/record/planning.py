"""Planning a forgetting: what of the record of an account is about one person, by all that is committed."""

from __future__ import annotations

import asyncio

from eventsourcing.persistence import Notification

from domain import hold
from projections.forgetting import Concerned, Plan
from projections.holds import HOLDS
from projections.mentions import about_account
from service.desk.desk import Desk
from service.following.priming import readable

AT_ONCE = 2_000


async def planned(desk: Desk, party_id: str, account_id: str) -> Plan:
    """What would go and what would stay, by all that is committed now. Raises LogUnavailable."""
    position = await desk.mentions.covering()
    now, holds = desk.pipeline.now(), await desk.live.current(HOLDS)
    # What was said of a hold that is over is about whoever it covered; one that stands keeps everything.
    over = [
        e.state for e in list(holds.values()) if not e.state.stands(now) and e.state.covers({party_id, account_id}, ())
    ]
    found = Concerned(party_id, account_id)
    return await asyncio.to_thread(_planned, desk, found, [hold.stream(each.hold_id) for each in over], position)


def _planned(desk: Desk, found: Concerned, beside: list[str], position: int) -> Plan:
    after, about = 0, about_account(found.account_id)
    while True:
        some = desk.log.mentioned(about, gt=after, lte=position, limit=AT_ONCE)
        _fold(desk, found, some)
        if len(some) < AT_ONCE:
            break
        after = some[-1].id
    _fold(desk, found, desk.log.of_streams(beside, lte=position))
    return found.plan(position)


def _fold(desk: Desk, found: Concerned, some: list[Notification]) -> None:
    rows = [(e.originator_id, e.originator_version, e.topic, e.state, e.id) for e in some]
    for recorded in readable(desk.codec, rows):
        found.evolve(recorded)
