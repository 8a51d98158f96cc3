"""The command line against the real service: every command, as people read it and as JSON."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import sleep
from typing import Any, NamedTuple

import pytest

from service.cli import main
from service.demo.cast import ALMA, VICTOR
from service.demo.papers import NEW_LOCATOR, NEW_TRIP, OLD_LOCATOR, OLD_TRIP
from service.demo.running import Running

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "tests" / "documents"
IDENTIFIER = re.compile(r"\b[0-9a-f]{32}\b")
HERS = "copper lantern orchard velvet"
DURESS = "marble kettle sparrow violin"
BACK_OFFICE, AGENT, OTHER, SAFETY, SAFETY_TOO, AUDITOR, COMPLIANCE = (
    ("back_office", 0, "office-1"),
    ("agent", 1, "agent-7"),
    ("agent", 1, "agent-3"),
    ("agent", 3, "safety-1"),
    ("agent", 3, "safety-2"),
    ("auditor", 0, "auditor-1"),
    ("compliance", 0, "compliance-1"),
)
FATES = [
    *("--schedule-change", "follow", "--cancellation", "transfer", "--check-in", "keep"),
    *("--departure", "withhold", "--refund", "transfer"),
]


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    def told(self) -> dict[str, Any]:
        """Its stdout, which is one JSON object and nothing else; it ended well and was quiet."""
        assert self.code == 0, self.err
        assert self.err == ""
        told = json.loads(self.out)
        assert isinstance(told, dict)
        return told

    def said(self) -> str:
        """Its stdout, for people; it ended well and was quiet."""
        assert self.code == 0, self.err
        assert self.err == ""
        assert not self.out.startswith("{")
        return self.out


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process, as the console script does: against a server, as somebody."""

    def ran(
        *words: str,
        at: Running | None = None,
        who: tuple[str, int, str] | None = None,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        for name in [name for name in os.environ if name.startswith("WATCHWORD_")]:
            monkeypatch.delenv(name)
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        if at is not None:
            monkeypatch.setenv("WATCHWORD_URL", at.url)
        if at is not None and who is not None:
            role, tier, sub = who
            monkeypatch.setenv("WATCHWORD_TOKEN", at.token(role, tier=tier, sub=sub, site="manila"))
        monkeypatch.setattr(sys, "argv", ["watchword", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    return ran


def facts(who: Any) -> list[str]:
    return ["--surname", who.surname, "--given-name", who.given_name, "--date-of-birth", who.date_of_birth]


def written(folder: Path, name: str, document: dict[str, Any]) -> str:
    (folder / name).write_text(json.dumps(document))
    return str(folder / name)


def sent(at: Running, account: str) -> dict[str, str]:
    """The link that was sent for this account: it goes out after the answer."""
    for _ in range(200):
        for message in at.messages():
            if message.fields.get("token", "").startswith(account):
                return message.fields
        sleep(0.02)
    raise AssertionError("no link was sent")


def test_the_whole_story_by_hand_as_json(any_server: Running, run: Run, tmp_path: Path) -> None:
    at = any_server
    account = run("account", "open", "--reference", "crm-1", "--json", at=at, who=BACK_OFFICE).told()["account_id"]
    parties = [
        run("account", "add-party", account, "--kind", kind, *facts(who), "--json", at=at, who=BACK_OFFICE).told()
        for kind, who in (("holder", ALMA), ("traveller", VICTOR))
    ]
    hers, his = (party["party_id"] for party in parties)
    old, new = written(tmp_path, "old.json", OLD_TRIP), written(tmp_path, "new.json", NEW_TRIP)
    imported = run("booking", "import", account, old, "--json", at=at, who=BACK_OFFICE).told()
    assert imported["file"] == old
    assert [each["party_id"] for each in imported["travellers"]] == [hers, his]

    start = ["protect", "start", account, hers, "--adverse", his, "--safe-phone", "+447700900999"]
    started = run(*start, "--review-on", "2031-06-01", "--json", at=at, who=AGENT).told()
    assert started["status"] == "provisional"
    confirm = ["protect", "confirm", account, started["protection_id"], "--json"]
    assert [run(*confirm, at=at, who=who).told()["status"] for who in (SAFETY, SAFETY_TOO)] == [
        "provisional",
        "confirmed",
    ]
    link = sent(at, account)["link"]
    chosen = run(
        "passcode", "choose", "--duress", "--passcode-stdin", "--json", at=at, stdin=f"{link}\n{HERS}\n{DURESS}\n"
    )
    assert chosen.told() == {"status": "set", "passcode": ""}
    imported = run(
        *("booking", "import", account, new, "--booking", imported["booking_id"], "--traveller", f"t1={hers}"),
        *("--format", "watchword.booking", "--json"), at=at, who=BACK_OFFICE,
    ).told()  # fmt: skip
    assert imported["held_version"] == 2
    split = ["booking", "split", imported["booking_id"], "--reason", "reissued", *FATES, "--hers", "shown", "--json"]
    assert run(*split, at=at, who=SAFETY).told()["status"] == "open"

    interaction = _bound(run, at, VICTOR, account)
    heard = run("ask", interaction, "--locator", OLD_LOCATOR, "--classes", "EIP", "--json", at=at, who=AGENT).told()
    assert heard["document"]["segments"][0]["destination"] == "JFK"
    withheld = run("ask", interaction, "--locator", NEW_LOCATOR, "--json", at=at, who=AGENT).told()
    assert withheld["outcome"] == "withheld"  # and no error
    listed = run("ask", interaction, "--json", at=at, who=AGENT).told()
    assert [each["booking_id"] for each in listed["bookings"]] == [imported["booking_id"]]
    tried = run("interaction", "verify", interaction, "--passcode-stdin", "--json", at=at, who=AGENT, stdin="a guess\n")
    assert tried.told()["accepted"] is False
    joined = run(
        "interaction", "join", interaction, "--kind", "interpreter", "--declared", "--json", at=at, who=AGENT
    ).told()["listener_id"]
    assert run("interaction", "leave", interaction, joined, "--json", at=at, who=AGENT).told()["listener_id"] == joined
    requested = run("interaction", "passcode", interaction, "--json", at=at, who=AGENT).told()
    assert requested["next_step"] == "ask"
    assert run("interaction", "close", interaction, "--json", at=at, who=AGENT).told()["status"] == "closed"

    interaction = _bound(run, at, ALMA, account)
    run("interaction", "verify", interaction, "--passcode-stdin", "--json", at=at, who=AGENT, stdin=HERS + "\n").told()
    heard = run("ask", interaction, "--booking", imported["booking_id"], "--json", at=at, who=AGENT).told()
    assert heard["document"]["segments"][0]["destination"] == "YVR"

    _called_back(run, at, account)
    _read(run, at, account)


def _called_back(run: Run, at: Running, account: str) -> None:
    opened = ["interaction", "open", "--contact", "+447700900999", "--channel", "call_back", "--json"]
    interaction = run(*opened, at=at, who=SAFETY).told()["interaction_id"]
    run("interaction", "bind", interaction, "--account", account, *facts(ALMA), "--json", at=at, who=SAFETY).told()
    placed = run("interaction", "call-back", interaction, "--json", at=at, who=SAFETY).told()
    assert placed["next_step"] == "ask_passcode"


def _read(run: Run, at: Running, account: str) -> None:
    own = ["--of", "account"]
    page = run("history", account, *own, "--limit", "5", "--json", at=at, who=AUDITOR).told()
    assert len(page["entries"]) == 5
    going_on = ["--cursor", page["next_cursor"], "--limit", "200"]
    more = run("history", account, *own, *going_on, "--json", at=at, who=AUDITOR)
    names = [entry["name"] for entry in (page["entries"] + more.told()["entries"])]
    assert names.count("disclosure.attempted.v1") == 4
    assert names.count("passcode.tried.v1") == 2
    every = run("history", account, *own, "--all", "--limit", "5", "--json", at=at, who=AUDITOR)
    assert [json.loads(line)["version"] for line in every.out.splitlines()][: len(names)] == list(
        range(1, len(names) + 1)
    )


def _bound(run: Run, at: Running, who: Any, account: str) -> str:
    opened = run("interaction", "open", "--contact", who.phone + account[:6], "--json", at=at, who=AGENT).told()
    interaction = str(opened["interaction_id"])
    bind = ["interaction", "bind", interaction, "--account", account, "--locator", OLD_LOCATOR, *facts(who), "--json"]
    assert run(*bind, at=at, who=AGENT).told()["next_step"] == "ask"
    return interaction


def test_the_same_for_people(server: Running, run: Run, tmp_path: Path) -> None:
    at = server
    said = run("account", "open", at=at, who=BACK_OFFICE).said()
    account = _only_id(said)
    said = run("account", "add-party", account, "--kind", "holder", *facts(ALMA), at=at, who=BACK_OFFICE).said()
    assert said.startswith("party id  ")
    hers = _only_id(said)
    said = run("booking", "import", account, written(tmp_path, "old.json", OLD_TRIP), at=at, who=BACK_OFFICE).said()
    booking = re.findall(r"booking ([0-9a-f]{32}), held version 1, travellers t1=" + hers, said)[0]
    started = run("protect", "start", account, hers, "--safe-email", "s@example.org", at=at, who=AGENT).said()
    assert "provisional" in started
    protection = IDENTIFIER.findall(started)[0]
    assert "provisional" in run("protect", "confirm", account, protection, at=at, who=SAFETY).said()
    assert "confirmed" in run("protect", "confirm", account, protection, at=at, who=SAFETY_TOO).said()
    assert "open" in run("booking", "split", booking, "--reason", "reissued", *FATES, at=at, who=SAFETY).said()
    token = sent(at, account)["token"]
    short = run("passcode", "choose", "--passcode-stdin", at=at, stdin=f"{token}\nshort\n")
    assert (short.code, short.out) == (3, "")
    assert "it has 5 characters and needs 15" in short.err
    made = run("passcode", "choose", "--generate", "--passcode-stdin", at=at, stdin=token + "\n").said()
    passcode = re.search(r"(?m)^passcode +(\S.*)$", made)
    assert passcode is not None

    said = run("interaction", "open", "--contact", "+447700900321", at=at, who=AGENT).said()
    interaction = _only_id(said)
    bind = ["interaction", "bind", interaction, "--account", account, *facts(ALMA)]
    assert "How can I help you" in run(*bind, at=at, who=AGENT).said()
    heard = run("ask", interaction, "--locator", OLD_LOCATOR, "--classes", "eipl", at=at, who=AGENT).said()
    assert all(word in heard for word in ("disclosed", "LHR", "JFK", "Alma", OLD_LOCATOR, "Here is what I can see"))
    withheld = run("ask", interaction, "--locator", "NQ5YXD", at=at, who=AGENT).said()
    assert "withheld" in withheld
    assert f"booking {booking}" in run("ask", interaction, at=at, who=AGENT).said()
    verify = ["interaction", "verify", interaction, "--listener", "caller", "--passcode-stdin"]
    assert "yes" in run(*verify, at=at, who=AGENT, stdin=passcode[1] + "\n").said()
    joined = _only_id(run("interaction", "join", interaction, "--kind", "third_party", at=at, who=AGENT).said())
    assert joined in run("interaction", "leave", interaction, joined, at=at, who=AGENT).said()
    assert "a link" in run("interaction", "passcode", interaction, at=at, who=AGENT).said()
    assert "closed" in run("interaction", "close", interaction, at=at, who=AGENT).said()
    said = run("interaction", "open", "--contact", "+447700900322", "--channel", "call_back", at=at, who=SAFETY).said()
    interaction = _only_id(said)
    run("interaction", "bind", interaction, "--account", account, *facts(ALMA), at=at, who=SAFETY)
    assert "phrase" in run("interaction", "call-back", interaction, at=at, who=SAFETY).said()

    read = run("history", account, "--limit", "8", at=at, who=AUDITOR)
    assert read.code == 0
    assert "opened the account" in read.out
    assert re.search(r"there is more: --cursor [0-9a-f]+-[0-9a-f]+,", read.err)
    everything = run("history", account, "--all", "--limit", "3", at=at, who=AUDITOR).said()
    assert all(
        word in everything for word in ("called the safe contact back", "tried a passcode", "accepted", "manila")
    )
    assert "disclosure attempted" not in everything, "every event has its words"


def _only_id(said: str) -> str:
    (found,) = IDENTIFIER.findall(said)
    return str(found)


def test_the_policy_until_the_service_goes_away(start_server: Callable[..., Running], run: Run, tmp_path: Path) -> None:
    at = start_server()
    told = run("policy", "show", "--json", at=at, who=AUDITOR).told()
    assert told["version"] == 1
    assert "notice-shows-nothing" in run("policy", "show", at=at, who=COMPLIANCE).said()
    cedar = tmp_path / "policy.cedar"
    cedar.write_text('@id("nothing") forbid (principal, action, resource);')
    adopted = run("policy", "adopt", str(cedar), "--json", at=at, who=COMPLIANCE)
    assert adopted.code == 0, adopted.err
    assert json.loads(adopted.out)["version"] == 2
    again = run("policy", "adopt", str(cedar), at=at, who=COMPLIANCE)
    assert "changed cells  0" in again.out
    cedar.write_text("permit (principal, action, resource")
    refused = run("policy", "adopt", str(cedar), at=at, who=COMPLIANCE)
    assert (refused.code, refused.out) == (3, "")
    at.stop()
    assert run("policy", "show", at=at, who=COMPLIANCE).code == 4


def test_json_is_exactly_what_the_service_answered(server: Running, run: Run) -> None:
    ran = run("policy", "show", "--json", at=server, who=AUDITOR)
    header = f"Authorization: Bearer {server.token('auditor')}"
    curled = subprocess.run(
        ["curl", "-sS", f"{server.url}/v1/policy", "-H", header], capture_output=True, check=True
    ).stdout
    assert ran.out.encode() == curled + b"\n"


def test_a_key_repeats_a_call(server: Running, run: Run) -> None:
    first, second, other = (
        run("account", "open", "--key", key, "--json", at=server, who=BACK_OFFICE).told()
        for key in ("once-1", "once-1", "once-2")
    )
    assert first == second != other
