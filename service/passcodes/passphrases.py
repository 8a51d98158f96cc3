"""Passphrases: words drawn at random from the EFF's long list, which was made to be remembered and read out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cache

from dicewarepy.diceware import wordlist  # type: ignore[import-untyped]  # the library ships no types

__all__ = ["WORDS", "generate", "words"]

WORDS = 5  # of 7,772: 64.6 bits


@cache
def words() -> tuple[str, ...]:
    """The words to draw from: those without a hyphen, which one would have to ask about."""
    return tuple(word for word in wordlist("en").values() if word.isalpha())


def generate(randbelow: Callable[[int], int] = secrets.randbelow) -> str:
    """Five different words with spaces between them, 64 bits. `randbelow(n)` gives a random number from 0 to n - 1.

    Whatever comes of it passes `rules.check`, without the milliseconds of asking.
    """
    known, drawn = words(), dict[str, None]()
    while len(drawn) < WORDS:
        drawn[known[randbelow(len(known))]] = None
    return " ".join(drawn)
