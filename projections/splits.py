"""Splits: every declared split by its booking, as its checks stand, for the lists of those that are open or overdue."""

from __future__ import annotations

from domain import split
from domain.event import Recorded
from domain.split import BookingDiffered, CheckClosed, CheckFailed, Split, SplitDeclared
from projections.projection import Projection

__all__ = ["SPLITS"]


def _evolve(splits: dict[str, Split], recorded: Recorded) -> dict[str, Split]:
    booking_id, at = recorded.stream.partition(":")[2], recorded.header.occurred_at
    match recorded.event:
        case SplitDeclared() as happened:
            splits[booking_id] = split.declared(happened, at)
        case CheckClosed() | CheckFailed() | BookingDiffered() as happened if booking_id in splits:
            splits[booking_id] = split.evolve(splits[booking_id], happened, at)
        case _:
            pass
    return splits


SPLITS: Projection[dict[str, Split]] = Projection(
    (SplitDeclared.NAME, CheckClosed.NAME, CheckFailed.NAME, BookingDiffered.NAME), dict, _evolve
)
