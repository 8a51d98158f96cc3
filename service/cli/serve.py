"""`watchword serve`: the service itself, in the foreground."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from service.cli.installation import failing, settings
from service.settings import Settings


def serve(
    as_json: Annotated[
        bool, typer.Option("--json", help="Once it is up, print one line of JSON: url and docs.")
    ] = False,
) -> None:
    """Start the service, and print where it is and a line to paste for each role.

    It is set up by the environment alone; docs/operations.md lists every variable. Stop it with Ctrl-C or SIGTERM.
    """
    from service import composition, server  # noqa: PLC0415 - the service is heavy, and most commands do without
    from service.cli.greeting import greeting  # noqa: PLC0415 - likewise

    def began(begun: Settings) -> None:
        if as_json:
            told = {"url": begun.public_url, "docs": f"{begun.public_url}/docs"}
            typer.echo(msgspec.json.encode(told))
        else:
            typer.echo(greeting(begun, None if begun.jwks_url else composition.issuer(begun)))

    with failing():
        server.serve(settings(), began=began)
