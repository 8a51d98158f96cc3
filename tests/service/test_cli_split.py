"""`watchword split` and `watchword booking refresh|status|difference`, as people read them and as JSON."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.demo.cast import ALMA, VICTOR
from service.demo.papers import NEW_TRIP, OLD_LOCATOR, OLD_TRIP
from service.demo.running import Running
from tests.service.test_cli import (
    AGENT,
    BACK_OFFICE,
    SAFETY,
    SAFETY_TOO,
    Run,
    _bound,
    facts,
    run,
    written,
)

__all__ = ["run"]  # the fixture
LIFE = [
    *("--schedule-change", "follow", "--cancellation", "transfer", "--check-in", "follow"),
    *("--departure", "follow", "--refund", "transfer"),
]


def _protected(run: Run, at: Running, folder: Path) -> tuple[str, list[str], str]:
    """An account on which Alma is protected, and a booking whose ticket was reissued: account, parties, booking."""
    account = run("account", "open", "--json", at=at, who=BACK_OFFICE).told()["account_id"]
    parties = [
        run("account", "add-party", account, "--kind", kind, *facts(who), "--json", at=at, who=BACK_OFFICE).told()
        for kind, who in (("holder", ALMA), ("traveller", VICTOR))
    ]
    ids = [each["party_id"] for each in parties]
    old, new = written(folder, "old.json", OLD_TRIP), written(folder, "new.json", NEW_TRIP)
    booking = run("booking", "import", account, old, "--json", at=at, who=BACK_OFFICE).told()["booking_id"]
    start = ["protect", "start", account, ids[0], "--adverse", ids[1], "--safe-phone", "+447700900999", "--json"]
    run(*start, at=at, who=AGENT).told()
    run("booking", "import", account, new, "--booking", booking, "--json", at=at, who=BACK_OFFICE).told()
    return account, ids, booking


def test_a_split_by_hand(server: Running, run: Run, tmp_path: Path) -> None:
    at = server
    _, (_, his), booking = _protected(run, at, tmp_path)
    declare = ["booking", "split", booking, "--reason", "reissued", *LIFE]
    owned = run(*declare, "--owner", "airline_site=office-9", "--json", at=at, who=SAFETY).told()
    assert {each["check"]: each["owner"] for each in owned["checks"]}["airline_site"] == "office-9"
    assert run("split", "show", booking, "--json", at=at, who=SAFETY).told() == owned
    said = run("split", "show", booking, at=at, who=SAFETY).said()
    assert "ordinary_sign_on" in said
    assert "open" in said
    closing = ["split", "check", booking, "airline_site", "--result", "closed", "--words", "looked: not found"]
    after = run(*closing, "--json", at=at, who=SAFETY_TOO).told()
    assert "airline_site" not in after["undone"]
    own = run("split", "check", booking, "ordinary_sign_on", "--result", "closed", "--words", "x", at=at, who=SAFETY)
    assert (own.code, own.out) == (3, "")
    listed = run("split", "list", "--json", "--limit", "500", at=at, who=SAFETY).told()
    assert booking in [each["booking_id"] for each in listed["splits"]]
    assert booking not in run("split", "list", "--status", "overdue", at=at, who=SAFETY).said()
    different = run("booking", "difference", booking, "--json", at=at, who=SAFETY).told()
    assert "segments/0/destination" in [each["path"] for each in different["differing"]]
    said = run("booking", "difference", booking, at=at, who=SAFETY).said()
    assert "segments/0/destination" in said
    assert "JFK" not in said
    until = (datetime.now(UTC) + timedelta(days=10)).strftime("%Y-%m-%d")
    allow = ["split", "except", booking, his, "--until", until, "--words", "until she has landed", "--json"]
    statuses = [run(*allow, at=at, who=who).told()["status"] for who in (SAFETY, SAFETY_TOO)]
    assert statuses == ["asked", "approved"]


def test_both_views_live_on_by_hand(server: Running, run: Run, tmp_path: Path) -> None:
    at = server
    account, _, booking = _protected(run, at, tmp_path)
    (flight, *_) = OLD_TRIP["segments"]
    day = flight["departs_at"][:10]
    moved = f"{day}T23:10"
    status = ["booking", "status", booking, flight["carrier"], flight["number"], day]
    told = run(*status, "--what", "schedule_change", "--departs-at", moved, "--json", at=at, who=BACK_OFFICE).told()
    assert told == {"booking_id": booking, "what": "schedule_change"}
    interaction = _bound(run, at, VICTOR, account)
    heard = run("ask", interaction, "--locator", OLD_LOCATOR, "--json", at=at, who=AGENT).told()
    assert heard["document"]["segments"][0]["departs_at"] == moved
    new = str(tmp_path / "new.json")
    refreshed = run("booking", "refresh", booking, new, "--json", at=at, who=BACK_OFFICE).told()
    assert (refreshed["changed"], refreshed["held_version"]) == (False, 2)
    again = run("ask", interaction, "--locator", OLD_LOCATOR, "--json", at=at, who=AGENT).told()
    assert again["as_of"] >= heard["as_of"]
    assert "as of" in run("ask", interaction, "--locator", OLD_LOCATOR, at=at, who=AGENT).said()
