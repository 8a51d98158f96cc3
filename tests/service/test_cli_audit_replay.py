"""`watchword audit replay`, `what-if` and `decision`, against real databases: straight from them, and on record."""

from __future__ import annotations

import getpass
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from domain.auditing import AuditBegun, AuditEnded
from service.cli.exits import Code
from service.policies import DEFAULT_TEXT
from service.record.shares import chunks
from tests.calling import Service, serving
from tests.case import VICTOR, Case
from tests.replays import recorded
from tests.service.test_cli import Run, run
from tests.trips import OLD

__all__ = ["run"]  # a fixture

MORE = """
@id("identified-hears-documents")
permit (principal == Standing::"identified", action == Action::"hear", resource == FieldClass::"D")
when { context.protection == Protection::"none" };
"""


class Past:
    """A log with some decisions in it, and the settings that lead to it."""

    def __init__(self, service: Service, decisions: list[str], environment: dict[str, str]) -> None:
        self.service, self.decisions, self.environment = service, decisions, environment
        self.url = service.settings.database_url


@pytest_asyncio.fixture(params=["sqlite", "postgres"])
async def past(request: pytest.FixtureRequest, tmp_path: Path) -> Past:
    """On either store."""
    settings = {}
    if request.param == "postgres":
        settings = {"WATCHWORD_DATABASE_URL": request.getfixturevalue("fresh_postgres")}
    return await made(tmp_path, settings)


@pytest_asyncio.fixture
async def in_a_file(tmp_path: Path) -> Past:
    """On SQLite, where a row can be altered by whoever has the file."""
    return await made(tmp_path, {})


async def made(tmp_path: Path, settings: dict[str, str]) -> Past:
    async with serving(tmp_path / "home", **settings) as service:
        case = await Case.opened(service)
        agent = service.by("agent")
        line = await case.line(agent, VICTOR)
        told = []
        for classes in (["E", "I"], ["D"], ["I"]):
            answer = await agent.made(f"{line}/disclosures", {"classes": classes, "locator": OLD})
            told.append(answer["decision_id"])
    return Past(service, told, {"WATCHWORD_HOME": str(tmp_path / "home"), **settings})


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_everything_comes_out_the_same_and_that_it_was_read_is_on_record(past: Past, run: Run) -> None:
    told = run("audit", "replay", "--json", environment=past.environment).told()
    assert (told["found"], told["divergences"], told["faults"]) == ("tally", 0, 0)
    assert told["made"] == {"disclosure.attempted.v1": 3}
    said = run("audit", "replay", environment=past.environment).said()
    assert "3 decisions made again; 3 came out as they are on record" in said
    kept = [each for each in recorded(past.url) if isinstance(each.event, AuditBegun | AuditEnded)]
    assert [type(each.event) for each in kept] == [AuditBegun, AuditEnded] * 2
    assert {each.stream for each in kept} == {f"reader:os:{getpass.getuser()}"}
    assert {each.header.actor.role for each in kept} == {"command_line"}
    began = kept[0].event
    assert isinstance(began, AuditBegun)
    assert (began.what, began.upto, began.policy) == ("replay", kept[0].position - 1, "")
    ended = kept[1].event
    assert isinstance(ended, AuditEnded)
    assert (ended.audit_id, ended.decisions) == (began.audit_id, 3)
    assert dict(ended.found) == {"divergences": 0, "faults": 0}


def test_what_if_lists_what_would_change_and_adopts_nothing(in_a_file: Past, run: Run, tmp_path: Path) -> None:
    past = in_a_file
    policy = tmp_path / "other.cedar"
    policy.write_text(DEFAULT_TEXT + MORE)
    words = ("audit", "what-if", "--policy", str(policy))
    ran = run(*words, "--json", environment=past.environment)
    assert ran.code == 0, ran.err
    change, tally = lines(ran.out)
    assert (change["found"], change["how"]) == ("change", "would_be_disclosed")
    assert change["decision_id"] == past.decisions[1]
    assert tally["changes"] == {"would_be_disclosed": 1}
    assert tally["rules"] == {"would_be_disclosed": {"identified-hears-documents": 1}}
    said = run(*words, "--examples", "0", environment=past.environment)
    assert said.code == 0
    assert "1 withheld, and would be disclosed" in said.out
    assert "identified-hears-documents" in said.out
    assert past.decisions[1] not in said.out
    began = [each.event for each in recorded(past.url) if isinstance(each.event, AuditBegun)]
    assert [(each.what, len(each.policy)) for each in began] == [("what_if", 64)] * 2
    # Nothing was adopted by it.
    assert run("audit", "replay", "--json", environment=past.environment).told()["divergences"] == 0


def test_a_policy_that_cannot_be_judged_is_refused(in_a_file: Past, run: Run, tmp_path: Path) -> None:
    past = in_a_file
    policy = tmp_path / "bad.cedar"
    policy.write_text("permit nobody anything;")
    ran = run("audit", "what-if", "--policy", str(policy), environment=past.environment)
    assert (ran.code, ran.out) == (Code.REFUSED, "")
    missing = run("audit", "what-if", "--policy", str(tmp_path / "none"), environment=past.environment)
    assert missing.code == Code.USAGE


def test_no_key_is_needed_and_what_was_altered_is_found(in_a_file: Past, run: Run) -> None:
    past = in_a_file
    home = Path(past.environment["WATCHWORD_HOME"])
    shutil.rmtree(home / "keys")
    with sqlite3.connect(past.url.removeprefix("sqlite:///")) as database:
        query = "SELECT position, state FROM events WHERE instr(state, ?) ORDER BY position LIMIT 1"
        ((position, state),) = database.execute(query, (past.decisions[0].encode(),))
        stored = state.replace(b'"outcome":"disclosed"', b'"outcome":"withheld"')
        assert stored != state
        database.execute("UPDATE events SET state = ? WHERE position = ?", (stored, position))
    ran = run("audit", "replay", "--json", environment=past.environment)
    assert ran.code == Code.CONTRADICTED
    found, tally = lines(ran.out)
    assert (found["found"], found["position"], found["decision_id"]) == ("divergence", position, past.decisions[0])
    assert found["differs"] == [{"what": "outcome", "recorded": "withheld", "again": "disclosed"}]
    assert (tally["decisions"], tally["divergences"]) == (3, 1)
    said = run("audit", "replay", environment=past.environment)
    assert said.code == Code.CONTRADICTED
    assert f"position {position}  {past.decisions[0]}  outcome: withheld, now disclosed" in said.out
    assert not (home / "keys").exists()


def test_nothing_is_read_where_that_cannot_be_recorded(
    in_a_file: Past, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.log import EventLog, LogUnavailable  # noqa: PLC0415 - what the command imports itself

    def refuse(_: EventLog, __: Any) -> None:
        raise LogUnavailable("the log cannot be written")

    monkeypatch.setattr(EventLog, "append", refuse)
    ran = run("audit", "replay", "--json", environment=in_a_file.environment)
    assert (ran.code, ran.out) == (Code.UNAVAILABLE, "")


def test_two_processes_make_what_one_makes(past: Past) -> None:
    last = recorded(past.url)[-1].position
    one = list(chunks(past.url, last, processes=1, at_once=7))
    two = list(chunks(past.url, last, processes=2, at_once=7))
    assert [each.upto for each in one] == [each.upto for each in two]
    assert [each.made for each in one] == [each.made for each in two]
    assert sum(sum(each.made.values()) for each in two) == 3


def test_one_decision_over_the_api(run: Run, server: Any) -> None:
    ran = run("audit", "decision", "0" * 32, at=server, who=("auditor", 0, "auditor-1"))
    assert ran.code == Code.REFUSED
    assert run("audit", "decision", "0" * 32, at=server, who=("agent", 3, "safety-1")).code == Code.UNAUTHORISED
