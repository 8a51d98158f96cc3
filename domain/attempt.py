"""Disclosure attempts: a question about bookings, who would hear the answer, and what was decided.

The event is all that is kept of an answer. The document itself never is: it can be made again from the log (see
`decision`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import msgspec

from domain.event import Event, Personal, event

Outcome = Literal["disclosed", "withheld"]
Asked = Literal["booking", "bookings", "route", "dial"]


class Heard(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One listener at the moment of the answer: where he stood, and as which party."""

    listener_id: str
    standing: str
    protection: str
    party_id: str = ""


class Given(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a decision was given that no stream has, so that it can be made again: marks and ids, nothing personal.

    `locator`: the mark of the one that was named; `booking_id`: the one that was named, be it of another account or of
    nobody's. `place`: the mark of where the caller was said to be. `fit`: how many suppliers there were to dial, of
    those the answer names. `unvouched`: overrides that count for nothing, since nobody signed their approval as it
    stands. `minute`: what authority's clocks showed where it had a say (see `authority`).
    """

    locator: str = ""
    booking_id: str = ""
    place: str = ""
    fit: int = 0
    unvouched: tuple[str, ...] = ()
    minute: int | None = None


@event
class DisclosureAttempted(Event, frozen=True, kw_only=True):
    """Somebody asked. `bookings`: what the answer was about; `judged_at`: the version of every stream it was judged on.

    `view` is the view the answer was taken from: "held", "shown", or "" where nothing was disclosed; `rules` decided.
    `override_id`: the override under which it was disclosed, "" where none was needed. `role`: whom the caller was to
    be put through to, where that was the question. `given`: None in what was written before this was kept.
    """

    NAME: ClassVar[str] = "disclosure.attempted.v1"
    decision_id: str
    asked: Asked
    bookings: tuple[str, ...]
    classes: str
    purpose: str
    outcome: Outcome
    view: str
    rules: tuple[str, ...]
    listeners: tuple[Heard, ...]
    judged_at: Mapping[str, int]
    locator: Personal | None = None
    override_id: str = ""
    role: str = ""
    given: Given | None = None
