"""What follows the log loses nothing for good: whatever clock, damaged row or stop at a bad moment it meets."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from domain import follower as parking
from service.following import follower
from service.log import Append, EventLog, LogUnavailable
from tests.calling import Service, logged, serving
from tests.case import ALMA, DURESS, VICTOR, Case, ask
from tests.incidents import counted, incidents
from tests.trips import NOBODYS


def append(service: Service, *rows: StoredEvent) -> None:
    """Write rows as nobody of ours would."""
    expect: dict[str, int] = {}
    for row in rows:
        expect.setdefault(str(row.originator_id), row.originator_version - 1)
    service.app.state.desk.log.append(Append(events=rows, expect=expect))


def damaged(stream: str, name: str, version: int = 1) -> StoredEvent:
    return StoredEvent(stream, version, name, b"{PERSONALWORDS")


async def parked(service: Service, count: int) -> None:
    """Wait until so many events are on record as parked."""
    end = time.monotonic() + 8
    while (await service.by("legal").get("/v1/incidents")).json()["parked"] != count:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_what_was_found_while_the_clock_was_wrong_is_on_record_once_it_is_right(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "RETRY_S", 0.02)
    await case.fled(duress=DURESS)
    await case.verified(case.service.by("agent"), ALMA, DURESS)
    case.service.clock.ahead = -timedelta(seconds=20)  # a step of the time server, before it is on record
    await asyncio.sleep(1.5)
    assert await incidents(case.service, None) == []
    case.service.clock.ahead = timedelta()
    (found,) = await incidents(case.service)
    assert found["counts"] == {"duress-passcode": 1}
    await parked(case.service, 0)


async def test_what_cannot_be_parked_now_is_parked_later(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "RETRY_S", 0.02)
    pipeline = case.service.app.state.desk.pipeline
    carry_out, tries = pipeline.carry_out, 0

    async def away(asker: Any, decide: Any, **more: Any) -> Any:
        nonlocal tries
        if asker.cause.startswith("event-") and tries < 5:
            tries += 1
            raise LogUnavailable("away")
        return await carry_out(asker, decide, **more)

    monkeypatch.setattr(pipeline, "carry_out", away)
    append(case.service, damaged("interaction:zz", "interaction.bound.v1"))
    await parked(case.service, 1)
    assert tries == 5


async def test_each_of_what_cannot_be_judged_or_recorded_is_parked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.following.opening import Opening  # noqa: PLC0415 - broken for this test alone

    async def broken(self: Opening, found: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Opening, "record", broken)
    async with serving(tmp_path / "home") as service:
        case = await Case.opened(service)
        await case.fled(duress=DURESS)
        await case.verified(service.by("agent"), ALMA, DURESS)
        append(service, damaged("interaction:zz", "interaction.bound.v1"))
        await parked(service, 2)


async def test_it_goes_on_though_the_record_of_what_was_parked_is_damaged(case: Case) -> None:
    await case.fled(duress=DURESS)
    with logged() as lines:
        append(case.service, damaged(parking.stream(follower.NAME), "event.parked.v1"))
        append(case.service, damaged("interaction:zz", "interaction.bound.v1"))
        await asyncio.sleep(1)
        await case.verified(case.service.by("agent"), ALMA, DURESS)
        (found,) = await incidents(case.service)
    assert found["counts"] == {"duress-passcode": 1}
    assert "could not be judged, and not be parked" in lines.getvalue()
    assert "PERSONALWORDS" not in lines.getvalue()


async def test_a_fault_of_its_own_is_said_once_and_loses_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    settle, tries = follower.Follower._settle, 0

    async def broken(self: follower.Follower, batch: Any) -> None:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise ZeroDivisionError
        await settle(self, batch)

    monkeypatch.setattr(follower.Follower, "_settle", broken)
    monkeypatch.setattr(follower, "RETRY_S", 0.02)
    await case.fled(duress=DURESS)
    with logged() as lines:
        await case.verified(case.service.by("agent"), ALMA, DURESS)
        (found,) = await incidents(case.service)
    assert found["counts"] == {"duress-passcode": 1}
    assert lines.getvalue().count("is tried again") == 1


@pytest.mark.parametrize("at_once", [8, 2_000])
async def test_it_starts_again_whatever_rows_lie_where_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    from service.following import priming  # noqa: PLC0415 - made small for this test alone

    monkeypatch.setattr(priming, "AT_ONCE", at_once)
    home = tmp_path / "home"
    async with serving(home) as service:
        case = await Case.opened(service)
        await case.fled(duress=DURESS)
        agent = service.by("agent")
        for _ in range(4):
            await ask(agent, await case.line(agent, {}), NOBODYS)
        names = ("thing.new.v9", "disclosure.attempted.v1")
        append(service, *(StoredEvent("future:x", at, names[at % 2], b"{PERSONALWORDS") for at in range(1, 60)))
        log = service.app.state.desk.log
        await asyncio.sleep(1.5)
        log.append(Append(tracking={follower.NAME: log.last_position()}))
    with logged() as lines:
        async with serving(home) as service:
            case.service = service
            agent = service.by("agent")
            # It remembers what was before: this is the fifth in vain.
            await ask(agent, await case.line(agent, {}), NOBODYS)
            (found,) = await incidents(service)
            await counted(service, found["incident_id"], "failed-attempts", 1)
    assert "starts anew" not in lines.getvalue()
    assert "PERSONALWORDS" not in lines.getvalue()


async def test_a_damaged_commitment_or_incident_stops_neither_the_clock_nor_the_lists(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    await ask(agent, await case.line(agent, VICTOR))
    (found,) = await incidents(case.service)
    append(case.service, damaged("commitment:bad", "commitment.made.v1"))
    append(case.service, damaged("problem:bad", "problem.opened.v1"))
    # An incident whose opening is damaged, and what joined it.
    whole = case.service.app.state.desk.log.read(f"incident:{found['incident_id']}")
    joined = whole[0].state.replace(found["incident_id"].encode(), b"bad")
    append(
        case.service,
        damaged("incident:bad", "incident.opened.v1"),
        StoredEvent("incident:bad", 2, "incident.joined.v1", joined),
    )
    assert await case.service.ticked(timedelta(hours=2)) == 1
    listed = (await case.service.by("agent", tier=3, sub="safety-1").get("/v1/commitments")).json()["commitments"]
    assert [each["commitment_id"] for each in listed] == [found["warning"]]
    assert [each["incident_id"] for each in await incidents(case.service)] == [found["incident_id"]]


async def test_it_stops_though_its_subscription_is_only_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    async with serving(home) as service:
        log = service.app.state.desk.log
        await asyncio.sleep(0.5)
        log.append(Append(tracking={follower.NAME: log.last_position()}))  # nothing will come that would wake it
    begun, subscribe = threading.Event(), EventLog.subscribe

    def slow(self: EventLog, *given: Any, **more: Any) -> Any:
        begun.set()
        time.sleep(0.5)  # PostgreSQL: until LISTEN is in force
        return subscribe(self, *given, **more)

    monkeypatch.setattr(EventLog, "subscribe", slow)
    starting = serving(home)
    await starting.__aenter__()
    assert await asyncio.to_thread(begun.wait, 5)
    stopping = asyncio.create_task(starting.__aexit__(None, None, None))
    done, _ = await asyncio.wait({stopping}, timeout=5)
    for each in threading.enumerate():  # let a thread that waits for ever see an end
        if each.name == "follower" and not done:
            service.app.state.desk.log.close()
    assert done
