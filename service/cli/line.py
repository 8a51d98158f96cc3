"""`watchword interaction act`, `dial`, `consent`, `dispute`, `resolve` and `mistake`: what goes on on the line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from domain.field_class import FieldClass
from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed, plain
from service.cli.options import InteractionId, Key, ListenerId, spread


class Action(StrEnum):
    """What can be asked to be done."""

    CHANGE = "change"
    CANCEL = "cancel"
    REFUND = "refund"
    CHECK_IN = "check_in"
    RESEND = "resend"
    EDIT_CONTACT = "edit_contact"


class Role(StrEnum):
    """Who may be put on the line."""

    OWNER_OFFICE = "owner_office"
    AIRLINE = "airline"
    RAIL = "rail"
    CAR_RENTAL = "car_rental"
    HOTEL = "hotel"
    DEALER = "dealer"
    OTHER = "other"


Locator = Annotated[str, typer.Option(help="The booking, by its locator.")]
Booking = Annotated[str, typer.Option(help="The booking, by its id.")]


@spread
def act(
    interaction: InteractionId,
    action: Annotated[Action, typer.Argument(metavar="ACTION", help="What is to be done.")],
    *,
    locator: Locator = "",
    booking: Booking = "",
    details: Annotated[str, typer.Option(help="What the caller said of it.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Ask for something to be done. Accepted, it is seen to by the time that is printed; withheld is no error."""
    body = {"action": action, "locator": locator, "booking_id": booking, "details": details}
    connection.write(path("interactions", interaction, "actions"), body, key=key)


@spread
def dial(
    interaction: InteractionId,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="Whom the caller wants on the line.")],
    *,
    locator: Locator = "",
    booking: Booking = "",
    place: Annotated[str, typer.Option(help="Where the caller is, as he gave it when the contact was bound.")] = "",
    connection: Connection,
) -> None:
    """Ask who may be put on the line for this caller: what his own booking says, as all who listen may have it."""
    body = {"purpose": role, "locator": locator, "booking_id": booking, "place": place}
    connection.write(path("interactions", interaction, "dials"), body, view=_dialled)


@spread
def consent(
    interaction: InteractionId,
    listener: ListenerId,
    *,
    classes: Annotated[str, typer.Option(help="Field classes, such as I; none takes the consent back.")] = "",
    by: Annotated[str, typer.Option(help="Which listener says so; without, the caller.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Let somebody on the line hear more of what is the caller's alone. It counts for what the caller has proved."""
    letters = list(dict.fromkeys(classes.upper()))
    if any(letter not in FieldClass.__members__ for letter in letters):
        raise Failed(Code.USAGE, f"--classes takes letters of {''.join(FieldClass)}, such as EI")
    body: dict[str, Any] = {"listener_id": listener, "classes": letters} | ({"by": by} if by else {})
    connection.write(path("interactions", interaction, "consents"), body, key=key)


@spread
def dispute(
    interaction: InteractionId,
    *,
    words: Annotated[str, typer.Option(help="What the caller says is wrong.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """The caller says that it is wrong: nothing more is told or done in this contact, and it is to be transferred."""
    connection.write(path("interactions", interaction, "dispute"), {"words": words}, key=key)


@spread
def resolve(
    interaction: InteractionId,
    *,
    words: Annotated[str, typer.Option(help="What was found.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Let a disputed contact go on, as another person (tier 3)."""
    connection.write(path("interactions", interaction, "dispute", "resolve"), {"words": words}, key=key)


@spread
def mistake(
    interaction: InteractionId,
    *,
    said: Annotated[str, typer.Option(help="What was told that should not have been.")],
    decision: Annotated[str, typer.Option(help="The answer it was told from, where it is known.")] = "",
    key: Key = "",
    connection: Connection,
) -> None:
    """Say that you told too much, in a contact of yours that may be over. Nobody is blamed; the warning starts."""
    body = {"said": said, "decision_id": decision}
    connection.write(path("interactions", interaction, "mistake"), body, key=key)


def add(app: typer.Typer) -> None:
    """Put these among the commands of an interaction."""
    for command in (act, dial, consent, dispute, resolve, mistake):
        app.command()(command)


def _dialled(answer: bytes, *, as_json: bool) -> None:
    """Whom to dial, and what to say."""
    told = show.read(answer)
    if as_json:
        show.raw(answer)
        return
    if told.get("dial"):
        show.out().print(show.table("dial", [told["dial"]]))
    show.out().print(f"{told.get('outcome', '')}: “{plain(str(told.get('say', '')))}”", soft_wrap=True)
