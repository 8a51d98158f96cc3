"""Exports, given what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import export
from domain.event import Plain
from domain.export import (
    ExportAsked,
    ExportDiscarded,
    ExportFailed,
    ExportFetched,
    ExportMade,
    ExportProgressed,
    ExportState,
    ExportTaken,
    Piece,
)
from domain.refusal import Refused
from tests.domain.deciding import Deciding

NOW = datetime(2027, 5, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(seconds=6)


def asked(**more: Any) -> ExportAsked:
    given: dict[str, Any] = {"recipient": "", "unsealing_id": "", "purpose": "court_order"} | more
    return ExportAsked(
        export_id="e", incident_id="i", account_id="a", asked_by="legal-1", asked_at=NOW,
        for_whom=Plain("e", b'"the court"'), words=Plain("e", b'"an order"'), **given,
    )  # fmt: skip


def taken(runner: str, until: datetime = SOON) -> ExportTaken:
    return ExportTaken(export_id="e", runner=runner, until=until)


def progressed(piece: str, digest: str = "d") -> ExportProgressed:
    return ExportProgressed(export_id="e", piece=piece, digest=digest, size=1, of=4)


MADE = ExportMade(
    export_id="e", digest="d", size=9, events=2, tree_size=3, root="r", subjects=("her",), at=NOW
)  # fmt: skip
FAILED = ExportFailed(export_id="e", why="the timestamp authority did not answer", at=NOW)
DISCARDED = ExportDiscarded(export_id="e", why="forgotten", at=NOW)


def exporting(*events: Any) -> Deciding[ExportState]:
    return Deciding(ExportState(), lambda state, happened, _: export.evolve(state, happened)).given(*events)


@pytest.mark.parametrize(
    "for_whom, words, purpose, code",
    [
        ("", "an order", "court_order", "no_recipient"),
        (" \t", "an order", "court_order", "no_recipient"),
        ("the court", "", "court_order", "no_purpose"),
        ("the court", "\n ", "court_order", "no_purpose"),
        ("the court", "an order", "curiosity", "no_purpose"),
        ("the court", "an order", "", "no_purpose"),
    ],
)
def test_without_for_whom_or_why_nothing_is_exported(for_whom: str, words: str, purpose: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        export.ask(asked(purpose=purpose), for_whom=for_whom, words=words)
    assert refused.value.code == code


def test_one_runner_makes_it_until_it_no_longer_says_so() -> None:
    found = exporting(asked(), taken("one"))
    assert export.take(found.state, taken("two"), NOW) is None
    assert export.take(found.state, taken("one"), NOW) is not None
    assert export.take(found.state, taken("two"), SOON) is not None
    assert export.go_on(found.state, "one")
    assert not export.go_on(found.state, "two")
    assert not export.go_on(found.given(taken("two", SOON + timedelta(seconds=6))).state, "one")


def test_pieces_are_known_by_their_digests_and_a_piece_made_again_by_its_last() -> None:
    state = exporting(asked(), taken("one"), progressed("plan"), progressed("pdf"), progressed("pdf", "other")).state
    assert state.pieces == {"plan": Piece("d", 1), "pdf": Piece("other", 1)}
    assert state.of == 4


@pytest.mark.parametrize("end", [MADE, FAILED, DISCARDED])
def test_what_is_over_is_made_by_nobody(end: Any) -> None:
    state = exporting(asked(), taken("one"), end).state
    assert export.take(state, taken("one"), SOON) is None
    assert not export.go_on(state, "one")


@pytest.mark.parametrize(
    "events, code",
    [
        ([], "unknown_export"),
        ([asked()], "not_made"),
        ([asked(), FAILED], "not_made"),
        ([asked(), MADE, DISCARDED], "discarded"),
    ],
)
def test_only_what_is_made_and_still_there_is_fetched(events: list[Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        export.fetch(exporting(*events).state)
    assert refused.value.code == code


def test_what_was_fetched_is_counted() -> None:
    fetched = ExportFetched(export_id="e", digest="d")
    state = exporting(asked(), MADE, fetched, fetched).state
    assert export.fetch(state).fetched == 2
    assert state.subjects == ("her",)


def test_a_bundle_is_discarded_once_whatever_came_of_it() -> None:
    for events in ([asked()], [asked(), MADE], [asked(), FAILED]):
        assert export.discard(exporting(*events).state, DISCARDED) == DISCARDED
    assert export.discard(exporting(asked(), MADE, DISCARDED).state, DISCARDED) is None
    with pytest.raises(Refused):
        export.discard(ExportState(), DISCARDED)
