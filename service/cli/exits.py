"""Exits: the codes a command ends with, and the one line on stderr that says why.

An answer that withholds, and a passcode that was not accepted, are answers: they end with 0.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NoReturn

import msgspec
import typer

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Code(IntEnum):
    """What a command ends with."""

    DONE = 0
    UNTRUE = 1
    USAGE = 2
    REFUSED = 3
    UNAVAILABLE = 4
    UNAUTHORISED = 5
    CONTRADICTED = 6


class Problem(msgspec.Struct, frozen=True):
    """What of a problem (RFC 9457) is told."""

    title: str = "The service answered with an error"
    detail: str = ""
    place: str = ""
    instance: str = ""


class Failed(Exception):
    """A command that did not come to its end: the code, and a line that names the place and says what to do."""

    def __init__(self, code: Code, line: str) -> None:
        """Keep both; the line holds nothing personal."""
        super().__init__(line)
        self.code = code
        self.line = plain(line)

    def tell(self) -> NoReturn:
        """Say it on stderr and end."""
        typer.echo(f"watchword: {self.line}", err=True)
        raise SystemExit(int(self.code))


def plain(text: str) -> str:
    """Text from outside without what would steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def of_status(status: int) -> Code:
    """The code for an error status of HTTP."""
    if status in (401, 403):
        return Code.UNAUTHORISED
    return Code.UNAVAILABLE if status >= 500 else Code.REFUSED  # noqa: PLR2004 - RFC 9110 section 15.6


def problem(status: int, body: bytes) -> Failed:
    """The failure that an error answer stands for: title, what to do, the place; of a fault of the service, its id."""
    try:
        told = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        told = Problem()
    line = told.title if not told.detail else f"{told.title}: {told.detail}"
    if told.place:
        line += f" (at {told.place})"
    code = of_status(status)
    if code is Code.UNAUTHORISED and not told.detail:
        line += "; set WATCHWORD_TOKEN"
    if code is Code.UNAVAILABLE and told.instance:
        line += f" [{told.instance}]"
    return Failed(code, f"{line} [{status}]")
