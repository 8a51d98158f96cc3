"""Attempts: a recorded disclosure or action attempt, decided again by `domain.judging` on the states it names.

What was written before an attempt kept what it was given (`domain.attempt.Given`) has that inferred: of all that it can
have been given, what makes it come out as it is on record, if anything does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import msgspec
from msgspec.structs import replace

from domain import authority, booking, judging
from domain.access_request import AccessRequestState
from domain.account import AccountState
from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted, Given
from domain.authority import AuthorityState, Verdict
from domain.booking import BookingState
from domain.dimension import Purpose
from domain.event import Recorded
from domain.interaction import InteractionState
from domain.judging import NO_SUPPLIER, Judged, Scene
from domain.policy import PolicyTable

__all__ = ["NOTHING", "Unnamed", "action", "disclosure", "inferred", "scene"]

NOTHING = Given()
_PURPOSES = {each.value: each for each in Purpose}
_BITS: dict[str, int] = {}  # by letters, of which there are 256 sets
_NOBODYS_MARK = "-"  # no booking has it


class Unnamed(Exception):
    """A decision that needs a stream it does not name: it was not judged on what it says."""

    def __init__(self, stream: str) -> None:
        """Name the stream."""
        super().__init__(stream)
        self.stream = stream


def scene(recorded: Recorded, states: Mapping[str, Any], policy: PolicyTable) -> Scene:
    """What a recorded question was judged on: the states it names, and no others. Raises Unnamed."""

    def of_booking(booking_id: str) -> BookingState:
        try:
            found: BookingState = states["booking:" + booking_id]
        except KeyError:
            raise Unnamed(booking.stream(booking_id)) from None
        return found

    header = recorded.header
    try:
        line: InteractionState = states["interaction:" + header.interaction]
        about: AccountState = states["account:" + line.account_id] if line.account_id else judging.NOBODYS
    except KeyError as missing:
        raise Unnamed(str(missing.args[0])) from None
    return Scene(header.actor.subject, header.interaction, line, about, of_booking, policy, header.occurred_at)


def disclosure(
    at: Scene, attempt: DisclosureAttempted, given: Given, states: Mapping[str, Any], *, supposed: bool = False
) -> tuple[DisclosureAttempted, tuple[Judged, ...]]:
    """A disclosure attempt, decided again. Raises Unnamed.

    `supposed`: by another policy than that of its day. Whether there is anybody to dial was then not looked up where
    that policy withheld it, and is taken to be so.
    """
    classes = _BITS.get(attempt.classes)
    if classes is None:
        classes = _BITS[attempt.classes] = judging.bits(attempt.classes)
    judged: tuple[Judged, ...]
    match attempt.asked:
        case "bookings":
            request = _request(attempt, states)
            if request is None:
                judged = judging.listed(at, given, classes=classes)
            else:
                judged = judging.of_request(at, given, request, classes=classes)
        case "dial":
            one = judging.named(at, given, classes=classes, purpose=_PURPOSES[attempt.purpose])
            if supposed and attempt.outcome == "withheld" and attempt.rules != (NO_SUPPLIER,):
                given = replace(given, fit=1)
            judged = (judging.dialled(at, given, one),)
        case _:
            judged = (judging.named(at, given, classes=classes, purpose=_PURPOSES[attempt.purpose]),)
    came = judging.came(judged)
    if came.recorded(attempt):
        return attempt, judged
    return replace(attempt, **msgspec.structs.asdict(came)), judged


def _request(attempt: DisclosureAttempted, states: Mapping[str, Any]) -> AccessRequestState | None:
    """The access request that an attempt answered, None where it answered none."""
    for stream in attempt.judged_at:
        if stream.startswith("access_request:"):
            found: AccessRequestState = states[stream]
            return found
    return None


def action(
    at: Scene, recorded: Recorded, attempt: ActionAttempted, given: Given, states: Mapping[str, Any]
) -> tuple[ActionAttempted, tuple[Judged, ...]]:
    """An action attempt, decided again. Raises Unnamed."""
    actor, ruled = recorded.header.actor, None
    if actor.role == "agent":
        ruled = _ruled(at, attempt, given, actor.tier, states)
    again, judged = judging.acted(
        at,
        given,
        attempt.action,
        ruled,
        decision_id=attempt.decision_id,
        request=attempt.request,
        judged_at=lambda: attempt.judged_at,
        repeats=attempt.repeats,
    )
    return (again if given is attempt.given else replace(again, given=attempt.given)), (judged,)


def _ruled(at: Scene, attempt: ActionAttempted, given: Given, tier: int, states: Mapping[str, Any]) -> Verdict:
    ruled: AuthorityState | None = states.get(authority.STREAM)
    if ruled is None:
        raise Unnamed(authority.STREAM)
    return authority.in_contact(ruled, at.interaction, attempt.action, tier, at.now, minute=given.minute)


def inferred(at: Scene, attempt: DisclosureAttempted | ActionAttempted) -> Iterator[Given]:
    """All that an attempt can have been given that does not say so, the likeliest first."""
    chosen = attempt.bookings[0] if len(attempt.bookings) == 1 else ""
    asked = "" if isinstance(attempt, ActionAttempted) else attempt.asked
    marks = [""]
    if isinstance(attempt, ActionAttempted) or attempt.locator is not None:
        views = [view for each in at.account.bookings for view in _views(at, each)]
        of_views = [mark for view in views for mark in sorted(view)]
        marks = list(dict.fromkeys([at.interaction.locator or _NOBODYS_MARK, *of_views, _NOBODYS_MARK, ""]))
    ids = [""] if asked == "bookings" else list(dict.fromkeys(["", chosen]))
    dialled = asked == "dial"
    approved = tuple([each.override_id for each in at.account.overrides.values() if each.until is not None])
    places, fits = (("", _NOBODYS_MARK), (1, 0)) if dialled else (("",), (0,))
    for booking_id, mark, place, fit, unvouched in product(ids, marks, places, fits, dict.fromkeys([(), approved])):
        yield Given(mark, booking_id, place, fit, unvouched)


def _views(at: Scene, booking_id: str) -> Iterator[frozenset[str]]:
    try:
        found = at.booking(booking_id)
    except Unnamed:
        return
    for view in (found.shown, found.held):
        if view is not None:
            yield view.locators
