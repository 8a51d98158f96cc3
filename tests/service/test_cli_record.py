"""The record by hand, against the real service: history narrowed, differences, views, decisions, unsealings."""

from __future__ import annotations

from pathlib import Path

from service.demo.papers import OLD_LOCATOR
from service.demo.running import Running
from tests.service.test_cli import AGENT, AUDITOR, COMPLIANCE, Run, run
from tests.service.test_cli_overrides import opened

__all__ = ["run"]  # a fixture


def test_the_record_of_an_account(server: Running, run: Run, tmp_path: Path) -> None:
    account, hers, contact = opened(server, run, tmp_path)
    run("protect", "start", account, hers, "--safe-email", "s@example.org", at=server, who=AGENT).said()
    asked = run("ask", contact, "--locator", OLD_LOCATOR, "--json", at=server, who=AGENT).told()

    reading = [
        "history",
        account,
        "--of",
        "interaction",
        "--event",
        "interaction.bound",
        "--from",
        "2026-01-01T00:00:00Z",
    ]
    (bound,) = run(*reading, "--json", at=server, who=AUDITOR).told()["entries"]
    assert (bound["stream"], bound["event"]["account_id"]) == (f"interaction:{contact}", account)
    assert run("history", account, "--actor", "nobody", "--json", at=server, who=AUDITOR).told()["entries"] == []
    whole = run("history", account, "--all", "--as-of", str(bound["position"]), at=server, who=AUDITOR)
    assert "protection" not in whole.out
    assert run("history", account, "--from", "yesterday", at=server, who=AUDITOR).code == 3

    changed = run("differences", account, "--from", str(bound["position"]), at=server, who=AUDITOR).said()
    assert "frozen" in changed
    assert "sealed" in changed
    assert "s@example.org" not in changed
    said = run("views", account, at=server, who=AUDITOR).said()
    assert f"protected: {hers}" in said
    assert "shown as it is held" in said
    assert "protected: nobody" in run("views", account, "--as-of", "1", at=server, who=AUDITOR).said()

    own = run("decision", asked["decision_id"], "--json", at=server, who=AGENT).told()
    assert own == {"decision_id": asked["decision_id"], "say": asked["say"]}
    told = run("decision", asked["decision_id"], at=server, who=AUDITOR).said()
    assert all(word in told for word in ("reason", "policy version", "rule="))
    assert run("decision", "0" * 32, at=server, who=AUDITOR).code == 3

    asking = ["unsealing", "ask", "--purpose", "audit", "--words", "the yearly audit", "--account", account, "--json"]
    first, second = (run(*asking, at=server, who=AUDITOR).told()["unsealing_id"] for _ in range(2))
    assert first in run("unsealing", "list", at=server, who=COMPLIANCE).said()
    assert run("unsealing", "approve", first, at=server, who=AUDITOR).code == 3
    assert run("unsealing", "refuse", second, "--json", at=server, who=COMPLIANCE).told()["status"] == "refused"
    sealed = run("history", account, "--unsealing", first, at=server, who=AUDITOR)
    assert "nothing was opened" in sealed.err
    assert "approved" in run("unsealing", "approve", first, at=server, who=COMPLIANCE).said()
    page = run("history", account, "--unsealing", first, "--json", at=server, who=AUDITOR)
    assert (page.told()["unsealed"], "s@example.org" in page.out) == (True, True)
    changed = run("differences", account, "--unsealing", first, at=server, who=AUDITOR).said()
    assert "s@example.org" in changed
    assert "the yearly audit" in run("unsealing", "show", first, at=server, who=COMPLIANCE).said()
    assert run("unsealing", "end", first, "--json", at=server, who=COMPLIANCE).told()["status"] == "ended"
    ended = run("decision", asked["decision_id"], "--unsealing", first, at=server, who=AUDITOR)
    assert "nothing was opened" in ended.err
    listed = run("unsealing", "list", "--status", "all", "--limit", "1", at=server, who=COMPLIANCE)
    assert "there is more" in listed.err
