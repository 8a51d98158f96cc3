"""The booking model: one shape for what every GDS says, with a field class and data subjects on everything in it.

A document is a tuple of items (`domain.item`) for each kind of thing. Importers put the document's own traveller
references into their `subjects`, `attribute` replaces them by party ids.

The path of a document: importer, `attribute`, `parts` (sealed person by person); `merge`, `filtered`, `to_public`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args, get_type_hints

import msgspec

from domain.fact import FactKind, normalise
from domain.field_class import FieldClass
from domain.item import (
    Contact,
    Discreet,
    Identity,
    Item,
    Locator,
    Loyalty,
    Owner,
    Payment,
    Remark,
    Seat,
    Segment,
    Supplier,
    Ticket,
    Traveller,
    Word,
)

__all__ = [
    "COLLECTIONS",
    "BookingContent",
    "BookingDocument",
    "Contact",
    "Difference",
    "DocumentError",
    "Identity",
    "Item",
    "Locator",
    "Loyalty",
    "Owner",
    "Payment",
    "Remark",
    "Seat",
    "Segment",
    "Supplier",
    "Ticket",
    "Traveller",
    "attribute",
    "differences",
    "facts",
    "field_classes",
    "filtered",
    "locator_codes",
    "merge",
    "normalise",
    "parts",
    "people",
    "to_public",
]


class DocumentError(ValueError):
    """A document that cannot be used as it is: `place` names where (never with a value of it), `reason` says why."""

    def __init__(self, place: str, reason: str) -> None:
        """Keep the place and the reason; neither may hold personal data."""
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class BookingContent(Discreet, frozen=True, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a booking says. `stale`: the source itself marked its data as possibly out of date."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.E
    status: Annotated[Literal["", "active", "cancelled"], FieldClass.I] = ""
    stale: Annotated[bool, FieldClass.N] = False
    travellers: tuple[Traveller, ...] = ()
    segments: tuple[Segment, ...] = ()
    seats: tuple[Seat, ...] = ()
    locators: tuple[Locator, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    loyalty: tuple[Loyalty, ...] = ()
    contacts: tuple[Contact, ...] = ()
    payments: tuple[Payment, ...] = ()
    identity: tuple[Identity, ...] = ()
    remarks: tuple[Remark, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    owners: tuple[Owner, ...] = ()


class BookingDocument(BookingContent, frozen=True, gc=False):
    """A booking as it is held: its content, where it came from, and for a part the places of its items in the whole."""

    source: Annotated[Word, FieldClass.L]
    positions: Annotated[tuple[tuple[int, ...], ...], FieldClass.L] = ()


class Difference(msgspec.Struct, frozen=True, gc=False):
    """Something that two views say differently: class, path (`segments/0/origin`), whom it is about. No value."""

    field_class: FieldClass
    path: str
    subjects: tuple[str, ...]


COLLECTIONS: dict[str, type[Item]] = {
    name: get_args(hint)[0]
    for name, hint in get_type_hints(BookingContent).items()
    if hint not in (ClassVar[FieldClass], str, bool) and get_args(hint)[-1:] == (...,)
}
_FIELD_CLASS = {name: item.FIELD_CLASS for name, item in COLLECTIONS.items()}
_PER_PERSON = (FieldClass.P, FieldClass.C, FieldClass.D)


def field_classes() -> dict[str, FieldClass]:
    """Every field of the model by path (`status`, `segments/origin`) with its class. Raises KeyError if it has none."""
    hints = get_type_hints(BookingDocument, include_extras=True)
    found = {"": BookingDocument.FIELD_CLASS}
    for name in BookingDocument.__struct_fields__:
        if name in COLLECTIONS:
            found.update({f"{name}/{field}": _FIELD_CLASS[name] for field in COLLECTIONS[name].__struct_fields__})
        else:
            declared = {extra for extra in getattr(hints[name], "__metadata__", ()) if isinstance(extra, FieldClass)}
            if len(declared) != 1:
                raise KeyError(name)
            found[name] = declared.pop()
    return found


def people(document: BookingDocument) -> tuple[str, ...]:
    """Everybody whom anything in the document is about, travellers first, each once. They are the subjects of E."""
    return tuple(
        dict.fromkeys(who for name in COLLECTIONS for item in getattr(document, name) for who in item.subjects)
    )


def locator_codes(document: BookingDocument) -> tuple[str, ...]:
    """The codes by which this very booking may be looked up: cross references, which name another one, are left out."""
    return tuple(dict.fromkeys(item.code for item in document.locators if item.kind != "cross_reference"))


def cross_references(document: BookingDocument) -> tuple[str, ...]:
    """The codes by which this one names others: whoever reads it knows them too."""
    return tuple(dict.fromkeys(item.code for item in document.locators if item.kind == "cross_reference"))


def attribute(document: BookingDocument, people: Mapping[str, str], holder: str | None) -> BookingDocument:
    """Put party ids in the place of the importer's traveller references.

    A contact or a payment that names no traveller is the holder's, or everybody's if there is no holder; anything else
    that names none is about all travellers. Raises DocumentError for a reference without a party, for two travellers
    who would be one party, and for a booking on which nobody would be.
    """
    travellers = tuple(dict.fromkeys(people[who] for t in document.travellers for who in t.subjects if who in people))
    if not document.travellers:
        raise DocumentError("travellers", "there is nobody on this booking")
    if len(travellers) != len(document.travellers):
        raise DocumentError("travellers", "each traveller must have a party of their own")
    changed: dict[str, Any] = {}
    for name, field_class in _FIELD_CLASS.items():
        nobody = (holder,) if holder is not None and field_class in (FieldClass.C, FieldClass.F) else travellers
        changed[name] = tuple(
            msgspec.structs.replace(item, subjects=_parties(f"{name}/{at}/subjects", item.subjects, people) or nobody)
            for at, item in enumerate(getattr(document, name))
        )
    return msgspec.structs.replace(document, **changed)


def _parties(place: str, references: tuple[str, ...], people: Mapping[str, str]) -> tuple[str, ...]:
    if any(reference not in people for reference in references):
        raise DocumentError(place, "it refers to a traveller who is not on this booking")
    return tuple(dict.fromkeys(people[reference] for reference in references))


def parts(document: BookingDocument) -> dict[str, BookingDocument]:
    """Split a document by data subject, so that each part can be sealed with one person's key.

    What is about one person is in that person's part, what is about several in part `""`; but names, contacts and
    identity documents are never shared: if they are about several, each of them has a copy. Part `""` is always there.
    """
    piles: dict[str, dict[str, list[tuple[int, Item]]]] = {"": {}}
    for name, field_class in _FIELD_CLASS.items():
        for at, item in enumerate(getattr(document, name)):
            owners = (
                item.subjects if len(item.subjects) == 1 or (item.subjects and field_class in _PER_PERSON) else ("",)
            )
            for owner in owners:
                piles.setdefault(owner, {}).setdefault(name, []).append((at, item))
    return {owner: _part(document, pile) for owner, pile in piles.items()}


def _part(document: BookingDocument, pile: dict[str, list[tuple[int, Item]]]) -> BookingDocument:
    items = {name: tuple(item for _, item in pile.get(name, ())) for name in COLLECTIONS}
    places = tuple(tuple(at for at, _ in pile.get(name, ())) for name in COLLECTIONS)
    return msgspec.structs.replace(document, positions=places, **items)


def merge(pieces: Mapping[str, BookingDocument]) -> BookingDocument:
    """Put parts together again, in the order they had. A missing part (a forgotten person's) leaves its items out.

    Raises DocumentError if there is no part at all, or if one of them is no part.
    """
    if not pieces:
        raise DocumentError("", "there is no part of this booking left")
    whole: dict[str, dict[int, Item]] = {name: {} for name in COLLECTIONS}
    for piece in pieces.values():
        lacking = ((),) * (len(COLLECTIONS) - len(piece.positions))  # kinds of thing that are younger than the part
        for name, places in zip(COLLECTIONS, (*piece.positions, *lacking), strict=True):
            items = getattr(piece, name)
            if len(items) != len(places):
                raise DocumentError(name, "this is not a part of a booking")
            whole[name].update(zip(places, items, strict=True))
    items_by_name: dict[str, Any] = {name: tuple(found[at] for at in sorted(found)) for name, found in whole.items()}
    return msgspec.structs.replace(next(iter(pieces.values())), positions=(), **items_by_name)


def filtered(document: BookingDocument, allowed: Callable[[FieldClass, tuple[str, ...]], bool]) -> BookingDocument:
    """Keep the items of which `allowed(field class, subjects)` is true; it is asked once for neighbours about the same.

    What is about nobody is never kept. The status of the booking is the itinerary of all its travellers together.
    Whether the document may be shown at all (E, for `people`) is the caller's question.
    """
    kept: dict[str, Any] = {}
    for name, field_class in _FIELD_CLASS.items():
        items: tuple[Item, ...] = getattr(document, name)
        last: tuple[str, ...] = ()
        verdict = False
        allowed_items = []
        for item in items:
            who = item.subjects
            if who != last:
                verdict, last = bool(who) and allowed(field_class, who), who
            if verdict:
                allowed_items.append(item)
        if allowed_items:
            kept[name] = items if len(allowed_items) == len(items) else tuple(allowed_items)
    about = tuple(t.subjects[0] for t in document.travellers if t.subjects) or people(document)
    status = document.status if about and document.status and allowed(FieldClass.I, about) else ""
    return BookingDocument(source=document.source, stale=document.stale, status=status, **kept)


def differences(held: BookingDocument, shown: BookingDocument) -> tuple[Difference, ...]:
    """What two views say differently, item by item at the same place; an item that one of them lacks is one."""
    found = []
    if held.status != shown.status:
        found.append(Difference(FieldClass.I, "status", tuple(dict.fromkeys(people(held) + people(shown)))))
    for name, item_type in COLLECTIONS.items():
        ours, theirs = getattr(held, name), getattr(shown, name)
        for at in range(max(len(ours), len(theirs))):
            pair = [items[at] for items in (ours, theirs) if at < len(items)]
            about = tuple(dict.fromkeys(who for item in pair for who in item.subjects))
            paths = [f"{name}/{at}"]
            if len(pair) == 2:  # noqa: PLR2004 - two views
                fields = item_type.__struct_fields__
                paths = [f"{name}/{at}/{f}" for f in fields if getattr(pair[0], f) != getattr(pair[1], f)]
            found += [Difference(item_type.FIELD_CLASS, path, about) for path in paths]
    return tuple(found)


def facts(document: BookingDocument, subject: str) -> dict[FactKind, frozenset[str]]:
    """What identifies one person on this booking, normalised; a kind that the booking does not know is left out.

    Only what is about that person alone counts: a telephone number of the whole party identifies nobody.
    """
    alone = (subject,)
    told: list[tuple[FactKind, str]] = []
    for traveller in document.travellers:
        if traveller.subjects == alone:
            told += [("surname", traveller.surname), ("given_name", traveller.given_name)]
    told += [("date_of_birth", i.value) for i in document.identity if i.subjects == alone and i.kind == "date_of_birth"]
    told += [("email", c.value) for c in document.contacts if c.subjects == alone and c.kind == "email"]
    told += [("phone", c.value) for c in document.contacts if c.subjects == alone and c.kind == "phone"]
    told += [("loyalty", membership.number) for membership in document.loyalty if membership.subjects == alone]
    found: dict[FactKind, set[str]] = {}
    for kind, value in told:
        plain = normalise(kind, value)
        if plain:
            found.setdefault(kind, set()).add(plain)
    return {kind: frozenset(values) for kind, values in found.items()}


def to_public(document: BookingDocument) -> dict[str, Any]:
    """Render what an agent may read: always the same keys; no party id, no source, no verdict on freshness.

    Each item names the travellers it is about by their place in the `travellers` that are shown, and nobody else.
    """
    shown = {who: at for at, traveller in enumerate(document.travellers) for who in traveller.subjects}
    public: dict[str, Any] = {"status": document.status}
    for name in COLLECTIONS:
        rows = []
        for item in getattr(document, name):
            row = msgspec.structs.asdict(item)
            about = row.pop("subjects")
            if name != "travellers":
                row["travellers"] = [shown[who] for who in about if who in shown]
            rows.append(row)
        public[name] = rows
    return public
