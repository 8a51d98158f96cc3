"""Incidents, rules and webhooks on the command line, against the real service on both databases."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from service.demo.running import Running
from tests.service.test_cli import AGENT, COMPLIANCE, SAFETY, Run, run

__all__ = ["run"]  # a fixture

LEGAL, OPERATIONS = ("legal", 0, "legal-1"), ("operations", 0, "operations-1")


def until(found: Callable[[], Any]) -> Any:
    end = monotonic() + 10
    while not (given := found()):
        assert monotonic() < end
        sleep(0.05)
    return given


def probed(run: Run, at: Running, times: int) -> None:
    """Somebody asks in vain, in one contact, by a locator that is nobody's."""
    opened = run("interaction", "open", "--contact", secrets.token_hex(4), "--json", at=at, who=AGENT).told()
    line = opened["interaction_id"]
    locator = f"X{secrets.token_hex(4)}"
    assert run("interaction", "bind", line, "--locator", locator, at=at, who=AGENT).code == 0
    for _ in range(times):
        asked = run("ask", line, "--locator", locator, "--json", at=at, who=AGENT).told()
        assert asked["outcome"] == "withheld"


def test_what_is_found_is_listed_shown_and_closed(run: Run, any_server: Running) -> None:
    at = any_server

    def listed(*words: str) -> list[dict[str, Any]]:
        told = run("incident", "list", "--json", "--limit", "200", *words, at=at, who=LEGAL).told()
        found: list[dict[str, Any]] = told["incidents"]
        return found

    before = {each["incident_id"] for each in listed()}
    probed(run, at, 5)
    (new,) = until(lambda: [each for each in listed() if each["incident_id"] not in before])
    assert new["counts"] == {"failed-attempts": 1}
    assert new["incident_id"] in run("incident", "list", at=at, who=SAFETY).said()
    shown = run("incident", "show", new["incident_id"], "--json", at=at, who=LEGAL).told()
    assert shown["account_id"] == new["account_id"]
    refused = run("incident", "show", new["incident_id"], at=at, who=AGENT)
    assert (refused.code, refused.out) == (5, "")
    closing = ("incident", "close", new["incident_id"], "--words", "a customer who mistyped")
    assert run(*closing, "--json", at=at, who=LEGAL).told()["status"] == "closed"
    assert run(*closing, at=at, who=LEGAL).code == 3
    assert new["incident_id"] in [each["incident_id"] for each in listed("--status", "closed")]


def test_rules_are_shown_tried_and_adopted(run: Run, any_server: Running, tmp_path: Path) -> None:
    at = any_server
    told = run("rules", "show", "--json", at=at, who=COMPLIANCE).told()
    said = run("rules", "show", at=at, who=COMPLIANCE).said()
    assert all(rule["id"] in said for rule in told["book"]["rules"])
    file = tmp_path / "rules.json"
    book = {"rules": [{"kind": "failed_attempts", "id": "pairs", "within_minutes": 60, "count": 2}]}
    file.write_text(json.dumps(book))
    probed(run, at, 2)
    tried = run("rules", "try", "--file", str(file), "--json", at=at, who=COMPLIANCE)
    found = json.loads(tried.out)
    assert (tried.code, found["done"]) == (0, True)
    assert found["rules"][0]["found"] >= 1
    assert "pairs" in run("rules", "try", "--file", str(file), at=at, who=COMPLIANCE).out
    later = ("--since", "2999-01-01T00:00:00Z", "--json")
    assert json.loads(run("rules", "try", "--file", str(file), *later, at=at, who=COMPLIANCE).out)["events"] == 0
    file.write_text(json.dumps(told["book"]))  # what is shown is what is adopted; it is in force already
    adopted = run("rules", "adopt", str(file), "--json", at=at, who=COMPLIANCE).told()
    assert adopted == told


@pytest.mark.parametrize("text", ["", "{", "[]", None])
def test_a_file_that_holds_no_rules_is_named(run: Run, server: Running, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "rules.json"
    if text is not None:
        file.write_text(text)
    ran = run("rules", "adopt", str(file), at=server, who=COMPLIANCE)
    assert (ran.code, ran.out) == (2, "")
    assert "rules.json" in ran.err


def test_webhooks_are_added_listed_replayed_and_removed(run: Run, any_server: Running) -> None:
    at = any_server
    target = "http://127.0.0.1:9/hook"
    added = run("webhook", "add", target, "--kind", "incident.closed", "--json", at=at, who=OPERATIONS).told()
    assert added["secret"].startswith("whsec_")
    listed = run("webhook", "list", at=at, who=OPERATIONS).said()
    assert target in listed
    assert added["secret"] not in listed
    replayed = run("webhook", "replay", added["webhook_id"], "--after", "0", "--json", at=at, who=OPERATIONS).told()
    assert replayed == {"webhook_id": added["webhook_id"]}
    refused = run("webhook", "add", "http://siem.example/hook", at=at, who=OPERATIONS)
    assert (refused.code, refused.out) == (3, "")
    assert run("webhook", "add", target, at=at, who=LEGAL).code == 5
    assert run("webhook", "remove", added["webhook_id"], at=at, who=OPERATIONS).code == 0
    assert added["webhook_id"] not in run("webhook", "list", "--json", at=at, who=OPERATIONS).out
    assert run("webhook", "remove", added["webhook_id"], at=at, who=OPERATIONS).code == 3
