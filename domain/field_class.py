"""Field classes: the eight kinds of thing that a booking says, each decided by itself.

Their order is fixed for ever: bit masks in compiled policies and in recorded decisions are made of it.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ALL_CLASSES", "FieldClass"]


class FieldClass(StrEnum):
    """What a field says about people. The value is its letter, `index` is 0 to 7, `bit` is `1 << index`."""

    E = "E"
    """Existence: that there is such a booking at all."""
    I = "I"  # noqa: E741 - the letter is the word of the field
    """Itinerary: where, when, on what, in which seat."""
    L = "L"
    """Linkage: locators, tickets, cross references, loyalty numbers."""
    C = "C"
    """Contact: telephone, email, address."""
    P = "P"
    """Companions: who travels."""
    F = "F"
    """Payment: amounts, forms of payment, conditions that have a price."""
    D = "D"
    """Identity documents: passports, dates of birth."""
    N = "N"
    """Notes and reasons: remarks, service requests, whatever an importer could not place."""

    index: int  # type: ignore[assignment]  # shadows str.index on purpose: nobody searches a letter for a letter
    bit: int

    def __init__(self, *_: object) -> None:
        """Number the members in the order of declaration."""
        self.index = len(type(self).__members__)
        self.bit = 1 << self.index


ALL_CLASSES: tuple[FieldClass, ...] = tuple(FieldClass)
