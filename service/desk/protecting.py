"""Protection and visibility splits: who is protected from whom, and what is shown in the place of what is held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from domain import account, booking, protection
from domain.booking import Fate, ShownViewFrozen, SplitDeclared
from domain.document import DocumentError, attribute, facts, locator_codes, parts, people
from domain.event import Event
from domain.passcode import OFFER_LASTS, PasscodeOffered
from domain.protection import PROVISIONAL_LASTS, ProtectionStarted
from domain.refusal import Refused
from service.chance import identifier
from service.desk.delivering import Link, SafeContact, deliver_link, one_time_link
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.desk.importing import Imported, matched, read_document, rejected
from service.desk.opened import part
from service.log import LocatorEntry


class StartProtection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Protect a party at once. It only narrows, and lapses after 72 hours unless two people of tier 3 confirm it.

    The safe contact is the one place that is ever written to or called; a link to choose a passcode goes there.
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
    """Confirm a protection; the second person makes it last."""

    protection_id: Id


class DeclareSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is shown from now on.

    A document, or without one what was frozen. `life` says what the shown view does at each event.
    """

    life: dict[
        Literal["schedule_change", "cancellation", "check_in", "departure", "refund"],
        Literal["follow", "keep", "withhold", "transfer"],
    ]
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]
    hers: Literal["shown", "nothing"] = "shown"
    format: Annotated[str, Meta(max_length=32)] = ""
    document: dict[str, Any] | str = ""


class SplitAnswer(msgspec.Struct, frozen=True):
    """The split's id. It stays open until every check on its leaks is done."""

    split_id: str
    status: Literal["open"] = "open"


async def start(
    desk: Desk, asker: Asker, account_id: str, body: StartProtection, key: Key | None
) -> Draft[ProtectionAnswer]:
    """Start a protection and freeze every shown view of the account in the same append; then send her a link."""
    link = one_time_link(account_id)
    sent: list[Link] = []

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
            ),
        )
        stream = account.stream(account_id)
        events: list[tuple[str, Event]] = [(stream, started)]
        sent.clear()
        if protection.opens_link(state, body.protected_party_id, now, guarded=guarded):
            sent.append(link)
            offered = PasscodeOffered(
                party_id=body.protected_party_id,
                offer_id=identifier(),
                token=link.mark,
                reason="protection",
                expires_at=now + OFFER_LASTS,
            )
            events.append((stream, offered))
        events += [
            (booking.stream(booking_id), ShownViewFrozen(protection_id=protection_id)) for booking_id in state.bookings
        ]
        answer = ProtectionAnswer(protection_id, "provisional", until.isoformat())
        return Draft(answer, events, status=201)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_link(desk, body.safe_contact, each) for each in sent))
    return draft


async def confirm(
    desk: Desk, asker: Asker, account_id: str, body: ConfirmProtection, key: Key | None
) -> Draft[ProtectionAnswer]:
    """Confirm a protection as one of two people of tier 3."""

    def decide(reader: Reader) -> Draft[ProtectionAnswer]:
        state = reader.account(account_id)
        account.exists(state)
        confirmed = protection.confirm(state, body.protection_id, asker.actor, desk.pipeline.now())
        until = state.protections[confirmed.party_id].until
        answer = ProtectionAnswer(
            body.protection_id,
            "confirmed" if confirmed.complete else "provisional",
            None if confirmed.complete or until is None else until.isoformat(),
        )
        return Draft(answer, [(account.stream(account_id), confirmed)])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def declare_split(
    desk: Desk, asker: Asker, booking_id: str, body: DeclareSplit, key: Key | None
) -> Draft[SplitAnswer]:
    """Declare what is shown in the place of what is held. Raises Refused, see `booking.declare_split`."""
    document = await read_document(desk, body.format, body.document) if body.document else None
    refs = [] if document is None else [ref for traveller in document.travellers for ref in traveller.subjects]

    def decide(reader: Reader) -> Draft[SplitAnswer]:
        state = reader.booking(booking_id)
        owner = reader.account(state.account_id) if state.account_id else None
        seen: dict[str, Any] = {}
        entries: tuple[LocatorEntry, ...] = ()
        if document is not None and owner is not None:
            known = {ref: facts(document, ref) for ref in refs}
            mapped = matched(desk, owner, {}, Imported(document, known, dict.fromkeys(refs, "")))
            if "" in mapped.values():
                raise Refused(
                    "unknown_party", "every traveller that is shown must be a party of the account", place="document"
                )
            try:
                attributed = attribute(document, mapped, account.holder(owner))
            except DocumentError as error:
                raise rejected(error) from None
            marks = tuple(desk.marks.locator(code) for code in locator_codes(document))
            entries = tuple(LocatorEntry(bytes.fromhex(mark), state.account_id, booking_id) for mark in marks)
            seen = {
                "people": people(attributed),
                "locators": marks,
                "parts": tuple(part(subject or booking_id, piece) for subject, piece in parts(attributed).items()),
            }
        declared = SplitDeclared(
            split_id=identifier(),
            hers=body.hers,
            life=cast(Mapping[str, Fate], body.life),
            reason=sealed(booking_id, body.reason),
            **seen,
        )
        protected = frozenset() if owner is None else owner.protected(desk.pipeline.now())
        booking.declare_split(state, declared, protected)
        events: list[tuple[str, Event]] = [(booking.stream(booking_id), declared)]
        return Draft(SplitAnswer(declared.split_id), events, locators=entries, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)
