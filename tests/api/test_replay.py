"""One decision made again over HTTP: the same, on record, for auditors alone; otherwise where the record is altered."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from domain.auditing import DecisionReplayed
from tests.calling import Service
from tests.case import ALMA, PASSCODE, VICTOR, Case, case, service
from tests.replays import recorded
from tests.trips import OLD

__all__ = ["case", "service"]  # fixtures


async def made(case: Case, calls: Any, line: str, classes: list[str]) -> str:
    """A question, and the id of its decision."""
    answer = await calls.made(f"{line}/disclosures", {"classes": classes, "locator": OLD})
    found: str = answer["decision_id"]
    return found


async def test_a_decision_comes_out_the_same_and_that_it_was_read_is_on_record(case: Case) -> None:
    agent, auditor = case.service.by("agent"), case.service.by("auditor", sub="ann")
    before = await made(case, agent, await case.line(agent, VICTOR), ["E", "I"])
    await case.fled()
    after = await made(case, agent, await case.line(agent, VICTOR), ["E", "I"])
    hers = await made(case, agent, await case.verified(agent, ALMA, PASSCODE), ["E", "I"])
    views = {}
    for decision_id in (before, after, hers):
        told = await auditor.made(f"/v1/decisions/{decision_id}/replay")
        assert (told["decision_id"], told["same"], told["differs"]) == (decision_id, True, [])
        assert told["recorded"] == told["again"]
        assert told["inferred"] is False
        views[decision_id] = told["again"]["view"]
    # What was held then was decided on what was true then.
    assert views == {before: "held", after: "shown", hers: "held"}
    asked = await agent.made(f"{await case.line(agent, ALMA)}/actions", {"action": "cancel", "locator": OLD})
    told = await auditor.made(f"/v1/decisions/{asked['decision_id']}/replay")
    assert (told["same"], told["again"]["route"]) == (True, "tier_3")
    kept = [each for each in recorded(case.service.settings.database_url) if isinstance(each.event, DecisionReplayed)]
    assert [each.stream for each in kept] == ["reader:ann"] * 4
    assert [each.event.same for each in kept if isinstance(each.event, DecisionReplayed)] == [True] * 4


async def test_nobody_but_an_auditor_has_a_decision_made_again(case: Case) -> None:
    agent = case.service.by("agent")
    decision_id = await made(case, agent, await case.line(agent, VICTOR), ["E"])
    for role in ("agent", "back_office", "legal", "compliance", "operations", "portal"):
        answer = await case.service.by(role, tier=3 if role == "agent" else None).post(
            f"/v1/decisions/{decision_id}/replay"
        )
        assert answer.status_code == 403


async def test_a_decision_that_is_none_is_unknown_and_that_it_was_asked_for_is_on_record(service: Service) -> None:
    answer = await service.by("auditor", sub="ann").post(f"/v1/decisions/{'0' * 32}/replay")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("unknown_decision")
    (kept,) = [each for each in recorded(service.settings.database_url) if isinstance(each.event, DecisionReplayed)]
    assert kept.event == DecisionReplayed(decision_id="0" * 32, same=None)


async def test_what_was_altered_comes_out_otherwise(case: Case) -> None:
    agent, auditor = case.service.by("agent"), case.service.by("auditor")
    decision_id = await made(case, agent, await case.line(agent, VICTOR), ["E", "I"])
    path = case.service.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        query = "SELECT position, state FROM events WHERE instr(state, ?) ORDER BY position LIMIT 1"
        ((position, state),) = database.execute(query, (decision_id.encode(),))
        stored = json.loads(state)
        stored["event"]["outcome"], stored["event"]["view"] = "withheld", ""
        database.execute("UPDATE events SET state = ? WHERE position = ?", (json.dumps(stored).encode(), position))
    told = await auditor.made(f"/v1/decisions/{decision_id}/replay")
    assert told["same"] is False
    assert {each["what"]: (each["recorded"], each["again"]) for each in told["differs"]} == {
        "outcome": ("withheld", "disclosed"),
        "view": ("", "held"),
    }
