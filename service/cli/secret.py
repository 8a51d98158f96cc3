"""Secrets: asked for without an echo, or read from stdin line by line. Never an argument, which others could see."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service.cli.exits import Code, Failed

FromStdin = Annotated[
    bool, typer.Option("--passcode-stdin", help="Read secrets from stdin, one a line, instead of asking for them.")
]


def ask(what: str, *, stdin: bool, twice: bool = False) -> str:
    """One secret. Raises Failed where there is nobody to ask, and where stdin has no more lines."""
    if stdin:
        line = sys.stdin.readline()
        if not line.rstrip("\r\n"):
            raise Failed(Code.USAGE, f"stdin has no line for the {what}")
        return line.rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Failed(Code.USAGE, f"there is nobody to ask for the {what}; use --passcode-stdin")
    given: str = typer.prompt(what.capitalize(), hide_input=True, confirmation_prompt=twice, err=True)
    return given
