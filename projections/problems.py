"""Problems: every cause that cases share, those that stand longest first, and the escalations that are soon ignored."""

from __future__ import annotations

from domain import problem
from domain.event import Recorded
from domain.problem import (
    EscalationAccepted,
    EscalationAnswered,
    EscalationDeclined,
    EscalationIgnored,
    ProblemClosed,
    ProblemEscalated,
    ProblemOpened,
    ProblemState,
    VictimsJoined,
)
from projections.projection import Projection
from projections.waking import Waking


class Problems:
    """All that are not closed, in the order in which they were opened."""

    def __init__(self) -> None:
        """Start empty."""
        self._states: dict[str, ProblemState] = {}
        self.waking = Waking()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._states)

    def all(self) -> list[ProblemState]:
        """Those that stand longest first."""
        return list(self._states.values())

    def put(self, recorded: Recorded) -> None:
        """Fold one event."""
        key = recorded.stream.partition(":")[2]
        before = self._states.get(key)
        if before is None and not isinstance(recorded.event, ProblemOpened):
            return
        state = problem.evolve(before or ProblemState(), recorded.event, recorded.version)
        if state.closed:
            self._states.pop(key, None)
        else:
            self._states[key] = state
        self.waking.put(key, state.wakes_at())


def _evolve(held: Problems, recorded: Recorded) -> Problems:
    held.put(recorded)
    return held


PROBLEMS: Projection[Problems] = Projection(
    tuple(
        each.NAME
        for each in (
            ProblemOpened,
            VictimsJoined,
            ProblemEscalated,
            EscalationIgnored,
            EscalationAnswered,
            EscalationAccepted,
            EscalationDeclined,
            ProblemClosed,
        )
    ),
    Problems,
    _evolve,
)
