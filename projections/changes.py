"""Changes: by which fields two folded states, or two documents, differ, and what stood there before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from domain.document import BookingDocument, differences
from domain.event import Kept
from domain.field_class import FieldClass

__all__ = ["Changed", "Differs", "changed", "differs", "leaves"]


class Changed(msgspec.Struct, frozen=True, gc=False):
    """A field of a state by its path (`protections/<party>/until`); a personal value is a `Kept`; None: not there."""

    path: str
    before: Any
    after: Any


class Differs(msgspec.Struct, frozen=True, gc=False):
    """Something that two documents say differently: class, path, whom it is about, and both values; None: not there."""

    field_class: FieldClass
    path: str
    subjects: tuple[str, ...]
    before: Any
    after: Any

    def __repr__(self) -> str:
        """Say where, and nothing of the values."""
        return f"Differs({self.path})"


def changed(before: msgspec.Struct, after: msgspec.Struct) -> tuple[Changed, ...]:
    """By what the later state differs from the earlier, in the order of their fields."""
    was, found = dict(leaves(before)), dict(leaves(after))
    paths = dict.fromkeys((*was, *found))
    return tuple(Changed(path, was.get(path), found.get(path)) for path in paths if was.get(path) != found.get(path))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a state that has no fields of its own, by its path: plain as JSON has it, or a `Kept`."""
    if isinstance(value, Kept):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from leaves(getattr(value, name), f"{path}/{name}" if path else name)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from leaves(each, f"{path}/{name}")
    elif isinstance(value, tuple) and any(isinstance(each, msgspec.Struct) for each in value):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}/{index}")
    elif isinstance(value, frozenset):
        yield path, sorted(value)
    else:
        yield path, value.isoformat() if isinstance(value, datetime) else msgspec.to_builtins(value)


def differs(before: BookingDocument | None, after: BookingDocument | None) -> tuple[Differs, ...]:
    """By what the later document differs from the earlier. Against none, everything that is said differs."""
    source = next((each.source for each in (before, after) if each is not None), "")
    one, other = (each or BookingDocument(source=source) for each in (before, after))
    found = (
        Differs(each.field_class, each.path, each.subjects, _at(one, each.path), _at(other, each.path))
        for each in differences(one, other)
    )
    return tuple(each for each in found if not each.path.endswith("/subjects"))


def _at(document: BookingDocument, path: str) -> Any:
    """What a document says at a path of `differences`: the status, an item, or a field of one."""
    name, *rest = path.split("/")
    found: Any = getattr(document, name)
    if rest:
        index = int(rest[0])
        if index >= len(found):
            return None
        found = found[index] if len(rest) == 1 else getattr(found[index], rest[1])
    return msgspec.to_builtins(found)
