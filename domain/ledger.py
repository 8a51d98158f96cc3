"""The ledger: that somebody read the record as it is stored, by entry bundles, is on record too."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from domain.event import Event, event

STREAM = "ledger:log"


class LedgerState(msgspec.Struct, frozen=True, gc=False):
    """How often entries were read."""

    read: int = 0


@event
class EntriesRead(Event, frozen=True, kw_only=True):
    """Somebody was given the stored bytes of `count` events, from position `first` on."""

    NAME: ClassVar[str] = "entries.read.v1"
    first: int
    count: int


def evolve(state: LedgerState, happened: Event) -> LedgerState:
    """Fold one event."""
    return LedgerState(state.read + 1) if isinstance(happened, EntriesRead) else state
