"""Promises 1, 2, 3 and 5 over HTTP: what only the held view says reaches nobody who has not proved whose it is."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from service import composition
from service.log import EventLog
from service.settings import load
from tests.calling import Calls, Service, logged, serving
from tests.case import ALMA, DURESS, HIS, HIS_PHONE, PASSCODE, SAFE, VICTOR, Case, ask, listed
from tests.postgres import drop_database, new_database
from tests.trips import CANARIES, CLASSES, FORMAT, NEW, NEW_TRIP, NOBODYS, OLD, leaks

# What is personal and stands in the clear in no file: short words would be met by chance in ciphertext.
PERSONAL = ("HELDQX", "SHOWNQX", "shared.example", "mail.example", SAFE, HIS_PHONE, "1988-04-12", "crm-owner")
SECRETS = (PASSCODE, HIS, DURESS, "walnut harbour", "gravel", "granite trumpet", "cactus bonnet")


async def _one_contact(case: Case, calls: Calls, line: str) -> None:
    """Everything that can be asked in one contact."""
    await calls.get(f"{line}/bookings")
    for asked, purpose in product((OLD, NEW, "HELDQXOTHERHALF"), ("service", "operations")):
        await calls.post(f"{line}/disclosures", {"classes": CLASSES, "locator": asked, "purpose": purpose})
    await calls.post(f"{line}/disclosures", {"classes": CLASSES, "booking_id": case.booking})
    await calls.post(f"{line}/passcodes", {})
    await calls.post(f"{line}/listeners", {"kind": "third_party"})
    await calls.post(f"{line}/disclosures", {"classes": CLASSES, "locator": NEW, "purpose": "operations"})
    await calls.post(f"{line}/close")


async def _everything_he_can_try(case: Case) -> list[Calls]:
    """Every call there is, by everybody who proved nothing of hers; returns those who heard the answers."""
    service = case.service
    agent, portal, notifier = service.by("agent"), service.by("portal"), service.by("notifier")
    everybody = [agent, portal, notifier]
    for calls, channel in ((agent, "call"), (agent, "chat"), (portal, "portal"), (notifier, "notice")):
        for facts in (VICTOR, ALMA, {"surname": "Grey"}, {}):
            for locator in (OLD, NEW, NOBODYS):
                await _one_contact(case, calls, await case.line(calls, facts, locator, channel=channel))
    # Proved as himself, and by the duress passcode.
    for facts, passcode in ((VICTOR, HIS), (ALMA, DURESS)):
        line = await case.verified(agent, facts, passcode)
        for asked in (OLD, NEW):
            await agent.post(f"{line}/disclosures", {"classes": CLASSES, "locator": asked})
        await agent.get(f"{line}/bookings")
    office, auditor, supervisor = service.by("back_office"), service.by("auditor"), service.by("agent", sub="s", tier=3)
    everybody += [office, auditor, supervisor, service.by("compliance"), service.by("")]
    await office.post(f"/v1/accounts/{case.account}/bookings", {"format": FORMAT, "document": {**NEW_TRIP, "x": 1}})
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await auditor.get(f"/v1/accounts/{case.account}/history?limit=50{cursor and '&cursor='}{cursor}")
        ).json()
        cursor = page["next_cursor"]
    await supervisor.post(f"/v1/accounts/{case.account}/protection/confirm", {"protection_id": "x"})
    for path in ("/openapi.json", "/docs", "/healthz", "/readyz", "/v1/policy"):
        await everybody[-2].get(path)
    return everybody


async def test_what_only_the_held_view_says_is_nowhere_but_in_her_own_answers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with logged() as lines:
        async with serving(home) as service:
            case = await Case.opened(service)
            await case.his_passcode()
            await case.fled(duress=DURESS)
            await case.reissue("")
            listeners = await _everything_he_can_try(case)
            agent = service.by("agent")
            hers = await case.verified(agent, ALMA, PASSCODE)
            assert leaks(await ask(agent, hers, NEW))  # it is there, to be heard by her
            outbox = await service.delivered()
        for calls in listeners:
            for response in calls.heard:
                assert leaks(response.text) == [], (response.request.url, response.text)
                assert not any(word in response.text for word in SECRETS)
    log = lines.getvalue()
    assert log.count("\n") > 500
    for word in (*CANARIES, *PERSONAL, *SECRETS, OLD, "Grey", "Alma", "Victor"):
        assert word not in log, word
    # The files: sealed, but for the messages to her own channel.
    files = [path for path in home.rglob("*") if path.is_file() and path.parent.name != "outbox"]
    assert {path.name for path in files} >= {"watchword.sqlite", "keys.sqlite"}
    for path in files:
        stored = path.read_bytes()
        for word in (*PERSONAL, *SECRETS):
            assert word.encode() not in stored, (path, word)
    for message in outbox:
        assert leaks(json.dumps(message)) == []
        assert not any(word in json.dumps(message) for word in SECRETS)
        # Nothing of hers to the shared address: what anybody who asks is sent there, and it is worth nothing.
        as_to_anybody = (message["to_value"], message["template"]) == ("alma@shared.example", "passcode_link")
        assert as_to_anybody or message["to_value"] in (SAFE, "victor@shared.example")
    assert any(message["to_value"] == SAFE for message in outbox)


async def test_no_token_digest_or_hint_of_a_passcode_is_in_any_clear_event(case: Case) -> None:
    await case.fled(duress=DURESS)
    token = (await case.message(SAFE))["token"]
    agent = case.service.by("agent")
    await case.verified(agent, ALMA, PASSCODE)
    with EventLog(case.service.settings.database_url) as log:
        stored = b"\n".join(each.state for each in log.read_all(limit=10_000))
    assert token.encode() not in stored
    assert token.partition(".")[2].encode() not in stored
    shapes = {
        entry["name"]: entry["event"]
        for entry in await case.history()
        if entry["name"].startswith(("passcode.", "call_back."))
    }
    assert shapes["passcode.set.v1"]["digest"] == shapes["passcode.set.v1"]["duress_digest"] == {"sealed": case.alma}
    assert "length" not in json.dumps(shapes)
    for name in (b"listener.verified.v1", b"listener.verification_failed.v1"):
        assert b'"passcode":' not in name + stored


async def test_each_role_gets_its_own_explanation(case: Case) -> None:
    # Promise 5: a line for the front, no reason; rule, policy and inputs for the auditor.
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    withheld = (await agent.post(f"{line}/disclosures", {"classes": ["E"], "locator": NEW})).json()
    assert withheld.keys() == {"decision_id", "outcome", "document", "say", "next_step", "expires_at", "as_of"}
    assert not re.search(r"protect|passcode is set|hidden|split|shown|rule|policy", json.dumps(withheld))
    entry = (await case.history())[-1]
    assert entry["policy"] == 1
    told = entry["event"]
    assert told["rules"]
    assert told["judged_at"].keys() >= {f"account:{case.account}", "policy:default", f"booking:{case.booking}"}
    assert told["listeners"] == [
        {"listener_id": "caller", "standing": "identified", "protection": "other", "party_id": case.victor}
    ]


async def test_nothing_is_said_when_nothing_can_be_recorded(case: Case) -> None:
    # Promise 2, its other half: the log says no, so the answer does; and it recovers by itself.
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    case.service.clock.ahead = -timedelta(hours=1)
    for _ in range(3):
        answer = await agent.post(f"{line}/disclosures", {"classes": CLASSES, "locator": OLD})
        assert answer.status_code == 503
        assert "LHR" not in answer.text
    case.service.clock.ahead = timedelta()
    assert await ask(agent, line) is not None


# --- promise 3: never stale ------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(params=["one process", "two replicas", "two on PostgreSQL"])
async def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Service, Service]]:
    """Two ways to one log: the first is where the back office works, the second where the front line does."""
    settings: dict[str, str] = {}
    made: list[str] = []
    if request.param == "two on PostgreSQL":
        url = request.getfixturevalue("postgres_url")
        made = [new_database(url) for _ in range(2)]
        settings = {"WATCHWORD_DATABASE_URL": made[0], "WATCHWORD_KEYS_URL": made[1]}
        composition.prepare(load({"WATCHWORD_HOME": str(tmp_path / "home"), **settings}))
    async with AsyncExitStack() as running:
        one = await running.enter_async_context(serving(tmp_path / "home", **settings))
        two = one
        if request.param != "one process":
            two = await running.enter_async_context(serving(tmp_path / "home", **settings))
        yield one, two
    for each in made:
        drop_database(request.getfixturevalue("postgres_url"), each)


async def test_once_a_protection_is_acknowledged_nobody_answers_by_the_old_rules(
    replicas: tuple[Service, Service],
) -> None:
    office, front = replicas
    for _ in range(4):
        case = await Case.opened(office)
        agent = front.by("agent")
        lines = [await _about(case, agent, VICTOR) for _ in range(4)]
        for line in lines:
            assert leaks(await ask(agent, line)) == []
        acknowledged = asyncio.Event()
        late: list[Any] = []

        async def probing(
            calls: Calls, line: str, acknowledged: asyncio.Event = acknowledged, late: list[Any] = late
        ) -> int:
            asked = 0
            while len(late) < 40:
                sent_after = acknowledged.is_set()
                document = await ask(calls, line)
                asked += 1
                if sent_after:
                    late.append(document)
            return asked

        async def fleeing(case: Case = case, acknowledged: asyncio.Event = acknowledged) -> None:
            await case.protect(confirmed=False)
            await case.reissue()
            acknowledged.set()

        *counts, _ = await asyncio.gather(*(probing(agent, line) for line in lines), fleeing())
        assert all(counts)
        assert len(late) >= 40
        for document in late:
            assert leaks(document) == []
            assert document["segments"][0]["origin"] == "LHR"
        # Judged on what stood: every attempt after the protection names a version at or after it.
        history = await case.history()
        started = next(e["version"] for e in history if e["name"] == "protection.started.v1")
        judged = [e for e in history if e["name"] == "disclosure.attempted.v1" and e["version"] > started]
        assert judged
        for entry in judged:
            assert entry["event"]["judged_at"][f"account:{case.account}"] == entry["version"] - 1
            assert entry["event"]["view"] == "shown"


async def _about(case: Case, calls: Calls, facts: dict[str, str]) -> str:
    line = await case.line(calls, None)
    await calls.made(f"{line}/bind", {"account_id": case.account, "facts": facts})
    return line


async def test_what_one_replica_wrote_the_other_does_not_deny(replicas: tuple[Service, Service]) -> None:
    # Every call of a conversation answered by another replica, as a load balancer would have it.
    one, two = replicas
    case = await Case.opened(one)
    await listed(two.by("agent"), await _about(case, two.by("agent"), VICTOR))  # the other has it in memory now
    office = one.by("back_office")
    body = {"kind": "contact", "facts": {"surname": "Roe", "given_name": "Jo"}}
    party = (await office.made(f"/v1/accounts/{case.account}/parties", body))["party_id"]
    protection = {"protected_party_id": party, "safe_contact": {"kind": "phone", "value": SAFE}}
    started = await two.by("agent").made(f"/v1/accounts/{case.account}/protection", protection)
    path = f"/v1/accounts/{case.account}/protection/confirm"
    confirmation = {"protection_id": started["protection_id"]}
    await one.by("agent", sub="safety-1", tier=3).made(path, confirmation)
    confirmed = await two.by("agent", sub="safety-2", tier=3).made(path, confirmation)
    assert confirmed["status"] == "confirmed"
    ways = [one.by("agent"), two.by("agent")]
    opened = await ways[0].made("/v1/interactions", {"contact_id": "+44123", "channel": "call"})
    line = f"/v1/interactions/{opened['interaction_id']}"
    assert await listed(ways[1], line) == []
    await ways[0].made(f"{line}/bind", {"account_id": case.account, "facts": VICTOR})
    tried = await ways[1].post(f"{line}/verifications", {"passcode": "whatever"})
    assert tried.status_code == 200, tried.text
    joined = (await ways[0].made(f"{line}/listeners", {"kind": "customer"}))["listener_id"]
    assert (await ways[1].send("DELETE", f"{line}/listeners/{joined}")).status_code == 200
    assert await ask(ways[0], line) is not None
    await ways[1].made(f"{line}/close")
    assert await ask(ways[0], line) is None
    problem = await ways[0].post(f"{line}/verifications", {"passcode": "whatever"})
    assert problem.status_code == 409


async def test_a_policy_is_in_force_everywhere_once_it_is_acknowledged(replicas: tuple[Service, Service]) -> None:
    one, two = replicas
    case = await Case.opened(one)
    agent = two.by("agent")
    line = await _about(case, agent, VICTOR)
    assert await ask(agent, line) is not None
    assert (await two.by("auditor").get("/v1/policy")).json()["version"] == 1
    text = '@id("nobody") forbid (principal, action, resource);'
    await one.by("compliance").made("/v1/policy", {"text": text})
    assert await ask(agent, line) is None
    assert (await two.by("auditor").get("/v1/policy")).json()["rules"] == ["nobody"]


async def test_a_proof_made_in_another_replica_counts_and_a_join_there_narrows(
    replicas: tuple[Service, Service],
) -> None:
    one, two = replicas
    case = await Case.opened(one)
    await case.fled()
    ways = [one.by("agent"), two.by("agent")]
    line = await _about(case, ways[0], ALMA)
    assert leaks(await ask(ways[1], line)) == []
    assert (await ways[0].made(f"{line}/verifications", {"passcode": PASSCODE}))["accepted"]
    assert leaks(await ask(ways[1], line, NEW))
    await ways[0].made(f"{line}/listeners", {"kind": "customer", "facts": VICTOR})
    for _ in range(5):
        assert leaks(await ask(ways[1], line)) == []
        assert await ask(ways[1], line, NEW) is None
