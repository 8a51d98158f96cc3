"""Problems over HTTP: a cause that cases share, its victims, and the escalations that stand until they are answered."""

from datetime import timedelta
from typing import Any

from tests.api.problem import problem
from tests.calling import Calls, Service, logged

HOUR = timedelta(hours=1)
TITLE = "TITLEWORDS seats are paid for and not assigned"


async def opened(calls: Calls, about: str = "website.seats") -> str:
    """A problem's path."""
    made = await calls.made("/v1/problems", {"title": TITLE, "about": about})
    return f"/v1/problems/{made['problem_id']}"


async def listed(calls: Calls) -> list[Any]:
    answer = await calls.get("/v1/problems")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["problems"]
    return found


async def escalated(service: Service, calls: Calls, path: str, to: str = "tier-3") -> str:
    """An escalation's path."""
    due = (service.clock() + HOUR).isoformat()
    body = {"to": to, "due_at": due, "words": "ESCALATEDWORDS forty today"}
    return f"{path}/escalations/{(await calls.made(f'{path}/escalations', body))['escalation_id']}"


async def test_a_victim_counts_once_and_the_oldest_problem_stands_first(service: Service) -> None:
    agent = service.by("agent", sub="agent-3")
    old = await opened(agent)
    service.clock.ahead += 24 * HOUR
    young = await opened(agent, "fares")
    joined = [
        ({"accounts": ["a1", "a2"]}, 2), ({"accounts": ["a2", "a3"], "interactions": ["a2"], "commitments": ["c"]}, 5),
        ({"accounts": ["a1"]}, 5),
    ]  # fmt: skip
    for body, count in joined:
        assert (await agent.made(f"{old}/victims", body))["victims"] == count
    problem(await agent.post(f"{old}/victims", {}), 422, "nobody_named")
    rows = await listed(service.by("executive"))
    assert [(row["about"], row["victims"], row["age_s"] // 3600) for row in rows] == [
        ("website.seats", 5, 24), ("fares", 0, 0),
    ]  # fmt: skip
    assert young.rpartition("/")[2] == rows[1]["problem_id"]


async def test_an_ignored_escalation_stands_until_its_answer_is_accepted_by_the_one_who_raised_it(
    service: Service,
) -> None:
    agent, boss = service.by("agent", sub="agent-3"), service.by("executive", sub="boss-1")
    path = await opened(agent)
    escalation = await escalated(service, agent, path)
    assert [row["ignored"] for row in await listed(agent)] == [0]
    assert await service.ticked(0.5 * HOUR) == 0
    assert await service.ticked(1 * HOUR) == 1
    assert await service.ticked(100 * HOUR) == 0
    (row,) = await listed(boss)
    assert (row["ignored"], row["escalations"][0]["age_s"] // 3600, row["escalations"][0]["answered_by"]) == (
        1,
        101,
        "",
    )
    problem(await agent.post(f"{escalation}/accept", {}), 409, "nothing_to_accept")
    problem(await agent.post(f"{escalation}/answer", {"words": "x"}), 409, "own_answer")
    answered = await boss.made(f"{escalation}/answer", {"words": "we were wrong"})
    assert (answered["answered_by"], answered["accepted"]) == ("boss-1", False)
    assert [row["ignored"] for row in await listed(boss)] == [1], "an answer alone does not take it off"
    problem(await boss.post(f"{escalation}/accept", {}), 409, "not_theirs")
    assert not (await agent.made(f"{escalation}/accept", {"accepted": False}))["accepted"]
    assert [row["ignored"] for row in await listed(boss)] == [1]
    safety = service.by("agent", sub="safety-1", tier=3)
    problem(await safety.post(f"{path}/close", {}), 409, "still_open")
    await boss.made(f"{escalation}/answer", {"words": "mended, and paid back"})
    assert (await agent.made(f"{escalation}/accept", {}))["accepted"]
    assert [(row["ignored"], row["escalations"]) for row in await listed(boss)] == [(0, [])]
    problem(await boss.post(f"{escalation}/answer", {"words": "x"}), 409, "over")
    assert (await safety.made(f"{path}/close", {}))["closed"]
    assert await listed(boss) == []
    problem(await agent.post(f"{path}/victims", {"accounts": ["a"]}), 409, "problem_closed")


async def test_one_that_is_answered_in_time_is_never_called_ignored(service: Service) -> None:
    agent, above = service.by("agent", sub="agent-3"), service.by("agent", sub="safety-1", tier=3)
    path = await opened(agent)
    escalation = await escalated(service, agent, path)
    await above.made(f"{escalation}/answer", {"words": "mended"})
    assert await service.ticked(5 * HOUR) == 0
    assert [(row["ignored"], row["escalations"][0]["ignored_at"]) for row in await listed(agent)] == [(0, None)]


async def test_what_was_written_is_sealed_and_read_by_no_lower_tier(service: Service) -> None:
    with logged() as lines:
        above, below = service.by("agent", sub="safety-1", tier=3), service.by("agent", sub="agent-3")
        path = await opened(above)
        await escalated(service, above, path, "executives")
        (seen,), (read,) = await listed(below), await listed(above)
        (sealed,) = await listed(service.by("legal"))
    assert (seen["title"], seen["escalations"][0]["words"], seen["about"]) == (None, None, "website.seats")
    assert (sealed["title"], sealed["escalations"][0]["words"]) == (None, None)
    assert (read["title"], read["escalations"][0]["words"]) == (TITLE, "ESCALATEDWORDS forty today")
    stored = b"".join(each.state for each in service.app.state.desk.log.read(f"problem:{seen['problem_id']}", gt=0))
    for words in ("TITLEWORDS", "ESCALATEDWORDS"):
        assert words.encode() not in stored
        assert words not in lines.getvalue()


async def test_joining_never_says_whether_there_is_such_an_account(service: Service) -> None:
    agent, office = service.by("agent", sub="agent-3"), service.by("back_office")
    account = (await office.made("/v1/accounts", {}))["account_id"]
    answers = []
    for each in (account, "f" * 32):
        path = await opened(agent)
        answer = await agent.post(f"{path}/victims", {"accounts": [each]})
        answers.append((answer.status_code, {**answer.json(), "problem_id": ""}))
    assert answers[0] == answers[1]


async def test_what_there_is_not(service: Service) -> None:
    agent = service.by("agent", sub="agent-3")
    problem(await agent.post(f"/v1/problems/{'0' * 32}/victims", {"accounts": ["a"]}), 404, "unknown_problem")
    path = await opened(agent)
    problem(await agent.post(f"{path}/escalations/{'0' * 32}/accept", {}), 404, "unknown_escalation")
    body = {"to": "tier-3", "due_at": "2020-01-01T00:00:00Z", "words": "x"}
    problem(await agent.post(f"{path}/escalations", body), 422, "due_already")
    many = {"accounts": [f"a{number}" for number in range(101)]}
    problem(await agent.post(f"{path}/victims", many), 422, "bad_body")
