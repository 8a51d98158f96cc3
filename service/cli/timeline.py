"""The timeline: entries of a history as a table: when, who, from where, what, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from service.cli import show
from service.cli.exits import plain

Said = tuple[str, str]
_STYLES = {"disclosed": "green", "withheld": "yellow", "not accepted": "yellow", "accepted": "green", "blocked": "red"}


def drawn(entries: Iterable[Mapping[str, Any]]) -> Table:
    """The entries, oldest first. Times are UTC."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right", style="dim")
    table.add_column("time", no_wrap=True)
    table.add_column("who", no_wrap=True)
    table.add_column("site", no_wrap=True)
    table.add_column("what")
    table.add_column("outcome")
    for entry in entries:
        what, outcome = told(str(entry["name"]), entry["event"])
        actor = entry["actor"]
        role = f"{actor['role']} {actor['tier']}" if actor.get("tier") else actor["role"]
        table.add_row(
            str(entry["version"]),
            _time(str(entry["occurred_at"])),
            plain(f"{actor['subject']} ({role})"),
            plain(actor.get("site", "")),
            plain(what),
            Text(plain(outcome), style=_STYLES.get(outcome.partition(",")[0], "")),
        )
    return table


def told(name: str, event: Mapping[str, Any]) -> Said:
    """One event: what happened, and what came of it. One that has no words here keeps its name."""
    noun = name.rpartition(".v")[0]
    words = _WORDS.get(noun)
    return words(event) if words is not None else (noun.replace(".", " ").replace("_", " "), "")


def _time(moment: str) -> str:
    return moment[:19].replace("T", " ")


def _asked(event: Mapping[str, Any]) -> Said:
    what = {
        "bookings": "asked for the list of bookings",
        "route": "asked who owns a booking",
        "dial": f"asked to be put through: {show.words(str(event.get('role', '')))}",
    }.get(str(event["asked"]), "asked about a booking")
    view = f", {event['view']} view" if event["view"] else ""
    heard = ", ".join(f"{each['standing']}/{each['protection']}" for each in event["listeners"])
    return (
        f"{what} ({event['classes']}); on the line: {heard}",
        f"{event['outcome']}{view}, by {', '.join(event['rules'])}",
    )


def _acted(event: Mapping[str, Any]) -> Said:
    heard = ", ".join(f"{each['standing']}/{each['protection']}" for each in event["listeners"])
    view = f", {event['view']} view" if event["view"] else ""
    route = f", for {show.words(str(event['route']))}" if event["outcome"] == "accepted" else ""
    return (
        f"asked for something to be done: {show.words(str(event['action']))}; on the line: {heard}",
        f"{event['outcome']}{view}{route}, by {', '.join(event['rules'])}",
    )


def _tried(event: Mapping[str, Any]) -> Said:
    if event["blocked"]:
        return "tried a passcode", "blocked"
    return "tried a passcode", "accepted" if event["accepted"] else "not accepted"


def _chosen(event: Mapping[str, Any]) -> Said:
    return "chose a passcode", "with a duress passcode" if event["duress_digest"] is not None else ""


def _ruled(event: Mapping[str, Any]) -> str:
    whom = f", to {_tier(event['passed_to'])}" if event["passed_to"] else ""
    return f"{event['verdict']}{whom}{''.join(f', call the {each}' for each in event['call_first'])}"


def _tier(tier: int) -> str:
    return f"tier {tier}" if tier < 4 else "whoever is beyond tier 3"  # noqa: PLR2004 - there are three


_WORDS: dict[str, Callable[[Mapping[str, Any]], Said]] = {
    "account.opened": lambda event: ("opened the account", str(event["reference"])),
    "account.booking_added": lambda _: ("added a booking", ""),
    "account.history_read": lambda event: ("read this history", f"after {event['after']}"),
    "party.added": lambda event: (f"added a {event['kind']}", ""),
    "party.shown": lambda _: ("came to be shown", ""),
    "protection.started": lambda event: ("started a protection", f"provisional until {_time(str(event['until']))}"),
    "protection.confirmed": lambda event: (
        "confirmed the protection", "confirmed by two" if event["complete"] else "one of two",
    ),
    "passcode.offered": lambda event: ("sent a link to choose a passcode", str(event["reason"])),
    "passcode.request_declined": lambda event: ("asked for a passcode", f"nothing sent: {event['why']}"),
    "passcode.set": _chosen,
    "passcode.tried": _tried,
    "call_back.placed": lambda _: ("called the safe contact back", ""),
    "disclosure.attempted": _asked,
    "action.attempted": _acted,
    "mistake.reported": lambda _: ("said that too much was told", "no blame"),
    "authority.asked": lambda event: (f"asked for authority: {event['action']}", _ruled(event)),
    "confirmation.recorded": lambda event: (f"had it confirmed: {event['action']}", f"by the {event['by']}"),
    "judgement.granted": lambda event: (f"judged: {event['action']}", f"granted by {', '.join(event['grants'])}"),
    "safety_signal.raised": lambda event: (
        f"heard that it is about {event['kind']}",
        ", ".join(event["actions"]) or f"passed on to {_tier(event['passed_to'])}",
    ),
    "safety_signal.acted": lambda event: ("saw to it", f"{event['did']} ({event['verdict']})"),
    "escalation.raised": lambda event: (f"escalated a claim: {event['claim']}", "a task of tier 3"),
}  # fmt: skip
