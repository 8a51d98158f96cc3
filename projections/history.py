"""History.

Events as an auditor reads them. What is personal is said by whoever shows it: sealed, it names whose it is and shows
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.event import Event, Personal, Plain, Recorded, Sealed

__all__ = ["HistoryEntry", "Said", "entry", "fields", "sealed"]

Said = Callable[[str, int, Personal], Any]
"""What is shown of a personal value, by its field and its place where the field is a tuple."""


class HistoryEntry(msgspec.Struct, frozen=True):
    """One event. `position` is its place in the log, `version` in its stream; times are UTC, ISO 8601."""

    position: int
    stream: str
    version: int
    name: str
    occurred_at: str
    actor: dict[str, Any]
    cause: str
    interaction: str
    policy: int
    event: dict[str, Any]

    def __repr__(self) -> str:
        """Say what happened."""
        return f"HistoryEntry({self.name})"


def sealed(_field: str, _index: int, value: Personal) -> dict[str, Any]:
    """A personal value that is left closed, in the open or not."""
    return {"sealed": value.subject}


def entry(recorded: Recorded, said: Said = sealed) -> HistoryEntry:
    """An event as an entry of the history."""
    header = recorded.header
    return HistoryEntry(
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        name=recorded.name,
        occurred_at=header.occurred_at.isoformat(),
        actor=msgspec.to_builtins(header.actor),
        cause=header.cause,
        interaction=header.interaction,
        policy=header.policy,
        event=fields(recorded.event, said),
    )


def fields(happened: Event, said: Said = sealed) -> dict[str, Any]:
    """The fields of an event, with what is said of those that are personal."""
    return {name: _shown(name, getattr(happened, name), said) for name in happened.__struct_fields__}


def _shown(name: str, value: Any, said: Said) -> Any:
    if isinstance(value, Sealed | Plain):
        return said(name, 0, value)
    if isinstance(value, tuple):
        return [
            said(name, index, each) if isinstance(each, Sealed | Plain) else msgspec.to_builtins(each)
            for index, each in enumerate(value)
        ]
    return msgspec.to_builtins(value)
