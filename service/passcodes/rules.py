"""Rules for a passcode somebody chose: long enough, and not what a guesser tries first. No composition rules.

NIST SP 800-63B-4 section 3.1.1.2: 15 characters where it is the only factor (on the phone it is), at least 64 allowed,
the whole compared with a blocklist, a reason given on rejection. The blocklist is `zxcvbn`'s: common passwords, names
and words, and what is built of them by repeating, counting or running along a keyboard, all of it judged by how many
guesses it takes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from zxcvbn.matching import (  # type: ignore[import-untyped]  # the library ships no types
    RANKED_DICTIONARIES,
    omnimatch,
)
from zxcvbn.scoring import most_guessable_match_sequence  # type: ignore[import-untyped]  # likewise

from service.passcodes.spoken import spoken

__all__ = ["FEWEST_GUESSES", "LONGEST", "SHORTEST", "check"]

SHORTEST, LONGEST = 15, 128  # characters of the spoken form
SHORTEST_WORD, LEAST_BESIDES = 3, 6  # characters of a name that counts, and of what there must be besides names
FEWEST_GUESSES = 10**10  # the library's own bound of its highest mark
MOST_JUDGED = (
    72  # characters; its time grows with their square, and the whole takes no fewer guesses than its beginning
)
OURS = ("watchword", "passcode", "passphrase", "password")

_ADVICE = "choose four or more words that have nothing to do with one another"
_REASONS = {
    "repeat": f"it repeats itself; {_ADVICE}",
    "sequence": f"it counts or runs through the alphabet; {_ADVICE}",
    "spatial": f"it runs along the keyboard; {_ADVICE}",
    "date": f"it is little more than a date; {_ADVICE}",
    "user_inputs": f"it is made of names or words that belong to this account or service; {_ADVICE}",
    "passwords": f"it is made of passwords that many people use; {_ADVICE}",
}


def check(passcode: str, context_words: Iterable[str] = ()) -> str | None:
    """Why a passcode cannot be used, in words for the one who chose it; None if it can.

    `context_words` are what a guesser would try for this very account: names, locators. The reason repeats no part of
    the passcode. Takes a few milliseconds, 100 at worst: not for the event loop.
    """
    said = spoken(passcode)
    length = len(unicodedata.normalize("NFC", said))  # as one counts them: an accent is no character of its own
    if length < SHORTEST:
        return f"it has {length} characters and needs {SHORTEST} or more (spaces between words count); {_ADVICE}"
    if length > LONGEST:
        return f"it has {length} characters; {LONGEST} is the most"
    return _guessable(said, context_words)


def _something_besides(joined: str, context: Iterable[str]) -> bool:
    """Whether a passcode is more than the names and words of the context in a row, however many guesses that takes."""
    for word in sorted({word.casefold() for word in context if len(word) >= SHORTEST_WORD}, key=len, reverse=True):
        joined = joined.casefold().replace(word, "")
    return len(joined) >= LEAST_BESIDES


def _guessable(said: str, context_words: Iterable[str]) -> str | None:
    # Without its spaces: the library takes each for a character that has to be guessed.
    joined = said.replace(" ", "")[:MOST_JUDGED]
    context = [*OURS, *(spoken(word).replace(" ", "") for word in context_words)]
    # Not `zxcvbn()`: it keeps the context in a dictionary of the module, for the next caller and every other thread.
    dictionaries = {**RANKED_DICTIONARIES, "user_inputs": {word: rank for rank, word in enumerate(context, 1) if word}}
    judged = most_guessable_match_sequence(joined, omnimatch(joined, dictionaries))
    if judged["guesses"] >= FEWEST_GUESSES:
        return None if _something_besides(joined, context) else _REASONS["user_inputs"]
    worst: dict[str, Any] = max(judged["sequence"], key=lambda match: len(match["token"]))
    pattern = worst["dictionary_name"] if worst["pattern"] == "dictionary" else worst["pattern"]
    return _REASONS.get(pattern, f"it is too easy to guess; {_ADVICE}")
