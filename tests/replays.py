"""The record made again, for tests: a log read whole, and replayed from memory as it is or as somebody altered it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from domain.event import Event, Recorded
from domain.policy import PolicyTable
from projections.replaying import DECISIONS, Divergence, Fault, Made, Replay
from projections.supposing import Change, supposed
from service.log import EventLog
from service.sealing import Decoder


def recorded(url: str) -> list[Recorded]:
    """Every event there is, in the order of the log."""
    decoder = Decoder()
    with EventLog(url) as log:
        return [decoder.recorded(each) for each in log.read_all(limit=1_000_000)]


def altered(record: Sequence[Recorded], position: int, **fields: Any) -> list[Recorded]:
    """The same with these fields of one event changed; `header` holds fields of its header."""
    header = fields.pop("header", {})

    def changed(each: Recorded) -> Recorded:
        event: Event = replace(each.event, **fields)
        return replace(each, event=event, header=replace(each.header, **header))

    return [changed(each) if each.position == position else each for each in record]


class Replayed:
    """What came of a replay."""

    def __init__(self, record: Iterable[Recorded], table: PolicyTable | None = None, most: int = 20_000) -> None:
        known = list(record)
        replay = Replay(lambda stream, upto: [r for r in known if r.stream == stream and r.position < upto], most)
        self.made: list[Made] = []
        self.faults: list[Fault] = []
        self.changes: list[Change] = []
        for each in known:
            if type(each.event) in DECISIONS:
                made = replay.made(each)
                self.made.append(made)
                if table is not None and not made.differs and hasattr(each.event, "judged_at"):
                    change = supposed(replay, made, table)
                    self.changes += [] if change is None else [change]
            fault = replay.fold(each)
            self.faults += [] if fault is None else [fault]
        self.loads = replay.past.loads

    @property
    def divergences(self) -> list[Divergence]:
        """The decisions that came out otherwise."""
        return [found for each in self.made if (found := each.divergence()) is not None]
