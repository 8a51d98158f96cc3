"""Options that many commands take. A noun's own options stand with its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from service.settings import CLIENT_VARIABLES

URL = CLIENT_VARIABLES["URL"][0]

Url = Annotated[
    str,
    typer.Option("--url", envvar="WATCHWORD_URL", help="The service to talk to.", show_envvar=True, show_default=True),
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="WATCHWORD_TOKEN",
        show_envvar=True,
        help="The bearer token to send. The variable is better: others on this machine can see arguments.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print data on stdout as JSON, exactly as the service answered.")]
Key = Annotated[
    str,
    typer.Option("--key", help="Idempotency key: give the same one again to repeat a call whose answer was lost."),
]

Surname = Annotated[str, typer.Option(help="Surname, as on the booking.")]
GivenName = Annotated[str, typer.Option(help="Given name.")]
DateOfBirth = Annotated[str, typer.Option(help="Date of birth, YYYY-MM-DD.")]
Email = Annotated[str, typer.Option(help="Mail address.")]
Phone = Annotated[str, typer.Option(help="Telephone number.")]
Loyalty = Annotated[str, typer.Option(help="Frequent-traveller number.")]

AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")]
BookingId = Annotated[str, typer.Argument(metavar="BOOKING", help="The booking's id.")]
InteractionId = Annotated[str, typer.Argument(metavar="INTERACTION", help="The interaction's id.")]
ListenerId = Annotated[str, typer.Argument(metavar="LISTENER", help="The listener's id.")]


def facts(*, surname: str, given_name: str, date_of_birth: str, email: str, phone: str, loyalty: str) -> dict[str, str]:
    """The facts that were given, by kind."""
    given = {
        "surname": surname,
        "given_name": given_name,
        "date_of_birth": date_of_birth,
        "email": email,
        "phone": phone,
        "loyalty": loyalty,
    }
    return {kind: value for kind, value in given.items() if value}
