"""Protection over time: histories of claims, reviews, endings and releases, and what is heard at every step of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import account, ending, protection, release, review, safe_contact
from domain.account import AccountState, BookingAdded
from domain.booking import ShownViewFrozen
from domain.decision import Question
from domain.dimension import Purpose
from domain.document import BookingDocument
from domain.ending import DAYS_OF_GRACE, ProtectionEndingAsked
from domain.event import Actor, Event, Plain
from domain.interaction import Listener, Method, Proof
from domain.item import Item, Locator, Traveller
from domain.policy import PolicyTable
from domain.protection import PROVISIONAL_LASTS, ProtectionStarted
from domain.refusal import Refused
from domain.release import ProtectionReleased
from domain.review import Finding
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
    documents,
    folded,
    items_of,
    later,
    listening,
    only,
)

PEOPLE = ("s-1", "s-2", "s-3")
STEPS = (
    ["start"] * 3 + ["confirm"] * 4 + ["review", "renew", "stop", "wait", "wait a while"]
    + ["end"] * 3 + ["agree"] * 3 + ["wait long"] * 3 + ["release"] * 3 + ["import"] * 4
)  # fmt: skip
METHODS: tuple[Method | Literal[""], ...] = ("", "passcode", "duress")
WAITS = {
    "wait": timedelta(hours=1),
    "wait a while": PROVISIONAL_LASTS,
    "wait long": DAYS_OF_GRACE + timedelta(hours=1),
}


@dataclass
class History:
    """An account and its bookings as they come to be, and beside them what is nobody's business, and for whose sake."""

    account: AccountState
    booked: dict[str, Booked]
    now: datetime = NOW
    version: int = 100
    imports: int = 0
    ever: set[str] = field(default_factory=set)  # who was protected at any time
    released: set[tuple[str, str]] = field(default_factory=set)  # (party, booking), since the last claim of anybody
    closed: dict[str, set[Item]] = field(default_factory=dict)  # what came to a booking while it was closed
    public: set[Item] = field(default_factory=set)  # what of it everybody released whom it concerned

    def happened(self, *events: Event) -> None:
        for event in events:
            self.version += 1
            self.account = account.evolve(self.account, event, self.version)

    def changed(self, booking_id: str, *events: Event) -> None:
        booked = self.booked[booking_id]
        self.booked[booking_id] = replace(booked, state=folded(booked.state, *events))

    def closers(self, booking_id: str) -> set[str]:
        """For whose sake a booking is closed: of all who were ever protected, those on it who did not release it."""
        documents_of = self.booked[booking_id].documents.values()
        people = {who for document in documents_of for item in items_of(document) for who in item.subjects}
        return {who for who in self.ever & people if (who, booking_id) not in self.released}

    def heard(self, table: PolicyTable) -> dict[tuple[str, str, str], set[Item]]:
        """What came while it was closed, and is heard of it now: by listener, proof and booking."""
        found: dict[tuple[str, str, str], set[Item]] = {}
        line = replace(LINE, opened_at=self.now)
        world = World(self.account, tuple(self.booked.values()), line, self.now)
        for who in (*PARTIES, "stranger"):
            for method in METHODS:
                proofs = {ACCOUNT: Proof(who, method, "secret")} if method else {}
                listener = Listener("caller", "customer", identified={ACCOUNT: who}, proofs=proofs)
                for booking_id in self.booked:
                    asked = Question(AGENT, ACCOUNT, booking_id, 255, Purpose.SERVICE)
                    told = ask(listening(world, listener), asked, table).items()
                    found[who, method, booking_id] = told & self.closed[booking_id]
        return found


def carry_out(history: History, step: str, data: st.DataObject) -> None:  # noqa: C901, PLR0912 - one arm for each step
    """Do one thing, as the service would; what is refused does not happen."""
    now, state = history.now, history.account
    who = data.draw(st.sampled_from(PARTIES))
    actor = Actor(data.draw(st.sampled_from(PEOPLE)), "agent", 3)
    own = state.protections.get(who)
    named = "" if own is None else own.protection_id
    match step:
        case "start":
            guarded = any(booked.state.guarded() for booked in history.booked.values())
            adverse = data.draw(st.sampled_from([(), *((other,) for other in PARTIES if other != who)]))
            asked = ProtectionStarted(
                protection_id=f"p-{history.version}", party_id=who, adverse=adverse, safe_contact=Plain(who, b""),
                until=now + PROVISIONAL_LASTS, started_by="agent", guarded=guarded,
            )  # fmt: skip
            history.happened(protection.start(state, asked))
            for booking_id in history.booked:
                history.changed(booking_id, ShownViewFrozen(protection_id="p"))
            history.ever.add(who)
            history.released.clear()
        case "confirm":
            history.happened(protection.confirm(state, named, actor, now))
        case "review":
            findings: tuple[Finding, ...] = ("upheld", "not_upheld")
            finding = data.draw(st.sampled_from(findings))
            history.happened(*review.review(state, named, actor, now, finding=finding, words=Plain(who, b"")))
        case "renew":
            history.happened(review.renew(state, named, "2099-01-01", actor, now))
        case "stop":
            if own is not None:
                history.happened(*ending.stop(own, now, "customer"), *ending.stop_change(own, now, "customer"))
        case "end":
            if not ending.not_to_be_asked(state, who, now):
                asked_for = ProtectionEndingAsked(
                    protection_id=named, party_id=who, ending_id=f"e-{history.version}", token=f"t-{history.version}",
                    expires_at=now + ending.LINK_LASTS, agent="agent", interaction_id="i",
                )  # fmt: skip
                history.happened(asked_for)
        case "agree":
            for party_id in PARTIES:
                if not ending.not_to_be_confirmed(state, party_id, "supervisor", now):
                    history.happened(ending.confirm(state, party_id, "link", f"u-{history.version}", now))
                    break
        case "release":
            release_some(history, who, data.draw(st.sampled_from([None, frozenset({"b0"})])))
        case "import":
            booking_id = data.draw(st.sampled_from(sorted(history.booked)))
            import_one(history, booking_id, data)
        case _:
            history.now += WAITS[step]


def release_some(history: History, who: str, named_alone: frozenset[str] | None) -> None:
    now, state = history.now, history.account
    if not release.not_to_be_released(state, who, now):
        books = {booking_id: booked.state for booking_id, booked in history.booked.items()}
        found = release.release(state, who, books, named_alone, now)
        everything = named_alone is None
        released = ProtectionReleased(party_id=who, bookings=tuple(found), everything=everything, interaction_id="i")
        history.happened(*ending.record(state, now), released)
        for booking_id, each in found.items():
            history.changed(booking_id, each)
        history.released |= {(who, booking_id) for booking_id in named_alone or history.booked}
        for booking_id in history.booked:
            if not history.closers(booking_id):
                history.public |= history.closed[booking_id]


def import_one(history: History, booking_id: str, data: st.DataObject) -> None:
    history.imports += 1
    booked, mark = history.booked[booking_id], f"import-{history.imports}"
    last = booked.document(booked.state.held)
    document = data.draw(documents(mark, last))
    known = {item for each in booked.documents.values() for item in items_of(each)}
    state = folded(booked.state, later(booked.state, document, mark, history.account.protections))
    history.booked[booking_id] = Booked(booking_id, state, {**booked.documents, mark.encode(): document})
    if history.account.protected(history.now) or history.closers(booking_id):
        history.closed[booking_id] |= {item for item in items_of(document) if item not in known}


class _Fixed:
    """Draws what a test says."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def draw(self, _: object) -> object:
        return self.answers.pop(0)


def do(history: History, step: str, *answers: object) -> None:
    carry_out(history, step, _Fixed(*answers))  # type: ignore[arg-type]  # it draws, and no more is asked of it


@st.composite
def histories(draw: st.DrawFn) -> History:
    """An account with two bookings; more often than not with claims on it that were confirmed, and have ended since."""
    booked = {name: only(name, draw(documents(f"{name}-first", None, ("alma",)))) for name in ("b0", "b1")}
    state = PLAIN
    for name in booked:
        state = account.evolve(state, BookingAdded(booking_id=name), 50)
    history = History(state, booked, closed={name: set() for name in booked})
    claims = draw(st.sampled_from([(), ("alma",), ("alma", "bo"), ("alma", "bo")]))
    for who in claims:
        do(history, "start", who, "s-1", draw(st.sampled_from([(), ("cy",)])))
        for person in draw(st.sampled_from([PEOPLE[:2], PEOPLE[:2], PEOPLE[:1]])):
            do(history, "confirm", who, person)
    if claims:
        for name in booked:
            do(history, "import", "alma", "s-1", name, draw(documents(f"{name}-held", None, ("alma", "bo"))))
    ended = [who for who in claims if draw(st.booleans())]
    for who in ended:
        do(history, "end", who, "s-1")
        do(history, "agree", who, "s-1")
    history.now += draw(st.sampled_from([timedelta(), DAYS_OF_GRACE]))
    for who in ended:
        if draw(st.booleans()):
            do(history, "release", who, "s-1", draw(st.sampled_from([None, frozenset({"b0"})])))
    return history


def looked_at(state: AccountState, listener: str, other: str) -> bool:
    """Whether two people have looked at both claims, and found that the one is no harm to the other, or no claim."""
    own, its = state.protections.get(listener), state.protections.get(other)
    if own is None or its is None or own.until is not None:
        return False
    return its.dismissed or (its.until is None and listener not in its.adverse)


@settings(max_examples=settings().max_examples, deadline=None)
@given(histories(), st.lists(st.sampled_from(STEPS), min_size=4, max_size=14), st.data())
def test_whatever_happens_what_was_closed_is_heard_by_those_alone_whose_it_is_until_they_release_it(
    table: PolicyTable, history: History, steps: list[str], data: st.DataObject
) -> None:
    before = history.heard(table)
    for step in steps:
        try:
            carry_out(history, step, data)
        except Refused:
            continue
        after = history.heard(table)
        for (who, method, booking_id), told in after.items():
            closers = history.closers(booking_id)
            proved = who if method == "passcode" else ""
            for item in told - history.public:
                if closers and not proved:
                    raise AssertionError(f"{step}: {item} is heard by {who or 'nobody'} without proof")
                for subject in closers & set(item.subjects) - {proved}:
                    assert looked_at(history.account, proved, subject), (step, item, who)
            if step not in ("import", "release", "confirm", "review"):
                assert told <= before[who, method, booking_id], step
        before = after


# --- a whole life, told once -----------------------------------------------------------------------------------------


def told_to(history: History, table: PolicyTable, who: str, method: str = "") -> set[Item]:
    return history.heard(table)[who, method, "b0"]


def a_life() -> History:
    """Alma is protected from Bo, and travels elsewhere since."""
    first = BookingDocument(source="first", travellers=_travellers("first", "alma", "bo"))
    history = History(account.evolve(PLAIN, BookingAdded(booking_id="b0"), 50), {"b0": only("b0", first)})
    history.closed = {"b0": set()}
    do(history, "start", "alma", "s-3", ("bo",))
    for person in ("s-1", "s-2"):
        do(history, "confirm", "alma", person)
    do(history, "import", "alma", "s-1", "b0", BookingDocument(source="x", travellers=_travellers("held", "alma")))
    return history


def _travellers(tag: str, *who: str) -> tuple[Traveller, ...]:
    return tuple(Traveller(surname=f"{tag}-{each}", subjects=(each,)) for each in who)


def test_an_ending_opens_nothing_and_a_release_opens_it_all(table: PolicyTable) -> None:
    history = a_life()
    assert told_to(history, table, "alma", "passcode")
    assert not told_to(history, table, "bo")
    do(history, "end", "alma", "s-1")
    do(history, "release", "alma", "s-1", None)  # in force: nothing is released
    do(history, "agree", "alma", "s-1")
    assert not history.released
    history.now += DAYS_OF_GRACE - timedelta(seconds=1)
    assert history.account.protected(history.now) == {"alma"}
    history.now += timedelta(seconds=1)
    assert history.account.protected(history.now) == frozenset()
    assert not told_to(history, table, "bo")
    assert not told_to(history, table, "bo", "passcode")
    assert told_to(history, table, "alma", "passcode")
    assert not told_to(history, table, "alma", "duress")
    do(history, "release", "alma", "s-1", None)
    assert not history.booked["b0"].state.guarded()
    assert told_to(history, table, "alma")
    assert told_to(history, table, "bo")


def test_a_release_opens_nothing_of_another_who_was_protected(table: PolicyTable) -> None:
    first = BookingDocument(source="first", travellers=_travellers("first", "alma", "bo", "cy"))
    history = History(PLAIN, {"b0": only("b0", first), "b1": only("b1", first)}, closed={"b0": set(), "b1": set()})
    for name in history.booked:
        history.account = account.evolve(history.account, BookingAdded(booking_id=name), 50)
    for who in ("alma", "bo"):
        do(history, "start", who, "s-3", ("cy",))
        for person in ("s-1", "s-2"):
            do(history, "confirm", who, person)
    both = BookingDocument(source="x", travellers=_travellers("held", "alma", "bo"))
    hers = BookingDocument(source="y", travellers=_travellers("hers", "alma"))
    do(history, "import", "alma", "s-1", "b0", both)
    do(history, "import", "alma", "s-1", "b1", replace(hers, locators=(Locator(code="HIS", kind="cross_reference"),)))

    def told() -> list[str]:
        heard = history.heard(table)
        return sorted(str(getattr(item, "surname", "HIS")) for name in ("b0", "b1") for item in heard["cy", "", name])

    for who in ("alma", "bo"):
        do(history, "end", who, "s-1")
        do(history, "agree", who, "s-1")
    history.now += DAYS_OF_GRACE
    do(history, "release", "alma", "s-1", None)
    assert told() == []  # his are in the one, and the other names his booking
    do(history, "release", "bo", "s-1", frozenset({"b0"}))
    assert told() == ["held-alma", "held-bo"]
    do(history, "release", "bo", "s-1", None)
    # Nobody keeps anything closed any more. (What is nobody's in particular is not told to cy: it is the holder's.)
    assert [item for item in told() if item != "HIS"] == ["held-alma", "held-bo", "hers-alma"]
    assert not any(booked.state.guarded() for booked in history.booked.values())


def test_an_ending_that_was_stopped_ends_nothing(table: PolicyTable) -> None:
    history = a_life()
    do(history, "end", "alma", "s-1")
    do(history, "agree", "alma", "s-1")
    do(history, "stop", "alma", "s-1")
    history.now += 2 * DAYS_OF_GRACE
    assert history.account.protected(history.now) == {"alma"}
    do(history, "release", "alma", "s-1", None)
    assert not told_to(history, table, "bo")


def test_asking_again_brings_an_ended_protection_back_as_it_was(table: PolicyTable) -> None:
    history = a_life()
    for step in ("end", "agree"):
        do(history, step, "alma", "s-1")
    history.now += DAYS_OF_GRACE
    do(history, "release", "alma", "s-1", None)
    before = history.account.protections["alma"]
    do(history, "start", "alma", "s-1", ())
    again = history.account.protections["alma"]
    assert (again.protection_id, again.until, again.adverse) == (before.protection_id, None, frozenset({"bo"}))
    assert history.account.protected(history.now) == {"alma"}
    assert history.booked["b0"].state.released_by == frozenset()
    do(history, "import", "alma", "s-1", "b0", BookingDocument(source="y", travellers=_travellers("later", "alma")))
    assert {item.surname for item in told_to(history, table, "bo")} == {"held-alma"}  # type: ignore[attr-defined]  # she had released it


def test_a_claim_that_two_people_do_not_uphold_ends_at_once_and_opens_nothing(table: PolicyTable) -> None:
    history = a_life()
    do(history, "start", "bo", "s-3", ("alma",))
    assert history.account.protected(history.now) == {"alma", "bo"}
    before = told_to(history, table, "alma", "passcode")
    do(history, "review", "bo", "s-1", "not_upheld")
    assert history.account.protected(history.now) == {"alma", "bo"}
    do(history, "review", "bo", "s-2", "not_upheld")
    assert history.account.protected(history.now) == {"alma"}
    assert told_to(history, table, "alma", "passcode") >= before  # what a confirmed party hears his claim keeps no more
    assert not told_to(history, table, "bo", "passcode")
    for party in ("alma", "cy"):
        assert safe_contact.not_to_be_changed(history.account, party, history.now) == (
            "" if party == "alma" else "not protected"
        )
