"""The demo: it plays against the real service and comes out right, and every check notices when something is not."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from rich.console import Console

from service.cli import demo as command
from service.cli.exits import Code, Failed
from service.demo import theatre
from service.demo.checks import Check, alike, heard, recorded, refused, same_refusal, sealed, unheard
from service.demo.narrator import Narrator
from service.demo.papers import CANARIES, NEW_TRIP, OLD_MARKS, OLD_TRIP
from service.demo.reissue import Reissue
from service.demo.running import NotPlayed
from service.demo.stage import Stage
from service.demo.theatre import Played
from service.demo.transcript import Ears, Exchange


class Kept(Reissue):
    """The story, with both stages kept for a closer look."""

    def __init__(self) -> None:
        self.stages: tuple[Stage, Stage] | None = None

    def checks(self, stage: Stage, twin: Stage) -> list[Check]:
        self.stages = stage, twin
        return super().checks(stage, twin)


class Shown(NamedTuple):
    """What the command showed: the story with its stages, stdout and stderr."""

    story: Kept
    data: str
    told: str

    @property
    def stages(self) -> tuple[Stage, Stage]:
        assert self.story.stages is not None
        return self.story.stages


@pytest.fixture(scope="module")
def shown() -> Shown:
    """`watchword demo --json`, run once: it ends well."""
    story, data, told = Kept(), io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(data), redirect_stderr(told):
        patch.setattr(theatre, "STORIES", (story,))
        command.demo(as_json=True)
    return Shown(story, data.getvalue(), told.getvalue())


def test_everything_it_shows_is_true_and_stdout_has_that_alone(shown: Shown) -> None:
    checks = json.loads(shown.data)["checks"]
    assert [check for check in checks if not check["true"]] == []
    assert len(checks) == len({check["says"] for check in checks}) == 12


def test_it_is_told_and_ends_with_the_record_and_the_checks(shown: Shown) -> None:
    told = shown.told
    assert all(words in told for words in ("Alma Grey", "A week later", "“I could not confirm that passcode.”"))
    assert all(words in told for words in ("manila", "sofia", "disclosed, shown view", "disclosed, held view"))
    assert told.count("✓") == 12
    assert "✗" not in told
    assert told.endswith("All 12 checks came out true.\n")
    assert "copper lantern" not in told
    assert "marble kettle" not in told


def test_nothing_is_left_behind(shown: Shown) -> None:
    for stage in shown.stages:
        assert not stage.running.home.exists()
        with pytest.raises(NotPlayed):
            assert stage.running.pid


Change = Callable[[Exchange], dict[str, Any]]
TWIN, RECORD = "Nobody on the line could tell", "Every attempt is on record"
NOBODY_ELSE, HE_HEARD = "Nobody but herself", "The adverse party heard nothing"


def also(one: Exchange, value: str) -> dict[str, Any]:
    return {"body": one.body.replace(b"{", b'{"note":"%s",' % value.encode(), 1)}


def instead(one: Exchange, said: str, other: str) -> dict[str, Any]:
    assert said.encode() in one.body
    return {"body": one.body.replace(said.encode(), other.encode())}


def says_instead(document: dict[str, Any]) -> bytes:
    return json.dumps({"decision_id": "", "outcome": "disclosed", "document": document}).encode()


def without_the_last(attempt: str, body: bytes) -> bytes:
    told = json.loads(body)
    last = max(at for at, entry in enumerate(told["entries"]) if entry["name"] == attempt)
    told["entries"].pop(last)
    return json.dumps(told).encode()


RAIN, SUN = Check("It rains", true=False, found="sun"), Check("It shines", true=True, found="sun")

CHANGES: dict[str, tuple[Ears, str, Change, set[str]]] = {
    "his agent is told where": (
        Ears.ADVERSE, "ask", lambda one: also(one, "YVR"), {HE_HEARD, NOBODY_ELSE, TWIN},
    ),
    "a header tells his agent": (
        Ears.ADVERSE, "bind", lambda one: {"headers": (*one.headers, ("x-note", "2031-03-11"))},
        {HE_HEARD, NOBODY_ELSE, TWIN},
    ),
    "the website is told": (
        Ears.PORTAL, "list", lambda one: also(one, "ZK4WLN"), {"The portal on", NOBODY_ELSE, TWIN},
    ),
    "the website shows nothing": (
        Ears.PORTAL, "ask", lambda one: instead(one, "JFK", "XXX"), {"The portal shows", TWIN},
    ),
    "he hears another trip": (
        Ears.ADVERSE, "ask", lambda one: instead(one, "LHR", "XXX"), {"He heard the old trip", TWIN},
    ),
    "staff are told": (Ears.STAFF, "set up", lambda one: also(one, "9992400000099"), {NOBODY_ELSE}),
    "the auditor is told": (Ears.AUDITOR, "history", lambda one: also(one, "YVR"), {NOBODY_ELSE}),
    "one byte more": (Ears.ADVERSE, "close", lambda one: {"body": one.body.replace(b"{", b"{ ", 1)}, {TWIN}),
    "one header less": (Ears.ADVERSE, "open", lambda one: {"headers": one.headers[1:]}, {TWIN}),
    "another status": (Ears.ADVERSE, "list", lambda _: {"status": 404, "body": b"{}"}, {TWIN, RECORD}),
    "a guess is right": (
        Ears.ADVERSE, "passcode", lambda one: instead(one, "false", "true"),
        {"No passcode he tried", TWIN, RECORD},
    ),
    "she hears the old": (Ears.HERSELF, "ask", lambda _: {"body": says_instead(OLD_TRIP)}, {"She herself", RECORD}),
    "she hears nothing": (
        Ears.HERSELF, "ask", lambda one: instead(one, "YVR", "XXX"), {"She herself"},
    ),
    "duress shows the truth": (
        Ears.DURESS, "ask", lambda _: {"body": says_instead(NEW_TRIP)}, {"The duress passcode", NOBODY_ELSE, RECORD},
    ),
    "a question is lost": (
        Ears.AUDITOR, "history", lambda one: {"body": without_the_last("disclosure.attempted.v1", one.body)}, {RECORD},
    ),
    "a guess is lost": (
        Ears.AUDITOR, "history", lambda one: {"body": without_the_last("passcode.tried.v1", one.body)}, {RECORD},
    ),
    "the record is not sealed": (
        Ears.AUDITOR, "history", lambda one: {"body": one.body.replace(b"crm-48213", b"QX7RTB")}, {"What he asked for"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_just_these_checks_are_untrue_when_something_else_comes_back(shown: Shown, change: str) -> None:
    ears, call, changed, untrue = CHANGES[change]
    stage, twin = shown.stages
    kept = stage.transcript
    last = max(at for at, one in enumerate(kept) if one.ears is ears and one.call == call)
    other = msgspec.structs.replace(kept[last], **changed(kept[last]))
    stage.transcript = [*kept[:last], other, *kept[last + 1 :]]
    try:
        checks = Reissue().checks(stage, twin)
    finally:
        stage.transcript = kept
    found = {check.says for check in checks if not check.true}
    assert all(any(says.startswith(start) for says in found) for start in untrue)
    assert all(says.startswith(tuple(untrue)) for says in found)


def test_what_is_hidden_and_what_is_not_there_must_be_answered_alike(shown: Shown) -> None:
    asked = [one for one in shown.stages[0].transcript if one.ears is Ears.ADVERSE and one.call == "ask"]
    hidden = next(one for one in asked if one.told()["outcome"] == "withheld")
    assert same_refusal("", hidden, hidden).true
    assert not same_refusal("", hidden, asked[0]).true
    assert not same_refusal("", hidden, msgspec.structs.replace(hidden, body=hidden.body[:-1])).true


def test_nothing_that_was_never_asked_is_true() -> None:
    checks = [
        unheard("", [], CANARIES),
        heard("", [], OLD_MARKS),
        alike("", [], []),
        refused("", []),
        recorded("", [], []),
        sealed("", [], []),
    ]
    assert [check.true for check in checks] == [False] * len(checks)


@pytest.mark.parametrize("checks", [(RAIN, SUN), (RAIN,), ()], ids=["one of two", "all", "nothing was checked"])
@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_ends_with_one_when_anything_is_untrue(
    capsys: pytest.CaptureFixture[str], *, checks: tuple[Check, ...], as_json: bool
) -> None:
    with pytest.raises(Failed, match="came out untrue") as failed:
        command.end(Played(checks), as_json=as_json)
    assert failed.value.code is Code.UNTRUE
    printed = capsys.readouterr().out
    assert not as_json or json.loads(printed) == {"checks": [msgspec.to_builtins(check) for check in checks]}


def test_what_is_untrue_is_marked() -> None:
    printed = io.StringIO()
    Narrator(Console(file=printed)).checked([RAIN, SUN])
    assert [line.split()[:3] for line in printed.getvalue().splitlines()] == [
        ["✗", "It", "rains"],
        ["✓", "It", "shines"],
    ]


def test_a_service_that_cannot_start_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    (tmp_path / "python").chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(Failed, match="did not start: broken") as failed:
        command.demo(as_json=True)
    assert failed.value.code is Code.UNAVAILABLE
