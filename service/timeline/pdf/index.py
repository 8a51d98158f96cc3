"""The index of exhibits: by number, at which entry each is and on which page of this document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from projections.entry import ExhibitLine
from service.timeline.pdf.ink import Ink
from service.timeline.pdf.page import INNER, Piece
from service.timeline.pdf.text import BOLD, PLAIN, Style, wrapped

_COLUMNS = 3
_NAME, _TEXT = Style(BOLD, 7.5, 11.0), Style(PLAIN, 7.5, 11.0)
_WIDE = INNER / _COLUMNS
_NAME_WIDE = 42.0


def pieces(exhibits: tuple[ExhibitLine, ...], pages: Mapping[int, int]) -> Iterator[Piece]:
    """Rows of the index. `pages`: the page of each position, filled in before anything is drawn."""
    for at in range(0, len(exhibits), _COLUMNS):
        yield _row(exhibits[at : at + _COLUMNS], pages)


def _row(some: tuple[ExhibitLine, ...], pages: Mapping[int, int]) -> Piece:
    def draw(ink: Ink, x: float, y: float) -> None:
        for number, each in enumerate(some):
            wrapped(f"Ex. {each.number}", _NAME, _NAME_WIDE).draw(ink, x + number * _WIDE, y)
            where = "withdrawn" if each.withdrawn else f"page {pages[each.position]}"
            wrapped(f"entry {each.position}, {where}", _TEXT, _WIDE - _NAME_WIDE).draw(
                ink, x + number * _WIDE + _NAME_WIDE, y
            )

    return Piece(_TEXT.leading, draw)
