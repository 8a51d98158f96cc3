"""`watchword interaction`: one contact, from its opening to its end."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from service.cli import secret, show
from service.cli.client import Service, path
from service.cli.options import (
    URL,
    DateOfBirth,
    Email,
    GivenName,
    InteractionId,
    Json,
    Key,
    ListenerId,
    Loyalty,
    Phone,
    Surname,
    Token,
    Url,
    facts,
)
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


def _write(url: str, token: str, key: str, body: dict[str, Any] | None, *where: str, method: str = "POST") -> bytes:
    with Service(url, token) as service:
        return service.write(path("interactions", *where), body, key=key, method=method)


@app.command("open")
def open_interaction(
    *,
    contact: Annotated[str, typer.Option(help="Where it comes from: a number, a session id. Evidence, never proof.")],
    channel: Annotated[Channel, typer.Option(help="How it came.")] = Channel.CALL,
    key: Key = "",
    url: Url = URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Open a contact, in which nothing is known of anybody yet, and print its id."""
    show.fields(_write(url, token, key, {"contact_id": contact, "channel": channel}), as_json=as_json)


@app.command("bind")
def bind(
    interaction: InteractionId,
    *,
    locator: Annotated[str, typer.Option(help="The locator the caller gave.")] = "",
    account: Annotated[str, typer.Option(help="The account's id, where it is known.")] = "",
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
    """Say which account it is about, and what the caller offered. The answer is the same whatever was found."""
    offered = facts(
        surname=surname,
        given_name=given_name,
        date_of_birth=date_of_birth,
        email=email,
        phone=phone,
        loyalty=loyalty,
    )
    body: dict[str, Any] = {"facts": offered, "locator": locator, "account_id": account}
    show.fields(_write(url, token, key, body, interaction, "bind"), as_json=as_json)


@app.command("verify")
def verify(
    interaction: InteractionId,
    *,
    listener: Annotated[str, typer.Option(help="Which listener said it; without, the caller.")] = "",
    stdin: FromStdin = False,
    key: Key = "",
    url: Url = URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Try a passcode. It is asked for without an echo, or read from stdin; one that is not accepted is no error."""
    body = {"passcode": secret.ask("passcode", stdin=stdin)} | ({"listener_id": listener} if listener else {})
    show.fields(_write(url, token, key, body, interaction, "verifications"), as_json=as_json)


@app.command("join")
def join(
    interaction: InteractionId,
    *,
    kind: Annotated[ListenerKind, typer.Option(help="Who joins.")],
    declared: Annotated[
        bool, typer.Option("--declared", help="An interpreter or relay operator who declared to keep it to himself.")
    ] = False,
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
    """Put somebody else on the line, and print the listener's id. The next answer is for all who listen."""
    offered = facts(
        surname=surname,
        given_name=given_name,
        date_of_birth=date_of_birth,
        email=email,
        phone=phone,
        loyalty=loyalty,
    )
    body = {"kind": kind, "declared": declared, "facts": offered}
    show.fields(_write(url, token, key, body, interaction, "listeners"), as_json=as_json)


@app.command("leave")
def leave(
    interaction: InteractionId,
    listener: ListenerId,
    *,
    key: Key = "",
    url: Url = URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Take somebody off the line."""
    answer = _write(url, token, key, None, interaction, "listeners", listener, method="DELETE")
    show.fields(answer, as_json=as_json)


@app.command("passcode")
def passcode(
    interaction: InteractionId, key: Key = "", url: Url = URL, token: Token = "", as_json: Json = False
) -> None:
    """Ask for a passcode for the caller. If a link can be sent to a channel of his own, it is."""
    show.fields(_write(url, token, key, {}, interaction, "passcodes"), as_json=as_json)


@app.command("call-back")
def call_back(
    interaction: InteractionId, key: Key = "", url: Url = URL, token: Token = "", as_json: Json = False
) -> None:
    """Call the safe contact back, in an interaction of the channel call_back (tier 3)."""
    show.fields(_write(url, token, key, {}, interaction, "call-backs"), as_json=as_json)


@app.command("close")
def close(interaction: InteractionId, key: Key = "", url: Url = URL, token: Token = "", as_json: Json = False) -> None:
    """End the contact. What was proved in it is void."""
    show.fields(_write(url, token, key, None, interaction, "close"), as_json=as_json)
