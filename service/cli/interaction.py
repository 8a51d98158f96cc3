"""`watchword interaction`: one contact, from its opening to its end."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import secret
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Facts, InteractionId, Key, ListenerId, spread
from service.cli.protect import safe_contact
from service.cli.secret import FromStdin

app = typer.Typer(no_args_is_help=True, help="Interactions: one call, chat or portal session.")


class Channel(StrEnum):
    """How a contact came."""

    CALL = "call"
    CHAT = "chat"
    PORTAL = "portal"
    CALL_BACK = "call_back"
    NOTICE = "notice"


class ListenerKind(StrEnum):
    """Who else may be on the line."""

    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    INTERPRETER = "interpreter"
    RELAY_OPERATOR = "relay_operator"
    COLLEAGUE = "colleague"


@app.command("open")
@spread
def open_interaction(
    *,
    contact: Annotated[str, typer.Option(help="Where it comes from: a number, a session id. Evidence, never proof.")],
    channel: Annotated[Channel, typer.Option(help="How it came.")] = Channel.CALL,
    key: Key = "",
    connection: Connection,
) -> None:
    """Open a contact, in which nothing is known of anybody yet, and print its id."""
    connection.write(path("interactions"), {"contact_id": contact, "channel": channel}, key=key)


@app.command("bind")
@spread
def bind(
    interaction: InteractionId,
    *,
    locator: Annotated[str, typer.Option(help="The locator the caller gave.")] = "",
    account: Annotated[str, typer.Option(help="The account's id, where it is known.")] = "",
    place: Annotated[str, typer.Option(help="Where the caller says he is: a town or postcode.")] = "",
    facts: Facts,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say which account it is about, and what the caller offered. The answer is the same whatever was found."""
    body = {"facts": facts.given(), "locator": locator, "account_id": account, "place": place}
    connection.write(path("interactions", interaction, "bind"), body, key=key)


@app.command("verify")
@spread
def verify(
    interaction: InteractionId,
    *,
    listener: Annotated[str, typer.Option(help="Which listener said it; without, the caller.")] = "",
    stdin: FromStdin = False,
    key: Key = "",
    connection: Connection,
) -> None:
    """Try a passcode. It is asked for without an echo, or read from stdin; one that is not accepted is no error."""
    body = {"passcode": secret.ask("passcode", stdin=stdin)} | ({"listener_id": listener} if listener else {})
    connection.write(path("interactions", interaction, "verifications"), body, key=key)


@app.command("join")
@spread
def join(
    interaction: InteractionId,
    *,
    kind: Annotated[ListenerKind, typer.Option(help="Who joins.")],
    declared: Annotated[
        bool,
        typer.Option(
            "--declared", help="An interpreter, relay operator or colleague who declared to keep it to himself."
        ),
    ] = False,
    facts: Facts,
    key: Key = "",
    connection: Connection,
) -> None:
    """Put somebody else on the line, and print the listener's id. The next answer is for all who listen."""
    body = {"kind": kind, "declared": declared, "facts": facts.given()}
    connection.write(path("interactions", interaction, "listeners"), body, key=key)


@app.command("leave")
@spread
def leave(
    interaction: InteractionId,
    listener: ListenerId,
    *,
    key: Key = "",
    connection: Connection,
) -> None:
    """Take somebody off the line."""
    connection.write(path("interactions", interaction, "listeners", listener), key=key, method="DELETE")


@app.command("passcode")
@spread
def passcode(interaction: InteractionId, key: Key = "", *, connection: Connection) -> None:
    """Ask for a passcode for the caller. If a link can be sent to a channel of his own, it is."""
    connection.write(path("interactions", interaction, "passcodes"), {}, key=key)


@app.command("call-back")
@spread
def call_back(interaction: InteractionId, key: Key = "", *, connection: Connection) -> None:
    """Call the safe contact back, in an interaction of the channel call_back (tier 3)."""
    connection.write(path("interactions", interaction, "call-backs"), {}, key=key)


@app.command("close")
@spread
def close(interaction: InteractionId, key: Key = "", *, connection: Connection) -> None:
    """End the contact. What was proved in it is void."""
    connection.write(path("interactions", interaction, "close"), key=key)


@app.command("safe-contact")
@spread
def change_safe_contact(
    interaction: InteractionId,
    *,
    safe_phone: Annotated[str, typer.Option(help="The new safe contact: a telephone that only she answers.")] = "",
    safe_email: Annotated[str, typer.Option(help="The new safe contact: a mail address that only she reads.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Note another safe contact. It is the one after 72 hours, unless the one before stops it."""
    body = {"safe_contact": safe_contact(safe_phone, safe_email)}
    connection.write(path("interactions", interaction, "safe-contact"), body, key=key)
