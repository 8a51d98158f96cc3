"""`watchword interaction act`, `dial`, `consent`, `dispute`, `resolve`, `mistake` and `watchword action`, for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.cli.exits import Code
from service.demo.cast import ALMA
from service.demo.papers import OLD_TRIP
from service.demo.running import Running
from tests.service.test_cli import AGENT, BACK_OFFICE, SAFETY, Run, facts, run, written

__all__ = ["run"]

LOCATOR = "CLILNE"
DEALER = {"role": "dealer", "name": "Pike Place Garage", "phone": "+442079460302", "place": "98101"}


def made(run: Run, server: Running, *words: str, who: Any = AGENT) -> dict[str, Any]:
    return run(*words, "--json", at=server, who=who).told()


def bound(run: Run, server: Running) -> str:
    line: str = made(run, server, "interaction", "open", "--contact", "+447700900556")["interaction_id"]
    made(run, server, "interaction", "bind", line, "--locator", LOCATOR, "--place", "98101", *facts(ALMA))
    return line


def test_what_goes_on_on_the_line_from_the_command_line(server: Running, run: Run, tmp_path: Path) -> None:
    account = made(run, server, "account", "open", who=BACK_OFFICE)["account_id"]
    made(run, server, "account", "add-party", account, "--kind", "holder", *facts(ALMA), who=BACK_OFFICE)
    trip = {**OLD_TRIP, "locators": [{"code": LOCATOR}], "suppliers": [DEALER]}
    made(run, server, "booking", "import", account, written(tmp_path, "trip.json", trip), who=BACK_OFFICE)
    line = bound(run, server)

    assert made(run, server, "interaction", "dial", line, "dealer", "--locator", LOCATOR)["dial"] == DEALER
    drawn = run("interaction", "dial", line, "dealer", "--locator", LOCATOR, "--place", "98101", at=server, who=AGENT)
    assert "Pike Place Garage" in drawn.said()
    stale = made(run, server, "interaction", "dial", line, "dealer", "--locator", LOCATOR, "--place", "10001")
    assert (stale["outcome"], stale["dial"]) == ("withheld", None)

    joined = made(run, server, "interaction", "join", line, "--kind", "colleague")["listener_id"]
    assert made(run, server, "ask", line, "--locator", LOCATOR)["outcome"] == "withheld"
    assert made(run, server, "interaction", "consent", line, joined, "--classes", "I")["listener_id"] == joined
    assert run("interaction", "consent", line, joined, "--classes", "X", at=server, who=AGENT).code == Code.USAGE
    made(run, server, "interaction", "leave", line, joined)

    acted = made(run, server, "interaction", "act", line, "cancel", "--locator", LOCATOR, "--details", "both of us")
    assert acted["outcome"] == "accepted"
    assert run("interaction", "act", line, "explode", "--locator", LOCATOR, at=server, who=AGENT).code == Code.USAGE
    found = made(run, server, "action", "list", "--route", "ordinary", who=BACK_OFFICE)["actions"]
    assert acted["decision_id"] in [each["decision_id"] for each in found]
    assert "cancel" in run("action", "list", at=server, who=BACK_OFFICE).said()
    assert made(run, server, "action", "list", who=AGENT)["actions"] == []
    assert made(run, server, "action", "read", acted["decision_id"], who=BACK_OFFICE)["details"] == "both of us"
    assert run("action", "read", acted["decision_id"], at=server, who=AGENT).code == Code.REFUSED
    done = made(run, server, "action", "done", acted["decision_id"], "--words", "both cancelled", who=BACK_OFFICE)
    assert done["result"] == "done"
    assert run("action", "done", acted["decision_id"], at=server, who=BACK_OFFICE).code == Code.REFUSED

    assert made(run, server, "interaction", "dispute", line, "--words", "not from there")["next_step"] == "transfer"
    assert made(run, server, "ask", line, "--locator", LOCATOR)["next_step"] == "transfer"
    assert made(run, server, "interaction", "act", line, "cancel", "--locator", LOCATOR)["next_step"] == "transfer"
    assert run("interaction", "resolve", line, at=server, who=AGENT).code == Code.UNAUTHORISED
    assert made(run, server, "interaction", "resolve", line, who=SAFETY)["status"] == "resolved"
    assert made(run, server, "ask", line, "--locator", LOCATOR)["outcome"] == "disclosed"
    thanked = made(run, server, "interaction", "mistake", line, "--said", "I read it out")
    assert "blamed" in thanked["thanks"]
