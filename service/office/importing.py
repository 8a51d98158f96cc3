"""Imports.

A GDS document becomes the held view of a booking, its people become parties, each part sealed for its person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from domain import account, booking, flight, party, split
from domain.account import AccountState, BookingAdded
from domain.booking import BookingImported, BookingState
from domain.difference import between
from domain.document import (
    BookingDocument,
    DocumentError,
    attribute,
    cross_references,
    facts,
    locator_codes,
    parts,
    people,
)
from domain.event import Event, Plain
from domain.fact import FactKind
from domain.party import PartyAdded
from domain.refusal import Refused
from domain.split import BookingDiffered
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

_TELLING: tuple[FactKind, ...] = ("surname", "date_of_birth")


class ImportBooking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document and its format. `booking_id`: this is the new truth of that booking, whatever its locators say.

    `travellers`: party ids by the document's own traveller references, where you know them; others are matched by name.
    """

    format: Annotated[str, Meta(max_length=32, examples=["watchword.booking"])]
    document: dict[str, Any] | str
    booking_id: MaybeId = ""
    travellers: Annotated[dict[Reference, Id], Meta(max_length=99)] = {}

    def __repr__(self) -> str:
        """Say nothing of what is in it."""
        return f"ImportBooking({self.format}, {self.booking_id})"


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
    marks: tuple[str, ...] = ()
    cross_references: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Imported()"


class Taken(msgspec.Struct, frozen=True):
    """A document as it becomes the held view of a booking: its people, and what is recorded."""

    attributed: BookingDocument
    parties: Mapping[str, str]
    events: list[tuple[str, Event]]

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Taken()"


def rejected(error: DocumentError | DocumentRejected) -> Refused:
    """The refusal of a document, with the place in it."""
    return Refused("document_rejected", error.reason, place=f"document: {error.place}" if error.place else "document")


async def import_booking(
    desk: Desk, asker: Asker, account_id: str, body: ImportBooking, key: Key | None
) -> Draft[ImportAnswer]:
    """Import a document. Raises Refused: "document_rejected", "unknown_account", "unknown_party", "another_account"."""
    ready = await made_ready(desk, body.format, body.document)
    booking_id = body.booking_id or identifier()
    await desk.have_keys([booking_id, *ready.fresh.values()])

    def decide(reader: Reader) -> Draft[ImportAnswer]:
        state = reader.account(account_id)
        account.exists(state)
        chosen, before = _booking(reader, state, body.booking_id, frozenset(ready.marks), booking_id)
        taken = take(desk, account_id, state, (chosen, before), ready=ready, given=body.travellers)
        travellers = tuple(TravellerAnswer(ref, party_id) for ref, party_id in taken.parties.items())
        return Draft(
            ImportAnswer(chosen, travellers, before.held_version + 1, ready.document.stale),
            taken.events,
            locators=entries(ready, account_id, chosen),
            status=201,
        )

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def made_ready(desk: Desk, form: str, document: dict[str, Any] | str) -> Imported:
    """Read a document and make it ready. Raises Refused("document_rejected") naming the place."""
    found = await read_document(desk, form, document)
    refs = [ref for traveller in found.travellers for ref in traveller.subjects]
    marks = tuple(desk.marks.locator(code) for code in locator_codes(found))
    known, fresh = {ref: facts(found, ref) for ref in refs}, {ref: identifier() for ref in refs}
    return Imported(found, known, fresh, marks, tuple(desk.marks.locator(code) for code in cross_references(found)))


def entries(ready: Imported, account_id: str, booking_id: str) -> tuple[LocatorEntry, ...]:
    """What the index of locators is told of a document."""
    return tuple(LocatorEntry(bytes.fromhex(mark), account_id, booking_id) for mark in ready.marks)


def take(
    desk: Desk,
    account_id: str,
    state: AccountState,
    of: tuple[str, BookingState],
    *,
    ready: Imported,
    given: Mapping[str, str],
) -> Taken:
    """Decide on a document as the new truth of this booking, `of`: its id and state; `given`: who its travellers are.

    Where the views are parted, by what it differs from what is shown is recorded with it.
    Raises Refused: "unknown_traveller", "unknown_party", "document_rejected", "another_account".
    """
    chosen, before = of
    document = ready.document
    protected = bool(state.protected(desk.pipeline.now()))
    parties = matched(desk, state, given, ready)
    try:
        # What names no traveller is the holder's; under protection he may be the one who must not have it.
        attributed = attribute(document, parties, None if protected else account.holder(state))
    except DocumentError as error:
        raise rejected(error) from None
    on_it = people(attributed)
    imported = booking.import_document(
        before,
        BookingImported(
            account_id=account_id,
            source=document.source,
            people=on_it,
            locators=ready.marks,
            cross_references=ready.cross_references,
            parts=tuple(part(subject or chosen, piece) for subject, piece in parts(attributed).items()),
            stale=document.stale,
            withheld_from_view=before.held is None and protected,
            fresh_for=desk.freshness.get(document.source, 0),
            cancelled=tuple(who for who in flight.cancelled(attributed) if who not in state.protections),
            taken_off=() if before.held is None else booking.taken_off(before.held.people, on_it, state.protections),
        ),
    )
    on_account, on_booking = account.stream(account_id), booking.stream(chosen)
    events: list[tuple[str, Event]] = [
        (on_account, _added(desk, ready, ref, hidden=protected or before.frozen))
        for ref, party_id in parties.items()
        if party_id == ready.fresh.get(ref)
    ]
    if not before.frozen and not imported.withheld_from_view:
        events += [(on_account, each) for each in party.shown(state.parties, on_it)]
    if before.held is None:
        events.append((on_account, BookingAdded(booking_id=chosen)))
    events.append((on_booking, imported))
    if before.held is not None and before.frozen:
        events.append((on_booking, _differed(desk, on_booking, before, attributed, imported)))
    return Taken(attributed, parties, events)


def _differed(
    desk: Desk, stream: str, before: BookingState, held: BookingDocument, imported: BookingImported
) -> BookingDiffered:
    """By what a new held document differs from what is shown, and the checks of the split that it opens again."""
    was, shown = desk.opened.view(stream, before, "held"), desk.opened.view(stream, before, "shown")
    reopened: tuple[split.Due, ...] = ()
    if before.split is not None:
        linked = before.shown is not None and before.shown.names(imported.locators)
        since = between(held, was)
        reopened = split.reopened(before.split, held, shown, since, desk.pipeline.now(), linked=linked)
    return BookingDiffered(differing=between(held, shown), reopened=reopened)


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
        once = sum(each == party_id for each in given.values()) == 1
        if once and _another(desk, party_id, state.parties[party_id].marks, ready.known[ref]):
            raise Refused(
                "another_person_named",
                "the document names this traveller otherwise than the party; name the right one, or leave it out",
                place=f"travellers.{ref}",
            )
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


def _another(desk: Desk, party_id: str, marks: frozenset[str], known: Known) -> bool:
    """Whether surname or birth date in the document speak against its being this party.

    Whoever is named as the traveller hears of the booking: a slip of the pen would tell one person another's.
    """
    for kind in _TELLING:
        has = any(mark.startswith(f"{kind}:") for mark in marks)
        if has and known.get(kind) and not any(desk.marks.fact(party_id, kind, each) in marks for each in known[kind]):
            return True
    return False


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
