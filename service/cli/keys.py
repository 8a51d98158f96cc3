"""`watchword keys`: the wrapped keys, backed up apart from the log, brought back, and wrapped or followed anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.cli import show
from service.cli.exits import Code, Failed
from service.cli.installation import failing, settings
from service.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="The wrapped keys: backups apart from the log, and other keys for them.")


def _said(told: Mapping[str, object], line: str, *, as_json: bool) -> None:
    import msgspec  # noqa: PLC0415 - only here

    typer.echo(msgspec.json.encode(told) if as_json else line)


@app.command("backup")
def backup_keys(
    to: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The file; without, one in WATCHWORD_KEYS_BACKUPS.")
    ] = None,
    *,
    keep: Annotated[int, typer.Option(min=0, help="In that folder keep so many, and remove the older; 0: all.")] = 0,
    as_json: Json = False,
) -> None:
    """Write every key to a file, wrapped as it is. It belongs on other storage than the log, and not for long."""
    from service.record import restoring  # noqa: PLC0415 - the service is heavy, and most commands do without

    set_up = settings()
    folder = set_up.keys_backups
    if to is None and folder is None:
        raise Failed(Code.USAGE, "name a file, or set WATCHWORD_KEYS_BACKUPS")
    with failing(), show.err().status("writing the keys"):
        path = to or restoring.next_name(folder, datetime.now(UTC))
        rows = restoring.back_up(set_up, path)
        removed = restoring.trimmed(folder, keep) if to is None and keep else 0
    _said({"file": str(path), "rows": rows, "removed": removed}, f"{rows} keys are in {path}.", as_json=as_json)


@app.command("restore")
def restore_keys(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup of the keys.")], *, as_json: Json = False
) -> None:
    """Bring keys back that are missing, and forget again whomever the log has forgotten. Stop the service first."""
    from service.record import restoring  # noqa: PLC0415 - likewise

    with failing(), show.err().status("bringing the keys back"):
        done = restoring.restore(settings(), file)
    told = {"brought_back": done.brought_back, "destroyed": done.destroyed, "lost": done.lost}
    line = f"{done.brought_back} keys brought back, {done.destroyed} of them destroyed again as the log says"
    _said(told, f"{line}, {done.lost} that the log names are in no backup.", as_json=as_json)


@app.command("rotate")
def rotate_keys(
    *,
    subject: Annotated[
        list[str] | None, typer.Option(help="Another key for this data subject; may be given more than once.")
    ] = None,
    older_than: Annotated[
        int, typer.Option(metavar="DAYS", min=0, help="Another key for every subject whose newest is as old as that.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Put another master key in the place of this one, and wrap every key anew by it. No event is touched.

    Whoever keeps the master key elsewhere sets the new one before the old, and takes the old one away afterwards. With
    --subject or --older-than the subjects themselves get another key: what is sealed from then on is sealed with it.
    """
    from service.record import restoring  # noqa: PLC0415 - likewise

    with failing():
        set_up = settings()
        if subject or older_than:
            count = restoring.renew(set_up, subject or [], older_than)
            _said({"renewed": count}, f"{count} subjects have another key.", as_json=as_json)
            return
        with show.err().status("wrapping the keys anew") as status:
            count, left = restoring.rotate(set_up, lambda looked: status.update(f"{looked} keys looked at"))
    _said({"wrapped": count, "old_key_left": left}, _wrapped(count, left=left), as_json=as_json)


def _wrapped(count: int, *, left: bool) -> str:
    line = f"{count} keys were wrapped anew."
    return f"{line} Nothing needs the old master key any more: take it away." if left else line
