"""`watchword protect`: protection, from a caller's first word through confirmation and review to its end and after."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import AccountId, InteractionId, Key, spread

app = typer.Typer(no_args_is_help=True, help="Protection of a party (any tier starts it, two of tier 3 confirm it).")


ProtectionId = Annotated[str, typer.Argument(metavar="PROTECTION", help="The protection's id.")]


class Finding(StrEnum):
    """What somebody found of a claim."""

    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"


def safe_contact(phone: str, email: str) -> dict[str, str]:
    """The one safe contact that was named. Raises Failed where there is none, or both."""
    if bool(phone) == bool(email):
        raise Failed(Code.USAGE, "name one safe contact, by --safe-phone or by --safe-email")
    return {"kind": "phone" if phone else "email", "value": phone or email}


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
    """Protect a party, provisionally: at once, for 72 hours. Once confirmed, its safe contact is sent a link."""
    body: dict[str, Any] = {
        "protected_party_id": party,
        "safe_contact": safe_contact(safe_phone, safe_email),
        "adverse_party_ids": adverse or [],
        "review_on": review_on,
    }
    connection.write(path("accounts", account, "protection"), body, key=key)


@app.command("confirm")
@spread
def confirm(
    account: AccountId,
    protection: ProtectionId,
    *,
    key: Key = "",
    connection: Connection,
) -> None:
    """Confirm a protection as one of two; the second person makes it last (tier 3)."""
    connection.write(path("accounts", account, "protection", "confirm"), {"protection_id": protection}, key=key)


@app.command("review")
@spread
def review(
    account: AccountId,
    protection: ProtectionId,
    finding: Annotated[Finding, typer.Argument(metavar="FINDING", help="upheld or not_upheld.")],
    *,
    reason: Annotated[str, typer.Option(help="Why. It is kept sealed.")],
    strike: Annotated[
        list[str] | None,
        typer.Option("--strike", metavar="PARTY", help="Who is named adverse and is not; repeat for each."),
    ] = None,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say what one of two people found of a claim; two who find the same settle it (tier 3)."""
    body: dict[str, Any] = {"protection_id": protection, "finding": finding, "reason": reason}
    if strike:
        body["struck_party_ids"] = strike
    connection.write(path("accounts", account, "protection", "review"), body, key=key)


@app.command("renew")
@spread
def renew(
    account: AccountId,
    protection: ProtectionId,
    review_on: Annotated[str, typer.Argument(metavar="DATE", help="When to look at it again, YYYY-MM-DD.")],
    *,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say when to look at a protection again (tier 3)."""
    body = {"protection_id": protection, "review_on": review_on}
    connection.write(path("accounts", account, "protection", "renew"), body, key=key)


@app.command("correct")
@spread
def correct(
    account: AccountId,
    protection: ProtectionId,
    *,
    safe_phone: Annotated[str, typer.Option(help="What the safe contact should have been: a telephone.")] = "",
    safe_email: Annotated[str, typer.Option(help="What the safe contact should have been: a mail address.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Mend a wrong safe contact before the protection is confirmed; two people type it, alike (tier 3)."""
    body = {"protection_id": protection, "safe_contact": safe_contact(safe_phone, safe_email)}
    connection.write(path("accounts", account, "protection", "safe-contact"), body, key=key)


@app.command("due")
@spread
def due(
    *,
    within: Annotated[int, typer.Option("--within", metavar="DAYS", help="How many days to look ahead.")] = 14,
    connection: Connection,
) -> None:
    """List the protections that somebody has to look at: reviews, lapses and endings, near or past (tier 3)."""
    connection.read(path("protections", "due"), query={"within_days": within}, view=_due)


def _due(answer: bytes, *, as_json: bool) -> None:
    """What is due, as a table."""
    show.rows(answer, "protections", as_json=as_json)


@app.command("end")
@spread
def end(interaction: InteractionId, *, key: Key = "", connection: Connection) -> None:
    """Note that the caller wants an end to his protection, or, on a call-back, that his safe contact agrees."""
    connection.write(path("interactions", interaction, "protection", "end"), {}, key=key)


@app.command("stop")
@spread
def stop(interaction: InteractionId, *, key: Key = "", connection: Connection) -> None:
    """Note that the caller wants nothing changed: an ending or another safe contact under way is stopped."""
    connection.write(path("interactions", interaction, "protection", "stop"), {}, key=key)


@app.command("release")
@spread
def release(
    interaction: InteractionId,
    *,
    bookings: Annotated[
        list[str] | None,
        typer.Option("--booking", metavar="BOOKING", help="A booking to release; repeat for each."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Release all that is the caller's own.")] = False,
    key: Key = "",
    connection: Connection,
) -> None:
    """Note that the caller, whose protection has ended, releases what was held for him."""
    if bool(bookings) == everything:
        raise Failed(Code.USAGE, "name bookings by --booking, or all of them by --all")
    body = {"booking_ids": bookings or [], "all": everything}
    connection.write(path("interactions", interaction, "release"), body, key=key)
