"""Pages: pieces of known height put one below the other, with what stands at the head and foot of each page.

All is laid out before anything is drawn, so that the first page knows of how many it is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from reportlab.lib.pagesizes import A4

from service.timeline.pdf.ink import GREY, Ink
from service.timeline.pdf.text import BOLD, MONO, PLAIN, Block, Style, printable, wrapped

WIDE, HIGH = A4
LEFT, RIGHT, TOP, BOTTOM = 48.0, 40.0, 58.0, 62.0
INNER = WIDE - LEFT - RIGHT
TALLEST = HIGH - TOP - BOTTOM
_HEAD, _FOOT = Style(PLAIN, 6.8, 8.6, GREY), Style(MONO, 5.8, 7.6, GREY)
_NUMBER = Style(BOLD, 7.5, 9.0)

Draw = Callable[[Ink, float, float], None]


class Piece(NamedTuple):
    """Something of this height that is not parted. `draw(ink, x, y)`: from its upper left corner.

    `head`: what is repeated above it where it begins a page; `mark`: its bookmark, and how deep that is; `keep`: with
    how much after it, in points, it has to be on one page; `fresh`: it begins a page; `position`: of the entry that
    begins here.
    """

    height: float
    draw: Draw
    head: Piece | None = None
    mark: str = ""
    depth: int = 0
    keep: float = 0.0
    fresh: bool = False
    position: int = 0


class Placed(NamedTuple):
    """A piece and how far below the top of its page it stands."""

    piece: Piece
    below: float


class Frame(NamedTuple):
    """What every page has: at its head what it is part of, at its foot the state of the ledger."""

    head: str
    head_right: str
    foot: tuple[str, ...]


def block(text: str, style: Style, *, before: float = 0.0, after: float = 0.0, indent: float = 0.0) -> Piece:
    """A paragraph, with room before and after it."""
    made = wrapped(text, style, INNER - indent)
    return Piece(
        before + made.height + after, lambda ink, x, y: made.draw(ink, x + indent, y - before), keep=style.leading
    )


def heading(text: str, size: float = 11.0, depth: int = 0, *, fresh: bool = False) -> Piece:
    """A heading that the reader's outline has too."""
    made = wrapped(text, Style(BOLD, size, size * 1.35), INNER)
    return Piece(
        made.height + size * 0.9 + 3,
        lambda ink, x, y: made.draw(ink, x, y - size * 0.9),
        mark=text,
        depth=depth,
        keep=48.0,
        fresh=fresh,
    )


def paged(pieces: list[Piece]) -> list[list[Placed]]:
    """The pieces on pages."""
    pages: list[list[Placed]] = [[]]
    below = 0.0
    for at, piece in enumerate(pieces):
        follows = min(piece.keep, pieces[at + 1].height) if piece.keep and at + 1 < len(pieces) else 0.0
        if pages[-1] and (piece.fresh or below + piece.height + follows > TALLEST):
            pages.append([])
            below = 0.0
            if piece.head is not None:
                pages[-1].append(Placed(piece.head, 0.0))
                below = piece.head.height
        pages[-1].append(Placed(piece, below))
        below += piece.height
    return pages


def draw(ink: Ink, pages: list[list[Placed]], frame: Frame) -> None:
    """Draw all pages."""
    for number, page in enumerate(pages, 1):
        _around(ink, frame, number, len(pages))
        for placed in page:
            y = HIGH - TOP - placed.below
            if placed.piece.mark:
                key = f"p{number}-{placed.below:.0f}"
                ink.canvas.bookmarkHorizontal(key, 0, y + 4)
                ink.canvas.addOutlineEntry(printable(placed.piece.mark), key, placed.piece.depth)
            placed.piece.draw(ink, LEFT, y)
        ink.canvas.showPage()


def _around(ink: Ink, frame: Frame, number: int, count: int) -> None:
    ink.rule(LEFT, HIGH - TOP + 12, WIDE - RIGHT, 0.5)
    ink.rule(LEFT, BOTTOM - 10, WIDE - RIGHT, 0.5)
    _one(frame.head, _HEAD).draw(ink, LEFT, HIGH - TOP + 24)
    right = _one(frame.head_right, _HEAD)
    right.draw(ink, WIDE - RIGHT - _wide(right), HIGH - TOP + 24)
    y = BOTTOM - 14
    for line in frame.foot:
        found = _one(line, _FOOT)
        found.draw(ink, LEFT, y)
        y -= _FOOT.leading
    page = _one(f"Page {number} of {count}", _NUMBER)
    page.draw(ink, WIDE - RIGHT - _wide(page), BOTTOM - 14)


def _one(text: str, style: Style) -> Block:
    """A text on one line; what does not fit is left to the page before which it stands in full."""
    made = wrapped(text, style, INNER)
    return made._replace(lines=made.lines[:1])


def _wide(made: Block) -> float:
    return max((run.x + run.width for line in made.lines for run in line), default=0.0)
