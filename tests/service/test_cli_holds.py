"""Holds, forgetting and keys on the command line: against the real service on both databases, and on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from service.demo.running import Running
from tests.service.test_cli import Run, run

__all__ = ["run"]  # a fixture

OFFICE, LEGAL, COMPLIANCE = ("back_office", 0, "office-1"), ("legal", 0, "legal-1"), ("compliance", 0, "compliance-1")
WHY = ("--reason", "asked_by_the_person", "--words", "her letter")


def opened(run: Run, at: Running) -> tuple[str, str]:
    account = run("account", "open", "--json", at=at, who=OFFICE).told()["account_id"]
    adding = ("account", "add-party", account, "--kind", "holder", "--surname", "Ito", "--given-name", "Mei")
    return account, run(*adding, "--json", at=at, who=OFFICE).told()["party_id"]


def test_a_hold_keeps_somebody_and_when_it_is_lifted_she_can_be_forgotten(run: Run, any_server: Running) -> None:
    at = any_server
    account, party = opened(run, at)

    def listed(*words: str) -> list[dict[str, Any]]:
        told = run("hold", "list", *words, "--json", at=at, who=LEGAL).told()
        found: list[dict[str, Any]] = told["holds"]
        return found

    placing = ("hold", "place", "account", account, "--reason", "court_order", "--words", "w")
    assert run(*placing, "--until", "2020-01-01T00:00:00Z", at=at, who=LEGAL).code == 3
    hold = run(*placing, "--until", "2030-01-01T00:00:00Z", "--json", at=at, who=LEGAL).told()["hold_id"]
    assert [each["hold_id"] for each in listed("--party", party)] == [hold]
    later = run("hold", "extend", hold, "--until", "2031-01-01T00:00:00Z", "--words", "w", "--json", at=at, who=LEGAL)
    assert later.told()["until"].startswith("2031")
    assert "court_order" in run("hold", "list", at=at, who=LEGAL).said()
    refused = run("forget", party, *WHY, at=at, who=LEGAL)
    assert refused.code == 3
    assert "legal hold" in refused.err
    assert run("hold", "lift", hold, "--words", "w", at=at, who=COMPLIANCE).code == 5
    assert run("hold", "lift", hold, "--words", "over", "--json", at=at, who=LEGAL).told()["status"] == "lifted"
    assert listed("--account", account) == []
    assert hold in [each["hold_id"] for each in listed("--all")]
    asked = run("forget", party, *WHY, at=at, who=LEGAL).said()
    assert "Nothing has gone yet" in asked
    digest = run("forget", party, *WHY, "--json", at=at, who=LEGAL).told()["digest"]
    assert digest in run("forget", party, *WHY, at=at, who=LEGAL).out
    assert run("forget", party, *WHY, "--confirm", digest, at=at, who=LEGAL).code == 3
    done = run("forget", party, *WHY, "--confirm", digest, at=at, who=COMPLIANCE)
    assert done.code == 0
    assert "They are gone." in done.out
    assert run("forget", party, *WHY, at=at, who=LEGAL).code == 3
    assert run("forget", "nobody", *WHY, at=at, who=LEGAL).code == 3


def test_keys_are_backed_up_brought_back_and_changed(run: Run, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "backups"
    environment = {"WATCHWORD_HOME": str(home), "WATCHWORD_KEYS_BACKUPS": str(folder)}

    def told(*words: str) -> dict[str, Any]:
        done = run(*words, "--json", environment=environment)
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads(done.out)
        return found

    assert run("migrate", environment=environment).code == 0
    first = told("keys", "backup")
    assert Path(first["file"]).parent == folder
    assert first["rows"] == 2
    elsewhere = tmp_path / "elsewhere.keys"
    assert told("keys", "backup", str(elsewhere))["removed"] == 0
    assert told("keys", "rotate") == {"wrapped": 2, "old_key_left": False}
    assert told("keys", "rotate", "--subject", "somebody") == {"renewed": 1}
    # What was wrapped by the master key of before opens with that one alone.
    refused = run("keys", "restore", str(elsewhere), environment=environment)
    assert refused.code == 4
    assert "master key" in refused.err
    latest = tmp_path / "latest.keys"
    told("keys", "backup", str(latest))
    assert told("keys", "restore", str(latest)) == {"brought_back": 0, "destroyed": 0, "lost": 0}
    latest.write_bytes(latest.read_bytes()[:-5])
    assert run("keys", "restore", str(latest), environment=environment).code == 4
    assert run("keys", "restore", str(tmp_path / "none"), environment=environment).code == 4
    without = {"WATCHWORD_HOME": str(home)}
    assert run("keys", "backup", environment=without).code == 2
    both = {**without, "WATCHWORD_MASTER_KEY": "00" * 32 + " " + (home / "keys" / "master.key").read_text().strip()}
    done = run("keys", "rotate", environment=both)
    assert done.code == 0, done.err
    assert "take it away" in done.out
