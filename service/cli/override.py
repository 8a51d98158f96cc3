"""`watchword override`: break-glass: one asks, another approves and signs, a third reviews."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from domain.field_class import FieldClass
from domain.override import MOST_MINUTES, REASONS
from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import AccountId, InteractionId, Key, spread

app = typer.Typer(no_args_is_help=True, help="Overrides: asked for with a reason, approved by another, reviewed after.")

OverrideId = Annotated[str, typer.Argument(metavar="OVERRIDE", help="The override's id.")]

Reason = StrEnum("Reason", {each: each for each in REASONS})  # type: ignore[misc]  # the closed list is the domain's


class Finding(StrEnum):
    """What a reviewer can find."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


class Status(StrEnum):
    """Which overrides."""

    WAITING = "waiting"
    OPEN = "open"
    UNREVIEWED = "unreviewed"


@app.command("ask")
@spread
def ask(
    interaction: InteractionId,
    *,
    reason: Annotated[Reason, typer.Option(help="Why.")],
    words: Annotated[str, typer.Option(help="What happened, in a sentence.")],
    classes: Annotated[str, typer.Option(help="Field classes it is to open; E always with them.")] = "EI",
    minutes: Annotated[int, typer.Option(min=1, max=MOST_MINUTES, help="For how long, from its approval.")] = 15,
    party: Annotated[str, typer.Option(help="About whom an authority asks; for no other reason.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Ask another person for an override in this contact. It opens nothing until it is approved."""
    letters = list(dict.fromkeys(classes.upper()))
    if not letters or any(letter not in FieldClass.__members__ or letter == FieldClass.N for letter in letters):
        raise Failed(Code.USAGE, f"--classes takes letters of {''.join(FieldClass).replace('N', '')}, such as EI")
    body = {"reason": reason, "words": words, "classes": letters, "minutes": minutes, "party_id": party}
    connection.write(path("interactions", interaction, "overrides"), body, key=key)


@app.command("approve")
@spread
def approve(account: AccountId, override: OverrideId, *, key: Key = "", connection: Connection) -> None:
    """Approve an override, as another person of tier 3 who is not on the contact; the service signs it."""
    connection.write(path("accounts", account, "overrides", override, "approve"), {}, key=key)


@app.command("refuse")
@spread
def refuse(account: AccountId, override: OverrideId, *, key: Key = "", connection: Connection) -> None:
    """Refuse an override, as another person of tier 3 who is not on the contact."""
    connection.write(path("accounts", account, "overrides", override, "refuse"), {}, key=key)


@app.command("review")
@spread
def review(
    account: AccountId,
    override: OverrideId,
    *,
    finding: Annotated[Finding, typer.Option(help="Whether it was justified.")],
    words: Annotated[str, typer.Option(help="What was found, in a sentence.")],
    key: Key = "",
    connection: Connection,
) -> None:
    """Review an approved override, as a third person (auditor, compliance). It opens nothing any more."""
    body = {"finding": finding, "words": words}
    connection.write(path("accounts", account, "overrides", override, "review"), body, key=key)


@app.command("list")
@spread
def list_overrides(
    *,
    status: Annotated[
        Status, typer.Option(help="waiting: for an answer (tier 3); open, or unreviewed (auditor, compliance).")
    ] = Status.UNREVIEWED,
    connection: Connection,
) -> None:
    """List overrides, the overdue first."""
    where = path("overrides", "waiting") if status is Status.WAITING else f"{path('overrides')}?status={status}"
    connection.read(where, view=_listed)


def _listed(answer: bytes, *, as_json: bool) -> None:
    if as_json:
        show.raw(answer)
        return
    rows = msgspec.json.decode(answer)["overrides"]
    columns = ("overdue", "age_s", "override_id", "account_id", "agent", "approver", "reason", "classes", "until")
    if rows:
        show.out().print(show.table("overrides", [{name: str(row[name] or "") for name in columns} for row in rows]))
    else:
        show.err().print("there is none")
