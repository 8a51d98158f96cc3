"""The spoken form: a passcode is said on the phone and typed by somebody else, so what sounds alike is alike."""

from __future__ import annotations

import unicodedata

__all__ = ["spoken"]


def spoken(text: str) -> str:
    """Bring a passcode to the form that is hashed: case folded, compatibility forms alike, one space between words.

    Unicode's compatibility caseless matching (The Unicode Standard, 3.13, D146); NIST SP 800-63B-4 section 3.1.1.2 asks
    for NFKC or NFKD before hashing. An agent cannot hear a capital letter or a double space. Every word and
    every other character counts: nothing is cut off.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
    return " ".join(unicodedata.normalize("NFKD", folded.casefold()).split())
