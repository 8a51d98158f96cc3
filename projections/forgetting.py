"""Forgetting: what of an account's record is about one of its people, key by key, so that it can be destroyed.

Folded from everything the log has about the account, in order. A person's own key goes, and those of the contacts in
which the person was on the line, or nobody that is known. What is said about the account as a whole (commitments,
incidents, exports and the account itself) cannot be told apart by person: their keys up to now go, and what is said
next has new ones. A booking's own key, which holds what its travellers share, goes with the last of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any, Literal

import msgspec

from domain.booking import BookingImported
from domain.event import Event, Personal, Plain, Recorded, Sealed, personal_fields
from domain.evidence import EvidenceCarried
from domain.forgetting import NAMES, ForgettingCompleted, ForgettingConfirmed, Gone
from domain.interaction import InteractionBound, InteractionOpened, ListenerJoined
from domain.party import PartyAdded, PartyForgotten
from domain.passcode import PasscodeTried
from domain.split import SplitDeclared
from projections.projection import Projection

Stays = Literal["others_travel_on_it", "shared_with_other_callers"]


class Going(msgspec.Struct, frozen=True):
    """A key that goes. `kind`: whose it is: a party, a contact, a booking, an account or another thing about it.

    `values` are sealed under it, in so many `events`; `shared`: with others, who lose them too, and the key is followed
    by another.
    """

    subject: str
    kind: str
    values: int
    events: int
    shared: bool

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Going()"


class Staying(msgspec.Struct, frozen=True):
    """A key that stays although something of the person may be sealed under it, and why."""

    subject: str
    kind: str
    values: int
    why: Stays

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Staying()"


class Plan(msgspec.Struct, frozen=True):
    """What goes and what stays, as the log stood at `position`; `events`: how many hold any of what goes."""

    party_id: str
    account_id: str
    position: int
    goes: tuple[Going, ...]
    stays: tuple[Staying, ...]
    events: int
    locators: tuple[tuple[str, str], ...] = ()

    def digest(self) -> str:
        """SHA-256 of what goes and what stays, in hex, whenever it is told: whoever confirms it names just this."""
        told = msgspec.structs.replace(self, position=0)
        return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()

    def gone(self, generations: dict[str, int]) -> tuple[Gone, ...]:
        """The keys to destroy; of what is shared those up to today's generation, as it is given here."""
        return tuple(Gone(each.subject, generations.get(each.subject, 1) if each.shared else 0) for each in self.goes)

    def bookings(self) -> tuple[str, ...]:
        """The bookings that nobody is on any more."""
        return tuple(each.subject for each in self.goes if each.kind == "booking")


class Concerned:
    """What is known of one person by the record of an account."""

    def __init__(self, party_id: str, account_id: str) -> None:
        """Know nothing yet."""
        self.party_id, self.account_id = party_id, account_id
        self._people: set[str] = set()
        self._forgotten: set[str] = set()
        self._bookings: dict[str, set[str]] = {}
        self._marks: dict[str, set[str]] = {}
        self._contacts: dict[str, set[str]] = {}
        self._kinds: dict[str, str] = {}
        self._values: Counter[str] = Counter()
        self._events: dict[str, set[int]] = {}

    def evolve(self, recorded: Recorded) -> None:
        """Fold one event."""
        kind, _, itself = recorded.stream.partition(":")
        if kind not in ("account", "booking", "interaction"):
            self._kinds.setdefault(itself, kind)
        elif kind == "interaction":
            self._contacts.setdefault(itself, set())
        self._people_of(recorded, itself)
        for subject in _subjects(recorded.event):
            self._values[subject] += 1
            self._events.setdefault(subject, set()).add(recorded.position)

    def plan(self, position: int) -> Plan:
        """What goes and what stays."""
        others = self._people - self._forgotten - {self.party_id}
        goes, stays, events = [], [], set()
        for subject in sorted(self._values):
            kind, verdict = self._judged(subject, others)
            if verdict == "goes" or verdict == "shared":  # noqa: PLR1714 - the checker of types narrows by these
                found = self._events[subject]
                events |= found
                goes.append(Going(subject, kind, self._values[subject], len(found), verdict == "shared"))
            elif verdict:
                stays.append(Staying(subject, kind, self._values[subject], verdict))
        locators = tuple(
            (mark, each.subject)
            for each in goes
            if each.kind == "booking"
            for mark in sorted(self._marks.get(each.subject, ()))
        )
        return Plan(self.party_id, self.account_id, position, tuple(goes), tuple(stays), len(events), locators)

    def _judged(self, subject: str, others: set[str]) -> tuple[str, Literal["", "goes", "shared"] | Stays]:
        if subject in self._people:
            return "party", "goes" if subject == self.party_id else ""
        if subject in self._contacts:
            known = self._contacts[subject]
            nobodys = known.isdisjoint(self._people)  # of somebody forgotten it went along
            return "contact", "goes" if self.party_id in known or nobodys else ""
        if subject in self._bookings:
            return "booking", self._booking(self._bookings[subject], others)
        if subject == self.account_id or subject in self._kinds:
            return self._kinds.get(subject, "account"), "shared"
        return "callers", "shared_with_other_callers"

    def _booking(self, people: set[str], others: set[str]) -> Literal["", "goes"] | Stays:
        if self.party_id not in people:
            return ""
        return "goes" if people.isdisjoint(others) else "others_travel_on_it"

    def _people_of(self, recorded: Recorded, itself: str) -> None:
        """Who is on the account, on a booking, on the line."""
        happened = recorded.event
        match happened:
            case PartyAdded(party_id=party_id):
                self._people.add(party_id)
            case PartyForgotten(party_id=party_id):
                self._forgotten.add(party_id)
            case BookingImported() | SplitDeclared():
                self._bookings.setdefault(itself, set()).update(happened.people)
                self._marks.setdefault(itself, set()).update(happened.locators)
            case InteractionOpened():
                self._contacts.setdefault(itself, set())
            case InteractionBound(account_id=account_id, party_id=party_id) if account_id == self.account_id:
                self._contacts[itself].add(party_id)
            case ListenerJoined(account_id=account_id, party_id=party_id) if account_id == self.account_id:
                self._contacts[itself].add(party_id)
            case EvidenceCarried(evidence=evidence):
                self._contacts[itself] |= self._people & set(_texts(msgspec.to_builtins(evidence)))
            case PasscodeTried(interaction_id=interaction_id, party_id=party_id):
                self._contacts.setdefault(interaction_id, set()).add(party_id)
            case _:
                pass


def _subjects(happened: Event) -> list[str]:
    """The data subjects of an event, one for each value."""
    found: list[str] = []
    for field in personal_fields(type(happened)):
        value: Personal | tuple[Personal, ...] | None = getattr(happened, field)
        if isinstance(value, Sealed | Plain):
            found.append(value.subject)
        elif value is not None:
            found += [each.subject for each in value]
    return found


def _texts(value: Any) -> list[str]:
    """Every text in a value made of lists and mappings."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for each in pair for text in _texts(each)]
    return [text for each in value for text in _texts(each)] if isinstance(value, list | tuple) else []


Unfinished = dict[str, ForgettingConfirmed]


def _left(state: Unfinished, recorded: Recorded) -> Unfinished:
    match recorded.event:
        case ForgettingConfirmed(party_id=party_id):
            state[party_id] = recorded.event
        case ForgettingCompleted(party_id=party_id):
            state.pop(party_id, None)
        case _:
            pass
    return state


def _begin() -> Unfinished:
    return {}


UNFINISHED: Projection[Unfinished] = Projection(NAMES, _begin, _left)
