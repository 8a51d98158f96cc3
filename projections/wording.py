"""Wording: how values of the record are said in plain words: instants, codes, counts, tiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]
"""An event's fields as built-in values."""

Named = Callable[[str], str]
"""How somebody of the staff, or a queue, is named."""

Words = Callable[[Fields, Named], tuple[str, ...]]
"""What happened, what came of it, and how that was decided; the last two may be left out."""

BEYOND = 4


def clock(moment: object) -> str:
    """An instant of the log, UTC, to the second."""
    return str(moment)[:19].replace("T", " ")


def spaced(word: object) -> str:
    """A word of the code as words."""
    return str(word).replace("_", " ")


def many(count: int, one: str) -> str:
    """So many of something."""
    return f"{count} {one if count == 1 else one + 's'}"


def tiered(tier: int) -> str:
    """A tier, or whoever is beyond the last."""
    return f"tier {tier}" if tier < BEYOND else "whoever is beyond tier 3"
