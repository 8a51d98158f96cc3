"""Telling: every event of the log in plain words: what happened, what came of it, and how that was decided.

An event is told from its fields as built-in values, as a history or a timeline has them. Whatever is personal in it is
no part of the words, nor is any id; who is named in it (a member of staff, a queue) is told by `named`, so that a
timeline for somebody outside can name him otherwise.
"""

from __future__ import annotations

import msgspec

from projections.telling_office import WORDS as OFFICE
from projections.telling_record import WORDS as RECORD
from projections.telling_safety import WORDS as SAFETY
from projections.wording import Fields, Named, Words, clock, spaced, tiered


class Telling(msgspec.Struct, frozen=True, gc=False):
    """One event in words. `how`: by which view and rules it was decided, "" where nothing was."""

    what: str
    outcome: str = ""
    how: str = ""


def told(name: str, event: Fields, named: Named = str) -> Telling:
    """One event of this name in words. One that has none keeps its name (a test holds that all have)."""
    noun = name.rpartition(".v")[0]
    words = WORDS.get(noun)
    return Telling(*words(event, named)) if words is not None else Telling(noun.replace(".", " ").replace("_", " "))


def heard(event: Fields) -> tuple[tuple[str, str, str], ...]:
    """Who heard an answer: standing, how protection looked from there, and the party's id ("" for nobody known)."""
    listeners = event.get("listeners", ())
    return tuple((each["standing"], each["protection"], each.get("party_id", "")) for each in listeners)


def _decided(event: Fields) -> str:
    view = f"{event['view']} view, " if event["view"] else ""
    return f"{view}by {', '.join(event['rules'])}"


def _asked(event: Fields, _: Named) -> tuple[str, ...]:
    what = {
        "bookings": "asked for the list of bookings",
        "route": "asked who owns a booking",
        "dial": f"asked to be put through: {spaced(event.get('role', ''))}",
    }.get(str(event["asked"]), "asked about a booking")
    return f"{what} ({event['classes']})", str(event["outcome"]), _decided(event)


def _acted(event: Fields, _: Named) -> tuple[str, ...]:
    route = f", for {spaced(event['route'])}" if event["outcome"] == "accepted" else ""
    return f"asked for something to be done: {spaced(event['action'])}", str(event["outcome"]), _decided(event) + route


def _tried(event: Fields, _: Named) -> tuple[str, ...]:
    if event["blocked"]:
        return "tried a passcode", "blocked"
    return "tried a passcode", "accepted" if event["accepted"] else "not accepted"


def _bound(event: Fields, _: Named) -> tuple[str, ...]:
    by = ", ".join(spaced(each) for each in event["facts"]) or "nothing"
    found = "an account was found" if event["known"] else "no account was found"
    return f"the caller said who he is, by {by}", found, "only a held view has the locator" if event["hidden"] else ""


def _ruled(event: Fields, _: Named) -> tuple[str, ...]:
    whom = f", to {tiered(event['passed_to'])}" if event["passed_to"] else ""
    first = "".join(f", call the {spaced(each)}" for each in event["call_first"])
    return f"asked for authority: {spaced(event['action'])}", f"{spaced(event['verdict'])}{whom}{first}"


def _signalled(event: Fields, _: Named) -> tuple[str, ...]:
    done = ", ".join(spaced(each) for each in event["actions"])
    return f"heard that it is about {event['kind']}", done or f"passed on to {tiered(event['passed_to'])}"


_LINE: dict[str, Words] = {
    "interaction.opened": lambda e, _: (f"a contact began: {spaced(e['channel'])}",),
    "interaction.bound": _bound,
    "interaction.closed": lambda *_: ("the contact ended",),
    "interaction.evidence_carried": lambda e, _: (f"took a contact over, by {e['by']}",),
    "interaction.continued": lambda *_: ("the contact went on in another",),
    "interaction.disputed": lambda *_: ("the caller said that what he was told is wrong", "nothing more until seen to"),
    "interaction.dispute_resolved": lambda *_: ("looked at what the caller disputed", "the contact goes on"),
    "listener.joined": lambda e, _: (
        f"somebody joined the line: {spaced(e['kind'])}", "bound to keep silence" if e["bound"] else "",
    ),
    "listener.left": lambda *_: ("somebody left the line",),
    "listener.verified": lambda e, _: (
        "a listener was verified", "by call-back" if e["method"] == "call_back" else "by passcode",
        "with a duress passcode" if e["method"] == "duress" else "",
    ),
    "listener.verification_failed": lambda e, _: (
        "a listener was not verified", "", "with a duress passcode, at a locator that only the held view has"
        if e["duress_of"] else "",
    ),
    "consent.given": lambda e, _: ("consented that a listener hears", e["classes"] or "nothing any more"),
    "passcode.tried": _tried,
    "contact.failed": lambda *_: ("a passcode from this place was not accepted",),
    "contact.cleared": lambda *_: ("a passcode from this place was accepted", "its failures count no more"),
    "call_back.placed": lambda *_: ("called the safe contact back",),
    "disclosure.attempted": _asked,
    "action.attempted": _acted,
    "action.read": lambda *_: ("read what is to be done",),
    "action.closed": lambda e, _: ("closed what was to be done", spaced(e["result"])),
    "action.not_given": lambda *_: ("wanted what is to be done", "a colleague has it"),
    "mistake.reported": lambda *_: ("said that too much was told", "no blame"),
    "authority.asked": _ruled,
    "confirmation.recorded": lambda e, _: (f"had it confirmed: {spaced(e['action'])}", f"by the {spaced(e['by'])}"),
    "judgement.granted": lambda e, _: (f"judged: {spaced(e['action'])}", f"granted by {', '.join(e['grants'])}"),
    "clearance.noted": lambda e, _: (f"authority has more to go by: a {e['what']}",),
    "safety_signal.raised": _signalled,
    "safety_signal.acted": lambda e, _: ("saw to it", f"{spaced(e['did'])} ({spaced(e['verdict'])})"),
    "escalation.raised": lambda e, _: (f"escalated a claim: {e['claim']}", "a task of tier 3"),
    "hand_off.offered": lambda e, named: (
        "offered the contact to another", f"{e['to_kind']} {named(e['to_name'])}, until {clock(e['expires_at'])}",
    ),
    "hand_off.taken": lambda *_: ("took the contact over by its code",),
    "hand_off.missed": lambda e, _: ("a hand-off code opened nothing", e["why"]),
    "resume.issued": lambda e, _: ("gave the caller a code to come back with", f"good until {clock(e['expires_at'])}"),
    "resume.used": lambda *_: ("the caller came back by his code",),
    "resume.missed": lambda e, _: ("a resume code opened nothing", e["why"]),
}  # fmt: skip

WORDS: dict[str, Words] = _LINE | SAFETY | OFFICE | RECORD
