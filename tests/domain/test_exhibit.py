"""Exhibits, pins, tags and comments, given what happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import exhibit, incident
from domain.event import Event, Plain
from domain.exhibit import (
    EntryCommented,
    EntryPinned,
    EntryTagged,
    EntryUnpinned,
    EntryUntagged,
    ExhibitNumbered,
    ExhibitState,
    ExhibitWithdrawn,
)
from domain.incident import IncidentState
from domain.refusal import Refused

WHY = Plain("incident", b'"it is another matter"')


def after(*happened: Event, state: ExhibitState | None = None) -> ExhibitState:
    state = state or ExhibitState()
    for each in happened:
        state = exhibit.evolve(state, each)
    return state


def withdrawn(number: int) -> ExhibitWithdrawn:
    return ExhibitWithdrawn(number=number, words=WHY)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6)), max_size=40))
def test_numbers_are_given_in_order_and_never_again(acts: list[tuple[bool, int]]) -> None:
    state, given_out = ExhibitState(), []
    for add, which in acts:
        try:
            happened = exhibit.number(state, which) if add else exhibit.withdraw(state, withdrawn(which))
        except Refused:
            continue
        state = exhibit.evolve(state, happened)
        if isinstance(happened, ExhibitNumbered):
            given_out.append(happened.number)
        standing = [each.position for each in state.exhibits if not each.withdrawn]
        assert len(standing) == len(set(standing))
    assert given_out == list(range(1, len(given_out) + 1))
    assert len(state.exhibits) == len(given_out)


def test_a_withdrawn_exhibit_stays_on_record_and_its_entry_may_get_another_number() -> None:
    state = after(ExhibitNumbered(number=1, position=7), withdrawn(1))
    assert state.number(7) == 0
    assert state.exhibits[0].withdrawn
    assert exhibit.number(state, 7) == ExhibitNumbered(number=2, position=7)


@pytest.mark.parametrize(
    "number, code", [(1, "withdrawn_already"), (2, "unknown_exhibit"), (0, "unknown_exhibit"), (-1, "unknown_exhibit")]
)
def test_only_one_that_stands_is_withdrawn(number: int, code: str) -> None:
    state = after(ExhibitNumbered(number=1, position=7), withdrawn(1))
    with pytest.raises(Refused) as refused:
        exhibit.withdraw(state, withdrawn(number))
    assert refused.value.code == code


def test_an_entry_is_one_exhibit_at_a_time() -> None:
    state = after(ExhibitNumbered(number=1, position=7))
    with pytest.raises(Refused) as refused:
        exhibit.number(state, 7)
    assert refused.value.code == "exhibit_already"


def test_what_is_so_already_makes_no_event() -> None:
    state = after(EntryPinned(position=7), EntryTagged(position=7, tag="first"))
    assert exhibit.annotate(state, 7, pinned=True, tag=("first",), untag=("other",)) == []
    assert exhibit.annotate(state, 7) == []
    assert exhibit.annotate(state, 7, pinned=False) == [EntryUnpinned(position=7)]
    assert exhibit.annotate(state, 7, tag=("b", "b"), untag=("first",)) == [
        EntryUntagged(position=7, tag="first"),
        EntryTagged(position=7, tag="b"),
    ]


def test_annotations_fold() -> None:
    words = Plain("incident", b'"look"')
    state = after(EntryPinned(position=7), EntryTagged(position=7, tag="a"), EntryCommented(position=7, words=words))
    assert state == ExhibitState(pinned=frozenset({7}), tags={7: ("a",)}, comments={7: 1})
    state = after(EntryUnpinned(position=7), EntryUntagged(position=7, tag="a"), state=state)
    assert (state.pinned, state.tags) == (frozenset(), {})


@pytest.mark.parametrize("tag", ["", "-a", "A", "a b", "a_b", "a" * 33, "ä"])
def test_a_tag_is_a_clear_word(tag: str) -> None:
    with pytest.raises(Refused) as refused:
        exhibit.annotate(ExhibitState(), 7, tag=(tag,))
    assert refused.value.code == "bad_tag"


def test_there_are_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused) as refused:
        exhibit.annotate(ExhibitState(), 7, tag=tuple(f"t{number}" for number in range(17)))
    assert refused.value.code == "too_many_tags"
    monkeypatch.setattr(exhibit, "MOST_ANNOTATED", 1)
    with pytest.raises(Refused) as refused:
        exhibit.annotate(after(EntryPinned(position=1)), 2, pinned=True)
    assert refused.value.code == "too_many_annotations"
    monkeypatch.setattr(exhibit, "MOST_EXHIBITS", 1)
    with pytest.raises(Refused) as refused:
        exhibit.number(after(ExhibitNumbered(number=1, position=1)), 2)
    assert refused.value.code == "too_many_exhibits"


def test_an_incident_carries_its_exhibits() -> None:
    state = incident.evolve(IncidentState(), ExhibitNumbered(number=1, position=7))
    assert state.exhibits.number(7) == 1
