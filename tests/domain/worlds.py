"""Generated worlds: an account with its people and protections, its bookings with both views, a line, a question.

Everything is made by folding events, as the service does. Every item of every document says something that no other
item says (its canary), so that what reached somebody can be traced to the view it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec.structs import replace

from domain import account, booking, interaction
from domain.account import AccountOpened, AccountState, BookingAdded
from domain.answer import render
from domain.booking import LIFE, BookingImported, BookingState, BookingView, ShownViewFrozen, SplitDeclared
from domain.consent import Consent
from domain.decision import Decision, Facts, Question, decide
from domain.dimension import Purpose
from domain.document import COLLECTIONS, BookingDocument, locator_codes, people, to_public
from domain.event import Event, Kept, Plain
from domain.flight import Fate, FlightChanged
from domain.interaction import (
    CALLER,
    Channel,
    InteractionOpened,
    InteractionState,
    Listener,
    ListenerKind,
    Method,
    Proof,
)
from domain.item import (
    Contact,
    Identity,
    Item,
    Locator,
    Loyalty,
    Owner,
    Payment,
    Remark,
    Seat,
    Segment,
    Supplier,
    Ticket,
    Traveller,
)
from domain.party import PartyAdded
from domain.passcode import CallBack, Passcode, PasscodeSet
from domain.policy import PolicyTable
from domain.protection import ProtectionConfirmed, ProtectionStarted

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ACCOUNT, ELSEWHERE, AGENT = "account", "another account", "agent"
PARTIES = ("alma", "bo", "cy")

_MADE: dict[str, Callable[[str, tuple[str, ...]], Item]] = {
    "segments": lambda canary, about: Segment(number=canary, subjects=about),
    "seats": lambda canary, about: Seat(designator=canary, subjects=about),
    "locators": lambda canary, about: Locator(code=canary, subjects=about),
    "tickets": lambda canary, about: Ticket(number=canary, subjects=about),
    "loyalty": lambda canary, about: Loyalty(number=canary, subjects=about),
    "contacts": lambda canary, about: Contact(kind="email", value=canary, subjects=about),
    "payments": lambda canary, about: Payment(kind="total", text=canary, subjects=about),
    "identity": lambda canary, about: Identity(kind="travel_document", value=canary, subjects=about),
    "owners": lambda canary, about: Owner(office=canary, subjects=about),
    "remarks": lambda canary, about: Remark(kind="OSI", text=canary, subjects=about),
    "suppliers": lambda canary, about: Supplier(role="hotel", name=canary, subjects=about),
    "references": lambda canary, about: Locator(code=canary, kind="cross_reference", subjects=about),
}


class Booked(msgspec.Struct, frozen=True):
    """A booking with its documents in the open, by the mark of their only part."""

    booking_id: str
    state: BookingState
    documents: dict[bytes, BookingDocument]

    def document(self, view: BookingView | None) -> BookingDocument | None:
        return None if view is None else self.documents[_mark(view)]


class World(msgspec.Struct, frozen=True):
    """One account, what is booked on it, who listens, and when it is."""

    account: AccountState
    booked: tuple[Booked, ...]
    line: InteractionState
    now: datetime = NOW

    def of(self, asked: Question) -> Booked | None:
        return next((each for each in self.booked if each.booking_id == asked.booking_id), None)


class Answered(msgspec.Struct, frozen=True):
    """A decision, and what an agent gets to see by it."""

    decision: Decision
    document: BookingDocument | None
    public: bytes

    def items(self) -> set[Item]:
        return set(items_of(self.document))


def items_of(document: BookingDocument | None) -> Iterator[Item]:
    """Everything a document says, item by item."""
    if document is not None:
        for name in COLLECTIONS:
            yield from getattr(document, name)


SECRET = "secret"


def holding(state: AccountState, line: InteractionState) -> AccountState:
    """The account on which what was proved on this line by SECRET is in force: each the party's own, and hers alone."""
    for listener in line.listeners.values():
        proof = listener.proofs.get(ACCOUNT)
        party = None if proof is None or proof.secret_id != SECRET else state.parties.get(proof.party_id)
        if proof is None or party is None:
            continue
        kept = Kept(Plain(party.party_id, b""), 1, PasscodeSet.NAME, "digest")
        if proof.method == "passcode":
            own = Passcode(SECRET, kept, requested=party.party_id not in state.confirmed())
            party = replace(party, passcode=own)
        elif proof.method == "call_back":
            party = replace(party, call_back=CallBack(SECRET, kept, AGENT, "i", NOW))
        state = replace(state, parties={**state.parties, party.party_id: party})
    return state


def ask(world: World, asked: Question, table: PolicyTable) -> Answered:
    """Ask as the service does: the held view is not opened where the answer is not taken from it."""
    world = replace(world, account=holding(world.account, world.line))
    booked = world.of(asked)
    decision = decide(
        asked, Facts(world.account, None if booked is None else booked.state, world.line), table, world.now
    )
    document = None
    if booked is not None and decision.outcome == "disclosed":
        shown = booked.document(booked.state.shown)
        held = booked.document(booked.state.held) if decision.basis == "held" else None
        document = render(decision, held, shown)
        assert document is not None
    return Answered(decision, document, msgspec.json.encode(None if document is None else to_public(document)))


def listening(world: World, *listeners: Listener) -> World:
    """The same world with these on the line and nobody else."""
    return replace(world, line=replace(world.line, listeners={each.listener_id: each for each in listeners}))


# --- documents -------------------------------------------------------------------------------------------------------

some_parties = st.integers(1, 7).map(lambda bits: tuple(who for at, who in enumerate(PARTIES) if bits >> at & 1))
any_parties = st.integers(0, 7).map(lambda bits: tuple(who for at, who in enumerate(PARTIES) if bits >> at & 1))


@st.composite
def documents(
    draw: DrawFn, tag: str, like: BookingDocument | None = None, likely: tuple[str, ...] = PARTIES
) -> BookingDocument:
    """A document whose own canaries begin with `tag`; some of its items may be those of another one.

    It is about one or all of the `likely` people, or about everybody.
    """
    piles: dict[str, list[Item]] = {name: [] for name in COLLECTIONS}
    kept = [item for item in items_of(like) if not isinstance(item, Traveller)] if like is not None else []
    copied = bool(kept) and draw(st.booleans())
    mask = draw(st.integers(0, (1 << len(kept)) - 1)) if copied else 0
    known = {item.subjects[0]: item for item in items_of(like) if isinstance(item, Traveller)}
    for at, item in enumerate(kept):
        if mask >> at & 1:
            piles[_collection(item)].append(item)
    cast = draw(st.sampled_from([*((who,) for who in likely), likely, PARTIES]))
    for who in cast:
        renamed = who not in known or draw(st.booleans())
        own = Traveller(surname=f"{tag}-traveller-{who}", subjects=(who,)) if renamed else known[who]
        piles["travellers"].append(own)
    whom = st.lists(st.sampled_from(cast), min_size=1, unique=True).map(tuple)
    for at, (name, about) in enumerate(draw(st.lists(st.tuples(st.sampled_from(list(_MADE)), whom), max_size=6))):
        item = _MADE[name](f"{tag}-{name}-{at}", about)
        piles[_collection(item)].append(item)
    content: dict[str, Any] = {name: tuple(pile) for name, pile in piles.items()}
    return BookingDocument(source=tag, status=draw(st.sampled_from(["active", "cancelled"])), **content)


def _collection(item: Item) -> str:
    return next(name for name, kind in COLLECTIONS.items() if type(item) is kind)


# --- bookings --------------------------------------------------------------------------------------------------------


def imported(
    document: BookingDocument,
    mark: str,
    *,
    stale: bool = False,
    hidden: bool = False,
    cancelled: tuple[str, ...] = (),
    taken_off: tuple[str, ...] = (),
) -> BookingImported:
    return BookingImported(
        account_id=ACCOUNT,
        source=document.source,
        people=people(document),
        locators=locator_codes(document),
        parts=(Plain("", mark.encode()),),
        stale=stale,
        withheld_from_view=hidden,
        cancelled=cancelled,
        taken_off=taken_off,
    )


def _mark(view: BookingView) -> bytes:
    personal = view.parts[0].personal
    assert isinstance(personal, Plain)
    return personal.data


def folded(state: BookingState, *events: Event) -> BookingState:
    for event in events:
        version = 1 + max((view.at for view in (state.held, state.shown) if view is not None), default=0)
        state = booking.evolve(state, event, version)
    return state


def later(state: BookingState, document: BookingDocument, mark: str, claims: Collection[str]) -> BookingImported:
    """One more document of a booking, imported when these people had claims to be protected."""
    assert state.held is not None
    return imported(document, mark, taken_off=booking.taken_off(state.held.people, people(document), claims))


def only(booking_id: str, document: BookingDocument, *, stale: bool = False) -> Booked:
    """An ordinary booking that holds just this document."""
    return Booked(booking_id, folded(BookingState(), imported(document, "only", stale=stale)), {b"only": document})


changes = st.builds(
    FlightChanged,
    flight=st.just("f"),
    what=st.sampled_from(LIFE),
    held=st.booleans(),
    shown=st.booleans(),
    told=st.just(Plain("", b"")),
    loses=any_parties,
)


@st.composite
def bookings(draw: DrawFn, booking_id: str, state: AccountState) -> Booked:
    """A booking as it can have come to be: ordinary, frozen, changed since, made under protection, split."""
    ever_protected, protected = bool(state.protections), bool(state.protected(NOW))
    tag, likely = booking_id, tuple(state.protections) or PARTIES
    first = draw(documents(f"{tag}-first", None, likely))
    found = {b"first": first}
    hidden = ever_protected and draw(st.booleans()) and draw(st.booleans())
    stale = draw(st.integers(0, 19)) == 19
    # Some claims may have come after all of this.
    claims = tuple(state.protections) if draw(st.booleans()) else draw(any_parties)
    claims = tuple(who for who in claims if who in state.protections)
    events: list[Event] = [imported(first, "first", hidden=hidden)]
    if ever_protected and not hidden and (protected or draw(st.booleans())):
        events.append(ShownViewFrozen(protection_id="p"))
    if draw(st.integers(0, 3)):
        found[b"next"] = draw(documents(f"{tag}-next", first, likely))
        cancelled = draw(any_parties) if draw(st.integers(0, 7)) == 0 else ()
        off = booking.taken_off(people(first), people(found[b"next"]), claims)
        events.append(imported(found[b"next"], "next", stale=stale, cancelled=cancelled, taken_off=off))
    if protected and draw(st.integers(0, 3)) == 0:
        split = SplitDeclared(
            split_id="s",
            hers=draw(st.sampled_from(["shown", "nothing"])),
            life=dict.fromkeys(LIFE, draw(st.sampled_from(get_args(Fate)))),
            reason=Plain("", b""),
        )
        if draw(st.booleans()):
            found[b"split"] = draw(documents(f"{tag}-split", first))
            as_if = imported(found[b"split"], "split")
            off = booking.taken_off(as_if.people, people(found.get(b"next", first)), claims)
            split = replace(split, people=as_if.people, locators=as_if.locators, parts=as_if.parts, taken_off=off)
        events.append(split)
    if draw(st.integers(0, 7)) == 0:
        events.append(draw(changes))
    state_now = folded(BookingState(), *events)
    if draw(st.integers(0, 19)) == 0:
        age = draw(st.sampled_from([-timedelta(hours=1), timedelta(0), timedelta(days=3650)]))
        state_now = replace(state_now, as_of=NOW - timedelta(days=1), fresh_until=NOW + age)
    return Booked(booking_id, state_now, found)


# --- accounts and lines ----------------------------------------------------------------------------------------------


def started(party_id: str, *adverse: str, until: datetime = NOW + timedelta(hours=1)) -> ProtectionStarted:
    return ProtectionStarted(
        protection_id=f"p-{party_id}",
        party_id=party_id,
        adverse=tuple(who for who in adverse if who != party_id),
        safe_contact=Plain(party_id, b""),
        until=until,
        started_by="somebody",
    )


def confirmed(party_id: str, *, complete: bool = True) -> ProtectionConfirmed:
    return ProtectionConfirmed(
        protection_id=f"p-{party_id}", party_id=party_id, confirmer=f"s-{complete}", complete=complete
    )


def happened(state: AccountState, *events: Event) -> AccountState:
    for version, event in enumerate(events, 1):
        state = account.evolve(state, event, version)
    return state


PLAIN = happened(
    AccountState(),
    AccountOpened(),
    *(PartyAdded(party_id=who, kind="traveller", marks=(), profile=Plain(who, b"")) for who in PARTIES),
)


def gated(party_id: str, *, gates: bool = True) -> PasscodeSet:
    return PasscodeSet(
        party_id=party_id, offer_id="o", passcode_id=f"c-{party_id}", digest=Plain(party_id, b"d"), gates=gates
    )


@st.composite
def accounts(draw: DrawFn, *, least: int = 0) -> AccountState:
    """People of whom some have passcodes and some are, or were, protected from some others."""
    events: list[Event] = [gated(who, gates=draw(st.booleans())) for who in draw(any_parties)]
    for who in draw(st.permutations(PARTIES))[: max(least, draw(st.sampled_from([0, 1, 1, 1, 2, 2, 3])))]:
        adverse = draw(st.one_of(st.just(()), any_parties))
        fate = draw(st.sampled_from(["provisional", "lapsed", "confirmed", "half confirmed"]))
        until = NOW - timedelta(hours=1) if fate == "lapsed" else NOW + timedelta(hours=1)
        events.append(started(who, *adverse, until=until))
        if fate in ("confirmed", "half confirmed"):
            events.append(confirmed(who, complete=fate == "confirmed"))
    return happened(PLAIN, *events)


KINDS: list[ListenerKind] = ["customer", "customer", "customer", "customer", "customer", "customer"]
KINDS += ["third_party", "interpreter", "relay_operator", "colleague"]


@st.composite
def listeners(draw: DrawFn, listener_id: str, account: AccountState) -> Listener:
    """Anybody; more often than not a customer who proved something, and who is protected if anybody is."""
    kind = draw(st.sampled_from(KINDS))
    if kind != "customer":
        return Listener(listener_id, kind, bound=draw(st.booleans()) and kind != "third_party")
    who = draw(st.sampled_from([*PARTIES, *[*account.protections] * 3, ""]))
    methods: list[Method | None] = [None, None, "passcode", "passcode", "passcode", "duress", "call_back"]
    method = draw(st.sampled_from(methods))
    proofs = {} if method is None or not who else {ACCOUNT: Proof(who, method, "secret")}
    if draw(st.integers(0, 5)) == 0:  # what was proved elsewhere counts nowhere else
        proofs[ELSEWHERE] = Proof(draw(st.sampled_from(PARTIES)), "passcode", "secret")
    taken_for = who if draw(st.integers(0, 5)) else draw(st.sampled_from([*PARTIES, "", "stranger"]))
    return Listener(listener_id, "customer", identified={ACCOUNT: taken_for}, proofs=proofs)


LINE = replace(
    interaction.opened(
        InteractionOpened(channel="call", contact="mark", contact_id=Plain("c", b""), at=NOW - timedelta(hours=1)),
        AGENT,
        1,
        "manila",
    ),
    account_id=ACCOUNT,
)


@st.composite
def consents(draw: DrawFn, on: dict[str, Listener]) -> tuple[Consent, ...]:
    """What some on the line let others hear: what they proved to be, most often, and sometimes what they did not."""
    found = []
    pairs = st.tuples(st.sampled_from(sorted(on)), st.sampled_from(sorted(on))).filter(lambda pair: pair[0] != pair[1])
    for by, listener_id in draw(st.lists(pairs, max_size=3, unique=True)):
        proof = on[by].proofs.get(ACCOUNT)
        party_id = proof.party_id if proof is not None and draw(st.integers(0, 5)) else draw(st.sampled_from(PARTIES))
        where = ELSEWHERE if draw(st.integers(0, 9)) == 9 else ACCOUNT
        found.append(Consent(by, listener_id, party_id, where, draw(st.sampled_from([255, 255, 3, 2, 8]))))
    return tuple(found)


@st.composite
def lines(draw: DrawFn, account: AccountState) -> InteractionState:
    """Up to four people on one line."""
    names = [CALLER, "l-1", "l-2", "l-3"][: draw(st.sampled_from([1, 1, 1, 2, 2, 4]))]
    on = {name: draw(listeners(name, account)) for name in names}
    channels: list[Channel] = ["call", "call", "call", "chat", "portal", "call_back", "call_back", "notice"]
    by_a_hidden_locator = draw(st.sampled_from([False] * 7 + [True]))
    return replace(
        LINE,
        channel=draw(st.sampled_from(channels)),
        tier=draw(st.integers(1, 3)),
        listeners=on,
        may_prove=frozenset(draw(any_parties)) if by_a_hidden_locator else None,
        consents=draw(consents(on)) if len(on) > 1 else (),
    )


@st.composite
def worlds(draw: DrawFn, *, protected: bool | None = None) -> World:
    """A world; on demand one in which somebody is, or nobody ever was, protected."""
    state = PLAIN if protected is False else draw(accounts(least=1 if protected else 0))
    booked = tuple(draw(bookings(f"b{at}", state)) for at in range(draw(st.integers(1, 2))))
    state = happened(state, *(BookingAdded(booking_id=each.booking_id) for each in booked))
    return World(state, booked, draw(lines(state)))


@st.composite
def questions(draw: DrawFn, world: World) -> Question:
    """About any booking of the world, by id or by any locator that anything ever had."""
    booked = draw(st.sampled_from(world.booked))
    codes = sorted({code for document in booked.documents.values() for code in locator_codes(document)})
    locator = draw(st.sampled_from(["", "", "", "NOBODYS", *codes]))
    classes = draw(st.sampled_from([255, 255, 255, 127, None]))
    return Question(
        AGENT,
        ACCOUNT,
        booked.booking_id,
        draw(st.integers(0, 255)) if classes is None else classes,
        draw(st.sampled_from([Purpose.SERVICE, Purpose.SERVICE, Purpose.OPERATIONS])),
        locator,
    )


@st.composite
def cases(draw: DrawFn, *, protected: bool | None = None) -> tuple[World, Question]:
    world = draw(worlds(protected=protected))
    return world, draw(questions(world))


@st.composite
def telling(draw: DrawFn) -> tuple[World, Question]:
    """Cases in which the truth is told, if to anybody: the caller proved a party, most often one that is protected."""
    world = draw(worlds(protected=True))
    who = draw(st.sampled_from([*world.account.protections, *world.account.protections, *PARTIES]))
    method: Method = draw(st.sampled_from(["passcode", "call_back"]))
    caller = Listener(CALLER, "customer", proofs={ACCOUNT: Proof(who, method, "secret")})
    others = draw(st.sampled_from([True, False, False]))
    on = {**(world.line.listeners if others else {}), CALLER: caller}
    agreed = draw(consents(on)) if len(on) > 1 else ()
    world = replace(world, line=replace(LINE, listeners=on, consents=agreed))
    booked = draw(st.sampled_from(world.booked))
    held = booked.document(booked.state.held)
    locator = draw(st.sampled_from(["", "", *(locator_codes(held) if held is not None else ())]))
    return world, Question(AGENT, ACCOUNT, booked.booking_id, 255, Purpose.SERVICE, locator)


@st.composite
def agreeing(draw: DrawFn) -> tuple[World, Question]:
    """Cases in which the caller proved a party and consents that somebody else hears more of what is hers."""
    world = draw(worlds(protected=draw(st.booleans())))
    who = draw(st.sampled_from([*world.account.protections, *PARTIES]))
    method: Method = draw(st.sampled_from(["passcode", "passcode", "call_back", "duress"]))
    caller = Listener(CALLER, "customer", identified={ACCOUNT: who}, proofs={ACCOUNT: Proof(who, method, "secret")})
    if draw(st.integers(0, 7)) == 0:
        caller = replace(caller, proofs={})
    another = draw(st.sampled_from(PARTIES))
    guest = draw(
        st.sampled_from([
            Listener("guest", "third_party"),
            Listener("guest", "customer", identified={ACCOUNT: another}),
            Listener("guest", "customer", proofs={ACCOUNT: Proof(another, "passcode", SECRET)}),
            Listener("guest", "customer", proofs={ACCOUNT: Proof(another, "passcode", SECRET)}),
        ])
    )  # fmt: skip
    named = who if draw(st.integers(0, 7)) else draw(st.sampled_from(PARTIES))
    where = ACCOUNT if draw(st.integers(0, 7)) else ELSEWHERE
    agreed = (Consent(CALLER, "guest", named, where, draw(st.sampled_from([255, 255, 2, 8, 42]))),)
    world = replace(world, line=replace(LINE, listeners={CALLER: caller, "guest": guest}, consents=agreed))
    booked = draw(st.sampled_from(world.booked))
    purpose = draw(st.sampled_from([Purpose.SERVICE, Purpose.OPERATIONS]))
    return world, Question(AGENT, ACCOUNT, booked.booking_id, 255, purpose)
