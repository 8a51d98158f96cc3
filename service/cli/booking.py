"""`watchword booking`: GDS documents in, one or many, and the declared split of what is shown."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from service.cli import documents, show, split
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.documents import Format
from service.cli.exits import Code, Failed, plain
from service.cli.options import AccountId, BookingId, Key, spread

app = typer.Typer(no_args_is_help=True, help="Bookings: import GDS documents, declare what is shown.")

FormatOption = Annotated[Format, typer.Option("--format", help="The documents' format; auto tells it by the content.")]
STOPPING = (Code.UNAVAILABLE, Code.UNAUTHORISED, Code.USAGE)  # what one document has, the next will have too


class Fate(StrEnum):
    """What the shown view does when something happens to its own flights."""

    FOLLOW = "follow"
    KEEP = "keep"
    WITHHOLD = "withhold"
    TRANSFER = "transfer"


class What(StrEnum):
    """What can become public of a flight."""

    SCHEDULE_CHANGE = "schedule_change"
    CANCELLATION = "cancellation"
    CHECK_IN = "check_in"
    DEPARTURE = "departure"
    REFUND = "refund"


class Hers(StrEnum):
    """What an adverse party who proved himself hears of hers."""

    SHOWN = "shown"
    NOTHING = "nothing"


@app.command("import")
@spread
def import_bookings(
    account: AccountId,
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="The documents: XML or JSON.")],
    *,
    form: FormatOption = Format.AUTO,
    booking: Annotated[
        str,
        typer.Option("--booking", help="The booking that this one document is the new truth of."),
    ] = "",
    traveller: Annotated[
        list[str] | None,
        typer.Option("--traveller", metavar="REF=PARTY", help="Who a traveller of the document is; repeat for each."),
    ] = None,
    key: Key = "",
    connection: Connection,
) -> None:
    """Import GDS documents as the held views of bookings.

    A document that is refused is reported by its file name, and the others go on; the command then ends with 3. With
    --json each file has one line: the answer, or the problem, with the file's name.
    """
    if len(files) > 1 and (booking or traveller or key):
        raise Failed(Code.USAGE, "--booking, --traveller and --key are about one document; import it by itself")
    more = _more(booking, traveller or [])
    where = path("accounts", account, "bookings")
    failed = 0
    with connection.service() as service, _bar() as bar:
        for file in bar.track(files) if len(files) > 1 else files:
            try:
                name, document = documents.read(file, form)
                body = {"format": name, "document": document, **more}
                answer = service.write(where, body, key=key)
            except Failed as error:
                if error.code in STOPPING:
                    raise Failed(
                        error.code, f"{file}: {error.line}; this one and those after it are not done"
                    ) from None
                failed += 1
                typer.echo(f"{plain(str(file))}: {error.line}", err=True)
                if connection.as_json:
                    show.raw(msgspec.json.encode({"file": str(file), "problem": error.line}))
                continue
            _told(file, answer, as_json=connection.as_json)
    if len(files) > 1:
        typer.echo(f"{len(files) - failed} of {len(files)} documents imported", err=True)
    if failed:
        raise Failed(Code.REFUSED, f"{failed} of {len(files)} documents were refused; nothing of those was recorded")


def _bar() -> Progress:
    """A bar on stderr, where that is a terminal. Data that goes elsewhere is left alone."""
    columns = TextColumn("importing"), BarColumn(), MofNCompleteColumn()
    quiet = not sys.stderr.isatty()
    return Progress(*columns, console=show.err(), transient=True, disable=quiet, redirect_stdout=sys.stdout.isatty())


def _more(booking: str, traveller: list[str]) -> dict[str, Any]:
    more: dict[str, Any] = {"booking_id": booking} if booking else {}
    pairs = [each.partition("=") for each in traveller]
    if any(not ref or not party for ref, _, party in pairs):
        raise Failed(Code.USAGE, "--traveller wants the document's reference and a party's id: REF=PARTY")
    if pairs:
        more["travellers"] = {ref: party for ref, _, party in pairs}
    return more


def _told(file: Path, answer: bytes, *, as_json: bool) -> None:
    told = show.read(answer)
    if as_json:
        show.raw(msgspec.json.encode({"file": str(file), **told}))
        return
    people = ", ".join(f"{each['ref']}={each['party_id']}" for each in told["travellers"])
    line = f"{file}: booking {told['booking_id']}, held version {told['held_version']}, travellers {people}"
    show.out().print(plain(line), soft_wrap=True)
    if told.get("stale"):
        typer.echo(plain(f"{file}: its source marks it as possibly out of date; what it says is withheld"), err=True)


@app.command("split")
@spread
def declare_split(
    booking: BookingId,
    *,
    reason: Annotated[str, typer.Option(help="Why what is shown differs from what is held.")],
    schedule_change: Annotated[Fate, typer.Option(help="What the shown view does at a schedule change.")],
    cancellation: Annotated[Fate, typer.Option(help="What it does when the flight is cancelled.")],
    check_in: Annotated[Fate, typer.Option(help="What it does when check-in opens.")],
    departure: Annotated[Fate, typer.Option(help="What it does at departure.")],
    refund: Annotated[Fate, typer.Option(help="What it does when a refund is asked for.")],
    hers: Annotated[Hers, typer.Option(help="What an adverse party who proved himself hears of hers.")] = Hers.SHOWN,
    document: Annotated[
        Path | None, typer.Option(help="The document to show. Without one, what was frozen goes on being shown.")
    ] = None,
    form: FormatOption = Format.AUTO,
    owner: Annotated[
        list[str] | None,
        typer.Option("--owner", metavar="CHECK=PERSON", help="Who answers for a check; repeat for each. Without, you."),
    ] = None,
    cancelled: Annotated[
        list[str] | None,
        typer.Option(
            "--cancelled",
            metavar="PARTY",
            help="Somebody on it whose own ticket was cancelled on a record that is not imported; repeat for each.",
        ),
    ] = None,
    key: Key = "",
    connection: Connection,
) -> None:
    """Declare a visibility split: what is shown in the place of what is held, and how it lives on (tier 3)."""
    fates = {
        "schedule_change": schedule_change,
        "cancellation": cancellation,
        "check_in": check_in,
        "departure": departure,
        "refund": refund,
    }
    body: dict[str, Any] = {"life": fates, "reason": reason, "hers": hers}
    pairs = [each.partition("=") for each in owner or []]
    if any(not check or not person for check, _, person in pairs):
        raise Failed(Code.USAGE, "--owner wants a check and who answers for it: CHECK=PERSON")
    if pairs:
        body["owners"] = {check: person for check, _, person in pairs}
    if cancelled:
        body["cancelled_party_ids"] = cancelled
    if document is not None:
        try:
            body["format"], body["document"] = documents.read(document, form)
        except Failed as error:
            raise Failed(error.code, f"{document}: {error.line}") from None
    connection.write(path("bookings", booking, "split"), body, key=key, view=split.checks)


@app.command("refresh")
@spread
def refresh(
    booking: BookingId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document: XML or JSON.")],
    *,
    form: FormatOption = Format.AUTO,
    traveller: Annotated[
        list[str] | None,
        typer.Option("--traveller", metavar="REF=PARTY", help="Who a traveller of the document is; repeat for each."),
    ] = None,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say what the booking's source says now: the same is confirmed, something new becomes the held view."""
    more = _more("", traveller or [])
    try:
        name, document = documents.read(file, form)
    except Failed as error:
        raise Failed(error.code, f"{file}: {error.line}") from None
    body = {"format": name, "document": document, **more}
    connection.write(path("bookings", booking, "refresh"), body, key=key)


@app.command("status")
@spread
def status(
    booking: BookingId,
    carrier: Annotated[str, typer.Argument(metavar="CARRIER", help="The airline's designator.")],
    flight: Annotated[str, typer.Argument(metavar="FLIGHT", help="The flight's number.")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="The local date it was booked for, YYYY-MM-DD.")],
    *,
    what: Annotated[What, typer.Option(help="What became public of it.")],
    departs_at: Annotated[str, typer.Option(help="The new local time of departure, YYYY-MM-DDThh:mm.")] = "",
    arrives_at: Annotated[str, typer.Option(help="The new local time of arrival.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Say what became public of a flight of this booking. Each view does then what was said that it does."""
    body = {
        "carrier": carrier,
        "flight": flight,
        "date": day,
        "what": what,
        "departs_at": departs_at,
        "arrives_at": arrives_at,
    }
    connection.write(path("bookings", booking, "flight-status"), body, key=key)


@app.command("difference")
@spread
def difference(booking: BookingId, *, connection: Connection) -> None:
    """Print by what paths and field classes what is held differs from what is shown, never a value (tier 3)."""
    connection.read(path("bookings", booking, "difference"), view=split.difference)
