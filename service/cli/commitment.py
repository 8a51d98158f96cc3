"""`watchword commitment`: promises, what was done about them, and who accepts it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="Commitments: a promise with an owner and a due time.")

CommitmentId = Annotated[str, typer.Argument(metavar="COMMITMENT", help="The commitment's id.")]
Words = Annotated[str, typer.Option(help="What there is to say about it; it is sealed.")]
Due = Annotated[str, typer.Option(help="Until when, ISO 8601 with its offset: 2027-05-01T12:00:00Z.")]


class How(StrEnum):
    """What was done."""

    CALL = "call"
    VOICEMAIL = "voicemail"
    MAIL = "mail"
    MESSAGE = "message"


class Which(StrEnum):
    """Which commitments are listed."""

    OPEN = "open"
    DUE = "due"
    BROKEN = "broken"
    EXECUTIVE = "executive"


@app.command("make")
@spread
def make(
    *,
    owner: Annotated[str, typer.Option(help="Whose it is: a subject, tier-2, site:manila or team:ticketing.")],
    due: Due,
    words: Words,
    interaction: Annotated[str, typer.Option(help="The interaction it is made in.")] = "",
    account: Annotated[str, typer.Option(help="The account's id, where it is made in no interaction.")] = "",
    made_to: Annotated[
        str, typer.Option(help="Whom it is made to: the customer, or a colleague's subject.")
    ] = "customer",
    key: Key = "",
    connection: Connection,
) -> None:
    """Promise something, and print the commitment's id. When nobody answers it in time it climbs a tier by itself."""
    body = {"kind": "promise", "owner": owner, "due_at": due, "words": words, "made_to": made_to}
    body |= {"interaction_id": interaction, "account_id": account}
    connection.write(path("commitments"), body, key=key)


@app.command("answer")
@spread
def answer(
    commitment: CommitmentId,
    *,
    how: Annotated[How, typer.Option(help="What was done.")],
    words: Words,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say what was done about it. A voicemail is recorded, and does not keep it."""
    connection.write(path("commitments", commitment, "answers"), {"how": how, "words": words}, key=key)


@app.command("accept")
@spread
def accept(
    commitment: CommitmentId,
    *,
    interaction: Annotated[str, typer.Option(help="The interaction in which the customer says so.")] = "",
    decline: Annotated[bool, typer.Option("--decline", help="The answer will not do: it is open again.")] = False,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say that the answer will do, for the customer on the line or as who raised it: the commitment is kept."""
    body = {"interaction_id": interaction, "accepted": not decline}
    connection.write(path("commitments", commitment, "accept"), body, key=key)


@app.command("answer-for")
@spread
def answer_for(commitment: CommitmentId, *, words: Words, key: Key = "", connection: Connection) -> None:
    """Answer for one that stands on the executive list (role executive)."""
    connection.write(path("commitments", commitment, "answer-for"), {"words": words}, key=key)


@app.command("list")
@spread
def listed(
    *,
    status: Annotated[Which, typer.Option(help="Which of those that are not over.")] = Which.OPEN,
    owner: Annotated[str, typer.Option(help="Only those of this owner.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.", show_default=True)] = 50,
    connection: Connection,
) -> None:
    """List the commitments that you have to do with, those that are due first."""
    query = {"status": status.value, "owner": owner, "limit": limit}
    connection.read(path("commitments"), query=query, view=_rows)


@app.command("show")
@spread
def shown(commitment: CommitmentId, *, connection: Connection) -> None:
    """Show what was promised, as far as you may read it. That it was shown is on record."""
    connection.read(path("commitments", commitment))


def _rows(answer: bytes, *, as_json: bool) -> None:
    show.rows(answer, "commitments", as_json=as_json)
