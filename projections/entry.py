"""Entries: what a timeline consists of, whoever it is made for, and what stands above them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from domain.event import Recorded
from projections.redaction import Redaction

COUNSEL = "counsel:"

Kind = Literal["full", "office", "party"]


class Recipient(msgspec.Struct, frozen=True):
    """For whom a timeline is made. `party_id`: whose data it may show, for a party or its counsel."""

    name: str = ""
    kind: Kind = "full"
    party_id: str = ""

    def words(self) -> str:
        """For whom, in words."""
        if self.kind == "full":
            return "the house's own legal department (full)"
        if self.kind == "office":
            return {"court": "the court", "police": "the police", "regulator": "the regulator"}[self.name]
        return "counsel of the party named below" if self.name.startswith(COUNSEL) else "the party named below"


class Word(msgspec.Struct, frozen=True, gc=False):
    """What is personal of an entry: its field, and what it says, or the bar in its place."""

    field: str
    text: str

    def __repr__(self) -> str:
        """Name the field."""
        return f"Word({self.field})"


class Comment(msgspec.Struct, frozen=True, gc=False):
    """What legal wrote about an entry: who, when (UTC, ISO 8601), and what."""

    by: str
    at: str
    text: str

    def __repr__(self) -> str:
        """Say when it was written."""
        return f"Comment({self.at})"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event. `at`: UTC, ISO 8601; `local`: at the site, "" where no zone is known for it; `zone`: its IANA name.

    `position`: in the log; for a party, who is not to know what else is in it, in this timeline. `about`: the people it
    concerns; `heard`: who heard the answer, and where each stood; `exhibit`: 0 for none.
    """

    position: int
    exhibit: int
    at: str
    local: str
    zone: str
    who: str
    site: str
    about: tuple[str, ...]
    what: str
    outcome: str
    how: str
    heard: tuple[str, ...]
    words: tuple[Word, ...]
    name: str
    stream: str
    version: int
    interaction: str
    pinned: bool
    tags: tuple[str, ...]
    comments: tuple[Comment, ...]
    redactions: tuple[Redaction, ...]

    def __repr__(self) -> str:
        """Say what happened, and where in the log."""
        return f"Entry({self.position}, {self.name})"


class Person(msgspec.Struct, frozen=True):
    """Somebody in the timeline: the name he has in it, his kind on the account, and his id ("" for an office)."""

    name: str
    kind: str
    party_id: str

    def __repr__(self) -> str:
        """Name the party."""
        return f"Person({self.party_id})"


class ExhibitLine(msgspec.Struct, frozen=True):
    """An exhibit: its number, the position of its entry, and whether it was withdrawn."""

    number: int
    position: int
    withdrawn: bool


class Timeline(msgspec.Struct, frozen=True):
    """An incident's timeline for one recipient.

    `left_out`: what has no entries, and why; `reasons`: how often something was redacted for each reason; `zones`: the
    IANA zone of each site that occurs, "" where none is known; `recorded`: every event it was gathered from, for the
    bundle, whoever the recipient is.
    """

    incident_id: str
    recipient: Recipient
    about: str
    account_id: str
    opened_at: str
    until: int
    people: tuple[Person, ...]
    entries: tuple[Entry, ...]
    exhibits: tuple[ExhibitLine, ...]
    left_out: tuple[str, ...]
    reasons: Mapping[str, int]
    zones: Mapping[str, str]
    recorded: tuple[Recorded, ...]
