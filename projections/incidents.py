"""Incidents: every one there is, as those see it who answer for it. The words of its end stay sealed."""

from __future__ import annotations

import msgspec

from domain import incident
from domain.event import Recorded
from domain.follower import EventParked
from domain.incident import IncidentClosed, IncidentJoined, IncidentOpened, IncidentState
from projections.projection import Projection


class Listed(msgspec.Struct, frozen=True):
    """An incident and the position it was opened at."""

    incident_id: str
    position: int
    state: IncidentState


class Incidents:
    """Incidents by id, oldest first, and how many events the rules could not judge.

    What stands under an id is replaced and never changed: a reader may go on with what it was given.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.by_id: dict[str, Listed] = {}
        self.parked = 0


def _evolve(state: Incidents, recorded: Recorded) -> Incidents:
    match recorded.event:
        case IncidentOpened(incident_id=incident_id):
            opened = incident.evolve(IncidentState(), recorded.event)
            state.by_id[incident_id] = Listed(incident_id, recorded.position, opened)
        case IncidentJoined(incident_id=incident_id) | IncidentClosed(incident_id=incident_id):
            before = state.by_id.get(incident_id)
            if before is None:
                return state  # its opening is damaged; whatever else was found about it is parked, and counted so
            after = incident.evolve(before.state, recorded.event)
            state.by_id[incident_id] = Listed(incident_id, before.position, after)
        case EventParked():
            state.parked += 1
        case _:
            pass
    return state


NAMES = (IncidentOpened.NAME, IncidentJoined.NAME, IncidentClosed.NAME, EventParked.NAME)
INCIDENTS: Projection[Incidents] = Projection(NAMES, Incidents, _evolve)
