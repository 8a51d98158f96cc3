"""Requests of the record that succeed once: an incident, a decision, an unsealing, a bundle, a hold, the ledger."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.calling import Service
from tests.case import VICTOR, Case

EVERYBODY = "everybody"
PATIENCE_S = 30.0
COURT = {"purpose": "court_order", "words": "order of 1 March, paragraph 4"}

Prepared = dict[str, list[dict[str, Any]]]


async def of_the_record(service: Service, found: Prepared, case: Case, line: str) -> None:
    """Everything about one protected account and `line`, a contact of it in which its adverse party asks."""
    agent = service.by("agent", sub="other")
    asked = {"classes": ["E", "I"], "booking_id": case.booking}
    decision = (await agent.made(f"{line}/disclosures", asked))["decision_id"]
    for operation in ("read_decision", "replay_decision"):
        found[operation].append({"path": {"decision_id": decision}, "body": None})
    await _unsealings(service, found, case)
    await _incident(service, found, await _found(service, case))
    for operation, body in (
        ("extend_hold", {"until": "2031-01-01T00:00:00Z", "words": "put off"}),
        ("lift_hold", {"words": "the case is closed"}),
    ):
        hold = {"scope": "account", "about": case.account, "reason": "police_investigation", "words": "asked for"}
        placed = await service.by("legal").made("/v1/holds", {**hold, "until": "2030-01-01T00:00:00Z"})
        found[operation].append({"path": {"hold_id": placed["hold_id"]}, "body": body})
    other = await Case.opened(service)
    found["forget_party"].append(
        {"path": {"party_id": other.victor}, "body": {"reason": "asked_by_the_person", "words": "his letter"}}
    )
    for operation, path in (
        ("read_current_tile", {"level": "0", "number": "000"}),
        ("read_current_entries", {"number": "000"}),
        ("read_proof", {"position": "7"}),
    ):
        found[operation].append({"path": path, "body": None})


async def _unsealings(service: Service, found: Prepared, case: Case) -> None:
    """One for each thing that may become of it; `EVERYBODY` is never the asker."""
    asker, lead = service.by("auditor", sub="auditor-9"), service.by("compliance", sub="compliance-9")
    for operation in ("approve_unsealing", "refuse_unsealing", "end_unsealing", "read_unsealing"):
        made = (await asker.made("/v1/unsealings", {**COURT, "account_id": case.account}))["unsealing_id"]
        if operation == "end_unsealing":
            await lead.made(f"/v1/unsealings/{made}/approve", {})
        found[operation].append({"path": {"unsealing_id": made}, "body": None if operation == "read_unsealing" else {}})


async def _incident(service: Service, found: Prepared, incident: str) -> None:
    legal, path = service.by("legal", sub="legal-9"), f"/v1/incidents/{incident}"
    entry = (await legal.get(f"{path}/timeline")).json()["entries"][0]["position"]
    number = (await legal.made(f"{path}/exhibits", {"position": entry}))["number"]
    export = (await legal.made(f"{path}/exports", {"for_whom": "the High Court", **COURT}))["export_id"]
    until = time.monotonic() + PATIENCE_S
    while (await legal.get(f"/v1/exports/{export}")).json()["status"] != "made":
        assert time.monotonic() < until, "the bundle was not made"
        await asyncio.sleep(0.1)
    for operation, more, body in (
        ("read_timeline", {}, None),
        ("list_exhibits", {}, None),
        ("list_exports", {}, None),
        ("add_exhibit", {}, {"position": entry}),
        ("change_annotations", {}, {"position": entry, "pinned": True}),
        ("withdraw_exhibit", {"number": str(number)}, {"words": "of another customer"}),
        ("ask_export", {}, {"for_whom": "the High Court", **COURT}),
    ):
        found[operation].append({"path": {"incident_id": incident, **more}, "body": body})
    for operation in ("read_export", "read_export_bag"):
        found[operation].append({"path": {"export_id": export}, "body": None})


async def _found(service: Service, case: Case) -> str:
    """The incident that an adverse attempt on this account opens by itself."""
    legal = service.by("legal", sub="legal-9")
    until = time.monotonic() + PATIENCE_S
    while True:
        for each in (await legal.get("/v1/incidents?limit=200")).json()["incidents"]:
            if each["account_id"] == case.account:
                incident: str = each["incident_id"]
                return incident
        assert time.monotonic() < until, "no incident was opened"
        await asyncio.sleep(0.1)


async def adverse_line(service: Service, case: Case) -> str:
    """A contact in which the adverse party is identified, bound by the account's id."""
    agent = service.by("agent", sub="other")
    line = await case.line(agent, None)
    await agent.made(f"{line}/bind", {"account_id": case.account, "facts": VICTOR})
    return line
