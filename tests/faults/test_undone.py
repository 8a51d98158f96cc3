"""What was decided on and never written is shown to nobody, though somebody looked at it meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3

from sqlalchemy import make_url

from tests.case import LIFE, VICTOR, Case, ask
from tests.trips import FORMAT, NEW_TRIP, OLD_TRIP, leaks


async def test_a_document_that_was_never_written_is_not_taken_for_the_one_that_came_in_its_place(case: Case) -> None:
    await case.protect()
    service, states = case.service, case.service.app.state.desk.pipeline._access
    stream, supervisor = f"booking:{case.booking}", service.by("agent", sub="safety-4", tier=3)
    before = states.get(stream).version
    lock = sqlite3.connect(make_url(service.settings.database_url).database or "", isolation_level=None)
    lock.execute("begin immediate")
    body = {"format": FORMAT, "document": NEW_TRIP, "travellers": {"t1": case.alma}, "booking_id": case.booking}
    office = service.by("back_office")
    importing = asyncio.create_task(office.post(f"/v1/accounts/{case.account}/bookings", body))
    while states.get(stream).version == before:  # noqa: ASYNC110 - nobody is told of what is pending
        await asyncio.sleep(0)
    looking = asyncio.create_task(supervisor.get(f"/v1/bookings/{case.booking}/difference"))
    assert ((await importing).status_code, (await looking).status_code) == (503, 503)
    lock.execute("rollback")
    lock.close()
    split = {"hers": "shown", "life": LIFE, "reason": "reissued", "format": FORMAT, "document": OLD_TRIP}
    await supervisor.made(f"/v1/bookings/{case.booking}/split", split)
    agent = service.by("agent")
    heard = await ask(agent, await case.line(agent, VICTOR))
    assert heard is not None
    assert leaks(heard) == []
