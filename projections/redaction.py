"""Redaction: what stands in the place of something that a reader is not to have, and why. No bar without a reason.

A bar is written into a text as its reason between two characters of Unicode's private use area, which nothing that
comes from outside may hold (`clean`): so what is drawn black is drawn by us, and `shown` says the same in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_OPENS, _ENDS = "\ue000", "\ue001"
_BAR = re.compile(f"{_OPENS}([^{_OPENS}{_ENDS}]*){_ENDS}")
_OURS = re.compile(f"[{_OPENS}{_ENDS}]")

AGENT = "agent's name: staff"
STAFF = "name: staff"
PROTECTED = "protected party, sealed"
SEALED = "personal data, sealed"
OTHERS = "another person's data"
FORGOTTEN = "forgotten: the person's key was destroyed"
SECRET = "a secret: never opened"  # noqa: S105 - the reason for which one is not shown
DECIDED = "how it is decided: not told to callers"
REFERENCE = "a reference into another system"
PRIVILEGED = "written by legal for legal"

MEANINGS = {
    AGENT: "Agents stand in this timeline by a letter and their site; who they are is kept by the house.",
    STAFF: "Other staff stand by a letter and their role, likewise.",
    PROTECTED: "Data of a person under protection. It is sealed on the record under a key of that person's own, and is "
    "opened only for a purpose that a second person has approved.",
    SEALED: "Data of a person, sealed on the record under a key of that person's own.",
    OTHERS: "Data of somebody other than the one this timeline is made for.",
    FORGOTTEN: "The person's data was destroyed on record; what happened still stands.",
    SECRET: "What proves a secret, such as the digest of a passcode. Nobody is shown it.",
    DECIDED: "By which rules and from which data an answer is decided is not told to whoever asks.",
    REFERENCE: "A number by which another system of the house knows a person.",
    PRIVILEGED: "Remarks of the house's own legal department on an entry.",
}


class Redaction(msgspec.Struct, frozen=True, gc=False, order=True):
    """What was redacted of an entry: the place (a field of the entry) and the reason."""

    place: str
    reason: str

    def __repr__(self) -> str:
        """Name the place."""
        return f"Redaction({self.place})"


def bar(reason: str) -> str:
    """What stands for something redacted."""
    return f"{_OPENS}{reason}{_ENDS}"


def clean(text: str) -> str:
    """A text from outside, which draws no bars."""
    return _OURS.sub("\N{REPLACEMENT CHARACTER}", text) if _OPENS in text or _ENDS in text else text


def reasons(text: str) -> list[str]:
    """The reasons of the bars in a text."""
    return _BAR.findall(text) if _OPENS in text else []


def shown(text: str) -> str:
    """A text with each bar in words."""
    return _BAR.sub(r"[redacted: \1]", text) if _OPENS in text else text


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text in parts: what is said, and the reasons of its bars (True)."""
    for at, piece in enumerate(_BAR.split(text)):
        if piece or at % 2:
            yield piece, bool(at % 2)
