"""Auditing: decisions made again, one or all there are, and the whole past judged by another policy.

Each is a reading of the record, kept with the reader (see `reader`): that it was done before anything of it is told,
and what came of it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from domain.event import Event, event

What = Literal["replay", "what_if"]


@event
class DecisionReplayed(Event, frozen=True, kw_only=True):
    """Somebody had a decision made again. `same`: as it is on record, None where there is no such decision.

    `differs`: what came out otherwise, by its name.
    """

    NAME: ClassVar[str] = "decision.replayed.v1"
    decision_id: str
    same: bool | None
    differs: tuple[str, ...] = ()


@event
class AuditBegun(Event, frozen=True, kw_only=True):
    """Somebody has every decision made again that stands up to this position.

    `policy`: the digest of the policy the past is judged by, "" for that of its day.
    """

    NAME: ClassVar[str] = "audit.begun.v1"
    audit_id: str
    what: What
    upto: int
    policy: str = ""


@event
class AuditEnded(Event, frozen=True, kw_only=True):
    """It came to its end: how many decisions were made again, and what was found, by kind."""

    NAME: ClassVar[str] = "audit.ended.v1"
    audit_id: str
    decisions: int
    found: Mapping[str, int]
