"""Consent: a verified party lets somebody else on the line hear more of what is that party's alone.

It is for one listener and some field classes, and opens nothing by itself: what it opens is looked up when a question
is decided, from what the consenting party has proved *then* (see `decision`). It ends when either of the two leaves
the line, when the contact is bound anew, and with the contact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from domain.dimension import Scope, Standing, View, bit
from domain.event import Event, event
from domain.field_class import FieldClass

if TYPE_CHECKING:
    from domain.hearing import Hearing
    from domain.interaction import InteractionState

__all__ = ["Consent", "ConsentGiven", "Opened", "given", "opened", "without"]

_HELD_OWN = bit(View.HELD, Scope.OWN, FieldClass.E)
_SHOWN_OWN = bit(View.SHOWN, Scope.OWN, FieldClass.E)
_PROVED = (Standing.VERIFIED, Standing.ADVERSE, Standing.DURESS)


class Consent(msgspec.Struct, frozen=True, gc=False):
    """What one listener consents that another hears. `classes`: bits by `FieldClass.index`."""

    by: str
    listener_id: str
    party_id: str
    account_id: str
    classes: int


class Opened(msgspec.Struct, frozen=True, gc=False):
    """What a consent opens to a listener now: classes of what is this party's alone, as held and as shown (bits).

    Existence is never opened as held: an answer comes from the held view only if it would without the consent.
    """

    party_id: str
    held: int
    shown: int


@event
class ConsentGiven(Event, frozen=True, kw_only=True):
    """A party consented that a listener hears these classes of what is the party's alone; none takes it back.

    `by`: the listener who said so; `party_id`: the party he had proved to be, "" where he had proved nothing: then it
    opens nothing. `bindings`: how often the contact had been bound.
    """

    NAME: ClassVar[str] = "consent.given.v1"
    by: str
    listener_id: str
    party_id: str
    account_id: str
    classes: str
    bindings: int


def given(known: tuple[Consent, ...], happened: ConsentGiven) -> tuple[Consent, ...]:
    """The consents after one more: between the same two people the last word counts."""
    others = tuple(each for each in known if (each.by, each.listener_id) != (happened.by, happened.listener_id))
    if not happened.party_id or not happened.classes:
        return others
    bits = sum(FieldClass(letter).bit for letter in happened.classes)
    return (*others, Consent(happened.by, happened.listener_id, happened.party_id, happened.account_id, bits))


def without(known: tuple[Consent, ...], listener_id: str) -> tuple[Consent, ...]:
    """The consents that are left when this listener has left the line."""
    return tuple(each for each in known if listener_id not in (each.by, each.listener_id))


def opened(hearings: tuple[Hearing, ...], interaction: InteractionState) -> tuple[Hearing, ...]:
    """The hearings with what others on the line consented to: as much as each of those may have himself, now.

    It counts for what the consenting listener has proved in this contact on this account, and from a duress passcode
    for the shown view alone, as from an ordinary passcode on an account whose booking is that.
    """
    on_the_line = {hearing.listener_id: hearing for hearing in hearings}
    found: dict[str, tuple[Opened, ...]] = {}
    for each in interaction.consents:
        giver = on_the_line.get(each.by)
        if each.listener_id not in on_the_line or each.account_id != interaction.account_id:
            continue
        if giver is None or giver.standing not in _PROVED or giver.party_id != each.party_id:
            continue
        held = 0 if giver.standing is Standing.DURESS else giver.mask >> _HELD_OWN & each.classes & ~FieldClass.E.bit
        more = Opened(each.party_id, held, giver.mask >> _SHOWN_OWN & each.classes)
        found[each.listener_id] = (*found.get(each.listener_id, ()), more)
    return tuple(
        [
            replace(hearing, consents=found[hearing.listener_id]) if hearing.listener_id in found else hearing
            for hearing in hearings
        ]
    )
