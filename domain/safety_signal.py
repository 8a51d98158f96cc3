"""Safety signals: somebody on the line said it is about health or safety. It is acted on or passed on, at once.

There is nothing to decide about whether it is true, and nothing that refuses it: whatever the contact is, whoever the
caller and whatever the account, the answer follows from the tier and the hour alone. It opens nothing: no decision on
what may be heard reads it.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from domain.authority import AuthorityState, Verdict, on_the_wall
from domain.event import Event, Personal, event
from domain.grant import LAST_TIER, TIERS, Grant, Signal

TRANSFERRED = "transferred"


@event
class SafetySignalRaised(Event, frozen=True, kw_only=True):
    """It was said, and answered with these actions, or with the tier it goes to (4: beyond the last; 0: to none)."""

    NAME: ClassVar[str] = "safety_signal.raised.v1"
    signal_id: str
    interaction_id: str
    kind: Signal
    actions: tuple[str, ...]
    passed_to: int
    authority: int
    words: Personal | None = None
    minute: int | None = None


@event
class SafetySignalActed(Event, frozen=True, kw_only=True):
    """What was done about it: an action, or "transferred". `verdict`: what authority said of the action then."""

    NAME: ClassVar[str] = "safety_signal.acted.v1"
    signal_id: str
    interaction_id: str
    did: str
    verdict: str
    authority: int
    words: Personal | None = None
    minute: int | None = None


class Response(msgspec.Struct, frozen=True, gc=False):
    """What to do about a signal: one of these grants, or else pass it on to this tier, 4 for beyond the last."""

    grants: tuple[Grant, ...] = ()
    passed_to: int = 0


def respond(authority: AuthorityState, kind: Signal, tier: int, at: datetime, *, minute: int | None = None) -> Response:
    """What somebody of this tier does about a signal at this instant (UTC): never nothing.

    Passed on, it goes to the nearest tier above that may act on it now, else to the nearest below. `minute`: as it was
    read off then, None to read it off now (see `authority`).
    """
    document = authority.document
    if document is None:
        return Response(passed_to=LAST_TIER if tier < LAST_TIER else LAST_TIER + 1)
    of_week = on_the_wall(document, at, minute)
    own = document.answering(tier, kind, of_week)
    if own:
        return Response(own)
    others = sorted((each for each in TIERS if each != tier), key=lambda each: (each < tier, abs(each - tier)))
    able = (each for each in others if document.answering(each, kind, of_week))
    return Response(passed_to=next(able, LAST_TIER + 1))


def verdict_on(did: str, verdict: Verdict) -> str:
    """How what was done stands to authority. It is recorded either way: what is done is done."""
    return TRANSFERRED if did == TRANSFERRED else verdict.word
