"""Unsealing over HTTP: who asks, who answers, what opens and what stays sealed; all of it on record."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.api.problem import problem
from tests.api.test_history import walked
from tests.calling import Calls, Service
from tests.case import ALMA, DURESS, PASSCODE, SAFE, VICTOR, Case, ask
from tests.incidents import incidents
from tests.trips import CANARY, NEW, leaks

NO_ID = "0" * 32
BODY = {"purpose": "court_order", "words": "order 14/2026 of the district court"}


async def approved(service: Service, *, asker: str = "ada", by: str = "ben", **scope: str) -> str:
    """An unsealing that was asked for by an auditor and approved by another person; returns its id."""
    asked = await service.by("auditor", sub=asker).made("/v1/unsealings", {**BODY, **scope})
    answer = await service.by("compliance", sub=by).made(f"/v1/unsealings/{asked['unsealing_id']}/approve", {})
    assert answer["status"] == "approved"
    unsealing_id: str = answer["unsealing_id"]
    return unsealing_id


async def read(calls: Calls, account: str, unsealing: str = "") -> dict[str, str]:
    """Everything there is to read of an account, as text, by what it is."""
    tail = f"unsealing={unsealing}"
    found = {"history": json.dumps(await walked(calls, account, f"&{tail}"))}
    for what in ("differences", "views"):
        answer = await calls.get(f"/v1/accounts/{account}/{what}?{tail}")
        assert answer.status_code == 200, answer.text
        found[what] = answer.text
    return found


@pytest.fixture
async def fled(case: Case) -> Case:
    await case.fled(duress=DURESS)
    return case


async def test_what_two_people_agreed_to_open_is_open_and_nothing_before(fled: Case) -> None:
    service = fled.service
    ada = service.by("auditor", sub="ada")
    agent = service.by("agent")
    await ask(agent, await fled.line(agent, VICTOR, NEW), NEW)
    asked = await ada.made("/v1/unsealings", {**BODY, "account_id": fled.account})
    for text in (await read(ada, fled.account, asked["unsealing_id"])).values():
        assert leaks(text) == []
        assert SAFE not in text
    await service.by("legal", sub="ben").made(f"/v1/unsealings/{asked['unsealing_id']}/approve", {})
    opened = await read(ada, fled.account, asked["unsealing_id"])
    for what in ("history", "differences"):
        assert SAFE in opened[what]
        assert f"{CANARY}FLIGHT" in opened[what]
    assert f"{CANARY}FLIGHT" in opened["views"]
    assert "SHOWNQXFLIGHT" in opened["views"]
    locators = [
        entry["event"]["locator"]["value"]
        for entry in json.loads(opened["history"])
        if entry["name"] == "disclosure.attempted.v1" and entry["event"]["locator"]
    ]
    assert locators == [NEW]
    offered = [
        e["event"]["offered"]["value"] for e in json.loads(opened["history"]) if e["name"] == "interaction.bound.v1"
    ]
    assert any("Hale" in json.dumps(each) for each in offered)


async def test_a_passcodes_digest_is_never_opened(fled: Case) -> None:
    unsealing = await approved(fled.service, account_id=fled.account)
    opened = await read(fled.service.by("auditor", sub="ada"), fled.account, unsealing)
    (chosen,) = [e["event"] for e in json.loads(opened["history"]) if e["name"] == "passcode.set.v1"]
    assert chosen["digest"] == chosen["duress_digest"] == {"sealed": fled.alma}
    digests = [each for each in json.loads(opened["differences"])["account"] if each["path"].endswith("digest")]
    assert digests
    assert all(each["after"] == {"sealed": fled.alma} for each in digests)
    assert PASSCODE not in "".join(opened.values())
    assert "argon2" not in "".join(opened.values())


async def test_it_opens_nothing_of_another_account_nor_to_another_person(fled: Case) -> None:
    service = fled.service
    other = await Case.opened(service)
    theirs = await approved(service, account_id=other.account)
    ours = await approved(service, account_id=fled.account)
    ada, ben = service.by("auditor", sub="ada"), service.by("auditor", sub="ben")
    for calls, unsealing in ((ada, theirs), (ben, ours), (ada, NO_ID)):
        for text in (await read(calls, fled.account, unsealing)).values():
            assert '"opened":' not in text.replace(" ", "")
            assert '"unsealed":true' not in text
            assert leaks(text) == []


async def test_a_contact_that_was_about_two_accounts_opens_to_each_only_what_was_about_it(fled: Case) -> None:
    service, agent = fled.service, fled.service.by("agent")
    other = await Case.opened(service)
    line = await fled.line(agent, None)  # bound by ids: both accounts have a booking of this locator
    await agent.made(f"{line}/bind", {"account_id": fled.account, "facts": {**VICTOR, "email": "first@told.example"}})
    await agent.made(f"{line}/bind", {"account_id": other.account, "facts": {**ALMA, "email": "then@told.example"}})
    await ask(agent, line, "SAIDTHEN")
    ada = service.by("auditor", sub="ada")
    ours = (await read(ada, fled.account, await approved(service, account_id=fled.account)))["history"]
    theirs = (await read(ada, other.account, await approved(service, account_id=other.account)))["history"]
    assert "first@told.example" in ours
    assert "then@told.example" not in ours
    assert "SAIDTHEN" not in ours
    assert "first@told.example" not in theirs
    assert "then@told.example" in theirs
    assert "SAIDTHEN" in theirs


async def test_after_an_hour_or_when_it_was_ended_it_opens_nothing(fled: Case) -> None:
    service = fled.service
    ada = service.by("auditor", sub="ada")
    ended, lapsed = [await approved(service, account_id=fled.account) for _ in range(2)]
    assert (await service.by("compliance", sub="cem").made(f"/v1/unsealings/{ended}/end", {}))["status"] == "ended"
    service.clock.ahead += timedelta(minutes=59)
    assert CANARY not in (await read(ada, fled.account, ended))["history"]
    assert CANARY in (await read(ada, fled.account, lapsed))["history"]
    service.clock.ahead += timedelta(minutes=2)
    ada = service.by("auditor", sub="ada")
    for text in (await read(ada, fled.account, lapsed)).values():
        assert leaks(text) == []
    assert (await ada.get(f"/v1/unsealings/{lapsed}")).json()["status"] == "expired"
    problem(await service.by("legal", sub="cem").post(f"/v1/unsealings/{lapsed}/end"), 409, "over")


async def test_who_asked_cannot_answer_and_nobody_answers_twice(fled: Case) -> None:
    service = fled.service
    ada = service.by("auditor", sub="ada")
    asked = await ada.made("/v1/unsealings", {**BODY, "account_id": fled.account})
    path = f"/v1/unsealings/{asked['unsealing_id']}"
    for role in ("auditor", "legal", "compliance"):
        for answer in ("approve", "refuse"):
            problem(await service.by(role, sub="ada").post(f"{path}/{answer}"), 409, "another_person")
    assert (await service.by("legal", sub="ben").made(f"{path}/refuse"))["status"] == "refused"
    problem(await service.by("legal", sub="cem").post(f"{path}/approve"), 409, "answered_already")
    assert CANARY not in (await read(ada, fled.account, asked["unsealing_id"]))["history"]


async def test_who_may_ask_and_who_may_answer(fled: Case) -> None:
    service = fled.service
    body = {**BODY, "account_id": fled.account}
    asked = await service.by("legal", sub="lea").made("/v1/unsealings", body)
    path = f"/v1/unsealings/{asked['unsealing_id']}"
    for role in ("agent", "portal", "notifier", "back_office", "operations", "executive"):
        calls = service.by(role, tier=3)
        for where in (path, f"/v1/unsealings/{NO_ID}", "/v1/unsealings"):
            problem(await calls.get(where), 403, "forbidden")
        for where in ("/v1/unsealings", f"{path}/approve", f"{path}/refuse", f"{path}/end"):
            problem(await calls.post(where, body if where == "/v1/unsealings" else {}), 403, "forbidden")
    problem(await service.by("compliance").post("/v1/unsealings", body), 403, "forbidden")


async def test_asking_names_one_thing_that_is_there_and_a_purpose_of_the_list(fled: Case) -> None:
    ada = fled.service.by("auditor", sub="ada")
    problem(await ada.post("/v1/unsealings", BODY), 422, "one_scope")
    both = {**BODY, "account_id": fled.account, "incident_id": NO_ID}
    problem(await ada.post("/v1/unsealings", both), 422, "one_scope")
    problem(await ada.post("/v1/unsealings", {**BODY, "account_id": NO_ID}), 404, "unknown_account")
    problem(await ada.post("/v1/unsealings", {**BODY, "incident_id": NO_ID}), 404, "unknown_incident")
    for wrong in ({"purpose": "curiosity"}, {"words": ""}):
        assert (await ada.post("/v1/unsealings", {**BODY, "account_id": fled.account, **wrong})).status_code == 422


async def test_all_of_it_is_on_record_and_the_words_are_sealed(fled: Case) -> None:
    service = fled.service
    unsealing = await approved(service, account_id=fled.account)
    ada = service.by("auditor", sub="ada")
    page = await ada.get(f"/v1/accounts/{fled.account}/history?limit=2&unsealing={unsealing}")
    await ada.get(f"/v1/accounts/{fled.account}/views?unsealing={unsealing}")
    assert page.json()["unsealed"] is True
    entries = await walked(service.by("auditor", sub="cem"), fled.account)
    own = [e for e in entries if e["stream"] == f"unsealing:{unsealing}"]
    assert [e["name"] for e in own] == [
        "unsealing.asked.v1", "unsealing.approved.v1", "unsealing.used.v1", "unsealing.used.v1",
    ]  # fmt: skip
    assert own[0]["event"]["words"] == {"sealed": fled.account}
    used = [(e["event"]["reader"], e["event"]["reading"], e["event"]["until"]) for e in own[2:]]
    assert used[0] == ("ada", "history", page.json()["as_of"])
    assert used[1][:2] == ("ada", "views")
    reads = [e["event"] for e in entries if e["name"] == "account.history_read.v1"]
    assert [e["unsealing_id"] for e in reads if e["reading"] != "differences"][:2] == [unsealing, unsealing]
    told = (await ada.get(f"/v1/unsealings/{unsealing}")).json()
    assert (told["used"], told["words"], told["approver"]) == (2, BODY["words"], "ben")
    for table in ("idempotency_keys", "events"):
        assert "14/2026" not in await _rows(service, table)


async def _rows(service: Service, table: str) -> str:
    import sqlite3  # noqa: PLC0415 - for this one look

    with sqlite3.connect(service.settings.home / "watchword.sqlite") as connection:
        return str(connection.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608 - our own names


async def test_they_are_listed_newest_first_for_those_who_answer_them(fled: Case) -> None:
    service = fled.service
    first = await approved(service, account_id=fled.account)
    ada, cem = service.by("auditor", sub="ada"), service.by("compliance", sub="cem")
    second = (await ada.made("/v1/unsealings", {**BODY, "account_id": fled.account}))["unsealing_id"]
    listed = (await cem.get("/v1/unsealings?status=all&limit=1")).json()
    assert [each["unsealing_id"] for each in listed["unsealings"]] == [second]
    more = (await cem.get(f"/v1/unsealings?status=all&limit=1&cursor={listed['next_cursor']}")).json()
    assert [each["unsealing_id"] for each in more["unsealings"]] == [first]
    assert more["next_cursor"] is None
    (waits,) = (await cem.get("/v1/unsealings")).json()["unsealings"]
    assert (waits["unsealing_id"], waits["words"]) == (second, BODY["words"])
    (stands,) = (await cem.get("/v1/unsealings?status=approved")).json()["unsealings"]
    assert stands["unsealing_id"] == first
    assert service.app.state.desk.unsealings.verify(stands["statement"].encode(), stands["signature"])


async def test_what_was_not_signed_opens_nothing(fled: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    service = fled.service
    asked = await service.by("auditor", sub="ada").made("/v1/unsealings", {**BODY, "account_id": fled.account})
    desk = service.app.state.desk
    with monkeypatch.context() as patched:
        patched.setattr(desk, "unsealings", desk.approvals)  # a key of this installation, but another one
        await service.by("legal", sub="ben").made(f"/v1/unsealings/{asked['unsealing_id']}/approve")
    for text in (await read(service.by("auditor", sub="ada"), fled.account, asked["unsealing_id"])).values():
        assert leaks(text) == []


async def test_once_a_key_was_destroyed_there_is_a_tombstone(fled: Case) -> None:
    service = fled.service
    service.app.state.desk.keys.destroy(fled.victor)
    ada = service.by("auditor", sub="ada")
    unsealing = await approved(service, account_id=fled.account)
    for opened in ("", unsealing):
        found = await read(ada, fled.account, opened)
        added = [e["event"] for e in json.loads(found["history"]) if e["name"] == "party.added.v1"]
        his, hers = [
            next(each["profile"] for each in added if each["party_id"] == who) for who in (fled.victor, fled.alma)
        ]
        assert his == {"forgotten": fled.victor}
        assert next(iter(hers)) == ("opened" if opened else "sealed")
        (both,) = json.loads(found["views"])["bookings"]
        assert both["shown"]["document"]["forgotten"] == [fled.victor]
        assert "Hale" not in "".join(found.values())


async def test_nobody_asks_or_answers_about_an_incident_that_is_about_himself(service: Service) -> None:
    case = await Case.opened(service)
    curious = service.by("agent", sub="curious", tier=3)
    for number in range(12):
        await case.line(curious, {}, f"LOOK{number:02}")
    (found,) = await incidents(service)
    body: dict[str, Any] = {**BODY, "incident_id": found["incident_id"]}
    problem(await service.by("auditor", sub="curious").post("/v1/unsealings", body), 404, "unknown_incident")
    asked = await service.by("auditor", sub="ada").made("/v1/unsealings", body)
    himself = service.by("compliance", sub="curious")
    path = f"/v1/unsealings/{asked['unsealing_id']}"
    problem(await himself.get(path), 404, "unknown_unsealing")
    problem(await himself.post(f"{path}/approve"), 404, "unknown_unsealing")
    assert (await himself.get("/v1/unsealings?status=all")).json()["unsealings"] == []
    assert (await service.by("compliance", sub="ben").made(f"{path}/approve"))["status"] == "approved"
