"""Consent: per listener and class, of what is the consenting party's alone, by what he has proved when it counts."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain import consent
from domain.booking import BookingState, ShownViewFrozen
from domain.consent import Consent, ConsentGiven
from domain.decision import Question
from domain.dimension import Purpose
from domain.document import BookingDocument
from domain.interaction import CALLER, Listener, Proof
from domain.item import Contact, Item, Seat, Segment, Traveller
from domain.policy import PolicyTable
from tests.domain.worlds import (
    ACCOUNT,
    AGENT,
    ELSEWHERE,
    LINE,
    PLAIN,
    Booked,
    World,
    ask,
    confirmed,
    folded,
    happened,
    imported,
    started,
)

ALL, ITINERARY, CONTACT = 0x7F, 0b10, 0b1000
DEALER = Listener("guest", "third_party")


def trip(tag: str, *people: str) -> BookingDocument:
    """Everybody's seat and address, and one segment of all."""
    return BookingDocument(
        source="x",
        travellers=tuple(Traveller(surname=who, subjects=(who,)) for who in people),
        segments=(Segment(number=f"{tag}", subjects=people),),
        seats=tuple(Seat(designator=f"{tag} {who}", subjects=(who,)) for who in people),
        contacts=tuple(Contact(kind="email", value=f"{tag}@{who}", subjects=(who,)) for who in people),
    )


def booked(*documents: BookingDocument) -> Booked:
    """A booking whose first document is shown, and whose last one is held."""
    state, found = BookingState(), {}
    for number, document in enumerate(documents):
        mark = f"{number}"
        found[mark.encode()] = document
        state = folded(state, imported(document, mark))
        if number == 0 and len(documents) > 1:
            state = folded(state, ShownViewFrozen(protection_id="p"))
    return Booked("b", state, found)


def proved(who: str, name: str = CALLER, method: Any = "passcode") -> Listener:
    return Listener(name, "customer", identified={ACCOUNT: who}, proofs={ACCOUNT: Proof(who, method, "secret")})


def agreed(by: str = CALLER, party: str = "bo", classes: int = ALL, account: str = ACCOUNT) -> tuple[Consent, ...]:
    return (Consent(by, "guest", party, account, classes),)


def heard(
    table: PolicyTable,
    of: Booked,
    *listeners: Listener,
    consents: tuple[Consent, ...],
    account: Any = PLAIN,
    purpose: Purpose = Purpose.OPERATIONS,
) -> set[str]:
    """What is told of seats and addresses."""
    line = replace(LINE, listeners={each.listener_id: each for each in listeners}, consents=consents)
    answered = ask(World(account, (of,), line), Question(AGENT, ACCOUNT, "b", 0xFF, purpose), table)
    return {_said(item) for item in answered.items() if isinstance(item, Seat | Contact)}


def _said(item: Item) -> str:
    return item.designator if isinstance(item, Seat) else item.value if isinstance(item, Contact) else ""


def test_it_is_for_what_is_the_consenting_partys_alone_and_for_the_classes_he_named(table: PolicyTable) -> None:
    of = booked(trip("t", "bo", "cy"))
    assert heard(table, of, proved("bo"), DEALER, consents=()) == set()
    assert heard(table, of, proved("bo"), DEALER, consents=agreed()) == {"t bo", "t@bo"}
    assert heard(table, of, proved("bo"), DEALER, consents=agreed(classes=ITINERARY)) == {"t bo"}
    assert heard(table, of, proved("bo"), DEALER, consents=agreed(classes=CONTACT)) == {"t@bo"}
    # The segment is about both of them: one alone cannot open it.
    line = replace(LINE, listeners={CALLER: proved("bo"), "guest": DEALER}, consents=agreed())
    question = Question(AGENT, ACCOUNT, "b", 0xFF, Purpose.OPERATIONS)
    answered = ask(World(PLAIN, (of,), line), question, table)
    assert answered.document is not None
    assert answered.document.segments == ()
    assert "consent" in answered.decision.rules


@pytest.mark.parametrize(
    "giver, consents",
    [
        (Listener(CALLER, "customer", identified={ACCOUNT: "bo"}), agreed()),  # he has proved nothing
        (proved("bo"), agreed(party="cy")),  # not what he proved to be when he said so
        (proved("bo"), agreed(account=ELSEWHERE)),  # said of another account
        (proved("bo"), agreed(by="gone")),  # whoever said so is not on the line
        (proved("bo"), agreed(classes=0)),
    ],
)
def test_it_counts_from_whoever_has_proved_to_be_its_party_here(
    table: PolicyTable, giver: Listener, consents: tuple[Consent, ...]
) -> None:
    assert heard(table, booked(trip("t", "bo", "cy")), giver, DEALER, consents=consents) == set()


def test_a_protected_partys_held_view_stays_closed_whatever_she_consents_to(table: PolicyTable) -> None:
    of = booked(trip("old", "alma", "bo"), trip("new", "alma"))
    account = happened(PLAIN, started("alma", "bo"), confirmed("alma"))
    hers = agreed(party="alma")
    told = heard(table, of, proved("alma"), proved("bo", "guest"), consents=hers, account=account)
    assert told == {"old alma", "old bo", "old@alma"}
    assert heard(table, of, proved("alma"), DEALER, consents=hers, account=account) == {"old alma", "old@alma"}
    # A booking that was made under protection has no shown view: there is nothing that a consent could open.
    made = replace(of, state=replace(of.state, shown=None))
    assert heard(table, made, proved("alma"), DEALER, consents=hers, account=account) == set()


def test_what_is_held_and_is_nobody_protecteds_is_told_as_far_as_the_held_view_answers(table: PolicyTable) -> None:
    # Bo and Cy are both on it and both proved; Alma, who is protected, is on neither view.
    of = booked(trip("old", "bo", "cy"), trip("new", "bo", "cy"))
    account = happened(PLAIN, started("alma"), confirmed("alma"))
    both = proved("bo"), proved("cy", "guest")
    without = heard(table, of, *both, consents=(), account=account, purpose=Purpose.SERVICE)
    assert without == {"old bo", "old cy"}
    with_his = heard(table, of, *both, consents=agreed(), account=account, purpose=Purpose.SERVICE)
    # Cy did not consent that Bo hears what is his.
    assert with_his == {"new bo", "new@bo", "old cy"}
    # One who would not get the held view by himself does not get there by a consent.
    alone = booked(trip("old", "bo"), trip("new", "bo"))
    told = heard(table, alone, proved("bo"), DEALER, consents=agreed(), account=account)
    assert told == {"old bo", "old@bo"}


def test_under_duress_it_opens_the_shown_view_alone(table: PolicyTable) -> None:
    of = booked(trip("old", "bo", "cy"), trip("new", "bo", "cy"))
    account = happened(PLAIN, started("alma"), confirmed("alma"))
    both = proved("bo", method="duress"), proved("cy", "guest")
    told = heard(table, of, *both, consents=agreed(), account=account, purpose=Purpose.SERVICE)
    assert told == {"old bo", "old cy", "old@bo"}
    plain = booked(trip("t", "bo"))
    forced = heard(table, plain, proved("bo", method="duress"), DEALER, consents=agreed())
    assert forced == heard(table, plain, proved("bo"), DEALER, consents=agreed()) == {"t bo", "t@bo"}


def test_the_last_word_counts_and_whoever_leaves_takes_it_along() -> None:
    def said(by: str = CALLER, to: str = "guest", classes: str = "EI", party: str = "bo") -> ConsentGiven:
        return ConsentGiven(by=by, listener_id=to, party_id=party, account_id=ACCOUNT, classes=classes, bindings=1)

    known = consent.given((), said())
    assert known == (Consent(CALLER, "guest", "bo", ACCOUNT, 3),)
    assert consent.given(known, said(classes="I")) == (Consent(CALLER, "guest", "bo", ACCOUNT, 2),)
    assert consent.given(known, said(classes="")) == ()
    assert consent.given(known, said(party="")) == ()
    two = consent.given(known, said(to="other"))
    assert len(two) == 2
    assert consent.without(two, "other") == known
    assert consent.without(two, CALLER) == ()


def test_a_colleague_narrows_like_a_third_party_unless_he_declared_to_keep_silence(table: PolicyTable) -> None:
    of = booked(trip("t", "bo"))
    colleague = Listener("guest", "colleague")
    as_service = Purpose.SERVICE
    assert heard(table, of, proved("bo"), colleague, consents=(), purpose=as_service) == set()
    declared = replace(colleague, bound=True)
    assert heard(table, of, proved("bo"), declared, consents=(), purpose=as_service) == {"t bo", "t@bo"}
    assert heard(table, of, declared, consents=(), purpose=as_service) == set()
