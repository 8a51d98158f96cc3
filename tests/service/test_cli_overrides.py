"""Overrides, notices and access requests by hand, against the real service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.demo.cast import ALMA, VICTOR
from service.demo.papers import OLD_LOCATOR, OLD_TRIP
from service.demo.running import Running
from tests.service.test_cli import AGENT, AUDITOR, BACK_OFFICE, COMPLIANCE, SAFETY, Run, facts, run, written

__all__ = ["run"]  # a fixture

NOTIFIER = ("notifier", 0, "notifier-1")


def opened(at: Running, run: Run, folder: Path) -> tuple[str, str, str]:
    """An account with both on it and their trip: the account, her party, and a contact of hers."""

    def told(*words: str, who: tuple[str, int, str]) -> dict[str, Any]:
        return run(*words, "--json", at=at, who=who).told()

    account = told("account", "open", who=BACK_OFFICE)["account_id"]
    hers, _ = (
        told("account", "add-party", account, "--kind", kind, *facts(who), who=BACK_OFFICE)["party_id"]
        for kind, who in (("holder", ALMA), ("traveller", VICTOR))
    )
    told("booking", "import", account, written(folder, "old.json", OLD_TRIP), who=BACK_OFFICE)
    contact = told("interaction", "open", "--contact", "+447700900321", who=AGENT)["interaction_id"]
    told("interaction", "bind", contact, "--account", account, *facts(ALMA), who=AGENT)
    return account, hers, contact


def test_an_override_from_asking_to_the_review(server: Running, run: Run, tmp_path: Path) -> None:
    account, _, contact = opened(server, run, tmp_path)
    asking = ["override", "ask", contact, "--reason", "carrier_emergency", "--words", "the airline has closed"]
    first, second = (
        run(*asking, "--classes", "ei", "--minutes", "5", "--json", at=server, who=AGENT).told()["override_id"]
        for _ in range(2)
    )
    answering = ("override", "refuse", account, second)
    assert "refused" in run(*answering, at=server, who=SAFETY).said()
    assert run("override", "approve", account, first, at=server, who=SAFETY).code == 3  # asked anew, so it is gone
    third = run(*asking, "--json", at=server, who=AGENT).told()["override_id"]
    waiting = run("override", "list", "--status", "waiting", "--json", at=server, who=SAFETY).told()["overrides"]
    assert [each["override_id"] for each in waiting if each["account_id"] == account] == [third]
    assert run("override", "approve", account, third, at=server, who=AGENT).code == 5
    approved = run("override", "approve", account, third, "--json", at=server, who=SAFETY).told()
    assert approved["status"] == "approved"
    assert third in run("override", "list", at=server, who=AUDITOR).said()
    review = ["override", "review", account, third, "--finding", "justified", "--words", "the recording bears it out"]
    assert run(*review, "--json", at=server, who=COMPLIANCE).told()["status"] == "reviewed"
    left = run("override", "list", "--json", at=server, who=AUDITOR).told()["overrides"]
    assert third not in [each["override_id"] for each in left]
    notes = run(*asking, "--classes", "N", at=server, who=AGENT)
    assert (notes.code, "EILCPFD" in notes.err) == (2, True)


def test_a_notice_is_decided(server: Running, run: Run, tmp_path: Path) -> None:
    account, hers, _ = opened(server, run, tmp_path)
    recipients = [{"channel": "text", "party_id": hers}, {"channel": "calendar", "party_id": hers}]
    notice = {"kind": "reminder", "account_id": account, "recipients": recipients}
    file = written(tmp_path, "notice.json", notice)
    told = run("notice", "decide", file, "--json", at=server, who=NOTIFIER).told()
    assert [each["text"] is None for each in told["decisions"]] == [False, True]
    said = run("notice", "decide", file, at=server, who=NOTIFIER).said()
    assert "There is news for you" in said
    assert "nothing goes" in said
    (tmp_path / "broken.json").write_text("{")
    assert run("notice", "decide", str(tmp_path / "broken.json"), at=server, who=NOTIFIER).code == 2


def test_an_access_request(server: Running, run: Run, tmp_path: Path) -> None:
    account, hers, contact = opened(server, run, tmp_path)
    opening = ["access", "open", account, hers, "--received-by", "letter", "--json"]
    request = run(*opening, at=server, who=BACK_OFFICE).told()["access_request_id"]
    answer = run("access", "answer", contact, request, "--json", at=server, who=AGENT).told()
    assert (answer["outcome"], answer["bookings"]) == ("withheld", [])  # she has proved nothing
    said = run("access", "answer", contact, request, at=server, who=AGENT).said()
    assert "withheld" in said
    assert OLD_LOCATOR not in said
