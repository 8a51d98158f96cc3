"""`watchword unsealing`: what is personal in the record, opened to one reader for an hour, at another's word."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from domain.unsealing import PURPOSES
from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="Unsealings: what is personal, opened for an hour at a second's word.")

MOST = 200

UnsealingId = Annotated[str, typer.Argument(metavar="UNSEALING", help="The unsealing's id.")]

Purpose = StrEnum("Purpose", {each: each for each in PURPOSES})  # type: ignore[misc]  # the closed list is the domain's


class Status(StrEnum):
    """Which unsealings."""

    WAITING = "waiting"
    APPROVED = "approved"
    ALL = "all"


@app.command("ask")
@spread
def ask(
    *,
    purpose: Annotated[Purpose, typer.Option(help="What for.")],
    words: Annotated[str, typer.Option(help="Why, in a sentence.")],
    account: Annotated[str, typer.Option(help="The account it is of; or")] = "",
    incident: Annotated[str, typer.Option(help="the incident it is of.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Ask to read what is personal in one account or one incident (auditor, legal). Another person answers it."""
    body = {"purpose": purpose, "words": words, "account_id": account, "incident_id": incident}
    connection.write(path("unsealings"), body, key=key)


@app.command("approve")
@spread
def approve(unsealing: UnsealingId, *, key: Key = "", connection: Connection) -> None:
    """Approve an unsealing, as another person (auditor, legal, compliance); it opens for an hour. It is signed."""
    connection.write(path("unsealings", unsealing, "approve"), {}, key=key)


@app.command("refuse")
@spread
def refuse(unsealing: UnsealingId, *, key: Key = "", connection: Connection) -> None:
    """Refuse an unsealing, as another person (auditor, legal, compliance)."""
    connection.write(path("unsealings", unsealing, "refuse"), {}, key=key)


@app.command("end")
@spread
def end(unsealing: UnsealingId, *, key: Key = "", connection: Connection) -> None:
    """End an unsealing before its hour is over (auditor, legal, compliance)."""
    connection.write(path("unsealings", unsealing, "end"), {}, key=key)


@app.command("show")
@spread
def read(unsealing: UnsealingId, *, connection: Connection) -> None:
    """Print an unsealing: who asked for what and why, who approved it, until when, and how often it was used."""
    connection.read(path("unsealings", unsealing))


@app.command("list")
@spread
def list_unsealings(
    *,
    status: Annotated[Status, typer.Option(help="Those that wait, those that open something now, or all.")] = (
        Status.WAITING
    ),
    cursor: Annotated[str, typer.Option(help="Where to go on: the next_cursor of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many a page has.", show_default=True)] = 50,
    connection: Connection,
) -> None:
    """List unsealings, newest first (auditor, legal, compliance)."""
    with connection.service() as service:
        answer = service.read(path("unsealings"), {"status": status.value, "cursor": cursor, "limit": limit})
    told = show.read(answer)
    if connection.as_json:
        show.raw(answer)
        return
    columns = ("unsealing_id", "status", "asker", "purpose", "words", "account_id", "incident_id", "until", "used")
    rows = [{name: str(each[name] or "") for name in columns} for each in told["unsealings"]]
    if rows:
        show.out().print(show.table("unsealings", rows))
    else:
        show.err().print("there is none")
    if told["next_cursor"]:
        show.err().print(f"there is more: --cursor {told['next_cursor']}")
