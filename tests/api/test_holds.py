"""Legal holds, and forgetting a person: who may, what stops it, and what is left of the person afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.desk.clock import wall
from service.record import finishing, forgetting
from tests.calling import Service, errands, serving
from tests.case import ALMA, PASSCODE, VICTOR, Case, ask, case, service, told
from tests.trips import OLD

__all__ = ["case", "service"]

WHY = {"reason": "asked_by_the_person", "words": "her letter of the third"}


def later(days: int = 30) -> str:
    return (wall() + timedelta(days=days)).isoformat()


async def place(service: Service, scope: str, about: str, until: str = "") -> dict[str, Any]:
    body = {"scope": scope, "about": about, "reason": "litigation", "words": "a claim", "until": until or later()}
    return await service.by("legal").made("/v1/holds", body)


async def forget(service: Service, party: str) -> dict[str, Any]:
    """Ask, and have another person confirm."""
    asked = await service.by("legal", sub="legal-1").made(f"/v1/parties/{party}/forget", WHY)
    body = {**WHY, "digest": asked["digest"]}
    return await service.by("compliance", sub="compliance-1").made(f"/v1/parties/{party}/forget", body)


async def test_a_hold_is_placed_extended_and_lifted_on_record(case: Case) -> None:
    legal = case.service.by("legal")
    placed = await place(case.service, "account", case.account)
    assert placed["status"] == "standing"
    assert placed["owner"] == "legal-1"
    for party in (case.alma, case.victor):
        covering = (await legal.get(f"/v1/holds?party_id={party}")).json()["holds"]
        assert [each["hold_id"] for each in covering] == [placed["hold_id"]]
    path = f"/v1/holds/{placed['hold_id']}"
    sooner = await legal.post(f"{path}/extend", {"until": later(1), "words": "w"})
    assert sooner.status_code == 422, sooner.text
    extended = await legal.made(f"{path}/extend", {"until": later(60), "words": "put off"})
    assert extended["until"] > placed["until"]
    assert (await legal.made(f"{path}/lift", {"words": "over"}))["status"] == "lifted"
    again = await legal.post(f"{path}/lift", {"words": "over"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:watchword:problem:hold_over")
    assert (await legal.get("/v1/holds")).json()["holds"] == []
    every = (await legal.get("/v1/holds?status=all")).json()["holds"]
    assert [each["status"] for each in every] == ["lifted"]
    before = (wall() - timedelta(days=1)).isoformat().replace("+", "%2B")
    assert (await legal.get(f"/v1/holds?party_id={case.alma}&at={before}")).json()["holds"] == []
    missing = await legal.post("/v1/holds/0000/extend", {"until": later(), "words": "w"})
    assert missing.status_code == 404
    for scope in ("party", "account", "incident"):
        body = {"scope": scope, "about": "nobody", "reason": "other", "words": "w", "until": later()}
        refused = await legal.post("/v1/holds", body)
        assert refused.json()["type"] == f"urn:watchword:problem:unknown_{scope}"


async def test_a_hold_expires_and_covers_until_then(case: Case) -> None:
    await place(case.service, "party", case.alma, later(2))
    legal = case.service.by("legal")
    assert len((await legal.get(f"/v1/holds?party_id={case.alma}")).json()["holds"]) == 1
    assert (await legal.get(f"/v1/holds?party_id={case.victor}")).json()["holds"] == []
    case.service.clock.ahead += timedelta(days=3)
    assert (await case.service.by("legal").get(f"/v1/holds?party_id={case.alma}")).json()["holds"] == []


@pytest.mark.parametrize("scope", ["party", "account", "incident"])
async def test_nobody_under_a_hold_is_forgotten_and_the_refusal_is_on_record(case: Case, scope: str) -> None:
    about = {"party": case.alma, "account": case.account}.get(scope, "")
    if not about:
        about = await incident_of(case)
    placed = await place(case.service, scope, about)
    asked = await case.service.by("legal").post(f"/v1/parties/{case.alma}/forget", WHY)
    assert (asked.status_code, asked.json()["type"]) == (409, "urn:watchword:problem:held")
    stream = case.service.app.state.desk.log.read(f"forgetting:{case.alma}")
    assert [each.topic for each in stream] == ["forgetting.refused.v1"]
    assert placed["hold_id"].encode() in stream[0].state
    await case.service.by("legal").made(f"/v1/holds/{placed['hold_id']}/lift", {"words": "over"})
    assert (await forget(case.service, case.alma))["status"] == "forgotten"


async def incident_of(case: Case) -> str:
    """An incident about the account: somebody says that he told too much."""
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    await agent.made(f"{line}/mistake", {"said": "all of it", "decision_id": ""})
    for _ in range(200):
        found = (await case.service.by("legal").get("/v1/incidents")).json()["incidents"]
        if found:
            return str(found[0]["incident_id"])
        await asyncio.sleep(0.02)
    raise AssertionError("no incident opened")


async def test_a_hold_placed_between_the_two_words_stops_it(case: Case) -> None:
    legal = case.service.by("legal")
    asked = await legal.made(f"/v1/parties/{case.alma}/forget", WHY)
    await place(case.service, "party", case.alma)
    body = {**WHY, "digest": asked["digest"]}
    refused = await case.service.by("compliance").post(f"/v1/parties/{case.alma}/forget", body)
    assert refused.json()["type"] == "urn:watchword:problem:held"
    assert case.service.app.state.desk.keys.has_all([case.alma])


async def test_it_takes_two_and_the_very_digest(case: Case) -> None:
    legal, path = case.service.by("legal"), f"/v1/parties/{case.alma}/forget"
    early = await case.service.by("compliance").post(path, {**WHY, "digest": "0" * 64})
    assert early.json()["type"] == "urn:watchword:problem:nothing_asked"
    asked = await legal.made(path, WHY)
    assert asked["status"] == "asked"
    own = await legal.post(path, {**WHY, "digest": asked["digest"]})
    assert own.json()["type"] == "urn:watchword:problem:another_person"
    other = await case.service.by("compliance").post(path, {**WHY, "digest": "0" * 64})
    assert other.json()["type"] == "urn:watchword:problem:another_digest"
    assert (await legal.post("/v1/parties/nobody/forget", WHY)).status_code == 404
    case.service.clock.ahead += timedelta(days=8)
    late = await case.service.by("compliance").post(path, {**WHY, "digest": asked["digest"]})
    assert late.json()["type"] == "urn:watchword:problem:lapsed"


async def test_neither_the_protected_nor_the_one_she_is_protected_from_is_forgotten(case: Case) -> None:
    await case.fled()
    legal = case.service.by("legal")
    hers = await legal.post(f"/v1/parties/{case.alma}/forget", WHY)
    assert hers.json()["type"] == "urn:watchword:problem:protected"
    his = await legal.post(f"/v1/parties/{case.victor}/forget", WHY)
    assert his.json()["type"] == "urn:watchword:problem:named_adverse"


async def test_what_goes_is_told_first_and_nothing_has_gone_by_that(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    assert await ask(agent, line) is not None
    his = await case.line(agent, VICTOR)
    asked = await case.service.by("legal").made(f"/v1/parties/{case.alma}/forget", WHY)
    kinds = {each["subject"]: each for each in asked["keys"]}
    assert kinds[case.alma]["kind"] == "party"
    assert kinds[line.rpartition("/")[2]]["kind"] == "contact"
    assert his.rpartition("/")[2] not in kinds
    assert [(each["subject"], each["why"]) for each in asked["stays"]] == [(case.booking, "others_travel_on_it")]
    assert asked["events"] >= 3
    assert await ask(agent, line) is not None


async def test_whoever_is_forgotten_is_nobody_and_everybody_else_goes_on(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    seen = await ask(agent, line)
    assert "Grey" in str(seen)
    his = await case.line(agent, VICTOR)
    answer = await forget(case.service, case.alma)
    assert (answer["status"], answer["left"]) == ("forgotten", "")
    again = await agent.post(f"{line}/disclosures", {"locator": OLD, "classes": ["E"]})
    assert again.status_code == 409, again.text
    fresh = await case.line(agent, ALMA)
    assert await ask(agent, fresh) is None
    heard = await ask(agent, his)
    assert heard is not None
    assert "Grey" not in str(heard)
    twice = await case.service.by("legal").post(f"/v1/parties/{case.alma}/forget", WHY)
    assert twice.json()["type"] == "urn:watchword:problem:forgotten_already"


async def test_the_history_has_a_tombstone_and_the_account_goes_on(case: Case) -> None:
    await forget(case.service, case.alma)
    history = await case.history()
    added = [each for each in history if each["name"] == "party.added.v1"]
    assert added[0]["event"]["profile"] == {"forgotten": case.alma}
    assert added[1]["event"]["profile"] == {"sealed": case.victor}
    office = case.service.by("back_office")
    body = {"kind": "traveller", "facts": {"surname": "Grey", "given_name": "Alma"}}
    assert (await office.made(f"/v1/accounts/{case.account}/parties", body))["party_id"] != case.alma
    protect = {
        "protected_party_id": case.alma,
        "safe_contact": {"kind": "phone", "value": "+447700900777"},
        "adverse_party_ids": [],
    }
    refused = await case.service.by("agent").post(f"/v1/accounts/{case.account}/protection", protect)
    assert refused.status_code in (404, 422), refused.text


async def test_her_passcode_and_her_open_call_are_worth_nothing_afterwards(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    await agent.made(f"{line}/passcodes", {})
    assert (await case.choose("alma@shared.example")).status_code == 200
    proved = await case.verified(agent, ALMA, PASSCODE)
    assert await ask(agent, proved) is not None
    await forget(case.service, case.alma)
    assert (await agent.post(f"{proved}/disclosures", {"locator": OLD, "classes": ["E"]})).status_code == 409
    fresh = await case.line(agent, ALMA)
    tried = await agent.made(f"{fresh}/verifications", {"passcode": PASSCODE})
    assert tried == {"accepted": False} or tried["accepted"] is False


async def test_another_replica_lets_go_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as one, serving(tmp_path / "home") as two:
        case = await Case.opened(one)
        other = two.by("agent")
        line = await case.line(other, VICTOR)
        assert "Grey" in str(told(await other.post(f"{line}/disclosures", {"locator": OLD, "classes": ["E", "P"]})))
        assert two.app.state.desk.keys.has_all([case.alma])
        assert await forget(one, case.alma)
        # No waiting: what it answers next is decided on an account that has forgotten her.
        heard = told(await other.post(f"{line}/disclosures", {"locator": OLD, "classes": ["E", "P"]}))
        assert "Grey" not in str(heard)
        assert not two.app.state.desk.keys.has_all([case.alma])


async def test_a_replica_that_nobody_asks_anything_lets_go_too(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as one, serving(tmp_path / "home") as two:
        case = await Case.opened(one)
        other = two.by("agent")
        line = await case.line(other, ALMA)
        assert "Grey" in str(told(await other.post(f"{line}/disclosures", {"locator": OLD, "classes": ["E", "P"]})))
        keys = two.app.state.desk.keys
        contact = line.rpartition("/")[2]
        assert keys.has_all([case.alma, contact])
        await forget(one, case.alma)
        for _ in range(200):
            if not keys.has_all([case.alma]) and not keys.has_all([contact]):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("its keys are still in memory")


async def test_what_was_said_of_a_hold_that_is_over_goes_along(case: Case) -> None:
    placed = await place(case.service, "party", case.alma)
    await case.service.by("legal").made(f"/v1/holds/{placed['hold_id']}/lift", {"words": "over"})
    asked = await case.service.by("legal").made(f"/v1/parties/{case.alma}/forget", WHY)
    kinds = {each["subject"]: (each["kind"], each["values"]) for each in asked["keys"]}
    assert kinds[placed["hold_id"]] == ("hold", 2)
    body = {**WHY, "digest": asked["digest"]}
    await case.service.by("compliance").made(f"/v1/parties/{case.alma}/forget", body)
    assert case.service.app.state.desk.keys.forgotten(placed["hold_id"])


async def test_no_letter_follows_her_and_none_is_left(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    await agent.made(f"{line}/passcodes", {})
    await case.message("alma@shared.example")
    asked = await case.service.by("legal").made(f"/v1/parties/{case.alma}/forget", WHY)
    assert asked["letters"] == 1
    body = {**WHY, "digest": asked["digest"]}
    await case.service.by("compliance").made(f"/v1/parties/{case.alma}/forget", body)
    await errands()
    assert [each for each in case.service.outbox() if each["to_value"] == "alma@shared.example"] == []


async def test_the_last_traveller_takes_the_booking_along(case: Case) -> None:
    await forget(case.service, case.alma)
    asked = await case.service.by("legal").made(f"/v1/parties/{case.victor}/forget", WHY)
    kinds = {each["subject"]: each["kind"] for each in asked["keys"]}
    assert kinds[case.booking] == "booking"
    assert asked["locators"] >= 1
    desk = case.service.app.state.desk
    mark = bytes.fromhex(desk.marks.locator(OLD))
    assert desk.log.find_locator(mark)
    body = {**WHY, "digest": asked["digest"]}
    await case.service.by("compliance").made(f"/v1/parties/{case.victor}/forget", body)
    assert not desk.log.find_locator(mark)
    agent = case.service.by("agent")
    assert await ask(agent, await case.line(agent, VICTOR)) is None


async def test_a_forgetting_that_was_broken_off_is_finished_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken_off(*_: object) -> None:
        return None

    async with serving(tmp_path / "home") as service:
        case = await Case.opened(service)
        agent = service.by("agent")
        await agent.made(f"{await case.line(agent, ALMA)}/passcodes", {})
        await case.message("alma@shared.example")
        monkeypatch.setattr(forgetting, "finish", broken_off)
        monkeypatch.setattr(finishing, "finish", broken_off)
        assert (await forget(service, case.alma))["status"] == "confirmed"
        assert [each.topic for each in service.app.state.desk.log.read(f"forgetting:{case.alma}")][-1] == (
            "forgetting.confirmed.v1"
        )
        assert service.outbox()
    monkeypatch.undo()
    async with serving(tmp_path / "home") as service:
        desk = service.app.state.desk
        for _ in range(300):
            if desk.log.read(f"forgetting:{case.alma}")[-1].topic == "forgetting.completed.v1":
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("nobody finished it")
        assert service.outbox() == []
        assert desk.keys.forgotten(case.alma)
