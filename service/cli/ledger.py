"""`watchword ledger`: checkpoints and proofs, for whoever checks the log with tools of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.installation import failing, settings
from service.cli.options import spread

app = typer.Typer(no_args_is_help=True, help="The ledger: what proves order and content of the log.")


def _told(name: str, answer: bytes, *, as_json: bool) -> None:
    """A text as it came, or as the one field of an object."""
    if as_json:
        show.raw(msgspec.json.encode({name: answer.decode()}))
    else:
        typer.echo(answer.decode(), nl=False)


@app.command("checkpoint")
@spread
def checkpoint(
    *,
    public: Annotated[bool, typer.Option("--public", help="The public one, which needs no token.")] = False,
    connection: Connection,
) -> None:
    """Print the newest signed checkpoint (auditor, compliance, legal); or the public one, which anybody may have."""
    with connection.service() as service:
        answer = service.read(path("log", "checkpoint") if public else path("log", "current", "checkpoint"))
    _told("checkpoint", answer, as_json=connection.as_json)


@app.command("key")
@spread
def key(*, connection: Connection) -> None:
    """Print the key that checkpoints verify by: name, hash and base64, as C2SP signed notes have it."""
    with connection.service() as service:
        answer = service.read(path("log", "key"))
    _told("key", answer, as_json=connection.as_json)


@app.command("proof")
@spread
def proof(
    position: Annotated[int, typer.Argument(metavar="POSITION", min=1, help="The event's position in the log.")],
    *,
    public: Annotated[bool, typer.Option("--public", help="Against the public checkpoint.")] = False,
    out: Annotated[Path | None, typer.Option(help="The file to write; it ends in .tlog-proof.", dir_okay=False)] = None,
    connection: Connection,
) -> None:
    """Print the proof that an event is in the log, as a C2SP tlog-proof, or write it to a file."""
    with connection.service() as service:
        answer = service.read(path("log", "proofs", str(position)), {"checkpoint": "public" if public else "current"})
    if out is None:
        _told("proof", answer, as_json=connection.as_json)
        return
    try:
        out.write_bytes(answer)
    except OSError:
        raise Failed(Code.USAGE, "the file of --out cannot be written") from None
    _told("file", f"{out}\n".encode(), as_json=connection.as_json)


@app.command("consistency")
@spread
def consistency(
    old: Annotated[int, typer.Argument(metavar="OLD", min=0, help="The size of the older checkpoint.")],
    *,
    new: Annotated[int | None, typer.Option(min=0, help="That of the newer one; left out: the newest.")] = None,
    connection: Connection,
) -> None:
    """Print the proof that the log only grew from one checkpoint to another (RFC 6962)."""
    query = {"old": old} if new is None else {"old": old, "new": new}
    with connection.service() as service:
        answer = service.read(path("log", "consistency"), query)
    if connection.as_json:
        show.raw(answer)
        return
    told = show.read(answer)
    show.err().print(f"from {told['old']} events to {told['new']}: {len(told['proof'])} hashes")
    for each in told["proof"]:
        typer.echo(each)


@app.command("witness")
@spread
def witness(*, connection: Connection) -> None:
    """List who cosigns the public checkpoint, and how it stands with each (auditor, compliance, operations)."""
    with connection.service() as service:
        answer = service.read(path("log", "witnesses"))
    show.rows(answer, "witnesses", as_json=connection.as_json)


@app.command("rebuild")
def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON: events.")] = False,
) -> None:
    """Make the tiles anew from the log, and hold them against what was published. Stop the service first.

    It works on the databases of this shell's settings, like migrate.
    """
    from service import composition  # noqa: PLC0415 - the service is heavy, and most commands do without

    with failing(), composition.kept(settings()) as (_, _, keeper), show.err().status("reading the log"):
        size = keeper.rebuild()
    typer.echo(msgspec.json.encode({"events": size}) if as_json else f"The tiles are made again, of {size} events.")
