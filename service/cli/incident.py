"""`watchword incident`: what the rules found, for those who answer for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="Incidents: attempts and acts for people to answer for.")

MOST = 200

IncidentId = Annotated[str, typer.Argument(metavar="INCIDENT", help="The incident's id.")]


class Which(StrEnum):
    """Which incidents are listed."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


def _drawn(answer: bytes, *, as_json: bool) -> None:
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    rows = [
        {
            "incident": each["incident_id"],
            "opened": each["opened_at"][:19].replace("T", " "),
            "about": f"agent {each['agent']}" if each["about"] == "agent" else f"account {each['account_id']}",
            "found": each["counts"],
            "warning": each["warning"],
            "status": each["status"],
        }
        for each in told["incidents"]
    ]
    show.out().print(show.table("incidents", rows))
    if told["parked"]:
        show.err().print(f"{told['parked']} events of the log could not be judged")
    if told["next_cursor"]:
        show.err().print(f"there is more: --cursor {told['next_cursor']}")


@app.command("list")
@spread
def list_incidents(
    *,
    status: Annotated[Which, typer.Option(help="Which of them.")] = Which.OPEN,
    cursor: Annotated[str, typer.Option(help="Where to go on: the next_cursor of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many a page has.", show_default=True)] = 50,
    connection: Connection,
) -> None:
    """List incidents, newest first (legal, auditor, compliance, tier 3)."""
    with connection.service() as service:
        answer = service.read(path("incidents"), {"status": status.value, "cursor": cursor, "limit": limit})
    _drawn(answer, as_json=connection.as_json)


@app.command("show")
@spread
def read_incident(incident: IncidentId, *, connection: Connection) -> None:
    """Print an incident: what it is about, what was found and where in the log, and the task to warn."""
    connection.read(path("incidents", incident))


@app.command("close")
@spread
def close_incident(
    incident: IncidentId,
    *,
    words: Annotated[str, typer.Option(help="What was done about it.")],
    key: Key = "",
    connection: Connection,
) -> None:
    """Close an incident, in words (legal, compliance). The next finding about the same opens another."""
    connection.write(path("incidents", incident, "close"), {"words": words}, key=key)
