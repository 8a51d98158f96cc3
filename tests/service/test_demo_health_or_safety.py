"""The story of health or safety: it comes out right at any hour, and each check notices when something is not."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from rich.console import Console

from domain.grant import AuthorityDocument, faults
from domain.hours import A_DAY, minute_of_week
from service.demo.authorities import AUTHORITY, EVENING, MORNING, UNMANNED_AT_NIGHT, zone_where_it_is
from service.demo.checks import Check
from service.demo.health_or_safety import HealthOrSafety
from service.demo.stage import Stage
from service.demo.theatre import play
from service.demo.transcript import Ears, Exchange


class Kept(HealthOrSafety):
    """The story, with its stages kept."""

    stages: tuple[Stage, Stage] | None = None

    def checks(self, stage: Stage, twin: Stage) -> list[Check]:
        self.stages = stage, twin
        return list(super().checks(stage, twin))


Told = tuple[Kept, str, tuple[Check, ...]]


@pytest.fixture(scope="module")
def told() -> Told:
    """The story, played once: what was kept of it, what was printed, and the checks."""
    story, printed = Kept(), io.StringIO()
    checks = play(Console(file=printed, width=160), [story]).checks
    return story, printed.getvalue(), checks


def test_everything_it_shows_is_true(told: Told) -> None:
    _, printed, checks = told
    assert [check for check in checks if not check.true] == []
    assert len(checks) == len({check.says for check in checks}) == 13
    assert "call the ticket warehouse, extension 4100" in printed
    assert "heard that it is about health" in printed


def instead(said: bytes, other: bytes) -> Callable[[Exchange], Exchange]:
    def changed(one: Exchange) -> Exchange:
        assert said in one.body
        return msgspec.structs.replace(one, body=one.body.replace(said, other))

    return changed


def status(code: int) -> Callable[[Exchange], Exchange]:
    return lambda one: msgspec.structs.replace(one, status=code)


TWIN = "Nobody could tell"
CHANGES: dict[str, tuple[Ears, str, Callable[[Exchange], Exchange], set[str]]] = {
    "a tier reads another's": (
        Ears.STAFF, "read", instead(b'"third-refund"', b'"second-fee"'), {"Each tier saw"},
    ),
    "past three it may": (
        Ears.STAFF, "authority", instead(b'"pass_on"', b'"may"'), {"In the morning", TWIN},
    ),
    "a signal is refused": (
        Ears.ADVERSE, "signal", status(422), {"Every word", TWIN},
    ),
    "a signal leads nowhere": (
        Ears.ADVERSE, "signal", instead(b'"safety office"', b"null"), {"Every word", "The first line", TWIN},
    ),
    "it opens the truth": (
        Ears.ADVERSE, "ask", instead(b'"document":null', b'"document":{"to":"YVR"}'),
        {"It opened nothing", "He heard the old trip", TWIN},
    ),
    "the police are told more": (
        Ears.ADVERSE, "escalate", instead(b'"legal"', b'"her"'), {"Whatever office", TWIN},
    ),
    "what was done is lost": (
        Ears.AUDITOR, "history", instead(b"safety_signal.acted.v1", b"safety_signal.lost.v1"), {"Each signal"},
    ),
    "who said yes can be read": (
        Ears.AUDITOR, "history", instead(b'"crm-90417"', b'"Ms Osei of the night shift"'), {"Who said yes"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_just_these_checks_are_untrue_when_something_else_comes_back(told: Told, change: str) -> None:
    ears, call, changed, untrue = CHANGES[change]
    story = told[0]
    assert story.stages is not None
    stage, twin = story.stages
    kept = stage.transcript
    last = max(at for at, one in enumerate(kept) if one.ears is ears and one.call == call)
    stage.transcript = [*kept[:last], changed(kept[last]), *kept[last + 1 :]]
    try:
        found = {check.says for check in HealthOrSafety.checks(story, stage, twin) if not check.true}
    finally:
        stage.transcript = kept
    assert all(any(says.startswith(start) for says in found) for start in untrue), found
    assert all(says.startswith(tuple(untrue)) for says in found), found


@pytest.mark.parametrize("hour", range(24))
def test_at_any_hour_there_is_a_zone_where_it_is_the_hour_of_the_story(hour: int) -> None:
    for minute in (0, 59):
        now = datetime(2031, 3, 3, hour, minute, tzinfo=UTC)
        for wanted in (MORNING, EVENING):
            there = minute_of_week(now, zone_where_it_is(wanted, now))
            assert there is not None
            assert there % A_DAY // 60 == wanted


def test_its_authority_can_be_adopted_and_the_other_cannot() -> None:
    assert faults(msgspec.convert(AUTHORITY, AuthorityDocument)) == []
    assert [fault.place for fault in faults(msgspec.convert(UNMANNED_AT_NIGHT, AuthorityDocument))] == ["grants"]
