"""The dimensions of policy: all that a rule may depend on, each with its few values, and the cells they span.

Five dimensions say in which *situation* a listener is (standing, protection, purpose, channel, tier), three say what he
would hear (view, scope, field class): 576 situations of 32 *cells*. Each dimension is an enum entity type of the Cedar
schema, so that a misspelt value fails validation. The order of dimensions and of their members is the layout of stored
tables: whoever changes either retires the event `policy.adopted.v1`.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator
from typing import Self

import msgspec

from domain.field_class import FieldClass

__all__ = [
    "AROUND",
    "CELLS",
    "DIMENSIONS",
    "MASK_BITS",
    "Cell",
    "Channel",
    "Dimension",
    "Protection",
    "Purpose",
    "Scope",
    "Standing",
    "Tier",
    "View",
    "around",
    "bit",
    "classes",
    "every_cell",
    "situation",
]


class Dimension(enum.StrEnum):
    """One dimension of policy: its values are the entities of the Cedar enum type of that name.

    `ordinal`: from 0; `word`: the value, at a third of what `value` costs.
    """

    ordinal: int
    word: str

    def __new__(cls, value: str) -> Self:
        """Number the members as they are declared."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.ordinal = len(cls.__members__)
        member.word = value
        return member


class Standing(Dimension):
    """What the listener has proved, or been declared to be, in this interaction."""

    UNKNOWN = "unknown"
    IDENTIFIED = "identified"  # facts compared and found right; no passcode is set on the party
    UNPROVED = "unproved"  # likewise, but a passcode is set and was not proved
    VERIFIED = "verified"
    DURESS = "duress"  # verified by the duress passcode, or of a protected party by one that is not hers alone
    ADVERSE = "adverse"  # verified, but adverse towards a protected party
    THIRD_PARTY = "third_party"  # dealer, hotel, airline desk
    BOUND = "bound"  # interpreter or relay operator, bound by declaration


class Protection(Dimension):
    """Who on the account is protected, seen from the listener: nobody, somebody else only, or (also) his own party."""

    NONE = "none"
    OTHER = "other"
    SELF = "self"


class View(Dimension):
    """Which of the two views of a booking an item is read from."""

    HELD = "held"
    SHOWN = "shown"


class Scope(Dimension):
    """Whom an item is about. `OWN`: the listener, and no protected party he is adverse towards. `COMPANION`: others."""

    OWN = "own"
    COMPANION = "companion"


class Purpose(Dimension):
    """What the answer is for. `OPERATIONS`: what a dealer, hotel or airline desk needs to do its part."""

    SERVICE = "service"
    OPERATIONS = "operations"


class Channel(Dimension):
    """How the answer travels. `NOTICE`: voicemail, shared number, mail, any delivery nobody is known to attend."""

    CALL = "call"
    CHAT = "chat"
    PORTAL = "portal"
    NOTICE = "notice"


class Tier(Dimension):
    """The asking agent's tier; the portal and the notifier count as 1."""

    ONE = "1"
    TWO = "2"
    THREE = "3"


# The situation first, then the three that number the bits of its mask.
DIMENSIONS = (Standing, Protection, Purpose, Channel, Tier, View, Scope, FieldClass)
MASK_BITS = len(View) * len(Scope) * len(FieldClass)
AROUND = len(Purpose) * len(Channel) * len(Tier)
SITUATIONS = len(Standing) * len(Protection) * len(Purpose) * len(Channel) * len(Tier)
CELLS = SITUATIONS * MASK_BITS


class Cell(msgspec.Struct, frozen=True, gc=False, order=False):
    """One combination of all eight dimensions."""

    standing: Standing
    protection: Protection
    purpose: Purpose
    channel: Channel
    tier: Tier
    view: View
    scope: Scope
    field_class: FieldClass

    def __str__(self) -> str:
        """Name the cell as `standing/protection/purpose/channel/tier/view/scope/class`."""
        return "/".join(str(getattr(self, name).value) for name in self.__struct_fields__)


def every_cell() -> Iterator[Cell]:
    """All 18,432 cells in the order of the table: cell number = situation * 32 + bit."""
    return itertools.starmap(Cell, itertools.product(*DIMENSIONS))


def situation(standing: Standing, protection: Protection, purpose: Purpose, channel: Channel, tier: Tier) -> int:
    """Index of a situation, 0 to 575."""
    return (standing.ordinal * 3 + protection.ordinal) * AROUND + around(purpose, channel, tier)


def around(purpose: Purpose, channel: Channel, tier: Tier) -> int:
    """The part of it that is the same for everybody who listens, 0 to 23."""
    return (purpose.ordinal * 4 + channel.ordinal) * 3 + tier.ordinal


def bit(view: View, scope: Scope, field_class: FieldClass) -> int:
    """Index of a cell in its situation's mask, 0 to 31: view * 16 + scope * 8 + field class."""
    return view.ordinal * 16 + scope.ordinal * 8 + field_class.index


def classes(mask: int, view: View, scope: Scope) -> int:
    """The field classes a mask permits in one view and scope: 8 bits, bit = `FieldClass.index`."""
    return mask >> (view.ordinal * 16 + scope.ordinal * 8) & 0xFF
