"""`watchword interaction route`, `transfer`, `take`, `resume-code` and `resume` against the real service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from service.cli.exits import Code
from service.demo.cast import ALMA
from service.demo.papers import OLD_TRIP
from service.demo.running import Running
from tests.service.test_cli import AGENT, BACK_OFFICE, OTHER, Run, facts, run, written

__all__ = ["run"]

LOCATOR = "CLIHND"
OWNER = {"office": "LEEDS-SHOP-2", "channel": "shop", "escalation": ["ticketing"]}


def made(run: Run, server: Running, *words: str, who: Any = AGENT, stdin: str = "") -> dict[str, Any]:
    return run(*words, "--json", at=server, who=who, stdin=stdin).told()


def test_a_contact_is_routed_handed_over_and_resumed_from_the_command_line(
    server: Running, run: Run, tmp_path: Path
) -> None:
    account = made(run, server, "account", "open", who=BACK_OFFICE)["account_id"]
    made(run, server, "account", "add-party", account, "--kind", "holder", *facts(ALMA), who=BACK_OFFICE)
    trip = {**OLD_TRIP, "locators": [{"code": LOCATOR}], "owners": [OWNER]}
    made(run, server, "booking", "import", account, written(tmp_path, "trip.json", trip), who=BACK_OFFICE)
    line = made(run, server, "interaction", "open", "--contact", "+447700900555")["interaction_id"]
    made(run, server, "interaction", "bind", line, "--locator", LOCATOR, *facts(ALMA))

    assert made(run, server, "interaction", "route", line, "--locator", LOCATOR)["owner"] == OWNER
    assert "LEEDS-SHOP-2" in run("interaction", "route", line, "--locator", LOCATOR, at=server, who=AGENT).said()
    issued = made(run, server, "interaction", "resume-code", line)
    to = ("--to", "agent", "--name", OTHER[2], "--reason", "the office is elsewhere")
    offered = made(run, server, "interaction", "transfer", line, *to)
    assert run("interaction", "take", "--passcode-stdin", at=server, who=AGENT, stdin="").code == Code.USAGE
    wrong = run("interaction", "take", "--passcode-stdin", at=server, who=AGENT, stdin=offered["code"] + "\n")
    assert wrong.code == Code.REFUSED
    assert offered["code"] not in wrong.out + wrong.err
    take = ("interaction", "take", "--passcode-stdin")
    taken = made(run, server, *take, who=OTHER, stdin=offered["code"] + "\n")
    assert [each["listener_id"] for each in taken["listeners"]] == ["caller"]
    asked = made(run, server, "ask", taken["interaction_id"], "--locator", LOCATOR, "--classes", "EI", who=OTHER)
    assert asked["outcome"] == "disclosed"

    resume = ("interaction", "resume", "--contact", "+447700900555", "--without-passcode", "--passcode-stdin")
    back = made(run, server, *resume, stdin=issued["code"] + "\n")
    assert back["queued_at"] == issued["queued_at"] == taken["queued_at"]
    assert back["accepted"] is False
    again = run(*resume, "--json", at=server, who=AGENT, stdin=issued["code"] + "\n")
    assert again.code == Code.REFUSED
    issued = made(run, server, "interaction", "resume-code", back["interaction_id"])
    both = ("interaction", "resume", "--contact", "+447700900555", "--passcode-stdin")
    tried = made(run, server, *both, stdin=f"{issued['code']}\nnot a passcode\n")
    assert json.dumps(tried).count("not a passcode") == 0
    assert tried["accepted"] is False
