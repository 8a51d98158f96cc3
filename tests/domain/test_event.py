"""Events: their names, how retired ones are read, what is personal in them.

And that they, and the states they fold into, come back from storage as they went.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain import account, booking, contact, event, interaction, rule
from domain.account import AccountState
from domain.booking import BookingImported, BookingState, ShownViewFrozen, SplitDeclared
from domain.contact import ContactState
from domain.event import EVENTS, Actor, Event, EventShapeError, Header, Personal, Plain, Sealed, personal_fields
from domain.grant import AuthorityDocument
from domain.interaction import InteractionBound, InteractionState, ListenerJoined
from domain.party import PartyAdded
from domain.passcode import PasscodeSet
from domain.policy import PolicyAdopted
from domain.protection import ProtectionStarted
from domain.rule import RuleBook
from projections.folding import fold
from service import authority

# Not an event of a folded stream: adopted policies are told in test_policy.
STREAMED = sorted(name for name in EVENTS if name.partition(".")[0] != "policy")


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """A register of this test's own."""
    monkeypatch.setattr(event, "EVENTS", {})
    monkeypatch.setattr(event, "_UPCASTERS", {})


def declare(name: str) -> type[Event]:
    class Declared(Event, frozen=True, kw_only=True):
        NAME: ClassVar[str] = name

    return event.event(Declared)


def lead(old: str, new: str, key: str) -> None:
    @event.upcaster(old, new)
    def change(body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, key: True}


# --- names and upcasters ---------------------------------------------------------------------------------------------


def test_the_names_in_use_are_stable() -> None:
    """A name that was ever written is read for ever: it may leave this list only where an upcaster leads on from it."""
    in_use = {
        "account.opened.v1", "account.booking_added.v1", "account.history_read.v1", "party.added.v1", "party.shown.v1",
        "protection.started.v1", "protection.confirmed.v1", "passcode.offered.v1", "passcode.request_declined.v1",
        "passcode.set.v1", "passcode.tried.v1", "call_back.placed.v1", "disclosure.attempted.v1",
        "booking.imported.v1", "booking.shown_view_frozen.v1", "split.declared.v1", "contact.failed.v1",
        "contact.cleared.v1", "interaction.opened.v1", "interaction.bound.v1", "interaction.closed.v1",
        "listener.joined.v1", "listener.left.v1", "listener.verified.v1", "listener.verification_failed.v1",
        "policy.adopted.v1",
    }  # fmt: skip
    assert in_use - set(EVENTS) == set()
    assert all(name == cls.NAME for name, cls in EVENTS.items())
    event.validate()


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("name", ["", "thing.happened", "thing.happened.v", "thing.happened.vx", ".v1"])
def test_a_name_has_a_version(name: str) -> None:
    with pytest.raises(EventShapeError, match="not of the form"):
        declare(name)


@pytest.mark.usefixtures("register")
def test_a_name_is_taken_once_and_for_ever() -> None:
    declare("thing.happened.v2")
    lead("thing.happened.v1", "thing.happened.v2", "second")
    for name in ("thing.happened.v1", "thing.happened.v2"):
        with pytest.raises(EventShapeError, match="taken"):
            declare(name)


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize("first", [1, 2])
def test_a_retired_event_is_brought_to_todays_shape_step_by_step(first: int) -> None:
    declare("thing.happened.v3")
    for old in (first, 3 - first):  # in whatever order they are declared
        lead(f"thing.happened.v{old}", f"thing.happened.v{old + 1}", f"key{old + 1}")
    event.validate()
    assert event.upcast("thing.happened.v1", {"a": 1}) == ("thing.happened.v3", {"a": 1, "key2": True, "key3": True})
    assert event.upcast("thing.happened.v2", {}) == ("thing.happened.v3", {"key3": True})
    assert event.upcast("thing.happened.v3", {}) == ("thing.happened.v3", {})
    assert event.ancestors("thing.happened.v3") == ("thing.happened.v2", "thing.happened.v1")
    assert event.ancestors("thing.happened.v1") == ()


@pytest.mark.usefixtures("register")
@pytest.mark.parametrize(
    "old, new",
    [
        ("thing.happened.v1", "thing.happened.v3"),
        ("thing.happened.v2", "thing.happened.v1"),
        ("thing.happened.v1", "other.happened.v2"),
    ],
)
def test_an_upcaster_goes_from_one_version_to_the_next(old: str, new: str) -> None:
    with pytest.raises(EventShapeError, match="one version to the next"):
        lead(old, new, "")


@pytest.mark.usefixtures("register")
def test_an_upcaster_is_of_a_retired_name_and_the_only_one() -> None:
    declare("living.happened.v1")
    lead("thing.happened.v1", "thing.happened.v2", "")
    for old in ("living.happened.v1", "thing.happened.v1"):
        with pytest.raises(EventShapeError, match="still a living event or has an upcaster"):
            lead(old, old[:-1] + "2", "")


@pytest.mark.usefixtures("register")
def test_what_leads_nowhere_is_found_at_the_start() -> None:
    lead("thing.happened.v1", "thing.happened.v2", "")
    with pytest.raises(EventShapeError, match="nobody declares"):
        event.validate()
    with pytest.raises(EventShapeError, match="newer release"):
        event.upcast("thing.happened.v1", {})


# --- what is personal ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cls, fields",
    [
        (PartyAdded, ("profile",)),
        (PasscodeSet, ("digest", "duress_digest")),
        (ProtectionStarted, ("safe_contact",)),
        (BookingImported, ("parts",)),
        (SplitDeclared, ("reason", "parts")),
        (InteractionBound, ("offered",)),
        (ListenerJoined, ("offered",)),
        (PolicyAdopted, ()),
        (ShownViewFrozen, ()),
    ],
)
def test_personal_fields_are_found_by_their_type(cls: type[Event], fields: tuple[str, ...]) -> None:
    assert personal_fields(cls) == fields
    assert personal_fields(cls) == fields  # remembered


def test_what_is_in_the_open_is_not_printed() -> None:
    assert "secret" not in repr(Plain("alma", b"secret"))
    assert "secret" not in repr(PartyAdded(party_id="alma", kind="holder", marks=(), profile=Plain("alma", b"secret")))


# --- there and back --------------------------------------------------------------------------------------------------

# There are many shapes, and little in each of them to go wrong.
brief = settings(max_examples=settings().max_examples // 4)

_WORDS = st.text(max_size=6)
_PRIMITIVE: dict[object, SearchStrategy[Any]] = {
    str: _WORDS,
    int: st.integers(0, 2**40),
    bool: st.booleans(),
    bytes: st.binary(max_size=6),
    type(None): st.none(),
    float: st.floats(0, 2**40),
    # Documents that people write, whose fields have bounds: their own tests make others.
    AuthorityDocument: st.just(authority.DEFAULT),
    RuleBook: st.just(rule.DEFAULT),
    datetime: st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
}


def values(hint: Any) -> SearchStrategy[Any]:  # noqa: PLR0911 - one return for each kind of type
    """Values of a type as events and states use them."""
    if hint in _PRIMITIVE:
        return _PRIMITIVE[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return values(args[0])
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values, args))
    if origin is tuple:
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(values(args[0]), max_size=3)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(values(args[0]), values(args[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    assert issubclass(hint, msgspec.Struct), hint
    hints = get_type_hints(hint, include_extras=True)
    return st.builds(hint, **{name: values(hints[name]) for name in hint.__struct_fields__})


@pytest.mark.parametrize("name", sorted(EVENTS))
@brief
@given(st.data())
def test_every_event_comes_back_from_json_as_it_went(name: str, data: st.DataObject) -> None:
    happened = data.draw(values(EVENTS[name]))
    stored = msgspec.json.encode(happened)
    assert msgspec.json.decode(stored, type=EVENTS[name]) == happened
    assert msgspec.convert(msgspec.json.decode(stored), EVENTS[name]) == happened


@given(values(Header), values(Actor), values(Personal))
def test_so_do_headers_and_what_is_sealed(header: Header, actor: Actor, personal: Sealed | Plain) -> None:
    for value, shape in ((header, Header), (actor, Actor), (personal, Personal)):
        assert msgspec.json.decode(msgspec.json.encode(value), type=shape) == value


@pytest.mark.parametrize("shape", [AccountState, BookingState, ContactState, InteractionState])
@brief
@given(st.data())
def test_every_state_comes_back_from_a_snapshot_as_it_went(shape: type[msgspec.Struct], data: st.DataObject) -> None:
    state = data.draw(values(shape))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=shape) == state


S = TypeVar("S", AccountState, BookingState, ContactState, InteractionState)

WHO = st.sampled_from(["alma", "bo"])
HEADER = Header("id", datetime(2026, 11, 1, tzinfo=UTC), Actor("agent", "agent"), "cause")


def about(happened: Event, who: str) -> Event:
    """The same event, about somebody who is there."""
    named = {name: who for name in ("party_id", "listener_id") if name in happened.__struct_fields__}
    return msgspec.structs.replace(happened, **named)


def histories(*names: str) -> SearchStrategy[list[Event]]:
    each = st.one_of(*(values(EVENTS[name]) for name in names))
    return st.lists(st.builds(about, each, WHO), max_size=8)


OF_AN_ACCOUNT = [
    n for n in STREAMED if n.partition(".")[0] in ("account", "protection", "passcode", "call_back", "disclosure")
]
OF_A_BOOKING = [n for n in STREAMED if n.partition(".")[0] in ("booking", "split")]
OF_AN_INTERACTION = [
    "interaction.bound.v1",
    "interaction.closed.v1",
    "listener.joined.v1",
    "listener.verification_failed.v1",
]


def people() -> Iterator[Event]:
    for who in ("alma", "bo"):
        yield PartyAdded(party_id=who, kind="traveller", marks=(), profile=Plain(who, b""))


def folding(state: S, happened: list[Event], start: int = 0) -> S:
    for version, each in enumerate(happened, start + 1):
        folded = fold(state, each, HEADER, version)
        assert type(folded) is type(state)
        state = folded
    return state


def same_from_a_snapshot(empty: S, happened: list[Event], cut: int) -> None:
    whole = folding(empty, happened)
    snapshot = msgspec.msgpack.encode(folding(empty, happened[:cut]))
    assert folding(msgspec.msgpack.decode(snapshot, type=type(empty)), happened[cut:], cut) == whole


@given(histories(*OF_AN_ACCOUNT), st.integers(2, 10))
def test_an_account_folds_from_a_snapshot_as_from_the_start(happened: list[Event], cut: int) -> None:
    same_from_a_snapshot(AccountState(), [*people(), *happened], cut)


@given(histories(*OF_A_BOOKING), st.integers(0, 8))
def test_a_booking_folds_from_a_snapshot_as_from_the_start(happened: list[Event], cut: int) -> None:
    same_from_a_snapshot(BookingState(), happened, cut)


@given(histories("contact.failed.v1", "contact.cleared.v1"), st.integers(0, 8))
def test_a_contact_folds_from_a_snapshot_as_from_the_start(happened: list[Event], cut: int) -> None:
    same_from_a_snapshot(ContactState(), happened, cut)


@given(values(EVENTS["interaction.opened.v1"]), histories(*OF_AN_INTERACTION), st.integers(1, 9))
def test_an_interaction_folds_from_a_snapshot_as_from_the_start(opened: Event, happened: list[Event], cut: int) -> None:
    same_from_a_snapshot(InteractionState(), [opened, *happened], cut)


HEARD_BY_ACCOUNTS = (
    "account", "protection", "passcode", "call_back", "disclosure", "party", "action", "override", "safe_contact",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(EVENTS))
@brief
@given(st.data())
def test_an_event_of_another_stream_changes_nothing(name: str, data: st.DataObject) -> None:
    """Whatever stands in a stream, folding never fails by it: it is somebody else's business."""
    happened = about(data.draw(values(EVENTS[name])), "nobody")
    noun = name.partition(".")[0]
    if name not in OF_A_BOOKING:
        assert booking.evolve(BookingState(), happened, 1) == BookingState()
    if noun != "contact":
        assert contact.evolve(ContactState(), happened) == ContactState()
    if noun not in ("interaction", "listener", "consent", "clearance"):
        assert interaction.evolve(InteractionState(), happened) == InteractionState()
    if noun not in HEARD_BY_ACCOUNTS:
        assert account.evolve(AccountState(), happened, 1) == AccountState()
