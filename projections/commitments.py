"""Commitments: those that are not over, by who has to do with them, and which of them the clock has to look at.

What is over is left out: it stays in the log, and need not stay in memory.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain import commitment
from domain.commitment import (
    LAST_TIER,
    OVER,
    CommitmentAccepted,
    CommitmentAnswered,
    CommitmentBroken,
    CommitmentClimbed,
    CommitmentDeclined,
    CommitmentMade,
    CommitmentReminded,
    CommitmentState,
    CommitmentStood,
    CommitmentUnaccepted,
)
from domain.event import Actor, Recorded
from projections.projection import Projection
from projections.waking import Waking

Which = Literal["open", "due", "broken", "executive"]

_LAST = "@last"  # in the index: whatever stands at the last tier


class Row(msgspec.Struct, frozen=True, gc=False):
    """One commitment, and when it was made."""

    state: CommitmentState
    made_at: datetime

    def is_now(self, which: Which, now: datetime) -> bool:
        """Whether it is to be found under this word. All are open; "due": its reminder or more has come due."""
        state = self.state
        match which:
            case "open":
                return True
            case "due":
                return state.status == "open" and (state.reminded or (state.wakes_at() or now) <= now)
            case "broken":
                return state.broken > 0
            case "executive":
                return state.status == "executive"


class Commitments:
    """All that are not over."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[str, Row] = {}
        self._near: dict[str, dict[str, None]] = {}
        self.waking = Waking()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    def get(self, commitment_id: str) -> Row | None:
        """One of them."""
        return self._rows.get(commitment_id)

    def of(self, actor: Actor, queues: tuple[str, ...]) -> list[Row]:
        """What an agent of these queues may have to do with; `acceptance.concerns` says what he sees. Others: all."""
        if actor.role != "agent":
            return list(self._rows.values())
        names = [actor.subject, *queues]
        if actor.tier >= LAST_TIER:
            names.append(_LAST)
        ids = dict.fromkeys(key for name in names for key in list(self._near.get(name, ())))
        return [row for key in ids if (row := self._rows.get(key)) is not None]

    def put(self, key: str, row: Row) -> None:
        """Hold what one is now."""
        before = self._rows.get(key)
        over = row.state.status in OVER
        was, becomes = _names(before), frozenset() if over else _names(row)
        for name in was - becomes:
            self._near[name].pop(key, None)
            if not self._near[name]:
                del self._near[name]
        for name in becomes - was:
            self._near.setdefault(name, {})[key] = None
        if over:
            self._rows.pop(key, None)
        else:
            self._rows[key] = row
        self.waking.put(key, row.state.wakes_at())


def _names(row: Row | None) -> frozenset[str]:
    if row is None:
        return frozenset()
    state = row.state
    last = {_LAST} if state.tier >= LAST_TIER else set()
    return frozenset({state.owner, state.raised_by, state.made_to} | last)


def _evolve(held: Commitments, recorded: Recorded) -> Commitments:
    key = recorded.stream.partition(":")[2]
    row = held.get(key)
    if row is None:
        if not isinstance(recorded.event, CommitmentMade):
            return held  # said of one that is over
        row = Row(CommitmentState(), recorded.header.occurred_at)
    held.put(key, Row(commitment.evolve(row.state, recorded.event, recorded.version), row.made_at))
    return held


COMMITMENTS: Projection[Commitments] = Projection(
    tuple(
        each.NAME
        for each in (
            CommitmentMade,
            CommitmentReminded,
            CommitmentAnswered,
            CommitmentAccepted,
            CommitmentDeclined,
            CommitmentUnaccepted,
            CommitmentBroken,
            CommitmentClimbed,
            CommitmentStood,
        )
    ),
    Commitments,
    _evolve,
)
