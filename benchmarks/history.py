"""A long history: the events of one account after many attempts, as the service would have recorded them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from benchmarks.order import locator
from domain.account import AccountOpened, BookingAdded
from domain.attempt import DisclosureAttempted, Heard
from domain.event import EVENTS, Actor, Event, Header, Personal, Plain, event, upcaster
from domain.party import PartyAdded
from domain.passcode import PasscodeTried
from service.desk.desk import sealed

BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)
ATTEMPTS_EVERY = timedelta(minutes=7)
OLD_EVERY = 20
"""One attempt in so many was written by an earlier release, under a name that is retired now."""

RETIRED = "disclosure.attempted.v0"
PARTIES = ("1f0c7b8e5d6a49b2a3c4d5e6f7a8b9c0", "2e1d8c9f6e7b5ac3b4d5e6f7a8b9c0d1")
BOOKING = "3d2e9dafc8f5b6a7c8d9eafb0c1d2e3f"
AGENTS = tuple(Actor(f"agent-{number}", "agent", 1, "manila") for number in range(40))


def callers(at: datetime) -> str:
    """The data subject of what callers offered: a month's, since a key for each contact is not what is measured."""
    return f"callers:{at.year:04}-{at.month:02}"


def subjects() -> set[str]:
    """Everybody whose data is in it."""
    return {*PARTIES, *(callers(BEGAN + timedelta(days=31 * month)) for month in range(6))}


def history(length: int) -> Iterator[tuple[Header, Event]]:
    """So many events in order: an account is opened, and people ask about it."""
    yield _header(0), AccountOpened(reference="crm-48213")
    for party_id in PARTIES:
        marks = tuple(f"{kind}:{os.urandom(16).hex()}" for kind in ("surname", "given_name", "date_of_birth", "email"))
        profile = sealed(party_id, {"surname": "Okafor", "given_name": "Ngozi", "email": "ngozi@example.org"})
        yield _header(1), PartyAdded(party_id=party_id, kind="traveller", marks=marks, profile=profile)
    yield _header(3), BookingAdded(booking_id=BOOKING)
    for number in range(4, length):
        header = _header(number)
        if number % 50 == 0:
            tried = PasscodeTried(
                interaction_id=header.interaction, contact=os.urandom(16).hex(), accepted=False, blocked=False
            )
            yield header, tried
        else:
            yield header, _attempt(number, header)


def locator_of(number: int) -> str:
    """The locator that was asked for in the event of this number."""
    return locator(number)


def _attempt(number: int, header: Header) -> Event:
    said: dict[str, Any] = {
        "decision_id": os.urandom(16).hex(),
        "bookings": (BOOKING,),
        "classes": "EI",
        "purpose": "service",
        "outcome": "disclosed",
        "view": "held",
        "rules": ("customer-hears-own-details", "customer-hears-the-travel", "default-deny"),
        "listeners": (Heard("caller", "identified", "none", PARTIES[number % 2]),),
        "judged_at": {
            f"interaction:{header.interaction}": 2,
            "account:0f1e2d3c4b5a69788796a5b4c3d2e1f0": number,
            f"booking:{BOOKING}": 1,
            "policy:default": 1,
        },
        "locator": Plain(callers(header.occurred_at), locator_of(number).encode()),
    }
    return AttemptedBefore(**said) if number % OLD_EVERY == 1 else DisclosureAttempted(asked="booking", **said)


def _header(number: int) -> Header:
    at = BEGAN + number * ATTEMPTS_EVERY
    return Header(os.urandom(16).hex(), at, AGENTS[number % 40], os.urandom(16).hex(), os.urandom(16).hex(), 1)


class AttemptedBefore(Event, frozen=True, kw_only=True):
    """An attempt as the earlier release wrote it: it did not say what kind of question it was."""

    NAME: ClassVar[str] = RETIRED
    decision_id: str
    bookings: tuple[str, ...]
    classes: str
    purpose: str
    outcome: str
    view: str
    rules: tuple[str, ...]
    listeners: tuple[Heard, ...]
    judged_at: Mapping[str, int]
    locator: Personal | None = None


def as_before() -> None:
    """Be the earlier release, for which the retired name is a living one."""
    event(AttemptedBefore)


def as_today() -> None:
    """Be today's release: the earlier one's name is read through an upcaster."""
    del EVENTS[RETIRED]

    @upcaster(RETIRED, DisclosureAttempted.NAME)
    def with_asked(body: Mapping[str, Any]) -> dict[str, Any]:
        return {**body, "asked": "booking"}
