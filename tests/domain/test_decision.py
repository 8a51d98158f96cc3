"""The table of the design, row by row, decided by the default policy as it is compiled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from domain import decision
from domain.account import AccountState
from domain.booking import LIFE, BookingState, Hers, ShownViewFrozen, SplitDeclared
from domain.decision import Facts, Question, decide
from domain.dimension import Purpose
from domain.document import BookingDocument
from domain.event import Event, Plain
from domain.field_class import FieldClass
from domain.interaction import LASTS, Channel, Listener, ListenerKind, Method, Proof
from domain.item import Contact, Identity, Item, Locator, Payment, Remark, Seat, Segment, Ticket, Traveller
from domain.passcode import PasscodeSet
from domain.policy import PolicyTable
from tests.domain.worlds import (
    ACCOUNT,
    AGENT,
    ELSEWHERE,
    LINE,
    NOW,
    PLAIN,
    Answered,
    Booked,
    World,
    ask,
    confirmed,
    folded,
    gated,
    happened,
    imported,
    items_of,
    later,
    listening,
    only,
    started,
)

ALL = 255
E, I, L, C, P, F, D, N = (1 << each.index for each in FieldClass)  # noqa: E741 - the letters of the field classes
BOTH = ("alma", "bo")


def trip(tag: str, *people: str, locator: str) -> BookingDocument:
    """A document in which each person has one thing of every class of their own, and all of them one flight."""
    return BookingDocument(
        source="test",
        status="active",
        travellers=tuple(Traveller(surname=f"{tag} {who}", subjects=(who,)) for who in people),
        segments=(Segment(number=f"{tag} flight", subjects=people),),
        seats=tuple(Seat(designator=f"{tag} seat {who}", subjects=(who,)) for who in people),
        locators=(Locator(code=locator, subjects=people),),
        tickets=tuple(Ticket(number=f"{tag} ticket {who}", subjects=(who,)) for who in people),
        contacts=tuple(Contact(kind="email", value=f"{tag} email {who}", subjects=(who,)) for who in people),
        payments=tuple(Payment(kind="total", text=f"{tag} total {who}", subjects=(who,)) for who in people),
        identity=tuple(Identity(kind="date_of_birth", value=f"{tag} born {who}", subjects=(who,)) for who in people),
        remarks=tuple(Remark(kind="RM", text=f"{tag} remark {who}", subjects=(who,)) for who in people),
    )


OLD = trip("old", *BOTH, locator="OLD")
NEW = trip("new", *BOTH, locator="NEW")
FROZEN = ShownViewFrozen(protection_id="p")


def booked(*events: Event, **documents: BookingDocument) -> Booked:
    state = folded(BookingState(), *events)
    return Booked("b", state, {mark.encode(): document for mark, document in documents.items()})


ORDINARY = booked(imported(OLD, "old"), old=OLD)
PARTED = booked(imported(OLD, "old"), FROZEN, imported(NEW, "new"), old=OLD, new=NEW)
HERS = trip("hers", "alma", locator="HERS")
HIDDEN = booked(imported(HERS, "hers", hidden=True), hers=HERS)
PROTECTED = happened(PLAIN, started("alma", "bo"))


def somebody(listener_id: str = "caller", taken_for: str = "") -> Listener:
    return Listener(listener_id, "customer", identified={ACCOUNT: taken_for})


def proven(who: str, method: Method = "passcode", listener_id: str = "caller") -> Listener:
    return Listener(listener_id, "customer", identified={ACCOUNT: who}, proofs={ACCOUNT: Proof(who, method, "secret")})


def calling(booking: Booked, account: AccountState, *listeners: Listener, channel: Channel = "call") -> World:
    return listening(World(account, (booking,), replace(LINE, channel=channel)), *listeners)


def asking(classes: int = ALL, purpose: Purpose = Purpose.SERVICE, locator: str = "", agent: str = AGENT) -> Question:
    return Question(agent, ACCOUNT, "b", classes, purpose, locator)


def said(items: Iterable[Item]) -> list[str]:
    """Each thing by its canary, which begins with the view's tag."""
    names = ("surname", "number", "designator", "code", "value", "text")
    return sorted(next(getattr(item, name) for name in names if getattr(item, name, "")) for item in items)


def told(answered: Answered) -> list[str]:
    """What was told; nothing where it was withheld."""
    assert (answered.document is None) == (answered.decision.outcome == "withheld")
    return said(answered.items())


def of(document: BookingDocument, who: str, own: str, others: str = "EIP") -> list[str]:
    """What somebody is told of a view: these classes of his own, and these of everybody else's."""
    return said(
        item for item in items_of(document) if item.FIELD_CLASS.value in (own if who in item.subjects else others)
    )


# --- nobody we know, identified, unproved ----------------------------------------------------------------------------


@pytest.mark.parametrize("account, booking", [(PLAIN, ORDINARY), (PROTECTED, PARTED)])
@pytest.mark.parametrize("taken_for", ["", "stranger"])
def test_nobody_we_know_hears_nothing(
    table: PolicyTable, account: AccountState, booking: Booked, taken_for: str
) -> None:
    answered = ask(calling(booking, account, somebody(taken_for=taken_for)), asking(), table)
    assert told(answered) == []
    assert answered.decision.listeners[0].standing == "unknown"


def test_identified_on_an_ordinary_account_hears_the_held_view(table: PolicyTable) -> None:
    answered = ask(calling(ORDINARY, PLAIN, somebody(taken_for="bo")), asking(), table)
    assert answered.decision.basis == "held"
    assert told(answered) == of(OLD, "bo", "EIPLCF")
    assert answered.document is not None
    assert answered.document.status == "active"


@pytest.mark.parametrize("account, booking", [(PLAIN, ORDINARY), (PROTECTED, PARTED)])
def test_identified_with_a_passcode_of_his_own_that_he_did_not_prove_hears_nothing(
    table: PolicyTable, account: AccountState, booking: Booked
) -> None:
    answered = ask(calling(booking, happened(account, gated("bo")), somebody(taken_for="bo")), asking(), table)
    assert told(answered) == []
    assert answered.decision.listeners[0].standing == "unproved"


def test_a_passcode_that_came_with_a_protection_changes_nothing_for_who_has_not_proved_it(table: PolicyTable) -> None:
    world = calling(PARTED, happened(PROTECTED, gated("alma", gates=False)), somebody(taken_for="alma"))
    assert told(ask(world, asking(), table)) == of(OLD, "alma", "EIPLCF")


# --- verified --------------------------------------------------------------------------------------------------------


def test_verified_on_an_ordinary_account_hears_his_own_documents_too(table: PolicyTable) -> None:
    answered = ask(calling(ORDINARY, PLAIN, proven("bo")), asking(), table)
    assert told(answered) == of(OLD, "bo", "EIPLCFD")


def test_a_proof_counts_while_its_secret_is_in_force(table: PolicyTable) -> None:
    line = calling(ORDINARY, PLAIN, proven("bo"))
    replaced = PasscodeSet(party_id="bo", offer_id="o", passcode_id="another", digest=Plain("bo", b""), gates=False)
    for account in (PLAIN, happened(PLAIN, replaced), happened(PLAIN, replace(replaced, gates=True))):
        facts = Facts(account, ORDINARY.state, line.line)
        assert decide(asking(), facts, table, line.now).outcome == "withheld"


def test_a_passcode_that_the_safe_contact_has_not_seen_shows_what_is_shown(table: PolicyTable) -> None:
    before = happened(PLAIN, gated("alma"), started("alma", "bo"))
    caller = Listener("caller", "customer", proofs={ACCOUNT: Proof("alma", "passcode", "c-alma")})
    by_another = Listener("caller", "customer", proofs={ACCOUNT: Proof("alma", "passcode", "hers")})
    hers = PasscodeSet(party_id="alma", offer_id="o", passcode_id="hers", digest=Plain("alma", b""), gates=False)
    after = happened(before, confirmed("alma"))
    for account in (after, happened(after, hers), happened(after, hers, replace(gated("alma"), outward=True))):
        answered = ask(calling(PARTED, account, caller), asking(), table)
        assert told(answered) == of(OLD, "alma", "EIPLCFD")
    both = happened(after, hers)
    assert told(ask(calling(PARTED, both, by_another), asking(), table)) != told(
        ask(calling(PARTED, both, caller), asking(), table)
    )


def test_what_was_proved_about_another_account_counts_for_nothing(table: PolicyTable) -> None:
    elsewhere = replace(somebody(), proofs={ELSEWHERE: Proof("bo", "passcode", "secret")})
    assert told(ask(calling(ORDINARY, PLAIN, elsewhere), asking(), table)) == []


# --- the account is protected ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", BOTH)
def test_identified_on_a_protected_account_hears_the_shown_view(table: PolicyTable, who: str) -> None:
    answered = ask(calling(PARTED, PROTECTED, somebody(taken_for=who)), asking(), table)
    assert answered.decision.basis == "shown"
    assert told(answered) == of(OLD, who, "EIPLCF")


def test_where_there_is_no_shown_view_there_is_no_booking(table: PolicyTable) -> None:
    answered = ask(calling(HIDDEN, PROTECTED, somebody(taken_for="alma")), asking(), table)
    assert told(answered) == []
    assert ask(calling(HIDDEN, PROTECTED, proven("bo")), asking(), table).decision.outcome == "withheld"


def test_verified_as_the_protected_party_hears_the_held_view_of_her_own_and_companions_as_shown(
    table: PolicyTable,
) -> None:
    answered = ask(calling(PARTED, PROTECTED, proven("alma")), asking(), table)
    assert answered.decision.basis == "held"
    shown = (item for item in items_of(OLD) if "alma" not in item.subjects and item.FIELD_CLASS.value in "IP")
    assert told(answered) == sorted(of(NEW, "alma", "EIPLCFD", "") + said(shown))


def test_verified_as_the_protected_party_hears_of_what_was_booked_under_protection(table: PolicyTable) -> None:
    answered = ask(calling(HIDDEN, PROTECTED, proven("alma")), asking(), table)
    assert told(answered) == of(HERS, "alma", "EIPLCFD")


@pytest.mark.parametrize("booking", [PARTED, HIDDEN])
def test_verified_by_duress_passcode_hears_the_shown_view(table: PolicyTable, booking: Booked) -> None:
    answered = ask(calling(booking, PROTECTED, proven("alma", "duress")), asking(), table)
    assert told(answered) == (of(OLD, "alma", "EIPLCFD") if booking is PARTED else [])
    assert answered.decision.listeners[0].standing == "duress"


def test_verified_but_adverse_hears_of_what_concerns_her_as_shown(table: PolicyTable) -> None:
    answered = ask(calling(PARTED, PROTECTED, proven("bo")), asking(), table)
    assert (answered.decision.listeners[0].standing, answered.decision.basis) == ("adverse", "shown")
    assert told(answered) == of(OLD, "bo", "EIPLCFD")


def test_verified_but_adverse_hears_what_is_his_alone_as_held_his_own_name_among_it(table: PolicyTable) -> None:
    his = [trip(tag, "bo", "cy", locator=tag) for tag in ("his", "HIS")]
    booking = booked(imported(his[0], "a"), FROZEN, imported(his[1], "b"), a=his[0], b=his[1])
    answered = ask(calling(booking, PROTECTED, proven("bo")), asking(), table)
    assert answered.decision.basis == "held"
    companions = (item for item in items_of(his[0]) if item.subjects == ("cy",) and item.FIELD_CLASS.value in "IP")
    assert told(answered) == sorted(of(his[1], "bo", "EIPLCFD", "") + said(companions))
    assert "HIS bo" in told(answered)


def test_that_she_is_not_on_a_booking_any_more_is_not_his_to_know(table: PolicyTable) -> None:
    """A split PNR: the half that is left is his alone, and would tell him that she is gone, and where her half is."""
    left = trip("left", "bo", locator="OLD")
    reference = Locator(code="HERS", kind="cross_reference", subjects=("bo",))
    left = replace(left, locators=(*left.locators, reference))
    gone = imported(left, "left", taken_off=("alma",))
    booking = booked(imported(OLD, "old"), FROZEN, gone, old=OLD, left=left)
    answered = ask(calling(booking, PROTECTED, proven("bo")), asking(), table)
    assert told(answered) == of(OLD, "bo", "EIPLCFD")


@pytest.mark.parametrize("until", [NOW + timedelta(hours=1), NOW - timedelta(hours=1)], ids=["in force", "lapsed"])
def test_a_claim_made_after_she_was_rebooked_takes_what_is_held_from_nobody(
    table: PolicyTable, until: datetime
) -> None:
    account = happened(PLAIN, started("alma", "bo"), confirmed("alma"))
    hers = later(ORDINARY.state, HERS, "hers", account.protections)
    booking = booked(imported(OLD, "old"), FROZEN, hers, old=OLD, hers=HERS)
    before = told(ask(calling(booking, account, proven("alma")), asking(locator="HERS"), table))
    assert set(of(HERS, "alma", "EIPLCFD")) <= set(before)
    for claim in ([started("bo", until=until)], [started("bo", "alma", until=until)], [started("bo"), confirmed("bo")]):
        claimed = happened(account, *claim)
        assert told(ask(calling(booking, claimed, proven("alma")), asking(locator="HERS"), table)) == before
        assert told(ask(calling(booking, claimed, proven("bo")), asking(), table)) == of(OLD, "bo", "EIPLCFD")


def test_a_cross_reference_of_his_own_new_booking_is_not_told_to_an_adverse_party(table: PolicyTable) -> None:
    reference = Locator(code="HERS", kind="cross_reference", subjects=("bo",))
    plain = trip("his", "bo", locator="HIS")
    booking = booked(imported(replace(plain, locators=(*plain.locators, reference)), "a", hidden=True), a=replace(
        plain, locators=(*plain.locators, reference)))  # fmt: skip
    answered = ask(calling(booking, PROTECTED, proven("bo")), asking(), table)
    assert told(answered) == of(plain, "bo", "EIPLCFD")
    free = ask(calling(only("b", replace(plain, locators=(reference,))), PLAIN, proven("bo")), asking(L), table)
    assert "HERS" in told(free)


def test_a_cross_reference_that_was_shown_stays_shown(table: PolicyTable) -> None:
    reference = Locator(code="HOTEL", kind="cross_reference", subjects=("bo",))
    old, new = (replace(trip(tag, "bo", locator=tag), locators=(reference,)) for tag in ("A", "B"))
    booking = booked(imported(old, "a"), FROZEN, imported(new, "b"), a=old, b=new)
    answered = ask(calling(booking, PROTECTED, proven("bo")), asking(L), table)
    assert told(answered) == sorted(["HOTEL", "B ticket bo"])


@pytest.mark.parametrize("hers", ["shown", "nothing"])
def test_of_hers_an_adverse_party_hears_what_the_split_says(table: PolicyTable, hers: Hers) -> None:
    split = SplitDeclared(split_id="s", hers=hers, life=dict.fromkeys(LIFE, "keep"), reason=Plain("b", b""))
    booking = booked(imported(OLD, "old"), FROZEN, imported(NEW, "new"), split, old=OLD, new=NEW)
    answered = ask(calling(booking, PROTECTED, proven("bo")), asking(), table)
    assert told(answered) == (of(OLD, "bo", "EIPLCFD") if hers == "shown" else [])
    # It is said of adverse parties who proved themselves alone; she still has what is hers.
    assert told(ask(calling(booking, PROTECTED, somebody(taken_for="cy")), asking(E | I | P), table)) != []
    assert ask(calling(booking, PROTECTED, proven("alma")), asking(), table).decision.basis == "held"


def test_verified_and_neutral_hears_of_what_concerns_her_as_shown_and_what_is_his_alone_as_held(
    table: PolicyTable,
) -> None:
    account = happened(PLAIN, started("alma"))
    assert told(ask(calling(PARTED, account, proven("bo")), asking(), table)) == of(OLD, "bo", "EIPLCFD")
    his = trip("his", "bo", locator="HIS")
    hidden = booked(imported(his, "his", hidden=True), his=his)
    assert told(ask(calling(hidden, account, proven("bo")), asking(), table)) == of(his, "bo", "EIPLCFD")
    assert told(ask(calling(HIDDEN, account, proven("bo")), asking(), table)) == []


def test_claims_of_both_keep_hers_from_him_and_his_from_her_until_people_have_looked(table: PolicyTable) -> None:
    claims = happened(PLAIN, started("bo", "alma"), started("alma", "bo"))
    for who in BOTH:
        assert told(ask(calling(PARTED, claims, proven(who)), asking(), table)) == of(OLD, who, "EIPLCFD")
    # Nobody loses what is theirs alone.
    assert told(ask(calling(HIDDEN, claims, proven("alma")), asking(), table)) == of(HERS, "alma", "EIPLCFD")


def test_a_claim_of_his_own_does_not_open_what_is_hers(table: PolicyTable) -> None:
    account = happened(PLAIN, started("alma"))
    before = ask(calling(PARTED, account, proven("bo")), asking(), table)
    after = ask(calling(PARTED, happened(account, started("bo")), proven("bo")), asking(), table)
    assert told(after) == told(before) == of(OLD, "bo", "EIPLCFD")


def test_two_whom_people_have_looked_at_travel_together(table: PolicyTable) -> None:
    account = happened(PLAIN, started("alma"), started("bo"), confirmed("alma"))
    assert told(ask(calling(PARTED, account, proven("alma")), asking(), table)) == of(OLD, "alma", "EIPLCFD")
    both = happened(account, confirmed("bo"))
    assert ask(calling(PARTED, both, proven("alma")), asking(), table).decision.basis == "held"
    together = calling(PARTED, both, proven("alma"), proven("bo", listener_id="l"))
    # What is one's alone is as shown to the other.
    assert told(ask(together, asking(I), table)) == ["new flight", "old seat alma", "old seat bo"]


# --- bound by a locator that only a held view has ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "listener, basis",
    [
        (proven("alma"), "held"),
        (proven("alma", "duress"), ""),  # there is no shown view by this name
        (somebody(taken_for="alma"), ""),
        (proven("bo"), ""),
        (somebody(taken_for="bo"), ""),
    ],
)
def test_bound_by_a_hidden_locator_only_her_passcode_counts(table: PolicyTable, listener: Listener, basis: str) -> None:
    world = calling(HIDDEN, PROTECTED, listener)
    hidden = replace(world, line=replace(world.line, may_prove=frozenset({"alma"})))
    assert ask(hidden, asking(locator="HERS"), table).decision.basis == basis


def test_bound_by_a_hidden_locator_nobody_else_counts_on_her_other_bookings_either(table: PolicyTable) -> None:
    for listener in (proven("bo"), somebody(taken_for="alma"), somebody(taken_for="bo")):
        world = calling(PARTED, PROTECTED, listener)
        hidden = replace(world, line=replace(world.line, may_prove=frozenset({"alma"})))
        answered = ask(hidden, asking(), table)
        assert told(answered) == []
        assert answered.decision.listeners[0].standing == "unknown"


# --- a protection that lapsed ----------------------------------------------------------------------------------------


def test_a_lapse_opens_nothing_where_the_views_have_come_to_differ(table: PolicyTable) -> None:
    lapsed = happened(PLAIN, started("alma", "bo", until=NOW))
    for account in (PROTECTED, lapsed):
        assert told(ask(calling(PARTED, account, proven("bo")), asking(), table)) == of(OLD, "bo", "EIPLCFD")
        assert ask(calling(PARTED, account, proven("alma")), asking(), table).decision.basis == "held"
        assert told(ask(calling(HIDDEN, account, proven("bo")), asking(), table)) == []


def test_where_nothing_changed_a_lapse_leaves_an_ordinary_booking(table: PolicyTable) -> None:
    frozen = booked(imported(OLD, "old"), FROZEN, old=OLD)
    lapsed = happened(PLAIN, started("alma", "bo", until=NOW))
    answered = ask(calling(frozen, lapsed, proven("bo")), asking(), table)
    assert (answered.decision.basis, answered.decision.listeners[0].protection) == ("held", "none")
    assert told(answered) == of(OLD, "bo", "EIPLCFD")


# --- who else is on the line -----------------------------------------------------------------------------------------

INTERPRETER = Listener("x", "interpreter", bound=True)
DEALER = Listener("d", "third_party")


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("account, booking", [(PLAIN, ORDINARY), (PROTECTED, PARTED)])
def test_a_third_party_hears_what_the_purpose_needs(
    table: PolicyTable, account: AccountState, booking: Booked, purpose: Purpose
) -> None:
    answered = ask(calling(booking, account, DEALER), asking(purpose=purpose), table)
    if purpose is Purpose.SERVICE:
        assert answered.decision.outcome == "withheld"
    else:  # who travels, and on no account where they are
        assert answered.decision.outcome == "disclosed"
        assert told(answered) == of(OLD, "", "", "P")


def test_a_third_party_narrows_what_the_customer_hears(table: PolicyTable) -> None:
    world = calling(ORDINARY, PLAIN, proven("bo"), DEALER)
    assert told(ask(world, asking(purpose=Purpose.OPERATIONS), table)) == of(OLD, "bo", "P", "P")
    assert ask(world, asking(), table).decision.outcome == "withheld"


@pytest.mark.parametrize("kind", ["interpreter", "relay_operator"])
def test_who_is_bound_by_declaration_does_not_narrow_and_is_on_record(table: PolicyTable, kind: ListenerKind) -> None:
    bound = Listener("x", kind, bound=True)
    alone = ask(calling(PARTED, PROTECTED, proven("alma")), asking(), table)
    answered = ask(calling(PARTED, PROTECTED, proven("alma"), bound), asking(), table)
    assert answered.public == alone.public
    assert [heard.standing for heard in answered.decision.listeners] == ["verified", "bound"]


def test_who_is_bound_opens_nothing_alone(table: PolicyTable) -> None:
    answered = ask(calling(ORDINARY, PLAIN, INTERPRETER), asking(), table)
    assert (answered.decision.outcome, answered.decision.rules) == ("withheld", ("nobody-to-hear",))
    assert [heard.standing for heard in answered.decision.listeners] == ["bound"]


def test_an_interpreter_who_declared_nothing_is_a_stranger(table: PolicyTable) -> None:
    world = calling(ORDINARY, PLAIN, proven("bo"), Listener("x", "interpreter"))
    assert told(ask(world, asking(), table)) == []


def test_nobody_on_the_line_hears_nothing(table: PolicyTable) -> None:
    assert ask(calling(ORDINARY, PLAIN), asking(), table).decision.rules == ("nobody-to-hear",)


@pytest.mark.parametrize(
    "with_her, view", [(proven("bo", listener_id="l"), OLD), (somebody("l", "cy"), OLD), (somebody("l"), None)]
)
def test_what_she_is_told_while_others_listen_is_what_they_may_hear_too(
    table: PolicyTable, with_her: Listener, view: BookingDocument | None
) -> None:
    answered = ask(calling(PARTED, PROTECTED, proven("alma"), with_her), asking(I | P), table)
    assert told(answered) == ([] if view is None else of(view, "alma", "IP"))


@pytest.mark.parametrize("listener", [somebody(taken_for="bo"), proven("bo"), proven("alma"), DEALER])
def test_a_notice_shows_nothing(table: PolicyTable, listener: Listener) -> None:
    for account, booking in ((PLAIN, ORDINARY), (PROTECTED, PARTED)):
        answered = ask(calling(booking, account, listener, channel="notice"), asking(E), table)
        assert answered.decision.outcome == "withheld"
        assert answered.decision.rules == ("notice-shows-nothing",)


# --- locators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "listener, locator, basis",
    [
        (somebody(taken_for="bo"), "OLD", "shown"),
        (somebody(taken_for="bo"), "NEW", ""),  # hidden: like one that nobody has
        (somebody(taken_for="bo"), "NOBODYS", ""),
        (proven("bo"), "NEW", ""),
        (proven("alma", "duress"), "NEW", ""),
        (proven("alma"), "NEW", "held"),
        (proven("alma"), "OLD", "held"),
        (proven("alma"), "NOBODYS", ""),
    ],
)
def test_locators_of_a_parted_booking(table: PolicyTable, listener: Listener, locator: str, basis: str) -> None:
    answered = ask(calling(PARTED, PROTECTED, listener), asking(locator=locator), table)
    assert answered.decision.basis == basis
    assert (answered.decision.outcome == "disclosed") == bool(basis)


@pytest.mark.parametrize("locator, outcome", [("OLD", "disclosed"), ("NEW", "withheld"), ("", "disclosed")])
def test_locators_of_an_ordinary_booking(table: PolicyTable, locator: str, outcome: str) -> None:
    world = calling(ORDINARY, PLAIN, somebody(taken_for="bo"))
    assert ask(world, asking(locator=locator), table).decision.outcome == outcome


def test_a_booking_that_is_not_there_is_withheld(table: PolicyTable) -> None:
    world = calling(ORDINARY, PLAIN, proven("bo"))
    missing = ask(world, replace(asking(), booking_id="none"), table)
    assert (missing.decision.outcome, missing.decision.rules) == ("withheld", ("stale-context",))
    of_another = replace(ORDINARY, state=replace(ORDINARY.state, account_id=ELSEWHERE))
    assert ask(replace(world, booked=(of_another,)), asking(), table).decision.rules == ("stale-context",)
    empty = Booked("b", BookingState(), {})
    assert ask(replace(world, booked=(empty,)), asking(), table).decision.rules == ("stale-context",)


@pytest.mark.parametrize(
    "given, asked, named, rule",
    [
        ("mark", "mark", True, "no-such-booking"),  # it was given here, and is nobody's
        ("mark", "another", True, "stale-context"),
        ("", "mark", True, "stale-context"),
        ("", "", False, "no-such-booking"),  # all there are, and there is none
    ],
)
def test_a_name_that_was_not_given_in_this_contact_is_a_stale_context(
    table: PolicyTable,
    given: str,
    asked: str,
    named: bool,  # noqa: FBT001 - a row of the table
    rule: str,
) -> None:
    world = calling(ORDINARY, PLAIN, proven("bo"))
    world = replace(world, line=replace(world.line, locator=given))
    answered = ask(world, replace(asking(), booking_id="", locator=asked, named=named), table)
    assert (answered.decision.outcome, answered.decision.rules) == ("withheld", (rule,))


def test_what_is_disputed_is_withheld_whatever_it_is(table: PolicyTable) -> None:
    world = calling(ORDINARY, PLAIN, proven("bo"))
    disputed = replace(world, line=replace(world.line, disputed_by=(AGENT,)))
    for question in (asking(), replace(asking(), booking_id="none")):
        assert ask(disputed, question, table).decision.rules == ("disputed",)
        assert ask(disputed, question, table).document is None


# --- contexts and views that are stale -------------------------------------------------------------------------------


def test_a_stale_context_is_answered_with_nothing(table: PolicyTable) -> None:
    world = calling(ORDINARY, PLAIN, proven("bo"))
    stale = [
        (replace(world, line=replace(world.line, closed=True)), asking()),
        (replace(world, now=NOW + LASTS), asking()),
        (world, asking(agent="another")),
        (replace(world, line=replace(world.line, account_id=ELSEWHERE)), asking()),
        (world, replace(asking(), account_id=ELSEWHERE)),
    ]
    for each, asked in stale:
        answered = ask(each, asked, table)
        assert told(answered) == []
        assert (answered.decision.rules, answered.decision.listeners) == (("stale-context",), ())
    assert ask(replace(world, now=NOW + LASTS - timedelta(hours=2)), asking(), table).decision.outcome == "disclosed"


@pytest.mark.parametrize("account, booking", [(PLAIN, ORDINARY), (PROTECTED, PARTED)])
@pytest.mark.parametrize("listener", [somebody(taken_for="bo"), proven("alma")])
def test_stale_truth_is_not_disclosed_from_either_view(
    table: PolicyTable, account: AccountState, booking: Booked, listener: Listener
) -> None:
    stale = replace(booking, state=replace(booking.state, stale=True))
    answered = ask(calling(stale, account, listener), asking(), table)
    assert (told(answered), answered.decision.rules) == ([], ("stale-view",))


# --- classes and rules -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", list(FieldClass))
def test_only_what_was_asked_for_is_told(table: PolicyTable, asked: FieldClass) -> None:
    answered = ask(calling(ORDINARY, PLAIN, proven("bo")), asking(1 << asked.index), table)
    letter = asked.value
    assert answered.decision.outcome == ("withheld" if letter == "N" else "disclosed")  # notes are for nobody
    assert told(answered) == of(OLD, "bo", letter.strip("N"), letter if letter in "EIP" else "")


def test_a_decision_names_the_rules_that_made_it(table: PolicyTable) -> None:
    world = calling(ORDINARY, PLAIN, somebody(taken_for="bo"))
    assert ask(world, asking(E | I), table).decision.rules == ("customer-hears-the-travel",)
    assert ask(world, asking(L), table).decision.rules == (
        "customer-hears-own-details",
        "customer-hears-the-travel",
        "default-deny",
    )
    unproved = ask(calling(ORDINARY, happened(PLAIN, gated("bo")), somebody(taken_for="bo")), asking(E), table)
    assert unproved.decision.rules == ("unproved-hears-nothing",)


def test_what_is_remembered_of_rules_is_bounded_and_each_versions_own(
    table: PolicyTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision, "_RULES", {})
    monkeypatch.setattr(decision, "_MOST_RULES", 8)
    world = calling(ORDINARY, PLAIN, somebody(taken_for="bo"))
    for classes in range(1, 40):
        ask(world, asking(classes), table)
        assert len(decision._RULES) <= 8
    renamed = replace(table, version=2, rulings=tuple(replace(each, rules=("renamed",)) for each in table.rulings))
    ask(world, asking(E), table)
    assert ask(world, asking(E), renamed).decision.rules == ("renamed",)
