"""`watchword migrate`: the databases, made ready for this version."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli import show
from service.cli.installation import failing, settings


def migrate(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON: status.")] = False,
) -> None:
    """Make and alter every table, and adopt the default policy where none is in force. Safe to run again."""
    from service import composition  # noqa: PLC0415 - the service is heavy, and most commands do without

    with failing(), show.err().status("bringing the databases to this version"):
        composition.prepare(settings())
    typer.echo('{"status":"ready"}' if as_json else "The databases are ready for this version.")
