"""Clearances: what was confirmed by others, granted by judgement and signalled in one contact, as authority reads it.

What somebody outside said yes to, and what was granted, was about the account the contact was bound to then: bound
anew, whatever to, it counts no more. A safety signal is about whoever is on the line, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, event

What = Literal["confirmation", "judgement", "signal"]

MOST_SIGNALS = 32


class Cleared(msgspec.Struct, frozen=True, gc=False):
    """A confirmation by an outside party, or a judgement by a person of a tier ("tier-2"), of one action."""

    action: str
    by: str
    at: datetime
    amount_class: str = ""


class Clearances(msgspec.Struct, frozen=True, gc=False):
    """What stands in one contact. `binding`: the number of the binding that what is cleared was about.

    `signals`: kinds of safety signal by id, the latest few.
    """

    binding: int = 0
    confirmed: tuple[Cleared, ...] = ()
    granted: tuple[Cleared, ...] = ()
    signals: Mapping[str, str] = {}

    def confirmations(self, action: str, binding: int) -> Mapping[str, datetime]:
        """Which outside parties said yes to this action for the account bound now, and when."""
        if binding != self.binding:
            return {}
        return {each.by: each.at for each in self.confirmed if each.action == action}

    def judged(self, tier: int, binding: int) -> frozenset[tuple[str, str]]:
        """What a person of this tier has granted for the account bound now: actions with their amount class."""
        if binding != self.binding:
            return frozenset()
        return frozenset((each.action, each.amount_class) for each in self.granted if each.by == of_tier(tier))


@event
class ClearanceNoted(Event, frozen=True, kw_only=True):
    """Authority has more to go by in this contact. `id`: of the confirmation, judgement or signal it was.

    `by`: the outside party, the tier that judged, or the kind of the signal; `binding`: see `Clearances`.
    """

    NAME: ClassVar[str] = "clearance.noted.v1"
    what: What
    id: str
    by: str
    at: datetime
    binding: int
    action: str = ""
    amount_class: str = ""


def evolve(state: Clearances, noted: ClearanceNoted) -> Clearances:
    """Fold one event."""
    if noted.what == "signal":
        known = {**state.signals, noted.id: noted.by}
        return replace(state, signals=dict(list(known.items())[-MOST_SIGNALS:]))
    if noted.binding != state.binding:
        state = replace(state, binding=noted.binding, confirmed=(), granted=())
    new = Cleared(noted.action, noted.by, noted.at, noted.amount_class)
    if noted.what == "confirmation":
        return replace(state, confirmed=_with(state.confirmed, new))
    return replace(state, granted=_with(state.granted, new))


def _with(known: tuple[Cleared, ...], new: Cleared) -> tuple[Cleared, ...]:
    return (*(each for each in known if _what(each) != _what(new)), new)


def _what(cleared: Cleared) -> tuple[str, str, str]:
    return cleared.action, cleared.by, cleared.amount_class


def of_tier(tier: int) -> str:
    """How a tier is named as the one that judged."""
    return f"tier-{tier}"
