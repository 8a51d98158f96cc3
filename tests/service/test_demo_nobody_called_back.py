"""The story of the call that nobody made: it comes out right, and each check notices when something else came back."""

import io
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from rich.console import Console

from service.demo import theatre
from service.demo.checks import Check
from service.demo.nobody_called_back import NobodyCalledBack
from service.demo.stage import Stage
from service.demo.transcript import Exchange


class Kept(NobodyCalledBack):
    """The story, with its stages kept for a closer look."""

    stages: tuple[Stage, Stage]

    def checks(self, stage: Stage, twin: Stage) -> list[Check]:
        self.stages = stage, twin
        return list(super().checks(stage, twin))


@pytest.fixture(scope="module")
def shown() -> tuple[Kept, str]:
    story, told = Kept(), io.StringIO()
    played = theatre.play(Console(file=told, width=160), [story])
    assert [check for check in played.checks if not check.true] == []
    return story, told.getvalue()


def test_it_is_told(shown: tuple[Kept, str]) -> None:
    _, told = shown
    assert all(words in told for words in ("Nora Byrne", "voicemail", "tier-3 open, broken 2 times", "executives"))
    assert told.count("✓") == 8
    assert "✗" not in told


CHANGES: dict[str, tuple[Callable[[Exchange], bool], tuple[str, str], str]] = {
    "the voicemail kept it": (
        lambda one: one.path.endswith("/answers"), ('"status":"open"', '"status":"kept"'), "A voicemail did not",
    ),
    "it never was with tier 3": (lambda one: True, ('"owner":"tier-3"', '"owner":"tier-2"'), "Past its due time"),
    "it never came off the list": (
        lambda one: one.path == "commitments?status=executive",
        ('"commitments":[]', '"commitments":[{"commitment_id":"PROMISE","owner":"executives","broken":3}]'),
        "It stood on the executive list",
    ),
    "a victim is lost": (lambda one: one.path == "problems", ('"victims":3', '"victims":2'), "The ignored escalation"),
    "an answer was enough": (
        lambda one: one.path == "problems", ('"ignored":1', '"ignored":0'), "An answer that will not do",
    ),
    "he accepted his own": (lambda one: one.status == 409, ("", ""), "Nobody accepted an answer of his own"),
    "the words are told": (
        lambda one: one.call == "read", ('"kind":"promise"', '"kind":"seat 14C"'), "What was promised",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_check_is_untrue_when_something_else_comes_back(shown: tuple[Kept, str], change: str) -> None:
    story, _ = shown
    stage, twin = story.stages
    which, (said, other), untrue = CHANGES[change]
    kept = stage.transcript

    def changed(one: Exchange) -> Exchange:
        if not which(one):
            return one
        more: dict[str, Any] = {"status": 200} if not said else {}
        body = one.body.replace(said.encode(), other.replace("PROMISE", story.promise).encode())
        return msgspec.structs.replace(one, body=body, **more)

    stage.transcript = [changed(one) for one in kept]
    assert stage.transcript != kept
    try:
        found = [check.says for check in NobodyCalledBack.checks(story, stage, twin) if not check.true]
    finally:
        stage.transcript = kept
    assert any(says.startswith(untrue) for says in found), found
