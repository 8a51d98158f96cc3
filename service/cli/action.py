"""`watchword action`: what waits to be done, what was said of it, and what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Key, spread

app = typer.Typer(
    no_args_is_help=True, help="Actions that were accepted and wait (back office: ordinary ones; tier 3: all)."
)

DecisionId = Annotated[str, typer.Argument(metavar="DECISION", help="The id of the decision that accepted it.")]


class Route(StrEnum):
    """Who is to do it."""

    ORDINARY = "ordinary"
    TIER_3 = "tier_3"


class Result(StrEnum):
    """What became of it."""

    DONE = "done"
    NOT_DONE = "not_done"


@app.command("list")
@spread
def list_actions(
    *,
    route: Annotated[Route | None, typer.Option(help="Those of one route; without, all that you may see.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.", show_default=True)] = 100,
    connection: Connection,
) -> None:
    """List what waits to be done, the most urgent first."""
    query: dict[str, str | int] = {"limit": limit} | ({} if route is None else {"route": route.value})
    connection.read(path("actions"), query=query, view=_listed)


@app.command("read")
@spread
def read(decision: DecisionId, *, connection: Connection) -> None:
    """Read what the caller said of one. That you read it is on record."""
    connection.read(path("actions", decision))


@app.command("done")
@spread
def done(
    decision: DecisionId,
    *,
    result: Annotated[Result, typer.Option(help="What became of it.")] = Result.DONE,
    words: Annotated[str, typer.Option(help="What was done, or why it was not.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Say what became of one: it waits no more."""
    connection.write(path("actions", decision, "done"), {"result": result, "words": words}, key=key)


def _listed(answer: bytes, *, as_json: bool) -> None:
    """What waits, as a table."""
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    show.out().print(show.table("actions", told.get("actions", ())))
    if told.get("more"):
        show.err().print("there are more; see --limit")
