"""`watchword history`, `differences`, `views` and `decision`: the record, as an auditor reads it, on record itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import msgspec
import typer

from service.cli import show, timeline
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import AccountId, spread

MOST = 200

Unsealing = Annotated[str, typer.Option(help="An approved unsealing of yours, to open what is personal.")]
DecisionId = Annotated[str, typer.Argument(metavar="DECISION", help="The decision's id.")]


@dataclass(frozen=True)
class Narrowing:
    """What a history is narrowed to."""

    of: Annotated[str, typer.Option(help="Only streams of these nouns: account, booking, interaction, ...")] = ""
    event: Annotated[str, typer.Option(help="Only events that are named so, or begin so: passcode,disclosure")] = ""
    actor: Annotated[str, typer.Option(help="Only what this subject did.")] = ""
    site: Annotated[str, typer.Option(help="Only what was done at this site.")] = ""
    interaction: Annotated[str, typer.Option(help="Only what happened in this contact.")] = ""
    since: Annotated[str, typer.Option("--from", help="Only from this instant on (ISO 8601, with its offset).")] = ""
    until: Annotated[str, typer.Option(help="Only up to this instant.")] = ""
    as_of: Annotated[str, typer.Option(help="As it stood at this position of the log, or instant.")] = ""
    unsealing: Unsealing = ""

    def query(self) -> dict[str, str]:
        """Those that were given, as the API names them."""
        given = asdict(self)
        return {name: value for name, value in {"from": given.pop("since"), **given}.items() if value}


@spread
def history(
    account: AccountId,
    *,
    cursor: Annotated[str, typer.Option(help="Where to go on: the next_cursor of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many entries a page has.", show_default=True)] = 50,
    every: Annotated[bool, typer.Option("--all", help="Read it to its end; with --json, one entry a line.")] = False,
    narrowing: Narrowing,
    connection: Connection,
) -> None:
    """Read a page of an account's history: its own events, its bookings', and those of the contacts about it.

    What is personal is sealed: it shows whose it is and nothing of it, unless --unsealing opens it.
    """
    where = path("accounts", account, "history")
    entries: list[dict[str, Any]] = []
    limit = MOST if every else limit  # reading is on record too: page by page of one entry it would never end
    with connection.service() as service:
        while True:
            answer = service.read(where, {"cursor": cursor, "limit": limit, **narrowing.query()})
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
        _sealed_still(narrowing.unsealing, unsealed=page["unsealed"])
        if cursor:
            show.err().print(f"there is more: --cursor {cursor}, or --all")


@spread
def differences(
    account: AccountId,
    *,
    since: Annotated[
        str, typer.Option("--from", help="A position of the log, or an instant.", show_default=True)
    ] = "0",
    until: Annotated[str, typer.Option("--to", help="Likewise; now where it is not given.")] = "",
    unsealing: Unsealing = "",
    connection: Connection,
) -> None:
    """Print what changed on an account and its bookings between two moments, field by field (auditor)."""
    query = {name: each for name, each in (("from", since), ("to", until), ("unsealing", unsealing)) if each}
    with connection.service() as service:
        answer = service.read(path("accounts", account, "differences"), query)
    told = show.read(answer)
    if connection.as_json:
        show.raw(answer)
        return
    show.out().print(f"from {told['from']} to {told['to']}")
    show.out().print(show.table("account", [_row(each) for each in told["account"]]))
    for booking in told["bookings"]:
        rows = [_row(each) for each in booking["fields"]]
        rows += [_row(each, view) for view in ("shown", "held") for each in booking[view]]
        show.out().print(show.table(f"booking {booking['booking_id']}", rows))
    _sealed_still(unsealing, unsealed=told["unsealed"])


@spread
def views(
    account: AccountId,
    *,
    as_of: Annotated[str, typer.Option(help="As of this position of the log, or instant; now if not given.")] = "",
    unsealing: Unsealing = "",
    connection: Connection,
) -> None:
    """Print an account as the front line saw it and as it truly was, side by side, as of any moment (auditor)."""
    query = {name: each for name, each in (("as_of", as_of), ("unsealing", unsealing)) if each}
    with connection.service() as service:
        answer = service.read(path("accounts", account, "views"), query)
    told = show.read(answer)
    if connection.as_json:
        show.raw(answer)
        return
    out = show.out()
    out.print(f"as of {told['as_of']}; protected: {', '.join(told['protected']) or 'nobody'}")
    for booking in told["bookings"]:
        out.print(f"booking {booking['booking_id']}: {_stands(booking)}")
        for each in booking["differ"]:
            out.print(
                f"  {each['field_class']} {each['path']}: shown {_said(each['before'])}, held {_said(each['after'])}",
                soft_wrap=True,
            )
    _sealed_still(unsealing, unsealed=told["unsealed"])


@spread
def decision(decision: DecisionId, *, unsealing: Unsealing = "", connection: Connection) -> None:
    """Print a decision in the words of your role: the line that was said, the reason, or all it was judged on.

    The front line reads its own line again, and of any other decision the neutral one.
    """
    where = path("decisions", decision)
    with connection.service() as service:
        answer = service.read(where, {"unsealing": unsealing} if unsealing else None)
    told = show.read(answer)
    if connection.as_json:
        show.raw(answer)
        return
    recorded = told.pop("recorded", None)
    show.fields(msgspec.json.encode(told), as_json=False)
    if recorded is not None:
        show.out().print(timeline.drawn([recorded]))
        _sealed_still(unsealing, unsealed=told.get("unsealed", False))


def _sealed_still(unsealing: str, *, unsealed: bool) -> None:
    if unsealing and not unsealed:
        show.err().print("nothing was opened: see watchword unsealing show, and whose and of what it is")


def _row(changed: dict[str, Any], view: str = "") -> dict[str, Any]:
    path = f"{view}: {changed['field_class']} {changed['path']}" if view else changed["path"]
    return {"path": path, "before": _said(changed["before"]), "after": _said(changed["after"])}


def _said(value: Any) -> str:
    """A value as it is printed; one that is sealed by its state."""
    if value is None:
        return "nothing"
    if isinstance(value, dict) and ("sealed" in value or "forgotten" in value):
        return "sealed" if "sealed" in value else "forgotten"
    found = value["value"] if isinstance(value, dict) and "opened" in value else value
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()


def _stands(booking: dict[str, Any]) -> str:
    if booking["shown"] is None:
        return "held, and shown to nobody"
    shown = "shown" if booking["answers"] else "its shown view answers nothing"
    return f"{shown}, and held otherwise" if booking["guarded"] else f"{shown} as it is held"
