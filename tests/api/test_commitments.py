"""Commitments over HTTP: promised, answered, accepted, broken by the clock, answered for; and who sees what of them."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.log import LogUnavailable
from service.office import climbing
from tests.api.problem import problem
from tests.calling import Calls, Service, logged, serving
from tests.case import ALMA, PASSCODE, VICTOR, Case
from tests.trips import NEW, NOBODYS, OLD

HOUR = timedelta(hours=1)
SAID = "we ring you before noon about PROMISEDWORDS"


def due(service: Service, ahead: timedelta = HOUR) -> str:
    return (service.clock() + ahead).isoformat()


async def promise(service: Service, calls: Calls, ahead: timedelta = HOUR, **more: str) -> str:
    body = {"kind": "promise", "owner": "agent-7", "due_at": due(service, ahead), "words": SAID, **more}
    made: str = (await calls.made("/v1/commitments", body))["commitment_id"]
    return made


async def listed(calls: Calls, query: str = "") -> list[Any]:
    answer = await calls.get(f"/v1/commitments{query}")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["commitments"]
    return found


async def names(service: Service, commitment: str) -> list[str]:
    """The events of a commitment as the log has them, in order."""
    log = service.app.state.desk.log
    return [stored.topic for stored in log.read(f"commitment:{commitment}", gt=0)]


async def answered(calls: Calls, commitment: str, how: str = "call") -> dict[str, Any]:
    return await calls.made(f"/v1/commitments/{commitment}/answers", {"how": how, "words": "told him so"})


async def test_a_promise_is_kept_when_the_customer_accepts_the_answer(service: Service, case: Case) -> None:
    agent = service.by("agent", sub="agent-7")
    line = await case.line(agent, ALMA)
    commitment = await promise(service, agent, interaction_id=line.rpartition("/")[2])
    assert (await answered(agent, commitment))["status"] == "answered"
    own = await agent.post(f"/v1/commitments/{commitment}/accept", {})
    problem(own, 409, "own_answer")
    his = await case.line(agent, VICTOR)
    wrong = await agent.post(f"/v1/commitments/{commitment}/accept", {"interaction_id": his.rpartition("/")[2]})
    problem(wrong, 409, "own_answer")
    hers = await case.line(agent, ALMA)
    kept = await agent.made(f"/v1/commitments/{commitment}/accept", {"interaction_id": hers.rpartition("/")[2]})
    assert kept["status"] == "kept"
    assert await listed(agent) == []
    await service.ticked(10 * HOUR)
    assert [name.split(".")[1] for name in await names(service, commitment)] == ["made", "answered", "accepted"]


async def test_the_portal_accepts_for_a_customer_it_identified_and_for_nobody_else(
    service: Service, case: Case
) -> None:
    agent, portal = service.by("agent", sub="agent-7"), service.by("portal")
    line = await case.line(agent, ALMA)
    commitment = await promise(service, agent, interaction_id=line.rpartition("/")[2])
    await answered(agent, commitment, "mail")
    problem(await portal.post(f"/v1/commitments/{commitment}/accept", {}), 404, "unknown_commitment")
    for facts, status in ((VICTOR, 404), (ALMA, 200)):
        session = await case.line(portal, facts, channel="portal")
        body = {"interaction_id": session.rpartition("/")[2]}
        answer = await portal.post(f"/v1/commitments/{commitment}/accept", body)
        assert answer.status_code == status


async def test_a_voicemail_does_not_keep_one_and_it_climbs_by_itself(service: Service) -> None:
    agent = service.by("agent", sub="agent-7")
    commitment = await promise(service, agent)
    assert (await answered(agent, commitment, "voicemail"))["status"] == "open"
    assert await service.ticked() == 0
    assert await service.ticked(0.8 * HOUR) == 1
    assert [(row["status"], row["reminded"], row["broken"]) for row in await listed(agent, "?status=due")] == [
        ("open", True, 0)
    ]
    assert await service.ticked(0.3 * HOUR) == 1
    assert await listed(service.by("agent", sub="agent-8", tier=2)) != []
    assert await service.ticked(1.1 * HOUR) == 1
    assert await service.ticked(1.1 * HOUR) == 1
    (row,) = await listed(service.by("executive"), "?status=executive")
    assert (row["commitment_id"], row["status"], row["owner"], row["broken"], row["due_at"], row["answers"]) == (
        commitment, "executive", "executives", 3, None, 1
    )  # fmt: skip
    assert await service.ticked(1000 * HOUR) == 0
    assert [name.split(".")[1] for name in await names(service, commitment)] == [
        "made", "answered", "reminded", "broken", "climbed", "broken", "climbed", "broken", "climbed",
    ]  # fmt: skip


async def test_the_executive_list_keeps_it_until_a_person_answers_for_it(service: Service) -> None:
    agent, boss = service.by("agent", sub="agent-7"), service.by("executive", sub="boss-1")
    commitment = await promise(service, agent)
    body = {"words": "nobody was told whose it was"}
    problem(await boss.post(f"/v1/commitments/{commitment}/answer-for", body), 409, "not_executive")
    for _ in range(4):
        await service.ticked(2 * HOUR)
    assert len(await listed(boss, "?status=executive")) == 1
    assert (await answered(agent, commitment))["status"] == "executive"
    stood = await boss.made(f"/v1/commitments/{commitment}/answer-for", body)
    assert stood["status"] == "answered_for"
    assert await listed(boss, "?status=executive") == []
    assert (await names(service, commitment))[-1] == "commitment.stood.v1"


async def test_an_answer_that_will_not_do_starts_the_clock_again(service: Service) -> None:
    agent, raiser = service.by("agent", sub="agent-7"), service.by("agent", sub="agent-3")
    commitment = await promise(service, raiser)
    await answered(agent, commitment)
    await service.ticked(2 * HOUR)
    assert [row["status"] for row in await listed(raiser)] == ["answered"]
    declined = await raiser.made(f"/v1/commitments/{commitment}/accept", {"accepted": False})
    assert declined["status"] == "open"
    assert await service.ticked() == 1
    assert [(row["owner"], row["broken"]) for row in await listed(raiser, "?status=broken")] == [("tier-2", 1)]


async def test_who_sees_one(service: Service) -> None:
    raiser = service.by("agent", sub="agent-3")
    own = await promise(service, raiser)
    queue = await promise(service, raiser, owner="tier-2")
    site = await promise(service, raiser, owner="site:sofia")
    seen = {
        ("agent-7", 1, "manila"): {own},
        ("agent-3", 1, "manila"): {own, queue, site},
        ("agent-8", 1, "manila"): set(),
        ("agent-8", 2, "manila"): {queue},
        ("agent-8", 1, "sofia"): {site},
        ("agent-8", 3, "manila"): set(),
    }
    for (sub, tier, place), expected in seen.items():
        calls = service.by("agent", sub=sub, tier=tier, site=place)
        assert {row["commitment_id"] for row in await listed(calls)} == expected
        for each in (own, queue, site):
            answer = await calls.get(f"/v1/commitments/{each}")
            assert answer.status_code == (200 if each in expected else 404)
            given = await calls.post(f"/v1/commitments/{each}/answers", {"how": "voicemail", "words": "x"})
            assert given.status_code == (200 if each in expected else 404)
    for role in ("executive", "legal", "compliance"):
        assert {row["commitment_id"] for row in await listed(service.by(role))} == {own, queue, site}
    assert [row["commitment_id"] for row in await listed(raiser, "?owner=tier-2")] == [queue]


async def test_another_ones_is_refused_like_one_that_there_is_not(service: Service) -> None:
    commitment = await promise(service, service.by("agent", sub="agent-3"))
    stranger = service.by("agent", sub="agent-8")
    answers = []
    for each in (commitment, "0" * 32):
        for method, tail, body in (
            ("GET", "", None), ("POST", "/answers", {"how": "call", "words": "x"}), ("POST", "/accept", {}),
        ):  # fmt: skip
            answers.append(await stranger.send(method, f"/v1/commitments/{each}{tail}", body))
    told = [{**answer.json(), "instance": ""} for answer in answers]
    assert told[:3] == told[3:]
    assert {answer.status_code for answer in answers} == {404}


async def test_words_are_sealed_read_on_record_and_by_no_lower_tier(service: Service) -> None:
    with logged() as lines:
        above, owner = service.by("agent", sub="safety-1", tier=3), service.by("agent", sub="agent-7")
        hidden, plain = await promise(service, above), await promise(service, service.by("agent", sub="agent-3"))
        assert (await owner.get(f"/v1/commitments/{hidden}")).json()["words"] is None
        assert (await owner.get(f"/v1/commitments/{plain}")).json()["words"] == SAID
        assert (await above.get(f"/v1/commitments/{hidden}")).json()["words"] == SAID
        assert (await service.by("legal").get(f"/v1/commitments/{plain}")).json()["words"] is None
        assert "PROMISEDWORDS" not in json.dumps(await listed(owner))
    log = service.app.state.desk.log
    stored = b"".join(each.state for each in log.read(f"commitment:{plain}", gt=0))
    assert b"PROMISEDWORDS" not in stored
    assert "PROMISEDWORDS" not in lines.getvalue()
    assert (await names(service, plain)).count("commitment.read.v1") == 2


async def test_a_promise_looks_the_same_on_a_protected_an_ordinary_and_nobodys_account(
    service: Service, case: Case
) -> None:
    agent = service.by("agent", sub="agent-7")

    async def played(locator: str, facts: dict[str, str]) -> list[Any]:
        line = await case.line(agent, facts, locator)
        interaction = line.rpartition("/")[2]
        body = {"kind": "promise", "owner": "tier-2", "due_at": "2027-11-01T12:00:00Z", "words": SAID}
        heard = [await agent.post("/v1/commitments", {**body, "interaction_id": interaction})]
        commitment = heard[0].json()["commitment_id"]
        heard.append(await agent.get(f"/v1/commitments/{commitment}"))
        heard.append(await agent.post(f"/v1/commitments/{commitment}/answers", {"how": "mail", "words": "done"}))
        later = (await case.line(agent, VICTOR)).rpartition("/")[2]
        heard.append(await agent.post(f"/v1/commitments/{commitment}/accept", {"interaction_id": later}))
        told = [{**answer.json(), "commitment_id": "", "instance": ""} for answer in heard]
        rows = [{**row, "commitment_id": "", "age_s": 0} for row in await listed(agent)]
        return [[answer.status_code for answer in heard], told, rows[-1:]]

    ordinary, nobodys = await played(OLD, ALMA), await played(NOBODYS, ALMA)
    await case.fled()
    assert await played(OLD, ALMA) == ordinary
    assert await played(NEW, ALMA) == nobodys
    assert await played(NEW, VICTOR) == nobodys
    assert await played(NOBODYS, VICTOR) == nobodys


async def test_she_accepts_by_her_passcode_and_he_does_not_by_knowing_her_name(service: Service, case: Case) -> None:
    await case.fled()
    agent = service.by("agent", sub="agent-7")
    line = await case.verified(agent, ALMA, PASSCODE, NEW)
    commitment = await promise(service, agent, interaction_id=line.rpartition("/")[2])
    await answered(agent, commitment)
    his = (await case.line(agent, VICTOR)).rpartition("/")[2]
    refused = await agent.post(f"/v1/commitments/{commitment}/accept", {"interaction_id": his})
    problem(refused, 409, "own_answer")
    hers = (await case.verified(agent, ALMA, PASSCODE, NEW)).rpartition("/")[2]
    assert (await agent.made(f"/v1/commitments/{commitment}/accept", {"interaction_id": hers}))["status"] == "kept"


@pytest.mark.parametrize(
    "change,code,place",
    [
        ({"due_at": "2020-01-01T00:00:00Z"}, "due_already", "due_at"),
        ({"due_at": "2126-01-01T00:00:00Z"}, "due_too_late", "due_at"),
        ({"due_at": "2027-01-01T00:00:00"}, "bad_body", "$.due_at"),
        ({"kind": "warning"}, "bad_body", "$.kind"),
        ({"owner": "all of us"}, "bad_body", "$.owner"),
        ({"account_id": "a", "interaction_id": "b"}, "one_of_both", "account_id"),
    ],
)
async def test_what_is_no_promise_is_refused(service: Service, change: dict[str, str], code: str, place: str) -> None:
    body = {"kind": "promise", "owner": "tier-2", "due_at": due(service), "words": SAID, **change}
    answer = await service.by("agent").post("/v1/commitments", body)
    problem(answer, 422, code)
    assert answer.json()["place"] == place


async def test_a_promise_in_a_contact_that_is_over_or_anothers_is_refused(service: Service, case: Case) -> None:
    line = await case.line(service.by("agent", sub="agent-9"), ALMA)
    body = {"kind": "promise", "owner": "tier-2", "due_at": due(service), "words": SAID}
    for interaction, status in ((line.rpartition("/")[2], 409), ("0" * 32, 404)):
        answer = await service.by("agent").post("/v1/commitments", {**body, "interaction_id": interaction})
        assert answer.status_code == status


async def test_the_same_key_promises_once(service: Service) -> None:
    agent = service.by("agent", sub="agent-7")
    body = {"kind": "promise", "owner": "agent-7", "due_at": due(service), "words": SAID}
    first = await agent.post("/v1/commitments", body, Idempotency_Key="again")
    second = await agent.post("/v1/commitments", body, Idempotency_Key="again")
    assert (first.json(), second.headers["idempotency-replayed"]) == (second.json(), "true")
    assert len(await listed(agent)) == 1


async def test_two_replicas_that_tick_at_once_lift_it_once(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as one, serving(tmp_path / "home") as other:
        agent = one.by("agent", sub="agent-7")
        commitments = [await promise(one, agent) for _ in range(20)]
        one.clock.ahead = other.clock.ahead = 1.5 * HOUR
        await asyncio.gather(one.ticked(), other.ticked())
        for commitment in commitments:
            assert await names(other, commitment) == [
                "commitment.made.v1", "commitment.broken.v1", "commitment.climbed.v1",
            ]  # fmt: skip


async def test_what_was_promised_survives_a_restart_and_climbs_by_the_clock_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climbing, "EVERY_S", 0.02)
    async with serving(tmp_path / "home") as service:
        commitment = await promise(service, service.by("agent", sub="agent-7"), timedelta(seconds=1))
    async with serving(tmp_path / "home") as service:
        service.clock.ahead = timedelta(seconds=1)
        for _ in range(200):
            await asyncio.sleep(0.02)
            if "commitment.climbed.v1" in await names(service, commitment):
                break
        assert await names(service, commitment) == [
            "commitment.made.v1",
            "commitment.broken.v1",
            "commitment.climbed.v1",
        ]


async def test_the_clock_goes_on_after_the_log_was_away_and_the_time_was_wrong(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climbing, "EVERY_S", 0.02)
    desk = service.app.state.desk
    commitment = await promise(service, service.by("agent", sub="agent-7"))
    whole, failures = desk.live.current, 0

    async def away(_: object) -> object:
        nonlocal failures
        failures += 1
        raise LogUnavailable("gone")

    with logged() as lines:
        desk.live.current = away
        await asyncio.sleep(1.3)  # the tick that was waited for, and some after it
        desk.live.current = whole
    assert failures > 1
    assert lines.getvalue().count("nothing climbs for now") == 1
    service.clock.ahead = -HOUR
    await asyncio.sleep(0.1)
    service.clock.ahead = 2 * HOUR
    for _ in range(100):
        await asyncio.sleep(0.02)
        if len(await names(service, commitment)) > 1:
            break
    assert (await names(service, commitment))[-1] == "commitment.climbed.v1"


async def test_one_that_cannot_be_lifted_does_not_hold_up_the_others(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = service.by("agent", sub="agent-7")
    stuck, other = await promise(service, agent), await promise(service, agent)
    watched = climbing.WATCHED[0]

    def judged(state: Any, now: datetime) -> Any:
        if state.commitment_id == stuck:
            raise ValueError("PROMISEDWORDS")
        return watched.due(state, now)

    monkeypatch.setattr(climbing, "WATCHED", (watched._replace(due=judged),))
    with logged() as lines:
        assert await service.ticked(2 * HOUR) == 1
    assert "PROMISEDWORDS" not in lines.getvalue()
    assert (await names(service, other))[-1] == "commitment.climbed.v1"
    assert await names(service, stuck) == ["commitment.made.v1"]


async def test_nothing_is_read_but_the_last_position_while_nothing_is_due(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = service.by("agent", sub="agent-7")
    for _ in range(5):
        await promise(service, agent)
    await service.ticked()
    log = service.app.state.desk.log
    asked: list[str] = []
    for name in ("select_all", "read", "heads", "submit", "page", "read_all", "snapshot"):
        monkeypatch.setattr(log, name, lambda *_, name=name, **__: asked.append(name))
    assert await service.ticked() == 0
    assert asked == []
