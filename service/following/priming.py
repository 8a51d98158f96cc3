"""Priming: what has to be remembered of the log before the place where somebody goes on to read it.

A little is to be known from the first event on; the rest only as far back as the rules' widest window reaches.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.event import EventShapeError, Recorded, with_retired
from domain.rule import RuleBook, RulesAdopted
from projections.triggers import LASTING, NAMES, widest
from service.log import EventLog, Row
from service.sealing import Codec, CorruptEvent

AT_ONCE = 2_000


def recorded(codec: Codec, row: Any) -> Recorded:
    """A row of the log as an event. Raises EventShapeError, CorruptEvent."""
    stream, version, name, stored, position = row
    header, happened = codec.decode(Row(stream, version, name, stored))
    return Recorded(position, stream, version, happened.NAME, header, happened, stored)


def readable(codec: Codec, some: list[Any]) -> list[Recorded]:
    """Rows as events, without those that cannot be read: they were parked when they were met."""
    found = []
    for row in some:
        with contextlib.suppress(EventShapeError, CorruptEvent):
            found.append(recorded(codec, row))
    return found


def rows(log: EventLog, names: tuple[str, ...], *, gt: int, lte: int) -> Iterator[list[Any]]:
    """The rows of these names in a part of the log, in order, some at a time. Raises LogUnavailable."""
    topics = with_retired(names)
    while gt < lte:
        found = log.select_all(gt=gt, lte=lte, topics=topics, limit=AT_ONCE)
        if found:
            yield found
        if len(found) < AT_ONCE:
            return
        gt = found[-1][-1]


def _timed(codec: Codec, some: Iterable[Any]) -> tuple[int, datetime] | None:
    """The first of these rows whose envelope can be read: its position, and when it occurred."""
    for row in some:
        with contextlib.suppress(CorruptEvent):
            return row[-1], codec.header(Row(*row[:4])).occurred_at
    return None


def next_time(log: EventLog, codec: Codec, position: int, *, until: int) -> tuple[int, datetime] | None:
    """The next event from this position on whose time can be read, and that time; None where none is near."""
    for limit in (1, AT_ONCE):
        found = _timed(codec, log.select_all(gt=position - 1, lte=until, limit=limit))
        if found is not None:
            return found
    return None


def last_time(log: EventLog, codec: Codec, position: int) -> datetime | None:
    """When the last event up to this position occurred of which that can be read; None where there is none."""
    step = 1
    while position > 0:
        found = _timed(codec, reversed(log.select_all(gt=max(position - step, 0), lte=position)))
        if found is not None:
            return found[1]
        position, step = position - step, AT_ONCE
    return None


def since(log: EventLog, codec: Codec, moment: datetime, *, until: int) -> int:
    """The last position, at most `until`, before anything that occurred at this moment or later.

    Where damage hides the times it is an earlier one: whoever remembers too much loses nothing.
    """
    low, high = 0, until
    while low < high:
        middle = (low + high + 1) // 2
        found = next_time(log, codec, middle, until=high)
        if found is not None and found[1] < moment:
            low = found[0]
        else:
            high = middle - 1
    return low


def before(log: EventLog, codec: Codec, position: int, book: RuleBook | None = None) -> Iterator[Recorded]:
    """What has to be remembered when one goes on after this position, in the order in which it is to be folded.

    With a book: as far as its windows reach; without, as far as those of the book in force there.
    """
    lasting: list[Recorded] = []
    for some in rows(log, LASTING, gt=0, lte=position):
        lasting += readable(codec, some)
    yield from lasting
    if book is None:
        books = [each.event.book for each in lasting if isinstance(each.event, RulesAdopted)]
        book = books[-1] if books else RuleBook(())
    last = last_time(log, codec, position)
    begin = 0 if last is None else since(log, codec, last - timedelta(minutes=widest(book)), until=position)
    recent = tuple(name for name in NAMES if name not in LASTING)
    for some in rows(log, recent, gt=begin, lte=position):
        yield from readable(codec, some)
