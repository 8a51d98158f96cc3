"""Sealing: what is personal is stored sealed, opens where it was sealed and nowhere else, and is named in no error."""

import base64
import importlib
import pkgutil
import re
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

import msgspec
import pytest
from eventsourcing.persistence import Notification, StoredEvent
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

import domain
from domain import event as events
from domain.event import Actor, Event, EventShapeError, Header, Kept, Personal, Plain, Recorded, Sealed, personal_fields
from domain.passcode import CallBackPlaced, PasscodeSet, PasscodeTried
from service.log import migrate_keys
from service.sealing import Codec, CorruptEvent, KeyMissing, KeyRing, MasterKey, SealBroken, SealingError
from service.sealing.shape import shape_of

for module in pkgutil.iter_modules(domain.__path__, "domain."):
    importlib.import_module(module.name)

CANARY = b"canary@example.org"
STREAM = "account:a1"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HEADER = Header("e1", NOW, Actor("agent-7", "agent", 1, "manila"), "r1", "i1", 3)
PEOPLE = ("alma", "brin", "Zoë:1")
PERSONAL = [cls for cls in events.EVENTS.values() if personal_fields(cls)]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyRing]:
    url = f"sqlite:///{tmp_path_factory.mktemp('keys') / 'keys.sqlite'}"
    migrate_keys(url)
    ring = KeyRing(url, MasterKey(bytes(range(32))))
    ring.ensure(PEOPLE)
    yield ring
    ring.close()


@pytest.fixture(scope="module")
def codec(keys: KeyRing) -> Codec:
    return Codec(keys)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> type[Event]:
    """An event with every kind of personal field, known for the length of one test."""

    class Told(Event, frozen=True, kw_only=True):
        NAME: ClassVar[str] = "tale.told.v1"
        title: Personal
        parts: tuple[Personal, ...]
        note: Personal | None = None

    Told.__annotations__ = {"title": Personal, "parts": tuple[Personal, ...], "note": Personal | None}
    monkeypatch.setitem(events.EVENTS, Told.NAME, Told)
    return Told


def plain(data: bytes = CANARY, subject: str = "alma") -> Plain:
    return Plain(subject, data)


def placed(data: bytes = CANARY, subject: str = "alma") -> CallBackPlaced:
    return CallBackPlaced(
        party_id=subject,
        call_back_id="c1",
        digest=plain(data, subject),
        supervisor="s1",
        interaction_id="i1",
        expires_at=NOW,
    )


def kept(event: Event, field: str, version: int, index: int = 0) -> Kept:
    value = getattr(event, field)
    return Kept(value[index] if isinstance(value, tuple) else value, version, event.NAME, field, index)


def said(error: BaseException) -> str:
    """What a log would show of an error and of those it is chained to, without the lines of this file."""
    chain = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    own = "".join(traceback.format_exception_only(error)) + repr(error) + repr(vars(error))
    return own + (said(chain) if chain else "")


plains = st.builds(Plain, st.sampled_from(PEOPLE), st.binary(max_size=200))


def values(hint: Any) -> st.SearchStrategy[Any]:
    inner = get_args(hint)
    if get_origin(hint) is tuple and inner[0] == Personal:
        return st.lists(plains, max_size=4).map(tuple)
    if get_origin(hint) is Mapping:
        return st.dictionaries(*(values(part) for part in inner), max_size=3)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        Personal: plains,
        Personal | None: st.none() | plains,
        datetime: st.datetimes(timezones=st.just(UTC)),
        str: st.text(st.characters(codec="utf-8"), max_size=20),
    }
    return simple[hint] if hint in simple else st.from_type(hint)


@st.composite
def generated(draw: st.DrawFn) -> Event:
    cls = draw(st.sampled_from(PERSONAL))
    hints = get_type_hints(cls)
    return cls(**{field: draw(values(hints[field]), label=field) for field in cls.__struct_fields__})


def test_every_event_can_be_sealed() -> None:
    assert len(PERSONAL) > 3
    shapes = {name: [place.field for place in shape_of(cls).places] for name, cls in events.EVENTS.items()}
    assert shapes == {name: list(personal_fields(cls)) for name, cls in events.EVENTS.items()}


@given(event=generated(), version=st.integers(1, 2**60))
def test_what_is_sealed_is_read_back_and_opens(codec: Codec, event: Event, version: int) -> None:
    stored, sealed = codec.encode(event, HEADER, STREAM, version)
    assert codec.decode(stored) == (HEADER, sealed)
    notification = Notification(
        originator_id=STREAM, originator_version=version, topic=event.NAME, state=stored.state, id=9
    )
    recorded = codec.recorded(notification)
    assert recorded == Recorded(9, STREAM, version, event.NAME, HEADER, sealed, stored.state)
    assert codec.open_event(sealed, stored) == event
    for field in personal_fields(type(event)):
        value = getattr(event, field)
        for index, each in enumerate(value if isinstance(value, tuple) else (value,) if value else ()):
            assert codec.open(STREAM, kept(sealed, field, version, index)) == each.data
            assert len(each.data) < 8 or each.data not in stored.state


def test_threads_seal_and_open_side_by_side(codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.sealing.codec.MOST_CIPHERS", 2)

    def work(thread: int) -> None:
        for n in range(300):
            value, subject = f"{thread}:{n}".encode() * 20, PEOPLE[n % len(PEOPLE)]
            _, sealed = codec.encode(placed(value, subject), HEADER, STREAM, n + 1)
            assert codec.open(STREAM, kept(sealed, "digest", n + 1)) == value

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [None] * 4


def test_stored_bytes_hold_no_plain_value(codec: Codec) -> None:
    stored, sealed = codec.encode(placed(), HEADER, STREAM, 1)
    assert CANARY not in stored.state
    assert base64.b64encode(CANARY)[:20] not in stored.state
    assert b"plain" not in stored.state
    assert CANARY.decode() not in repr(sealed) + repr(placed()) + repr(codec)
    assert stored.topic == "call_back.placed.v1"
    assert stored.originator_id == STREAM


def test_equal_values_are_sealed_differently(codec: Codec) -> None:
    boxes = {codec.encode(placed(), HEADER, STREAM, 1)[0].state for _ in range(20)}
    assert len(boxes) == 20


def test_a_value_that_is_sealed_already_is_refused(codec: Codec) -> None:
    _, sealed = codec.encode(placed(), HEADER, STREAM, 1)
    with pytest.raises(SealingError, match="sealed already"):
        codec.encode(sealed, HEADER, STREAM, 2)


def test_personal_data_in_a_field_that_is_not_sealed_is_refused(codec: Codec) -> None:
    tried = PasscodeTried(interaction_id="i1", contact="c", accepted=False, blocked=False)
    smuggled = replace(tried, party_id=plain())
    with pytest.raises(SealingError, match=r"passcode\.tried\.v1") as caught:
        codec.encode(smuggled, HEADER, STREAM, 1)
    assert CANARY.decode() not in said(caught.value)


def test_a_class_that_hides_personal_data_is_refused() -> None:
    class Inner(msgspec.Struct):
        value: Personal

    class Hides(Event, frozen=True, kw_only=True):
        NAME: ClassVar[str] = "tale.hidden.v1"
        inner: tuple[Inner, ...]

    Inner.__annotations__ = {"value": Personal}
    Hides.__annotations__ = {"inner": tuple[Inner, ...]}
    with pytest.raises(EventShapeError, match=r"tale\.hidden\.v1\.inner"):
        shape_of(Hides)


def test_swapped_rows_are_noticed(codec: Codec) -> None:
    first = codec.encode(placed(subject="alma"), HEADER, STREAM, 1)[1]
    later = codec.encode(placed(subject="alma"), HEADER, STREAM, 2)[1]
    other = codec.encode(placed(subject="brin"), HEADER, STREAM, 3)[1]
    assert isinstance(first, CallBackPlaced)
    assert isinstance(first.digest, Sealed)
    right = kept(first, "digest", 1)
    assert codec.open(STREAM, right) == CANARY
    wrong = {
        "another version": (STREAM, kept(later, "digest", 1)),
        "another subject": (STREAM, kept(other, "digest", 1)),
        "another stream": ("account:a2", right),
        "a renamed subject": (STREAM, replace(right, personal=Sealed("brin", first.digest.box))),
        "another event": (STREAM, replace(right, name="passcode.set.v1")),
        "another field": (STREAM, replace(right, field="duress_digest")),
        "another place in a tuple": (STREAM, replace(right, index=1)),
        "cut short": (STREAM, replace(right, personal=Sealed("alma", first.digest.box[:-1]))),
        "cut to nothing": (STREAM, replace(right, personal=Sealed("alma", b""))),
        "never sealed": (STREAM, replace(right, personal=plain())),
    }
    for what, (stream, moved) in wrong.items():
        with pytest.raises(SealBroken) as caught:
            codec.open(stream, moved)
        assert (caught.value.stream, caught.value.version) == (stream, 1), what
        assert CANARY.decode() not in said(caught.value)


def test_values_swapped_within_one_event_are_noticed(codec: Codec, told: type[Event]) -> None:
    event = told(title=plain(b"title"), parts=(plain(b"one"), plain(b"two")), note=plain(b"note"))
    stored, sealed = codec.encode(event, HEADER, "tale:1", 1)
    fields = asdict(sealed)
    swaps: list[dict[str, Any]] = [
        {"title": fields["note"], "note": fields["title"]},
        {"parts": tuple(reversed(fields["parts"]))},
        {"title": fields["parts"][0]},
    ]
    assert codec.open_event(sealed, stored) == event
    for swap in swaps:
        with pytest.raises(SealBroken):
            codec.open_event(replace(sealed, **swap), stored)


def test_no_two_places_are_bound_to_the_same(codec: Codec, told: type[Event]) -> None:
    # Without lengths, "tale:1" + "1" and "tale:11" would read alike.
    event = told(title=plain(), parts=())
    _, sealed = codec.encode(event, HEADER, "tale:1", 1)
    for stream, version in (("tale:11", 1), ("tale:", 11), ("tale:1", 257), ("tale:1\0", 1)):
        with pytest.raises(SealBroken):
            codec.open(stream, kept(sealed, "title", version))


def test_an_event_sealed_under_a_retired_name_opens(
    codec: Codec, keys: KeyRing, told: type[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, sealed = codec.encode(told(title=plain(), parts=(plain(b"x"),)), HEADER, "tale:1", 4)

    class ToldAgain(Event, frozen=True, kw_only=True):
        NAME: ClassVar[str] = "tale.told.v2"
        title: Personal
        parts: tuple[Personal, ...]
        told_at: datetime
        note: Personal | None = None

    ToldAgain.__annotations__ = {
        "title": Personal, "parts": tuple[Personal, ...], "told_at": datetime, "note": Personal | None,
    }  # fmt: skip
    monkeypatch.delitem(events.EVENTS, "tale.told.v1")
    monkeypatch.setitem(events.EVENTS, "tale.told.v2", ToldAgain)
    monkeypatch.setitem(
        events._UPCASTERS, "tale.told.v1", ("tale.told.v2", lambda body: {**body, "told_at": "2026-01-01T00:00:00Z"})
    )
    today = Codec(keys)
    header, event = today.decode(stored)
    assert header == HEADER
    assert event == ToldAgain(told_at=datetime(2026, 1, 1, tzinfo=UTC), **asdict(sealed))
    assert today.open("tale:1", kept(event, "title", 4)) == CANARY
    assert asdict(today.open_event(event, stored))["title"] == plain()
    with pytest.raises(CorruptEvent):
        today.decode(StoredEvent("tale:1", 4, "tale.told.v1", stored.state[:-9]))
    with pytest.raises(CorruptEvent) as caught:
        today.decode(StoredEvent("tale:1", 4, "tale.told.v1", b'{"event": {}, "header": {"id": "canary@example.org"}}'))
    assert CANARY.decode() not in said(caught.value)


def test_an_unknown_name_says_so(codec: Codec) -> None:
    with pytest.raises(EventShapeError, match=r"tale\.lost\.v9"):
        codec.decode(StoredEvent(STREAM, 1, "tale.lost.v9", b'{"header": {}, "event": {}}'))


def test_an_unregistered_event_is_not_written(codec: Codec) -> None:
    class Stray(Event, frozen=True, kw_only=True):
        NAME: ClassVar[str] = "tale.strayed.v1"

    with pytest.raises(EventShapeError, match=r"tale\.strayed\.v1"):
        codec.encode(Stray(), HEADER, STREAM, 1)


def test_damaged_bytes_are_noticed_or_harmless(codec: Codec) -> None:
    stored, sealed = codec.encode(placed(), HEADER, STREAM, 1)
    errors = []
    damaged = [stored.state[:cut] for cut in range(0, len(stored.state), 7)]
    damaged += [
        stored.state[:at] + bytes([stored.state[at] ^ 1 << bit]) + stored.state[at + 1 :]
        for at in range(len(stored.state))
        for bit in (0, 4, 7)
    ]
    for state in damaged:
        try:
            _, event = codec.decode(StoredEvent(STREAM, 1, stored.topic, state))
            assert isinstance(event, CallBackPlaced)
            opened = codec.open(STREAM, kept(event, "digest", 1))
            assert opened == CANARY, "a clear field changed, the sealed one did not"
        except (CorruptEvent, SealBroken, KeyMissing) as error:
            errors.append(said(error))
    assert len(errors) > len(damaged) / 3
    assert [error for error in errors if re.search("canary|agent-7", error)] == []
    assert isinstance(sealed, CallBackPlaced)


def test_who_was_forgotten_cannot_be_opened_and_the_rest_can(tmp_path: Path, told: type[Event]) -> None:
    url = f"sqlite:///{tmp_path / 'keys.sqlite'}"
    migrate_keys(url)
    ring = KeyRing(url, MasterKey(bytes(32)))
    ring.ensure(["alma", "brin"])
    codec = Codec(ring)
    event = told(title=plain(b"hers", "alma"), parts=(plain(b"his", "brin"), plain(b"hers too", "alma")))
    stored, sealed = codec.encode(event, HEADER, "tale:1", 1)
    ring.destroy("alma")
    with pytest.raises(KeyMissing, match="alma"):
        codec.open("tale:1", kept(sealed, "title", 1))
    with pytest.raises(KeyMissing, match="alma"):
        codec.encode(event, HEADER, "tale:1", 2)
    opened = asdict(codec.open_event(sealed, stored))
    was = asdict(sealed)
    assert opened == {"title": was["title"], "parts": (plain(b"his", "brin"), was["parts"][1]), "note": None}
    ring.close()


def test_a_passcode_without_a_duress_one_has_nothing_sealed_in_its_place(codec: Codec) -> None:
    chosen = PasscodeSet(party_id="alma", offer_id="o", passcode_id="p", digest=plain(), gates=True)
    _, sealed = codec.encode(chosen, HEADER, STREAM, 1)
    assert isinstance(sealed, PasscodeSet)
    assert isinstance(sealed.digest, Sealed)
    assert sealed.duress_digest is None
