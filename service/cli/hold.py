"""`watchword hold`: legal holds. Nobody whom one covers is forgotten while it stands."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="Legal holds: nobody whom one covers is forgotten while it stands.")

HoldId = Annotated[str, typer.Argument(metavar="HOLD", help="The hold's id.")]
Words = Annotated[str, typer.Option(help="Why, in words. They are sealed.")]
Until = Annotated[str, typer.Option(help="Until when it stands, UTC, such as 2030-01-01T00:00:00Z.")]


class Scope(StrEnum):
    """What is held."""

    PARTY = "party"
    ACCOUNT = "account"
    INCIDENT = "incident"


class Reason(StrEnum):
    """Why it is held."""

    LITIGATION = "litigation"
    POLICE_INVESTIGATION = "police_investigation"
    COURT_ORDER = "court_order"
    REGULATOR = "regulator"
    INTERNAL_INVESTIGATION = "internal_investigation"
    OTHER = "other"


def _listed(answer: bytes, *, as_json: bool) -> None:
    show.rows(answer, "holds", as_json=as_json)
    if not as_json and show.read(answer)["more"]:
        show.err().print("there are more than these")


@app.command("place")
@spread
def place_hold(
    scope: Annotated[Scope, typer.Argument(metavar="SCOPE", help="What is held.")],
    about: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    *,
    reason: Annotated[Reason, typer.Option(help="Why it is held.")],
    words: Words,
    until: Until,
    owner: Annotated[str, typer.Option(help="Who answers for it; whoever places it, unless it is said.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Place a hold on a party, an account with everybody on it, or an incident with all it names (legal)."""
    body = {
        "scope": scope.value,
        "about": about,
        "reason": reason.value,
        "words": words,
        "until": until,
        "owner": owner,
    }
    connection.write(path("holds"), body, key=key)


@app.command("list")
@spread
def list_holds(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that were lifted or have expired.")] = False,
    party: Annotated[str, typer.Option(help="Those that cover this party.")] = "",
    account: Annotated[str, typer.Option(help="Those that cover this account.")] = "",
    at: Annotated[str, typer.Option(help="As of then, UTC, ISO 8601.")] = "",
    connection: Connection,
) -> None:
    """List holds, newest first: those that stand, or those that cover somebody (legal, auditor, compliance)."""
    query = {"status": "all" if every else "standing", "party_id": party, "account_id": account, "at": at}
    given: dict[str, str | int] = {name: value for name, value in query.items() if value}
    connection.read(path("holds"), query=given, view=_listed)


@app.command("extend")
@spread
def extend_hold(hold: HoldId, *, until: Until, words: Words, key: Key = "", connection: Connection) -> None:
    """Let a hold stand longer (legal)."""
    connection.write(path("holds", hold, "extend"), {"until": until, "words": words}, key=key)


@app.command("lift")
@spread
def lift_hold(hold: HoldId, *, words: Words, key: Key = "", connection: Connection) -> None:
    """Lift a hold (legal)."""
    connection.write(path("holds", hold, "lift"), {"words": words}, key=key)
