"""Verifying: the whole log against its tiles, and the tiles against what was signed.

    signed root -> partial tiles -> full tiles, level by level -> leaves -- compared with --> every row of the log

Where the tiles lead to the root, the first row that is not the one it was is named. Where somebody changed the tiles
too, the rows are held against every checkpoint that was published, which names it as far as these are apart.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from projections.ledger import HASH, WIDTH, Edge, Row, leaf, leaves, top
from service.ledger.note import Checkpoint
from service.ledger.published import Line
from service.ledger.store import Store
from service.ledger.tree import Tree
from service.ledger.trust import Trust
from service.log.errors import LogUnavailable
from service.log.reading import Reader

__all__ = ["Report", "verify"]

TILES = 16  # read at once
CHUNK = TILES * WIDTH
BEFORE_ALL = -sys.maxsize - 1

UNREADABLE = (AttributeError, TypeError, UnicodeError, struct.error)  # a row with values of another kind


class Report(msgspec.Struct, frozen=True, omit_defaults=False):
    """What came of it. `size`: events that the checkpoint covers; `uncovered`: later ones, not signed yet.

    Where it is not `sound`: the first bad position lies from `first` to `last`, mostly one and the same; `finding` says
    what is wrong there.
    """

    sound: bool
    size: int
    uncovered: int = 0
    first: int | None = None
    last: int | None = None
    finding: str = ""


class _Bad(Exception):
    """What was found, and between which positions."""

    def __init__(self, finding: str, first: int, last: int | None = None) -> None:
        super().__init__(finding)
        self.finding, self.first, self.last = finding, first, last or first


def verify(
    log: Reader,
    store: Store,
    anchors: Sequence[Checkpoint],
    lines: Callable[[], Iterable[Line]],
    told: Callable[[int], None] = lambda _: None,
) -> Report:
    """Read everything, and say what is wrong first. `anchors`: checkpoints whose signatures were found good.

    `lines`: those that were published, oldest first, for when the tiles cannot be trusted. `told` is given the position
    reached. Raises LogUnavailable.
    """
    newest = max(anchors, key=lambda each: each.size)
    trust = Trust(store, newest.size, newest.root)
    try:
        uncovered = _rows(log, store, trust, newest.size, told)
        tree = Tree(store)
        for each in anchors:
            if tree.root(each.size) != each.root:
                raise _Bad("another root than a checkpoint that was signed", 1, each.size)  # noqa: TRY301 - one way out
    except _Bad as bad:
        if bad.last != bad.first:
            bad = _closer(log, bad, anchors, lines)
        return Report(sound=False, size=newest.size, first=bad.first, last=bad.last, finding=bad.finding)
    return Report(sound=True, size=newest.size, uncovered=uncovered)


def _rows(log: Reader, store: Store, trust: Trust, size: int, told: Callable[[int], None]) -> int:
    """Every row against the tiles. Returns how many are not covered yet. Raises _Bad."""
    position, changed = 0, []
    for rows in _read(log):
        covered = rows[: max(0, size - position)]
        if covered:
            stored = store.tiles(0, position // WIDTH, (position + len(covered) - 1) // WIDTH)
            for at in range(0, len(covered), WIDTH):
                number = (position + at) // WIDTH
                if not _tile(covered[at : at + WIDTH], number, trust, stored.get(number, b"")):
                    changed.append(number)
        position += len(rows)
        told(min(position, size))
    if position < size:
        raise _Bad("the log ends before it: events are missing", position + 1)
    if changed:
        raise _Bad("the tiles are not those that were signed", changed[0] * WIDTH + 1, (changed[-1] + 1) * WIDTH)
    return position - size


def _read(log: Reader) -> Iterator[list[Row]]:
    """The rows, whole tiles at a time, each at the position where it has to be. Raises _Bad."""
    position, after = 0, BEFORE_ALL
    while True:
        try:
            rows = log.section(gt=after, limit=CHUNK)
        except LogUnavailable:
            rows = _one_by_one(log, after, position)
        if not rows:
            return
        if (rows[0][4], rows[-1][4]) != (position + 1, position + len(rows)):
            wrong = next(n for n, row in enumerate(rows, position + 1) if row[4] != n)
            found = rows[wrong - position - 1][4]
            if rows[: wrong - position - 1]:
                yield rows[: wrong - position - 1]
            raise _Bad("a row where none belongs", found) if found < wrong else _Bad("the event is missing", wrong)
        yield rows
        position, after = position + len(rows), rows[-1][4]


def _one_by_one(log: Reader, after: int, position: int) -> list[Row]:
    """The rows up to one that cannot be read. Raises _Bad if that is the first, LogUnavailable if nothing can be."""
    log.last_position()
    rows: list[Row] = []
    while len(rows) < CHUNK:
        try:
            found = log.section(gt=rows[-1][4] if rows else after, limit=1)
        except LogUnavailable:
            if not rows:
                raise _Bad("the row cannot be read", position + 1) from None
            break
        if not found:
            break
        rows += found
    return rows


def _hashes(rows: Sequence[Row]) -> bytes:
    try:
        return leaves(rows)
    except UNREADABLE:
        for row in rows:
            try:
                leaf(*row[:4])
            except UNREADABLE:
                raise _Bad("the row holds values of another kind", row[4]) from None
        raise


def _tile(rows: Sequence[Row], number: int, trust: Trust, stored: bytes) -> bool:
    """The rows of one tile. Whether the tile is as it was, too. Raises _Bad."""
    try:
        found = _hashes(rows)
    except _Bad as bad:
        found = _hashes(rows[: (bad.first - 1) % WIDTH])
        wanted = trust.tile(0, number, stored)
        if wanted is None or found == wanted[: len(found)]:
            raise
        _compared(found, wanted, number)
    wanted = trust.tile(0, number, stored)
    if wanted is not None:
        # Equal as far as there are rows: a log that ends too early is told of at its end.
        if found != wanted[: len(found)]:
            _compared(found, wanted, number)
        return True
    if len(found) == WIDTH * HASH and top(found) == trust.over(0, number):
        return False
    first, last = trust.block(number)
    if (first, last) == (number * WIDTH + 1, (number + 1) * WIDTH):
        raise _Bad("an event, and the tile of its hash, are not those that were signed", first, last)
    raise _Bad("the tiles are not those that were signed, nor are all events", first, last)


def _compared(found: bytes, wanted: bytes, number: int) -> None:
    """Name the first row whose leaf is another. Raises _Bad."""
    ours = [found[at : at + HASH] for at in range(0, len(found), HASH)]
    theirs = [wanted[at : at + HASH] for at in range(0, len(wanted), HASH)]
    at = next(at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other)
    up, down = theirs[at + 1 : at + 2] == [ours[at]], ours[at + 1 : at + 2] == [theirs[at]]
    finding = "the event is not the one that was signed"
    if up and down:
        finding = "the event and the next one were put in each other's place"
    elif up:
        finding = "the event is missing: the next one stands in its place"
    elif down:
        finding = "an event was put in: the one that belongs here is the next one"
    elif ours[at] in theirs:
        finding = f"the event of position {number * WIDTH + theirs.index(ours[at]) + 1} stands here"
    raise _Bad(finding, number * WIDTH + at + 1)


def _closer(log: Reader, bad: _Bad, anchors: Sequence[Checkpoint], lines: Callable[[], Iterable[Line]]) -> _Bad:
    """The rows alone against every checkpoint that was published: the bad one lies behind the last that holds.

    Where they all hold it is the tiles that were changed, and the log is what was signed.
    """
    roots: dict[int, set[bytes]] = {}
    for each in (*anchors, *(line.checkpoint for line in lines())):
        roots.setdefault(each.size, set()).add(each.root)
    edge, held = Edge(), 0
    rows = (row for some in _read(log) for row in some)
    try:
        for size in sorted(roots):
            while edge.size < size:
                some = list(islice(rows, min(CHUNK, size - edge.size)))
                if not some:
                    return _Bad("the log ends before it: events are missing", edge.size + 1)
                edge.grow(_hashes(some))
            if roots[size] != {edge.root()}:
                return _Bad(bad.finding, max(held + 1, bad.first), min(size, bad.last))
            held = size
    except _Bad as worse:
        return worse
    return _Bad(
        "the tiles are not those that were signed, and the log is: `watchword ledger rebuild`", bad.first, bad.last
    )
