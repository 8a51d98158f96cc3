"""Authority over HTTP: adopted by compliance, seen by each tier as far as it is its own, asked in mid-call."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.log import EventLog
from tests.api.authorities import DESKS, EVER, adopted, document, hours
from tests.api.problem import problem
from tests.calling import Calls, Service, logged, serving
from tests.case import ALMA, VICTOR, Case
from tests.trips import NEW, NOBODYS, OLD

FIRST_CHANGE = {"id": "first-change", "tier": 1, "action": "change"}
FIRST_CANCEL = {"id": "first-cancel", "tier": 1, "action": "cancel", "confirmed_by": ["warehouse"]}
SECOND_WAIVE = {"id": "second-waive", "tier": 2, "action": "waive_fee", "kind": "judgement", "up_to": "large"}
FIRST_WAIVE = {"id": "first-waive", "tier": 1, "action": "waive_fee", "kind": "automatic", "up_to": "small"}
PERSON = "Zebra Osei, canary 9137"


async def ruling(calls: Calls, line: str, action: str, **more: Any) -> dict[str, Any]:
    return await calls.made(f"{line}/authority", {"action": action, **more})


async def verdict(calls: Calls, line: str, action: str, **more: Any) -> str:
    found: str = (await ruling(calls, line, action, **more))["verdict"]
    return found


async def recorded(case: Case, name: str) -> list[dict[str, Any]]:
    return [entry for entry in await case.history() if entry["name"] == name]


async def test_the_default_is_in_force_on_first_start(service: Service, case: Case) -> None:
    whole = (await service.by("compliance").get("/v1/authority")).json()
    assert (whole["scope"], whole["version"], whole["document"]["title"]) == ("whole", 1, "Default authority")
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    for action in ("change", "cancel", "refund", "check_in", "resend", "edit_contact"):
        assert await verdict(agent, line, action) == "may"


async def test_a_tier_sees_only_its_own_part(service: Service) -> None:
    seen: list[httpx.Response] = []
    for others in ([SECOND_WAIVE], [{**SECOND_WAIVE, "action": "goodwill", "confirmed_by": ["airline"]}, FIRST_CHANGE]):
        grants = [FIRST_CANCEL, FIRST_WAIVE, *(each for each in others if each["tier"] != 1)]
        await adopted(service, *grants, title=str(others))
        answer = await service.by("agent", sub=f"agent-{len(seen)}").get("/v1/authority")
        seen.append(answer)
    assert (
        seen[0].content == seen[1].content
    )  # version, digest and title say nothing of a change at another tier either
    own = seen[0].json()
    assert (own["scope"], own["tier"], own["version"], own["digest"]) == ("own", 1, None, None)
    assert {grant["tier"] for grant in own["document"]["grants"]} == {1}
    assert own["document"]["desks"] == DESKS[:2]
    assert own["document"]["amount_classes"] == ["small"]
    assert [party["name"] for party in own["document"]["outside"]] == ["warehouse"]
    for role in ("compliance", "auditor"):
        whole = (await service.by(role).get("/v1/authority")).json()
        assert {grant["tier"] for grant in whole["document"]["grants"]} == {1, 2, 3}
    for role in ("portal", "notifier", "back_office", "legal", "operations"):
        problem(await service.by(role).get("/v1/authority"), 403)


async def test_adoption_is_versioned_and_the_one_in_force_is_not_adopted_again(service: Service) -> None:
    first = await adopted(service, FIRST_CHANGE)
    assert await adopted(service, FIRST_CHANGE) == first
    second = await adopted(service, FIRST_CANCEL)
    assert (first["version"], second["version"]) == (2, 3)
    with EventLog(service.settings.database_url) as log:
        assert [row.topic for row in log.read("authority:default")] == ["authority.adopted.v1"] * 3
    for role in ("agent", "auditor", "back_office", "operations"):
        problem(await service.by(role, tier=3).post("/v1/authority", {"document": document()}), 403)


@pytest.mark.parametrize(
    "changed, code, place",
    [
        ({"grants": []}, "authority_rejected", "document.grants"),
        ({"grants": [{**EVER, "confirmed_by": ["warehouse"]}]}, "authority_rejected", "document.grants"),
        ({"zone": "Nowhere/Town"}, "authority_rejected", "document.zone"),
        ({"grants": [EVER, {**FIRST_CANCEL, "confirmed_by": ["x"]}]}, "authority_rejected",
         "document.grants[1].confirmed_by[0]"),
        ({"grants": [{**EVER, "hours": [{"from": "9", "until": "15:00"}]}]}, "bad_body",
         "$.document.grants[0].hours[0].from"),
        ({"grants": [{**EVER, "tier": 4}]}, "bad_body", "$.document.grants[0].tier"),
        ({"grants": [{**EVER, "signals": ["doubt"]}]}, "bad_body", "$.document.grants[0].signals[0]"),
        ({"doubt": True}, "bad_body", "$.document"),
    ],
)  # fmt: skip
async def test_a_rejected_document_names_the_place(
    service: Service, changed: dict[str, Any], code: str, place: str
) -> None:
    answer = await service.by("compliance").post("/v1/authority", {"document": document(**changed)})
    problem(answer, 422, code, place)
    assert (await service.by("auditor").get("/v1/authority")).json()["version"] == 1


async def test_may_i_do_this_now(service: Service, case: Case) -> None:
    open_now, shut_now = hours(service, -2), hours(service, 6)
    await adopted(
        service,
        {**FIRST_CHANGE, "hours": open_now},
        {"id": "first-refund", "tier": 1, "action": "refund", "hours": shut_now},
        FIRST_CANCEL,
        FIRST_WAIVE,
        SECOND_WAIVE,
    )
    agent, second = service.by("agent"), service.by("agent", sub="agent-2", tier=2)
    line = await case.line(agent, ALMA)
    may = await ruling(agent, line, "change")
    assert (may["verdict"], may["next_step"], may["call_first"], may["transfer_to"]) == ("may", "act", [], None)
    shut = await ruling(agent, line, "refund")
    assert (shut["verdict"], shut["next_step"], shut["transfer_to"]) == ("pass_on", "transfer", "second line")
    nobodys = await ruling(agent, line, "an-action-of-nobodys")
    assert {**nobodys, "ruling_id": ""} == {**shut, "ruling_id": ""}
    call = await ruling(agent, line, "cancel")
    assert (call["verdict"], call["next_step"]) == ("needs_confirmation", "call_first")
    assert call["call_first"] == [{"name": "warehouse", "call": "the ticket warehouse, extension 4100"}]
    assert await verdict(agent, line, "waive_fee", amount_class="small") == "automatic"
    assert await verdict(agent, line, "waive_fee", amount_class="large") == "pass_on"
    theirs = await case.line(second, ALMA)
    asked = await ruling(second, theirs, "waive_fee", amount_class="large")
    assert (asked["verdict"], asked["next_step"]) == ("judgement", "say_why")
    assert await verdict(second, theirs, "change") == "pass_on"
    kept = await recorded(case, "authority.asked.v1")
    assert [(each["event"]["action"], each["event"]["verdict"], each["actor"]["tier"]) for each in kept] == [
        ("change", "may", 1),
        ("refund", "pass_on", 1),
        ("an-action-of-nobodys", "pass_on", 1),
        ("cancel", "needs_confirmation", 1),
        ("waive_fee", "automatic", 1),
        ("waive_fee", "pass_on", 1),
        ("waive_fee", "judgement", 2),
        ("change", "pass_on", 2),
    ]
    assert {each["event"]["authority"] for each in kept} == {2}
    assert kept[0]["event"]["grants"] == ["first-change"]


async def test_what_was_open_closes_with_the_clock(service: Service, case: Case) -> None:
    await adopted(service, {**FIRST_CHANGE, "hours": hours(service, -1, lasts=2)})
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    assert await verdict(agent, line, "change") == "may"
    service.clock.ahead = timedelta(hours=2)
    assert await verdict(agent, line, "change") == "pass_on"


async def test_hours_are_of_the_zone_that_is_named(service: Service, case: Case) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    for zone, expected in (("Etc/GMT-5", "may"), ("Etc/GMT+5", "pass_on")):
        local = service.clock() + timedelta(hours=5)
        opens, closes = local - timedelta(hours=1), local + timedelta(hours=2)
        span = [{"from": f"{opens:%H:%M}", "until": f"{closes:%H:%M}"}]
        await adopted(service, {**FIRST_CHANGE, "hours": span}, zone=zone)
        assert await verdict(agent, line, "change") == expected


async def test_a_confirmation_is_recorded_with_who_and_when_and_counts_from_then_on(
    service: Service, case: Case
) -> None:
    await adopted(service, FIRST_CANCEL)
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    with logged() as lines:
        given = await ruling(agent, line, "cancel", confirmation={"by": "warehouse", "person": PERSON})
    assert given["verdict"] == "may"
    assert PERSON not in lines.getvalue()
    assert await verdict(agent, line, "cancel") == "may"
    (kept,) = await recorded(case, "confirmation.recorded.v1")
    assert (kept["event"]["by"], kept["event"]["action"], kept["actor"]["subject"]) == (
        "warehouse",
        "cancel",
        "agent-1",
    )
    assert kept["event"]["person"] == {"sealed": line.rpartition("/")[2]}
    asked = (await recorded(case, "authority.asked.v1"))[-1]["event"]
    assert asked["confirmed"]["warehouse"][:19] == kept["occurred_at"][:19]
    for file in service.settings.home.rglob("*.sqlite*"):
        assert PERSON.encode() not in file.read_bytes(), file
    # It was about this account: bound anew, to whatever, it counts no more.
    for locator in (OLD, NEW, NOBODYS):
        await agent.made(f"{line}/bind", {"locator": locator, "facts": ALMA})
        assert await verdict(agent, line, "cancel") == "needs_confirmation"


@pytest.mark.parametrize(
    "by, action", [("airline", "cancel"), ("nobody", "cancel"), ("warehouse", "change"), ("airline", "refund")]
)
async def test_a_confirmation_that_ones_own_authority_does_not_ask_for_is_refused_alike(
    service: Service, case: Case, by: str, action: str
) -> None:
    theirs = {"id": "second-refund", "tier": 2, "action": "refund", "confirmed_by": ["airline"]}
    await adopted(service, FIRST_CHANGE, FIRST_CANCEL, theirs)
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    body = {"action": action, "confirmation": {"by": by, "person": PERSON}}
    found = problem(await agent.post(f"{line}/authority", body), 422, "not_asked_for", "confirmation.by")
    assert found["detail"] == "your authority asks for no such confirmation of this action"
    assert await recorded(case, "confirmation.recorded.v1") == []


async def test_a_judgement_call_says_what_was_granted_and_why(service: Service, case: Case) -> None:
    await adopted(service, SECOND_WAIVE, FIRST_CHANGE)
    second = service.by("agent", sub="agent-2", tier=2)
    line = await case.line(second, ALMA)
    body = {"action": "waive_fee", "amount_class": "large", "granted": f"the fee {PERSON}", "why": f"because {PERSON}"}
    assert await verdict(second, line, "waive_fee", amount_class="large") == "judgement"
    made = await second.made(f"{line}/judgements", body)
    assert (made["next_step"], made["say"]) == ("act", "Let me see to that for you.")
    assert await verdict(second, line, "waive_fee", amount_class="large") == "may"
    assert await verdict(second, line, "waive_fee", amount_class="small") == "judgement"  # another one
    await second.made(f"{line}/judgements", body)  # and one more of the same
    kept = await recorded(case, "judgement.granted.v1")
    assert len(kept) == 2
    sealed = {"sealed": line.rpartition("/")[2]}
    assert (kept[0]["event"]["granted"], kept[0]["event"]["why"]) == (sealed, sealed)
    assert (kept[0]["actor"]["subject"], kept[0]["actor"]["tier"]) == ("agent-2", 2)
    assert kept[0]["event"]["grants"] == ["second-waive"]
    for file in service.settings.home.rglob("*.sqlite*"):
        assert PERSON.encode() not in file.read_bytes(), file


async def test_what_is_not_left_to_ones_judgement_is_not_judged(service: Service, case: Case) -> None:
    await adopted(service, SECOND_WAIVE, FIRST_CHANGE, FIRST_CANCEL)
    words = {"granted": "it", "why": "so"}
    agent, second = service.by("agent"), service.by("agent", sub="agent-2", tier=2)
    line, theirs = await case.line(agent, ALMA), await case.line(second, ALMA)
    answers = []
    for action in ("waive_fee", "change", "cancel", "an-action-of-nobodys"):
        answer = await agent.post(f"{line}/judgements", {"action": action, "amount_class": "small", **words})
        answers.append(problem(answer, 409, "not_your_judgement", "action"))
    assert len({each["detail"] for each in answers}) == 1
    unsaid = await second.post(f"{theirs}/judgements", {"action": "waive_fee", **words})  # no amount: larger than any
    problem(unsaid, 409, "not_your_judgement", "action")
    for lacking in ({"granted": "it"}, {"why": "so"}, {"granted": "", "why": "so"}, {"granted": "it", "why": ""}):
        problem(await second.post(f"{theirs}/judgements", {"action": "waive_fee", **lacking}), 422, "bad_body")
    assert await recorded(case, "judgement.granted.v1") == []


async def test_an_action_without_authority_is_accepted_in_the_same_words_and_passed_on(
    service: Service, case: Case
) -> None:
    agent, third = service.by("agent"), service.by("agent", sub="agent-3", tier=3)
    body = {"action": "cancel", "locator": OLD, "details": "cancel it"}
    answers, routes = [], []
    for grant in (FIRST_CHANGE, {"id": "first-cancel", "tier": 1, "action": "cancel"}):
        await adopted(service, grant)
        line = await case.line(agent, VICTOR)
        answers.append(await agent.made(f"{line}/actions", body))
        routes.append((await recorded(case, "action.attempted.v1"))[-1]["event"])
    assert [each["outcome"] for each in answers] == ["accepted"] * 2
    assert {(each["say"], each["next_step"], len(str(each["due_by"]))) for each in answers}.__len__() == 1
    assert [(each["route"], each["authority"]) for each in routes] == [("tier_3", "pass_on"), ("ordinary", "may")]
    waiting = (await third.get("/v1/actions?route=tier_3")).json()["actions"]
    assert [each["decision_id"] for each in waiting] == [answers[0]["decision_id"]]


async def test_it_is_asked_in_ones_own_open_contact(service: Service, case: Case) -> None:
    agent, other = service.by("agent"), service.by("agent", sub="agent-9")
    line = await case.line(agent, ALMA)
    judged = {"action": "waive_fee", "granted": "it", "why": "so"}
    for calls in (other, agent):
        if calls is agent:
            await agent.made(f"{line}/close")
        problem(await calls.post(f"{line}/authority", {"action": "change"}), 409, "interaction_over")
        problem(await calls.post(f"{line}/judgements", judged), 409, "interaction_over")
    unknown = f"/v1/interactions/{'0' * 32}"
    problem(await agent.post(f"{unknown}/authority", {"action": "change"}), 404, "unknown_interaction")
    problem(await agent.post(f"{unknown}/judgements", judged), 404, "unknown_interaction")


async def test_replicas_decide_by_the_authority_that_was_adopted_last(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service, serving(tmp_path / "home") as other:
        case = await Case.opened(service)
        agent = other.by("agent")
        line = await case.line(agent, ALMA)
        assert await verdict(agent, line, "change") == "may"
        await adopted(service, FIRST_CANCEL)
        assert await verdict(agent, line, "change") == "pass_on"


async def test_what_was_cleared_goes_along_when_the_contact_is_handed_on_and_is_judged_by_the_receivers_tier(
    service: Service, case: Case
) -> None:
    confirmed = {"tier": 3, "action": "cancel", "kind": "judgement", "confirmed_by": ["warehouse"]}
    exception = {"tier": 3, "action": "change", "kind": "automatic", "signals": ["health"]}
    await adopted(service, FIRST_CANCEL, {"id": "third-cancel", **confirmed}, {"id": "third-change", **exception})
    agent, third = service.by("agent"), service.by("agent", sub="agent-3", tier=3)
    line = await case.line(agent, ALMA)
    given = {"by": "warehouse", "person": PERSON}
    assert await verdict(agent, line, "cancel", confirmation=given) == "may"
    await agent.made(f"{line}/safety-signal", {"kind": "health"})
    offered = {"to": {"kind": "agent", "name": "agent-3"}, "reason": "about her health"}
    code = (await agent.made(f"{line}/transfer", offered))["code"]
    taken = (await third.made("/v1/transfers/take", {"code": code}))["interaction_id"]
    theirs = f"/v1/interactions/{taken}"
    assert await verdict(third, theirs, "cancel") == "judgement"  # the warehouse is not rung twice
    assert await verdict(third, theirs, "change") == "automatic"
