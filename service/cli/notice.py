"""`watchword notice`: what may go out, decided before it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import spread

app = typer.Typer(no_args_is_help=True, help="Notices to customers: whether they go, and in which words.")


@app.command("decide")
@spread
def decide(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The notice, as JSON: kind, what it is about (locator, booking_id or account_id), recipients.",
        ),
    ],
    *,
    connection: Connection,
) -> None:
    """Decide for each recipient and channel of a notice, and print the text that may go, if any."""
    try:
        body = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError):
        raise Failed(Code.USAGE, f"{file} cannot be read as a JSON object") from None
    connection.write(path("notices", "decisions"), body, view=_decided)


def _decided(answer: bytes, *, as_json: bool) -> None:
    if as_json:
        show.raw(answer)
        return
    rows = msgspec.json.decode(answer)["decisions"]
    told = [
        {"recipient": str(row["recipient"]), "channel": row["channel"], "text": row["text"] or "nothing goes"}
        for row in rows
    ]
    show.out().print(show.table("notices", told))
