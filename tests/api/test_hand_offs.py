"""Contacts that go elsewhere: routed, transferred, and resumed after they dropped."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from service.log import EventLog
from tests.api.problem import problem
from tests.calling import Calls, Service, serving
from tests.case import ALMA, PASSCODE, VICTOR, Case, ask, listed, words
from tests.trips import NEW, NEW_TRIP, NOBODYS, OLD, OLD_TRIP, leaks

OFFICE = {"office": "LEEDS-SHOP-2", "channel": "shop", "escalation": ["ticketing", "duty manager"]}
DEFAULT = {"office": "front desk", "channel": "", "escalation": ["duty supervisor"]}
TO_TEAM = {"kind": "team", "name": "ticketing"}


async def offered(calls: Calls, line: str, kind: str = "team", name: str = "ticketing") -> str:
    body = {"to": {"kind": kind, "name": name}, "reason": "the owning office is in Leeds"}
    code: str = (await calls.made(f"{line}/transfer", body))["code"]
    return code


async def taken(calls: Calls, code: str) -> str:
    """Take a contact over; returns the path of the receiver's own interaction."""
    return f"/v1/interactions/{(await calls.made('/v1/transfers/take', {'code': code}))['interaction_id']}"


async def resume_code(calls: Calls, line: str) -> str:
    code: str = (await calls.made(f"{line}/resume-code", {}))["code"]
    return code


async def resumed(calls: Calls, code: str, contact: str, passcode: str = "") -> dict[str, Any]:
    body = {"code": code, "contact_id": contact, "channel": "call", "passcode": passcode}
    return await calls.made("/v1/interactions/resume", body)


def ticketing(case: Case, sub: str = "agent-2", tier: int = 1) -> Calls:
    return case.service.by("agent", sub=sub, site="sofia", team="ticketing", tier=tier)


async def test_a_transfer_goes_to_a_team_a_site_or_an_agent(case: Case) -> None:
    for kind, name in (("team", "ticketing"), ("site", "sofia"), ("agent", "agent-2")):
        agent = case.service.by("agent")
        line = await case.line(agent, ALMA)
        mine = await taken(ticketing(case), await offered(agent, line, kind, name))
        assert mine != line
        assert await ask(ticketing(case), mine) is not None
        problem(await agent.post(f"{line}/close"), 409, "interaction_over")
        assert await ask(agent, line) is None


async def test_the_line_stays_until_somebody_takes_it(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    first = await offered(agent, line)
    second = await offered(agent, line, "site", "sofia")
    assert await ask(agent, line) is not None
    case.service.clock.ahead = timedelta(minutes=11)
    problem(await ticketing(case).post("/v1/transfers/take", {"code": first}), 410, "code_spent")
    assert await ask(agent, line) is not None
    third = await offered(agent, line)
    await taken(ticketing(case), third)
    problem(await ticketing(case).post("/v1/transfers/take", {"code": second}), 410, "code_spent")


async def test_wrong_used_expired_and_somebody_elses_codes_are_one_answer(case: Case) -> None:
    agent, other = case.service.by("agent"), ticketing(case)
    answers = []

    async def missed(calls: Calls, code: str) -> None:
        answer = await calls.post("/v1/transfers/take", {"code": code})
        assert answer.status_code == 410
        told = answer.json()
        told.pop("instance")
        headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
        answers.append((told, headers))

    line = await case.line(agent, ALMA)
    code = await offered(agent, line)
    await missed(other, "0000-0000-0000-0000")
    await missed(other, "no code at all")
    await missed(case.service.by("agent", sub="agent-3", team="baggage", site="sofia"), code)
    await missed(case.service.by("agent", sub="agent-3", site="sofia"), code)
    await missed(case.service.by("agent", sub="agent-1", team="ticketing"), code)  # he who offered it
    await taken(other, code)
    await missed(other, code)
    await missed(ticketing(case, "agent-4"), code)
    line = await case.line(agent, ALMA)
    code = await offered(agent, line)
    await agent.made(f"{line}/close")
    await missed(other, code)
    line = await case.line(agent, ALMA)
    code = await offered(agent, line)
    await missed(other, await resume_code(agent, line))  # good for another purpose
    case.service.clock.ahead = timedelta(minutes=10)
    await missed(other, code)
    assert all(each == answers[0] for each in answers)


async def test_codes_are_kept_as_digests_and_a_code_is_read_however_it_was_written(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    codes = [await offered(agent, line), await resume_code(agent, line)]
    with EventLog(case.service.settings.database_url) as log:
        stored = b"".join(each.state + str(each.originator_id).encode() for each in log.read_all(gt=0, limit=1000))
    for code in codes:
        assert len(code.replace("-", "")) == 16
        for kept in (code, code.replace("-", ""), code.lower()):
            assert kept.encode() not in stored
    spoken = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    await taken(ticketing(case), spoken)


async def test_whoever_listens_moves_over(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    third = (await agent.made(f"{line}/listeners", {"kind": "third_party"}))["listener_id"]
    answer = await ticketing(case).made("/v1/transfers/take", {"code": await offered(agent, line)})
    assert [(each["listener_id"], each["kind"]) for each in answer["listeners"]] == [
        ("caller", "customer"),
        (third, "third_party"),
    ]
    mine = f"/v1/interactions/{answer['interaction_id']}"
    assert await ask(ticketing(case), mine, NEW) is None
    await ticketing(case).send("DELETE", f"{mine}/listeners/{third}")
    assert leaks(await ask(ticketing(case), mine, NEW))


async def test_time_and_place_run_on_however_often_it_is_handed_about(case: Case) -> None:
    await case.fled()
    agents = [case.service.by("agent"), ticketing(case), ticketing(case, "agent-3")]
    line = await case.verified(agents[0], ALMA, PASSCODE)
    code = await resume_code(agents[0], line)
    places = set()
    for hours, agent, to in ((3, agents[0], agents[1]), (6, agents[1], agents[2])):
        case.service.clock.ahead = timedelta(hours=hours)
        answer = await to.made("/v1/transfers/take", {"code": await offered(agent, line)})
        line = f"/v1/interactions/{answer['interaction_id']}"
        places.add(answer["queued_at"])
    assert leaks(await ask(agents[2], line, NEW))
    case.service.clock.ahead = timedelta(hours=8, minutes=1)
    assert await ask(agents[2], line, NEW) is None  # a proof lasts as long as the contact would have
    places.add((await resumed(agents[0], code, "+4400"))["queued_at"])
    assert len(places) == 1


async def test_a_transfer_that_is_repeated_with_its_key_is_answered_again(case: Case) -> None:
    agent, other = case.service.by("agent"), ticketing(case)
    code = await offered(agent, await case.line(agent, ALMA))
    answers = [await other.made("/v1/transfers/take", {"code": code}, Idempotency_Key="once") for _ in range(2)]
    assert answers[0] == answers[1]


async def test_the_reason_is_sealed_and_goes_to_nobody(case: Case) -> None:
    agent, other = case.service.by("agent"), ticketing(case)
    line = await case.line(agent, ALMA)
    body = {"to": TO_TEAM, "reason": "CANARYREASON about Vancouver"}
    code = (await agent.made(f"{line}/transfer", body))["code"]
    mine = await taken(other, code)
    await ask(other, mine)
    assert not [each for each in other.heard if "CANARYREASON" in each.text]
    with EventLog(case.service.settings.database_url) as log:
        assert not [each for each in log.read_all(gt=0, limit=1000) if b"CANARYREASON" in each.state]


@pytest.mark.parametrize("number", ["+44 7700 900001", "+447700900002"])
async def test_a_resumed_contact_has_the_case_and_no_proof(case: Case, number: str) -> None:
    await case.fled()
    agent, other = case.service.by("agent"), ticketing(case)
    line = await case.line(agent, ALMA, contact="+447700900001")
    code = await resume_code(agent, line)
    assert (await agent.made(f"{line}/verifications", {"passcode": PASSCODE}))["accepted"]
    answer = await resumed(other, code, number)
    assert not answer["accepted"]
    back = f"/v1/interactions/{answer['interaction_id']}"
    assert await ask(other, back, NEW) is None
    document = await ask(other, back)
    assert (document is not None) is number.endswith("1")  # whom he was taken for is carried to his own number alone
    assert leaks(document) == []
    assert await ask(agent, line, NEW) is None  # the contact that dropped is over
    assert (await other.made(f"{back}/verifications", {"passcode": PASSCODE}))["accepted"]
    assert leaks(await ask(other, back, NEW))


async def test_a_passcode_is_proved_in_the_same_step_and_a_wrong_one_counts(case: Case) -> None:
    await case.fled()
    agent, other = case.service.by("agent"), ticketing(case)
    codes = [await resume_code(agent, await case.line(agent, ALMA)) for _ in range(2)]
    right = await resumed(other, codes[0], "+447700900002", PASSCODE)
    assert right["accepted"]
    assert leaks(await ask(other, f"/v1/interactions/{right['interaction_id']}", NEW))
    wrong = await resumed(other, codes[1], "+447700900003", "not the passcode")
    assert not wrong["accepted"]
    tried = [entry["event"] for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert [each["accepted"] for each in tried] == [True, False]
    back = f"/v1/interactions/{wrong['interaction_id']}"
    for guess in range(4):
        await other.made(f"{back}/verifications", {"passcode": f"wrong {guess}"})
    assert not (await other.made(f"{back}/verifications", {"passcode": PASSCODE}))["accepted"]


async def test_coming_back_gives_no_new_guesses(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    code = await resume_code(agent, line)
    for guess in range(5):
        await agent.made(f"{line}/verifications", {"passcode": f"wrong {guess}"})
    assert not (await resumed(agent, code, "+447700900009", PASSCODE))["accepted"]


async def test_wrong_used_and_expired_resume_codes_are_one_answer(case: Case) -> None:
    agent = case.service.by("agent")
    used, expired = [await resume_code(agent, await case.line(agent, ALMA)) for _ in range(2)]
    transfer = await offered(agent, await case.line(agent, ALMA))
    await resumed(agent, used, "+4400")
    case.service.clock.ahead = timedelta(hours=24)
    answers = []
    for code in (used, expired, transfer, "0000-0000-0000-0000"):
        for passcode in ("", PASSCODE):
            body = {"code": code, "contact_id": "+4400", "channel": "call", "passcode": passcode}
            told = problem(await agent.post("/v1/interactions/resume", body), 410, "code_spent")
            answers.append({**told, "instance": ""})
    assert all(each == answers[0] for each in answers)


async def test_a_resume_code_is_given_to_everybody_alike(case: Case) -> None:
    await case.fled()
    portal = case.service.by("portal")
    seen = []
    for facts, locator in ((ALMA, OLD), (VICTOR, OLD), (ALMA, NEW), (ALMA, NOBODYS), (None, "")):
        line = await case.line(portal, facts, locator, channel="portal")
        answer = await portal.made(f"{line}/resume-code", {})
        seen.append({**answer, "code": len(answer["code"]), "queued_at": "", "expires_at": ""})
    assert all(each == seen[0] for each in seen)


async def routed(calls: Calls, line: str, **what: str) -> dict[str, Any]:
    return await calls.made(f"{line}/route", what)


async def owned(case: Case) -> None:
    """The trip says who owns it; what she really holds was made elsewhere."""
    await case.imported({**OLD_TRIP, "owners": [OFFICE]}, {"t1": case.alma, "t2": case.victor}, case.booking)


async def test_route_says_who_owns_a_booking(case: Case) -> None:
    await owned(case)
    portal = case.service.by("portal")
    line = await case.line(portal, ALMA, channel="portal")
    answer = await routed(portal, line, locator=OLD)
    assert answer["owner"] == OFFICE
    assert (await routed(portal, line, booking_id=case.booking))["owner"] == OFFICE
    assert set(answer) == {"decision_id", "owner", "say", "next_step"}
    recorded = [each["event"] for each in await case.history() if each["name"] == "disclosure.attempted.v1"]
    assert [(each["asked"], each["classes"], each["outcome"]) for each in recorded] == [("route", "E", "disclosed")] * 2
    problem(await portal.post(f"{line}/route", {}), 422, "nothing_offered")


async def test_route_answers_a_protected_booking_like_its_shown_view(case: Case) -> None:
    await owned(case)
    agent = case.service.by("agent")
    before = words(await routed(agent, await case.line(agent, VICTOR), locator=OLD))
    await case.fled()
    hidden = {**NEW_TRIP, "owners": [{"office": "HELDQXOFFICE"}]}
    await case.imported(hidden, {"t1": case.alma}, case.booking)
    line = await case.line(agent, VICTOR)
    assert words(await routed(agent, line, locator=OLD)) == before
    assert leaks(str(before)) == []
    unknown = words(await routed(agent, line, locator=NOBODYS))
    assert unknown["owner"] == DEFAULT
    assert words(await routed(agent, line, locator=NEW)) == unknown
    assert words(await routed(agent, await case.line(agent, ALMA, NEW), locator=NEW)) == unknown
    hers = await case.verified(agent, ALMA, PASSCODE)
    assert (await routed(agent, hers, locator=NEW))["owner"]["office"] == "HELDQXOFFICE"


async def test_route_without_an_owner_or_without_a_right_to_know_goes_to_the_default_desk(case: Case) -> None:
    agent = case.service.by("agent")
    nobody = {"surname": "Nobody", "given_name": "Ned"}
    unbound = await case.line(agent, None)
    for line in (await case.line(agent, ALMA), await case.line(agent, nobody), unbound):
        assert (await routed(agent, line, locator=OLD))["owner"] == DEFAULT


async def test_two_replicas_take_one_transfer_once(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    code = await offered(agent, line)
    async with serving(case.service.settings.home) as replica:
        there = replica.by("agent", sub="agent-9", team="ticketing")
        mine = await taken(there, code)
        problem(await ticketing(case).post("/v1/transfers/take", {"code": code}), 410, "code_spent")
        assert await ask(agent, line) is None
        assert await ask(there, mine) is not None
        assert len(await listed(there, mine)) == 1


async def test_of_those_who_take_or_come_back_at_once_one_does(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    transfer, resume = await offered(agent, line), await resume_code(agent, line)
    takers = [ticketing(case, f"agent-{number}") for number in range(2, 7)]
    answers = await asyncio.gather(*(each.post("/v1/transfers/take", {"code": transfer}) for each in takers))
    assert sorted(each.status_code for each in answers) == [201, 410, 410, 410, 410]
    body = {"code": resume, "contact_id": "+4400", "channel": "call"}
    answers = await asyncio.gather(*(each.post("/v1/interactions/resume", body) for each in takers))
    assert sorted(each.status_code for each in answers) == [201, 410, 410, 410, 410]


async def test_a_service_keeps_what_was_handed_over(service: Service) -> None:
    case = await Case.opened(service)
    await case.fled()
    agent = service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    mine = await taken(ticketing(case), await offered(agent, line))
    async with serving(service.settings.home) as again:
        there = again.by("agent", sub="agent-2", team="ticketing", site="sofia")
        assert leaks(await ask(there, mine, NEW))
