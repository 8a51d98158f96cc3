"""The narrator: tells the story on a console, and shows each call with its answer in a line or two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.cli import timeline
from service.cli.exits import plain
from service.demo.checks import Check
from service.demo.transcript import Exchange

SECRET = ("passcode", "duress_passcode", "token")


class Narrator:
    """Prints on one console; a silent one has no console, and is for the twin."""

    def __init__(self, console: Console | None) -> None:
        """Speak here."""
        self._console = console

    def title(self, words: str) -> None:
        """Begin a story."""
        if self._console is not None:
            self._console.rule(words, style="bold")

    def scene(self, words: str) -> None:
        """Say what happens now."""
        if self._console is not None:
            self._console.print()
            self._console.print(Text(words, style="bold"))

    def called(self, exchange: Exchange) -> None:
        """Show one call."""
        if self._console is None:
            return
        who = str(exchange.staff) if exchange.staff else "her own link"
        asked = Text.assemble(("  → ", "cyan"), (f"{who}: ", "dim"), f"{exchange.method} /v1/{_short(exchange.path)}")
        if exchange.sent:
            asked.append(f"  {plain(_sent(exchange.sent))}", style="dim")
        self._console.print(asked, soft_wrap=True)
        answer = _answer(exchange.told())
        style = "yellow" if answer.startswith(("withheld", "not accepted")) else "green"
        self._console.print(
            Text.assemble(("  ← ", "cyan"), f"{exchange.status} ", (plain(answer), style)), soft_wrap=True
        )

    def record(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Show the record of the account."""
        if self._console is not None:
            self._console.print(timeline.drawn(entries))

    def checked(self, checks: Iterable[Check]) -> None:
        """Show what was checked, and whether it is true."""
        if self._console is None:
            return
        table = Table(box=None, show_header=False, pad_edge=False)
        for check in checks:
            mark = Text("✓", style="bold green") if check.true else Text("✗", style="bold red")
            table.add_row(mark, plain(check.says), Text(plain(check.found), style="dim"))
        self._console.print(table)


def _short(path: str) -> str:
    """A path with its ids cut to what tells them apart."""
    return "/".join(part[:6] + "…" if len(part) == 32 else part for part in path.split("/"))  # noqa: PLR2004 - hex digits


def _sent(body: Mapping[str, Any]) -> str:
    """A request in few words: no document, no secret."""
    words = []
    for name, value in body.items():
        if name in SECRET:
            words.append(f"{name}=••••")
        elif name == "document":
            words.append("document=…")
        elif isinstance(value, Mapping):
            words.append(f"{name}={', '.join(_cut(each) for each in value.values())}")
        elif isinstance(value, list | tuple):
            words.append(f"{name}={''.join(_cut(each) for each in value)}")
        elif value:
            words.append(f"{name}={_cut(value)}")
    return " ".join(words)


def _cut(value: object) -> str:
    text = str(value)
    return f"{text[:6]}…" if len(text) == 32 and text.isalnum() else text  # noqa: PLR2004 - hex digits


def _answer(told: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one line for each kind of answer
    """An answer in a line: what is said, and the trip that is heard."""
    if "accepted" in told and "say" in told:
        return f"{'accepted' if told['accepted'] else 'not accepted'}  “{told['say']}”"
    if "outcome" in told and "document" in told:
        return f"{told['outcome']}  “{told['say']}”{_trip(told['document'])}"
    if "outcome" in told and "dial" in told:
        whom = f"  [{told['dial']['name']}, {told['dial']['phone']}]" if told["dial"] else ""
        return f"{told['outcome']}  “{told['say']}”{whom}"
    if "bookings" in told:
        heard = "".join(_trip(each["document"]) for each in told["bookings"])
        return f"{len(told['bookings'])} booking(s)  “{told['say']}”{heard}"
    if "total" in told:
        return _owed(told)
    if "owner" in told and "office" in told["owner"]:
        owner = told["owner"]
        return f"{', then '.join([owner['office'], *owner['escalation']])}  “{told['say']}”"
    if "verdict" in told or ("signal_id" in told and "say" in told):
        return _ruled(told)
    if "entries" in told:
        return f"{len(told['entries'])} entries"
    if "detail" in told:
        return f"{told.get('title', '')}: {told['detail']}"
    return "  ".join(
        f"{name}={_cut(value)}" for name, value in told.items() if isinstance(value, str) and name != "say"
    )


def _ruled(told: Mapping[str, Any]) -> str:
    """What authority says: the verdict, whom to call first, what may be done, or where to pass it on to."""
    whom = [f"call {each['call']}" for each in told.get("call_first", ())]
    whom += [each["action"] for each in told.get("actions", ())]
    whom += [f"to the {told['transfer_to']}"] if told["transfer_to"] else []
    return f"{': '.join(filter(None, (told.get('verdict', told['next_step']), ', '.join(whom))))}  “{told['say']}”"


def _owed(told: Mapping[str, Any]) -> str:
    """A list of promises, or of problems."""
    rows = [f"{row['owner']} {row['status']}, broken {row['broken']} times" for row in told.get("commitments", ())]
    rows += [
        f"{row['about']}: {row['victims']} victims, {row['ignored']} escalations ignored"
        for row in told.get("problems", ())
    ]
    return f"{told['total']} in the list  {'; '.join(rows)}"


def _trip(document: Mapping[str, Any] | None) -> str:
    if not document:
        return ""
    legs = [f"{leg['carrier']}{leg['number']} {leg['origin']}→{leg['destination']} {leg['departs_at'][:10]}"
            for leg in document["segments"]]  # fmt: skip
    people = " and ".join(each["given_name"] for each in document["travellers"])
    return f"  [{', '.join(legs)}{'; ' if people else ''}{people}]"
