"""Judgement calls: what a person decided where authority leaves it to the tier, what was granted by it, and why."""

from __future__ import annotations

from typing import ClassVar

from domain.authority import Verdict
from domain.event import Event, Personal, event
from domain.refusal import Refused


@event
class JudgementGranted(Event, frozen=True, kw_only=True):
    """Somebody decided. The header says who, and of which tier; `grants` are the rules that leave it to that tier.

    `granted` and `why` are that person's own words.
    """

    NAME: ClassVar[str] = "judgement.granted.v1"
    judgement_id: str
    interaction_id: str
    action: str
    amount_class: str
    grants: tuple[str, ...]
    authority: int
    granted: Personal
    why: Personal
    minute: int | None = None


def grant(verdict: Verdict, judged: JudgementGranted) -> JudgementGranted:
    """Decide on a judgement. Raises Refused("not_your_judgement") where authority does not leave it to the tier now.

    Whatever else authority says of it, the words are the same: they tell nothing of other tiers.
    """
    if verdict.word != "judgement":
        raise Refused("not_your_judgement", "ask for the authority first, and do what it answers", place="action")
    return judged
