"""Codes: what is told to somebody so that a contact goes on elsewhere. Never kept: only their marks are.

Sixteen characters of Crockford's base 32 (https://www.crockford.com/base32.html), 80 bits: too many to guess at any
rate, so that nothing has to be counted. In four groups, to be read out; it has no letter that is heard or written for
another.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from service.chance import take

SIZE = 10  # bytes
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})

Code = Annotated[str, Meta(min_length=1, max_length=64, examples=["K7QX-29MP-4T8W-VE3N"])]


def new_code() -> str:
    """A code that nobody was ever given."""
    number = int.from_bytes(take(SIZE))
    letters = [_LETTERS[number >> 5 * place & 31] for place in range(SIZE * 8 // 5)]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, len(letters), 4))


def told(code: str) -> str:
    """A code as it was made, however it was written down: case, spaces and hyphens do not matter."""
    return "".join(each for each in code.upper() if each.isalnum()).translate(_ALIKE)
