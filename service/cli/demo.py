"""`watchword demo`: the stories, played against the real service."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import show
from service.cli.exits import Code, Failed

if TYPE_CHECKING:
    from service.demo import Played


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks alone on stdout, as JSON.")] = False,
) -> None:
    """Play the story against the real service over HTTP, show its record, and check that it came out right.

    The service is started in a home of its own and stopped at the end. With --json stdout has the checks alone, and the
    story goes to stderr. It ends with 1 if anything that it shows is untrue.
    """
    from service.demo import NotPlayed, play  # noqa: PLC0415 - the service is heavy, and most commands do without

    console = show.err() if as_json else show.out()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was started is stopped
    try:
        played = play(console)
    except NotPlayed as error:
        raise Failed(Code.UNAVAILABLE, str(error)) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    end(played, as_json=as_json)


def end(played: Played, *, as_json: bool) -> None:
    """Say what came of it. Raises Failed where anything is untrue, or nothing was shown."""
    if as_json:
        show.raw(played.as_json())
    untrue = [check for check in played.checks if not check.true]
    if untrue or not played.checks:
        raise Failed(Code.UNTRUE, f"{len(untrue)} of {len(played.checks)} checks came out untrue")
    typer.echo(f"All {len(played.checks)} checks came out true.", err=True)
