"""`watchword webhook`: other systems that are told of incidents."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="Webhooks: other systems that are told of incidents (operations).")

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The webhook's id.")]


class Kind(StrEnum):
    """What a webhook may be told of."""

    OPENED = "incident.opened"
    JOINED = "incident.joined"
    CLOSED = "incident.closed"


@app.command("add")
@spread
def add_webhook(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Where to post to: https, or http to this machine.")],
    *,
    kind: Annotated[
        list[Kind] | None, typer.Option("--kind", help="What to tell of; repeat for each. Without: everything.")
    ] = None,
    connection: Connection,
) -> None:
    """Add a webhook and print its id and its secret, which is shown this once."""
    body: dict[str, Any] = {"url": target} | ({"kinds": kind} if kind else {})
    connection.write(path("webhooks"), body)


@app.command("list")
@spread
def list_webhooks(*, connection: Connection) -> None:
    """List the webhooks, with how many letters were delivered, wait, or are held up by a dead one."""
    with connection.service() as service:
        answer = service.read(path("webhooks"))
    if connection.as_json:
        show.raw(answer)
    else:
        show.out().print(show.table("webhooks", show.read(answer)["webhooks"]))


@app.command("remove")
@spread
def remove_webhook(webhook: WebhookId, key: Key = "", *, connection: Connection) -> None:
    """Remove a webhook: nothing is posted there any more."""
    connection.write(path("webhooks", webhook), key=key, method="DELETE")


@app.command("replay")
@spread
def replay_webhook(
    webhook: WebhookId,
    *,
    after: Annotated[
        int | None,
        typer.Option(min=0, help="Post everything after this position of the log; without, the dead letters."),
    ] = None,
    key: Key = "",
    connection: Connection,
) -> None:
    """Post letters again, each incident's in order."""
    connection.write(path("webhooks", webhook, "replay"), {} if after is None else {"after": after}, key=key)
