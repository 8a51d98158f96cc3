"""Exports: every bundle that was asked for, what became of it, and which are still to be made."""

from __future__ import annotations

import msgspec

from domain import export
from domain.event import Recorded
from domain.export import ExportState
from projections.projection import Projection


class Listed(msgspec.Struct, frozen=True):
    """An export, and the position it was asked at."""

    export_id: str
    position: int
    state: ExportState


class ExportsKnown:
    """Exports by id, oldest first. What stands under an id is replaced and never changed."""

    def __init__(self) -> None:
        """Begin empty."""
        self.by_id: dict[str, Listed] = {}

    def of(self, incident_id: str) -> list[Listed]:
        """Those of one incident, newest first."""
        return [each for each in reversed(self.by_id.copy().values()) if each.state.incident_id == incident_id]


def _evolve(state: ExportsKnown, recorded: Recorded) -> ExportsKnown:
    export_id = recorded.stream.partition(":")[2]
    before = state.by_id.get(export_id)
    after = export.evolve(ExportState() if before is None else before.state, recorded.event)
    state.by_id[export_id] = Listed(export_id, recorded.position if before is None else before.position, after)
    return state


EXPORTS: Projection[ExportsKnown] = Projection(export.NAMES, ExportsKnown, _evolve)
