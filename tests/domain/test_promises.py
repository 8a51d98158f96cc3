"""What is promised of every answer, over generated accounts, bookings, lines and questions (see `worlds`)."""

import random
from datetime import timedelta

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import decision, interaction
from domain.account import AccountState
from domain.booking import BookingState, ShownViewFrozen
from domain.decision import Decision, Question
from domain.dimension import Purpose
from domain.document import BookingDocument
from domain.event import Plain
from domain.field_class import ALL_CLASSES, FieldClass
from domain.interaction import CALLER, LASTS, InteractionBound, InteractionState, Listener, Proof
from domain.item import Item, Traveller
from domain.policy import CELLS, PolicyTable, Ruling
from domain.protection import ProtectionStarted
from tests.domain.worlds import (
    ACCOUNT,
    AGENT,
    ELSEWHERE,
    LINE,
    NOW,
    PARTIES,
    PLAIN,
    Answered,
    Booked,
    World,
    agreeing,
    any_parties,
    ask,
    cases,
    confirmed,
    documents,
    folded,
    happened,
    imported,
    items_of,
    later,
    listening,
    only,
    started,
    telling,
)

# A table in which nothing is denied: what still holds then holds under every policy.
GENEROUS = PolicyTable.of("generous", ("all",), (Ruling(permits=True, rules=("all",)),), bytes(2 * CELLS))

Case = tuple[World, Question]
any_case = st.one_of(cases(), telling(), agreeing())
guarded_case = st.one_of(cases(protected=True), telling())

# Twice as many for what the whole house stands on, half where little can go wrong.
thorough = settings(max_examples=2 * settings().max_examples)
brief = settings(max_examples=settings().max_examples // 2)


def proved(listener: Listener) -> str:
    """The party a listener proved to be, "" where none: a duress passcode proves that she is not free."""
    proof = listener.proofs.get(ACCOUNT)
    return proof.party_id if proof is not None and proof.method != "duress" else ""


def narrowing(world: World) -> list[Listener]:
    return [each for each in world.line.listeners.values() if not each.bound]


def consented(world: World, listener: Listener, item: Item) -> bool:
    """Whether the one whom this is about, and nobody else, has let this listener hear it, proved and on the line."""
    return any(
        each.listener_id == listener.listener_id
        and each.account_id == ACCOUNT
        and item.subjects == (each.party_id,)
        and item.FIELD_CLASS.index in [at for at in range(8) if each.classes >> at & 1]
        and each.by in world.line.listeners
        and proved(world.line.listeners[each.by]) == each.party_id
        for each in world.line.consents
    )


def without_consents(case: Case) -> Case:
    """The same case, in which nobody consented to anything."""
    world, asked = case
    return replace(world, line=replace(world.line, consents=())), asked


def protected_for(world: World, booked: Booked) -> frozenset[str]:
    """Everybody who is protected, or ever was where the booking's views have come to differ."""
    state = booked.state
    if state.frozen and state.held != state.shown:
        return frozenset(world.account.protections)
    return world.account.protected(world.now)


def is_adverse(account: AccountState, party_id: str, protected: frozenset[str]) -> bool:
    return any(party_id in account.protections[who].adverse for who in protected)


def held_alone(booked: Booked, answered: Answered) -> set[Item]:
    """What was told that the shown view does not say."""
    shown = set(items_of(booked.document(booked.state.shown)))
    return {item for item in answered.items() if item not in shown}


# --- 1. what is only held reaches nobody who has not proved whom it is of ---------------------------------------


@thorough
@given(any_case)
def test_what_is_only_held_reaches_those_alone_who_proved_whom_it_belongs_to(table: PolicyTable, case: Case) -> None:
    world, asked = case
    booked, answered = world.of(asked), ask(world, asked, table)
    assert booked is not None
    state, protections = booked.state, world.account.protections
    protected = protected_for(world, booked)
    for item in held_alone(booked, answered):
        for listener in narrowing(world):
            party_id = proved(listener)
            assert party_id in item.subjects or consented(world, listener, item)
            for other in protected & set(item.subjects) - {party_id}:
                # What it says of another protected person: only where people have looked at both, and found no harm.
                assert protections[party_id].until is None
                assert protections[other].until is None
                assert party_id not in protections[other].adverse
    # Nor does any of them learn by it that there is a booking, that it has this locator, or what became of it.
    shown = booked.document(state.shown)
    told_of_held = answered.document is not None and (
        shown is None
        or (asked.locator and state.shown and asked.locator not in state.shown.locators)
        or (answered.document.status not in ("", shown.status))
    )
    if told_of_held:
        assert state.held is not None
        assert all(proved(listener) in state.held.people for listener in narrowing(world))


@given(any_case)
def test_of_a_protected_party_the_held_view_tells_nobody_else_whatever_policy_permits(case: Case) -> None:
    world, asked = case
    booked, answered = world.of(asked), ask(world, asked, GENEROUS)
    assert booked is not None
    protected, protections = protected_for(world, booked), world.account.protections
    for item in held_alone(booked, answered):
        for other in protected & set(item.subjects):
            for listener in narrowing(world):
                party_id = proved(listener)
                reviewed = (
                    party_id in protected
                    and protections[party_id].until is None
                    and protections[other].until is None
                    and party_id not in protections[other].adverse
                )
                assert party_id == other or reviewed


@brief
@given(any_case)
def test_a_new_cross_reference_is_told_to_nobody_who_must_not_know_of_anothers_booking(
    table: PolicyTable, case: Case
) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    for rules in (table, GENEROUS):
        answered = ask(world, asked, rules)
        if any(hearing.shy_of for hearing in answered.decision.hearings):
            told = [item for item in held_alone(booked, answered) if getattr(item, "kind", "") == "cross_reference"]
            assert told == []


@brief
@given(any_case)
def test_nothing_is_told_that_was_not_asked_for_and_notes_never(table: PolicyTable, case: Case) -> None:
    world, asked = case
    answered = ask(world, asked, table)
    told = {item.FIELD_CLASS for item in answered.items()}
    assert all(asked.classes >> each.index & 1 for each in told)
    assert FieldClass.N not in told


# --- 2. the answer for several is the meet of the answers for each ---------------------------------------------------


def level(of: Decision, field_class: FieldClass, subjects: tuple[str, ...]) -> int:
    """None, shown, held."""
    return 2 if of.held(field_class, subjects) else int(of.as_shown(field_class, subjects))


@given(any_case)
def test_the_answer_for_several_is_the_meet_of_the_answers_for_each(table: PolicyTable, case: Case) -> None:
    world, asked = without_consents(case)
    together = ask(world, asked, table)
    alone = [ask(listening(world, each), asked, table) for each in narrowing(world)]
    if not alone:
        assert together.decision.outcome == "withheld"
        return
    booked = world.of(asked)
    assert booked is not None
    about = {item.subjects for document in booked.documents.values() for item in items_of(document)}
    for field_class in ALL_CLASSES:
        for subjects in about:
            meet = min(level(each.decision, field_class, subjects) for each in alone)
            assert level(together.decision, field_class, subjects) == meet
    if together.decision.outcome == "disclosed":
        assert all(each.decision.outcome == "disclosed" for each in alone)
    for item in together.items():
        for each in alone:
            heard_as_held = each.decision.held(item.FIELD_CLASS, item.subjects)
            is_shown = item in set(items_of(booked.document(booked.state.shown)))
            assert item in each.items() or (is_shown and heard_as_held)


@given(any_case, st.data())
def test_nobody_who_joins_widens_an_answer_and_the_bound_leave_it_as_it_is(
    table: PolicyTable, case: Case, data: st.DataObject
) -> None:
    world, asked = without_consents(case)
    everybody = list(world.line.listeners.values())
    fewer = data.draw(st.lists(st.sampled_from(everybody), min_size=1, unique_by=lambda each: each.listener_id))
    some = ask(listening(world, *fewer), asked, table)
    if any(not each.bound for each in fewer):
        shown = set(items_of(_shown(world, asked)))
        assert ask(world, asked, table).items() <= some.items() | shown
    without = listening(world, *narrowing(world))
    with_interpreter = listening(world, *narrowing(world), Listener("x", "interpreter", bound=True))
    assert ask(with_interpreter, asked, table).public == ask(without, asked, table).public


def _shown(world: World, asked: Question) -> BookingDocument | None:
    booked = world.of(asked)
    return None if booked is None else booked.document(booked.state.shown)


@thorough
@given(agreeing())
def test_a_consent_opens_what_is_the_consenting_partys_alone_and_what_he_may_have_himself(
    table: PolicyTable, case: Case
) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    for rules in (table, GENEROUS):
        agreed, before = ask(world, asked, rules), ask(*without_consents(case), rules)
        # Never another view than without it, but that there is an answer at all; and nothing that was heard is lost.
        assert agreed.decision.basis == before.decision.basis or (before.decision.basis, agreed.decision.basis) == (
            "",
            "shown",
        )
        assert before.decision.outcome == "withheld" or agreed.decision.outcome == "disclosed"
        shown = set(items_of(booked.document(booked.state.shown)))
        for item in agreed.items() - before.items():
            opened = [
                each
                for each in agreed.decision.hearings
                for more in each.consents
                if item.subjects == (more.party_id,) and (more.held | more.shown) >> item.FIELD_CLASS.index & 1
            ]
            assert opened or before.decision.basis == "", item
            givers = [each for each in world.line.listeners.values() if each.proofs.get(ACCOUNT) and not each.bound]
            alone = [ask(listening(world, each), asked, rules).decision for each in givers]
            assert any(
                each.held(item.FIELD_CLASS, item.subjects) or each.as_shown(item.FIELD_CLASS, item.subjects)
                for each in alone
            )
            if item not in shown:
                assert any(proved(each) in item.subjects for each in givers)
                for hearing in opened:
                    assert not hearing.shy_of & set(item.subjects)


@given(agreeing(), st.sampled_from(["left", "bound anew", "duress"]))
def test_a_consent_ends_with_the_presence_the_binding_and_the_freedom_of_whoever_gave_it(
    table: PolicyTable, case: Case, why: str
) -> None:
    world, asked = case
    assume(world.line.consents)
    booked = world.of(asked)
    assert booked is not None
    givers = {each.by for each in world.line.consents}
    if why == "left":
        staying = [each for name, each in world.line.listeners.items() if name not in givers]
        assume(staying)
        left = listening(world, *staying)
        assert ask(left, asked, table) == ask(*without_consents((left, asked)), table)
    elif why == "bound anew":
        bound = InteractionBound(
            account_id=ACCOUNT, party_id="", known=True, hidden=False, facts=(), offered=Plain("c", b"")
        )
        on = {CALLER: world.line.listeners[CALLER], **world.line.listeners}
        assert interaction.evolve(replace(world.line, listeners=on), bound).consents == ()
    else:
        forced = {
            name: replace(each, proofs={where: replace(proof, method="duress") for where, proof in each.proofs.items()})
            for name, each in world.line.listeners.items()
            if name in givers
        }
        under = replace(world, line=replace(world.line, listeners={**world.line.listeners, **forced}))
        shown = set(items_of(booked.document(booked.state.shown)))
        assert ask(under, asked, table).items() <= ask(*without_consents((under, asked)), table).items() | shown


# --- 3. a batch equals its singles -----------------------------------------------------------------------------------


@brief
@given(any_case, st.randoms(use_true_random=False))
def test_a_list_of_bookings_is_answered_as_each_of_them_alone(
    table: PolicyTable, case: Case, chance: random.Random
) -> None:
    world, asked = case
    each_asked = [replace(asked, booking_id=each.booking_id, locator="") for each in world.booked]
    batch = [ask(world, question, table) for question in each_asked]
    for single, question in chance.sample(list(zip(batch, each_asked, strict=True)), len(batch)):
        decision._RULES.clear()  # nothing is remembered from one question to the next but what is pure
        of_it = [each for each in world.booked if each.booking_id == question.booking_id]
        alone = replace(world, booked=tuple(of_it), account=replace(world.account, bookings=(question.booking_id,)))
        assert ask(alone, question, table) == single


# --- 5. protecting never widens anything for anybody -----------------------------------------------------------------


def freeze(booked: Booked) -> Booked:
    return replace(booked, state=folded(booked.state, ShownViewFrozen(protection_id="new")))


def narrowed(before: Answered, after: Answered, booked: Booked) -> None:
    """Nothing is told that was not: an item stays, goes, or falls from what is held to what is shown in its place."""
    assert before.decision.outcome == "disclosed" or after.decision.outcome == "withheld"
    shown = booked.document(booked.state.shown)
    assert after.items() <= before.items() | as_shown_instead(before, shown)
    for item in {*before.items(), *items_of(shown)}:
        was = level(before.decision, item.FIELD_CLASS, item.subjects)
        assert level(after.decision, item.FIELD_CLASS, item.subjects) <= was
    if before.document is not None and after.document is not None:
        fallen = shown is not None and before.decision.basis == "held"
        assert after.document.status in ("", before.document.status, shown.status if fallen and shown else "")


def as_shown_instead(before: Answered, shown: BookingDocument | None) -> set[Item]:
    """What is shown in the place of what was told as held."""
    return {item for item in items_of(shown) if before.decision.held(item.FIELD_CLASS, item.subjects)}


@thorough
@given(any_case, any_parties, st.data())
def test_starting_a_protection_never_widens_anything_for_anybody(
    table: PolicyTable, case: Case, adverse: tuple[str, ...], data: st.DataObject
) -> None:
    world, asked = case
    on_the_line = [who for each in narrowing(world) if (who := proved(each))]
    party_id = data.draw(st.sampled_from([*on_the_line, *PARTIES]))
    booked, before = world.of(asked), ask(world, asked, table)
    assert booked is not None
    account = happened(world.account, started(party_id, *adverse))
    after = replace(world, account=account, booked=tuple(freeze(each) for each in world.booked))
    narrowed(before, ask(after, asked, table), booked)
    if booked.state.shown == booked.state.held:
        assert ask(after, asked, table).items() <= before.items()
    # Later documents: what is told then would have been told without protection, or was before it.
    new = data.draw(documents("later", booked.document(booked.state.held)))
    by_id = replace(asked, locator="")
    # (Freshness apart: the last document's verdict is both views'.)
    shown = booked.document(booked.state.shown)
    fresh = replace(booked, state=replace(booked.state, stale=False))
    ever: set[Item] = set()
    for of in (replace(world, booked=(fresh,)), with_later(world, booked, new)):
        was = ask(of, by_id, table)
        ever |= was.items() | as_shown_instead(was, shown)
    assert ask(with_later(after, freeze(booked), new), by_id, table).items() <= ever


def with_later(world: World, booked: Booked, document: BookingDocument) -> World:
    """The world after one more document of this booking."""
    state = folded(booked.state, later(booked.state, document, "later", world.account.protections))
    changed = Booked(booked.booking_id, state, {**booked.documents, b"later": document})
    return replace(
        world, booked=tuple(changed if each.booking_id == booked.booking_id else each for each in world.booked)
    )


@given(guarded_case, st.data())
def test_confirming_a_protection_widens_nothing_but_for_two_whom_people_have_looked_at(
    table: PolicyTable, case: Case, data: st.DataObject
) -> None:
    world, asked = case
    assume(world.account.protected(NOW))
    party_id = data.draw(st.sampled_from(sorted(world.account.protected(NOW))))
    after = replace(world, account=happened(world.account, confirmed(party_id)))
    reviewed = {who for who, each in after.account.protections.items() if each.until is None}
    assume(len(reviewed) < 2 or not any(proved(each) in reviewed for each in narrowing(world)))
    booked = world.of(asked)
    assert booked is not None
    narrowed(ask(world, asked, table), ask(after, asked, table), booked)
    much_later = replace(after, now=NOW + timedelta(days=400))
    assert set(after.account.protected(much_later.now)) == reviewed


@pytest.mark.parametrize("then", [started("alma", "bo"), started("bo")], ids=["named adverse", "protected too"])
def test_naming_a_neutral_party_or_protecting_him_widens_nothing_for_him(
    table: PolicyTable, then: ProtectionStarted
) -> None:
    mine, changed = (
        BookingDocument(source="x", travellers=(Traveller(surname=name, subjects=("bo",)),)) for name in ("old", "new")
    )
    frozen = freeze(only("b", mine))
    booked = Booked("b", folded(frozen.state, imported(changed, "new")), {**frozen.documents, b"new": changed})
    bo = Listener("caller", "customer", proofs={ACCOUNT: Proof("bo", "passcode", "secret")})
    world = listening(World(happened(PLAIN, started("alma")), (booked,), LINE), bo)
    asked = Question(AGENT, ACCOUNT, "b", 255, Purpose.SERVICE)
    after = replace(world, account=happened(world.account, then))
    assert ask(after, asked, table).items() <= ask(world, asked, table).items()


@given(guarded_case)
def test_a_protection_that_lapses_opens_no_view_that_was_parted(table: PolicyTable, case: Case) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    assume(booked.state.guarded())
    afterwards = replace(world, now=NOW + timedelta(hours=2))  # every provisional one has lapsed; the line has not
    assert ask(afterwards, asked, table) == ask(world, asked, table)


# --- 6. indistinguishable --------------------------------------------------------------------------------------------


def without_need_to_know(world: World, booked: Booked) -> bool:
    """Whether nobody who listens has proved to be somebody to whom the truth is told; third parties apart.

    It is told to who is on the held view, where it concerns no protected party whom he must not learn of, and none was
    taken off it who is shown. A third party is told less of a protected account than of an ordinary one, never where
    she is; so is an adverse one where a split says that he hears nothing of hers.
    """
    protected, state, protections = protected_for(world, booked), booked.state, world.account.protections
    assert state.held is not None
    gone = state.taken_off.intersection(state.shown.people if state.shown is not None else ())
    concerned = {*state.held.people, *gone}
    for each in narrowing(world):
        who = proved(each)
        if each.kind == "third_party":
            return False
        if state.split is not None and state.split.hers == "nothing" and is_adverse(world.account, who, protected):
            return False
        reviewed = {
            other
            for other in protected
            if who in protections
            and protections[who].until is None
            and protections[other].until is None
            and who not in protections[other].adverse
        }
        if who in state.held.people and not (protected & concerned) - reviewed - {who}:
            return False
    return True


def as_if_free(listener: Listener) -> Listener:
    """The same person, whose duress passcode was an ordinary one."""
    proofs = {
        where: replace(proof, method="passcode" if proof.method == "duress" else proof.method)
        for where, proof in listener.proofs.items()
    }
    return replace(listener, proofs=proofs)


@given(cases(protected=True))
def test_who_has_no_need_to_know_hears_what_an_ordinary_account_would_say_whose_booking_is_the_shown_view(
    table: PolicyTable, case: Case
) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    assume(protected_for(world, booked) and without_need_to_know(world, booked))
    state = booked.state
    # One that a declared fate, or somebody's own cancelled ticket, makes withhold is one that nobody has.
    shown = None if state.living is not None and state.living.unshown(world.now) else booked.document(state.shown)
    stale = state.stale or (state.fresh_until is not None and state.fresh_until <= world.now)
    ordinary = World(
        replace(world.account, protections={}),
        () if shown is None else (only(booked.booking_id, shown, stale=stale),),
        replace(world.line, listeners={name: as_if_free(each) for name, each in world.line.listeners.items()}),
    )
    seen, expected = ask(world, asked, table), ask(ordinary, asked, table)
    assert seen.decision.outcome == expected.decision.outcome
    assert seen.public == expected.public


@given(cases(protected=True))
def test_a_hidden_locator_and_a_booking_made_under_protection_answer_like_unknown_ones(
    table: PolicyTable, case: Case
) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    shown = booked.state.shown
    if shown is not None and asked.locator in shown.locators | {""}:
        asked = replace(asked, locator="HIDDEN")  # one that the held view may as well have
        assert booked.state.held is not None
        held = replace(booked.state.held, locators=booked.state.held.locators | {"HIDDEN"})
        booked = replace(booked, state=replace(booked.state, held=held))
        world = replace(
            world, booked=tuple(booked if each.booking_id == booked.booking_id else each for each in world.booked)
        )
    assume(protected_for(world, booked) and without_need_to_know(world, booked))
    hidden = ask(world, asked, table)
    unknown = ask(world, replace(asked, booking_id="", locator="NOBODYS"), table)
    assert (hidden.decision.outcome, hidden.public) == (unknown.decision.outcome, unknown.public)
    assert hidden.decision.outcome == "withheld"


@brief
@given(cases(protected=False))
def test_on_an_ordinary_account_a_duress_passcode_is_a_passcode_like_any_other(table: PolicyTable, case: Case) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    assume(not protected_for(world, booked))
    free = replace(world.line, listeners={name: as_if_free(each) for name, each in world.line.listeners.items()})
    assert ask(world, asked, table).public == ask(replace(world, line=free), asked, table).public


# --- 7. pure and total -----------------------------------------------------------------------------------------------


@brief
@given(any_case, st.booleans())
def test_a_decision_is_the_same_whenever_it_is_made_again(table: PolicyTable, case: Case, remembered: bool) -> None:  # noqa: FBT001 - drawn
    world, asked = case
    first = ask(world, asked, table)
    if not remembered:
        decision._RULES.clear()
    copies = [msgspec.msgpack.decode(msgspec.msgpack.encode(each.state), type=BookingState) for each in world.booked]
    read_back = World(
        msgspec.msgpack.decode(msgspec.msgpack.encode(world.account), type=AccountState),
        tuple(replace(each, state=copy) for each, copy in zip(world.booked, copies, strict=True)),
        msgspec.msgpack.decode(msgspec.msgpack.encode(world.line), type=InteractionState),
    )
    assert ask(read_back, asked, table) == first
    assert first.decision.rules
    assert {each.listener_id for each in first.decision.listeners} <= set(world.line.listeners)


anything = st.text(max_size=4)


@brief
@given(
    any_case,
    st.builds(Question, anything, anything, anything, st.integers(0, 2**16), st.sampled_from(Purpose), anything),
    st.integers(-3, 9),
    st.booleans(),
)
def test_every_question_has_an_answer(
    table: PolicyTable,
    case: Case,
    odd: Question,
    tier: int,
    nobody: bool,  # noqa: FBT001 - drawn
) -> None:
    world, asked = case
    line = replace(world.line, tier=tier, listeners={} if nobody else world.line.listeners)
    for question in (odd, replace(asked, classes=odd.classes), replace(asked, locator=odd.locator)):
        answered = ask(replace(world, line=line), question, table)
        assert answered.decision.outcome in ("disclosed", "withheld")
        assert (answered.document is None) == (answered.decision.outcome == "withheld")
    assert ask(replace(world, line=InteractionState()), asked, table).decision.outcome == "withheld"


@brief
@given(any_case, st.sampled_from(["closed", "expired", "another agent", "another account", "stale"]))
def test_what_is_stale_is_answered_with_nothing(table: PolicyTable, case: Case, why: str) -> None:
    world, asked = case
    booked = world.of(asked)
    assert booked is not None
    if why == "stale":
        of_it = replace(booked, state=replace(booked.state, stale=True))
        world = replace(world, booked=(of_it,))
    elif why == "closed":
        world = replace(world, line=replace(world.line, closed=True))
    elif why == "expired":
        world = replace(world, now=NOW + LASTS)
    elif why == "another agent":
        asked = replace(asked, agent="another")
    else:
        world = replace(world, line=replace(world.line, account_id=ELSEWHERE))
    answered = ask(world, asked, table)
    assert (answered.decision.outcome, answered.document) == ("withheld", None)
    if why != "stale":
        assert (answered.decision.rules, answered.decision.listeners) == (("stale-context",), ())
