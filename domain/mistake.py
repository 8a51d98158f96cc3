"""Mistakes: somebody says that he told too much. Nobody is blamed for it; it is how the warning starts.

It is an event about the account, whoever was told what: a phantom account where nobody knows of any. A contact that
was about several says it of each of them: which one it was when too much was told is for people to find out, and none
may go unwarned because the next question was about somebody else.
"""

from __future__ import annotations

from typing import ClassVar

from domain.event import Event, Personal, event
from domain.interaction import InteractionState
from domain.refusal import Refused


@event
class MistakeReported(Event, frozen=True, kw_only=True):
    """Whoever had the contact said that too much was told in it: in which answer, where he knows, and in his words."""

    NAME: ClassVar[str] = "mistake.reported.v1"
    interaction_id: str
    decision_id: str
    said: Personal


def report(state: InteractionState, agent: str) -> None:
    """Raise Refused("another_agents") unless the contact was this agent's; it may be over long since."""
    if state.agent != agent:
        raise Refused(
            "another_agents",
            "this interaction is another agent's; whoever made the mistake reports it",
            place="interaction_id",
        )
