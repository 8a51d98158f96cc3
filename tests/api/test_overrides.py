"""Overrides over HTTP: who answers, who reviews, what is listed, and a signature that anybody can verify."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.api.problem import problem
from tests.calling import Service, serving
from tests.case import ALMA, Case, ask
from tests.security.test_attacks_overrides import ASK, REVIEW, approved, asked
from tests.trips import leaks


async def waiting(service: Service) -> list[dict[str, Any]]:
    answer = await service.by("agent", sub="lead", tier=3).get("/v1/overrides/waiting")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["overrides"]
    return found


async def listed(service: Service, status: str) -> dict[str, Any]:
    answer = await service.by("auditor").get(f"/v1/overrides?status={status}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_from_asking_to_the_review(case: Case) -> None:
    service = case.service
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    override = await asked(agent, line)
    (found,) = await waiting(service)
    assert (found["override_id"], found["account_id"], found["reason"]) == (override, case.account, ASK["reason"])
    assert (found["words"], found["classes"], found["minutes"]) == (ASK["words"], "EI", 15)
    assert (found["overdue"], found["until"], found["signature"]) == (False, None, "")
    assert f"/v1/interactions/{found['interaction_id']}" == line
    service.clock.ahead = timedelta(minutes=11)
    assert (await waiting(service))[0]["overdue"]
    answer = await approved(case, override)
    assert await waiting(service) == []
    assert [each["override_id"] for each in (await listed(service, "open"))["overrides"]] == [override]
    (found,) = (await listed(service, "unreviewed"))["overrides"]
    assert (found["approver"], found["until"], found["overdue"]) == ("lead", answer["until"], False)
    service.clock.ahead = timedelta(days=2)
    assert (await listed(service, "open"))["overrides"] == []
    (found,) = (await listed(service, "unreviewed"))["overrides"]
    assert found["overdue"]  # nobody looked at it, and it shows
    assert found["age_s"] > 24 * 3600
    path = f"/v1/accounts/{case.account}/overrides/{override}/review"
    for sub in ("agent-1", "lead"):  # whoever asked or approved, with another hat on
        problem(await service.by("compliance", sub=sub).post(path, REVIEW), 409, "another_person")
    answer = await service.by("compliance", sub="reviewer").made(path, REVIEW)
    assert answer["status"] == "reviewed"
    assert (await listed(service, "unreviewed"))["overrides"] == []
    problem(await service.by("auditor", sub="second").post(path, REVIEW), 404, "unknown_override")
    recorded = [entry["event"] for entry in await case.history() if entry["name"] == "override.reviewed.v1"]
    assert [(each["reviewer"], each["finding"]) for each in recorded] == [("reviewer", "justified")]


async def test_anybody_can_verify_who_approved_what_until_when(case: Case) -> None:
    agent = case.service.by("agent")
    override = await asked(agent, await case.line(agent, ALMA))
    await approved(case, override)
    told = await listed(case.service, "unreviewed")
    (found,), jwk = told["overrides"], told["key"]
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "=="))
    statement = found["statement"].encode()
    key.verify(bytes.fromhex(found["signature"]), statement)
    for said in ("account_id", "override_id", "interaction_id", "agent", "approver", "classes", "until"):
        assert str(found[said]) in found["statement"]
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(found["signature"]), statement.replace(b'"EI"', b'"EL"'))


async def test_a_refusal_opens_nothing(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    override = await asked(agent, line)
    path = f"/v1/accounts/{case.account}/overrides/{override}"
    lead = case.service.by("agent", sub="lead", tier=3)
    assert (await lead.made(f"{path}/refuse"))["status"] == "refused"
    problem(await lead.post(f"{path}/approve"), 404, "unknown_override")
    assert leaks(await ask(agent, line)) == []
    assert await waiting(case.service) == []


async def test_an_approval_comes_too_late_or_for_a_contact_that_is_over(case: Case) -> None:
    agent = case.service.by("agent")
    lead = case.service.by("agent", sub="lead", tier=3)
    over = await case.line(agent, ALMA)
    override = await asked(agent, over)
    await agent.made(f"{over}/close")
    problem(await lead.post(f"/v1/accounts/{case.account}/overrides/{override}/approve"), 409, "interaction_over")
    problem(await agent.post(f"{over}/overrides", ASK), 409, "interaction_over")
    problem(await lead.post(f"/v1/accounts/{case.account}/overrides/none/approve"), 404, "unknown_override")
    override = await asked(agent, await case.line(agent, ALMA))
    case.service.clock.ahead = timedelta(hours=2)
    problem(await lead.post(f"/v1/accounts/{case.account}/overrides/{override}/approve"), 409, "lapsed")
    assert await waiting(case.service) == []


async def test_what_one_replica_approved_holds_at_another(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    override = await asked(agent, line)
    async with serving(case.service.settings.home) as second:
        lead = second.by("agent", sub="lead", tier=3)
        await lead.made(f"/v1/accounts/{case.account}/overrides/{override}/approve")
        assert leaks(await ask(agent, line))
        assert [each["override_id"] for each in (await listed(second, "open"))["overrides"]] == [override]


async def test_nobody_who_has_had_the_contact_answers_and_a_hand_off_leaves_it_behind(case: Case) -> None:
    await case.fled()
    service = case.service
    lead, agent = service.by("agent", sub="lead", tier=3), service.by("agent")
    line = await case.line(lead, ALMA)
    code = (await lead.made(f"{line}/transfer", {"to": {"kind": "agent", "name": "agent-1"}, "reason": "hers"}))["code"]
    taken = (await agent.made("/v1/transfers/take", {"code": code}))["interaction_id"]
    line = f"/v1/interactions/{taken}"
    override = await asked(agent, line)
    path = f"/v1/accounts/{case.account}/overrides/{override}"
    for answer in ("approve", "refuse"):  # he had it first
        problem(await lead.post(f"{path}/{answer}"), 409, "another_person")
    await approved(case, override, "another-lead")
    assert leaks(await ask(agent, line))
    # Whoever takes it over takes no override with it.
    body = {"to": {"kind": "agent", "name": "agent-2"}, "reason": "hers"}
    code = (await agent.made(f"{line}/transfer", body))["code"]
    other = service.by("agent", sub="agent-2")
    taken = (await other.made("/v1/transfers/take", {"code": code}))["interaction_id"]
    assert leaks(await ask(other, f"/v1/interactions/{taken}")) == []
    assert leaks(await ask(agent, line)) == []
