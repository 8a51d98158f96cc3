"""Identifying facts: what a caller offers and a booking knows, brought to one spelling so that they can be compared.

Normalising forgives how a thing is written (case, accents, titles, punctuation), never what it says.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Literal

__all__ = ["FactKind", "normalise", "split_title"]

FactKind = Literal["surname", "given_name", "date_of_birth", "email", "phone", "loyalty"]

# Written after the given name by every GDS; a name that is nothing else is left as it is.
TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "mstr",
        "master",
        "dr",
        "prof",
        "professor",
        "rev",
        "sir",
        "dame",
        "lord",
        "lady",
    ],
) | frozenset(
    ["mme", "mlle", "herr", "frau", "sr", "sra", "srta", "sig", "sigra"],
)
# Letters that have no accent to take off. ICAO Doc 9303 part 3 section 6 writes an umlaut as a vowel and an E, or as
# the vowel alone, and both are met in one person's papers: so an E after A, O or U counts for nothing.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "a", "œ": "o", "\u0131": "i"})
_UMLAUT = re.compile("([aou])e+")
_DATES = (
    (re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"), (1, 2, 3)),
    (re.compile(r"([0-9]{4})([01][0-9])([0-9]{2})"), (1, 2, 3)),
    (re.compile(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})"), (3, 2, 1)),
)


def split_title(given_name: str) -> tuple[str, str]:
    """Part a GDS given name from the titles at its end: `DAVID MR` -> `("DAVID", "MR")`; no title gives `""`."""
    words = given_name.split()
    end = len(words)
    while end > 1 and words[end - 1].rstrip(".").casefold() in TITLES:
        end -= 1
    return " ".join(words[:end]), " ".join(words[end:])


def normalise(kind: FactKind, value: str) -> str:
    """Bring a fact to the spelling it is compared in; `""` if it says nothing of its kind.

    Names: letters and digits, case folded, without accents, umlauts and titles. Dates: ISO 8601; YYYYMMDD and
    day.month.year are understood. Telephones: digits alone, without the `+` or `00` before a country. Email: case
    folded. Loyalty: letters and digits.
    """
    if kind == "date_of_birth":
        return _date(value.strip())
    if kind == "phone":
        return _phone(value)
    if kind == "email":
        return "".join(unicodedata.normalize("NFKC", value).casefold().split())
    spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", value.casefold()).casefold())
    plain = "".join(c for c in spelt if not unicodedata.combining(c))
    if kind == "given_name":
        first = plain.split()
        while len(first) > 1 and first[0].rstrip(".") in TITLES:
            first = first[1:]
        plain, _ = split_title(" ".join(first))
    plain = "".join(c for c in plain.translate(_LETTERS) if c.isalnum())
    return plain if kind == "loyalty" else _UMLAUT.sub(r"\1", plain)


def _phone(value: str) -> str:
    international = re.sub(r"\(\s*0\s*\)", "", value)  # the trunk zero in +44 (0)20 is not dialled from abroad
    digits = "".join(c for c in unicodedata.normalize("NFKC", international) if c in "0123456789")
    return re.sub("^(00)+", "", digits)


def _date(value: str) -> str:
    for pattern, (year, month, day) in _DATES:
        match = pattern.fullmatch(value)
        if match:
            try:
                return date(int(match[year]), int(match[month]), int(match[day])).isoformat()
            except ValueError:
                return ""
    return ""
