"""History.

An account's events as an auditor reads them. What is personal stays sealed: it names whose it is and shows nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from domain.event import Plain, Recorded, Sealed


class HistoryEntry(msgspec.Struct, frozen=True):
    """One event. `version` is its place in the account's stream; times are UTC, ISO 8601."""

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


def entry(recorded: Recorded) -> HistoryEntry:
    """An event as an entry of the history."""
    header = recorded.header
    return HistoryEntry(
        version=recorded.version,
        name=recorded.name,
        occurred_at=header.occurred_at.isoformat(),
        actor=msgspec.to_builtins(header.actor),
        cause=header.cause,
        interaction=header.interaction,
        policy=header.policy,
        event={name: _closed(getattr(recorded.event, name)) for name in recorded.event.__struct_fields__},
    )


def _closed(value: Any) -> Any:
    """A value with everything personal left closed, in the open or not."""
    if isinstance(value, Sealed | Plain):
        return {"sealed": value.subject}
    if isinstance(value, tuple):
        return [_closed(each) for each in value]
    return msgspec.to_builtins(value)
