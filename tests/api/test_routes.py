"""Every route on its happy path, and what each refuses."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.api.problem import problem
from tests.calling import BOOKING, Service
from tests.case import ALMA, LIFE, PASSCODE, SAFE, VICTOR, Case, ask, listed
from tests.trips import FORMAT, OLD, OLD_TRIP

NO_ID = "0" * 32


async def test_an_account_with_people_and_a_booking(service: Service) -> None:
    office = service.by("back_office")
    opened = await office.post("/v1/accounts", {"reference": "crm-1"})
    assert opened.status_code == 201
    assert opened.json().keys() == {"account_id"}
    account = opened.json()["account_id"]
    added = await office.post(f"/v1/accounts/{account}/parties", {"kind": "holder", "facts": ALMA})
    assert added.status_code == 201
    party = added.json()["party_id"]
    imported = await office.post(f"/v1/accounts/{account}/bookings", {"format": FORMAT, "document": OLD_TRIP})
    assert imported.status_code == 201
    told = imported.json()
    # The holder is found by her name; the other traveller is somebody new.
    assert [t["ref"] for t in told["travellers"]] == ["t1", "t2"]
    assert told["travellers"][0]["party_id"] == party
    assert (told["held_version"], told["stale"]) == (1, False)
    again = await office.made(f"/v1/accounts/{account}/bookings", {"format": FORMAT, "document": OLD_TRIP})
    assert again == {**told, "held_version": 2}


@pytest.mark.parametrize(
    "form, file", [("amadeus.pnr_reply", "amadeus_family.xml"), ("duffel.order", "duffel_pair.json")]
)
async def test_documents_of_real_systems_come_in(service: Service, form: str, file: str) -> None:
    office = service.by("back_office")
    account = (await office.made("/v1/accounts"))["account_id"]
    text = (BOOKING / file).read_text()
    document = json.loads(text) if file.endswith(".json") else text
    told = await office.made(f"/v1/accounts/{account}/bookings", {"format": form, "document": document})
    assert told["travellers"]


async def test_what_an_import_refuses(service: Service, case: Case) -> None:
    office = service.by("back_office")
    path = f"/v1/accounts/{case.account}/bookings"
    good = {"format": FORMAT, "document": OLD_TRIP}
    problem(await office.post(f"/v1/accounts/{NO_ID}/bookings", good), 404, "unknown_account", "account_id")
    problem(await office.post(path, {**good, "booking_id": NO_ID}), 422, "unknown_booking", "booking_id")
    problem(
        await office.post(path, {**good, "travellers": {"t9": case.alma}}), 422, "unknown_traveller", "travellers.t9"
    )
    problem(await office.post(path, {**good, "travellers": {"t1": NO_ID}}), 422, "unknown_party", "travellers.t1")
    problem(await office.post(path, {**good, "format": "sabre"}), 422, "document_rejected")
    broken = {**OLD_TRIP, "segments": [{"origin": "heathrow"}]}
    place = problem(await office.post(path, {**good, "document": broken}), 422, "document_rejected")["place"]
    assert "segments" in place
    both = {"t1": case.alma, "t2": case.alma}
    problem(await office.post(path, {**good, "travellers": both}), 422, "document_rejected")
    assert [e["name"] for e in await case.history()].count("account.booking_added.v1") == 1


async def test_an_interaction_from_open_to_close(service: Service, case: Case) -> None:
    agent = service.by("agent")
    opened = await agent.post("/v1/interactions", {"contact_id": "+447700900123", "channel": "call"})
    assert opened.status_code == 201
    line = f"/v1/interactions/{opened.json()['interaction_id']}"
    assert await listed(agent, line) == []
    bound = await agent.post(f"{line}/bind", {"locator": f" {OLD.lower()} ", "facts": VICTOR})
    assert (bound.status_code, bound.json()["next_step"]) == (200, "ask")
    assert len(await listed(agent, line)) == 1
    document = await ask(agent, line)
    assert [segment["origin"] for segment in document["segments"]] == ["LHR"]
    joined = await agent.post(f"{line}/listeners", {"kind": "third_party"})
    assert joined.status_code == 201
    assert await ask(agent, line) is None
    left = await agent.send("DELETE", f"{line}/listeners/{joined.json()['listener_id']}")
    assert left.status_code == 200
    assert await ask(agent, line) == document
    closed = await agent.post(f"{line}/close")
    assert closed.json()["status"] == "closed"
    assert await ask(agent, line) is None
    problem(await agent.post(f"{line}/close"), 409, "interaction_over")


async def test_what_an_interaction_refuses(service: Service, case: Case) -> None:
    agent = service.by("agent")
    nowhere = f"/v1/interactions/{NO_ID}"
    for path, body in (
        ("bind", {"locator": OLD, "facts": ALMA}),
        ("verifications", {"passcode": "x"}),
        ("disclosures", {"classes": ["E"]}),
        ("passcodes", {}),
        ("listeners", {"kind": "customer"}),
        ("close", None),
    ):
        problem(await agent.send("POST", f"{nowhere}/{path}", body), 404, "unknown_interaction", "interaction_id")
    problem(await agent.get(f"{nowhere}/bookings"), 404, "unknown_interaction", "interaction_id")
    line = await case.line(agent, ALMA)
    problem(await agent.send("DELETE", f"{line}/listeners/caller"), 409, "caller_stays")
    problem(await agent.send("DELETE", f"{line}/listeners/{NO_ID}"), 404, "unknown_listener", "listener_id")
    for _ in range(15):
        await agent.made(f"{line}/listeners", {"kind": "customer"})
    problem(await agent.post(f"{line}/listeners", {"kind": "customer"}), 409, "too_many_listeners")
    service.clock.ahead = timedelta(hours=9)
    problem(await agent.post(f"{line}/bind", {"locator": OLD, "facts": ALMA}), 409, "interaction_over")
    assert await ask(agent, line) is None


async def test_protection_and_its_two_confirmations(service: Service, case: Case) -> None:
    agent = service.by("agent", sub="starter")
    path = f"/v1/accounts/{case.account}/protection"
    body = {"protected_party_id": case.alma, "safe_contact": {"kind": "phone", "value": SAFE}}
    started = await agent.post(path, body)
    assert (started.status_code, started.json()["status"]) == (201, "provisional")
    confirmation = {"protection_id": started.json()["protection_id"]}
    one, two = (service.by("agent", sub=f"safety-{number}", tier=3) for number in (1, 2))
    starter = service.by("agent", sub="starter", tier=3)
    problem(await starter.post(f"{path}/confirm", confirmation), 409, "another_person")
    assert (await one.made(f"{path}/confirm", confirmation))["status"] == "provisional"
    problem(await one.post(f"{path}/confirm", confirmation), 409, "another_person")
    assert await two.made(f"{path}/confirm", confirmation) == {**confirmation, "status": "confirmed", "until": None}
    problem(await two.post(f"{path}/confirm", confirmation), 409, "confirmed_already")


async def test_what_a_protection_refuses(service: Service, case: Case) -> None:
    agent, safety = service.by("agent"), service.by("agent", sub="safety", tier=3)
    path = f"/v1/accounts/{case.account}/protection"
    body = {"protected_party_id": case.alma, "safe_contact": {"kind": "phone", "value": SAFE}}
    problem(await agent.post(f"/v1/accounts/{NO_ID}/protection", body), 404, "unknown_account", "account_id")
    problem(await agent.post(path, {**body, "protected_party_id": NO_ID}), 422, "unknown_party", "protected_party_id")
    for adverse in ([NO_ID], [case.alma]):
        problem(await agent.post(path, {**body, "adverse_party_ids": adverse}), 422, place="adverse_party_ids[0]")
    problem(await safety.post(f"{path}/confirm", {"protection_id": NO_ID}), 404, "unknown_protection")
    protection = await case.protect(confirmed=False)
    service.clock.ahead = timedelta(hours=73)
    problem(await safety.post(f"{path}/confirm", {"protection_id": protection}), 409, "lapsed")


async def test_a_split_is_declared_with_a_document_or_without(service: Service, case: Case) -> None:
    safety = service.by("agent", tier=3)
    path = f"/v1/bookings/{case.booking}/split"
    body = {"life": LIFE, "reason": "reissued on a new record"}
    problem(await safety.post(path, body), 409, "not_protected")
    problem(await safety.post(f"/v1/bookings/{NO_ID}/split", body), 404, "unknown_booking", "booking_id")
    await case.fled()
    problem(await safety.post(path, {**body, "life": {"check_in": "follow"}}), 422, "life_incomplete", "life")
    problem(await safety.post(path, {**body, "life": {**LIFE, "weather": "keep"}}), 422, "bad_body")
    stranger = {**OLD_TRIP, "travellers": [{"subjects": ["t1"], "surname": "Stranger"}]}
    problem(await safety.post(path, {**body, "format": FORMAT, "document": stranger}), 422, "unknown_party", "document")
    assert (await safety.made(path, body))["status"] == "open"
    agent = service.by("agent")
    line = await case.line(agent, VICTOR)
    frozen = await ask(agent, line)
    changed = {**OLD_TRIP, "segments": [{**OLD_TRIP["segments"][0], "departure_terminal": "moved"}]}
    await safety.made(path, {**body, "format": FORMAT, "document": changed})
    assert frozen["segments"][0]["departure_terminal"] == "SHOWNQXTERMINAL"
    assert (await ask(agent, line))["segments"][0]["departure_terminal"] == "moved"


async def test_a_passcode_is_asked_for_chosen_and_proved(service: Service, case: Case) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    assert (await agent.post(f"{line}/passcodes", {})).status_code == 202
    chosen = await case.choose("alma@shared.example")
    assert chosen.json() == {"status": "set", "passcode": ""}
    assert await ask(agent, line) is None  # from now on it gates her
    assert (await agent.made(f"{line}/verifications", {"passcode": PASSCODE}))["accepted"]
    assert (await ask(agent, line))["identity"]


async def test_a_call_back_is_for_a_call_back(service: Service, case: Case) -> None:
    supervisor = service.by("agent", tier=3)
    line = await case.line(supervisor, ALMA)
    problem(await supervisor.post(f"{line}/call-backs", {}), 409, "not_a_call_back", "interaction_id")


async def test_the_policy_in_force_and_a_new_one(service: Service) -> None:
    auditor, compliance = service.by("auditor"), service.by("compliance")
    before = (await auditor.get("/v1/policy")).json()
    assert before["version"] == 1
    assert "verified-hears-own-held" in before["rules"]
    text = (Path(__file__).parents[2] / "service" / "policies" / "default.cedar").read_text()
    same = await compliance.made("/v1/policy", {"text": text})
    assert same == {"version": 1, "digest": before["digest"], "changed_cells": 0}
    problem(await compliance.post("/v1/policy", {"text": "permit ("}), 422, "policy-rejected", "policy")
    when = 'when { context.protection == Protection::"other" }'
    wide = text + f'\n@id("oops") permit (principal == Standing::"unknown", action, resource) {when};'
    problem(await compliance.post("/v1/policy", {"text": wide}), 422, "policy-rejected", "policy")
    none = await compliance.made("/v1/policy", {"text": '@id("nobody") forbid (principal, action, resource);'})
    assert none["version"] == 2
    assert none["changed_cells"] > 100
    assert (await auditor.get("/v1/policy")).json()["rules"] == ["nobody"]


async def test_a_policy_is_in_force_from_the_next_question_on(service: Service, case: Case) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    assert await ask(agent, line) is not None
    text = '@id("nobody") forbid (principal, action, resource);'
    await service.by("compliance").made("/v1/policy", {"text": text})
    assert await ask(agent, line) is None


async def test_alive_and_ready(service: Service) -> None:
    assert (await service.client.get("/healthz")).json() == {"status": "alive"}
    assert (await service.client.get("/readyz")).json() == {"status": "ready"}
