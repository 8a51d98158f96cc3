"""Concerning: which streams an account, an incident or a contact is the concern of, where their own streams do not say.

Commitments, hand-offs, resume codes, requests of access, problems, holds and forgetting have streams of their own. Each
says once what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.access_request import AccessRequestOpened
from domain.commitment import CommitmentMade
from domain.event import Event, Recorded
from domain.forgetting import ForgettingAsked, ForgettingRefused
from domain.hand_off import HandOffOffered, ResumeIssued
from domain.hold import HoldPlaced
from domain.problem import VictimsJoined
from projections.projection import Projection


class Concerning:
    """Streams by what they are about: "account:<id>", "incident:<id>", "interaction:<id>"."""

    def __init__(self) -> None:
        """Know of none."""
        self._streams: dict[str, dict[str, None]] = {}

    def put(self, about: str, stream: str) -> None:
        """This stream is about this."""
        self._streams.setdefault(about, {})[stream] = None

    def of(self, abouts: Iterable[str]) -> set[str]:
        """The streams that are about any of these."""
        return {stream for about in abouts for stream in list(self._streams.get(about, ()))}


def _abouts(happened: Event) -> Iterator[str]:
    match happened:
        case CommitmentMade():
            yield from (f"account:{happened.account_id}", f"interaction:{happened.interaction_id}", happened.about)
        case HandOffOffered(interaction_id=line) | ResumeIssued(interaction_id=line):
            yield f"interaction:{line}"
        case AccessRequestOpened(account_id=account_id):
            yield f"account:{account_id}"
        case HoldPlaced(scope=scope, about=about, names=names, account_id=account_id):
            yield from (f"{scope}:{about}", f"account:{account_id}", *(f"account:{each}" for each in names))
        case ForgettingAsked(account_id=account_id) | ForgettingRefused(account_id=account_id):
            yield f"account:{account_id}"
        case VictimsJoined(victims=victims):
            yield from victims
        case _:
            pass


def _evolve(state: Concerning, recorded: Recorded) -> Concerning:
    for about in _abouts(recorded.event):
        if about and not about.endswith(":"):
            state.put(about, recorded.stream)
    return state


_KINDS = (
    CommitmentMade,
    HandOffOffered,
    ResumeIssued,
    AccessRequestOpened,
    VictimsJoined,
    HoldPlaced,
    ForgettingAsked,
    ForgettingRefused,
)
CONCERNING: Projection[Concerning] = Projection(tuple(each.NAME for each in _KINDS), Concerning, _evolve)
