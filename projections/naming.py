"""Naming: what people are called in a timeline: parties and, for anybody outside, staff, by letters.

Letters are given in the order in which people come up in that timeline: one that is missing would say that there is
somebody who is not told of. In the full one staff have their own names, and parties their ids beside their letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from domain.account import AccountState
from domain.event import Actor, Event
from projections import redaction
from projections.redaction import bar, clean
from projections.wording import spaced

_QUEUE = re.compile(r"tier-[1-3]|executives|customer|watchword|agent|team")
_SYSTEMS = {"system": "Watchword", "portal": "the portal", "notifier": "the notifier", "customer": "the customer"}
_ROLES = {
    "agent": "Agent",
    "legal": "Legal",
    "auditor": "Auditor",
    "compliance": "Compliance",
    "executive": "Executive",
}
_SEEN = {"none": "", "other": ", somebody else is protected", "self": ", protected"}


def letters(number: int) -> str:
    """The letters of somebody's place, from 0: A to Z, then AA."""
    found = ""
    number += 1
    while number:
        number, at = divmod(number - 1, 26)
        found = chr(ord("A") + at) + found
    return found


class Names:
    """The names of one timeline, given as they come up."""

    def __init__(self, account: AccountState, kind: Literal["full", "office", "party"], party_id: str) -> None:
        """Name the parties of this account, for a reader of this kind."""
        self.kind = kind
        self.party_id = party_id
        self._account = account
        self._parties: dict[str, str] = {}
        self._staff: dict[str, str] = {}
        self._count: dict[str, int] = {}
        for each in account.parties if kind != "party" else (party_id,):
            self.party(each)

    def party(self, party_id: str) -> str:
        """A party's name here."""
        found = self._parties.get(party_id)
        if found is None:
            found = self._parties[party_id] = f"Person {letters(len(self._parties))}"
        return found

    def people(self) -> Iterator[tuple[str, str, str]]:
        """Everybody named so far: name, kind on the account, and the id, but for an office."""
        for party_id, name in self._parties.items():
            party = self._account.parties.get(party_id)
            yield name, "" if party is None else party.kind, party_id if self.kind != "office" else ""

    def about(self, happened: Event, fields: Mapping[str, Any]) -> tuple[str, ...]:
        """The people an event names, by whatever field."""
        known = self._account.parties
        subjects = {text for text in _texts(fields) if text in known} if known else set()
        named = getattr(happened, "party_id", "")
        if named:
            subjects.add(named)
        return tuple(sorted((self.party(each) for each in subjects), key=lambda name: (len(name), name)))

    def actor(self, actor: Actor) -> str:
        """Who acted. Outside the house: a letter, the role and the site."""
        if self.kind == "full":
            tier = f" {actor.tier}" if actor.tier else ""
            return f"{clean(actor.subject)} ({spaced(actor.role)}{tier})"
        return _SYSTEMS.get(actor.role) or self._lettered(
            actor.subject, _ROLES.get(actor.role) or spaced(actor.role).capitalize(), actor.site
        )

    def hides(self, actor: Actor) -> tuple[str, ...]:
        """Why the name of who acted is none of his own."""
        if self.kind == "full" or actor.role in _SYSTEMS:
            return ()
        return (redaction.AGENT if actor.role == "agent" else redaction.STAFF,)

    def named(self, subject: str) -> str:
        """Somebody whom an event names: a member of staff, or whoever sees to something."""
        if self.kind == "full" or _QUEUE.fullmatch(subject):
            return clean(subject)
        if subject.startswith("team:"):
            return "a team"
        if subject.startswith("site:"):
            return f"the site {clean(subject.removeprefix('site:'))}"
        return self._staff.get(subject) or f"a member of staff {bar(redaction.STAFF)}"

    def listener(self, standing: str, protection: str, party_id: str) -> str:
        """Somebody who heard an answer. A party's own timeline tells where he himself stood, and nothing of others."""
        if self.kind == "party":
            return self.party(party_id) if party_id == self.party_id else bar(redaction.OTHERS)
        whom = self.party(party_id) if party_id else "nobody known"
        return f"{whom}: {spaced(standing)}{_SEEN.get(protection, '')}"

    def coded(self, name: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields, without what leads to somebody in another system."""
        if self.kind == "full":
            return {**fields, "reference": clean(fields["reference"])} if name == "account.opened.v1" else fields
        return (
            {**fields, "reference": bar(redaction.REFERENCE)}
            if name == "account.opened.v1" and fields["reference"]
            else fields
        )

    def _lettered(self, subject: str, role: str, site: str) -> str:
        found = self._staff.get(subject)
        if found is None:
            number = self._count.get(role, 0)
            self._count[role] = number + 1
            found = self._staff[subject] = f"{role} {letters(number)}"
        site = clean(site)
        return f"{found}, {site[:1].upper()}{site[1:]}" if site else found


def _texts(value: object) -> Iterator[str]:
    """Every string in a value, which may be an id."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
        case _:
            pass
