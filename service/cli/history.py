"""`watchword history`: the record of an account, as an auditor reads it. Reading it is on record too."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from service.cli import show, timeline
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import AccountId, spread

MOST = 200


@spread
def history(
    account: AccountId,
    *,
    cursor: Annotated[str, typer.Option(help="Where to go on: the next_cursor of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many entries a page has.", show_default=True)] = 50,
    every: Annotated[bool, typer.Option("--all", help="Read it to its end; with --json, one entry a line.")] = False,
    connection: Connection,
) -> None:
    """Read a page of an account's history. What is personal is sealed: it shows whose it is and nothing of it."""
    where = path("accounts", account, "history")
    entries: list[dict[str, Any]] = []
    limit = MOST if every else limit  # reading is on record too: page by page of one entry it would never end
    with connection.service() as service:
        while True:
            answer = service.read(where, {"cursor": cursor, "limit": limit})
            page = show.read(answer)
            if connection.as_json:
                for line in [msgspec.json.encode(each) for each in page["entries"]] if every else [answer]:
                    show.raw(line)
            entries += page["entries"]
            cursor = page["next_cursor"] or ""
            if not every or not cursor:
                break
    if not connection.as_json:
        show.out().print(timeline.drawn(entries))
        if cursor:
            show.err().print(f"there is more: --cursor {cursor}, or --all")
