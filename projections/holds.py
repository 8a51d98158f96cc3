"""Holds: every legal hold there ever was, and which of them cover somebody at an instant."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec

from domain import hold
from domain.event import Recorded
from domain.hold import HoldExtended, HoldLifted, HoldPlaced, HoldState
from projections.projection import Projection


class Held(msgspec.Struct, frozen=True):
    """A hold and the position it was placed at."""

    position: int
    state: HoldState


Holds = dict[str, Held]


def _evolve(state: Holds, recorded: Recorded) -> Holds:
    match recorded.event:
        case HoldPlaced(hold_id=hold_id):
            state[hold_id] = Held(recorded.position, hold.evolve(HoldState(), recorded.event, recorded.version))
        case HoldExtended(hold_id=hold_id) | HoldLifted(hold_id=hold_id) if hold_id in state:
            before = state[hold_id]
            state[hold_id] = Held(before.position, hold.evolve(before.state, recorded.event, recorded.version))
        case _:
            pass
    return state


def _begin() -> Holds:
    return {}


HOLDS: Projection[Holds] = Projection((HoldPlaced.NAME, HoldExtended.NAME, HoldLifted.NAME), _begin, _evolve)


def covering(holds: Holds, ids: Collection[str], incidents: Collection[str], at: datetime) -> list[HoldState]:
    """Those that stand at this instant and cover one of these ids, or are about one of these incidents; oldest first.

    `ids`: a party's and its account's, so that a hold on an account covers everybody on it.
    """
    return [each.state for each in list(holds.values()) if each.state.stands(at) and each.state.covers(ids, incidents)]
