"""Own: what of an incident's timeline is a party's own, and how it is told to that party.

A list of what is told, and nothing besides: an event that is not in it is left out, whatever it says. Nothing that is
told differs by whether the account is protected, but for the party who is. The rules:

- An attempt is of those who listened to it as somebody known. A confirmed protected party is told of attempts by others
  too, that and when and what came of them, not by whom: unless somebody else on the account claims protection as well,
  who must not be betrayed by when he called.
- A contact is of the party it was bound as, where it was bound as nobody else.
- What was decided by which view and rules, that a passcode was one of duress, and what staff wrote, is told to none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.access_request import AccessRequestAnswered, AccessRequestOpened
from domain.account import AccountState
from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted
from domain.commitment import CUSTOMER, CommitmentMade
from domain.event import Event, Recorded
from domain.interaction import InteractionBound
from projections import telling
from projections.naming import Names
from projections.redaction import DECIDED, bar
from projections.telling import Telling
from projections.wording import clock, spaced

_OPENS = {
    "action.attempted.v1": {"request"},
    "party.added.v1": {"profile"},
    "protection.started.v1": {"safe_contact"},
    "safe_contact.change_asked.v1": {"safe_contact"},
    "safe_contact.changed.v1": {"safe_contact"},
}
# Told in the words that everybody has of them, where they name the party; without how it was decided.
_NAMING = frozenset({
    *("party.added.v1", "passcode.set.v1", "access_request.opened.v1", "access_request.answered.v1"),
    *("protection.started.v1", "protection.confirmed.v1", "protection.renewed.v1", "protection.released.v1"),
    *("protection.ending_asked.v1", "protection.ending_confirmed.v1", "protection.ending_stopped.v1"),
    *("protection.ended.v1", "safe_contact.change_asked.v1", "safe_contact.change_stopped.v1"),
    *("safe_contact.correction_asked.v1", "safe_contact.changed.v1"),
})  # fmt: skip
# Told where the contact was bound as the party, and as nobody else.
_CONTACT = frozenset({"interaction.opened.v1", "interaction.closed.v1", "interaction.disputed.v1", "passcode.tried.v1"})
_PROMISE = {
    "commitment.answered.v1": "somebody rang or wrote about the promise",
    "commitment.accepted.v1": "the answer was accepted",
    "commitment.declined.v1": "the answer was declined",
    "commitment.broken.v1": "the promise was not kept in time",
}


def opens(name: str, field: str) -> bool:
    """Whether this field of this event may be read by the party it is of, where it was opened."""
    return field in _OPENS.get(name, ())


class Own:
    """What is one party's own among the events of an incident."""

    def __init__(self, account: AccountState, party_id: str, told: list[Recorded]) -> None:
        """Look through them for which contacts and promises are the party's."""
        self._party_id = party_id
        claims = {each for each, protection in account.protections.items() if not protection.dismissed}
        self._warned = party_id in account.upheld() and claims == {party_id}
        bound: dict[str, set[str]] = {}
        self._promised: set[str] = set()
        requests: set[str] = set()
        for each in told:
            match each.event:
                case InteractionBound(party_id=as_whom):
                    bound.setdefault(each.header.interaction or each.stream.partition(":")[2], set()).add(as_whom)
                case CommitmentMade(party_id=whose, made_to=to) if whose == party_id and to == CUSTOMER:
                    self._promised.add(each.stream)
                case AccessRequestOpened(party_id=whose) if whose == party_id:
                    requests.add(each.stream)
                case _:
                    pass
        self._requests = requests
        self._contacts = {line for line, whom in bound.items() if whom == {party_id}}

    def told(  # noqa: PLR0911 - one arm for each kind of thing that is told
        self, recorded: Recorded, fields: Mapping[str, Any], names: Names
    ) -> Telling | None:
        """An event in the words the party has of it, None where it is told nothing of it."""
        happened, name = recorded.event, recorded.event.NAME
        match happened:
            case DisclosureAttempted() | ActionAttempted():
                return self._attempt(happened, fields)
            case InteractionBound(party_id=self._party_id):
                return Telling(f"the caller said who he is, by {', '.join(map(spaced, happened.facts))}")
            case CommitmentMade() if recorded.stream in self._promised:
                return Telling("a promise was made to the caller", f"due {clock(fields['due_at'])}")
            case _ if name in _PROMISE and recorded.stream in self._promised:
                return Telling(_PROMISE[name])
            case _ if name in {"passcode.offered.v1", "passcode.request_declined.v1"} and self._names(happened):
                # Answered alike, so told alike. One that a protection sent is told by the protection.
                asked = fields.get("reason", "requested") == "requested"
                return Telling("asked for a passcode", how=bar(DECIDED)) if asked else None
            case _ if name in _NAMING and (self._names(happened) or self._requested(recorded)):
                words = telling.told(name, fields, names.named)
                return Telling(words.what, words.outcome)
            case _ if name in _CONTACT and self._in_contact(recorded):
                words = telling.told(name, fields, names.named)
                # That one could not be tried yet is answered like any that is wrong.
                return Telling(words.what, "not accepted" if words.outcome == "blocked" else words.outcome)
            case _:
                return None

    def _attempt(self, happened: DisclosureAttempted | ActionAttempted, fields: Mapping[str, Any]) -> Telling | None:
        words = telling.told(happened.NAME, fields)
        if any(each.party_id == self._party_id for each in happened.listeners):
            return Telling(words.what, words.outcome, bar(DECIDED))
        if not self._warned:
            return None
        what = f"somebody {words.what}" if isinstance(happened, ActionAttempted) else "somebody asked about a booking"
        return Telling(what, words.outcome, bar(DECIDED))

    def _names(self, happened: Event) -> bool:
        return getattr(happened, "party_id", "") == self._party_id

    def _requested(self, recorded: Recorded) -> bool:
        return isinstance(recorded.event, AccessRequestAnswered) and recorded.stream in self._requests

    def _in_contact(self, recorded: Recorded) -> bool:
        line = recorded.header.interaction or recorded.stream.partition(":")[2]
        return line in self._contacts
