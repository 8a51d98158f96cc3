"""Legal holds: placed, extended, lifted, expired; and what they cover at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import hold
from domain.event import Actor, Event, Header, Plain, Recorded
from domain.hold import LONGEST, HoldExtended, HoldLifted, HoldPlaced, HoldsChanged, HoldState
from domain.refusal import Refused
from projections.holds import HOLDS, Holds, covering

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = Plain("h", b'"why"')


def placed(
    scope: Literal["party", "account", "incident"] = "account",
    about: str = "a",
    *,
    days: float = 10,
    hold_id: str = "h",
    names: tuple[str, ...] = (),
    at: datetime = NOW,
) -> HoldPlaced:
    return HoldPlaced(
        hold_id=hold_id, scope=scope, about=about, names=names, owner="legal", reason="litigation", words=WORDS,
        placed_by="ann", placed_at=at, until=at + days * DAY,
    )  # fmt: skip


def extended(days: float, hold_id: str = "h", names: tuple[str, ...] = ()) -> HoldExtended:
    return HoldExtended(hold_id=hold_id, until=NOW + days * DAY, words=WORDS, extended_by="ann", names=names)


def lifted(days: float, hold_id: str = "h") -> HoldLifted:
    return HoldLifted(hold_id=hold_id, words=WORDS, lifted_by="ann", lifted_at=NOW + days * DAY)


def folded(*happened: Event) -> HoldState:
    state = HoldState()
    for version, each in enumerate(happened, 1):
        state = hold.evolve(state, each, version)
    return state


def refused(code: str, decided: object) -> None:
    assert isinstance(decided, pytest.ExceptionInfo)
    assert decided.value.code == code


@pytest.mark.parametrize("days", [-1, 0, 4000])
def test_its_end_is_to_come_and_not_for_ever_away(days: float) -> None:
    with pytest.raises(Refused) as caught:
        hold.place(placed(days=days))
    refused("bad_end", caught)
    assert hold.place(placed(days=LONGEST / DAY)).until == NOW + LONGEST


def test_it_is_extended_only_while_it_stands_and_only_longer() -> None:
    state = folded(placed())
    assert hold.extend(state, extended(20), NOW + DAY).until == NOW + 20 * DAY
    with pytest.raises(Refused) as caught:
        hold.extend(state, extended(5), NOW + DAY)
    refused("bad_end", caught)
    for over, at in ((state, NOW + 11 * DAY), (folded(placed(), lifted(1)), NOW + 2 * DAY)):
        with pytest.raises(Refused) as caught:
            hold.extend(over, extended(20), at)
        refused("hold_over", caught)
    with pytest.raises(Refused) as caught:
        hold.extend(HoldState(), extended(20), NOW)
    refused("unknown_hold", caught)


def test_it_is_lifted_once() -> None:
    assert hold.lift(folded(placed()), lifted(1)).lifted_by == "ann"
    with pytest.raises(Refused) as caught:
        hold.lift(folded(placed(), lifted(1)), lifted(2))
    refused("hold_over", caught)


def test_another_thing_that_happens_changes_nothing() -> None:
    assert folded(placed(), HoldsChanged(hold_id="h")) == folded(placed())


@given(days=st.floats(-5, 30), until=st.floats(1, 20), gone=st.none() | st.floats(0.1, 25))
def test_it_stands_from_its_placing_to_its_end_or_its_lifting(days: float, until: float, gone: float | None) -> None:
    happened: list[Event] = [placed(days=until)]
    if gone is not None:
        happened.append(lifted(gone))
    at = NOW + days * DAY
    end = NOW + min(until, until if gone is None else gone) * DAY
    assert folded(*happened).stands(at) == (NOW <= at < end)


def known(*happened: Event) -> Holds:
    state = HOLDS.begin()
    for position, each in enumerate(happened, 1):
        header = Header(f"{position:032}", NOW, Actor("ann", "legal"), "cause")
        state = HOLDS.evolve(state, Recorded(position, "hold:h", position, each.NAME, header, each, b""))
    return state


def test_one_on_an_account_covers_everybody_on_it_and_one_on_a_party_that_party_alone() -> None:
    holds = known(placed(), placed("party", "p", hold_id="i", days=3))
    assert [each.hold_id for each in covering(holds, {"p", "a"}, set(), NOW)] == ["h", "i"]
    assert [each.hold_id for each in covering(holds, {"q", "a"}, set(), NOW)] == ["h"]
    assert covering(holds, {"q", "b"}, set(), NOW) == []
    assert [each.hold_id for each in covering(holds, {"p", "a"}, set(), NOW + 4 * DAY)] == ["h"]


def test_one_on_an_incident_covers_whom_it_names_then_and_comes_to_name() -> None:
    holds = known(placed("incident", "i", names=("a",)))
    assert covering(holds, {"p", "a"}, set(), NOW)
    assert not covering(holds, {"q", "b"}, set(), NOW)
    assert covering(holds, {"q", "b"}, {"i"}, NOW), "the incident names them by now"
    assert covering(known(placed("incident", "i"), extended(12, names=("b",))), {"b"}, set(), NOW + 11 * DAY)
    assert not covering(known(placed("incident", "i", names=("a",)), lifted(1)), {"a"}, {"i"}, NOW + 2 * DAY)


def test_a_damaged_beginning_is_passed_over() -> None:
    assert known(extended(3), lifted(4)) == {}
