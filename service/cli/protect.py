"""`watchword protect`: protection, started for a caller at once and confirmed by two people of tier 3."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import AccountId, Key, spread

app = typer.Typer(no_args_is_help=True, help="Protection of a party (any tier starts it, two of tier 3 confirm it).")


@app.command("start")
@spread
def start(
    account: AccountId,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="The party to protect.")],
    *,
    safe_phone: Annotated[str, typer.Option(help="Her safe contact: a telephone that only she answers.")] = "",
    safe_email: Annotated[str, typer.Option(help="Her safe contact: a mail address that only she reads.")] = "",
    adverse: Annotated[
        list[str] | None,
        typer.Option("--adverse", metavar="PARTY", help="A party adverse towards her; repeat for each."),
    ] = None,
    review_on: Annotated[str, typer.Option(metavar="DATE", help="When to look at it again, YYYY-MM-DD.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Protect a party, provisionally: at once, for 72 hours. A link to choose a passcode goes to the safe contact."""
    if bool(safe_phone) == bool(safe_email):
        raise Failed(Code.USAGE, "name one safe contact, by --safe-phone or by --safe-email")
    body: dict[str, Any] = {
        "protected_party_id": party,
        "safe_contact": {"kind": "phone" if safe_phone else "email", "value": safe_phone or safe_email},
        "adverse_party_ids": adverse or [],
        "review_on": review_on,
    }
    connection.write(path("accounts", account, "protection"), body, key=key)


@app.command("confirm")
@spread
def confirm(
    account: AccountId,
    protection: Annotated[str, typer.Argument(metavar="PROTECTION", help="The protection's id.")],
    *,
    key: Key = "",
    connection: Connection,
) -> None:
    """Confirm a protection as one of two; the second person makes it last (tier 3)."""
    connection.write(path("accounts", account, "protection", "confirm"), {"protection_id": protection}, key=key)
