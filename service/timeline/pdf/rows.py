"""The entries, row by row: number and exhibit, when (UTC and at the site), who and where, what happened, outcome."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from projections.entry import Entry
from projections.redaction import bar
from service.timeline.pdf.ink import BLACK, GREY, PALE, WHITE, Ink
from service.timeline.pdf.page import INNER, TALLEST, Draw, Piece
from service.timeline.pdf.text import BOLD, PLAIN, Block, Style, width, wrapped

WIDTHS = (42.0, 112.0, 84.0, 168.0)
_GAP, _PAD = 7.0, 3.2
_TITLES = ("Entry", "When (UTC, then local)", "Who, where", "What happened", "Outcome")
_TEXT = Style()
_SMALL = Style(PLAIN, 6.4, 8.2, GREY)
_NUMBER = Style(PLAIN, 6.8, 9.6)
_STRONG = Style(BOLD, 7.5, 9.6)
_HEAD = Style(BOLD, 7.0, 9.0, WHITE)

Columns = tuple[tuple[Block, ...], ...]


def _columns() -> tuple[tuple[float, float], ...]:
    """Where each column begins and how wide its text may be."""
    found, x = [], 0.0
    for wide in (*WIDTHS, INNER - sum(WIDTHS)):
        found.append((x + _PAD, wide - _GAP))
        x += wide
    return tuple(found)


COLUMNS = _columns()


def pieces(entries: tuple[Entry, ...]) -> Iterator[Piece]:
    """The rows, each with the header that is repeated on every page."""
    head = _header()
    day = ""
    first = True
    for number, entry in enumerate(entries):
        if first:
            yield head
            first = False
        mark = "" if entry.at[:10] == day else f"{entry.at[:10]} (UTC)"
        day = entry.at[:10]
        yield from _row(entry, head, mark, shaded=number % 2 == 1)


def _header() -> Piece:
    blocks = tuple((wrapped(title, _HEAD, wide),) for title, (_, wide) in zip(_TITLES, COLUMNS, strict=True))
    height = max(_height(each) for each in blocks) + 2 * _PAD

    def draw(ink: Ink, x: float, y: float) -> None:
        ink.colour(BLACK)
        ink.box(x, y - height, INNER, height)
        _drawn(ink, blocks, x, y)

    return Piece(height, draw, keep=40.0)


def _row(entry: Entry, head: Piece, mark: str, *, shaded: bool) -> Iterator[Piece]:
    """A row, in several pieces where it is higher than a page has room."""
    left = _cells(entry)
    most = TALLEST - head.height - 2 * _PAD
    exhibit, position = entry.exhibit, entry.position
    while left:
        part, left = _parted(left, most)
        height = max(_height(each) for each in part) + 2 * _PAD
        yield Piece(height, _drawing(part, height, exhibit, shaded=shaded), head, mark, 1, position=position)
        mark, exhibit, position = "", 0, 0


def _parted(cells: Columns, most: float) -> tuple[Columns, Columns]:
    """As much of every cell as there is room for, and the rest, none where there is no rest."""
    now: list[tuple[Block, ...]] = []
    later: list[tuple[Block, ...]] = []
    for blocks in cells:
        room = most
        here: list[Block] = []
        rest: list[Block] = []
        for each in blocks:
            fits = 0 if rest else int(room / each.style.leading)
            if fits:
                here.append(each._replace(lines=each.lines[:fits]))
                room -= here[-1].height
            if each.lines[fits:]:
                rest.append(each._replace(lines=each.lines[fits:]))
        now.append(tuple(here))
        later.append(tuple(rest))
    return tuple(now), tuple(later) if any(later) else ()


def _cells(entry: Entry) -> Columns:
    moment = datetime.fromisoformat(entry.at)
    when = [_set(f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}", _TEXT, 1)]
    if entry.local:
        local = datetime.fromisoformat(entry.local)
        when.append(_set(f"{local:%Y-%m-%d %H:%M:%S} {_offset(entry.local)}", _SMALL, 1))
        when.append(_set(entry.zone, _SMALL, 1))
    elif entry.site:
        when.append(_set("no time zone is known for this site", _SMALL, 1))
    who = [_set(entry.who, _TEXT, 2)]
    if entry.site and not entry.who.casefold().endswith(f", {entry.site.casefold()}"):
        who.append(_set(entry.site, _SMALL, 2))
    what = [_set(entry.what, _TEXT, 3)]
    if entry.heard:
        what.append(_set(f"Heard by {'; '.join(entry.heard)}", _SMALL, 3))
    if entry.about and not entry.heard:
        what.append(_set(f"About {', '.join(entry.about)}", _SMALL, 3))
    what += [_set(f"{each.field.replace('_', ' ')}: {each.text}", _SMALL, 3) for each in entry.words]
    if entry.tags:
        what.append(_set(f"Tags: {', '.join(entry.tags)}", _SMALL, 3))
    what += [
        _set(f"Comment of {each.by}, {each.at[:16].replace('T', ' ')}: {each.text}", _SMALL, 3)
        for each in entry.comments
    ]
    others = sorted({each.reason for each in entry.redactions if each.place == "annotations"})
    what += [_set(f"Remarks: {bar(reason)}", _SMALL, 3) for reason in others]
    outcome = [_set(entry.outcome, _TEXT, 4), _set(entry.how, _SMALL, 4)]
    number = [_set(str(entry.position), _NUMBER, 0)]
    if entry.pinned:
        number.append(_set("pinned", _SMALL, 0))
    if entry.exhibit:
        number.insert(0, _set(f"Ex. {entry.exhibit}", _STRONG, 0))
    cells = (number, when, who, what, outcome)
    return tuple(tuple(each for each in cell if each.lines) for cell in cells)


def _offset(local: str) -> str:
    return local[-6:] if local[-6] in "+-" else "+00:00"


def _set(text: str, style: Style, column: int) -> Block:
    return wrapped(text, style, COLUMNS[column][1])


def _height(blocks: tuple[Block, ...]) -> float:
    return sum(each.height for each in blocks)


def _drawing(cells: Columns, height: float, exhibit: int, *, shaded: bool) -> Draw:
    def draw(ink: Ink, x: float, y: float) -> None:
        if shaded:
            ink.colour(PALE)
            ink.box(x, y - height, INNER, height)
        if exhibit:
            wide = width(f"Ex. {exhibit}", BOLD, _STRONG.size) + 5
            ink.frame(x + 1, y - _PAD - _STRONG.leading, wide, _STRONG.leading, 1.0)
        ink.rule(x, y - height, x + INNER, 0.25)
        _drawn(ink, cells, x, y)

    return draw


def _drawn(ink: Ink, cells: Columns, x: float, y: float) -> None:
    for (at, _), blocks in zip(COLUMNS, cells, strict=True):
        below = y - _PAD
        for each in blocks:
            each.draw(ink, x + at, below)
            below -= each.height
