"""Overrides that wait: for somebody's answer, to expire, or for their review, with their age; the overdue first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from domain import override
from domain.event import Recorded
from domain.override import (
    ASKED_LASTS,
    Happened,
    Override,
    OverrideApproved,
    OverrideAsked,
    OverrideRefused,
    OverrideReviewed,
)
from projections.projection import Projection

ANSWERED_WITHIN = timedelta(minutes=10)

_KEPT = 2 * ASKED_LASTS  # what has lapsed, for as long as another replica's clock may be behind


class Overrides:
    """Overrides by account, as its own state has them, without those that nobody answered."""

    def __init__(self) -> None:
        """Know none."""
        self.known: dict[str, Mapping[str, Override]] = {}
        self._asked: deque[tuple[datetime, str, str]] = deque()  # when, on which account, which

    def __len__(self) -> int:
        """How many there are."""
        return sum(map(len, self.known.values()))

    def evolve(self, account_id: str, happened: Happened, version: int) -> None:
        """Fold one event, and forget what has lapsed by then."""
        self._keep(account_id, override.evolve(self.known.get(account_id, {}), happened, version))
        if isinstance(happened, OverrideAsked):
            self._asked.append((happened.asked_at, account_id, happened.override_id))
            while self._asked[0][0] + _KEPT <= happened.asked_at:
                _, other, lapsed = self._asked.popleft()
                of_account = self.known.get(other, {})
                if lapsed in of_account and of_account[lapsed].until is None:
                    self._keep(other, {each: kept for each, kept in of_account.items() if each != lapsed})

    def _keep(self, account_id: str, overrides: Mapping[str, Override]) -> None:
        if overrides:
            self.known[account_id] = overrides
        else:
            self.known.pop(account_id, None)


class Waiting(msgspec.Struct, frozen=True):
    """One override that waits. `since`: when it was asked for, or once approved, when it expires."""

    account_id: str
    override: Override
    since: datetime
    overdue: bool


def _evolve(state: Overrides, recorded: Recorded) -> Overrides:
    happened = recorded.event
    if not isinstance(happened, OverrideAsked | OverrideApproved | OverrideRefused | OverrideReviewed):
        return state
    state.evolve(recorded.stream.partition(":")[2], happened, recorded.version)
    return state


OVERRIDES: Projection[Overrides] = Projection(
    (OverrideAsked.NAME, OverrideApproved.NAME, OverrideRefused.NAME, OverrideReviewed.NAME), Overrides, _evolve
)


def unanswered(state: Overrides, now: datetime) -> list[Waiting]:
    """Those that somebody has to approve or refuse; the overdue first, then the oldest."""
    return _sorted(
        Waiting(account_id, each, each.asked_at, now >= each.asked_at + ANSWERED_WITHIN)
        for account_id, each in _all(state)
        if each.waiting(now)
    )


def unreviewed(state: Overrides, now: datetime) -> list[Waiting]:
    """Those that were approved and that nobody has reviewed, expired or not; the overdue first, then the oldest."""
    return _sorted(
        Waiting(account_id, each, each.until, each.overdue(now))
        for account_id, each in _all(state)
        if each.until is not None
    )


def still_open(state: Overrides, now: datetime) -> list[Waiting]:
    """Those that wait for an answer, and those that are in force; the overdue first, then the oldest."""
    in_force = [each for each in unreviewed(state, now) if each.override.active(now)]
    return _sorted([*unanswered(state, now), *in_force])


def _all(state: Overrides) -> Iterator[tuple[str, Override]]:
    for account_id, known in state.known.copy().items():  # folded in another thread
        for each in known.values():
            yield account_id, each


def _sorted(found: Iterator[Waiting] | list[Waiting]) -> list[Waiting]:
    return sorted(found, key=lambda each: (not each.overdue, each.since, each.override.override_id))
