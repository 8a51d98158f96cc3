"""The timeline: entries of a history as a table: when, who, from where, what, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

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
    what = "asked for the list of bookings" if event["asked"] == "bookings" else "asked about a booking"
    view = f", {event['view']} view" if event["view"] else ""
    heard = ", ".join(f"{each['standing']}/{each['protection']}" for each in event["listeners"])
    return (
        f"{what} ({event['classes']}); on the line: {heard}",
        f"{event['outcome']}{view}, by {', '.join(event['rules'])}",
    )


def _tried(event: Mapping[str, Any]) -> Said:
    if event["blocked"]:
        return "tried a passcode", "blocked"
    return "tried a passcode", "accepted" if event["accepted"] else "not accepted"


def _chosen(event: Mapping[str, Any]) -> Said:
    return "chose a passcode", "with a duress passcode" if event["duress_digest"] is not None else ""


_WORDS: dict[str, Callable[[Mapping[str, Any]], Said]] = {
    "account.opened": lambda event: ("opened the account", str(event["reference"])),
    "account.booking_added": lambda _: ("added a booking", ""),
    "account.history_read": lambda event: ("read this history", f"after {event['after']}"),
    "party.added": lambda event: (f"added a {event['kind']}", ""),
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
}  # fmt: skip
