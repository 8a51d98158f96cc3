"""History: page by page, while it grows."""

from __future__ import annotations

import pytest

from tests.api.problem import problem
from tests.calling import Service
from tests.case import ALMA, Case, ask


@pytest.mark.parametrize("limit", [1, 2, 7, 200])
async def test_a_walk_sees_everything_once_and_ends_though_the_record_grows(
    service: Service, case: Case, limit: int
) -> None:
    agent, auditor = service.by("agent"), service.by("auditor")
    line = await case.line(agent, ALMA)
    for _ in range(5):
        await ask(agent, line)
    path = f"/v1/accounts/{case.account}/history"
    newest = (await case.history())[-1]["version"] + 1  # that reading itself is on record
    seen: list[int] = []
    cursor = ""
    for _ in range(newest + 1):
        page = (await auditor.get(f"{path}?limit={limit}{cursor}")).json()
        assert len(page["entries"]) <= limit
        seen += [entry["version"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        await ask(agent, line)
    else:
        raise AssertionError("the walk does not end")
    assert seen == list(range(1, newest + 1))


async def test_reading_the_record_is_on_the_record(service: Service, case: Case) -> None:
    auditor = service.by("auditor", sub="curious")
    await auditor.get(f"/v1/accounts/{case.account}/history?limit=3", X_Request_ID="why-1")
    last = (await case.history())[-1]
    assert (last["name"], last["actor"]["subject"], last["cause"]) == ("account.history_read.v1", "curious", "why-1")
    assert last["event"] == {"after": 0, "limit": 3}


async def test_a_cursor_beyond_the_end_shows_nothing_more(service: Service, case: Case) -> None:
    answer = (await service.by("auditor").get(f"/v1/accounts/{case.account}/history?cursor=ffff-fffff")).json()
    assert answer == {"entries": [], "next_cursor": None}


async def test_what_is_no_account_has_no_history(service: Service) -> None:
    answer = await service.by("auditor").get(f"/v1/accounts/{'0' * 32}/history")
    problem(answer, 404, "unknown_account", "account_id")
