"""`watchword forget`: a person's data is destroyed. Somebody is told what goes; another person confirms just that."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.options import Key, spread


class Reason(StrEnum):
    """Why a person is forgotten."""

    ASKED_BY_THE_PERSON = "asked_by_the_person"
    KEPT_LONG_ENOUGH = "kept_long_enough"
    COURT_ORDER = "court_order"
    RECORDED_IN_ERROR = "recorded_in_error"


def _drawn(answer: bytes, *, as_json: bool) -> None:
    if as_json:
        show.raw(answer)
        return
    told = show.read(answer)
    console = show.out()
    console.print(show.table("keys that go", told["keys"]))
    if told["stays"]:
        console.print(show.table("keys that stay", told["stays"]))
    console.print(
        f"{told['events']} events, {told['locators']} rows of the index, {told['letters']} letters, "
        f"{len(told['exports'])} exports; "
        f"as the log stood at {told['position']}"
    )
    if told["status"] == "asked":
        console.print(f"Nothing has gone yet. Another person confirms it: --confirm {told['digest']}", soft_wrap=True)
    elif told["status"] == "forgotten":
        console.print("They are gone.")
    else:
        console.print("It is on record, and goes on by itself.")
    if told["left"]:
        show.err().print(f"left to the operator: {told['left']}", soft_wrap=True)


@spread
def forget(
    party: Annotated[str, typer.Argument(metavar="PARTY", help="The party's id.")],
    *,
    reason: Annotated[Reason, typer.Option(help="Why.")],
    words: Annotated[str, typer.Option(help="Why, in words. They are sealed under the person, and go along.")],
    confirm: Annotated[
        str, typer.Option(metavar="DIGEST", help="Have it done: the digest of what another person was told goes.")
    ] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Tell what forgetting a person destroys; with --confirm, do it (legal, compliance; two people).

    Refused, on record, under a legal hold, and while a protection of this person or against this person stands.
    """
    body = {"reason": reason.value, "words": words, "digest": confirm}
    connection.write(path("parties", party, "forget"), body, key=key, view=_drawn)
