"""Unsealings: every one that was asked for, as those see it who answer them. Words stay sealed."""

from __future__ import annotations

import msgspec

from domain import unsealing
from domain.event import Recorded
from domain.incident import IncidentOpened
from domain.unsealing import (
    UnsealingApproved,
    UnsealingAsked,
    UnsealingEnded,
    UnsealingRefused,
    UnsealingState,
    UnsealingUsed,
)
from projections.projection import Projection


class Listed(msgspec.Struct, frozen=True):
    """An unsealing and the position it was asked for at."""

    position: int
    state: UnsealingState


class Unsealings:
    """Unsealings by id, oldest first; and whom an incident is about, where that is an agent.

    What stands under an id is replaced and never changed: a reader may go on with what it was given.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.by_id: dict[str, Listed] = {}
        self.about: dict[str, str] = {}


def _evolve(state: Unsealings, recorded: Recorded) -> Unsealings:
    match recorded.event:
        case IncidentOpened(incident_id=incident_id, agent=agent) if agent:
            state.about[incident_id] = agent
        case UnsealingAsked(unsealing_id=unsealing_id):
            asked = unsealing.evolve(UnsealingState(), recorded.event, recorded.version)
            state.by_id[unsealing_id] = Listed(recorded.position, asked)
        case (
            UnsealingApproved(unsealing_id=unsealing_id)
            | UnsealingRefused(unsealing_id=unsealing_id)
            | UnsealingEnded(unsealing_id=unsealing_id)
            | UnsealingUsed(unsealing_id=unsealing_id)
        ) if unsealing_id in state.by_id:
            before = state.by_id[unsealing_id]
            after = unsealing.evolve(before.state, recorded.event, recorded.version)
            state.by_id[unsealing_id] = Listed(before.position, after)
        case _:
            pass
    return state


NAMES = (
    IncidentOpened.NAME,
    UnsealingAsked.NAME,
    UnsealingApproved.NAME,
    UnsealingRefused.NAME,
    UnsealingEnded.NAME,
    UnsealingUsed.NAME,
)
UNSEALINGS: Projection[Unsealings] = Projection(NAMES, Unsealings, _evolve)
