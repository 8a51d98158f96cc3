"""Items: the things that a booking says, each kind with its one field class and its data subjects.

Everything in an item is of the item's `FIELD_CLASS` and is about its `subjects`. What could give a document away
(dates of creation, offices, queues, internal ids) is linkage or a note, never existence; but for the office that
answers for it, by which a caller is sent to the right place.

Constraints on fields are read back with every stored booking: they may be loosened, never tightened.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from domain.field_class import FieldClass

__all__ = [
    "Contact",
    "Discreet",
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
    "Word",
]

Word = Annotated[str, Meta(max_length=64)]
Line = Annotated[str, Meta(max_length=256)]
Text = Annotated[str, Meta(max_length=4096)]
Subjects = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=128)], ...], Meta(max_length=999)]
# IATA location identifiers are three letters (Resolution 763), carrier designators two or three characters (762).
Place = Annotated[str, Meta(pattern="^([A-Z]{3})?$", description="IATA airport or city code")]
Carrier = Annotated[str, Meta(pattern="^([A-Z0-9]{2,3})?$", description="airline designator")]
LocalTime = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?)?$",
        description="local date or date and time at the place, ISO 8601, without offset",
    ),
]
Amount = Annotated[str, Meta(pattern=r"^(-?[0-9]{1,15}(\.[0-9]{1,6})?)?$", description="decimal amount")]
Currency = Annotated[str, Meta(pattern="^([A-Z]{3})?$", description="ISO 4217 code")]


class Discreet(msgspec.Struct, frozen=True, gc=False):
    """A struct that nothing prints: its repr, and that of rich, names the type alone."""

    def __repr__(self) -> str:
        """Show no value."""
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no value to rich either."""
        return []


class Item(Discreet, frozen=True, gc=False, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of everything a booking says. `subjects`: the people it is about; never empty once attributed."""

    FIELD_CLASS: ClassVar[FieldClass]
    subjects: Subjects = ()


class Traveller(Item, frozen=True, gc=False):
    """A person who travels; `subjects` holds exactly one reference, its own."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.P
    surname: Line
    given_name: Line = ""
    title: Word = ""
    kind: Literal["adult", "child", "infant", "other"] = "adult"


class Segment(Item, frozen=True, gc=False):
    """A piece of travel. `status` is the code of the GDS (HK, UN, ...); what is one traveller's alone is a `Seat`."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.I
    kind: Literal["flight", "rail", "car", "hotel", "other"] = "flight"
    carrier: Carrier = ""
    number: Word = ""
    operating_carrier: Carrier = ""
    operating_number: Word = ""
    origin: Place = ""
    destination: Place = ""
    departs_at: LocalTime = ""
    arrives_at: LocalTime = ""
    departure_terminal: Word = ""
    arrival_terminal: Word = ""
    booking_class: Word = ""
    cabin: Word = ""
    status: Word = ""


class Seat(Item, frozen=True, gc=False):
    """One traveller's seat; it repeats which flight it is on, so that it depends on nothing that may be hidden."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.I
    designator: Word
    carrier: Carrier = ""
    number: Word = ""
    origin: Place = ""
    destination: Place = ""
    departs_at: LocalTime = ""


class Locator(Item, frozen=True, gc=False):
    """A name of this booking in some system; a `cross_reference` names another booking (the other half of a split)."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.L
    code: Annotated[str, Meta(pattern="^[A-Z0-9]{1,32}$", description="as on the ticket, upper case")]
    system: Word = ""
    kind: Literal["record", "carrier", "cross_reference"] = "record"


class Ticket(Item, frozen=True, gc=False):
    """The number of a ticket or of another accountable document."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.L
    number: Word
    kind: Word = "electronic_ticket"


class Loyalty(Item, frozen=True, gc=False):
    """Membership of a frequent-traveller programme."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.L
    number: Word
    programme: Word = ""


class Contact(Item, frozen=True, gc=False):
    """How somebody is reached. Without a traveller it becomes the holder's."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.C
    kind: Literal["email", "phone", "address", "other"]
    value: Text
    label: Word = ""


class Payment(Item, frozen=True, gc=False):
    """An amount, a form of payment or a priced condition. `kind`: total, base, tax, form, status, ..."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.F
    kind: Word
    amount: Amount = ""
    currency: Currency = ""
    text: Text = ""


class Identity(Item, frozen=True, gc=False):
    """A date of birth (ISO 8601), or what a travel document says."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.D
    kind: Literal["date_of_birth", "travel_document", "gender", "other"]
    value: Text


class Remark(Item, frozen=True, gc=False):
    """A note, a service request, a date of creation, an office; `kind` is the source's word for it."""

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.N
    kind: Word
    text: Text = ""


class Supplier(Item, frozen=True, gc=False):
    """Who does a part of the travel, and may be put on the line for it: the office that owns the booking, a dealer, ...

    Who that is says where somebody is, so it is itinerary. `place` is a town or postcode as the supplier writes it.
    """

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.I
    role: Literal["owner_office", "airline", "rail", "car_rental", "hotel", "dealer", "other"]
    name: Line
    phone: Word = ""
    place: Word = ""


class Owner(Item, frozen=True, gc=False):
    """The office that answers for the booking, the channel it was made in, and who is asked after that, in order.

    It is existence: whoever may know that there is such a booking may know where to go with it.
    """

    FIELD_CLASS: ClassVar[FieldClass] = FieldClass.E
    office: Line
    channel: Word = ""
    escalation: Annotated[tuple[Line, ...], Meta(max_length=8)] = ()
