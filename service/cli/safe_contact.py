"""`watchword safe-contact`: the safe contact's own side, by the one-time link. No token, no member of staff."""

from __future__ import annotations

import typer

from service.cli import secret
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import URL, Json, Url
from service.cli.secret import FromStdin

app = typer.Typer(no_args_is_help=True, help="What a safe contact confirms or stops, by the link that came there.")


@app.command("confirm")
def confirm(stdin: FromStdin = False, url: Url = URL, as_json: Json = False) -> None:
    """Confirm what the link is about. It asks for the link, or reads it from stdin with --passcode-stdin."""
    _answer("confirm", stdin=stdin, url=url, as_json=as_json)


@app.command("stop")
def stop(stdin: FromStdin = False, url: Url = URL, as_json: Json = False) -> None:
    """Stop what the link is about. It asks for the link, or reads it from stdin with --passcode-stdin."""
    _answer("stop", stdin=stdin, url=url, as_json=as_json)


def _answer(word: str, *, stdin: bool, url: str, as_json: bool) -> None:
    link = secret.ask("link", stdin=stdin)
    Connection(url, as_json=as_json).write(path("safe-contact", word), {"token": link.rpartition("#")[2]})
