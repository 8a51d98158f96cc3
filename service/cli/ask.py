"""`watchword ask`: what may be told, in this interaction, to everybody on the line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from domain.field_class import FieldClass
from service.cli import show
from service.cli.client import path
from service.cli.connection import Connection
from service.cli.exits import Code, Failed
from service.cli.options import InteractionId, spread


class Purpose(StrEnum):
    """What the answer is for."""

    SERVICE = "service"
    OPERATIONS = "operations"


@spread
def ask(
    interaction: InteractionId,
    *,
    locator: Annotated[str, typer.Option(help="The booking, by its locator.")] = "",
    booking: Annotated[str, typer.Option(help="The booking, by its id.")] = "",
    classes: Annotated[
        str,
        typer.Option(
            help="Field classes: E existence, I itinerary, L linkage, C contact, P companions, F payment, D identity "
            "documents, N notes."
        ),
    ] = "EI",
    purpose: Annotated[Purpose, typer.Option(help="What it is for.")] = Purpose.SERVICE,
    connection: Connection,
) -> None:
    """Ask about one booking, or without one for the list of those this contact may know of.

    The attempt is on record before the answer comes. An answer that withholds is no error.
    """
    letters = list(dict.fromkeys(classes.upper()))
    if not letters or any(letter not in FieldClass.__members__ for letter in letters):
        raise Failed(Code.USAGE, f"--classes takes letters of {''.join(FieldClass)}, such as EI")
    if locator and booking:
        raise Failed(Code.USAGE, "name the booking by --locator or by --booking, not both")
    if locator or booking:
        body = {"classes": letters, "purpose": purpose, "locator": locator, "booking_id": booking}
        connection.write(path("interactions", interaction, "disclosures"), body, view=show.answered)
    else:
        connection.read(path("interactions", interaction, "bookings"), view=show.answered)
