"""Protection: who is protected from whom, started for a caller at once and confirmed by two people of tier 3."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, booking, ending, protection
from domain.account import AccountState
from domain.booking import ShownViewFrozen
from domain.document import normalise
from domain.event import Event
from domain.passcode import OFFER_LASTS, PasscodeOffered
from domain.protection import PROVISIONAL_LASTS, ProtectionStarted
from service.chance import identifier
from service.desk.delivering import Link, SafeContact, deliver_link, one_time_link
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.sealing import KeyMissing


class StartProtection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Protect a party at once. It only narrows, and lapses after 72 hours unless two people of tier 3 confirm it.

    The safe contact is the one place that is ever written to or called; a link to choose a passcode goes there then.
    """

    protected_party_id: Id
    safe_contact: SafeContact
    adverse_party_ids: Annotated[tuple[Id, ...], Meta(max_length=16)] = ()
    review_on: Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", examples=["2027-05-01"])] = ""


class ProtectionAnswer(msgspec.Struct, frozen=True):
    """The protection's id and its status. `until`: when a provisional one lapses, UTC."""

    protection_id: str
    status: Literal["provisional", "confirmed"]
    until: str | None


class ConfirmProtection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Confirm a protection, or whom it named adverse since it was confirmed; the second person makes it last."""

    protection_id: Id


async def start(
    desk: Desk, asker: Asker, account_id: str, body: StartProtection, key: Key | None
) -> Draft[ProtectionAnswer]:
    """Start a protection and freeze every shown view of the account in the same append. Nothing is sent to anybody.

    Asked for again it is the same protection, which goes on under its id, and the answer the same as for a new one.
    """
    given = body.safe_contact
    mark = desk.marks.fact(body.protected_party_id, given.kind, normalise(given.kind, given.value) or given.value)

    def decide(reader: Reader) -> Draft[ProtectionAnswer]:
        now = desk.pipeline.now()
        state = reader.account(account_id)
        account.exists(state)
        protection_id, until = identifier(), now + PROVISIONAL_LASTS
        books = [reader.booking(booking_id) for booking_id in state.bookings]
        guarded = any(book.guarded() for book in books)
        started = protection.start(
            state,
            ProtectionStarted(
                protection_id=protection_id,
                party_id=body.protected_party_id,
                adverse=body.adverse_party_ids,
                safe_contact=sealed(body.protected_party_id, body.safe_contact),
                until=until,
                started_by=asker.actor.subject,
                review_on=body.review_on,
                guarded=guarded,
                mark=mark,
            ),
        )
        stream = account.stream(account_id)
        events: list[tuple[str, Event]] = [(stream, each) for each in ending.record(state, now)]
        events.append((stream, started))
        own = state.protections.get(body.protected_party_id)
        if own is not None and not protection.begins_anew(own, now):
            events += [(stream, each) for each in ending.stop(own, now, "asked_again")]
        events += [
            (booking.stream(booking_id), ShownViewFrozen(protection_id=started.protection_id))
            for booking_id in state.bookings
        ]
        answer = ProtectionAnswer(started.protection_id, "provisional", until.isoformat())
        return Draft(answer, events, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def confirm(
    desk: Desk, asker: Asker, account_id: str, body: ConfirmProtection, key: Key | None
) -> Draft[ProtectionAnswer]:
    """Confirm a protection, or whom it named since, as one of two people of tier 3.

    The second sends the safe contact a link to choose a passcode. Raises Refused, see `protection.confirm`.
    """
    link = one_time_link(account_id)
    sent: list[tuple[SafeContact, str]] = []

    def decide(reader: Reader) -> Draft[ProtectionAnswer]:
        sent.clear()
        state = reader.account(account_id)
        account.exists(state)
        confirmed = protection.confirm(state, body.protection_id, asker.actor, desk.pipeline.now())
        until = state.protections[confirmed.party_id].until
        answer = ProtectionAnswer(
            body.protection_id,
            "confirmed" if confirmed.complete or until is None else "provisional",
            None if confirmed.complete or until is None else until.isoformat(),
        )
        stream = account.stream(account_id)
        events: list[tuple[str, Event]] = [(stream, confirmed)]
        if confirmed.complete and until is not None:
            for to, offered in first_link(desk, stream, state, confirmed.party_id, link):
                sent.append((to, confirmed.party_id))
                events.append((stream, offered))
        return Draft(answer, events)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_link(desk, to, link, about) for to, about in sent))
    return draft


def first_link(
    desk: Desk, stream: str, state: AccountState, party_id: str, link: Link
) -> list[tuple[SafeContact, PasscodeOffered]]:
    """The link to a first passcode that the safe contact is sent once two people have confirmed whose it is."""
    if not protection.opens_link(state, party_id):
        return []
    now = desk.pipeline.now()
    try:
        kept = desk.codec.open(stream, state.protections[party_id].reach(now))
    except KeyMissing:
        return []
    offered = PasscodeOffered(
        party_id=party_id,
        offer_id=identifier(),
        token=link.mark,
        reason="protection",
        expires_at=now + OFFER_LASTS,
        via="safe_contact",
    )
    return [(msgspec.json.decode(kept, type=SafeContact), offered)]
