"""A story of the demo, told to a test: played against the real service, with its stages kept for a closer look."""

from __future__ import annotations

import io
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
