"""A clock that went back decides nothing: what lapses and what does not would hang on it (promise 2)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx

from tests.calling import BOOKING, Calls, Service, serving

LOCATOR = "QX7RTB"
FACTS = {"surname": "Okafor", "given_name": "Ngozi"}


async def callers(service: Service) -> list[tuple[Calls, str, str]]:
    """Somebody who asks about a booking, and somebody who asks about none: who, the path, the locator."""
    office, agent = service.by("back_office"), service.by("agent")
    account_id = (await office.made("/v1/accounts"))["account_id"]
    document = json.loads((BOOKING / "watchword_pair.json").read_text())
    await office.made(f"/v1/accounts/{account_id}/bookings", {"format": "watchword.booking", "document": document})
    found = []
    for locator in (LOCATOR, "ZZZZZ0"):
        contact = {"contact_id": "+447700900123", "channel": "call"}
        path = f"/v1/interactions/{(await agent.made('/v1/interactions', contact))['interaction_id']}"
        await agent.made(f"{path}/bind", {"locator": locator, "facts": FACTS})
        found.append((agent, f"{path}/disclosures", locator))
    return found


async def ask(by: Calls, path: str, locator: str) -> httpx.Response:
    return await by.post(path, {"locator": locator, "classes": ["E", "I"]}, X_Request_ID="the-same")


async def test_a_clock_set_back_discloses_nothing_until_it_is_right_again(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        asked = await callers(service)
        answers = [(await ask(*each)).json()["outcome"] for each in asked]
        assert answers == ["disclosed", "withheld"]

        service.clock.ahead = -timedelta(minutes=10)
        refused = [await ask(*each) for each in asked]
        assert [each.status_code for each in refused] == [503, 503]
        assert refused[0].content == refused[1].content
        assert "document" not in refused[0].json()
        assert (await service.client.get("/readyz")).status_code == 503
        assert (await service.client.get("/healthz")).status_code == 200

        service.clock.ahead = timedelta()
        answers = [(await ask(*each)).json()["outcome"] for each in asked]
        assert answers == ["disclosed", "withheld"]
        assert (await service.client.get("/readyz")).status_code == 200


async def test_a_start_with_a_clock_before_the_latest_event_discloses_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        asked = await callers(service)
        service.clock.ahead = timedelta(hours=1)
        assert (await ask(*asked[0])).json()["outcome"] == "disclosed"
    async with serving(tmp_path / "home") as service:  # its clock is the wall's: an hour before what is on record
        by, path, locator = asked[0]
        again = await ask(Calls(service.client, by.token), path, locator)
        assert again.status_code == 503
        assert (await service.client.get("/readyz")).status_code == 503
