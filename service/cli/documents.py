"""Documents: a file of the GDS as the API takes it, its format as named or as its content tells."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from service.cli.exits import Code, Failed
from service.documents import amadeus, duffel, watchword


class Format(StrEnum):
    """The formats that can be imported. `auto` tells them apart by their content."""

    AUTO = "auto"
    AMADEUS = amadeus.FORMAT
    DUFFEL = duffel.FORMAT
    WATCHWORD = watchword.FORMAT


def read(file: Path, named: Format) -> tuple[str, str | dict[str, Any]]:
    """A file's format and document. Raises Failed naming the file and what is wrong with it, never its content."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Failed(Code.REFUSED, f"the file cannot be read: {error.strerror}") from None
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if named is Format.AMADEUS or (named is Format.AUTO and text.startswith(b"<")):
        try:
            return Format.AMADEUS.value, text.decode()
        except UnicodeDecodeError:
            raise Failed(Code.REFUSED, "the XML is not UTF-8; convert it first") from None
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise Failed(Code.REFUSED, "it is neither XML nor a JSON object; name the file you mean") from None
    return (_guessed(document) if named is Format.AUTO else named).value, document


def _guessed(document: dict[str, Any]) -> Format:
    """Ours has `travellers`; Duffel's has `passengers` or `slices`, by themselves or under `data`."""
    return Format.WATCHWORD if "travellers" in document else Format.DUFFEL
