"""Calls that a split has to stand, each named after its line: what becomes of the truth never shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.log import EventLog
from service.log.sqlite import Sqlite
from tests.api.problem import problem
from tests.calling import Calls, logged, serving
from tests.case import ALMA, HIS, LIFE, PASSCODE, VICTOR, Case, ask, words
from tests.incidents import incidents
from tests.trips import CLASSES, FORMAT, NEW, NEW_TRIP, NOBODYS, OLD, OLD_TRIP, leaks

NO_ID = "0" * 32
HELD_FLIGHT = {"carrier": "ZZ", "flight": "HELDQXFLIGHT", "date": "2031-03-11"}
SHOWN_FLIGHT = {"carrier": "ZZ", "flight": "SHOWNQXFLIGHT", "date": "2031-03-14"}
SPLIT = {"life": LIFE, "reason": "SPLITREASON reissued"}


async def heard(calls: Calls, line: str, locator: str = OLD) -> Any:
    """All that an answer says, ids and the time it is good for apart: its as-of too."""
    body = {"classes": CLASSES, "locator": locator}
    answer: dict[str, Any] = (await calls.post(f"{line}/disclosures", body)).json()
    return {**words(answer), "as_of": answer.get("as_of")}


async def listed(calls: Calls, line: str) -> Any:
    return (await calls.get(f"{line}/bookings")).json()["bookings"]


async def split(case: Case) -> None:
    safety = case.service.by("agent", sub="safety", tier=3)
    await safety.made(f"/v1/bookings/{case.booking}/split", SPLIT)


async def flight(case: Case, what: str, of: dict[str, str] = HELD_FLIGHT) -> None:
    await case.service.by("back_office").made(f"/v1/bookings/{case.booking}/flight-status", {**of, "what": what})


async def test_03_is_it_still_heathrow_to_kennedy_whatever_becomes_of_the_truth(case: Case) -> None:
    await case.his_passcode()
    await case.fled()
    await split(case)
    agent = case.service.by("agent")
    lines = [await case.line(agent, VICTOR), await case.line(agent, ALMA), await case.verified(agent, VICTOR, HIS)]

    async def everything() -> list[Any]:
        return [(await heard(agent, line), await listed(agent, line)) for line in lines]

    before = await everything()
    # Of himself he must prove who he is: he asked for a passcode.
    assert [answer["outcome"] for answer, _ in before] == ["withheld", "disclosed", "disclosed"]
    safety = case.service.by("agent", sub="another", tier=3)
    changed = {**NEW_TRIP, "loyalty": [], "status": "active"}

    async def check() -> Any:
        body = {"check": "statement", "result": "failed", "words": "the refund is on it"}
        return await safety.made(f"/v1/bookings/{case.booking}/checks", body)

    steps: list[Callable[[], Awaitable[Any]]] = [
        lambda: flight(case, "schedule_change"),
        lambda: flight(case, "cancellation"),
        lambda: flight(case, "refund"),
        lambda: case.imported(changed, {"t1": case.alma}, case.booking),
        check,
        lambda: safety.get(f"/v1/bookings/{case.booking}/split"),
        lambda: safety.get(f"/v1/bookings/{case.booking}/difference"),
        lambda: case.imported({**changed, "status": "cancelled"}, {"t1": case.alma}, case.booking),
    ]
    for step in steps:
        case.service.clock.ahead += timedelta(minutes=3)
        await step()
        assert await everything() == before


async def test_12_a_shown_view_that_has_closed_is_an_unknown_locator(case: Case) -> None:
    await case.fled()
    safety, agent = case.service.by("agent", sub="safety", tier=3), case.service.by("agent")
    life = dict.fromkeys(LIFE, "withhold")
    await safety.made(f"/v1/bookings/{case.booking}/split", {**SPLIT, "life": life})
    await flight(case, "departure", SHOWN_FLIGHT)
    line = await case.line(agent, VICTOR)
    answers = [await heard(agent, line, locator) for locator in (OLD, NEW, "HELDQXOTHERHALF", NOBODYS)]
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["outcome"], answers[0]["as_of"], await listed(agent, line)) == ("withheld", None, [])
    hers = await case.verified(agent, ALMA, PASSCODE, NEW)
    assert leaks(await ask(agent, hers, NEW))


async def test_24_the_log_is_down_nothing_is_told_and_nobody_is_sent_to_the_gds(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    await case.fled()
    agent, office = case.service.by("agent"), case.service.by("back_office")
    safety = case.service.by("agent", sub="safety", tier=3)
    lines = [await case.line(agent, VICTOR), await case.verified(agent, ALMA, PASSCODE)]
    with EventLog(case.service.settings.database_url) as log:
        before = log.last_position()

    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Sqlite, "commit", full)
    path = f"/v1/bookings/{case.booking}"
    body = {"classes": CLASSES, "locator": NEW}
    answers = [await agent.post(f"{line}/disclosures", body) for line in lines]
    answers += [await agent.get(f"{line}/bookings") for line in lines]
    answers.append(await safety.post(f"{path}/split", SPLIT))
    answers.append(await safety.get(f"{path}/difference"))
    answers.append(await office.post(f"{path}/flight-status", {**HELD_FLIGHT, "what": "departure"}))
    answers.append(await office.post(f"{path}/refresh", {"format": FORMAT, "document": NEW_TRIP}))
    said = []
    for answer in answers:
        told = problem(answer, 503, "unavailable")
        said.append((told["outcome"], told["say"], told["next_step"]))
        assert leaks(answer.text) == []
        assert "GDS" not in answer.text
        assert "screen" not in answer.text
    assert len(set(said)) == 1
    assert said[0][0] == "withheld"
    monkeypatch.undo()
    assert leaks(await ask(agent, lines[1], NEW))  # it comes back by itself
    with EventLog(case.service.settings.database_url) as log:
        assert log.last_position() == before + 1


async def test_24_a_view_that_is_stale_by_age_by_its_source_or_by_a_refresh_is_withheld_alike(tmp_path: Path) -> None:
    async with serving(tmp_path / "home", WATCHWORD_FRESH_HOURS="watchword=24") as service:
        cases = [await Case.opened(service) for _ in range(3)]
        protected, ordinary, _ = cases
        await protected.fled()
        agent, office = service.by("agent"), service.by("back_office")
        service.clock.ahead = timedelta(hours=23)
        for each in cases[:2]:
            trip = NEW_TRIP if each is protected else OLD_TRIP
            body = {"format": FORMAT, "document": {**trip, "stale": True}}
            assert (await office.made(f"/v1/bookings/{each.booking}/refresh", body))["stale"]
        service.clock.ahead = timedelta(hours=25)
        answers = []
        for each in cases:
            line = await each.line(agent, None)
            await agent.made(f"{line}/bind", {"account_id": each.account, "facts": VICTOR})
            answers += [await heard(agent, line), await heard(agent, line, NOBODYS)]
            assert await listed(agent, line) == []
        hers = await protected.verified(agent, ALMA, PASSCODE, NEW)
        answers.append(await heard(agent, hers, NEW))
        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["outcome"] == "withheld"
        assert "GDS" not in answers[0]["say"]
        assert ordinary.booking != protected.booking


async def test_25_who_browses_splits_learns_nothing_of_which_bookings_have_one(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    await case.fled()
    await split(case)
    party = {"party_id": case.victor, "until": "2031-03-14", "words": "x"}
    checked = {"check": "statement", "result": "closed", "words": "x"}
    bodies = {"split": SPLIT, "checks": checked, "exceptions": party}
    for role, tier in (("agent", 1), ("agent", 2), ("portal", 0), ("notifier", 0), ("auditor", 0), ("legal", 0)):
        calls, seen = case.service.by(role, tier=tier), []
        for booking in (case.booking, ordinary.booking, NO_ID):
            path = f"/v1/bookings/{booking}"
            answers = [await calls.get(f"{path}/split"), await calls.get(f"{path}/difference")]
            answers += [await calls.post(f"{path}/{name}", body) for name, body in bodies.items()]
            answers += [await calls.post(f"{path}/flight-status", {**SHOWN_FLIGHT, "what": "departure"})]
            answers += [await calls.post(f"{path}/refresh", {"format": FORMAT, "document": OLD_TRIP})]
            seen.append([problem(answer, 403) | {"instance": ""} for answer in answers])
        assert seen[0] == seen[1] == seen[2]
    # Whoever may read it leaves a trace of it.
    reader = case.service.by("agent", sub="curious", tier=3)
    await reader.get(f"/v1/bookings/{case.booking}/split")
    await reader.get(f"/v1/bookings/{case.booking}/difference")
    with EventLog(case.service.settings.database_url) as log:
        rows = [row for row in log.read_all(gt=0, limit=10_000) if row.topic == "split.read.v1"]
    assert [str(row.originator_id) for row in rows] == [f"booking:{case.booking}"] * 2
    assert all('"curious"' in row.state.decode() for row in rows)


async def test_28_she_has_travelled_and_he_asks_where_she_went(case: Case) -> None:
    await case.fled()
    await split(case)
    agent = case.service.by("agent")
    for what in ("check_in", "departure"):
        await flight(case, what)
    line = await case.line(agent, VICTOR)
    still = await heard(agent, line)
    assert (still["document"]["segments"][0]["status"], leaks(still)) == ("HK", [])
    for what in ("check_in", "departure"):
        await flight(case, what, SHOWN_FLIGHT)
    gone = await heard(agent, line)
    assert (gone["document"]["segments"][0]["status"], leaks(gone)) == ("departed", [])
    assert await heard(agent, line, NEW) == await heard(agent, line, NOBODYS)


async def test_32_what_is_on_record_of_a_split_is_sealed(case: Case) -> None:
    with logged() as lines:
        await case.fled()
        await split(case)
        safety, other = (case.service.by("agent", sub=name, tier=3) for name in ("safety", "other"))
        path = f"/v1/bookings/{case.booking}"
        body = {"check": "receipts", "result": "failed", "words": "CHECKWORDS to his address"}
        await safety.made(f"{path}/checks", body)
        await flight(case, "schedule_change")
        await flight(case, "schedule_change", SHOWN_FLIGHT)
        exception = {"party_id": case.victor, "until": "2026-12-24", "words": "EXCEPTWORDS"}
        for calls in (safety, other):
            await calls.post(f"{path}/exceptions", exception)
        await case.imported({**NEW_TRIP, "loyalty": []}, {"t1": case.alma}, case.booking)
        await case.service.by("back_office").made(f"{path}/refresh", {"format": FORMAT, "document": NEW_TRIP})
        answers = [await safety.get(f"{path}/split"), await safety.get(f"{path}/difference")]
    with EventLog(case.service.settings.database_url) as log:
        stored = "\n".join(row.state.decode() for row in log.read_all(gt=0, limit=10_000))
    names = ("split.check_failed.v1", "booking.flight_changed.v1", "booking.differed.v1", "booking.refreshed.v1")
    with EventLog(case.service.settings.database_url) as log:
        topics = {row.topic for row in log.read_all(gt=0, limit=10_000)}
    assert topics >= set(names)
    for text in (stored, lines.getvalue(), *(answer.text for answer in answers)):
        assert leaks(text) == []
        for word in ("CHECKWORDS", "EXCEPTWORDS", "SPLITREASON", "SHOWNQX", "2031-03-1", "Grey", "Hale"):
            assert word not in text, word


def naming(document: dict[str, Any], code: str) -> dict[str, Any]:
    """A document that names this code as that of another booking."""
    return {**document, "locators": [*document["locators"], {"code": code, "system": "1A", "kind": "cross_reference"}]}


@pytest.mark.parametrize("own_record", [False, True])
async def test_12_what_is_shown_names_her_new_locator_by_no_cross_reference(case: Case, own_record: bool) -> None:  # noqa: FBT001 - a case of the test
    await case.protect()
    await case.choose()
    await case.reissue("" if own_record else case.booking)
    body = {"life": LIFE, "reason": "x", "format": FORMAT, "document": naming(OLD_TRIP, NEW)}
    safety, path = case.service.by("agent", sub="safety-1", tier=3), f"/v1/bookings/{case.booking}/split"
    problem(await safety.post(path, body), 422, "gives_away", "document")
    assert (await safety.post(path, {**body, "document": naming(OLD_TRIP, NOBODYS)})).status_code == 201


async def test_12_a_cross_reference_that_becomes_her_new_locator_fails_the_check(case: Case) -> None:
    await case.imported(naming(OLD_TRIP, NEW), {"t1": case.alma, "t2": case.victor}, case.booking)
    await case.protect()
    await case.imported(
        {**OLD_TRIP, "locators": [{"code": "MIDWAY"}]}, {"t1": case.alma, "t2": case.victor}, case.booking
    )
    safety, path = case.service.by("agent", sub="safety-1", tier=3), f"/v1/bookings/{case.booking}"
    await safety.made(f"{path}/split", {"life": LIFE, "reason": "x"})
    done = {"check": "new_locator", "result": "closed", "words": "x"}
    await safety.made(f"{path}/checks", done)
    await case.reissue()
    found = (await safety.get(f"{path}/split")).json()
    assert [each["check"] for each in found["checks"] if each["standing"] == "failed"] == ["new_locator"]
    problem(await safety.post(f"{path}/checks", done), 409, "still_linked")


async def test_a_clerk_who_guesses_which_flight_is_held_is_told_nothing_and_is_found(case: Case) -> None:
    await case.fled()
    clerk = case.service.by("back_office", sub="clerk-7")
    path = f"/v1/bookings/{case.booking}/flight-status"
    guesses = [{"carrier": "ZZ", "flight": str(number), "date": "2031-03-11"} for number in range(10)]
    answers = [await clerk.post(path, {**each, "what": "check_in"}) for each in (HELD_FLIGHT, SHOWN_FLIGHT, *guesses)]
    assert {(each.status_code, each.content) for each in answers} == {(200, answers[0].content)}
    # Each guess is on record, and so many are browsing.
    with EventLog(case.service.settings.database_url) as log:
        stored = [row for row in log.read_all(gt=0, limit=10_000) if row.topic == "booking.flight_changed.v1"]
    assert len(stored) == len(answers)
    (found,) = await incidents(case.service)
    assert (found["about"], found["agent"], found["account_id"]) == ("agent", "clerk-7", "")
