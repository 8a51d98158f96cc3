"""`watchword rules`: what opens an incident: read, adopted, and tried on the past."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="The rules that open incidents: read, try, adopt (compliance).")


def _book(file: Path) -> dict[str, Any]:
    """The rules in a file. Raises Failed."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except OSError:
        raise Failed(Code.USAGE, f"{file} cannot be read") from None
    except msgspec.MsgspecError:
        raise Failed(Code.USAGE, f"{file} is not a JSON object; see openapi/rules.schema.json") from None


@app.command("show")
@spread
def read_rules(*, connection: Connection) -> None:
    """Print the rules in force, their version and their digest; with --json, `book` is what `adopt` takes."""
    with connection.service() as service:
        answer = service.read(path("rules"))
    told = show.read(answer)
    if connection.as_json:
        show.raw(answer)
        return
    show.out().print(f"version {told['version']}, digest {told['digest']}")
    show.out().print(show.table("rules", told["book"]["rules"]))
    show.out().print(f"a warning is due after {told['book']['warning']['due_minutes']} minutes")


@app.command("adopt")
@spread
def adopt_rules(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rules, in JSON.")],
    key: Key = "",
    *,
    connection: Connection,
) -> None:
    """Put rules in force, from now on."""
    connection.write(path("rules"), {"book": _book(file)}, key=key, view=_adopted)


def _adopted(answer: bytes, *, as_json: bool) -> None:
    told = show.read(answer)
    if as_json:
        show.raw(answer)
    else:
        show.out().print(f"version {told['version']}, digest {told['digest']}")


@app.command("try")
@spread
def try_rules(
    *,
    file: Annotated[Path, typer.Option("--file", metavar="RULES", help="The rules, in JSON.")],
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From when on, as 2027-05-01T00:00:00Z; without, the whole log.")
    ] = "",
    connection: Connection,
) -> None:
    """Replay rules over the past log and print what they would have found. Nothing is opened and nobody is told."""
    body: dict[str, Any] = {"book": _book(file), "since": since}
    with connection.service() as service, show.err().status("reading the log") as status:
        while True:
            answer = service.write(path("rules", "try"), body)
            told = show.read(answer)
            if told["done"]:
                break
            status.update(f"reading the log: {told['position']:,} of {told['last_position']:,}")
            body = {"try_id": told["try_id"]}
    if connection.as_json:
        show.raw(answer)
        return
    show.out().print(show.table(f"{told['events']} events judged", told["rules"]))
