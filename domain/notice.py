"""Notices: what may go to a customer who is not there to prove anything, by mail, text, voicemail or whatever else.

A notice is a disclosure to whoever reads the letter, hears the tape or picks up the telephone, and nothing proves who
that is. So it says nothing, on every account alike: neither that there is a booking, nor, where others may listen, why
anybody calls. What is decided for each recipient and channel is whether even that goes.

It goes where an ordinary account whose booking is the shown view would have it go. What only a held view has goes to no
address at all: the service writes to the protected party's safe contact itself, and that says nothing either. Whoever
sends notices is answered as if nobody had such a booking.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from domain import dimension
from domain.account import AccountState
from domain.attempt import Given
from domain.booking import BookingState
from domain.dimension import Cell, Protection, Purpose, Scope, Standing, Tier, View
from domain.event import Event, event
from domain.field_class import FieldClass

Kind = Literal["schedule_change", "cancellation", "confirmation", "reminder", "receipt", "call_back", "survey"]
Channel = Literal["mail", "text", "push", "letter", "voicemail", "call_back", "calendar"]
Reason = Literal["calendar_shows_when", "unknown_booking", "not_shown", "unknown_recipient", "not_concerned"]
Found = Literal["shown", "hidden", "account", "nobodys"]

NEWS = "There is news for you. Please sign in to see it, or call us."
CALL_US = "Please call us back when it suits you."

# Whatever it is about: a word that differs from one occasion to another tells the occasion. A calendar's entry stands
# on a day, which is an itinerary in itself, so nothing goes there.
TEXTS: dict[Channel, str] = {
    "mail": NEWS,
    "text": NEWS,
    "push": NEWS,
    "letter": NEWS,
    "voicemail": CALL_US,
    "call_back": CALL_US,
    "calendar": "",
}


class Addressed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One recipient as the record keeps him: the channel, and which party it reaches, "" for nobody we know."""

    channel: str
    party_id: str = ""


# Why a notice says nothing is policy's to say: what of existence it lets a notice show to somebody who proved nothing.
EXISTENCE = Cell(
    Standing.IDENTIFIED,
    Protection.NONE,
    Purpose.SERVICE,
    dimension.Channel.NOTICE,
    Tier.ONE,
    View.SHOWN,
    Scope.OWN,
    FieldClass.E,
)


@event
class NoticeSent(Event, frozen=True, kw_only=True):
    """A notice that says nothing may go to these. `to`: an address as its sender has it, or a safe contact.

    `given`: the locator under which the booking was named, if it was by one (see `attempt`).
    """

    NAME: ClassVar[str] = "notice.sent.v1"
    notice_id: str
    kind: str
    recipients: tuple[Addressed, ...]
    to: Literal["address", "safe_contact"] = "address"
    booking_id: str = ""
    rules: tuple[str, ...] = ()
    given: Given | None = None


@event
class NoticeSuppressed(Event, frozen=True, kw_only=True):
    """A notice does not go to these, and why not: a code, nothing personal. `given`: likewise."""

    NAME: ClassVar[str] = "notice.suppressed.v1"
    notice_id: str
    kind: str
    recipients: tuple[Addressed, ...]
    reason: str
    booking_id: str = ""
    rules: tuple[str, ...] = ()
    given: Given | None = None


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What a notice is about: the account, the booking if one was named, and how that was found.

    `found`: "shown" or "hidden" (only a held view has it), "account" where no booking was named, "nobodys" where there
    is no such thing. `locator`: the mark it was named by, "" where it was named by an id.
    """

    account_id: str
    found: Found
    booking_id: str = ""
    locator: str = ""


def decide(
    account: AccountState, booking: BookingState | None, found: Found, channel: Channel, party_id: str
) -> Reason | None:
    """Why nothing goes to this recipient by this channel; None where the channel's text may go.

    `party_id`: whom of the account it reaches, "" for nobody we know.
    """
    if not TEXTS[channel]:
        return "calendar_shows_when"
    if found == "nobodys":
        return "unknown_booking"
    if found == "hidden":
        return "not_shown"
    party = account.parties.get(party_id)
    if party is None or party.hidden:
        return "unknown_recipient"
    if found == "shown" and party.kind == "traveller":
        # Who holds the account, or is its contact, hears of every booking on it; a traveller of those he is shown on.
        shown = None if booking is None else booking.shown
        return None if shown is not None and party_id in shown.people else "not_concerned"
    return None


def found(booking: BookingState, locator: str, now: datetime) -> Literal["shown", "hidden"] | None:
    """How a booking is found that was named by a locator of this mark, or by its id ("").

    None where it is not its locator, or where there is no such booking.
    """
    shown, held = booking.shown, booking.held
    if shown is not None and (not locator or locator in shown.locators):
        return "shown" if booking.shows(now) else "hidden"
    return "hidden" if held is not None and (not locator or locator in held.locators) else None


def told_safely(account: AccountState, booking: BookingState | None, now: datetime) -> frozenset[str]:
    """Whose safe contact is told that there is news, where only the held view has what it is about.

    The protected parties on that view, as far as two people have confirmed them: a safe contact that nobody has looked
    at may be anybody's.
    """
    held = None if booking is None else booking.held
    return frozenset() if held is None else (account.confirmed() & account.protected(now)).intersection(held.people)
