"""Protection over time by hand, against the real service: reviewed, mended, changed, ended, stopped, released."""

from __future__ import annotations

from pathlib import Path
from time import sleep

from service.cli.exits import Code
from service.demo.running import Running
from tests.service.test_cli import AGENT, HERS, SAFETY, SAFETY_TOO, Run, run
from tests.service.test_cli_overrides import opened

__all__ = ["run"]  # a fixture

FIRST, RIGHT, NEXT = "+447700900441", "+447700900442", "+447700900443"


def link(at: Running, to: str, template: str) -> str:
    """The link in the newest message of this kind that came to this number, once it is there."""
    for _ in range(400):
        found = [m.fields["link"] for m in at.messages() if (m.to_value, m.template) == (to, template)]
        if found:
            return found[-1]
        sleep(0.01)
    raise AssertionError(f"no {template} came")


def test_a_protection_over_time_from_the_command_line(server: Running, run: Run, tmp_path: Path) -> None:
    account, hers, contact = opened(server, run, tmp_path)
    starting = ["protect", "start", account, hers, "--safe-phone", FIRST, "--json"]
    protection = run(*starting, at=server, who=AGENT).told()["protection_id"]

    correcting = ["protect", "correct", account, protection]
    assert run(*correcting, at=server, who=SAFETY).code == Code.USAGE
    for who, status in ((SAFETY, "asked"), (SAFETY_TOO, "corrected")):
        assert run(*correcting, "--safe-phone", RIGHT, "--json", at=server, who=who).told()["status"] == status
    reviewing = ["protect", "review", account, protection, "upheld", "--reason", "both papers seen"]
    for who, settled in ((SAFETY, False), (SAFETY_TOO, True)):
        assert run(*reviewing, "--json", at=server, who=who).told()["settled"] is settled
    chosen = link(server, RIGHT, "passcode_link")
    run("passcode", "choose", "--passcode-stdin", "--json", at=server, stdin=f"{chosen}\n{HERS}\n").told()

    assert run("protect", "renew", account, protection, "2020-01-01", at=server, who=SAFETY).code == Code.REFUSED
    renewed = run("protect", "renew", account, protection, "2099-01-01", "--json", at=server, who=SAFETY).told()
    assert renewed["review_on"] == "2099-01-01"
    assert run("protect", "due", "--within", "14", at=server, who=AGENT).code == Code.UNAUTHORISED

    run("interaction", "verify", contact, "--passcode-stdin", "--json", at=server, who=AGENT, stdin=HERS + "\n").told()
    noted = run("interaction", "safe-contact", contact, "--safe-phone", NEXT, "--json", at=server, who=AGENT).told()
    stop = link(server, RIGHT, "stop_link")
    stopping = ["safe-contact", "stop", "--passcode-stdin", "--json"]
    assert run(*stopping, at=server, stdin=stop + "\n").told() == {"status": "noted"}
    assert run(*stopping, at=server, stdin=stop + "\n").code == Code.REFUSED

    assert run("protect", "end", contact, "--json", at=server, who=AGENT).told() == noted
    confirm = link(server, RIGHT, "confirm_link")
    confirming = ["safe-contact", "confirm", "--passcode-stdin", "--json"]
    assert run(*confirming, at=server, stdin=confirm + "\n").told() == {"status": "noted"}
    due = run("protect", "due", "--json", at=server, who=SAFETY).told()["protections"]
    assert [each["why"] for each in due if each["account_id"] == account] == ["ends"]
    assert account in run("protect", "due", at=server, who=SAFETY).said()
    assert run("protect", "stop", contact, "--json", at=server, who=AGENT).told() == noted
    assert run("protect", "release", contact, at=server, who=AGENT).code == Code.USAGE
    for which in (["--all"], ["--booking", "0" * 32]):
        assert run("protect", "release", contact, *which, "--json", at=server, who=AGENT).told() == noted
