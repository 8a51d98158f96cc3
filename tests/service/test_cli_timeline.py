"""Timelines and exhibits on the command line, against the real service on both databases."""

from __future__ import annotations

import csv
import io
import json
import secrets
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from service.demo.running import Running
from tests.service.test_cli import AGENT, Run, run
from tests.service.test_cli_incidents import LEGAL, probed, until

__all__ = ["run"]  # a fixture


def opened(run: Run, at: Running) -> str:
    """An incident of this test's own."""

    def listed() -> list[dict[str, Any]]:
        told = run("incident", "list", "--json", "--limit", "200", at=at, who=LEGAL).told()
        found: list[dict[str, Any]] = told["incidents"]
        return found

    before = {each["incident_id"] for each in listed()}
    probed(run, at, 5)
    (new,) = until(lambda: [each for each in listed() if each["incident_id"] not in before])
    incident: str = new["incident_id"]
    return incident


def test_a_timeline_is_read_kept_and_annotated(run: Run, any_server: Running, tmp_path: Path) -> None:
    at = any_server
    incident = opened(run, at)
    shown = run("timeline", incident, at=at, who=LEGAL).said()
    assert "asked about a booking" in shown
    assert "an incident about the account opened by" in shown
    told = json.loads(run("timeline", incident, "--json", at=at, who=LEGAL).out)
    asked = [each["position"] for each in told["entries"] if each["name"] == "disclosure.attempted.v1"]
    assert len(asked) == 5

    added = run("exhibit", "add", incident, str(asked[0]), "--json", at=at, who=LEGAL).told()
    assert added == {"number": 1, "position": asked[0], "withdrawn": False}
    annotate = ("exhibit", "annotate", incident, str(asked[1]))
    words = ("--pin", "--tag", "first-call", "--comment", "here it begins", "--json")
    assert run(*annotate, *words, at=at, who=LEGAL).told()["pinned"] is True
    assert run(*annotate, "--pin", "--unpin", at=at, who=LEGAL).code == 2
    withdraw = ("exhibit", "withdraw", incident, "1", "--words", "another one is better")
    assert run(*withdraw, at=at, who=LEGAL).code == 0
    assert run(*withdraw, at=at, who=LEGAL).code == 3
    assert "1" in run("exhibit", "list", incident, at=at, who=LEGAL).said()

    for shape in ("json", "timesketch", "csv", "pdf"):
        file = tmp_path / f"{secrets.token_hex(2)}.{shape}"
        done = run("timeline", incident, "--format", shape, "--for", "court", "-o", str(file), at=at, who=LEGAL)
        assert (done.code, done.out) == (0, "")
        assert str(file) in done.err.replace("\n", "")
        content = file.read_bytes()
        assert b"here it begins" not in content
        match shape:
            case "json":
                assert json.loads(content)["recipient"] == "court"
            case "timesketch":
                assert len(content.splitlines()) == told["entries_in_all"]
            case "csv":
                assert len(list(csv.DictReader(io.StringIO(content.decode())))) == told["entries_in_all"]
            case _:
                assert "the court" in PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_what_goes_wrong_is_said_in_a_line(run: Run, any_server: Running, tmp_path: Path) -> None:
    at = any_server
    incident = opened(run, at)
    refused = run("timeline", incident, at=at, who=AGENT)
    assert (refused.code, refused.out) == (5, "")
    assert run("timeline", "0" * 32, at=at, who=LEGAL).code == 3
    nobody = run("timeline", incident, "--for", "nobody", at=at, who=LEGAL)
    assert nobody.code == 3
    assert "recipient" in nobody.err
    nowhere = run("timeline", incident, "--format", "csv", "-o", str(tmp_path / "no" / "where"), at=at, who=LEGAL)
    assert nowhere.code == 2
    assert run("exhibit", "add", incident, "1", at=at, who=LEGAL).code == 3
