"""Imports.

A GDS document becomes the held view of a booking, its people become parties, each part sealed for its person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from domain import account, booking
from domain.account import AccountState, BookingAdded
from domain.booking import BookingImported
from domain.document import BookingDocument, DocumentError, attribute, facts, locator_codes, parts, people
from domain.event import Event, Plain
from domain.fact import FactKind
from domain.party import PartyAdded
from domain.refusal import Refused
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id, MaybeId
from service.desk.opened import part
from service.desk.people import Facts
from service.documents import DocumentRejected, read
from service.log import LocatorEntry

# A document's own reference for a traveller, as `domain.item.Subjects` has it.
Reference = Annotated[str, Meta(min_length=1, max_length=128)]

Known = Mapping[FactKind, frozenset[str]]


class ImportBooking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document and its format. `booking_id`: this is the new truth of that booking, whatever its locators say.

    `travellers`: party ids by the document's own traveller references, where you know them; others are matched by name.
    """

    format: Annotated[str, Meta(max_length=32, examples=["watchword.booking"])]
    document: dict[str, Any] | str
    booking_id: MaybeId = ""
    travellers: Annotated[dict[Reference, Id], Meta(max_length=99)] = {}


class TravellerAnswer(msgspec.Struct, frozen=True):
    """The document's reference for a traveller, and the party it was matched with or added as."""

    ref: str
    party_id: str


class ImportAnswer(msgspec.Struct, frozen=True):
    """The booking, its people, and how many documents its held view has had.

    `stale`: the source marked the document as possibly out of date; nothing of the booking is told until a fresh one.
    """

    booking_id: str
    travellers: tuple[TravellerAnswer, ...]
    held_version: int
    stale: bool


class Imported(msgspec.Struct, frozen=True):
    """A document read and made ready: what it says of each traveller, and an id for each who turns out to be new."""

    document: BookingDocument
    known: Mapping[str, Known]
    fresh: Mapping[str, str]


def rejected(error: DocumentError | DocumentRejected) -> Refused:
    """The refusal of a document, with the place in it."""
    return Refused("document_rejected", error.reason, place=f"document: {error.place}" if error.place else "document")


async def import_booking(
    desk: Desk, asker: Asker, account_id: str, body: ImportBooking, key: Key | None
) -> Draft[ImportAnswer]:
    """Import a document. Raises Refused: "document_rejected", "unknown_account", "unknown_party", "another_account"."""
    document = await read_document(desk, body.format, body.document)
    refs = [ref for traveller in document.travellers for ref in traveller.subjects]
    ready = Imported(document, {ref: facts(document, ref) for ref in refs}, {ref: identifier() for ref in refs})
    booking_id = body.booking_id or identifier()
    await desk.have_keys([booking_id, *ready.fresh.values()])
    codes = locator_codes(document)
    marks = tuple(desk.marks.locator(code) for code in codes)

    def decide(reader: Reader) -> Draft[ImportAnswer]:
        state = reader.account(account_id)
        account.exists(state)
        protected = bool(state.protected(desk.pipeline.now()))
        chosen, before = _booking(reader, state, body.booking_id, frozenset(marks), booking_id)
        parties = matched(desk, state, body.travellers, ready)
        try:
            # What names no traveller is the holder's; under protection he may be the one who must not have it.
            attributed = attribute(document, parties, None if protected else account.holder(state))
        except DocumentError as error:
            raise rejected(error) from None
        pieces = parts(attributed)
        imported = booking.import_document(
            before,
            BookingImported(
                account_id=account_id,
                source=document.source,
                people=people(attributed),
                locators=marks,
                parts=tuple(part(subject or chosen, piece) for subject, piece in pieces.items()),
                stale=document.stale,
                withheld_from_view=before.held is None and protected,
            ),
        )
        on_account = account.stream(account_id)
        events: list[tuple[str, Event]] = [
            (on_account, _added(desk, ready, ref, hidden=protected or before.frozen))
            for ref, party_id in parties.items()
            if party_id == ready.fresh.get(ref)
        ]
        if before.held is None:
            events.append((on_account, BookingAdded(booking_id=chosen)))
        events.append((booking.stream(chosen), imported))
        travellers = tuple(TravellerAnswer(ref, party_id) for ref, party_id in parties.items())
        return Draft(
            ImportAnswer(chosen, travellers, before.held_version + 1, document.stale),
            events,
            locators=tuple(LocatorEntry(bytes.fromhex(mark), account_id, chosen) for mark in marks),
            status=201,
        )

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def read_document(desk: Desk, form: str, document: dict[str, Any] | str) -> BookingDocument:
    """Read a document off the event loop. Raises Refused("document_rejected") naming the place."""
    try:
        return await desk.pipeline.threaded(lambda: read(form, document))
    except (DocumentRejected, DocumentError) as error:
        raise rejected(error) from None


def _booking(
    reader: Reader, state: AccountState, wanted: str, marks: frozenset[str], fresh: str
) -> tuple[str, booking.BookingState]:
    """The booking a document belongs to: the one asked for, else the one with a locator of it, else a new one."""
    if wanted:
        if wanted not in state.bookings:
            raise Refused("unknown_booking", "this account has no such booking", place="booking_id")
        return wanted, reader.booking(wanted)
    for booking_id in state.bookings:
        before = reader.booking(booking_id)
        if before.held is not None and not marks.isdisjoint(before.held.locators):
            return booking_id, before
    reader.fresh(booking.stream(fresh))
    return fresh, reader.booking(fresh)


def matched(desk: Desk, state: AccountState, given: Mapping[str, str], ready: Imported) -> dict[str, str]:
    """A party for each traveller reference: as given, else the one person of the same name, else a new one."""
    for ref, party_id in given.items():
        if ref not in ready.fresh:
            raise Refused(
                "unknown_traveller", "the document has no traveller of this reference", place=f"travellers.{ref}"
            )
        if party_id not in state.parties:
            raise Refused("unknown_party", "there is no such party on the account", place=f"travellers.{ref}")
    parties = dict(given)
    for ref in ready.fresh:
        if ref not in parties:
            alike = [
                party_id
                for party_id, party in state.parties.items()
                if party_id not in parties.values() and _alike(desk, party_id, party.marks, ready.known[ref])
            ]
            parties[ref] = alike[0] if len(alike) == 1 else ready.fresh[ref]
    return {ref: parties[ref] for ref in ready.fresh}


def _alike(desk: Desk, party_id: str, marks: frozenset[str], known: Known) -> bool:
    """Whether surname and given name are this party's, and no birth date speaks against it."""

    def has(kind: FactKind) -> bool:
        return any(desk.marks.fact(party_id, kind, value) in marks for value in known.get(kind, ()))

    born = any(mark.startswith("date_of_birth:") for mark in marks)
    return has("surname") and has("given_name") and (not born or "date_of_birth" not in known or has("date_of_birth"))


def _added(desk: Desk, ready: Imported, ref: str, *, hidden: bool) -> PartyAdded:
    party_id, known = ready.fresh[ref], ready.known[ref]
    marks = tuple(desk.marks.fact(party_id, kind, value) for kind, values in known.items() for value in sorted(values))
    profile = _profile(party_id, ref, ready.document)
    return PartyAdded(party_id=party_id, kind="traveller", marks=marks, profile=profile, hidden=hidden)


def _profile(party_id: str, ref: str, document: BookingDocument) -> Plain:
    """What is kept of a person whom only a document names.

    The name as written, and his own mail address and telephone.
    """
    traveller = next(t for t in document.travellers if t.subjects == (ref,))
    own = {contact.kind: contact.value for contact in document.contacts if contact.subjects == (ref,)}
    return sealed(
        party_id,
        Facts(
            surname=traveller.surname,
            given_name=traveller.given_name,
            email=own.get("email", ""),
            phone=own.get("phone", ""),
        ),
    )
