"""Attacks that are noticed: nobody on the line is told, and somebody else is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.api.problem import problem
from tests.case import ALMA, DURESS, HIS_PHONE, PASSCODE, VICTOR, Case, ask, words
from tests.incidents import counted, found_in, incidents, passed
from tests.trips import CLASSES, NEW, NOBODYS, OLD, leaks


async def test_25_an_insider_browses_cases_or_probes_for_protected_accounts_and_somebody_else_is_alerted(
    case: Case,
) -> None:
    ordinary = await Case.opened(case.service)
    await case.fled()
    insider = case.service.by("agent", sub="curious", tier=2)
    seen: list[list[Any]] = []
    # He goes through accounts and locators of which no caller of his knows anything: protected, ordinary, nobody's.
    for each in (case, ordinary):
        answers: list[Any] = []
        for offered in ({"account_id": each.account, "facts": {}}, {"locator": NEW, "facts": {}}):
            line = await each.line(insider, None)
            answers.append((await insider.post(f"{line}/bind", offered)).json()["say"])
            for locator in (OLD, NEW, NOBODYS):
                body = {"classes": CLASSES, "locator": locator}
                answers.append(words((await insider.post(f"{line}/disclosures", body)).json()))
            answers.append(words((await insider.get(f"{line}/bookings")).json()))
        seen.append(answers)
    assert seen[0] == seen[1]
    for number in range(8):
        await case.line(insider, {}, f"LOOK{number:02}")
    (alert,) = [each for each in await _browsers(case) if each["agent"] == "curious"]
    assert (alert["about"], alert["account_id"]) == ("agent", "")
    assert list(alert["counts"]) == ["browsing"]
    # It is told to others than he: not to him, not even with the tier, nor to anybody of the front line.
    for tier in (1, 2, 3):
        himself = case.service.by("agent", sub="curious", tier=tier)
        answer = await himself.get(f"/v1/incidents/{alert['incident_id']}")
        problem(answer, 403 if tier < 3 else 404)
    listed = (await case.service.by("agent", sub="safety-1", tier=3).get("/v1/incidents")).json()["incidents"]
    assert alert["incident_id"] in [each["incident_id"] for each in listed]
    # And he goes on hearing what he heard, word for word.
    line = await case.line(insider, None)
    await insider.made(f"{line}/bind", {"account_id": case.account, "facts": {}})
    answer = await insider.post(f"{line}/disclosures", {"classes": CLASSES, "locator": OLD})
    assert words(answer.json()) == seen[0][1]
    for heard in insider.heard:
        assert "incident" not in heard.text
        assert leaks(heard.text) == []


async def _browsers(case: Case) -> list[dict[str, Any]]:
    await passed(case.service)
    return [each for each in await incidents(case.service, None) if each["about"] == "agent"]


async def test_somebody_is_to_warn_her_after_an_adverse_party_asked(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    before = words(await _asked(agent, await case.line(agent, VICTOR, contact=HIS_PHONE)))
    (found,) = await incidents(case.service)
    assert (found["account_id"], found["counts"]) == (case.account, {"adverse-attempt": 1})
    safety = case.service.by("agent", sub="safety-1", tier=3)
    (task,) = [
        each
        for each in (await safety.get("/v1/commitments")).json()["commitments"]
        if each["commitment_id"] == found["warning"]
    ]
    assert (task["kind"], task["account_id"]) == ("warning", case.account)
    assert task["due_at"]
    # Nobody on the line learns that anything followed, and the service itself sends nothing anywhere.
    after = words(await _asked(agent, await case.line(agent, VICTOR, contact=HIS_PHONE)))
    assert after == before
    assert [each["template"] for each in await case.service.delivered()] == ["passcode_link"]
    # The first line is not given the task.
    own = (await case.service.by("agent", tier=1).get("/v1/commitments")).json()["commitments"]
    assert found["warning"] not in json.dumps(own)


async def test_what_happens_after_she_was_warned_is_a_task_to_warn_her_again(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    await ask(agent, await case.line(agent, VICTOR))
    (found,) = await incidents(case.service)
    first = found["warning"]
    # While nobody has warned her, what joins is the same task.
    case.service.clock.ahead = timedelta(minutes=20)
    await ask(agent, await case.line(agent, VICTOR))
    again = await counted(case.service, found["incident_id"], "adverse-attempt", 2)
    assert again["warning"] == first
    await _warned(case, first)
    case.service.clock.ahead = timedelta(days=1)
    await ask(agent, await case.line(agent, VICTOR))
    later = await counted(case.service, found["incident_id"], "adverse-attempt", 3)
    assert later["warning"] != first
    assert later["warning"] in await _tasks(case)


async def test_a_mistake_and_a_duress_passcode_are_each_a_task_of_their_own(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    await ask(agent, line)
    (found,) = await incidents(case.service)
    assert len(await _tasks(case)) == 1
    await agent.made(f"{line}/mistake", {"said": "I told him her new flight"})
    mistaken = await counted(case.service, found["incident_id"], "mistake-reported", 1)
    await case.verified(agent, ALMA, DURESS)
    forced = await counted(case.service, found["incident_id"], "duress-passcode", 1)
    tasks = {found["warning"], mistaken["warning"], forced["warning"]}
    assert len(tasks) == 3
    assert await _tasks(case) == tasks


async def _tasks(case: Case) -> set[str]:
    """The tasks to warn somebody that are not over."""
    safety = case.service.by("agent", sub="safety-1", tier=3)
    listed = (await safety.get("/v1/commitments")).json()["commitments"]
    return {each["commitment_id"] for each in listed if each["kind"] == "warning"}


async def _warned(case: Case, task: str) -> None:
    safety = case.service.by("agent", sub="safety-1", tier=3)
    answered = await safety.made(f"/v1/commitments/{task}/answers", {"how": "message", "words": "she knows"})
    assert answered["status"] == "kept"


async def test_a_duress_passcode_is_silent_on_the_line_and_an_incident_elsewhere(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    lines = [await case.line(agent, ALMA) for _ in range(2)]
    answers = [
        (await agent.post(f"{line}/verifications", {"passcode": secret})).json()
        for line, secret in zip(lines, (PASSCODE, DURESS), strict=True)
    ]
    assert answers[0] == answers[1]
    assert leaks(await ask(agent, lines[1])) == []
    await passed(case.service)
    (found,) = found_in(await incidents(case.service, None), case.account)
    assert found["counts"] == {"duress-passcode": 1}
    assert found["warning"]


async def test_a_duress_passcode_that_is_refused_at_her_new_locator_is_an_incident_all_the_same(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA, NEW)
    assert not (await agent.made(f"{line}/verifications", {"passcode": DURESS}))["accepted"]
    await passed(case.service)
    (found,) = found_in(await incidents(case.service, None), case.account)
    assert found["counts"] == {"duress-passcode": 1}
    assert found["warning"]


async def test_06_attempts_of_several_calls_agents_and_sites_add_up_to_an_incident(case: Case) -> None:
    await case.fled()
    for number, site in enumerate(("manila", "sofia", "manila", "sofia", "manila")):
        agent = case.service.by("agent", sub=f"agent-{number}", site=site)
        line = await case.line(agent, {})  # he says nothing that is known of anybody
        assert await ask(agent, line) is None
        await agent.made(f"{line}/close")
    (found,) = await incidents(case.service)
    assert found["account_id"] == case.account
    await counted(case.service, found["incident_id"], "failed-attempts", 1)
    assert found["warning"]


async def test_no_incident_holds_anything_personal(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    await ask(agent, await case.line(agent, VICTOR, contact=HIS_PHONE))
    await ask(agent, await case.verified(agent, ALMA, DURESS))
    await passed(case.service)
    for role in ("legal", "auditor", "compliance"):
        text = (await case.service.by(role).get("/v1/incidents?status=all")).text
        assert leaks(text) == []
        for said in ("Grey", "Hale", "Alma", "Victor", HIS_PHONE, OLD, DURESS):
            assert said not in text


async def _asked(agent: Any, line: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await agent.post(f"{line}/disclosures", {"classes": CLASSES, "locator": OLD})).json()
    return answer


async def test_who_probed_her_account_does_not_answer_the_warning_himself(case: Case) -> None:
    await case.fled()
    bribed, friend = (case.service.by("agent", sub=sub, tier=3) for sub in ("bribed", "agent-2"))
    line = await case.line(bribed, VICTOR)
    await ask(bribed, line)
    (found,) = await incidents(case.service)
    # He hands the call on; whoever has had it, before or after, is no other person.
    code = (await bribed.made(f"{line}/transfer", {"to": {"kind": "agent", "name": "agent-2"}, "reason": "x"}))["code"]
    await friend.made("/v1/transfers/take", {"code": code})
    for calls in (bribed, friend):
        path = f"/v1/commitments/{found['warning']}/answers"
        problem(await calls.post(path, {"how": "message", "words": "done"}), 409, "another_person")
    assert found["warning"] in await _tasks(case)
    await _warned(case, found["warning"])


async def test_who_made_one_of_several_attempts_does_not_answer_the_warning_of_all(case: Case) -> None:
    await case.fled()
    for number in range(5):
        agent = case.service.by("agent", sub=f"agent-{number}", tier=3)
        assert await ask(agent, await case.line(agent, {})) is None
    (found,) = await incidents(case.service)
    for number in range(5):
        agent = case.service.by("agent", sub=f"agent-{number}", tier=3)
        answer = await agent.post(
            f"/v1/commitments/{found['warning']}/answers", {"how": "message", "words": "she knows"}
        )
        problem(answer, 409, "another_person")
    await _warned(case, found["warning"])


async def test_whoever_says_again_and_again_to_be_her_is_noticed(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    for _ in range(10):
        await ask(agent, await case.line(agent, ALMA))
    (found,) = await incidents(case.service)
    assert (found["account_id"], found["counts"]) == (case.account, {"unproved-claims": 1})
    assert found["warning"]


@pytest.mark.parametrize("wish", ["protection/end", "protection/stop", "release", "safe-contact", "passcodes"])
async def test_whoever_wishes_her_protection_away_unproved_is_noticed(case: Case, wish: str) -> None:
    bodies = {"release": {"all": True}, "safe-contact": {"safe_contact": {"kind": "phone", "value": HIS_PHONE}}}
    await case.fled()
    agent = case.service.by("agent")
    for _ in range(5):
        answer = await agent.post(f"{await case.line(agent, ALMA)}/{wish}", bodies.get(wish, {}))
        assert answer.status_code == 202
    (found,) = await incidents(case.service)
    assert (found["account_id"], found["counts"]) == (case.account, {"declined-wishes": 1})
    assert found["warning"]


async def test_a_mistake_is_about_the_account_it_was_made_on_though_the_contact_was_bound_anew(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    told = await _asked(agent, line)
    await agent.made(f"{line}/bind", {"locator": NOBODYS, "facts": {}})
    await agent.made(f"{line}/mistake", {"said": "he stood beside her", "decision_id": told["decision_id"]})
    await passed(case.service)
    (found,) = found_in(await incidents(case.service, None), case.account)
    assert found["counts"] == {"mistake-reported": 1}
    assert found["warning"] in await _tasks(case)
