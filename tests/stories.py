"""A story of the demo, told to a test: played against the real service, with its stages kept for a closer look."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple

import msgspec
import pytest

from service.cli import demo as command
from service.demo import theatre
from service.demo.checks import Check
from service.demo.stage import Stage
from service.demo.story import Story
from service.demo.transcript import Ears, Exchange

Change = Callable[[Exchange], dict[str, Any]]
# Who heard, the call, which of them, what comes back instead, and how the checks begin that are untrue then.
Instead = tuple[Ears, str, int, Change, set[str]]


class Kept:
    """A story that keeps the stages it was played on."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.title = story.title
        self.stages: tuple[Stage, Stage] | None = None

    def play(self, stage: Stage, twin: Stage) -> None:
        """Play it."""
        self.story.play(stage, twin)

    def checks(self, stage: Stage, twin: Stage) -> Sequence[Check]:
        """What it shows; and the stages are kept."""
        self.stages = stage, twin
        return self.story.checks(stage, twin)


class Told(NamedTuple):
    """What `watchword demo --json` showed of one story: stdout and stderr."""

    story: Kept
    data: str
    printed: str

    def ended_well(self, count: int, *words: str) -> None:
        """So many checks, no two alike and all of them true; and these words were told."""
        checks = json.loads(self.data)["checks"]
        assert [check for check in checks if not check["true"]] == []
        assert len(checks) == len({check["says"] for check in checks}) == count
        assert [each for each in words if each not in self.printed] == []

    def notices(self, change: Instead) -> None:
        """Just these checks are untrue when something else comes back."""
        ears, call, which, changed, untrue = change
        found = self.untrue(ears, call, which, changed)
        assert all(any(says.startswith(start) for says in found) for start in untrue), found
        assert all(says.startswith(tuple(untrue)) for says in found), found

    def untrue(self, ears: Ears, call: str, which: int, changed: Change) -> set[str]:
        """The checks that are untrue when something else comes back from this call."""
        assert self.story.stages is not None
        stage, twin = self.story.stages
        kept = stage.transcript
        at = [at for at, one in enumerate(kept) if one.ears is ears and one.call == call][which]
        stage.transcript = [*kept[:at], msgspec.structs.replace(kept[at], **changed(kept[at])), *kept[at + 1 :]]
        try:
            checks = self.story.checks(stage, twin)
        finally:
            stage.transcript = kept
        return {check.says for check in checks if not check.true}


def told(story: Story) -> Told:
    """Play one story by the command, which ends well or raises."""
    kept, data, printed = Kept(story), io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(data), redirect_stderr(printed):
        patch.setattr(theatre, "STORIES", (kept,))
        command.demo(as_json=True)
    return Told(kept, data.getvalue(), printed.getvalue())


def instead(one: Exchange, said: str, other: str) -> dict[str, Any]:
    """The answer with other words in the place of some."""
    assert said.encode() in one.body
    return {"body": one.body.replace(said.encode(), other.encode())}
