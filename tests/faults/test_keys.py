"""The keys out of reach: not ready, nothing that needs one of them, and every answer still on record."""

from __future__ import annotations

from pathlib import Path

from tests.calling import serving

BOOKING = {
    "travellers": [{"subjects": ["1"], "surname": "Grey", "given_name": "Alma"}],
    "segments": [{"kind": "flight", "carrier": "ZZ", "number": "412", "origin": "LHR", "destination": "JFK"}],
    "locators": [{"code": "QX7RTB", "kind": "record"}],
}


async def test_without_the_keys_it_is_not_ready_and_whoever_is_new_waits(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        office, agent = service.by("back_office"), service.by("agent")
        account = (await office.made("/v1/accounts"))["account_id"]
        document = {"format": "watchword.booking", "document": BOOKING}
        await office.made(f"/v1/accounts/{account}/bookings", document)
        line = (await agent.made("/v1/interactions", {"contact_id": "x", "channel": "call"}))["interaction_id"]
        offered = {"locator": "QX7RTB", "facts": {"surname": "Grey", "given_name": "Alma"}}
        await agent.made(f"/v1/interactions/{line}/bind", offered)
        person = {"kind": "contact", "facts": {"surname": "Hale", "given_name": "Victor"}}
        keys, away = tmp_path / "home" / "keys" / "keys.sqlite", tmp_path / "away"
        keys.replace(away)
        refused = await office.post(f"/v1/accounts/{account}/parties", person)
        assert refused.status_code == 503
        assert refused.json()["outcome"] == "withheld"
        assert (await service.client.get("/readyz")).status_code == 503
        question = {"locator": "QX7RTB", "classes": ["E", "I"]}
        answer = await agent.made(f"/v1/interactions/{line}/disclosures", question)
        history = (await service.by("auditor").get(f"/v1/accounts/{account}/history")).json()["entries"]
        assert answer["decision_id"] in [entry["event"].get("decision_id") for entry in history]
        away.replace(keys)
        assert (await service.client.get("/readyz")).status_code == 200
        await office.made(f"/v1/accounts/{account}/parties", person)
