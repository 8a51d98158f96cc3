"""Actions that wait to be done: who asked for what, by when, and whether tier 3 alone may do it.

What was ordinary when it was asked for is tier 3's as soon as anybody on the account is protected: by then the booking
it would be done to may be another than the one it was asked about. It stays in the back office's list all the same, and
nobody there is given it: whoever saw it go would know why.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from domain.action import Action, ActionAttempted, ActionClosed, Route
from domain.event import Personal, Recorded
from domain.protection import ProtectionStarted
from projections.projection import Projection


class Waiting(msgspec.Struct, frozen=True):
    """One accepted action. `request` stands at this version of this stream; who opens it is recorded.

    `route`: as it was when it was asked for; `guarded`: somebody on its account came to be protected since.
    """

    decision_id: str
    action: Action
    route: Route
    account_id: str
    bookings: tuple[str, ...]
    asked_at: datetime
    due_at: datetime
    interaction_id: str
    stream: str
    version: int
    request: Personal
    guarded: bool = False

    def stands(self) -> Route:
        """Whose it is now."""
        return "tier_3" if self.guarded else self.route


class Actions:
    """The actions that wait, by decision."""

    def __init__(self) -> None:
        """Nothing waits."""
        self.waiting: dict[str, Waiting] = {}
        self._of_account: dict[str, set[str]] = {}

    def in_order(self) -> list[Waiting]:
        """What waits, the most urgent first."""
        return sorted(self.waiting.values(), key=lambda each: (each.due_at, each.decision_id))

    def asked(self, recorded: Recorded, attempted: ActionAttempted) -> None:
        """One more, if it was accepted, and not asked again of one that was."""
        if attempted.outcome != "accepted" or attempted.due_at is None or attempted.repeats:
            return
        account_id = recorded.stream.partition(":")[2]
        self._of_account.setdefault(account_id, set()).add(attempted.decision_id)
        self.waiting[attempted.decision_id] = Waiting(
            attempted.decision_id,
            attempted.action,
            attempted.route,
            account_id,
            attempted.bookings,
            recorded.header.occurred_at,
            attempted.due_at,
            recorded.header.interaction,
            recorded.stream,
            recorded.version,
            attempted.request,
        )

    def done(self, decision_id: str) -> None:
        """It waits no more."""
        found = self.waiting.pop(decision_id, None)
        if found is not None:
            self._of_account[found.account_id].discard(decision_id)

    def guarded(self, account_id: str) -> None:
        """Somebody on this account is protected from now on: what waits is tier 3's."""
        for decision_id in self._of_account.get(account_id, ()):
            self.waiting[decision_id] = replace(self.waiting[decision_id], guarded=True)


def _evolve(state: Actions, recorded: Recorded) -> Actions:
    match recorded.event:
        case ActionAttempted() as attempted:
            state.asked(recorded, attempted)
        case ActionClosed(decision_id=decision_id):
            state.done(decision_id)
        case ProtectionStarted():
            state.guarded(recorded.stream.partition(":")[2])
        case _:
            pass
    return state


ACTIONS: Projection[Actions] = Projection(
    (ActionAttempted.NAME, ActionClosed.NAME, ProtectionStarted.NAME), Actions, _evolve
)
