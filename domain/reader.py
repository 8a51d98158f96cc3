"""Readers of the record: what somebody looked up of what was decided, kept with the reader, whoever it was about.

It is kept alike whether there is such a decision or not: whoever may not know that must not find it out by what it
leaves behind.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, event

Told = Literal["line", "reason", "whole"]


class ReaderState(msgspec.Struct, frozen=True, gc=False):
    """What is kept of one reader: how often something was looked up."""

    read: int = 0


@event
class DecisionRead(Event, frozen=True, kw_only=True):
    """Somebody asked about a decision. `told`: the line alone, the reason too, or the rules and what they judged on.

    `unsealing_id`: under which something of it was opened, "" for none.
    """

    NAME: ClassVar[str] = "decision.read.v1"
    decision_id: str
    told: Told
    unsealing_id: str = ""


def stream(subject: str) -> str:
    """The stream of this reader, by the subject of the token."""
    return f"reader:{subject}"


def evolve(state: ReaderState, happened: Event) -> ReaderState:
    """Fold one event."""
    return replace(state, read=state.read + 1) if isinstance(happened, DecisionRead) else state
