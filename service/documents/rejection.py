"""Rejection: why a document was not taken, and the limits that every document has to keep."""

from __future__ import annotations

import msgspec

__all__ = ["DocumentRejected", "Limits"]


class DocumentRejected(Exception):
    """A document that was refused. Nothing of it was recorded.

    `place` says where (an element's path and line, or a JSON pointer), `reason` what is wrong there, `hint` what to do.
    None of them ever holds a value of the document.
    """

    def __init__(self, place: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{place}: {reason}" + (f"; {hint}" if hint else ""))
        self.place = place
        self.reason = reason
        self.hint = hint


class Limits(msgspec.Struct, frozen=True, gc=False):
    """How much of a document is read. `size` in bytes of UTF-8; `nodes` and `depth` of elements or JSON values.

    A PNR holds at most 99 names, in every GDS.
    """

    size: int = 1024 * 1024
    nodes: int = 20_000
    depth: int = 32
    travellers: int = 99
    segments: int = 198
    items: int = 2_000
