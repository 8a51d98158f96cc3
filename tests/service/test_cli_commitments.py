"""`watchword commitment` and `watchword problem` against the real service, as people read them and as JSON."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.cli.exits import Code
from service.demo.running import Running
from tests.service.test_cli import AGENT, OTHER, SAFETY, Run, run

__all__ = ["run"]

EXECUTIVE = ("executive", 0, "chief-1")
WORDS = "seat 14C, paid twice"


def due(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def made(run: Run, server: Running, *words: str, who: tuple[str, int, str] = AGENT) -> dict[str, Any]:
    return run(*words, "--json", at=server, who=who).told()


def test_a_promise_from_the_command_line_to_its_end(server: Running, run: Run) -> None:
    options = ("--owner", "agent-7", "--due", due(hours=1), "--words", WORDS)
    commitment = made(run, server, "commitment", "make", *options, who=OTHER)["commitment_id"]
    assert WORDS in run("commitment", "show", commitment, at=server, who=AGENT).said()
    listed = run("commitment", "list", at=server, who=AGENT).said()
    assert commitment in listed
    assert WORDS not in listed
    how = ("commitment", "answer", commitment, "--words", "rang once", "--how")
    assert made(run, server, *how, "voicemail")["status"] == "open"
    assert made(run, server, *how, "mail")["status"] == "answered"
    own = run("commitment", "accept", commitment, at=server, who=AGENT)
    assert own.code == Code.REFUSED
    assert made(run, server, "commitment", "accept", commitment, "--decline", who=OTHER)["status"] == "open"
    assert made(run, server, *how, "call")["status"] == "answered"
    assert made(run, server, "commitment", "accept", commitment, who=OTHER)["status"] == "kept"
    found = made(run, server, "commitment", "list", "--owner", "agent-7")
    assert commitment not in json.dumps(found)


def test_only_an_executive_answers_for_one_and_only_for_what_is_on_his_list(server: Running, run: Run) -> None:
    options = ("--owner", "tier-2", "--due", due(hours=1), "--words", WORDS)
    commitment = made(run, server, "commitment", "make", *options)["commitment_id"]
    words = ("commitment", "answer-for", commitment, "--words", "it was ours")
    assert run(*words, at=server, who=SAFETY).code == Code.UNAUTHORISED
    assert run(*words, at=server, who=EXECUTIVE).code == Code.REFUSED
    told = made(run, server, "commitment", "list", "--status", "executive", "--limit", "5", who=EXECUTIVE)
    assert commitment not in json.dumps(told)


def test_a_problem_from_the_command_line_to_its_end(server: Running, run: Run) -> None:
    opened = made(run, server, "problem", "open", "--title", WORDS, "--about", "website.seats", who=OTHER)
    problem = opened["problem_id"]
    victims = ("--account", "a1", "--account", "a2", "--interaction", "i1", "--commitment", "c1")
    assert made(run, server, "problem", "join", problem, *victims)["victims"] == 4
    escalate = ("problem", "escalate", problem, "--to", "tier-3", "--due", due(hours=1), "--words", WORDS)
    escalation = made(run, server, *escalate, who=OTHER)["escalation_id"]
    listed = run("problem", "list", at=server, who=EXECUTIVE).said()
    assert "website.seats" in listed
    answer = ("problem", "answer", problem, escalation, "--words", "mended")
    assert made(run, server, *answer, who=SAFETY)["answered_by"] == "safety-1"
    closing = ("problem", "close", problem)
    assert run(*closing, at=server, who=SAFETY).code == Code.REFUSED
    assert not made(run, server, "problem", "accept", problem, escalation, "--decline", who=OTHER)["accepted"]
    made(run, server, *answer, who=SAFETY)
    assert made(run, server, "problem", "accept", problem, escalation, who=OTHER)["accepted"]
    assert made(run, server, *closing, who=SAFETY)["closed"]


@pytest.mark.parametrize("words", [("--owner", "x", "--words", "y"), ("--due", "z", "--words", "y")])
def test_a_promise_has_an_owner_and_a_due_time(server: Running, run: Run, words: tuple[str, ...]) -> None:
    assert run("commitment", "make", *words, at=server, who=AGENT).code == Code.USAGE
