"""`watchword account`: accounts and their people, as the back office opens them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import AccountId, Facts, Key, spread

app = typer.Typer(no_args_is_help=True, help="Accounts and their people (back office).")


class Kind(StrEnum):
    """What a person is on an account."""

    HOLDER = "holder"
    TRAVELLER = "traveller"
    CONTACT = "contact"


@app.command("open")
@spread
def open_account(
    reference: Annotated[str, typer.Option(help="Your own pseudonymous id for it: no name, no address.")] = "",
    key: Key = "",
    *,
    connection: Connection,
) -> None:
    """Open an account, and print its id."""
    connection.write(path("accounts"), {"reference": reference}, key=key)


@app.command("add-party")
@spread
def add_party(
    account: AccountId,
    *,
    kind: Annotated[Kind, typer.Option(help="What the person is on the account.")],
    facts: Facts,
    key: Key = "",
    connection: Connection,
) -> None:
    """Put a person on an account, with the facts a caller can be identified by, and print the party's id."""
    body = {"kind": kind, "facts": facts.given()}
    connection.write(path("accounts", account, "parties"), body, key=key)
