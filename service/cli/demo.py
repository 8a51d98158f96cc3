"""`watchword demo`: the stories, played against the real service."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli import show
from service.cli.exits import Code, Failed


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks alone on stdout, as JSON.")] = False,
) -> None:
    """Play the story against the real service over HTTP, show its record, and check that it came out right.

    The service is started in a home of its own and stopped at the end. With --json stdout has the checks alone, and the
    story goes to stderr. It ends with 1 if anything that it shows is untrue.
    """
    from service.demo import NotPlayed, play  # noqa: PLC0415 - the service is heavy, and most commands do without

    console = show.err() if as_json else show.out()
    try:
        played = play(console)
    except NotPlayed as error:
        raise Failed(Code.UNAVAILABLE, str(error)) from None
    if as_json:
        show.raw(played.as_json())
    untrue = [check for check in played.checks if not check.true]
    if untrue or not played.checks:
        raise Failed(Code.UNTRUE, f"{len(untrue)} of {len(played.checks)} checks came out untrue")
    typer.echo(f"All {len(played.checks)} checks came out true.", err=True)
