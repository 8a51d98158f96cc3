"""Schemathesis over every operation, with all its checks, every role and ids that there really are, over a socket."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from service.api.calls import CALLS
from service.demo.running import Running
from service.settings import load
from service.tokens import ROLES
from tests.api.prepared import EVERYBODY as WHO
from tests.api.prepared import Prepared, prepared
from tests.calling import MovableClock, Service
from tests.case import ALMA, PASSCODE, VICTOR
from tests.trips import FORMAT, OLD, OLD_TRIP

ROOT = Path(__file__).parents[2]
DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
EVERYBODY = sorted(ROLES)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that nobody else minds: policies are adopted in it."""
    with Running(tmp_path_factory.mktemp("fuzzed")) as running:
        yield running


def token(running: Running, *roles: str) -> str:
    return running.token(*roles, tier=3, sub=WHO, lifetime_s=24 * 3600)


def real(running: Running, *, protect: bool) -> dict[str, Any]:
    """An account as it is or protected, and an interaction about it, with every id and fact that a request may name."""
    headers = {"Authorization": f"Bearer {token(running, *EVERYBODY)}"}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False) as http:

        def made(path: str, body: Any) -> Any:
            answer = http.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        account = made("/v1/accounts", {})["account_id"]
        path = f"/v1/accounts/{account}"
        alma, victor = (
            made(f"{path}/parties", {"kind": "holder", "facts": facts})["party_id"] for facts in (ALMA, VICTOR)
        )
        document = {"format": FORMAT, "document": OLD_TRIP, "travellers": {"t1": alma, "t2": victor}}
        booking = made(f"{path}/bookings", document)["booking_id"]
        protection = {"protected_party_id": alma, "safe_contact": {"kind": "phone", "value": "+447700900999"}}
        protection_id = "0" * 32
        if protect:
            http.headers["Authorization"] = f"Bearer {running.token('agent', tier=1, sub='who started it')}"
            protection_id = made(f"{path}/protection", protection)["protection_id"]
            http.headers.update(headers)
        line = made("/v1/interactions", {"contact_id": "fuzz", "channel": "call_back"})["interaction_id"]
        made(f"/v1/interactions/{line}/bind", {"account_id": account, "facts": VICTOR})
        listener = made(f"/v1/interactions/{line}/listeners", {"kind": "interpreter", "declared": True})["listener_id"]
    return {
        "account_id": account,
        "booking_id": booking,
        "interaction_id": line,
        "listener_id": listener,
        "protected_party_id": alma,
        "protection_id": protection_id,
        "locator": OLD,
        "facts": VICTOR,
        "passcode": PASSCODE,
        "format": FORMAT,
        "document": OLD_TRIP,
    }


def owed(running: Running, number: int) -> dict[str, Any]:
    """A promise and a problem, each at one of the points from which something can be done about it."""
    told = {}
    me, other = token(running, *EVERYBODY), running.token("agent", tier=3, sub="who answers")
    with httpx.Client(base_url=running.url, trust_env=False) as http:

        def made(path: str, body: Any, who: str = me) -> Any:
            answer = http.post(path, json=body, headers={"Authorization": f"Bearer {who}"})
            assert answer.is_success, answer.text
            return answer.json()

        # One that was answered and can be accepted, or one that nobody answers, soon on the executive list.
        answered = number % 2 == 0
        told["due_at"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        due = told["due_at"] if answered else soon
        promise = {"kind": "promise", "owner": "tier-3", "due_at": due, "words": "we ring"}
        told["commitment_id"] = made("/v1/commitments", promise)["commitment_id"]
        if answered:
            made(f"/v1/commitments/{told['commitment_id']}/answers", {"how": "mail", "words": "done"}, other)
        told["problem_id"] = made("/v1/problems", {"title": "no seats"})["problem_id"]
        told["escalation_id"] = "0" * 32
        if number % 3:  # without one it can be closed
            path, raiser = f"/v1/problems/{told['problem_id']}/escalations", other if number % 3 == 1 else me
            body = {"to": "tier-3", "due_at": told["due_at"], "words": "forty today"}
            told["escalation_id"] = made(path, body, raiser)["escalation_id"]
            if raiser == me:
                made(f"{path}/{told['escalation_id']}/answer", {"words": "mended"}, other)
    return told


async def made_ready(running: Running) -> Prepared:
    """What can be done once, for each operation that could not be reached by guessing."""
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=30) as client:
        service = Service(cast(FastAPI, None), client, load({"WATCHWORD_HOME": str(running.home)}), MovableClock())
        return await prepared(service, 4)


def run(running: Running, *options: str, examples: int, ready: Prepared) -> subprocess.CompletedProcess[str]:
    given = {
        "everybody": token(running, *EVERYBODY),
        "alone": [token(running, role) for role in EVERYBODY],
        # Many interactions, because the run closes them.
        "real": [real(running, protect=bool(number % 3)) | owed(running, number) for number in range(18)],
        "ready": ready,
    }
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/api/schemathesis.toml", "run"]
    command += [f"{running.url}/openapi.json", "--checks", "all", "--max-examples", str(examples), "--no-color"]
    command += ["--suppress-health-check", "all"]
    if not DEEP:
        command += ["--generation-deterministic"]
    environment = {**os.environ, "WATCHWORD_TEST_FUZZED": json.dumps(given), "NO_PROXY": "127.0.0.1"}
    return subprocess.run([*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def statuses(running: Running) -> dict[tuple[str, str], set[int]]:
    """What was answered by each route."""
    found = defaultdict(set)
    for line in running.log.read_text().splitlines():
        told = json.loads(line)
        assert told["event"] not in ("internal error", "unavailable"), line
        if told["event"] == "request":
            found[told["method"], told["route"].replace(":path", "")].add(told["status"])
    return found


def test_every_operation_holds_to_its_contract(fuzzed: Running) -> None:
    ready = asyncio.run(made_ready(fuzzed))
    done = run(fuzzed, "--exclude-operation-id", "adopt_policy", examples=400 if DEEP else 8, ready=ready)
    assert done.returncode == 0, done.stdout[-20_000:]
    told = statuses(fuzzed)
    # The deep code was reached: each operation was carried out, and each refused somebody.
    reached = {call.operation_id for call in CALLS if told[call.method, call.path] & {200, 201, 202}}
    # No tile is public of the ledger before its beat, which is a day: its own tests move the clock.
    public = {"read_tile", "read_entries"}
    assert {call.operation_id for call in CALLS} - reached == {"adopt_policy", *public}
    assert all(403 in told[call.method, call.path] for call in CALLS if call.tag == "interactions")


def test_adopting_a_policy_holds_to_its_contract(fuzzed: Running) -> None:
    # By itself and last: each text that is Cedar is judged for two seconds, and one of them lets nobody hear anything.
    done = run(fuzzed, "--include-operation-id", "adopt_policy", examples=50 if DEEP else 3, ready={})
    assert done.returncode == 0, done.stdout[-20_000:]
    assert 200 in statuses(fuzzed)["POST", "/v1/policy"]
