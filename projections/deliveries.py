"""Deliveries: which letters are on their way to which webhook, by incident and in order, and which are dead."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

import msgspec

from domain.event import Recorded
from domain.incident import IncidentClosed, IncidentJoined, IncidentOpened
from domain.webhook import (
    KINDS,
    Kind,
    LetterDelivered,
    LetterDied,
    WebhookAdded,
    WebhookRemoved,
    WebhookReplayed,
)
from projections.projection import Projection

NAMES = (
    *(IncidentOpened.NAME, IncidentJoined.NAME, IncidentClosed.NAME),
    *(WebhookAdded.NAME, WebhookRemoved.NAME, WebhookReplayed.NAME, LetterDelivered.NAME, LetterDied.NAME),
)


class Letter(msgspec.Struct, frozen=True, gc=False):
    """An event of an incident as other systems are told of it. `rule_kind`: of the rule that found it."""

    position: int
    incident_id: str
    kind: Kind
    rule_kind: str
    at: datetime


class Mailbox:
    """The letters of one webhook: those to be delivered by incident, oldest first, and which incidents are held up."""

    def __init__(self, kinds: tuple[Kind, ...], added_at: str) -> None:
        """Begin empty."""
        self.kinds = kinds
        self.added_at = added_at
        self.waiting: dict[str, dict[int, Letter]] = {}  # by incident, then by position, oldest first
        self.dead: frozenset[str] = frozenset()
        self.delivered = 0

    def put(self, letters: Iterable[Letter]) -> None:
        """Have these delivered, each in its place."""
        older: set[str] = set()
        for letter in letters:
            if letter.kind in self.kinds:
                there = self.waiting.setdefault(letter.incident_id, {})
                if there and letter.position < next(reversed(there)):
                    older.add(letter.incident_id)
                there[letter.position] = letter
        for incident_id in older:
            self.waiting[incident_id] = dict(sorted(self.waiting[incident_id].items()))

    def take(self, incident_id: str, position: int) -> None:
        """It was delivered."""
        self.delivered += 1
        there = self.waiting.get(incident_id, {})
        there.pop(position, None)
        if not there:
            self.waiting.pop(incident_id, None)

    def due(self) -> list[str]:
        """The incidents that letters are to be delivered about now."""
        return [about for about in self.waiting if about not in self.dead]

    def held(self) -> int:
        """How many letters are dead, or wait behind one that is."""
        return sum(len(self.waiting.get(about, {})) for about in self.dead)


class Deliveries:
    """The mailboxes of all webhooks, and every letter there ever was, to be replayed."""

    def __init__(self) -> None:
        """Begin empty."""
        self.mailboxes: dict[str, Mailbox] = {}
        self.letters: list[Letter] = []
        self._found_by: dict[str, str] = {}

    def evolve(self, recorded: Recorded) -> None:
        """Fold one event of NAMES."""
        match recorded.event:
            case IncidentOpened() | IncidentJoined() | IncidentClosed():
                self._told(recorded)
            case WebhookAdded(webhook_id=webhook_id, kinds=kinds):
                self.mailboxes[webhook_id] = Mailbox(kinds, recorded.header.occurred_at.isoformat())
            case WebhookRemoved(webhook_id=webhook_id):
                self.mailboxes.pop(webhook_id, None)
            case LetterDelivered(webhook_id=webhook_id, incident_id=incident_id, position=position):
                if webhook_id in self.mailboxes:
                    self.mailboxes[webhook_id].take(incident_id, position)
            case LetterDied(webhook_id=webhook_id, incident_id=incident_id):
                if webhook_id in self.mailboxes:
                    self.mailboxes[webhook_id].dead |= {incident_id}
            case WebhookReplayed(webhook_id=webhook_id, after=after):
                if webhook_id in self.mailboxes:
                    self._replayed(self.mailboxes[webhook_id], after)
            case _:
                pass

    def _told(self, recorded: Recorded) -> None:
        happened = recorded.event
        if isinstance(happened, IncidentOpened | IncidentJoined):
            self._found_by.setdefault(happened.incident_id, happened.finding.kind)
            found_by = happened.finding.kind
        else:
            assert isinstance(happened, IncidentClosed)  # noqa: S101 - one of the three
            found_by = self._found_by.get(happened.incident_id, "")
        kind = KINDS[(IncidentOpened, IncidentJoined, IncidentClosed).index(type(happened))]
        letter = Letter(recorded.position, happened.incident_id, kind, found_by, recorded.header.occurred_at)
        self.letters.append(letter)
        for mailbox in self.mailboxes.values():
            mailbox.put((letter,))

    def _replayed(self, mailbox: Mailbox, after: int | None) -> None:
        mailbox.dead = frozenset()
        if after is not None:
            mailbox.put(self.letters[bisect_right(self.letters, after, key=lambda each: each.position) :])


def _evolve(state: Deliveries, recorded: Recorded) -> Deliveries:
    state.evolve(recorded)
    return state


DELIVERIES: Projection[Deliveries] = Projection(NAMES, Deliveries, _evolve)
