"""Events: what happened, named, versioned, and with a person's data marked as that person's.

An event is a frozen struct with a stable name, `noun.happened.vN`::

    @event
    class PartyAdded(Event):
        NAME: ClassVar[str] = "party.added.v1"
        party_id: str
        name: Personal          # opened only with that person's key

A name that was ever written stays readable for ever: when a shape changes, the struct gets the next version's name and
an `upcaster` is registered from the old one. `validate()` proves that every retired name leads to a living event.

Personal data is a field of type `Personal` (or a tuple of them): `Plain` as a decider made it, `Sealed` as it is kept.
What `decide` and `evolve` read is clear and pseudonymous; they carry `Personal` values about, as `Kept`, and never look
inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar, get_args, get_type_hints

import msgspec

__all__ = [
    "EVENTS",
    "Actor",
    "Event",
    "EventShapeError",
    "Header",
    "Kept",
    "Personal",
    "Plain",
    "Recorded",
    "Sealed",
    "ancestors",
    "event",
    "personal_fields",
    "upcast",
    "upcaster",
    "validate",
    "with_retired",
]


class EventShapeError(Exception):
    """A name without a living event, a duplicate name, or an upcaster that leads nowhere."""


class Sealed(msgspec.Struct, frozen=True, gc=False, tag="sealed", tag_field="as", omit_defaults=True):
    """Personal data as it is stored: `subject` is the id whose key opens `box` (nonce, ciphertext, tag).

    `generation`: which of the subject's keys, in the order they were made.
    """

    subject: str
    box: bytes
    generation: int = 1


class Plain(msgspec.Struct, frozen=True, gc=False, tag="plain", tag_field="as"):
    """Personal data in the open: `data` is the value (JSON unless said otherwise). Never stored, and never printed."""

    subject: str
    data: bytes

    def __repr__(self) -> str:
        """Name the subject and the size, never the value."""
        return f"Plain(subject={self.subject!r}, {len(self.data)} bytes)"


Personal = Sealed | Plain


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A personal value carried in folded state, with what it was sealed under.

    That is: the version and name of its event, the field, and the place in it where the field is a tuple.
    """

    personal: Personal
    version: int
    name: str
    field: str
    index: int = 0


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Base of every event. A subclass declares `NAME` and is decorated with `@event`."""

    NAME: ClassVar[str] = ""


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who acted: the token's subject, the role used, the tier (1 to 3; 0 where tiers do not apply) and the site."""

    subject: str
    role: str
    tier: int = 0
    site: str = ""


class Header(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The envelope, clear for ever: pseudonymous ids only. `occurred_at` is UTC, `cause` the request's id."""

    id: str
    occurred_at: datetime
    actor: Actor
    cause: str
    interaction: str = ""
    policy: int = 0


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event read back: where it stands, what it says, and the very bytes that were stored."""

    position: int
    stream: str
    version: int
    name: str
    header: Header
    event: Event
    stored_bytes: bytes


E = TypeVar("E", bound=type[Event])
Upcaster = Callable[[Mapping[str, Any]], dict[str, Any]]

EVENTS: dict[str, type[Event]] = {}
_PERSONAL: dict[type[Event], tuple[str, ...]] = {}
_UPCASTERS: dict[str, tuple[str, Upcaster]] = {}


def _version(name: str) -> tuple[str, int]:
    stem, _, tail = name.rpartition(".v")
    if not stem or not tail.isdigit():
        msg = f"{name!r} is not of the form noun.happened.vN"
        raise EventShapeError(msg)
    return stem, int(tail)


def event(cls: E) -> E:
    """Register an event class by its NAME. Raises EventShapeError on a bad or taken name."""
    _version(cls.NAME)
    if cls.NAME in EVENTS or cls.NAME in _UPCASTERS:
        msg = f"{cls.NAME!r} is taken"
        raise EventShapeError(msg)
    EVENTS[cls.NAME] = cls
    return cls


def personal_fields(cls: type[Event]) -> tuple[str, ...]:
    """Names of the fields that hold `Personal` values, found from the annotations once per class."""
    found = _PERSONAL.get(cls)
    if found is None:
        hints = get_type_hints(cls)
        found = tuple(name for name in cls.__struct_fields__ if _holds_personal(hints[name]))
        _PERSONAL[cls] = found
    return found


def _holds_personal(hint: object) -> bool:
    return hint in (Sealed, Plain) or any(_holds_personal(part) for part in get_args(hint))


def upcaster(old: str, new: str) -> Callable[[Upcaster], Upcaster]:
    """Register how the body of a retired `old` becomes a `new` one: same noun, the next version."""

    def register(change: Upcaster) -> Upcaster:
        (stem, was), (new_stem, becomes) = _version(old), _version(new)
        if stem != new_stem or becomes != was + 1:
            msg = f"an upcaster goes from one version to the next: {old!r} to {new!r} does not"
            raise EventShapeError(msg)
        if old in EVENTS or old in _UPCASTERS:
            msg = f"{old!r} is still a living event or has an upcaster already"
            raise EventShapeError(msg)
        _UPCASTERS[old] = (new, change)
        return change

    return register


def upcast(name: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Bring a stored body to a living event's shape. Returns name and body. Raises EventShapeError if there is none."""
    while name not in EVENTS:
        step = _UPCASTERS.get(name)
        if step is None:
            msg = f"no event and no upcaster is named {name!r}; was it written by a newer release?"
            raise EventShapeError(msg)
        name, change = step
        body = change(body)
    return name, body


def ancestors(name: str) -> tuple[str, ...]:
    """The retired names that lead to a living one: what it says may have been sealed under any of them."""
    names = [name]
    for each in names:  # grows while it is walked: whatever leads to a name that leads here
        names += [old for old, (new, _) in _UPCASTERS.items() if new == each]
    return tuple(names[1:])


def with_retired(names: tuple[str, ...]) -> tuple[str, ...]:
    """These names, and those that what is of them now was written under before."""
    return tuple(each for name in names for each in (name, *ancestors(name)))


def validate() -> None:
    """Prove that every upcaster leads to a living event. Called at start. Raises EventShapeError."""
    for old, (new, _) in _UPCASTERS.items():
        if new not in EVENTS and new not in _UPCASTERS:
            msg = f"the upcaster of {old!r} leads to {new!r}, which nobody declares"
            raise EventShapeError(msg)
