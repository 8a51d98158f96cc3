"""A person of whom every byte can be told: what she is called, says and is sent, and every way it could be written."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

LEAST = 6  # bytes: fewer of them are in any large file by chance
SURNAME, GIVEN, BORN = "Zquorvane", "Ylthemira", "1961-11-29"
MAIL, PHONE, LOYALTY = "ylthemira.zq@canary.example", "+447700912345", "QZX88213377"
SAFE = "+447700998877"
LOCATOR = "ZQ7XVK"
DOCUMENT = "PZQ9931172"
TICKET = "0815577331199"
PASSCODE, DURESS = "ferrous wombat lantern quoits", "gherkin trellis monsoon ukulele"
WORDS = {
    name: f"{name} canary {word}"
    for name, word in {
        "action": "zarquilb", "dispute": "morvexin", "mistake": "plotharic", "commitment": "drundlewy",
        "answer": "quemblast", "override": "vizzgrome", "signal": "thracknol", "transfer": "snorwhelk",
        "split": "brimfossle", "review": "clomptwix", "incident": "yaddlequor", "forget": "whimbrast",
        "hold": "jostlemuk", "resolve": "krindelow", "contact": "caller-zibbelwort", "closed": "frostibund",
    }.items()
}  # fmt: skip
FACTS = {
    "surname": SURNAME, "given_name": GIVEN, "date_of_birth": BORN, "email": MAIL, "phone": PHONE, "loyalty": LOYALTY,
}  # fmt: skip
SAID = (SURNAME, GIVEN, BORN, MAIL, PHONE, LOYALTY, SAFE, LOCATOR, DOCUMENT, TICKET, PASSCODE, DURESS, *WORDS.values())
TRIP = {
    "travellers": [{"subjects": ["t1"], "surname": SURNAME, "given_name": GIVEN}],
    "segments": [
        {
            "subjects": ["t1"], "kind": "flight", "carrier": "ZZ", "number": "412", "origin": "LHR",
            "destination": "JFK", "departs_at": "2031-03-11T09:00", "arrives_at": "2031-03-11T12:00",
        }
    ],
    "tickets": [{"subjects": ["t1"], "number": TICKET}],
    "contacts": [{"subjects": ["t1"], "kind": "email", "value": MAIL}],
    "identity": [{"subjects": ["t1"], "kind": "travel_document", "value": DOCUMENT}],
    "locators": [{"code": LOCATOR, "system": "1A"}],
    "remarks": [{"subjects": ["t1"], "kind": "OSI", "text": f"{SURNAME}/{GIVEN} asked for quiet"}],
}  # fmt: skip


def written(text: str) -> Iterator[bytes]:
    """Every way a text is looked for: as it is, in other cases and encodings, in hex and base64 at any place of it."""
    for each in dict.fromkeys((text, text.upper(), text.lower(), text.lstrip("+"))):
        yield each.encode("utf-16-le")[:-1]  # of ASCII text this much is in UTF-16 of either order
        yield from spelt(each.encode())


def spelt(raw: bytes) -> Iterator[bytes]:
    """Bytes as they are, in hex, and in base64 (RFC 4648, both alphabets) wherever in a longer text they stand."""
    yield raw
    yield raw.hex().encode()
    for lead in range(3):
        # Only whole groups of three bytes of the text itself: what stands around it is not known.
        inner = raw[lead:]
        inner = inner[: len(inner) // 3 * 3]
        if len(inner) >= LEAST:
            yield base64.b64encode(inner)
            yield base64.urlsafe_b64encode(inner)


def standing(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Every file under these folders with its size and when it was changed: what is as it was has nothing new in it."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                about = path.stat()
                found[path] = about.st_size, about.st_mtime_ns
    return found


def left(
    folders: Iterable[Path], wanted: Iterable[bytes], before: Mapping[Path, tuple[int, int]] | None = None
) -> list[tuple[str, bytes]]:
    """Which of these bytes are in which file under these folders, whatever kind of file it is.

    Files that are as they were `before` there was anything to be found are passed over.
    """
    needles, folders = list(dict.fromkeys(wanted)), list(folders)
    assert all(len(each) >= LEAST for each in needles)
    found = []
    for path, about in sorted(standing(folders).items()):
        if (before or {}).get(path) != about:
            held = path.read_bytes()
            name = next(str(path.relative_to(each)) for each in folders if path.is_relative_to(each))
            found += [(name, each[:12]) for each in needles if each in held]
    return found
