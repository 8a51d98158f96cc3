"""`watchword audit verify`: the whole log against its tiles and its checkpoints, straight from the databases.

Not over HTTP: whoever audits is not to believe the service that answers, and it has to be possible when there is none.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.cli import show
from service.cli.exits import Code, Failed
from service.cli.installation import failing, settings

if TYPE_CHECKING:
    from service.ledger.note import Checkpoint, Verifier
    from service.ledger.published import Published
    from service.ledger.store import Store
    from service.ledger.verifying import Report


def verify(
    *,
    key: Annotated[
        str, typer.Option(help="The key checkpoints must be signed by; left out: that of this installation.")
    ] = "",
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint kept elsewhere, such as by a witness; repeat for more.", dir_okay=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON: sound, size, uncovered, first, last, finding.")
    ] = False,
) -> None:
    """Hold every event of the log against its tiles and the signed checkpoints, and name the first that is wrong.

    It reads the databases of this shell's settings, like migrate, and asks no service. Ends with 6 where something is
    wrong.
    """
    from service import composition  # noqa: PLC0415 - the service is heavy, and most commands do without
    from service.ledger.note import Verifier  # noqa: PLC0415 - likewise
    from service.ledger.published import Published  # noqa: PLC0415 - likewise
    from service.ledger.verifying import verify as verified  # noqa: PLC0415 - likewise

    with failing(), ExitStack() as stack:
        found = settings()
        log, store, keeper = stack.enter_context(composition.kept(found))
        verifier = Verifier.read(key) if key else keeper.verifier
        published = Published(found.checkpoints)
        anchors = [_given(path, verifier) for path in checkpoint or ()]
        unsigned = _own(store, published, verifier, anchors)
        if not anchors:
            told = "no checkpoint was signed yet: start the service once, or name one by --checkpoint"
            raise unsigned[0] if unsigned else Failed(Code.USAGE, told)
        progress = stack.enter_context(_progress())
        task = progress.add_task("events", total=max(each.size for each in anchors))
        report = verified(
            log, store, anchors, published.lines, lambda position: progress.update(task, completed=position)
        )
    _told(report, as_json=as_json)
    for failed in unsigned:
        raise failed
    if not report.sound:
        raise typer.Exit(int(Code.CONTRADICTED))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=show.err(), transient=True)


def _given(path: Path, verifier: Verifier) -> Checkpoint:
    from service.ledger.note import BadNote, read, signed_by  # noqa: PLC0415 - the service is heavy, likewise

    try:
        found = read(path.read_text(encoding="utf-8"))
        signed_by(found, verifier)
    except (OSError, UnicodeDecodeError):
        raise Failed(Code.USAGE, "the file of --checkpoint cannot be read") from None
    except BadNote as error:
        raise Failed(Code.CONTRADICTED, f"--checkpoint {path.name}: {error}") from None
    return found


def _own(store: Store, published: Published, verifier: Verifier, anchors: list[Checkpoint]) -> list[Failed]:
    """Add the newest checkpoints of this installation: those in the ledger's database, and that in the file.

    Returns what is to be said of those that the key did not sign.
    """
    from service.ledger.note import BadNote, read, signed_by  # noqa: PLC0415 - the service is heavy, likewise
    from service.ledger.store import CURRENT, PUBLIC  # noqa: PLC0415 - likewise

    line = published.newest()
    notes = [(f"the {kind} checkpoint in the ledger's database", store.note(kind)) for kind in (CURRENT, PUBLIC)]
    notes.append((f"the newest checkpoint in {published.path.name}", None if line is None else line.checkpoint.text))
    unsigned = []
    for what, text in notes:
        if text is None:
            continue
        try:
            found = read(text)
            signed_by(found, verifier)
            anchors.append(found)
        except BadNote as error:
            unsigned.append(Failed(Code.CONTRADICTED, f"{what} was changed: {error}"))
    return unsigned


def _told(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(report))
    elif report.sound:
        later = f"; {report.uncovered} later ones are not signed yet" if report.uncovered else ""
        typer.echo(f"All {report.size} events are those that were signed{later}.")
    else:
        where = (
            f"position {report.first}" if report.first == report.last else f"positions {report.first} to {report.last}"
        )
        typer.echo(f"First bad {where}: {report.finding}.")
