"""Escalations: a caller claims an office ("I am with the police", "I am her doctor"). No agent judges the claim.

The way is fixed and the same for every account: nothing is said, and the last tier has it as a task with a due time,
which legal sees too. What is to be disclosed to an authority is decided there, on paper.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from domain.event import Event, Personal, event

Claim = Literal["police", "doctor", "court", "other"]

DUE = timedelta(hours=1)
TIER = 3
KIND = "escalation"
LEGAL = "legal"


@event
class EscalationRaised(Event, frozen=True, kw_only=True):
    """Somebody claimed this. `commitment_id`: the task it is; `words`: what was said, as the agent put it."""

    NAME: ClassVar[str] = "escalation.raised.v1"
    escalation_id: str
    interaction_id: str
    claim: Claim
    commitment_id: str
    words: Personal | None = None


def about(escalation_id: str) -> str:
    """What the task hangs on."""
    return f"escalation:{escalation_id}"
