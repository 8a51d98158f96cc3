"""`watchword timeline` and `watchword exhibit`: an incident in one reading, and what legal does with its entries."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from service.cli import show
from service.cli.client import Service, path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed, plain
from service.cli.incident import IncidentId
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="Exhibits, pins, tags and comments on an incident's timeline.")

MOST = 1_000
_STYLES = {"disclosed": "green", "accepted": "green", "withheld": "yellow", "not accepted": "yellow", "blocked": "red"}

Position = Annotated[int, typer.Argument(metavar="ENTRY", help="The entry's number, as the timeline has it.")]


class Shape(StrEnum):
    """What a timeline is made as."""

    TABLE = "table"
    JSON = "json"
    TIMESKETCH = "timesketch"
    CSV = "csv"
    PDF = "pdf"


@spread
def timeline(
    incident: IncidentId,
    *,
    shape: Annotated[
        Shape, typer.Option("--format", help="As what: a table on the terminal, or a file.")
    ] = Shape.TABLE,
    recipient: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="RECIPIENT",
            help="A party's id, counsel:PARTY, court, police or regulator. Without: all of it.",
        ),
    ] = "",
    unsealing: Annotated[str, typer.Option(help="An approved unsealing, by which sealed values are opened.")] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="Write to this file, not to stdout."),
    ] = None,
    connection: Connection,
) -> None:
    """Read an incident's timeline, whole or redacted for a recipient (legal). Reading it is on record."""
    where = path("incidents", incident, "timeline")
    query = {"recipient": recipient, "unsealing_id": unsealing}
    if shape is Shape.TABLE and connection.as_json:
        shape = Shape.JSON
    with connection.service() as service:
        if shape in (Shape.TABLE, Shape.JSON):
            pages = list(_pages(service, where, query))
            if shape is Shape.TABLE and output is None:
                show.out().print(_drawn(show.read(page) for page in pages))
                for line in show.read(pages[0])["left_out"]:
                    show.err().print(plain(line))
                return
            content = b"".join(page + b"\n" for page in pages)
        else:
            content = service.read(where, {**query, "format": shape.value})
    _put(content, output, binary=shape is Shape.PDF)


def _pages(service: Service, where: str, query: dict[str, str]) -> Iterator[bytes]:
    """Every page of it, as the service answers."""
    cursor = ""
    while True:
        page = service.read(where, {**query, "cursor": cursor, "limit": MOST})
        yield page
        cursor = show.read(page)["next_cursor"] or ""
        if not cursor:
            return


def _put(content: bytes, output: Path | None, *, binary: bool) -> None:
    if output is None:
        if binary and sys.stdout.isatty():
            raise Failed(Code.USAGE, "a PDF is no text for a terminal: name a file with -o")
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError:
        raise Failed(Code.USAGE, f"{output}: the file cannot be written") from None
    show.err().print(f"{output}: {len(content)} bytes")


def _drawn(pages: Iterable[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("entry", "exhibit", "UTC", "local", "who", "site", "what", "outcome"):
        table.add_column(name, no_wrap=name in ("UTC", "entry"), justify="right" if name == "entry" else "left")
    for each in (entry for page in pages for entry in page["entries"]):
        heard = f"; heard by {'; '.join(each['heard'])}" if each["heard"] else ""
        words = "".join(f"; {word['field'].replace('_', ' ')}: {word['text']}" for word in each["words"])
        outcome = ", ".join(part for part in (each["outcome"], each["how"]) if part)
        table.add_row(
            f"{'*' if each['pinned'] else ''}{each['position']}",
            str(each["exhibit"] or ""),
            each["at"][:19].replace("T", " "),
            plain(f"{each['local'][:19].replace('T', ' ')} {each['zone']}".strip()),
            plain(each["who"]),
            plain(each["site"]),
            plain(f"{each['what']}{heard}{words}"),
            Text(plain(outcome), style=_STYLES.get(each["outcome"], "")),
        )
    return table


@app.command("add")
@spread
def add_exhibit(incident: IncidentId, entry: Position, *, key: Key = "", connection: Connection) -> None:
    """Make an entry an exhibit; it gets the next number (legal)."""
    connection.write(path("incidents", incident, "exhibits"), {"position": entry}, key=key)


@app.command("withdraw")
@spread
def withdraw_exhibit(
    incident: IncidentId,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The exhibit's number.")],
    *,
    words: Annotated[str, typer.Option(help="Why.")],
    key: Key = "",
    connection: Connection,
) -> None:
    """Withdraw an exhibit; its number is never given again (legal)."""
    connection.write(path("incidents", incident, "exhibits", str(number), "withdraw"), {"words": words}, key=key)


@app.command("list")
@spread
def list_exhibits(incident: IncidentId, *, connection: Connection) -> None:
    """List an incident's exhibits, withdrawn ones too (legal)."""
    with connection.service() as service:
        answer = service.read(path("incidents", incident, "exhibits"))
    show.rows(answer, "exhibits", as_json=connection.as_json)


@app.command("annotate")
@spread
def change_annotations(
    incident: IncidentId,
    entry: Position,
    *,
    pin: Annotated[bool, typer.Option("--pin", help="Pin the entry.")] = False,
    unpin: Annotated[bool, typer.Option("--unpin", help="Take the pin off.")] = False,
    tag: Annotated[
        list[str] | None, typer.Option(help="A tag to put on; repeat for each. A kind of entry, no name.")
    ] = None,
    untag: Annotated[list[str] | None, typer.Option(help="A tag to take off; repeat for each.")] = None,
    comment: Annotated[str, typer.Option(help="What there is to say of it. It goes to nobody outside.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Pin an entry of the timeline, tag it, comment on it (legal)."""
    if pin and unpin:
        raise Failed(Code.USAGE, "--pin and --unpin cannot be given together")
    body = {
        "position": entry,
        "pinned": True if pin else False if unpin else None,
        "tag": tag or [],
        "untag": untag or [],
        "comment": comment,
    }
    connection.write(path("incidents", incident, "annotations"), body, key=key)
