"""Calls 17 and 18: who claims an office, and who says that it is about health or safety."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from tests.api.authorities import EVER, adopted, hours
from tests.api.problem import problem
from tests.calling import Calls, Service, logged
from tests.case import ALMA, PASSCODE, VICTOR, Case, ask, listed
from tests.trips import NEW, NOBODYS, leaks

CLAIMS = ("police", "doctor", "court", "other")
WORDS = "zebra canary 9137: he says he is a detective"
STAY = {"id": "first-stay", "tier": 1, "action": "stay_on_the_line", "signals": ["health", "safety"]}
WAIVE = {
    "id": "first-waive", "tier": 1, "action": "change", "kind": "automatic", "signals": ["health"],
}  # fmt: skip


def alike(answer: Any) -> Any:
    """An answer without its opaque ids: status, every header but those of the moment, and the body."""
    opaque = ("escalation_id", "signal_id", "ruling_id")
    body = {name: value for name, value in answer.json().items() if name not in opaque}
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
    return answer.status_code, headers, body, len(answer.content)


async def lines(case: Case, calls: Calls) -> dict[str, str]:
    """Contacts of every kind that there is: what is known of them must not show."""
    found = {
        "the old locator": await case.line(calls, ALMA),
        "the adverse party": await case.line(calls, VICTOR),
        "her hidden locator": await case.line(calls, ALMA, NEW),
        "nobody's locator": await case.line(calls, ALMA, NOBODYS),
        "unbound": await case.line(calls, None),
        "closed": await case.line(calls, ALMA),
        "never opened": f"/v1/interactions/{'0' * 32}",
    }
    await calls.made(f"{found['closed']}/close")
    found["another agent's"] = await case.line(case.service.by("agent", sub="somebody-else"), ALMA)
    return found


async def on_record(case: Case, name: str) -> list[dict[str, Any]]:
    return [entry["event"] for entry in await case.history() if entry["name"] == name]


async def test_17_i_am_with_the_police_i_am_her_doctor(case: Case) -> None:
    """A fixed escalation; no agent judges it."""
    ordinary = await Case.opened(case.service)
    await case.fled()
    agent = case.service.by("agent")
    answers = []
    with logged() as lines_:
        for each, claim in product((case, ordinary), CLAIMS):
            contacts = await lines(each, agent)
            body = {"claim": claim, "words": WORDS}
            answers += [await agent.post(f"{line}/escalations", body) for line in contacts.values()]
            assert await ask(agent, contacts["the adverse party"], NEW) is None  # it opens nothing
            assert leaks(await ask(agent, contacts["the adverse party"])) == []
    assert all(alike(each) == alike(answers[0]) for each in answers)
    told = answers[0].json()
    assert (answers[0].status_code, told["next_step"], told["transfer_to"]) == (201, "transfer", "legal")
    assert "neither confirm nor deny" in told["say"]
    assert WORDS not in lines_.getvalue()
    kept = await on_record(case, "escalation.raised.v1")
    assert sorted({each["claim"] for each in kept}) == sorted(CLAIMS)
    assert {str(each["words"]) for each in kept} == {str({"sealed": each["interaction_id"]}) for each in kept}
    # It is a task of the last tier and of legal's, with a due time; the front line does not see it.
    for role, tier in (("legal", 0), ("agent", 3)):
        calls = case.service.by(role, tier=tier, sub=f"{role}-{tier}")
        tasks = (await calls.get("/v1/commitments?limit=200")).json()["commitments"]
        assert len([each for each in tasks if each["kind"] == "escalation"]) == len(answers)
        assert all(each["due_at"] for each in tasks)
    for tier in (1, 2):
        seen = (await case.service.by("agent", tier=tier).get("/v1/commitments")).json()["commitments"]
        assert [each for each in seen if each["kind"] == "escalation"] == []


async def test_17_no_agent_judges_it(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    for more in ({"believed": True}, {"badge_checked": "yes"}, {"outcome": "refused"}, {"tier": 1}):
        problem(await agent.post(f"{line}/escalations", {"claim": "police", "words": "", **more}), 422, "bad_body", "$")
    await agent.made(f"{line}/escalations", {"claim": "police"})  # nor has anything to be said


async def test_18_health_and_safety_issue(case: Case) -> None:
    """Act or pass on, at once; disclosure is not widened by it."""
    ordinary = await Case.opened(case.service)
    await case.fled()
    agents = {tier: case.service.by("agent", sub=f"agent-{tier}", tier=tier) for tier in (1, 2, 3)}
    await adopted(case.service, STAY)
    for tier, kind in product(agents, ("health", "safety")):
        answers = []
        for each in (case, ordinary):
            contacts = await lines(each, agents[tier])
            body = {"kind": kind, "words": WORDS}
            answers += [await agents[tier].post(f"{line}/safety-signal", body) for line in contacts.values()]
        assert all(alike(each) == alike(answers[0]) for each in answers)
        assert answers[0].status_code == 201
        told = answers[0].json()
        if tier == 2:
            assert (told["actions"], told["transfer_to"], told["next_step"]) == ([], "safety office", "transfer")
        else:
            action = "stay_on_the_line" if tier == 1 else "call_emergency_services"
            assert [each["action"] for each in told["actions"]] == [action]
            assert (told["transfer_to"], told["next_step"]) == (None, "act")


async def test_18_disclosure_is_not_widened_by_it(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    hers, his = await case.line(agent, ALMA), await case.line(agent, VICTOR)
    before = [await ask(agent, line) for line in (hers, his)], [await listed(agent, line) for line in (hers, his)]
    for line, kind in product((hers, his), ("health", "safety")):
        signal = await agent.made(f"{line}/safety-signal", {"kind": kind, "words": "her life depends on it"})
        await agent.made(f"{line}/safety-signal/{signal['signal_id']}/done", {"did": "stay_on_the_line"})
    after = [await ask(agent, line) for line in (hers, his)], [await listed(agent, line) for line in (hers, his)]
    assert after == before
    assert leaks(after) == []
    for line in (hers, his):
        assert await ask(agent, line, NEW) is None
        assert not (await agent.made(f"{line}/verifications", {"passcode": "please"}))["accepted"]
    verified = await case.verified(agent, ALMA, PASSCODE)
    assert leaks(await ask(agent, verified, NEW))  # she herself, as ever


async def test_18_there_is_no_way_to_refuse_or_doubt_it(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    taken = [
        await agent.post(f"{line}/safety-signal", body)
        for body in ({}, {"kind": "health"}, {"words": ""}, {"words": "x" * 60_000}, {"words": "\x00 \ud7ff"})
    ]
    assert [each.status_code for each in taken] == [201] * 5
    for doubt in ({"doubt": True}, {"credible": False}, {"refused": True}, {"believed": "no"}):
        # There is no such field; a tool that sends one learns where it is wrong.
        problem(await agent.post(f"{line}/safety-signal", {"kind": "health", **doubt}), 422, "bad_body", "$")
    case.service.clock.ahead = timedelta(hours=9)  # expired
    assert (await agent.post(f"{line}/safety-signal", {})).status_code == 201
    for portal in (case.service.by("portal"), case.service.by("agent", tier=0)):  # somebody of no tier passes it on
        told = await portal.made(f"{line}/safety-signal", {})
        assert (told["actions"], told["transfer_to"]) == ([], "first line")
    problem(await case.service.by("").post(f"{line}/safety-signal", {}), 401)
    # Nor a way in authority to leave it to nobody.
    document = (await case.service.by("compliance").get("/v1/authority")).json()["document"]
    for kind in ("health", "safety"):
        left = [
            {**grant, "signals": [s for s in grant.get("signals", []) if s != kind]} for grant in document["grants"]
        ]
        body = {"document": {**document, "grants": [grant for grant in left if grant.get("kind") != "automatic"]}}
        answer = await case.service.by("compliance").post("/v1/authority", body)
        found = problem(answer, 422, "authority_rejected", "document.grants")
        assert f"on a {kind} signal" in found["detail"]


async def test_18_what_was_done_is_recorded(case: Case) -> None:
    await adopted(case.service, STAY, {"id": "first-change", "tier": 1, "action": "change"})
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    signal = (await agent.made(f"{line}/safety-signal", {"kind": "health", "words": WORDS}))["signal_id"]
    for did in ("stay_on_the_line", "refund", "transferred"):
        await agent.made(f"{line}/safety-signal/{signal}/done", {"did": did, "words": WORDS})
    (raised,), acted = await on_record(case, "safety_signal.raised.v1"), await on_record(case, "safety_signal.acted.v1")
    assert (raised["kind"], raised["actions"], raised["passed_to"], raised["signal_id"]) == (
        "health",
        ["stay_on_the_line"],
        0,
        signal,
    )
    assert [(each["did"], each["verdict"]) for each in acted] == [
        ("stay_on_the_line", "may"),
        ("refund", "pass_on"),  # beyond the tier's authority, and on record all the same
        ("transferred", "transferred"),
    ]
    sealed = {"sealed": line.rpartition("/")[2]}
    assert [each["words"] for each in (raised, *acted)] == [sealed] * 4
    for file in case.service.settings.home.rglob("*.sqlite*"):
        assert WORDS.encode() not in file.read_bytes(), file
    problem(await agent.post(f"{line}/safety-signal/{'0' * 32}/done", {"did": "x"}), 404, "unknown_signal", "signal_id")


async def test_18_an_exception_is_automatic_once_it_was_raised_and_only_in_that_contact(case: Case) -> None:
    await adopted(case.service, WAIVE)
    agent = case.service.by("agent")
    line, other = await case.line(agent, ALMA), await case.line(agent, ALMA)

    async def verdict(where: str) -> str:
        word: str = (await agent.made(f"{where}/authority", {"action": "change"}))["verdict"]
        return word

    assert [await verdict(each) for each in (line, other)] == ["pass_on", "pass_on"]
    await agent.made(f"{line}/safety-signal", {"kind": "safety"})
    assert await verdict(line) == "pass_on"
    await agent.made(f"{line}/safety-signal", {"kind": "health"})
    assert [await verdict(each) for each in (line, other)] == ["automatic", "pass_on"]


async def test_18_it_is_passed_on_to_whoever_may_act_at_this_hour(case: Case) -> None:
    day, night = hours(case.service, -2, lasts=12), hours(case.service, 11, lasts=11)
    ever = {**EVER, "id": "ever", "tier": 3, "hours": night}
    body: dict[str, Any] = {
        "grants": [{**STAY, "id": "day", "tier": 2, "hours": day}, ever],
        "desks": [{"tier": tier, "name": f"desk {tier}"} for tier in (1, 2, 3)],
    }
    answer = await case.service.by("compliance").post("/v1/authority", {"document": body})
    problem(answer, 422, "authority_rejected", "document.grants")  # an hour in which nobody may
    body["grants"][1]["hours"] = [{"from": day[0]["until"], "until": day[0]["from"]}]
    await case.service.by("compliance").made("/v1/authority", {"document": body})
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    assert (await agent.made(f"{line}/safety-signal", {}))["transfer_to"] == "desk 2"
    case.service.clock.ahead = timedelta(hours=12)
    assert (await agent.made(f"{line}/safety-signal", {}))["transfer_to"] == "desk 3"


@pytest.mark.parametrize("path, body", [("safety-signal", {"kind": "health"}), ("escalations", {"claim": "police"})])
async def test_a_key_used_again_does_it_once_and_many_at_once_are_all_taken(
    case: Case, path: str, body: dict[str, str]
) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    answers = [await agent.post(f"{line}/{path}", body, Idempotency_Key="once") for _ in range(2)]
    assert answers[0].content == answers[1].content
    many = await asyncio.gather(*(agent.post(f"{line}/{path}", body) for _ in range(12)))
    assert {each.status_code for each in many} == {201}
    names = {"safety-signal": "safety_signal.raised.v1", "escalations": "escalation.raised.v1"}
    assert len(await on_record(case, names[path])) == 13


async def test_authority_answers_alike_whatever_the_contact_is_bound_to(case: Case, service: Service) -> None:
    """Promise 4: protected or not, known, hidden and unknown."""
    ordinary = await Case.opened(service)
    await case.fled()
    await adopted(service, {"id": "c", "tier": 1, "action": "cancel", "confirmed_by": ["warehouse"]})
    agent = service.by("agent")
    seen = []
    for each in (case, ordinary):
        contacts = await lines(each, agent)
        for name in ("the old locator", "the adverse party", "her hidden locator", "nobody's locator", "unbound"):
            line = contacts[name]
            answers = [await agent.post(f"{line}/authority", {"action": action}) for action in ("cancel", "change")]
            given = {"action": "cancel", "confirmation": {"by": "warehouse", "person": "Ms Osei"}}
            answers.append(await agent.post(f"{line}/authority", given))
            answers.append(await agent.post(f"{line}/judgements", {"action": "cancel", "granted": "x", "why": "y"}))
            seen.append([alike(answer)[:2] for answer in answers])
            await agent.made(f"{line}/bind", {"locator": NEW, "facts": ALMA})
            seen[-1].append(alike(await agent.post(f"{line}/authority", {"action": "cancel"})))
    assert all(each == seen[0] for each in seen)
