"""The timeline of an incident: one reading across all streams that belong to it, whole or as one recipient may have it.

    gathered events, their fields (sealed, or opened under an approval) -> entries, in the order of the log
    a recipient -> naming (letters for people and staff), own (what a party is told) -> the same, redacted

The full one is for the house's own legal department. An *office* (court, police, regulator) has every entry, people
and staff by letters, and nothing personal. A *party*, or its counsel, has what is the party's own and nothing else: not
that there is anything else, nor when (see `own`). Every redaction has its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from domain.account import AccountState
from domain.event import Event, Recorded, personal_fields
from domain.exhibit import EntryCommented
from domain.incident import IncidentState
from domain.refusal import Refused
from projections import own, redaction, telling
from projections.entry import COUNSEL, Comment, Entry, ExhibitLine, Person, Recipient, Timeline, Word
from projections.naming import Names
from projections.redaction import Redaction, bar, clean

OFFICES = ("court", "police", "regulator")
NEVER = frozenset({"digest", "duress_digest", "secret"})
_WHOLE = (
    "Whatever is not about the person this is made for is left out whole: how much there is of it, when, and whether "
    "there is any would itself be another person's data, and is not said."
)
LEFT_OUT = (_WHOLE, "By which rules and views an answer is decided is not told to whoever asks, and is not told here.")


class Gathered(msgspec.Struct, frozen=True):
    """What a timeline is made from. `fields` gives an event's fields as built-in values, sealed or opened.

    `recorded`: every event that belongs to the incident up to position `until`, in order, those of the incident's own
    stream included; `marginal`: those of them that are about the timeline itself, which has no entries of them.
    """

    incident_id: str
    state: IncidentState
    account: AccountState
    until: int
    recorded: tuple[Recorded, ...]
    marginal: frozenset[int]
    fields: Callable[[Recorded], Mapping[str, Any]]


def recipient(name: str, account: AccountState) -> Recipient:
    """The recipient of this name: "", an office, a party's id or "counsel:" and one. Raises Refused."""
    if not name:
        return Recipient()
    if name in OFFICES:
        return Recipient(name, "office")
    party_id = name.removeprefix(COUNSEL)
    if party_id not in account.parties:
        detail = f"name a party of the account, counsel:PARTY, or one of {', '.join(OFFICES)}"
        raise Refused("unknown_recipient", detail, place="recipient")
    return Recipient(name, "party", party_id)


def timeline(gathered: Gathered, whom: Recipient, zones: Mapping[str, str]) -> Timeline:
    """The timeline for this recipient. `zones`: IANA zones by site, casefolded."""
    names = Names(gathered.account, whom.kind, whom.party_id)
    told = [each for each in gathered.recorded if each.position not in gathered.marginal]
    teller = own.Own(gathered.account, whom.party_id, told) if whom.kind == "party" else None
    comments = _comments(gathered, names) if whom.kind == "full" else {}
    maker = _Maker(gathered, names, zones, teller, comments)
    entries = tuple(entry for each in told if (entry := maker.entry(each)) is not None)
    party = whom.kind == "party"
    numbers = {each.position: each.position if not party else at for at, each in enumerate(entries, 1)}
    if party:  # where in the log each stands would say how much there is between them
        entries = tuple(replace(each, position=numbers[each.position]) for each in entries)
    found = Counter(each.reason for entry in entries for each in entry.redactions)
    return Timeline(
        incident_id=gathered.incident_id,
        recipient=whom,
        about="" if party else gathered.state.about,
        account_id="" if party else gathered.state.account_id,
        opened_at="" if party else gathered.state.opened_at,
        until=gathered.until,
        people=tuple(Person(*each) for each in names.people()),
        entries=entries,
        exhibits=tuple(
            ExhibitLine(number, numbers[each.position], each.withdrawn)
            for number, each in enumerate(gathered.state.exhibits.exhibits, 1)
            if each.position in numbers
        ),
        left_out=LEFT_OUT if party else (),
        reasons=dict(sorted(found.items())),
        zones={site: zones.get(site.casefold(), "") for site in sorted({each.site for each in entries if each.site})},
        recorded=gathered.recorded,
    )


def _comments(gathered: Gathered, names: Names) -> dict[int, list[Comment]]:
    found: dict[int, list[Comment]] = {}
    for each in gathered.recorded:
        if isinstance(each.event, EntryCommented):
            text = said(each.event, "words", gathered.fields(each)["words"])
            at = each.header.occurred_at.isoformat()
            found.setdefault(each.event.position, []).append(Comment(names.actor(each.header.actor), at, text))
    return found


def said(event: Event, field: str, value: Any) -> str:
    """A personal value as text: what it says where it was opened, else a bar."""
    if field in NEVER:
        return bar(redaction.SECRET)
    if isinstance(value, dict) and value.keys() == {"sealed"}:
        return bar(redaction.SEALED)
    if isinstance(value, dict) and value.keys() == {"forgotten"}:
        return bar(redaction.FORGOTTEN)
    if isinstance(value, dict) and value.keys() == {"opened", "value"}:
        return spoken(value["value"])
    if isinstance(value, list):
        return ", ".join(said(event, field, each) for each in value)
    return bar(redaction.SEALED)


def spoken(value: Any) -> str:
    """What was opened, as text."""
    match value:
        case dict():
            told = {clean(str(name)).replace("_", " "): spoken(each) for name, each in value.items()}
            return "; ".join(f"{name}: {each}" for name, each in told.items() if each)
        case list():
            return ", ".join(spoken(each) for each in value)
        case None:
            return ""
        case _:
            return clean(str(value))


class _Maker:
    """Makes the entries of one timeline."""

    def __init__(
        self,
        gathered: Gathered,
        names: Names,
        zones: Mapping[str, str],
        teller: own.Own | None,
        comments: Mapping[int, list[Comment]],
    ) -> None:
        self._gathered = gathered
        self._names = names
        self._zones = {site: ZoneInfo(zone) for site, zone in zones.items()}
        self._teller = teller
        self._comments = comments
        self._protected = gathered.account.ever_protected()
        self._numbers = {
            each.position: number
            for number, each in enumerate(gathered.state.exhibits.exhibits, 1)
            if not each.withdrawn
        }

    def entry(self, recorded: Recorded) -> Entry | None:
        """An event's entry, None where this recipient is told nothing of it."""
        fields = self._gathered.fields(recorded)
        names, happened, header = self._names, recorded.event, recorded.header
        full = names.kind == "full"
        if self._teller is not None:
            telling_of_own = self._teller.told(recorded, fields, names)
            if telling_of_own is None:
                return None
            words = telling_of_own
        else:
            words = telling.told(happened.NAME, names.coded(happened.NAME, fields), names.named)
        opened = self._words(recorded, fields)
        who = names.actor(header.actor)
        heard = tuple(names.listener(*each) for each in telling.heard(fields))
        local, zone = self._local(header.occurred_at, header.actor.site)
        texts = {"what": words.what, "outcome": words.outcome, "how": words.how}
        places = [(place, reason) for place, text in texts.items() for reason in redaction.reasons(text)]
        places += [("heard", reason) for each in heard for reason in redaction.reasons(each)]
        places += [(f"words.{each.field}", reason) for each in opened for reason in redaction.reasons(each.text)]
        places += [("who", reason) for reason in names.hides(header.actor)]
        state = self._gathered.state.exhibits
        marks = (
            recorded.position in state.comments or recorded.position in state.tags or recorded.position in state.pinned
        )
        if marks and not full and names.kind == "office":
            places.append(("annotations", redaction.PRIVILEGED))
        party = self._teller is not None
        return Entry(
            position=recorded.position,
            exhibit=self._numbers.get(recorded.position, 0),
            at=header.occurred_at.isoformat(),
            local=local,
            zone=zone,
            who=who,
            site=clean(header.actor.site),
            about=() if party else names.about(happened, fields),
            what=words.what,
            outcome=words.outcome,
            how=words.how,
            heard=heard,
            words=opened,
            name=recorded.name,
            stream=recorded.stream if full else "",
            version=recorded.version if full else 0,
            interaction=header.interaction if full else "",
            pinned=full and recorded.position in state.pinned,
            tags=state.tags.get(recorded.position, ()) if full else (),
            comments=tuple(self._comments.get(recorded.position, ())),
            redactions=tuple(sorted({Redaction(*each) for each in places})),
        )

    def _words(self, recorded: Recorded, fields: Mapping[str, Any]) -> tuple[Word, ...]:
        found = []
        for field in personal_fields(type(recorded.event)):
            values = getattr(recorded.event, field)
            if values is None or values == ():
                continue
            subjects = {each.subject for each in (values if isinstance(values, tuple) else (values,))}
            text = self._text(recorded.event, field, fields[field], subjects)
            if text:
                found.append(Word(field, text))
        return tuple(found)

    def _text(self, happened: Event, field: str, value: Any, subjects: set[str]) -> str:
        protected = bool(subjects & self._protected)
        if self._names.kind == "full":
            sealed = bar(redaction.SEALED)
            text = said(happened, field, value)
            return text.replace(sealed, bar(redaction.PROTECTED)) if protected else text
        if self._teller is not None:
            if not own.opens(happened.NAME, field):
                return ""  # what is told to a party says nothing of this field
            return said(happened, field, value) if subjects == {self._names.party_id} else bar(redaction.OTHERS)
        if field in NEVER:
            return bar(redaction.SECRET)
        return bar(redaction.PROTECTED if protected else redaction.OTHERS)

    def _local(self, at: datetime, site: str) -> tuple[str, str]:
        zone = self._zones.get(site.casefold())
        return ("", "") if zone is None else (at.astimezone(zone).isoformat(), zone.key)
