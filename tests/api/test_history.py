"""History: page by page while it grows, across streams, narrowed, and as of any moment; on both stores."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from service.desk.clock import wall
from service.record import history
from tests.api.problem import problem
from tests.calling import Calls, Service, serving
from tests.case import ALMA, VICTOR, Case, ask
from tests.trips import NOBODYS, leaks


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    """A case on either store."""
    settings = {}
    if request.param == "postgres":
        settings = {"WATCHWORD_DATABASE_URL": request.getfixturevalue("fresh_postgres")}
    async with serving(tmp_path / "home", **settings) as service:
        yield await Case.opened(service)


async def walked(calls: Calls, account: str, query: str = "", limit: int = 200) -> list[dict[str, Any]]:
    """Every entry of a walk."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await calls.get(f"/v1/accounts/{account}/history?limit={limit}&cursor={cursor}{query}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["entries"]
        cursor = page["next_cursor"]
    return found


def positions(entries: list[dict[str, Any]]) -> list[int]:
    return [entry["position"] for entry in entries]


@pytest.mark.parametrize("limit", [1, 2, 7, 200])
async def test_a_walk_sees_everything_once_and_ends_though_the_record_grows(
    service: Service, case: Case, limit: int
) -> None:
    agent, auditor = service.by("agent"), service.by("auditor")
    line = await case.line(agent, ALMA)
    for _ in range(5):
        await ask(agent, line)
    before = await walked(auditor, case.account)
    path = f"/v1/accounts/{case.account}/history"
    seen: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(len(before) + 2):
        page = (await auditor.get(f"{path}?limit={limit}{cursor}")).json()
        assert len(page["entries"]) <= limit
        seen += page["entries"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        await ask(agent, line)
    else:
        raise AssertionError("the walk does not end")
    assert positions(seen) == sorted(set(positions(seen)))
    assert seen[:-1] == before  # and the reading of those
    assert seen[-1]["name"] == "account.history_read.v1"


async def test_it_has_the_bookings_and_the_contacts_that_were_about_the_account(either: Case) -> None:
    service = either.service
    agent, other = service.by("agent", sub="ayla"), await Case.opened(service)
    early = await agent.made("/v1/interactions", {"contact_id": "+447700900001", "channel": "call"})
    line = f"/v1/interactions/{early['interaction_id']}"
    await agent.made(f"{line}/bind", {"account_id": either.account, "facts": ALMA})
    await ask(agent, line)
    await agent.made(f"{line}/bind", {"account_id": other.account, "facts": VICTOR})
    await ask(agent, line)
    unbound = await either.line(agent, None)
    await ask(agent, unbound)
    ours, theirs = [await walked(service.by("auditor"), each.account) for each in (either, other)]
    streams = {entry["stream"] for entry in ours}
    assert streams == {
        f"account:{either.account}", f"booking:{either.booking}", f"interaction:{early['interaction_id']}",
    }  # fmt: skip
    contact = [entry for entry in ours if entry["stream"].startswith("interaction:")]
    assert [entry["name"] for entry in contact] == ["interaction.opened.v1", "interaction.bound.v1"]
    assert contact[1]["event"]["account_id"] == either.account
    assert [e["name"] for e in theirs if e["stream"].startswith("interaction:")] == [e["name"] for e in contact]
    assert [e["event"]["account_id"] for e in theirs if e["name"] == "interaction.bound.v1"] == [other.account]
    assert not {f"account:{other.account}", f"booking:{other.booking}"} & streams


async def test_it_has_what_came_of_it_elsewhere(case: Case) -> None:
    service = case.service
    agent, lead = service.by("agent"), service.by("agent", sub="lead", tier=3)
    line = await case.line(agent, ALMA)
    asked = await agent.made(f"{line}/actions", {"action": "cancel", "booking_id": case.booking})
    assert asked["outcome"] == "accepted"
    await lead.made(f"/v1/actions/{asked['decision_id']}/done", {"result": "done", "words": "it is done"})
    due = (wall() + timedelta(days=1)).isoformat()
    promise = {"kind": "promise", "words": "ring her", "owner": "tier-3", "due_at": due}
    await agent.made("/v1/commitments", {**promise, "account_id": case.account})
    await service.by("auditor").get(f"/v1/decisions/{asked['decision_id']}")
    entries = await walked(service.by("auditor"), case.account)
    names = [entry["name"] for entry in entries]
    assert {"action.closed.v1", "commitment.made.v1", "decision.read.v1"} <= set(names)
    assert "it is done" not in json.dumps(entries)


@pytest.mark.parametrize("limit", [3, 200])
async def test_it_is_narrowed_by_what_where_who_and_when(either: Case, limit: int) -> None:
    service = either.service
    ayla, boris = service.by("agent", sub="ayla"), service.by("agent", sub="boris", site="sofia")
    lines = [await either.line(ayla, ALMA), await either.line(boris, VICTOR)]
    for calls, line in zip((ayla, boris), lines, strict=True):
        await ask(calls, line)
        await calls.made(f"{line}/verifications", {"passcode": "walnut harbour tinsel gravel"})
    auditor = service.by("auditor")
    everything = await walked(auditor, either.account)

    async def narrowed(query: str) -> list[int]:
        return positions(await walked(auditor, either.account, f"&{query}", limit))

    def those(kept: Any) -> list[int]:
        return positions([entry for entry in everything if kept(entry)])

    bound = those(lambda e: e["name"] == "interaction.bound.v1")
    assert len(bound) == 2
    assert await narrowed("event=interaction.bound.v1") == await narrowed("event=interaction.bound") == bound
    assert await narrowed("event=passcode,interaction.bound") == those(
        lambda e: e["name"].startswith(("passcode.", "interaction.bound."))
    )
    assert await narrowed("event=inter") == []  # whole words
    assert await narrowed("actor=boris") == those(lambda e: e["actor"]["subject"] == "boris")
    assert await narrowed("site=sofia&of=account") == those(
        lambda e: e["actor"].get("site") == "sofia" and e["stream"].startswith("account:")
    )
    own = lines[0].rpartition("/")[2]
    assert await narrowed(f"interaction={own}") == those(
        lambda e: own in {e["interaction"], e["stream"].partition(":")[2]}
    )
    middle = everything[len(everything) // 2]["occurred_at"].replace("+00:00", "Z")
    at = datetime.fromisoformat(middle)
    assert await narrowed(f"from={middle}&until={everything[-1]['occurred_at'].replace('+00:00', 'Z')}") == those(
        lambda e: datetime.fromisoformat(e["occurred_at"]) >= at
    )
    assert await narrowed(f"until={middle}") == those(lambda e: datetime.fromisoformat(e["occurred_at"]) <= at)


async def test_a_narrowed_page_looks_at_so_many_and_says_where_to_go_on(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EXAMINED", 4)
    monkeypatch.setattr(history, "SOME", 2)
    service = case.service
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    for _ in range(9):
        await ask(agent, line)
    auditor = service.by("auditor")
    where = f"/v1/accounts/{case.account}/history?event=no.such"
    page = (await auditor.get(where)).json()
    assert page["entries"] == []
    seen = 0
    while page["next_cursor"] is not None:
        page = (await auditor.get(f"{where}&cursor={page['next_cursor']}")).json()
        assert page["entries"] == []
        seen += 1
    assert seen >= 3
    found = await walked(auditor, case.account, "&event=disclosure.attempted")
    assert len(found) == 9


async def test_as_of_any_moment_it_is_what_it_was_then(either: Case) -> None:
    service = either.service
    agent, auditor = service.by("agent"), service.by("auditor")
    line = await either.line(agent, ALMA)
    await ask(agent, line)
    then = await walked(auditor, either.account)
    position, at = then[-1]["position"], datetime.fromisoformat(then[-1]["occurred_at"])
    service.clock.ahead += timedelta(minutes=5)
    await ask(agent, line, NOBODYS)
    assert await walked(auditor, either.account, f"&as_of={position}") == then
    instant = (at + timedelta(minutes=2)).isoformat().replace("+00:00", "Z")
    assert [e for e in await walked(auditor, either.account, f"&as_of={instant}") if e["position"] <= position] == then
    assert await walked(auditor, either.account, "&as_of=2026-01-01T00:00:00Z") == []
    assert await walked(auditor, either.account, "&as_of=0") == []


async def test_a_contact_that_was_bound_later_was_not_known_before(case: Case) -> None:
    agent, auditor = case.service.by("agent"), case.service.by("auditor")
    line = await case.line(agent, None)
    before = (await auditor.get(f"/v1/accounts/{case.account}/history")).json()["as_of"]
    await agent.made(f"{line}/bind", {"account_id": case.account, "facts": ALMA})
    opened = [e for e in await walked(auditor, case.account) if e["name"] == "interaction.opened.v1"]
    assert len(opened) == 1
    assert opened[0]["position"] <= before
    assert opened[0] not in await walked(auditor, case.account, f"&as_of={before}")


async def test_nothing_that_is_personal_is_in_it(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    await ask(agent, line)
    text = json.dumps(await walked(case.service.by("auditor"), case.account))
    assert leaks(text) == []
    assert '"sealed"' in text
    assert '"opened"' not in text


async def test_reading_the_record_is_on_the_record(service: Service, case: Case) -> None:
    auditor = service.by("auditor", sub="curious")
    page = await auditor.get(
        f"/v1/accounts/{case.account}/history?limit=3&actor=Alma%20Grey&from=2026-01-01T00:00:00Z", X_Request_ID="why-1"
    )
    last = (await case.history())[-1]
    assert (last["name"], last["actor"]["subject"], last["cause"]) == ("account.history_read.v1", "curious", "why-1")
    assert last["event"] == {
        "after": 0,
        "limit": 3,
        "until": page.json()["as_of"],
        "reading": "history",
        "filters": ["actor", "from"],  # and not for whom it was looked
        "unsealing_id": "",
    }


async def test_a_cursor_beyond_the_end_shows_nothing_more(service: Service, case: Case) -> None:
    answer = (await service.by("auditor").get(f"/v1/accounts/{case.account}/history?cursor=ffff-fffff")).json()
    assert (answer["entries"], answer["next_cursor"]) == ([], None)


@pytest.mark.parametrize("query", ["as_of=yesterday", "from=2026-13-01T00:00:00Z", "until=2026-01-01", "of=Account"])
async def test_a_moment_that_is_none_is_refused_by_its_place(case: Case, query: str) -> None:
    answer = await case.service.by("auditor").get(f"/v1/accounts/{case.account}/history?{query}")
    assert answer.status_code == 422
    assert answer.json()["place"] == f"query.{query.partition('=')[0]}"


async def test_what_is_no_account_has_no_history(service: Service) -> None:
    auditor = service.by("auditor")
    for tail in ("history", "differences", "views"):
        problem(await auditor.get(f"/v1/accounts/{'0' * 32}/{tail}"), 404, "unknown_account", "account_id")
