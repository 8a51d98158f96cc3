"""Authority on the command line: shown, adopted and asked in a contact, against the real service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from service.authority.schema import EXAMPLE
from service.demo.running import Running
from tests.service.test_cli import AGENT, AUDITOR, COMPLIANCE, SAFETY, Run, run, written

__all__ = ["run"]  # the fixture

SECOND = ("agent", 2, "agent-2")


def test_authority_from_adoption_to_what_was_done(
    start_server: Callable[[], Running], run: Run, tmp_path: Path
) -> None:
    server = start_server()
    adopted = run("authority", "adopt", written(tmp_path, "ours.json", EXAMPLE), at=server, who=COMPLIANCE).said()
    assert "version  2" in adopted
    own = run("authority", "show", at=server, who=AGENT).said()
    assert "first-change-before-three" in own
    assert "08:00-15:00 mon tue wed thu fri" in own
    assert "extension 4100" in own
    assert "waive_fee  judgement" not in own
    assert "safety office" not in own
    whole = run("authority", "show", "--json", at=server, who=AUDITOR).told()
    assert whole["document"]["title"] == EXAMPLE["title"]

    opened = run("interaction", "open", "--contact", "1", "--json", at=server, who=AGENT).told()["interaction_id"]
    asked = run("interaction", "may", opened, "cancel", "--json", at=server, who=AGENT).told()
    assert (asked["verdict"], asked["call_first"][0]["name"]) == ("needs_confirmation", "warehouse")
    yes = ("--confirmed-by", "warehouse", "--person", "Ms Osei")
    assert "act" in run("interaction", "may", opened, "cancel", *yes, at=server, who=AGENT).said()
    small = run("interaction", "may", opened, "waive_fee", "--amount-class", "small", at=server, who=AGENT).said()
    assert "automatic" in small

    signal = run("interaction", "safety", opened, "--kind", "health", "--json", at=server, who=AGENT).told()
    assert (signal["actions"], signal["transfer_to"]) == ([], "safety office")
    done = run("interaction", "safety-done", opened, signal["signal_id"], "transferred", at=server, who=AGENT)
    assert "recorded" in done.said()
    taken = run("interaction", "safety", opened, "--words", "in danger", "--json", at=server, who=SAFETY).told()
    assert [each["action"] for each in taken["actions"]] == ["call_emergency_services"]
    told = run("interaction", "escalate", opened, "--claim", "doctor", at=server, who=AGENT).said()
    assert "neither confirm nor deny" in told

    line = run("interaction", "open", "--contact", "2", "--json", at=server, who=SECOND).told()["interaction_id"]
    judged = ("interaction", "judge", line, "waive_fee", "--granted", "the fee", "--why", "moved twice")
    assert "judgement id" in run(*judged, at=server, who=SECOND).said()
    refused = run("interaction", "judge", opened, "cancel", "--granted", "x", "--why", "y", at=server, who=AGENT)
    assert (refused.code, refused.out) == (3, "")
    assert "ask for the authority first" in refused.err


def test_what_cannot_be_read_or_adopted_is_said_in_a_line(server: Running, run: Run, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("{")
    for file in (str(tmp_path / "none.json"), str(tmp_path / "missing.json")):
        ran = run("authority", "adopt", file, at=server, who=COMPLIANCE)
        assert (ran.code, ran.out) == (2, "")
        assert "cannot be read as JSON" in ran.err
    left = {**EXAMPLE, "grants": EXAMPLE["grants"][:-1]}
    ran = run("authority", "adopt", written(tmp_path, "left.json", left), at=server, who=COMPLIANCE)
    assert (ran.code, ran.out) == (3, "")
    assert "no tier may act at once on a health signal" in ran.err
    assert "document.grants" in ran.err
    assert run("interaction", "may", "I", "change", "--person", "x", at=server, who=AGENT).code == 2
    assert json.loads(run("authority", "show", "--json", at=server, who=AUDITOR).out)["version"] == 1
    assert run("authority", "adopt", written(tmp_path, "ours.json", EXAMPLE), at=server, who=AGENT).code == 5
