"""Which fields of an event are personal, and what each of its sealed values is bound to."""

from __future__ import annotations

from functools import lru_cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from domain.event import Event, EventShapeError, Header, Plain, Sealed, personal_fields

__all__ = ["Place", "Shape", "bound_to", "shape_of", "tail"]

_PERSONAL = {Sealed, Plain}


class Place(msgspec.Struct, frozen=True):
    """A personal field: one value, or a tuple of them. `tail` is what it adds to the data its values are bound to."""

    field: str
    many: bool
    tail: bytes


class Shape(msgspec.Struct, frozen=True):
    """The personal fields of one event class, and the decoder of its stored form."""

    places: tuple[Place, ...]
    decoder: msgspec.json.Decoder[Any]


def shape_of(cls: type[Event]) -> Shape:
    """Work out a class's shape. Raises EventShapeError where personal data could lie outside a field that is sealed.

    A personal field is `Personal`, `Personal | None`, or a tuple of any length of `Personal`.
    """
    hints = get_type_hints(cls)
    personal = personal_fields(cls)
    places = []
    for field in cls.__struct_fields__:
        if field in personal:
            places.append(Place(field, _many(cls, field, hints[field]), tail(cls.NAME, field)))
        elif _reaches_personal(hints[field], set()):
            raise EventShapeError(f"{cls.NAME}.{field} holds personal data inside something else: give it a field")
    stored = msgspec.defstruct("Stored", [("header", Header), ("event", cls)], frozen=True, gc=False)
    return Shape(tuple(places), msgspec.json.Decoder(stored))


def _many(cls: type[Event], field: str, hint: object) -> bool:
    parts = set(get_args(hint)) - {NoneType}
    if hint in _PERSONAL or parts <= _PERSONAL:
        return False
    if get_origin(hint) is tuple:
        value, *rest = get_args(hint)
        if rest == [...] and set(get_args(value)) <= _PERSONAL:
            return True
    raise EventShapeError(f"{cls.NAME}.{field} is personal in a way that cannot be sealed: use Personal or a tuple")


def _reaches_personal(hint: object, seen: set[object]) -> bool:
    if hint in _PERSONAL:
        return True
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint not in seen:
        seen.add(hint)
        return any(_reaches_personal(inner, seen) for inner in get_type_hints(hint).values())
    return any(_reaches_personal(part, seen) for part in get_args(hint))


def tail(name: str, field: str) -> bytes:
    """What an event's name and a field add to the data a value is bound to."""
    return _measured(name) + _measured(field)


def bound_to(stream: str, version: int) -> bytes:
    """What a stream and a version add to it.

    The whole is::

        "watchword.seal.1" | version (8) | stream | name | field | index (4) | subject

    with each text led by its length in bytes (4, big-endian), the subject last and without: no two places share it.
    """
    return b"watchword.seal.1" + version.to_bytes(8) + _measured(stream)


@lru_cache(4096)  # replaying a stream, it is the same one each time
def _measured(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4) + data
