"""`watchword policy`: the rules in force, and the adoption of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="The policy: read it, adopt another (compliance).")


@app.command("show")
@spread
def read_policy(*, connection: Connection) -> None:
    """Print the policy in force: its version, its digest and the ids of its rules."""
    connection.read(path("policy"))


@app.command("adopt")
@spread
def adopt_policy(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy, in Cedar.")],
    key: Key = "",
    *,
    connection: Connection,
) -> None:
    """Judge a policy for every combination and, if nothing speaks against it, put it in force."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Failed(Code.USAGE, f"{file} cannot be read as text") from None
    with connection.service() as service, show.err().status("judging every combination"):
        answer = service.write(path("policy"), {"text": text}, key=key)
    show.fields(answer, as_json=connection.as_json)
