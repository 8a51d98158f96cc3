"""`watchword split`: every way the truth could still get out of a split, who looks, and what was found (tier 3)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import plain
from service.cli.options import BookingId, Key, spread

app = typer.Typer(no_args_is_help=True, help="Splits: the ways the truth could still get out, and who looked (tier 3).")

COLUMNS = ("check", "standing", "owner", "due_at", "overdue", "since", "by")


class CheckName(StrEnum):
    """A way the truth could get out."""

    NEW_LOCATOR = "new_locator"
    SAFETY_OFFICE_ONLY = "safety_office_only"
    ORDINARY_SIGN_ON = "ordinary_sign_on"
    QUEUES_AND_COPIES = "queues_and_copies"
    AIRLINE_SITE = "airline_site"
    CROSS_REFERENCE = "cross_reference"
    CONTACT_ELEMENTS = "contact_elements"
    LOYALTY_ACCOUNT = "loyalty_account"
    STATEMENT = "statement"
    CALENDAR_FEEDS = "calendar_feeds"
    RECEIPTS = "receipts"


class Result(StrEnum):
    """What was found of one."""

    CLOSED = "closed"
    FAILED = "failed"


class Status(StrEnum):
    """Which splits are listed."""

    OPEN = "open"
    OVERDUE = "overdue"


def checks(answer: bytes, *, as_json: bool) -> None:
    """A split, as its checks stand."""
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    _told(told)


def splits(answer: bytes, *, as_json: bool) -> None:
    """Splits, one after the other."""
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    for each in told["splits"]:
        _told(each)
    show.out().print(f"{len(told['splits'])} of {told['total']} splits")


def difference(answer: bytes, *, as_json: bool) -> None:
    """By what paths the views of a booking differ."""
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    if told["differing"]:
        show.out().print(show.table(f"booking {plain(str(told['booking_id']))}", told["differing"]))
    else:
        show.out().print("the views do not differ" if told["parted"] else "nobody is protected: there is one view")


def _told(of: dict[str, Any]) -> None:
    undone = len(of["undone"])
    left = f"{undone} of {len(of['checks'])} checks to do" if undone else "every check done"
    title = plain(f"booking {of['booking_id']}: {of['status']}, {left}")
    show.out().print(show.table(title, [{name: row[name] for name in COLUMNS} for row in of["checks"]]))
    if of["unlike"]:
        words = ", ".join(show.words(str(each)) for each in of["unlike"])
        show.out().print(plain(f"it lives on otherwise than ordinary bookings do at: {words}"))


@app.command("show")
@spread
def show_split(booking: BookingId, *, connection: Connection) -> None:
    """Print which ways out of a split are open, whose they are, and since when. That it was read is on record."""
    connection.read(path("bookings", booking, "split"), view=checks)


@app.command("check")
@spread
def check(
    booking: BookingId,
    name: Annotated[CheckName, typer.Argument(metavar="CHECK", help="The check, by its name in `split show`.")],
    *,
    result: Annotated[Result, typer.Option(help="Closed: it does not get out this way. Failed: it can.")],
    words: Annotated[str, typer.Option(help="How you know.")],
    key: Key = "",
    connection: Connection,
) -> None:
    """Say what you found of one way out, and print how the split stands then."""
    body = {"check": name, "result": result, "words": words}
    connection.write(path("bookings", booking, "checks"), body, key=key, view=checks)


@app.command("list")
@spread
def list_splits(
    *,
    status: Annotated[Status, typer.Option(help="Those that are open, or those of which a check is overdue.")] = (
        Status.OPEN
    ),
    limit: Annotated[int, typer.Option(help="How many at most.")] = 100,
    connection: Connection,
) -> None:
    """Print the splits that are open or overdue, the one that is due first at the top."""
    connection.read(f"{path('splits')}?status={status.value}&limit={limit}", view=splits)


@app.command("except")
@spread
def allow(
    booking: BookingId,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="Whom what is shown may mislead about his own travel.")],
    *,
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day on which it may, YYYY-MM-DD.")],
    words: Annotated[str, typer.Option(help="Why.")],
    key: Key = "",
    connection: Connection,
) -> None:
    """Let somebody be shown his own cancelled travel as valid, until a day. A second person approves by the same."""
    body = {"party_id": party, "until": until, "words": words}
    connection.write(path("bookings", booking, "exceptions"), body, key=key)
