"""What is printed: data on stdout, as tables or as the answer's own JSON; notices on stderr.

Nothing is printed but what the API answered.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

import msgspec
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from service.cli.exits import Code, Failed, plain

PIPED_WIDTH = 160  # where no terminal says how wide it is


def out() -> Console:
    """Where data goes."""
    return _console(sys.stdout)


def err() -> Console:
    """Where progress and notices go."""
    return _console(sys.stderr)


def _console(file: TextIO) -> Console:
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    return console


def read(answer: bytes) -> dict[str, Any]:
    """An answer as an object. Raises Failed where the service at the URL is none of ours."""
    try:
        return msgspec.json.decode(answer, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise Failed(Code.UNAVAILABLE, "what answered is not Watchword; see WATCHWORD_URL") from None


def raw(answer: bytes) -> None:
    """The answer, byte for byte, on a line of its own."""
    sys.stdout.write(answer.decode() + "\n")
    sys.stdout.flush()


def fields(answer: bytes, *, as_json: bool) -> None:
    """An answer of a few plain fields: a line for each."""
    told = read(answer)
    if as_json:
        raw(answer)
        return
    console, most = out(), max(map(len, told), default=0)
    for name, value in told.items():
        if value is not None and value != "":
            text = Text(f"{words(name):<{most}}  ", style="dim").append(plain(_said(value)), style="not dim")
            console.print(text, soft_wrap=True)


def answered(answer: bytes, *, as_json: bool) -> None:
    """An answer to a question: what to say, and what may be seen."""
    told = read(answer)
    if as_json:
        raw(answer)
        return
    seen: list[RenderableType] = []
    if told.get("document"):
        seen.append(document(told["document"]))
    for listed in told.get("bookings", ()):
        seen.append(Text(f"booking {plain(str(listed['booking_id']))}", style="bold"))
        seen.append(document(listed["document"]))
    outcome = told.get("outcome") or ("disclosed" if seen else "withheld")
    line = Text(plain(f"“{told.get('say', '')}”"), style="bold")
    next_step = words(str(told.get("next_step", "")))
    foot = f"{next_step}; good until {told.get('expires_at', '')}"
    if told.get("as_of"):
        foot = f"as of {told['as_of']}; {foot}"
    style = "green" if outcome == "disclosed" else "yellow"
    out().print(Panel(Group(line, *seen), title=outcome, subtitle=plain(foot), border_style=style))


def rows(answer: bytes, name: str, *, as_json: bool) -> None:
    """An answer that lists things under this name: a table."""
    told = read(answer)
    if as_json:
        raw(answer)
        return
    out().print(table(words(name), told[name]))


def document(seen: Mapping[str, Any]) -> RenderableType:
    """A booking as an agent reads it: a table for each kind of thing that may be seen."""
    names = [_name(traveller) for traveller in seen.get("travellers", ())]
    parts: list[RenderableType] = []
    if seen.get("status"):
        parts.append(Text(f"status {plain(str(seen['status']))}"))
    for kind, rows in seen.items():
        if isinstance(rows, list) and rows:
            parts.append(table(words(kind), [_named(row, names) for row in rows]))
    return Group(*parts)


def table(title: str, rows: Iterable[Mapping[str, Any]]) -> Table:
    """Rows as a table with a column for each field that any of them has."""
    rows = list(rows)
    columns = [
        name for name in dict.fromkeys(name for row in rows for name in row) if any(row.get(name) for row in rows)
    ]
    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in columns:
        drawn.add_column(words(name), overflow="fold")
    for row in rows:
        drawn.add_row(*(plain(_said(row.get(name, ""))) for name in columns))
    return drawn


def words(name: str) -> str:
    """A field's name as words."""
    return name.replace("_", " ")


def _name(traveller: Mapping[str, Any]) -> str:
    return f"{traveller.get('given_name', '')} {traveller.get('surname', '')}".strip()


def _named(row: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    about = row.get("travellers")
    if not isinstance(about, list):
        return dict(row)
    return {**row, "travellers": ", ".join(names[at] for at in about if at < len(names))}


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    if isinstance(value, dict):
        return " ".join(f"{name}={_said(each)}" for name, each in value.items())
    return "yes" if value is True else "" if value is None or value is False else str(value)
