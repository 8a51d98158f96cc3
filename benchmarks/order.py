"""The booking of every account: a Duffel order of two people as the tests have it, under locators of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FORMAT = "duffel.order"
FACTS = {"surname": "Okafor", "given_name": "Ngozi"}
_TEXT = (Path(__file__).parent.parent / "tests" / "documents" / "duffel_pair.json").read_text(encoding="utf-8")


def locator(number: int) -> str:
    """The locator of the order of this number."""
    return f"Q{number:05d}"


def order(number: int) -> dict[str, Any]:
    """The order of this number: nobody else's locators are on it."""
    found: dict[str, Any] = json.loads(_TEXT.replace("QX7RTB", locator(number)).replace("N4M2KD", f"N{number:05d}"))
    return found
