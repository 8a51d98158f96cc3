"""`watchword export`: an incident carried out of the building."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from service.cli import show
from service.cli.client import Service, path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed, plain
from service.cli.incident import IncidentId
from service.cli.options import Key, spread

LOOK_S = 0.3


@spread
def export(
    incident: IncidentId,
    *,
    for_whom: Annotated[str, typer.Option("--for", help="For whom it is, in words.")] = "",
    purpose: Annotated[str, typer.Option(help="For what purpose, such as court_order.")] = "",
    words: Annotated[str, typer.Option(help="Why, in words.")] = "",
    recipient: Annotated[
        str, typer.Option(help="Redacted for: a party, counsel:PARTY, court, police or regulator.")
    ] = "",
    unsealing: Annotated[str, typer.Option(help="An approved unsealing, by which the timeline is opened.")] = "",
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to put the bundle in.")] = Path(),
    resume: Annotated[str, typer.Option(help="An export that was asked for before: wait for it and fetch it.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Export an incident as an evidence bundle, wait until it is made, and fetch it (legal).

    It is made by the service in the background: interrupted, this command goes on with --resume. For whom and why are
    on record, and in the bundle.
    """
    if not out.is_dir():
        raise Failed(Code.USAGE, "the folder of --out is not there; make it, or name another")
    with connection.service() as service:
        export_id = resume
        if not export_id:
            body = {"for_whom": for_whom, "purpose": purpose, "words": words}
            body |= {"recipient": recipient, "unsealing_id": unsealing}
            export_id = str(
                show.read(service.write(path("incidents", incident, "exports"), body, key=key))["export_id"]
            )
            if not connection.as_json:
                show.err().print(
                    f"export {plain(export_id)}; to go on after an interruption: --resume {plain(export_id)}"
                )
        made = _made(service, export_id, quiet=connection.as_json)
        if made["status"] != "made":
            why = f": {made['why']}" if made["why"] else ""
            raise Failed(Code.REFUSED, f"the export is {made['status']}{why}")
        file = _fetched(service, export_id, made, out)
    if connection.as_json:
        show.raw(msgspec.json.encode({**made, "file": str(file)}))
        return
    show.out().print(f"{file}", soft_wrap=True)
    show.err().print(f"{made['events']} events; to check it, anywhere: watchword verify {file}", soft_wrap=True)


def _made(service: Service, export_id: str, *, quiet: bool) -> dict[str, Any]:
    """Wait until it is over, with a bar."""
    columns = TextColumn("making"), BarColumn(), TextColumn("{task.completed}/{task.total} pieces"), TimeElapsedColumn()
    with Progress(*columns, console=show.err(), transient=True, disable=quiet) as bar:
        task = bar.add_task("making", total=None)
        while True:
            found = show.read(service.read(path("exports", export_id)))
            if found.get("status") != "asked":
                return found
            bar.update(task, completed=int(found["done"]), total=int(found["pieces"]) or None)
            time.sleep(LOOK_S)


def _fetched(service: Service, export_id: str, made: dict[str, Any], out: Path) -> Path:
    """The bundle in the folder, whole or not at all. Raises Failed."""
    name = f"watchword-{export_id}.zip"
    draft, digest = out / f".{name}.part", hashlib.sha256()
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for some in service.stream(path("exports", export_id, "bag")):
                file.write(some)
                digest.update(some)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != made["digest"]:
            raise Failed(Code.UNAVAILABLE, "what came is not the whole bundle; fetch it again with --resume")
        draft.replace(out / name)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else "it failed"
        raise Failed(Code.USAGE, f"the bundle cannot be written to --out: {said}") from None
    finally:
        draft.unlink(missing_ok=True)
    return out / name
