"""Parties: which account each person is on."""

from __future__ import annotations

from domain.event import Recorded
from domain.party import PartyAdded
from projections.projection import Projection


def _evolve(state: dict[str, str], recorded: Recorded) -> dict[str, str]:
    if isinstance(recorded.event, PartyAdded):
        state[recorded.event.party_id] = recorded.stream.partition(":")[2]
    return state


def _begin() -> dict[str, str]:
    return {}


PARTIES: Projection[dict[str, str]] = Projection((PartyAdded.NAME,), _begin, _evolve)
