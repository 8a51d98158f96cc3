"""Differences: by what paths, and in what field classes, two documents say different things. Never a value."""

from __future__ import annotations

import msgspec

from domain.document import BookingDocument, differences
from domain.field_class import FieldClass

__all__ = ["Differing", "between"]


class Differing(msgspec.Struct, frozen=True, gc=False):
    """Something that two documents say differently: its field class and its path (`segments/0/origin`)."""

    field_class: FieldClass
    path: str


def between(one: BookingDocument, other: BookingDocument | None) -> tuple[Differing, ...]:
    """By what these two differ, in the order of the model. Against nothing, everything that is said differs."""
    other = BookingDocument(source=one.source) if other is None else other
    return tuple(dict.fromkeys(Differing(each.field_class, each.path) for each in differences(one, other)))
