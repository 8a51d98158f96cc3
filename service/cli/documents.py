"""Documents: a file of the GDS as the API takes it, its format as named or as its content tells."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from service.cli.exits import Code, Failed
from service.documents import amadeus, amadeus_order, duffel, travelport, watchword


class Format(StrEnum):
    """The formats that can be imported. `auto` tells them apart by their content."""

    AUTO = "auto"
    AMADEUS = amadeus.FORMAT
    AMADEUS_ORDER = amadeus_order.FORMAT
    TRAVELPORT = travelport.FORMAT
    DUFFEL = duffel.FORMAT
    WATCHWORD = watchword.FORMAT


XML = (Format.AMADEUS, Format.TRAVELPORT)


def read(file: Path, named: Format) -> tuple[str, str | dict[str, Any]]:
    """A file's format and document. Raises Failed naming the file and what is wrong with it, never its content."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Failed(Code.REFUSED, f"the file cannot be read: {error.strerror}") from None
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if named in XML or (named is Format.AUTO and text.startswith(b"<")):
        of_travelport = travelport.FAMILY.encode() in text
        guessed = Format.TRAVELPORT if of_travelport else Format.AMADEUS
        try:
            return (guessed if named is Format.AUTO else named).value, text.decode()
        except UnicodeDecodeError:
            raise Failed(Code.REFUSED, "the XML is not UTF-8; convert it first") from None
    try:
        document = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise Failed(Code.REFUSED, "it is neither XML nor a JSON object; name the file you mean") from None
    return (_guessed(document) if named is Format.AUTO else named).value, document


def _guessed(document: dict[str, Any]) -> Format:
    """Ours has `travellers`, an order of Amadeus `travelers`, maybe under `data`; what is left is Duffel's."""
    if "travellers" in document:
        return Format.WATCHWORD
    data = document.get("data")
    order = data if isinstance(data, dict) else document
    return Format.AMADEUS_ORDER if "travelers" in order else Format.DUFFEL
