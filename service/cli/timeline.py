"""The timeline: entries of a history as a table: when, who, from where, what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from projections import telling
from service.cli.exits import plain

_STYLES = {"disclosed": "green", "withheld": "yellow", "not accepted": "yellow", "accepted": "green", "blocked": "red"}


def drawn(entries: Iterable[Mapping[str, Any]]) -> Table:
    """The entries, oldest first, by their place in the log. Times are UTC."""
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
            str(entry["position"]),
            _time(str(entry["occurred_at"])),
            plain(f"{actor['subject']} ({role})"),
            plain(actor.get("site", "")),
            plain(what),
            Text(plain(outcome), style=_STYLES.get(outcome.partition(",")[0], "")),
        )
    return table


def told(name: str, event: Mapping[str, Any]) -> tuple[str, str]:
    """One event: what happened to whose ears, and what came of it and how."""
    words = telling.told(name, event)
    heard = ", ".join(f"{standing}/{protection}" for standing, protection, _ in telling.heard(event))
    what = f"{words.what}; on the line: {heard}" if heard else words.what
    return what, ", ".join(each for each in (words.outcome, words.how) if each)


def _time(moment: str) -> str:
    return moment[:19].replace("T", " ")
