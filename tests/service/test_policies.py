"""The default policy is the table of the design, row by row; and the compiled table is what Cedar itself says."""

import itertools
import json
import random
from collections.abc import Iterator
from enum import StrEnum

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dimension import DIMENSIONS, Cell, Channel, Protection, Purpose, Scope, Standing, Tier, View, classes
from domain.field_class import FieldClass
from domain.policy import (
    DEFAULT_DENY,
    AdoptPolicy,
    PolicyRejected,
    PolicyState,
    PolicyTable,
    check,
    compare,
    decide,
    digest_of,
    every_cell,
    evolve,
)
from service.policies import DEFAULT_SCHEMA, DEFAULT_TEXT, compile_policy, engine
from service.policies.compile import expected_schema

ALL = list(every_cell())
ATTENDED = [channel for channel in Channel if channel is not Channel.NOTICE]
RULE = '@id("a") permit (principal, action, resource) when {{ {} }};'

# Own items of the held view, others' items of it, own items of the shown view, others' items of it.
Row = tuple[str, str, str, str]
NOTHING: Row = ("", "", "", "")


@pytest.fixture(scope="module")
def table() -> PolicyTable:
    return compile_policy(DEFAULT_TEXT)


def hears(table: PolicyTable, standing: Standing, protection: Protection, purpose: Purpose) -> set[Row]:
    """What is heard, for every attended channel and tier: one row, if they make no difference."""
    rows = set()
    for channel, tier in itertools.product(ATTENDED, Tier):
        mask = table.mask(standing, protection, purpose, channel, tier)
        held_own, held_others, shown_own, shown_others = (
            "".join(each.value for each in FieldClass if classes(mask, view, scope) & each.bit)
            for view in View
            for scope in Scope
        )
        rows.add((held_own, held_others, shown_own, shown_others))
    return rows


# --- the table of the design ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("protection", Protection)
@pytest.mark.parametrize("standing", [Standing.UNKNOWN, Standing.UNPROVED])
def test_nobody_we_know_and_passcode_not_proved(
    table: PolicyTable, standing: Standing, protection: Protection, purpose: Purpose
) -> None:
    assert hears(table, standing, protection, purpose) == {NOTHING}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize(
    "standing, protection, row",
    [
        # Identified, no passcode set on their party, account not protected.
        (Standing.IDENTIFIED, Protection.NONE, ("EILCPF", "EIP", "EILCPF", "EIP")),
        # Identified, account protected: the shown view in the classes an ordinary account gives.
        (Standing.IDENTIFIED, Protection.OTHER, ("", "", "EILCPF", "EIP")),
        (Standing.IDENTIFIED, Protection.SELF, ("", "", "EILCPF", "EIP")),
        # Verified, account not protected: also their own D.
        (Standing.VERIFIED, Protection.NONE, ("EILCPFD", "EIP", "EILCPFD", "EIP")),
        # Verified, neither protected nor adverse, somebody else is protected: no less than an adverse party has.
        (Standing.VERIFIED, Protection.OTHER, ("EILCPFD", "", "EILCPFD", "EIP")),
        # Verified as a protected party: the held view of their own travel; companions' as shown.
        (Standing.VERIFIED, Protection.SELF, ("EILCPFD", "", "EILCPFD", "EIP")),
        # Verified by duress passcode: the shown view.
        (Standing.DURESS, Protection.NONE, ("", "", "EILCPFD", "EIP")),
        (Standing.DURESS, Protection.OTHER, ("", "", "EILCPFD", "EIP")),
        (Standing.DURESS, Protection.SELF, ("", "", "EILCPFD", "EIP")),
        # Verified, but adverse towards a protected party: their own held, hers as shown.
        (Standing.ADVERSE, Protection.NONE, ("EILCPFD", "", "EILCPFD", "EIP")),
        (Standing.ADVERSE, Protection.OTHER, ("EILCPFD", "", "EILCPFD", "EIP")),
        (Standing.ADVERSE, Protection.SELF, ("EILCPFD", "", "EILCPFD", "EIP")),
    ],
)
def test_customers(table: PolicyTable, standing: Standing, protection: Protection, row: Row, purpose: Purpose) -> None:
    assert hears(table, standing, protection, purpose) == {row}


@pytest.mark.parametrize(
    "protection, purpose, row",
    [
        (Protection.NONE, Purpose.OPERATIONS, ("", "EP", "", "EP")),
        (Protection.OTHER, Purpose.OPERATIONS, ("", "", "", "EP")),
        (Protection.SELF, Purpose.OPERATIONS, ("", "", "", "EP")),
        (Protection.NONE, Purpose.SERVICE, NOTHING),
        (Protection.OTHER, Purpose.SERVICE, NOTHING),
        (Protection.SELF, Purpose.SERVICE, NOTHING),
    ],
)
def test_a_third_party_hears_what_the_purpose_needs(
    table: PolicyTable, protection: Protection, purpose: Purpose, row: Row
) -> None:
    assert hears(table, Standing.THIRD_PARTY, protection, purpose) == {row}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("protection", Protection)
def test_who_is_bound_by_declaration_does_not_narrow(
    table: PolicyTable, protection: Protection, purpose: Purpose
) -> None:
    assert hears(table, Standing.BOUND, protection, purpose) == {("EILCPFDN",) * 4}


def test_a_notice_shows_nothing_to_anybody(table: PolicyTable) -> None:
    cells = [cell for cell in ALL if cell.channel is Channel.NOTICE]
    assert not any(table.ruling(cell).permits for cell in cells)
    assert all("notice-shows-nothing" in table.ruling(cell).rules for cell in cells)


def test_notes_are_for_nobody(table: PolicyTable) -> None:
    notes = [cell for cell in ALL if cell.field_class is FieldClass.N and cell.standing is not Standing.BOUND]
    assert not any(table.ruling(cell).permits for cell in notes)
    assert all("notes-are-for-nobody" in table.ruling(cell).rules for cell in notes)


def test_a_working_and_a_duress_passcode_open_the_same_shown_classes(table: PolicyTable) -> None:
    for purpose, channel, tier, scope, protection in itertools.product(Purpose, Channel, Tier, Scope, Protection):
        verified = table.mask(Standing.VERIFIED, Protection.NONE, purpose, channel, tier)
        duress = table.mask(Standing.DURESS, protection, purpose, channel, tier)
        assert classes(duress, View.SHOWN, scope) == classes(verified, View.SHOWN, scope)
        assert classes(duress, View.HELD, scope) == 0


def test_the_shown_view_of_a_protected_account_gives_the_classes_of_an_ordinary_one(table: PolicyTable) -> None:
    customers = (Standing.UNKNOWN, Standing.IDENTIFIED, Standing.UNPROVED, Standing.VERIFIED, Standing.DURESS)
    for standing, purpose, channel, tier, scope in itertools.product(customers, Purpose, Channel, Tier, Scope):
        none, other, own = (
            classes(table.mask(standing, protection, purpose, channel, tier), View.SHOWN, scope)
            for protection in Protection
        )
        assert none == other == own


# --- what holds of it ------------------------------------------------------------------------------------------------


def test_held_implies_shown(table: PolicyTable) -> None:
    for mask in table.masks:
        for scope in Scope:
            assert classes(mask, View.HELD, scope) & ~classes(mask, View.SHOWN, scope) == 0


@pytest.mark.parametrize("protection", [Protection.OTHER, Protection.SELF])
@pytest.mark.parametrize("standing", Standing)
def test_protecting_never_widens_anything(table: PolicyTable, standing: Standing, protection: Protection) -> None:
    # Becoming adverse is part of it: who was verified before is measured by what he had then.
    before = Standing.VERIFIED if standing is Standing.ADVERSE else standing
    for purpose, channel, tier in itertools.product(Purpose, Channel, Tier):
        ordinary = table.mask(before, Protection.NONE, purpose, channel, tier)
        assert table.mask(standing, protection, purpose, channel, tier) & ~ordinary == 0


def test_the_default_may_be_adopted_and_fits_an_event(table: PolicyTable) -> None:
    assert check(table) == []
    (adopted,) = decide(PolicyState(), AdoptPolicy(DEFAULT_TEXT, DEFAULT_SCHEMA, engine(), table))
    assert len(json.dumps([DEFAULT_TEXT, DEFAULT_SCHEMA, adopted.cells.hex()])) < 32_768
    assert compare(evolve(PolicyState(), adopted).table, table) == []


def test_default_deny_is_named_and_every_other_cell_names_its_rules(table: PolicyTable) -> None:
    written = DEFAULT_TEXT.count("\n@id(")
    assert len(set(table.rule_ids)) == written == len(table.rule_ids)
    named = {rule for ruling in table.rulings for rule in ruling.rules}
    assert named - {DEFAULT_DENY} <= set(table.rule_ids)
    assert all(ruling.rules for ruling in table.rulings)
    assert not any(ruling.permits for ruling in table.rulings if DEFAULT_DENY in ruling.rules)
    assert ALL[0].standing is Standing.UNKNOWN
    assert table.ruling(ALL[0]).rules == (DEFAULT_DENY,)


def test_no_rule_of_the_default_is_idle(table: PolicyTable) -> None:
    used = {rule for ruling in table.rulings for rule in ruling.rules}
    assert set(table.rule_ids) - used == set()


listeners = st.lists(
    st.tuples(st.sampled_from(list(Standing)), st.sampled_from(list(Protection)), st.sampled_from(list(Scope))),
    min_size=1,
    max_size=5,
)
question = st.tuples(st.sampled_from(list(Purpose)), st.sampled_from(list(Channel)), st.sampled_from(list(Tier)))


def meet(
    table: PolicyTable,
    listening: list[tuple[Standing, Protection, Scope]],
    asked: tuple[Purpose, Channel, Tier],
    view: View,
) -> int:
    found = 0xFF
    for standing, protection, scope in listening:
        found &= classes(table.mask(standing, protection, *asked), view, scope)
    return found


@given(listeners, listeners, question, st.sampled_from(list(View)))
def test_a_meet_is_what_all_of_them_may_have(
    table: PolicyTable,
    some: list[tuple[Standing, Protection, Scope]],
    more: list[tuple[Standing, Protection, Scope]],
    asked: tuple[Purpose, Channel, Tier],
    view: View,
) -> None:
    both = meet(table, some + more, asked, view)
    assert (
        both == meet(table, more + some, asked, view) == meet(table, some, asked, view) & meet(table, more, asked, view)
    )
    assert meet(table, some + some, asked, view) == meet(table, some, asked, view)
    for field_class in FieldClass:
        all_may = all(
            table.permits(
                standing=standing, protection=protection, view=view, field_class=field_class, scope=scope,
                purpose=asked[0], channel=asked[1], tier=asked[2],
            )
            for standing, protection, scope in some + more
        )  # fmt: skip
        assert bool(both & field_class.bit) is all_may


@given(listeners, question)
def test_a_meet_never_falls_to_nothing_by_the_view(
    table: PolicyTable, listening: list[tuple[Standing, Protection, Scope]], asked: tuple[Purpose, Channel, Tier]
) -> None:
    assert meet(table, listening, asked, View.HELD) & ~meet(table, listening, asked, View.SHOWN) == 0


@given(listeners, question, st.tuples(st.sampled_from(list(Protection)), st.sampled_from(list(Scope))))
def test_a_bound_listener_leaves_the_meet_as_it_is(
    table: PolicyTable,
    listening: list[tuple[Standing, Protection, Scope]],
    asked: tuple[Purpose, Channel, Tier],
    bound: tuple[Protection, Scope],
) -> None:
    for view in View:
        with_him = meet(table, [*listening, (Standing.BOUND, *bound)], asked, view)
        assert with_him == meet(table, listening, asked, view)


# --- what Cedar itself says -------------------------------------------------------------------------------------------


def uid(value: str, kind: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": value}}


def request(cell: Cell) -> dict[str, object]:
    """A cell asked for in Cedar's own surface syntax: nothing here is shared with what compiles."""
    return {
        "principal": f'Standing::"{cell.standing.value}"',
        "action": 'Action::"hear"',
        "resource": f'FieldClass::"{cell.field_class.value}"',
        "context": {
            "protection": uid(cell.protection.value, "Protection"),
            "purpose": uid(cell.purpose.value, "Purpose"),
            "channel": uid(cell.channel.value, "Channel"),
            "tier": uid(cell.tier.value, "Tier"),
            "view": uid(cell.view.value, "View"),
            "scope": uid(cell.scope.value, "Scope"),
        },
    }


def agrees(table: PolicyTable, cell: Cell, result: cedarpy.AuthzResult) -> bool:
    ruling = table.ruling(cell)
    named = set(result.diagnostics.id_annotations_by_reason.values()) or {DEFAULT_DENY}
    return not result.diagnostics.errors and ruling.permits is result.allowed and set(ruling.rules) == named


def differing(table: PolicyTable, text: str, cells: list[Cell]) -> Iterator[Cell]:
    results = cedarpy.is_authorized_batch([request(cell) for cell in cells], cedarpy.PolicySet.from_str(text), [])
    return (cell for cell, result in zip(cells, results, strict=True) if not agrees(table, cell, result))


def test_every_cell_is_what_cedar_says(table: PolicyTable) -> None:
    assert list(differing(table, DEFAULT_TEXT, ALL)) == []


def test_single_questions_are_answered_likewise(table: PolicyTable) -> None:
    for cell in random.Random(20).sample(ALL, 120):
        assert agrees(table, cell, cedarpy.is_authorized(request(cell), DEFAULT_TEXT, [], DEFAULT_SCHEMA))


def generated(seed: int) -> str:
    """A policy of a few rules over random values of every dimension."""
    chance = random.Random(seed)
    keys = {"Protection": "context.protection", "Purpose": "context.purpose", "Channel": "context.channel"}
    keys |= {"Tier": "context.tier", "View": "context.view", "Scope": "context.scope"}
    keys |= {"Standing": "principal", "FieldClass": "resource"}
    rules = []
    for number in range(chance.randint(2, 6)):
        conditions = []
        for dimension in chance.sample(DIMENSIONS, chance.randint(1, 4)):
            members: list[StrEnum] = list(dimension)
            names = [f'{dimension.__name__}::"{member.value}"' for member in members]
            values = ", ".join(chance.sample(names, chance.randint(1, len(names))))
            word = chance.choice(["when", "when", "unless"])
            conditions.append(f"{word} {{ [{values}].contains({keys[dimension.__name__]}) }}")
        effect = chance.choice(["permit", "permit", "forbid"])
        rules.append(f'@id("rule-{number}") {effect} (principal, action, resource) {" ".join(conditions)};')
    return "\n".join(rules)


@pytest.mark.parametrize("seed", range(3))
def test_every_cell_of_a_generated_policy_is_what_cedar_says(seed: int) -> None:
    text = generated(seed)
    assert list(differing(compile_policy(text), text, ALL[seed::3])) == []


def test_compiling_twice_gives_the_same_table(table: PolicyTable) -> None:
    assert compile_policy(DEFAULT_TEXT) == table
    assert table.digest == digest_of(DEFAULT_TEXT, DEFAULT_SCHEMA)


# --- what is refused -------------------------------------------------------------------------------------------------


def reasons(text: str, schema: str = DEFAULT_SCHEMA, seconds: int = 30) -> str:
    with pytest.raises(PolicyRejected) as rejected:
        compile_policy(text, schema, seconds=seconds)
    assert rejected.value.__cause__ is None
    assert rejected.value.reasons
    return "\n".join(rejected.value.reasons)


def test_a_misspelt_entity_is_refused_and_its_rule_named() -> None:
    found = reasons(DEFAULT_TEXT.replace('Standing::"adverse"', 'Standing::"advers"', 1))
    assert "rule 'adverse-hears-own-held'" in found
    assert '`"advers"` is not declared' in found


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda dimension: dimension.__name__)
def test_a_misspelt_value_of_any_dimension_is_refused(dimension: type[StrEnum]) -> None:
    context = f"context.{dimension.__name__.lower()}"
    subject = {"Standing": "principal", "FieldClass": "resource"}.get(dimension.__name__, context)
    assert "is not declared" in reasons(RULE.format(f'{subject} == {dimension.__name__}::"nobody"'))


def test_a_string_is_no_entity() -> None:
    assert "rule 'a'" in reasons(RULE.format('context.view == "held"'))


def test_a_misspelt_dimension_is_refused() -> None:
    assert "attribute `vew`" in reasons(RULE.format('context.vew == View::"held"'))


@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_a_rule_that_errs_anywhere_rejects_the_policy_naming_cell_and_rule(effect: str) -> None:
    # Cedar skips a rule that errs: a forbid, skipped, would allow. Validation does not see an overflow coming.
    erring = f"""{DEFAULT_TEXT}
        @id("errs") {effect} (principal == Standing::"duress", action, resource == FieldClass::"D")
        when {{ context.tier == Tier::"3" && 9223372036854775807 + 1 > 0 }};"""
    found = reasons(erring)
    assert "rule 'errs': integer overflow" in found
    assert "in cell duress/none/service/call/3/held/own/D and 95 more" in found


def test_held_without_shown_compiles_and_may_not_be_adopted() -> None:
    text = RULE.format('context.view == View::"held"')
    with pytest.raises(PolicyRejected, match=r"held is permitted where shown is not: cell unknown/none/.*rules a"):
        decide(PolicyState(), AdoptPolicy(text, DEFAULT_SCHEMA, engine(), compile_policy(text)))


def test_protection_that_widens_compiles_and_may_not_be_adopted() -> None:
    text = RULE.format('context.protection == Protection::"self"')
    with pytest.raises(PolicyRejected, match="protection widens what may be heard: cell unknown/self/"):
        decide(PolicyState(), AdoptPolicy(text, DEFAULT_SCHEMA, engine(), compile_policy(text)))


@pytest.mark.parametrize(
    "head, reason",
    [
        ("", "rule 2 has no @id"),
        ("@id", "rule 2 has no @id"),
        ('@id("")', "rule 2 has no @id"),
        ('@id("first")', "rule 2: the @id 'first' is taken by an earlier rule"),
        ('@id("Not A Name")', "rule 2: an @id is"),
        ('@id("default-deny")', "rule 2: the @id 'default-deny' is taken by the service"),
        ('@id("second") @id("third")', "the policy cannot be read"),
    ],
)
def test_every_rule_has_an_id_of_its_own(head: str, reason: str) -> None:
    rule = "permit (principal, action, resource);"
    assert reason in reasons(f'@id("first") {rule}\n{head} {rule}')


@pytest.mark.parametrize(
    "text, reason",
    [
        ("permit (;", "the policy cannot be read: unexpected token"),
        ('@id("a") permit (principal == ?principal, action, resource);', "a template decides nothing"),
        ("// \0", "the policy is not text"),
        ("// \ud800", "the policy is not text"),
        ("// " + "x" * 65_536, "shorten them"),
    ],
    ids=["syntax", "template", "nul", "surrogate", "long"],
)
def test_what_is_no_policy_is_refused(text: str, reason: str) -> None:
    assert reason in reasons(text)


@pytest.mark.parametrize(
    "schema, reason",
    [
        ("entity", "the schema cannot be read"),
        (DEFAULT_SCHEMA.replace(', "bound"', ""), "the dimensions of this release"),
        (DEFAULT_SCHEMA.replace('entity View enum ["held", "shown"]', "entity View"), "the dimensions of this release"),
        (DEFAULT_SCHEMA + "entity Weather;", "the dimensions of this release"),
    ],
    ids=["syntax", "a value less", "no enum", "a type more"],
)
def test_a_schema_says_what_this_release_looks_up(schema: str, reason: str) -> None:
    assert reason in reasons(DEFAULT_TEXT, schema)


def test_the_schema_and_the_domain_name_the_same_dimensions() -> None:
    assert str(cedarpy.Schema.from_str(DEFAULT_SCHEMA)) == str(cedarpy.Schema.from_str(expected_schema()))


def test_an_engine_that_crashes_takes_nothing_with_it() -> None:
    # Nesting as deep as this overflows the stack of Cedar's parser: a segmentation fault.
    assert "the policy engine stopped" in reasons(RULE.format("(" * 20_000 + "true" + ")" * 20_000))


def test_an_engine_that_takes_too_long_is_stopped() -> None:
    slow = "".join(f'@id("r{number}") permit (principal, action, resource);' for number in range(900))
    assert "the policy engine" in reasons(slow, seconds=1)


def test_a_policy_without_rules_denies_everything() -> None:
    empty = compile_policy("// nothing")
    assert set(empty.masks) == {0}
    assert {ruling.rules for ruling in empty.rulings} == {(DEFAULT_DENY,)}
