"""The record's index: it follows by itself, is the same however it came to be, and stops at no damaged event."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from service.following import mentioning
from service.following.mentioning import Mentions
from tests.api.test_history import positions, walked
from tests.calling import Service, logged, serving
from tests.case import ALMA, VICTOR, Case, ask


def index(service: Service) -> set[tuple[Any, ...]]:
    """Every row of the index."""
    with sqlite3.connect(service.settings.home / "watchword.sqlite") as connection:
        return set(connection.execute("SELECT about, position, since FROM mentions").fetchall())


def emptied(service: Service, *, upto: int = 0) -> None:
    """The index as of an earlier position."""
    with sqlite3.connect(service.settings.home / "watchword.sqlite") as connection:
        connection.execute("DELETE FROM mentions WHERE since > ?", (upto,))
        connection.execute("UPDATE tracking SET position = ? WHERE application = 'mentions'", (upto,))


async def eventful(service: Service) -> Case:
    """An account with everything on it that is about it in another way."""
    case, other = await Case.opened(service), await Case.opened(service)
    agent = service.by("agent")
    line = await case.line(agent, None)
    await ask(agent, line)
    for bound in (case, other, case):
        await agent.made(f"{line}/bind", {"account_id": bound.account, "facts": ALMA})
        await ask(agent, line)
    asked = await agent.made(f"{line}/actions", {"action": "cancel", "booking_id": case.booking})
    lead = service.by("agent", sub="lead", tier=3)
    await lead.made(f"/v1/actions/{asked['decision_id']}/done", {"result": "done"})
    await lead.get(f"/v1/decisions/{asked['decision_id']}")
    offer = {"to": {"kind": "agent", "name": "lead"}, "reason": "she asks for it"}
    code = (await agent.made(f"{line}/transfer", offer))["code"]
    taken = await lead.made("/v1/transfers/take", {"code": code})
    await ask(lead, f"/v1/interactions/{taken['interaction_id']}")
    await case.reissue("")
    body = {"purpose": "audit", "words": "the yearly audit", "account_id": case.account}
    await service.by("auditor").made("/v1/unsealings", body)
    return case


async def test_it_follows_by_itself(case: Case) -> None:
    desk = case.service.app.state.desk
    until = time.monotonic() + 8
    while (desk.log.tracked("mentions") or 0) < desk.log.last_position():
        assert time.monotonic() < until
        await asyncio.sleep(0.02)
    assert index(case.service)


@pytest.mark.parametrize("at_once", [1, 3, 512])
async def test_it_is_the_same_however_it_came_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    async with serving(tmp_path / "home") as service:
        case = await eventful(service)
        await service.app.state.desk.mentions.covering()
        found, history = index(service), await walked(service.by("auditor"), case.account)
        last = service.app.state.desk.log.last_position()
    assert {about for about, _, _ in found} > {f"account:{case.account}"}
    assert len({entry["stream"].partition(":")[0] for entry in history}) >= 5
    emptied(service)
    monkeypatch.setattr(mentioning, "AT_ONCE", at_once)
    async with serving(tmp_path / "home") as again:
        await again.app.state.desk.mentions.covering()
        assert {row for row in index(again) if row[1] <= last} >= found
        after = await walked(again.by("auditor"), case.account, f"&as_of={last}")
        assert positions(after)[: len(history)] == positions(history)


async def test_two_replicas_make_one_index(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as here, serving(tmp_path / "home") as there:
        case = await Case.opened(here)
        agent = here.by("agent")
        line = await case.line(agent, ALMA)
        for _ in range(4):
            await ask(agent, line)
            desks = [each.app.state.desk for each in (here, there)]
            await asyncio.gather(*(desk.mentions.covering() for desk in desks))
        # What one covers the other passes over: its memory of a contact must not be older than the log.
        await there.by("agent").made(f"{line}/bind", {"account_id": case.account, "facts": VICTOR})
        await there.app.state.desk.mentions.covering()
        await ask(agent, line)
        ours, theirs = [
            positions(await walked(each.by("auditor"), case.account, "&of=interaction,account"))
            for each in (here, there)
        ]
        assert theirs[: len(ours)] == ours
        made = index(here)
        emptied(here)
        alone = Mentions(here.app.state.desk.log, here.app.state.desk.codec)
        await alone.covering()
        alone.close()
        assert index(here) >= made


async def test_a_damaged_event_is_found_by_its_stream_and_stops_nothing(case: Case) -> None:
    service, agent = case.service, case.service.by("agent")
    line = await case.line(agent, ALMA)
    await ask(agent, line)
    desk = service.app.state.desk
    await desk.mentions.covering()
    position = desk.log.last_position()
    await asyncio.sleep(0.4)
    with sqlite3.connect(service.settings.home / "watchword.sqlite") as connection:
        name = "disclosure.attempted.v1"
        (damaged,) = connection.execute("SELECT position FROM events WHERE name = ? ", (name,)).fetchone()
        connection.execute("UPDATE events SET state = x'00' WHERE position = ?", (damaged,))
    emptied(service)
    with logged() as lines:
        alone = Mentions(desk.log, desk.codec)
        assert await alone.covering() >= position
        alone.close()
    assert "an event could not be read" in lines.getvalue()
    assert (f"account:{case.account}", damaged, damaged) in index(service)
