"""`watchword problem`: causes that cases share, and the escalations that were ignored."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.commitment import Due, Words
from service.cli.connection import Connection
from service.cli.options import Key, spread

app = typer.Typer(no_args_is_help=True, help="Problems: a cause that several cases share.")

ProblemId = Annotated[str, typer.Argument(metavar="PROBLEM", help="The problem's id.")]
EscalationId = Annotated[str, typer.Argument(metavar="ESCALATION", help="The escalation's id.")]


@app.command("open")
@spread
def open_problem(
    *,
    title: Annotated[str, typer.Option(help="What is wrong; it is sealed.")],
    about: Annotated[str, typer.Option(help="A word for it that everybody may read, such as website.seats.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Name a cause that cases share, and print the problem's id."""
    connection.write(path("problems"), {"title": title, "about": about}, key=key)


@app.command("join")
@spread
def join(
    problem: ProblemId,
    *,
    account: Annotated[list[str] | None, typer.Option(help="An account that suffers from it; repeat for each.")] = None,
    interaction: Annotated[list[str] | None, typer.Option(help="An interaction that was about it; repeat.")] = None,
    commitment: Annotated[list[str] | None, typer.Option(help="A promise that it broke; repeat for each.")] = None,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say who suffers from it. Each counts once."""
    body = {"accounts": account or [], "interactions": interaction or [], "commitments": commitment or []}
    connection.write(path("problems", problem, "victims"), body, key=key)


@app.command("escalate")
@spread
def escalate(
    problem: ProblemId,
    *,
    to: Annotated[str, typer.Option(help="Who is told: a subject, tier-3 or executives.")],
    due: Due,
    words: Words,
    key: Key = "",
    connection: Connection,
) -> None:
    """Tell somebody about it. Unanswered when it is due, it is marked as ignored by itself."""
    body = {"to": to, "due_at": due, "words": words}
    connection.write(path("problems", problem, "escalations"), body, key=key)


@app.command("answer")
@spread
def answer(
    problem: ProblemId, escalation: EscalationId, *, words: Words, key: Key = "", connection: Connection
) -> None:
    """Answer an escalation, or answer for one that was ignored."""
    connection.write(path("problems", problem, "escalations", escalation, "answer"), {"words": words}, key=key)


@app.command("accept")
@spread
def accept(
    problem: ProblemId,
    escalation: EscalationId,
    *,
    decline: Annotated[bool, typer.Option("--decline", help="The answer will not do.")] = False,
    key: Key = "",
    connection: Connection,
) -> None:
    """Say that the answer to an escalation will do, as who raised it."""
    where = path("problems", problem, "escalations", escalation, "accept")
    connection.write(where, {"accepted": not decline}, key=key)


@app.command("close")
@spread
def close(problem: ProblemId, *, key: Key = "", connection: Connection) -> None:
    """Say that the cause is gone (tier 3). Every escalation has to be over first."""
    connection.write(path("problems", problem, "close"), key=key)


@app.command("list")
@spread
def listed(
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.", show_default=True)] = 50,
    connection: Connection,
) -> None:
    """List the problems, oldest first, with their victims and the escalations that were ignored."""
    connection.read(path("problems"), query={"limit": limit}, view=_rows)


def _rows(answer: bytes, *, as_json: bool) -> None:
    show.rows(answer, "problems", as_json=as_json)
