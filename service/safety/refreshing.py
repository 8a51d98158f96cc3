"""Refreshing: a booking's source was asked again. The same is confirmed, something new becomes the held view.

Either way the as-of of both views moves: an ordinary booking is refreshed too, and one whose as-of stood still, or
moved whenever something became of the truth, would say that it is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from domain import account, booking
from domain.booking import BookingRefreshed
from domain.document import BookingDocument, attribute
from domain.event import Event
from domain.refusal import Refused
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.office.importing import Imported, Reference, Taken, entries, made_ready, take


class RefreshBooking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the source says now, and its format.

    `travellers`: party ids by the document's own references; others are matched with those who are on the booking.
    """

    format: Annotated[str, Meta(max_length=32, examples=["watchword.booking"])]
    document: dict[str, Any] | str
    travellers: Annotated[dict[Reference, Id], Meta(max_length=99)] = {}

    def __repr__(self) -> str:
        """Say nothing of what is in it."""
        return f"RefreshBooking({self.format})"


class RefreshAnswer(msgspec.Struct, frozen=True):
    """Whether the source said something new, and how many documents the held view has had.

    `stale`: the source marked it as possibly out of date; nothing of the booking is told until a fresh one.
    """

    booking_id: str
    changed: bool
    held_version: int
    stale: bool


async def refresh(
    desk: Desk, asker: Asker, booking_id: str, body: RefreshBooking, key: Key | None
) -> Draft[RefreshAnswer]:
    """Confirm or replace the held document of a booking.

    Raises Refused: "unknown_booking", "document_rejected", "unknown_traveller", "unknown_party".
    """
    ready = await made_ready(desk, body.format, body.document)
    await desk.have_keys(ready.fresh.values())

    def decide(reader: Reader) -> Draft[RefreshAnswer]:
        before, stream = reader.booking(booking_id), booking.stream(booking_id)
        if before.held is None:
            raise Refused("unknown_booking", "there is no such booking; import it first", place="booking_id")
        account_id = before.account_id
        state = reader.account(account_id)
        account.exists(state)
        known = desk.opened.view(stream, before, "held", lived=False)
        given = {**_known(known, ready), **body.travellers}
        taken = take(desk, account_id, state, (booking_id, before), ready=ready, given=given)
        stale, source = ready.document.stale, ready.document.source
        changed = known is None or _content(known) not in _readings(taken, ready, account.holder(state))
        events: list[tuple[str, Event]] = list(taken.events) if changed else []
        fresh_for = desk.freshness.get(source, 0)
        refreshed = BookingRefreshed(source=source, stale=stale, changed=changed, fresh_for=fresh_for)
        events.append((stream, refreshed))
        return Draft(
            RefreshAnswer(booking_id, changed, before.held_version + changed, stale),
            events,
            locators=entries(ready, account_id, booking_id) if changed else (),
        )

    return await desk.pipeline.carry_out(asker, decide, key=key)


def _known(held: BookingDocument | None, ready: Imported) -> Mapping[str, str]:
    """Who the travellers are, as far as one of the same name is on the booking already, and nobody else of it."""
    on_it: dict[tuple[str, str], list[str]] = {}
    for each in held.travellers if held is not None else ():
        on_it.setdefault((each.surname, each.given_name), []).extend(each.subjects)
    found = {
        ref: on_it.get((each.surname, each.given_name), [])
        for each in ready.document.travellers
        for ref in each.subjects
    }
    whom = [parties[0] for parties in found.values() if len(parties) == 1]
    return {ref: who[0] for ref, who in found.items() if len(who) == 1 and whom.count(who[0]) == 1}


def _readings(taken: Taken, ready: Imported, holder: str | None) -> tuple[BookingDocument, ...]:
    """What was said, as it is attributed now and as it was before there was a protection: nothing new in itself."""
    return _content(taken.attributed), _content(attribute(ready.document, taken.parties, holder))


def _content(document: BookingDocument) -> BookingDocument:
    """What a document says of the travel, but for where it came from and how sure its source was."""
    return replace(document, source="", stale=False, positions=())
