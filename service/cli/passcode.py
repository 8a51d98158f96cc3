"""`watchword passcode`: the customer's own side, by the one-time link. No token, no member of staff."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli import secret
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import URL, Json, Url
from service.cli.secret import FromStdin

app = typer.Typer(no_args_is_help=True, help="Passcodes, on the customer's own side.")


@app.command("choose")
def choose(
    generate: Annotated[bool, typer.Option("--generate", help="Have one made, and shown this once.")] = False,
    duress: Annotated[
        bool, typer.Option("--duress", help="Choose a duress passcode too: it seems to work, and shows what is shown.")
    ] = False,
    stdin: FromStdin = False,
    url: Url = URL,
    as_json: Json = False,
) -> None:
    """Choose a passcode by the one-time link.

    It asks for the link, the passcode and the duress passcode; with --passcode-stdin they are lines of stdin, in that
    order.
    """
    link = secret.ask("link", stdin=stdin)
    body = {"token": link.rpartition("#")[2]}
    if not generate:
        body["passcode"] = secret.ask("passcode", stdin=stdin, twice=True)
    if duress:
        body["duress_passcode"] = secret.ask("duress passcode", stdin=stdin, twice=True)
    Connection(url, as_json=as_json).write(path("passcodes"), body)
