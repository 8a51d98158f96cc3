"""`watchword access`: what somebody asks to be told of themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import AccountId, InteractionId, Key, spread

app = typer.Typer(no_args_is_help=True, help="Access requests: opened by the back office, answered to who proved it.")


class ReceivedBy(StrEnum):
    """How a request came."""

    LETTER = "letter"
    MAIL = "mail"
    CALL = "call"
    PORTAL = "portal"


@app.command("open")
@spread
def open_request(
    account: AccountId,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="The party in whose name it came.")],
    *,
    received_by: Annotated[ReceivedBy, typer.Option(help="How it came; nobody is answered that way.")],
    key: Key = "",
    connection: Connection,
) -> None:
    """Open a request, and print its id and when it is due. Invite the person to call and to prove who they are."""
    body = {"party_id": party, "received_by": received_by}
    connection.write(path("accounts", account, "access-requests"), body, key=key)


@app.command("answer")
@spread
def answer(
    interaction: InteractionId,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id.")],
    *,
    connection: Connection,
) -> None:
    """Tell the caller, who has proved to be the party it is of, what is kept of them, and nothing about others."""
    body = {"access_request_id": request}
    connection.write(path("interactions", interaction, "access-requests"), body, view=show.answered)
