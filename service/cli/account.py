"""`watchword account`: accounts and their people, as the back office opens them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import Service, path
from service.cli.options import (
    URL,
    AccountId,
    DateOfBirth,
    Email,
    GivenName,
    Json,
    Key,
    Loyalty,
    Phone,
    Surname,
    Token,
    Url,
    facts,
)

app = typer.Typer(no_args_is_help=True, help="Accounts and their people (back office).")


class Kind(StrEnum):
    """What a person is on an account."""

    HOLDER = "holder"
    TRAVELLER = "traveller"
    CONTACT = "contact"


@app.command("open")
def open_account(
    reference: Annotated[str, typer.Option(help="Your own pseudonymous id for it: no name, no address.")] = "",
    key: Key = "",
    url: Url = URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Open an account, and print its id."""
    with Service(url, token) as service:
        show.fields(service.write(path("accounts"), {"reference": reference}, key=key), as_json=as_json)


@app.command("add-party")
def add_party(
    account: AccountId,
    *,
    kind: Annotated[Kind, typer.Option(help="What the person is on the account.")],
    surname: Surname = "",
    given_name: GivenName = "",
    date_of_birth: DateOfBirth = "",
    email: Email = "",
    phone: Phone = "",
    loyalty: Loyalty = "",
    key: Key = "",
    url: Url = URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Put a person on an account, with the facts a caller can be identified by, and print the party's id."""
    known = facts(
        surname=surname,
        given_name=given_name,
        date_of_birth=date_of_birth,
        email=email,
        phone=phone,
        loyalty=loyalty,
    )
    with Service(url, token) as service:
        answer = service.write(path("accounts", account, "parties"), {"kind": kind, "facts": known}, key=key)
    show.fields(answer, as_json=as_json)
