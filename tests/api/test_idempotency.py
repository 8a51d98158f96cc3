"""The same key sends the same write again: it is done once, and a disclosure is never kept."""

from __future__ import annotations

import asyncio

import httpx

from domain.interaction import FAILURES_ALLOWED
from tests.api.problem import problem
from tests.calling import Service, serving
from tests.case import ALMA, PASSCODE, Case, ask
from tests.trips import FORMAT, NEW_TRIP, OLD, OLD_TRIP

KEY = "key-1"


async def test_every_write_with_a_key_is_done_once(service: Service, case: Case) -> None:
    agent, office, safety = (
        service.by("agent"),
        service.by("back_office"),
        service.by("agent", sub="safety-1", tier=3),
    )
    compliance = service.by("compliance")
    callback = await case.line(safety, ALMA, channel="call_back")
    line = await case.line(agent, ALMA)
    account = f"/v1/accounts/{case.account}"
    protection = {"protected_party_id": case.alma, "safe_contact": {"kind": "phone", "value": "+447700900999"}}
    split = {
        "life": dict.fromkeys(("schedule_change", "cancellation", "check_in", "departure", "refund"), "keep"),
        "reason": "x",
    }
    writes = [
        (office, "/v1/accounts", {"reference": "another"}),
        (office, f"{account}/parties", {"kind": "contact", "facts": {"surname": "Roe", "given_name": "Jo"}}),
        (office, f"{account}/bookings", {"format": FORMAT, "document": OLD_TRIP}),
        (agent, f"{account}/protection", protection),
        (safety, f"/v1/bookings/{case.booking}/split", split),
        (agent, "/v1/interactions", {"contact_id": "x", "channel": "chat"}),
        (agent, f"{line}/bind", {"locator": OLD, "facts": ALMA}),
        (agent, f"{line}/verifications", {"passcode": PASSCODE}),
        (agent, f"{line}/passcodes", {}),
        (safety, f"{callback}/call-backs", {}),
        (agent, f"{line}/listeners", {"kind": "third_party"}),
        (agent, f"{line}/close", None),
        (compliance, "/v1/policy", {"text": '@id("nobody") forbid (principal, action, resource);'}),
    ]
    for number, (calls, path, body) in enumerate(writes):
        first = await calls.send("POST", path, body, Idempotency_Key=f"w{number}")
        assert first.status_code in (200, 201, 202), (path, first.text)
        assert "idempotency-replayed" not in first.headers
        position = _position(service)
        sent = await service.delivered()
        again = await calls.send("POST", path, body, Idempotency_Key=f"w{number}")
        assert (again.status_code, again.content) == (first.status_code, first.content), path
        replayed = None if path.endswith("/verifications") else "true"  # a passcode is tried anew
        assert again.headers.get("idempotency-replayed") == replayed
        assert _position(service) == position, path
        assert await service.delivered() == sent


def _position(service: Service) -> int:
    from service.log import EventLog  # noqa: PLC0415 - looked up from inside

    with EventLog(service.settings.database_url) as log:
        return log.last_position()


async def test_a_message_is_sent_once_for_a_key(service: Service, case: Case) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    for _ in range(3):
        assert (await agent.post(f"{line}/passcodes", {}, Idempotency_Key=KEY)).status_code == 202
    await case.message("alma@shared.example")
    assert len(await service.delivered()) == 1


async def test_leaving_twice_with_a_key_is_leaving_once(service: Service, case: Case) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    listener = (await agent.made(f"{line}/listeners", {"kind": "customer"}))["listener_id"]
    path = f"{line}/listeners/{listener}"
    first = await agent.send("DELETE", path, Idempotency_Key=KEY)
    assert first.json() == {"listener_id": listener}
    assert (await agent.send("DELETE", path, Idempotency_Key=KEY)).content == first.content
    problem(await agent.send("DELETE", path), 404, "unknown_listener", "listener_id")


async def test_the_same_key_for_another_request_is_refused(service: Service, case: Case) -> None:
    office = service.by("back_office")
    await office.made("/v1/accounts", {"reference": "a"}, Idempotency_Key=KEY)
    for path, body in (
        ("/v1/accounts", {"reference": "b"}),
        (f"/v1/accounts/{case.account}/parties", {"kind": "holder", "facts": ALMA}),
    ):
        problem(await office.post(path, body, Idempotency_Key=KEY), 422, "key_reused", "Idempotency-Key")


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(service: Service) -> None:
    accounts = {
        (await service.by("back_office", sub=sub).made("/v1/accounts", {}, Idempotency_Key=KEY))["account_id"]
        for sub in ("one", "two")
    }
    assert len(accounts) == 2


async def test_a_key_that_is_none_is_refused(service: Service) -> None:
    office = service.by("back_office")
    for key in ("", "x" * 129, "a b", "a\tb"):
        problem(await office.post("/v1/accounts", {}, Idempotency_Key=key), 422, "bad_key", "Idempotency-Key")


async def test_a_refusal_is_not_kept_under_its_key(service: Service) -> None:
    office = service.by("back_office")
    path = "/v1/accounts/%s/parties"
    problem(await office.post(path % ("0" * 32), {"kind": "holder", "facts": ALMA}, Idempotency_Key=KEY), 404)
    account = (await office.made("/v1/accounts", {}, Idempotency_Key=KEY))["account_id"]
    assert len(account) == 32


async def test_ten_at_once_with_one_key_do_it_once(service: Service) -> None:
    office = service.by("back_office")
    answers = await asyncio.gather(
        *(office.post("/v1/accounts", {"reference": "x"}, Idempotency_Key=KEY) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


async def test_two_replicas_at_once_with_one_key_do_it_once(service: Service) -> None:
    async with serving(service.settings.home) as other:
        token = service.by("back_office")
        others = other.by("back_office")
        answers = await asyncio.gather(
            *(calls.post("/v1/accounts", {"reference": "x"}, Idempotency_Key=KEY) for calls in (token, others) * 4)
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


async def test_a_disclosure_is_decided_anew_whatever_its_key_and_its_body_is_kept_nowhere(
    service: Service, case: Case
) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    body = {"classes": ["E", "I", "L", "C"], "locator": OLD}
    answers = [await agent.post(f"{line}/disclosures", body, Idempotency_Key=KEY) for _ in range(2)]
    assert answers[0].json()["decision_id"] != answers[1].json()["decision_id"]
    assert answers[0].json()["document"] == answers[1].json()["document"]
    assert answers[0].json()["document"] is not None
    assert "idempotency-replayed" not in answers[1].headers
    attempts = [entry for entry in await case.history() if entry["name"] == "disclosure.attempted.v1"]
    assert len(attempts) == 2
    for file in service.settings.home.rglob("*.sqlite*"):
        assert b"SHOWNQX" not in file.read_bytes(), file


async def test_an_answer_from_before_is_not_had_again_by_its_key(service: Service, case: Case) -> None:
    agent = service.by("agent")
    await case.reissue("")
    line = await case.line(agent, ALMA)
    body = {"classes": ["E", "I"], "locator": str(NEW_TRIP["locators"][0]["code"])}
    before = (await agent.post(f"{line}/disclosures", body, Idempotency_Key=KEY)).json()
    assert before["outcome"] == "disclosed"
    await agent.made(f"{line}/close")
    after = (await agent.post(f"{line}/disclosures", body, Idempotency_Key=KEY)).json()
    assert (after["outcome"], after["document"]) == ("withheld", None)
    assert await ask(agent, line) is None


async def test_a_passcode_tried_again_with_its_key_is_counted_once_and_answered_by_what_is_true(
    service: Service, case: Case
) -> None:
    await case.fled()
    agent = service.by("agent")
    line = await case.line(agent, ALMA)

    async def tried(passcode: str, key: str) -> httpx.Response:
        return await agent.post(f"{line}/verifications", {"passcode": passcode}, Idempotency_Key=key)

    for _ in range(FAILURES_ALLOWED + 1):
        assert not (await tried("a wrong guess", "wrong")).json()["accepted"]
    tries = [entry["event"]["accepted"] for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert tries == [False]
    for _ in range(2):
        assert (await tried(PASSCODE, "right")).json()["accepted"]
    tries = [entry["event"]["accepted"] for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert tries == [False, True]
    problem(await tried("another guess", "wrong"), 422, "key_reused", "Idempotency-Key")
    await agent.made(f"{line}/close")
    problem(await tried(PASSCODE, "right"), 409, "interaction_over", "interaction_id")


async def test_an_action_at_once_on_two_replicas_with_one_key_waits_once(service: Service, case: Case) -> None:
    async with serving(service.settings.home) as other:
        line = await case.line(service.by("agent"), ALMA)
        body = {"action": "cancel", "locator": OLD}
        several = (service.by("agent"), other.by("agent")) * 4
        answers = await asyncio.gather(*(calls.post(f"{line}/actions", body, Idempotency_Key=KEY) for calls in several))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    waiting = (await service.by("back_office").get("/v1/actions")).json()["actions"]
    assert [each["decision_id"] for each in waiting] == [answers[0].json()["decision_id"]]
