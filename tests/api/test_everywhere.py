"""A part of it all over a real socket, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from service.demo.running import Running
from tests.api.problem import problem
from tests.case import ALMA, VICTOR
from tests.trips import CLASSES, FORMAT, NEW, NEW_TRIP, OLD, OLD_TRIP, leaks


class Caller:
    """One person's way to the service, over a socket."""

    def __init__(self, running: Running, role: str, tier: int = 0, sub: str = "") -> None:
        token = running.token(role, tier=tier, sub=sub or role)
        self.http = httpx.Client(
            base_url=running.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
        )

    def made(self, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.http.post(path, json={} if body is None else body, headers=headers)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()


@pytest.fixture
def callers(any_server: Running) -> Iterator[dict[str, Caller]]:
    found = {
        "office": Caller(any_server, "back_office"),
        "agent": Caller(any_server, "agent", 1),
        "safety": Caller(any_server, "agent", 3, "safety"),
        "auditor": Caller(any_server, "auditor"),
    }
    yield found
    for each in found.values():
        each.http.close()


def opened(callers: dict[str, Caller]) -> tuple[str, str, str]:
    """An account with the old trip: its id, Alma's, the booking's."""
    office = callers["office"]
    account = office.made("/v1/accounts")["account_id"]
    alma, victor = (
        office.made(f"/v1/accounts/{account}/parties", {"kind": "holder", "facts": facts})["party_id"]
        for facts in (ALMA, VICTOR)
    )
    document = {"format": FORMAT, "document": OLD_TRIP, "travellers": {"t1": alma, "t2": victor}}
    return account, alma, office.made(f"/v1/accounts/{account}/bookings", document)["booking_id"]


def test_the_story_in_short(callers: dict[str, Caller]) -> None:
    account, alma, booking = opened(callers)
    agent, office = callers["agent"], callers["office"]
    line = (
        f"/v1/interactions/{agent.made('/v1/interactions', {'contact_id': '1', 'channel': 'call'})['interaction_id']}"
    )
    agent.made(f"{line}/bind", {"account_id": account, "facts": VICTOR})
    question = {"classes": CLASSES, "locator": OLD}
    before = agent.made(f"{line}/disclosures", question)
    protection = {"protected_party_id": alma, "safe_contact": {"kind": "phone", "value": "+447700900999"}}
    agent.made(f"/v1/accounts/{account}/protection", protection)
    document = {"format": FORMAT, "document": NEW_TRIP, "travellers": {"t1": alma}, "booking_id": booking}
    office.made(f"/v1/accounts/{account}/bookings", document)
    after = agent.made(f"{line}/disclosures", question)
    assert after["document"] == before["document"]
    assert agent.made(f"{line}/disclosures", {"classes": CLASSES, "locator": NEW})["outcome"] == "withheld"
    history = callers["auditor"].http.get(f"/v1/accounts/{account}/history?limit=200")
    names = [entry["name"] for entry in history.json()["entries"]]
    assert names.count("disclosure.attempted.v1") == 3
    assert leaks(history.text) == []


def test_problems_and_headers_over_a_socket(any_server: Running, callers: dict[str, Caller]) -> None:
    office = callers["office"].http
    problem(office.get("/nowhere"), 404)
    problem(office.post("/v1/accounts", json={"wrong": 1}), 422, "bad_body")
    problem(office.post("/v1/accounts", content=b"x" * 70_000, headers={"Content-Type": "application/json"}), 413)
    stream = (b" " * 1000 for _ in range(70))
    problem(office.post("/v1/accounts", content=stream, headers={"Content-Type": "application/json"}), 413)
    problem(httpx.post(f"{any_server.url}/v1/accounts", json={}, trust_env=False), 401, "no_token")
    answer = office.post("/v1/accounts", json={}, headers={"X-Request-ID": "over-a-socket"})
    assert answer.headers["x-request-id"] == "over-a-socket"
    assert '"request_id":"over-a-socket"' in any_server.log.read_text()


def test_a_key_used_at_once_by_many_does_it_once(callers: dict[str, Caller]) -> None:
    office = callers["office"]
    with ThreadPoolExecutor(8) as many:
        made = [
            each.result()
            for each in [
                many.submit(lambda: office.made("/v1/accounts", {"reference": "x"}, **{"Idempotency-Key": "many"}))
                for _ in range(16)
            ]
        ]
    assert len({each["account_id"] for each in made}) == 1


def test_what_a_database_could_not_hold_is_refused_at_the_edge(callers: dict[str, Caller]) -> None:
    agent, office = callers["agent"], callers["office"]
    made = agent.made("/v1/interactions", {"contact_id": "\x00 \ud7ff", "channel": "call"})
    line = f"/v1/interactions/{made['interaction_id']}"
    problem(agent.http.post(f"{line}/bind", json={"account_id": "\x00", "facts": {}}), 422)
    agent.made(f"{line}/bind", {"locator": "\x00", "facts": {"surname": "A\x00b"}})
    agent.made(f"{line}/verifications", {"passcode": "\x00"})
    agent.made(f"{line}/disclosures", {"classes": ["E"], "locator": "\x00"})
    problem(agent.http.post("/v1/passcodes", json={"token": "\x00.\x00"}), 422)
    account, alma, booking = opened(callers)
    facts = {"surname": "A\x00b", "given_name": "\x00c"}
    office.made(f"/v1/accounts/{account}/parties", {"kind": "contact", "facts": facts})
    wrong = {**OLD_TRIP, "remarks": [{"kind": "\x00", "text": "\x00"}]}
    body = {"format": FORMAT, "document": wrong, "booking_id": booking}
    assert office.http.post(f"/v1/accounts/{account}/bookings", json=body).status_code in (201, 422)
    protection = {"protected_party_id": alma, "safe_contact": {"kind": "email", "value": "\x00\x00\x00"}}
    agent.made(f"/v1/accounts/{account}/protection", protection)
