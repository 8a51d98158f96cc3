"""Differences between two moments, and what was shown beside what was held; on both stores, as of any moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.api.problem import problem
from tests.api.test_unsealing import approved
from tests.calling import Service, serving
from tests.case import ALMA, Case, ask
from tests.trips import CANARY, NEW, NEW_TRIP, NOBODYS, leaks


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    """A case on either store."""
    settings = {}
    if request.param == "postgres":
        settings = {"WATCHWORD_DATABASE_URL": request.getfixturevalue("fresh_postgres")}
    async with serving(tmp_path / "home", **settings) as service:
        yield await Case.opened(service)


async def told(service: Service, account: str, what: str, **query: Any) -> dict[str, Any]:
    answer = await service.by("auditor", sub="ada").get(
        f"/v1/accounts/{account}/{what}?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def now(service: Service) -> int:
    found: int = service.app.state.desk.log.last_position()
    return found


def by_path(changes: list[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    return {each["path"]: (each["before"], each["after"]) for each in changes}


async def test_what_changed_between_two_moments_is_said_by_path_and_what_is_personal_stays_sealed(either: Case) -> None:
    service = either.service
    agent = service.by("agent")
    line = await either.line(agent, ALMA)
    begun = now(service)
    await ask(agent, line)
    await ask(agent, line, NOBODYS)
    asked = now(service)
    await either.protect()
    protected = now(service)
    await either.reissue()
    found = await told(service, either.account, "differences", **{"from": begun, "to": asked})
    changes = by_path(found["account"])
    assert (changes["attempts"], changes["withheld"]) == ((0, 2), (0, 1))
    assert changes[f"parties/{either.alma}/attempts"] == (0, 2)
    assert found["bookings"] == []
    assert not [path for path in changes if "protections" in path]

    found = await told(service, either.account, "differences", **{"from": asked, "to": protected})
    changes = by_path(found["account"])
    (contact,) = [each for path, each in changes.items() if path.endswith("/safe_contact")]
    assert contact == (None, {"sealed": either.alma})
    (booking,) = found["bookings"]
    assert by_path(booking["fields"])["frozen"] == (False, True)
    assert (booking["shown"], booking["held"]) == ([], [])

    found = await told(service, either.account, "differences", **{"from": protected})
    assert (found["from"], found["unsealed"]) == (protected, False)
    (booking,) = found["bookings"]
    assert booking["shown"] == []
    held = by_path(booking["held"])
    assert held["segments/0/origin"] == ({"sealed": [either.alma, either.victor]},) * 2  # it was about both
    assert leaks(found) == []
    assert await told(service, either.account, "differences", **{"from": protected, "to": protected}) == {
        "from": protected, "to": protected, "unsealed": False, "account": [], "bookings": [],
    }  # fmt: skip


async def test_unsealed_both_values_are_there(case: Case) -> None:
    service = case.service
    await case.protect()
    before = now(service)
    await case.reissue()
    unsealing = await approved(service, account_id=case.account)
    found = await told(service, case.account, "differences", **{"from": before, "unsealing": unsealing})
    assert found["unsealed"] is True
    (booking,) = found["bookings"]
    held = by_path(booking["held"])
    assert [each["value"] for each in held["segments/0/origin"]] == ["LHR", "LGW"]
    assert held["tickets/0/number"][1] == {"opened": [case.alma], "value": f"{CANARY}TICKET"}
    assert held["travellers/1"][1] is None
    assert held["locators/0/code"][1]["value"] == NEW


async def test_the_account_as_the_front_line_saw_it_and_as_it_truly_was(either: Case) -> None:
    service = either.service
    ordinary = now(service)
    await either.fled()
    another = {**NEW_TRIP, "locators": [{"code": "HIDCCC", "system": "1A"}]}
    hidden = (await either.imported(another, {"t1": either.alma}))["booking_id"]
    fled = now(service)

    found = await told(service, either.account, "views", as_of=ordinary)
    (only,) = found["bookings"]
    assert (only["booking_id"], only["guarded"], only["answers"], only["differ"]) == (either.booking, False, True, [])
    assert (found["protected"], only["shown"]) == ([], only["held"])
    found = await told(service, either.account, "views")
    assert found == {**await told(service, either.account, "views", as_of=fled), "as_of": found["as_of"]}
    assert found["protected"] == [either.alma]
    both = {each["booking_id"]: each for each in found["bookings"]}
    assert both[hidden]["shown"] is None
    assert not both[hidden]["answers"]
    old = both[either.booking]
    assert (old["guarded"], old["answers"]) == (True, True)
    assert old["shown"]["people"] == [either.alma, either.victor]
    assert old["held"]["people"] == [either.alma]
    assert set(old["held"]["document"]) == {"sealed"}
    assert {"segments/0/origin", "locators/0/code", "travellers/1"} <= {each["path"] for each in old["differ"]}
    assert leaks(found) == []

    unsealing = await approved(service, account_id=either.account)
    opened = await told(service, either.account, "views", as_of=fled, unsealing=unsealing)
    old = next(each for each in opened["bookings"] if each["booking_id"] == either.booking)
    assert CANARY in str(old["held"]["document"]["value"])
    assert leaks(old["shown"]["document"]) == []
    sides = {each["path"]: (each["before"]["value"], each["after"]["value"]) for each in old["differ"] if each["after"]}
    assert sides["segments/0/origin"] == ("LHR", "LGW")


async def test_a_provisional_protection_is_over_when_it_was(case: Case) -> None:
    service = case.service
    await case.protect(confirmed=False)
    during = now(service)
    service.clock.ahead += timedelta(hours=73)
    agent = service.by("agent")
    await ask(agent, await case.line(agent, ALMA))
    assert (await told(service, case.account, "views", as_of=during))["protected"] == [case.alma]
    assert (await told(service, case.account, "views"))["protected"] == []


async def test_reading_them_is_on_record(case: Case) -> None:
    service = case.service
    last = now(service)
    await told(service, case.account, "differences", **{"from": 1, "to": 3})
    await told(service, case.account, "views", as_of=last)
    reads = [(e["event"]["reading"], e["event"]["after"], e["event"]["until"]) for e in (await case.history())[-2:]]
    assert reads == [("differences", 1, 3), ("views", 0, last)]


async def test_only_an_auditor_reads_them(case: Case) -> None:
    for role in ("agent", "legal", "compliance", "back_office", "portal", "operations"):
        for what in ("differences", "views"):
            answer = await case.service.by(role, tier=3).get(f"/v1/accounts/{case.account}/{what}")
            problem(answer, 403, "forbidden")
