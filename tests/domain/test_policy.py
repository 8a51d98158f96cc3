"""The compiled table: its layout, what may not be adopted, comparing two of them, and adoption as given, when, then.

Tables are made here cell by cell; that Cedar's table is right is `tests/service/test_policies.py`.
"""

import zlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dimension import DIMENSIONS, Cell, Channel, Protection, Purpose, Scope, Standing, Tier, View
from domain.field_class import FieldClass
from domain.policy import (
    CELLS,
    DEFAULT_DENY,
    MASK_BITS,
    NOTHING,
    AdoptPolicy,
    PolicyAdopted,
    PolicyRejected,
    PolicyState,
    PolicyTable,
    Ruling,
    bit,
    check,
    classes,
    compare,
    decide,
    digest_of,
    every_cell,
    evolve,
    situation,
)

ALL = list(every_cell())
TEXT, SCHEMA = "permit ...", "entity ..."
RULINGS = (Ruling(permits=False, rules=(DEFAULT_DENY,)), Ruling(permits=True, rules=("opens",)))
UNPACK = msgspec.structs.replace

any_cell = st.builds(Cell, *(st.sampled_from(list(dimension)) for dimension in DIMENSIONS))


def table(permits: Callable[[Cell], bool], text: str = TEXT) -> PolicyTable:
    numbers = (int(permits(cell)) for cell in ALL)
    cells = b"".join(number.to_bytes(2, "little") for number in numbers)
    return PolicyTable.of(digest_of(text, SCHEMA), ("opens",), RULINGS, cells)


def adoption(of: PolicyTable, text: str = TEXT) -> AdoptPolicy:
    return AdoptPolicy(text, SCHEMA, "by hand 1", of)


def kwargs(cell: Cell) -> dict[str, object]:
    return {name: getattr(cell, name) for name in cell.__struct_fields__}


# --- layout ----------------------------------------------------------------------------------------------------------


def test_cells_are_numbered_by_situation_and_bit_for_ever() -> None:
    # The order of stored tables. Changing a dimension's values or their order needs a new version of policy.adopted.
    numbers = [
        situation(cell.standing, cell.protection, cell.purpose, cell.channel, cell.tier) * MASK_BITS
        + bit(cell.view, cell.scope, cell.field_class)
        for cell in ALL
    ]
    assert numbers == list(range(CELLS))
    assert CELLS == 18_432
    assert [[str(member.value) for member in dimension] for dimension in DIMENSIONS] == [
        ["unknown", "identified", "unproved", "verified", "duress", "adverse", "third_party", "bound"],
        ["none", "other", "self"],
        ["service", "operations"],
        ["call", "chat", "portal", "notice"],
        ["1", "2", "3"],
        ["held", "shown"],
        ["own", "companion"],
        ["E", "I", "L", "C", "P", "F", "D", "N"],
    ]


@given(st.sets(any_cell, max_size=20))
def test_masks_rules_and_rulings_say_the_same(permitted: set[Cell]) -> None:
    made = table(permitted.__contains__)
    for cell in permitted | set(ALL[::997]):
        mask = made.mask(cell.standing, cell.protection, cell.purpose, cell.channel, cell.tier)
        expected = cell in permitted
        assert bool(classes(mask, cell.view, cell.scope) & cell.field_class.bit) is expected
        assert made.permits(**kwargs(cell)) is expected  # type: ignore[arg-type]  # the names are the parameters
        assert made.ruling(cell).permits is expected
        named = made.rules(**kwargs(cell))  # type: ignore[arg-type]  # likewise
        assert named == (("opens",) if expected else (DEFAULT_DENY,))


def test_classes_picks_one_view_and_scope() -> None:
    mask = 1 << bit(View.SHOWN, Scope.COMPANION, FieldClass.D)
    assert classes(mask, View.SHOWN, Scope.COMPANION) == FieldClass.D.bit
    assert {classes(mask, view, scope) for view in View for scope in Scope} == {0, FieldClass.D.bit}


def test_before_any_policy_nobody_hears_anything() -> None:
    assert PolicyState().table is NOTHING
    assert set(NOTHING.masks) == {0}
    assert {NOTHING.ruling(cell).rules for cell in ALL} == {(DEFAULT_DENY,)}


def test_a_table_prints_no_cells() -> None:
    assert len(repr(NOTHING)) < 100


# --- what is no table, and what may not be adopted --------------------------------------------------------------------


@pytest.mark.parametrize("cells", [b"", bytes(2 * CELLS - 2), bytes(2 * CELLS + 1)], ids=["none", "one short", "odd"])
def test_a_table_with_cells_missing_is_no_table(cells: bytes) -> None:
    with pytest.raises(PolicyRejected, match=rf"not {CELLS}; compile"):
        PolicyTable.of("", (), RULINGS, cells)


def test_a_cell_without_a_ruling_is_named() -> None:
    cells = bytearray(2 * CELLS)
    cells[2 * 18_000] = 2
    with pytest.raises(PolicyRejected) as rejected:
        PolicyTable.of("", (), RULINGS, bytes(cells))
    assert rejected.value.reasons == (f"cell {ALL[18_000]} has no ruling; compile the policy again",)


@given(any_cell)
def test_held_without_shown_is_rejected_wherever_it_is(cell: Cell) -> None:
    held = UNPACK(cell, view=View.HELD, protection=Protection.NONE)
    reasons = check(table(lambda other: other == held))
    assert reasons[0] == f"held is permitted where shown is not: cell {held} (rules opens) and 0 more"


@given(any_cell, st.sampled_from([Protection.OTHER, Protection.SELF]))
def test_a_table_in_which_protection_widens_is_rejected(cell: Cell, protection: Protection) -> None:
    shown = UNPACK(cell, view=View.SHOWN, protection=protection)
    (reason,) = check(table(lambda other: other == shown))
    assert reason == f"protection widens what may be heard: cell {shown} (rules opens) and 0 more"


def test_an_adverse_listener_is_measured_against_a_verified_one() -> None:
    adverse = {cell for cell in ALL if cell.standing is Standing.ADVERSE and cell.view is View.SHOWN}
    assert check(table(adverse.__contains__))[0].startswith("protection widens")
    verified = {UNPACK(cell, standing=Standing.VERIFIED) for cell in adverse}
    assert check(table((adverse | verified).__contains__)) == []


def test_all_and_nothing_may_be_adopted() -> None:
    assert check(table(lambda _: True)) == []
    assert check(NOTHING) == []


# --- comparing -------------------------------------------------------------------------------------------------------


@given(st.sets(any_cell, max_size=10), st.sets(any_cell, max_size=10))
def test_comparing_finds_just_the_cells_that_differ(before: set[Cell], after: set[Cell]) -> None:
    changed = compare(table(before.__contains__), table(after.__contains__))
    assert {change.cell for change in changed} == before ^ after
    assert all(change.old.permits == (change.cell in before) for change in changed)
    assert all(change.new.permits == (change.cell in after) for change in changed)


# --- adoption --------------------------------------------------------------------------------------------------------


def test_adopting_puts_the_table_in_force_as_the_next_version() -> None:
    first, second = table(lambda _: True), table(lambda cell: cell.view is View.SHOWN, "other text")
    (one,) = decide(PolicyState(), adoption(first))
    state = evolve(PolicyState(), one)
    assert state == PolicyState(1, UNPACK(first, version=1))
    (two,) = decide(state, adoption(second, "other text"))
    assert evolve(state, two) == PolicyState(2, UNPACK(second, version=2))


def test_an_adopted_policy_survives_being_written_and_read() -> None:
    made = table(lambda cell: cell.standing is Standing.BOUND)
    (adopted,) = decide(PolicyState(), adoption(made))
    for codec in (msgspec.json, msgspec.msgpack):
        read = codec.decode(codec.encode(adopted), type=PolicyAdopted)
        assert evolve(PolicyState(), read).table == UNPACK(made, version=1)


def test_adopting_what_is_in_force_does_nothing() -> None:
    made = table(lambda _: True)
    (adopted,) = decide(PolicyState(), adoption(made))
    assert decide(evolve(PolicyState(), adopted), adoption(made)) == []


def test_a_table_of_another_text_is_rejected() -> None:
    with pytest.raises(PolicyRejected, match="compiled from another text"):
        decide(PolicyState(), adoption(table(lambda _: True), "permit everything"))


def test_a_policy_too_large_for_an_event_is_rejected() -> None:
    text = "// " + "x" * 65_536
    with pytest.raises(PolicyRejected, match="shorten it"):
        decide(PolicyState(), adoption(table(lambda _: True, text), text))


def test_every_reason_is_given_at_once() -> None:
    held = table(lambda cell: cell.view is View.HELD and cell.protection is Protection.SELF)
    with pytest.raises(PolicyRejected) as rejected:
        decide(PolicyState(), adoption(held, "another"))
    assert [reason.split()[0] for reason in rejected.value.reasons] == ["held", "protection", "the"]


def test_the_digest_tells_where_the_text_ends() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_a_skipped_version_is_not_folded() -> None:
    (adopted,) = decide(PolicyState(), adoption(table(lambda _: True)))
    with pytest.raises(PolicyRejected, match="the log has a gap"):
        evolve(PolicyState(), UNPACK(adopted, version=2))


@pytest.mark.parametrize(
    "cells",
    [b"", b"not packed", zlib.compress(b"\1" * 10), zlib.compress(bytes(50_000_000))],
    ids=["none", "noise", "too few", "bomb"],
)
def test_damaged_cells_are_not_judged_by(cells: bytes) -> None:
    (adopted,) = decide(PolicyState(), adoption(table(lambda _: True)))
    with pytest.raises(PolicyRejected):
        evolve(PolicyState(), UNPACK(adopted, cells=cells))


def test_a_situation_is_looked_up_by_values_of_the_surface() -> None:
    made = table(lambda cell: cell.tier is Tier.TWO)
    at = (Standing("verified"), Protection("self"), Purpose("service"), Channel("call"))
    assert made.mask(*at, Tier("2")) == 0xFFFF_FFFF
    assert made.mask(*at, Tier("1")) == 0
