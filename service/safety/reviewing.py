"""Reviewing protections: claims that two people look at, days to look again, and the list of what is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, review
from domain.event import Event
from domain.review import Finding, ProtectionReviewed
from projections import protections
from projections.protections import PROTECTIONS, Due, Why
from service.desk.delivering import SafeContact, deliver_link, one_time_link
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.safety.protecting import first_link

MOST = 200


class ReviewProtection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person of tier 3 found of a claim, and why. Two who find the same settle it.

    `struck_party_ids`: who was named adverse and is not, where the rest is upheld.
    """

    protection_id: Id
    finding: Finding
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]
    struck_party_ids: Annotated[tuple[Id, ...], Meta(max_length=16)] = ()

    def __repr__(self) -> str:
        """Say nothing of the reason."""
        return f"ReviewProtection(finding={self.finding!r})"


class ReviewAnswer(msgspec.Struct, frozen=True):
    """The finding, and whether it is settled now. A provisional protection that is upheld is confirmed."""

    protection_id: str
    finding: Finding
    settled: bool


class RenewProtection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It was looked at; look again on this day."""

    protection_id: Id
    review_on: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2027-05-01"])]


class RenewAnswer(msgspec.Struct, frozen=True):
    """When it is to be looked at again."""

    protection_id: str
    review_on: str


class DueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days to look ahead."""

    within_days: Annotated[int, Meta(ge=0, le=366)] = 14


class DueProtection(msgspec.Struct, frozen=True):
    """A protection to look at. `due_at`: when its review, lapse or end is or was due, UTC."""

    account_id: str
    protection_id: str
    party_id: str
    status: Literal["provisional", "confirmed"]
    why: Why
    due_at: str
    past: bool


class DueAnswer(msgspec.Struct, frozen=True):
    """The longest due first; `more`: how many there are besides."""

    protections: tuple[DueProtection, ...]
    more: int


async def review_protection(
    desk: Desk, asker: Asker, account_id: str, body: ReviewProtection, key: Key | None
) -> Draft[ReviewAnswer]:
    """Say what one person found of a claim; upheld by two it is confirmed. Raises Refused, see `review.review`."""
    link = one_time_link(account_id)
    sent: list[tuple[SafeContact, str]] = []

    def decide(reader: Reader) -> Draft[ReviewAnswer]:
        sent.clear()
        state = reader.account(account_id)
        account.exists(state)
        party_id = state.protection(body.protection_id).party_id
        words = sealed(party_id, body.reason)
        found = review.review(
            state,
            body.protection_id,
            asker.actor,
            desk.pipeline.now(),
            finding=body.finding,
            words=words,
            struck=frozenset(body.struck_party_ids),
        )
        settled = any(isinstance(each, ProtectionReviewed) and each.complete for each in found)
        stream = account.stream(account_id)
        events: list[tuple[str, Event]] = [(stream, each) for each in found]
        if settled and body.finding == "upheld" and state.protections[party_id].until is not None:
            for to, offered in first_link(desk, stream, state, party_id, link):
                sent.append((to, party_id))
                events.append((stream, offered))
        return Draft(ReviewAnswer(body.protection_id, body.finding, settled), events)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_link(desk, to, link, about) for to, about in sent))
    return draft


async def renew(
    desk: Desk, asker: Asker, account_id: str, body: RenewProtection, key: Key | None
) -> Draft[RenewAnswer]:
    """Set the next day to look at a protection. Raises Refused, see `review.renew`."""

    def decide(reader: Reader) -> Draft[RenewAnswer]:
        state = reader.account(account_id)
        account.exists(state)
        renewed = review.renew(state, body.protection_id, body.review_on, asker.actor, desk.pipeline.now())
        return Draft(RenewAnswer(body.protection_id, body.review_on), [(account.stream(account_id), renewed)])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def due(desk: Desk, _asker: Asker, query: DueQuery) -> DueAnswer:
    """What somebody has to look at within these days, and what should have been looked at."""
    now = desk.pipeline.now()
    found = protections.due(await desk.live.current(PROTECTIONS), now, timedelta(days=query.within_days))
    return DueAnswer(tuple(_told(each, past=each.due_at <= now) for each in found[:MOST]), max(0, len(found) - MOST))


def _told(each: Due, *, past: bool) -> DueProtection:
    its = each.protection
    return DueProtection(
        each.account_id,
        its.protection_id,
        its.party_id,
        "confirmed" if its.until is None else "provisional",
        each.why,
        each.due_at.isoformat(),
        past,
    )
