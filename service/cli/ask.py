"""`watchword ask`: what may be told, in this interaction, to everybody on the line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from domain.field_class import FieldClass
from service.cli import show
from service.cli.client import Service, path
from service.cli.exits import Code, Failed
from service.cli.options import URL, InteractionId, Json, Token, Url


class Purpose(StrEnum):
    """What the answer is for."""

    SERVICE = "service"
    OPERATIONS = "operations"


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
    url: Url = URL,
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Ask about one booking, or without one for the list of those this contact may know of.

    The attempt is on record before the answer comes. An answer that withholds is no error.
    """
    letters = list(dict.fromkeys(classes.upper()))
    if not letters or any(letter not in FieldClass.__members__ for letter in letters):
        raise Failed(Code.USAGE, f"--classes takes letters of {''.join(FieldClass)}, such as EI")
    if locator and booking:
        raise Failed(Code.USAGE, "name the booking by --locator or by --booking, not both")
    with Service(url, token) as service:
        if locator or booking:
            body = {"classes": letters, "purpose": purpose, "locator": locator, "booking_id": booking}
            answer = service.write(path("interactions", interaction, "disclosures"), body)
        else:
            answer = service.read(path("interactions", interaction, "bookings"))
    show.answered(answer, as_json=as_json)
