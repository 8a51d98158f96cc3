"""What an approved override opens, and what it never does: it stands in the place of one passcode, and no more.

The promises of every answer hold (see `test_promises`) with this one exception to them, named: the caller of the
contact that the override is for hears what he would have heard had he proved to be the party he was identified as.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec.structs import replace

from domain.decision import Question
from domain.dimension import Purpose
from domain.document import BookingDocument
from domain.event import Event, Plain
from domain.field_class import FieldClass
from domain.interaction import CALLER, Listener, Proof
from domain.item import Remark, Traveller
from domain.override import AUTHORITIES, REASONS, OverrideApproved, OverrideAsked, OverrideRefused, OverrideReviewed
from domain.policy import PolicyTable
from tests.domain.test_promises import (
    GENEROUS,
    as_if_free,
    freeze,
    held_alone,
    narrowing,
    protected_for,
    proved,
    without_need_to_know,
)
from tests.domain.worlds import (
    ACCOUNT,
    AGENT,
    LINE,
    NOW,
    PARTIES,
    PLAIN,
    Booked,
    World,
    ask,
    cases,
    confirmed,
    folded,
    happened,
    imported,
    items_of,
    listening,
    only,
    started,
)

CONTACT = "contact"
ASKED_AT = NOW - timedelta(minutes=10)


def asked_for(classes: str = "EILCPFD", reason: str = REASONS[0], **more: Any) -> OverrideAsked:
    said = {"override_id": "o", "interaction_id": CONTACT, "agent": AGENT, "minutes": 60, "asked_at": ASKED_AT, **more}
    return OverrideAsked(reason=reason, words=Plain("i", b""), classes=classes, **said)


def for_an_authority(party_id: str, reason: str, classes: str = "EILCPFD", **more: Any) -> OverrideAsked:
    return asked_for(classes, reason, **{"party_id": party_id, "channel": "call_back", "tier": 3, **more})


def approved(**more: Any) -> OverrideApproved:
    until = NOW + timedelta(minutes=30)
    return OverrideApproved(**{"override_id": "o", "approver": "lead", "until": until, "signature": "s", **more})


def having(world: World, *events: Event) -> World:
    return replace(world, account=happened(world.account, *events))


def shut(world: World, booked: Booked, who: str) -> bool:
    """Whether nothing held may be opened for him: somebody adverse is here, or spoke under duress."""
    protections = world.account.protections
    upheld = {name for name, each in protections.items() if each.until is None and not each.dismissed}
    counted = protected_for(world, booked) & (upheld if who in upheld else set(protections))
    heard = [*world.line.listeners.values()]
    proofs = [each.proofs[ACCOUNT] for each in heard if ACCOUNT in each.proofs]
    present = {who, *(each.identified.get(ACCOUNT, "") for each in heard), *(each.party_id for each in proofs)}
    forced = any(each.method == "duress" for each in proofs)
    return forced or any(world.account.adverse_towards(each, counted) for each in present)


def in_contact(asked: Question) -> Question:
    return replace(asked, interaction_id=CONTACT)


@st.composite
def identified(draw: DrawFn) -> tuple[World, Question, str]:
    """A world whose caller was identified as somebody, and proved nothing; others may listen too."""
    world, asked = draw(cases())
    who = draw(st.sampled_from([*PARTIES, *[*world.account.protections] * 3]))
    caller = Listener(CALLER, "customer", identified={ACCOUNT: who})
    others = [each for each in world.line.listeners.values() if each.listener_id != CALLER]
    others = others if draw(st.integers(0, 2)) == 0 else []
    asked = replace(asked, classes=draw(st.sampled_from([255, 255, asked.classes])), locator="")
    line = replace(world.line, may_prove=None, channel=draw(st.sampled_from(["call", "call", "chat", "portal"])))
    return listening(replace(world, line=line), caller, *others), in_contact(asked), who


some_classes = st.sampled_from(["E", "EI", "EIL", "EIP", "EC", "ED", "EILCPFD", "EILCPFDN"])
for_a_party = st.sampled_from([each for each in REASONS if each not in AUTHORITIES])


def had_he_proved(world: World, who: str) -> World:
    """The same line, had the caller proved to be this party."""
    caller = world.line.listeners[CALLER]
    true = replace(caller, identified={ACCOUNT: who}, proofs={ACCOUNT: Proof(who, "passcode", "secret")})
    return listening(world, *(true if each is caller else each for each in world.line.listeners.values()))


def bits(classes: str) -> int:
    return sum(each.bit for each in FieldClass if each.value in classes and each is not FieldClass.N)


# --- what it opens ---------------------------------------------------------------------------------------------------


@given(identified(), some_classes, for_a_party)
def test_it_opens_what_a_passcode_would_have_opened_in_its_classes_and_nothing_else(
    table: PolicyTable, case: tuple[World, Question, str], classes: str, reason: str
) -> None:
    world, asked, who = case
    booked = world.of(asked)
    assert booked is not None
    shown = set(items_of(booked.document(booked.state.shown)))
    for rules in (table, GENEROUS):
        before, after = (
            ask(world, asked, rules),
            ask(having(world, asked_for(classes, reason, party_id=who), approved()), asked, rules),
        )
        truly = ask(had_he_proved(world, who), asked, rules)
        assert after.items() <= before.items() | truly.items() | shown
        for item in held_alone(booked, after) - before.items():
            assert item.FIELD_CLASS.value in classes
            assert item.FIELD_CLASS is not FieldClass.N
        if shut(world, booked, who):
            assert held_alone(booked, after) <= before.items()
        elif asked.classes & ~bits(classes) == 0 and not before.decision.override_id and after.decision.override_id:
            # Where no more is asked for than it is of, it is as good as the passcode.
            assert after.items() == truly.items()


@given(identified(), some_classes, for_a_party)
def test_what_is_only_held_reaches_those_who_proved_whom_it_is_of_and_the_caller_of_an_override_as_the_exception(
    table: PolicyTable, case: tuple[World, Question, str], classes: str, reason: str
) -> None:
    world, asked, who = case
    booked = world.of(asked)
    answered = ask(having(world, asked_for(classes, reason, party_id=who), approved()), asked, table)
    assert booked is not None
    protected, protections = protected_for(world, booked), world.account.protections
    for item in held_alone(booked, answered):
        for listener in narrowing(world):
            stood_in_for = answered.decision.override_id == "o" and not shut(world, booked, who)
            excepted = listener.listener_id == CALLER and stood_in_for
            party_id = who if excepted else proved(listener)
            assert party_id in item.subjects
            for other in protected & set(item.subjects) - {party_id}:
                assert protections[party_id].until is None
                assert protections[other].until is None
                assert party_id not in protections[other].adverse
    if answered.decision.override_id:
        assert "override" in answered.decision.rules


@given(identified(), some_classes)
def test_the_record_says_where_the_listeners_stood_and_not_what_the_override_made_of_it(
    table: PolicyTable, case: tuple[World, Question, str], classes: str
) -> None:
    world, asked, who = case
    override = asked_for(classes, party_id=who)
    before, after = ask(world, asked, table), ask(having(world, override, approved()), asked, table)
    assert after.decision.listeners == before.decision.listeners


# --- without one nothing changes -------------------------------------------------------------------------------------

UNAPPROVED: dict[str, tuple[Event, ...]] = {
    "asked for only": (asked_for(),),
    "refused": (asked_for(), OverrideRefused(override_id="o", refuser="lead")),
    "expired": (asked_for(), approved(until=NOW)),
    "for another contact": (asked_for(interaction_id="another"), approved()),
    "for another agent": (asked_for(agent="another"), approved()),
    "in another binding": (asked_for(bindings=1), approved()),
    "for nobody": (asked_for(party_id="nobody"), approved()),
    "reviewed": (
        asked_for(),
        approved(),
        OverrideReviewed(override_id="o", reviewer="r", finding="not_justified", words=Plain("i", b"")),
    ),
    "nobody asked for it": (approved(),),
    "of notes alone": (asked_for("N"), approved()),
}


@pytest.mark.parametrize("events", UNAPPROVED.values(), ids=UNAPPROVED.keys())
@given(case=identified())
def test_without_an_approved_one_that_holds_nothing_changes(
    table: PolicyTable, events: tuple[Event, ...], case: tuple[World, Question, str]
) -> None:
    world, asked, who = case
    his = [
        replace(each, party_id=who) if isinstance(each, OverrideAsked) and not each.party_id else each
        for each in events
    ]
    for rules in (table, GENEROUS):
        before, after = ask(world, asked, rules), ask(having(world, *his), asked, rules)
        assert after.public == before.public
        if events != UNAPPROVED["of notes alone"]:
            assert after.decision == before.decision


@given(identified(), st.sampled_from(["third party", "adverse, identified", "adverse, proved", "duress"]), st.data())
def test_before_a_third_party_it_opens_nothing_and_before_an_adverse_one_or_under_duress_nothing_held(
    table: PolicyTable, case: tuple[World, Question, str], who: str, data: st.DataObject
) -> None:
    world, asked, his = case
    booked = world.of(asked)
    assert booked is not None
    upheld = world.account.upheld()
    claims = [one for name, one in world.account.protections.items() if his not in upheld or name in upheld]
    adverse = sorted({each for one in claims if one.active(NOW) for each in one.adverse})
    joined = Listener("joined", "third_party")
    if who == "duress":
        party = data.draw(st.sampled_from(PARTIES))
        joined = Listener("joined", "customer", proofs={ACCOUNT: Proof(party, "duress", "secret")})
    elif who != "third party":
        assume(adverse)
        party = data.draw(st.sampled_from(adverse))
        proofs = {ACCOUNT: Proof(party, "passcode", "secret")} if who == "adverse, proved" else {}
        joined = Listener("joined", "customer", identified={ACCOUNT: party}, proofs=proofs)
    world = listening(world, *world.line.listeners.values(), joined)
    for rules in (table, GENEROUS):
        before = ask(world, asked, rules)
        after = ask(having(world, asked_for(party_id=his), approved()), asked, rules)
        if who == "third party":
            assert after == before
        assert held_alone(booked, after) <= before.items()


@given(identified(), st.sampled_from(PARTIES))
def test_who_is_taken_for_another_party_by_now_hears_nothing_by_it(
    table: PolicyTable, case: tuple[World, Question, str], another: str
) -> None:
    world, asked, who = case
    assume(another != who)
    for rules in (table, GENEROUS):
        assert ask(having(world, asked_for(party_id=another), approved()), asked, rules) == ask(world, asked, rules)


@given(identified())
def test_who_spoke_under_duress_earlier_in_the_contact_hears_nothing_held_by_it(
    table: PolicyTable, case: tuple[World, Question, str]
) -> None:
    world, asked, who = case
    booked = world.of(asked)
    assert booked is not None
    world = replace(world, line=replace(world.line, duress=(ACCOUNT,)))
    after = ask(having(world, asked_for(party_id=who), approved()), asked, table)
    assert held_alone(booked, after) <= ask(world, asked, table).items()


def test_a_claim_of_his_own_does_not_disarm_hers_and_a_confirmed_one_does(table: PolicyTable) -> None:
    old, new = (
        BookingDocument(source="x", travellers=(Traveller(surname=each, subjects=("alma",)),))
        for each in ("old", "new")
    )
    frozen = freeze(only("b", old))
    booked = Booked("b", folded(frozen.state, imported(new, "new")), {**frozen.documents, b"new": new})
    caller = Listener(CALLER, "customer", identified={ACCOUNT: "alma"})
    asked = in_contact(Question(AGENT, ACCOUNT, "b", 255, Purpose.SERVICE))
    hers = (started("alma", "bo"), confirmed("alma"))
    told = {}
    for name, his in (
        ("none", ()),
        ("provisional", (started("bo", "alma"),)),
        ("lapsed", (started("bo", "alma", until=NOW),)),
        ("confirmed", (started("bo", "alma"), confirmed("bo"))),
    ):
        world = listening(World(happened(PLAIN, *hers, *his), (booked,), LINE), caller)
        answered = ask(having(world, asked_for(party_id="alma"), approved()), asked, table)
        told[name] = [item.surname for item in answered.items() if isinstance(item, Traveller)]
    assert told == {"none": ["new"], "provisional": ["new"], "lapsed": ["new"], "confirmed": ["old"]}


@given(identified(), some_classes, for_a_party)
def test_under_one_too_who_has_no_need_to_know_hears_what_an_ordinary_account_would_say(
    table: PolicyTable, case: tuple[World, Question, str], classes: str, reason: str
) -> None:
    world, asked, who = case
    booked = world.of(asked)
    assert booked is not None
    assume(protected_for(world, booked))
    assume(without_need_to_know(world if shut(world, booked, who) else had_he_proved(world, who), booked))
    state = booked.state
    shown = None if state.living is not None and state.living.unshown(world.now) else booked.document(state.shown)
    stale = state.stale or (state.fresh_until is not None and state.fresh_until <= world.now)
    ordinary = World(
        replace(world.account, protections={}),
        () if shown is None else (only(booked.booking_id, shown, stale=stale),),
        replace(world.line, listeners={name: as_if_free(each) for name, each in world.line.listeners.items()}),
    )
    override = asked_for(classes, reason, party_id=who), approved()
    seen, expected = ask(having(world, *override), asked, table), ask(having(ordinary, *override), asked, table)
    assert seen.public == expected.public


@given(identified())
def test_in_a_notice_it_opens_nothing(table: PolicyTable, case: tuple[World, Question, str]) -> None:
    world, asked, who = case
    world = replace(world, line=replace(world.line, channel="notice"))
    for rules in (table, GENEROUS):
        assert ask(having(world, asked_for(party_id=who), approved()), asked, rules) == ask(world, asked, rules)


# --- authorities -----------------------------------------------------------------------------------------------------


WHERE: dict[str, dict[str, Any]] = {
    "tier 3 rang": {},
    "he rang": {"channel": "call"},
    "tier 2 rang": {"tier": 2},
}


@given(
    cases(protected=True),
    some_classes,
    st.sampled_from(sorted(AUTHORITIES)),
    st.tuples(st.sampled_from(PARTIES), st.sampled_from(sorted(WHERE)), st.booleans()),
)
def test_an_authority_is_told_what_the_party_it_names_would_be_and_only_where_tier_3_rang(
    table: PolicyTable,
    case: tuple[World, Question],
    classes: str,
    reason: str,
    named: tuple[str, str, bool],
) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    asked = replace(in_contact(asked), locator="", purpose=Purpose.SERVICE)
    # Neither what was asked for and signed nor what the contact is may say that anybody else rang.
    who, where, signed = named
    contact = {"channel": "call_back", "tier": 3, **({} if signed else WHERE[where])}
    line = replace(world.line, may_prove=None, **contact)
    world = listening(replace(world, line=line), Listener(CALLER, "customer"))
    override = for_an_authority(who, reason, classes, **(WHERE[where] if signed else {}))
    before, after = ask(world, asked, table), ask(having(world, override, approved()), asked, table)
    if where != "tier 3 rang":
        assert after == before
        return
    truly = ask(had_he_proved(world, who), asked, table)
    assert after.items() <= truly.items() | set(items_of(booked.document(booked.state.shown)))
    for item in held_alone(booked, after):
        assert not shut(world, booked, who)
        assert who in item.subjects
        assert item.FIELD_CLASS.value in classes


@given(identified(), st.sampled_from(sorted(AUTHORITIES)))
def test_who_was_identified_as_a_party_is_no_authority(
    table: PolicyTable, case: tuple[World, Question, str], reason: str
) -> None:
    world, asked, who = case
    world = replace(world, line=replace(world.line, channel="call_back", tier=3))
    override = for_an_authority(who, reason)
    assert ask(having(world, override, approved()), asked, table) == ask(world, asked, table)


@pytest.mark.parametrize("asked_of", ["EN", "EILCPFDN"])
def test_notes_are_opened_by_no_override_whatever_policy_permits(asked_of: str) -> None:
    old, new = (
        BookingDocument(
            source="x",
            travellers=(Traveller(surname="Grey", subjects=("alma",)),),
            remarks=(Remark(kind="OSI", text=text, subjects=("alma",)),),
        )
        for text in ("old", "new")
    )
    frozen = freeze(only("b", old))
    booked = Booked("b", folded(frozen.state, imported(new, "new")), {**frozen.documents, b"new": new})
    caller = Listener(CALLER, "customer", identified={ACCOUNT: "alma"})
    world = listening(World(happened(PLAIN, started("alma")), (booked,), LINE), caller)
    asked = in_contact(Question(AGENT, ACCOUNT, "b", 255, Purpose.SERVICE))
    answered = ask(having(world, asked_for(asked_of, party_id="alma"), approved()), asked, GENEROUS)
    assert answered.decision.basis == "held"
    assert [item.text for item in answered.items() if isinstance(item, Remark)] == ["old"]
