"""`watchword interaction route`, `transfer`, `take`, `resume-code` and `resume`: a contact that goes elsewhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import secret
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import InteractionId, Key, spread
from service.cli.secret import FromStdin


class Recipient(StrEnum):
    """Who may take a contact over."""

    AGENT = "agent"
    TEAM = "team"
    SITE = "site"


class ResumedBy(StrEnum):
    """How somebody comes back."""

    CALL = "call"
    CHAT = "chat"
    PORTAL = "portal"


@spread
def route(
    interaction: InteractionId,
    *,
    locator: Annotated[str, typer.Option(help="The locator the caller gave.")] = "",
    booking: Annotated[str, typer.Option(help="The booking's id, where it is known.")] = "",
    connection: Connection,
) -> None:
    """Ask who owns a booking, before any human answers: the office, the channel it was made in, who is asked next."""
    connection.write(path("interactions", interaction, "route"), {"locator": locator, "booking_id": booking})


@spread
def transfer(
    interaction: InteractionId,
    *,
    kind: Annotated[Recipient, typer.Option("--to", help="Who may take it over.")],
    name: Annotated[str, typer.Option(help="The agent's subject, or the name of the team or site, as tokens have it.")],
    reason: Annotated[str, typer.Option(help="Why; it is sealed in the record and shown to nobody.")],
    connection: Connection,
) -> None:
    """Offer a contact to somebody else, and print the code to take it by: good once, for ten minutes."""
    body = {"to": {"kind": kind, "name": name}, "reason": reason}
    connection.write(path("interactions", interaction, "transfer"), body)


@spread
def take(*, stdin: FromStdin = False, key: Key = "", connection: Connection) -> None:
    """Take a contact over by its code, with all evidence. The code is asked for without an echo, or read from stdin."""
    connection.write(path("transfers", "take"), {"code": secret.ask("code", stdin=stdin)}, key=key)


@spread
def resume_code(interaction: InteractionId, *, connection: Connection) -> None:
    """Print a code for the caller to come back with, should the contact drop: good once, for a day."""
    connection.write(path("interactions", interaction, "resume-code"), {})


@spread
def resume(
    *,
    contact: Annotated[str, typer.Option(help="Where it comes from now: a number, a session id.")],
    channel: Annotated[ResumedBy, typer.Option(help="How it came.")] = ResumedBy.CALL,
    without_passcode: Annotated[
        bool, typer.Option("--without-passcode", help="The caller has given no passcode; do not ask for it.")
    ] = False,
    stdin: FromStdin = False,
    key: Key = "",
    connection: Connection,
) -> None:
    """Go on with the case of a contact that dropped, in its place in the queue.

    The code, and the passcode that proves anew who calls, are asked for without an echo, or read from stdin.
    """
    body = {"code": secret.ask("code", stdin=stdin), "contact_id": contact, "channel": channel}
    if not without_passcode:
        body["passcode"] = secret.ask("passcode", stdin=stdin)
    connection.write(path("interactions", "resume"), body, key=key)


def add(app: typer.Typer) -> None:
    """Put these commands among those of `watchword interaction`."""
    commands = {"route": route, "transfer": transfer, "take": take, "resume-code": resume_code, "resume": resume}
    for name, command in commands.items():
        app.command(name)(command)
