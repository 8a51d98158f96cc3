"""`watchword verify`: an evidence bundle, checked by anybody, with nothing but the bundle."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from service.cli import show
from service.cli.exits import Code, Failed, plain

MOST_KEY = 4_096
MOST_PEM = 1 << 20


def verify(
    bag: Annotated[
        Path, typer.Argument(metavar="BAG", help="The bundle: its folder, or its archive as it was fetched.")
    ],
    key: Annotated[str, typer.Option(help="The ledger's verifier key, or a file with it, from elsewhere.")] = "",
    tsa_ca: Annotated[
        Path | None, typer.Option(help="File of certificates (PEM) of the timestamp authority, from elsewhere.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON: what was found.")] = False,
) -> None:
    """Verify an evidence bundle: with no network, no service and nothing but the bundle itself.

    It says what it checked and what it could not. Ends with 0 where all that can be checked holds, with 6 where
    something does not, and names the first file at fault.
    """
    from service.bundle import stamped  # noqa: PLC0415 - most commands do without
    from service.bundle import verify as verifying  # noqa: PLC0415 - likewise
    from service.bundle.fault import Fault  # noqa: PLC0415 - likewise

    trusted = _key(key) if key else None
    try:
        roots = stamped.certificates(_read(tsa_ca, MOST_PEM)) if tsa_ca else ()
    except ValueError:
        raise Failed(Code.USAGE, "the file of --tsa-ca holds no certificates (PEM)") from None
    try:
        with verifying.opened(bag) as source:
            found = verifying.verify(source, trusted=trusted, roots=roots)
    except Fault as fault:
        if as_json:
            show.raw(msgspec.json.encode({"whole": False, "file": fault.file, "wrong": fault.wrong}))
        raise Failed(Code.CONTRADICTED, f"THIS BUNDLE DOES NOT HOLD: {fault.file}: {fault.wrong}") from None
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else "it failed"
        raise Failed(Code.USAGE, f"the bundle cannot be read: {said}") from None
    if as_json:
        show.raw(msgspec.json.encode({"whole": True, **msgspec.structs.asdict(found)}))
        return
    out = show.out()
    out.print(plain(f"{found.name}: everything that can be checked holds."), style="bold", soft_wrap=True)
    out.print(plain(f"It is identified by the SHA-256 of its seal: {found.seal_sha256}"), soft_wrap=True)
    for title, lines in (("Checked", found.checked), ("Not checked, and nobody can by this alone", found.unchecked)):
        out.print(f"\n{title}:")
        for each in lines:
            out.print(plain(f"  - {each}"), soft_wrap=True)


def _key(given: str) -> Any:
    """The key that was given, or that is in the file that was. Raises Failed."""
    from service.bundle.note import Unreadable  # noqa: PLC0415 - most commands do without
    from service.bundle.note import key as read  # noqa: PLC0415 - likewise

    text = given if given.count("+") > 1 else _read(Path(given), MOST_KEY)
    try:
        return read(text.strip())
    except Unreadable as error:
        raise Failed(Code.USAGE, f"--key: {error}") from None


def _read(file: Path, most: int) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(most).decode("ascii")
    except (OSError, UnicodeDecodeError):
        raise Failed(Code.USAGE, "a file that was named cannot be read as text") from None
