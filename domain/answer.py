"""The answer: the document that all who listen may have of a booking, made of its two views as the decision says.

Pure: the service opens the views that a decision needs and hands them in; an agent reads `document.to_public` of it.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.decision import Decision
from domain.document import COLLECTIONS, BookingDocument, Locator, filtered
from domain.field_class import FieldClass

__all__ = ["render"]


def render(decision: Decision, held: BookingDocument | None, shown: BookingDocument | None) -> BookingDocument | None:
    """The document that may be heard; None where nothing may be, or where the view that was to answer is not at hand.

    `held` is not looked at unless the decision's basis is "held": it need not be opened. From that basis, what not all
    may have as held follows as shown. Where the views are the same, pass the same document: nothing is said twice. A
    shown view that is to answer nothing adds nothing to the held one either.
    """
    if decision.unshown:
        shown = None
    if decision.basis == "shown":
        return None if shown is None else filtered(shown, decision.as_shown)
    if decision.basis != "held" or held is None:
        return None
    if shown is held:
        return filtered(held, lambda each, about: decision.held(each, about) or decision.as_shown(each, about))
    truth = filtered(held, decision.held)
    if decision.shy():
        truth = replace(truth, locators=_references(truth.locators, kept=False))
    if shown is None:
        return truth
    seen = filtered(shown, decision.shown)
    both: dict[str, Any] = {name: getattr(truth, name) + getattr(seen, name) for name in COLLECTIONS}
    if decision.shy():
        as_shown = tuple(item for item in shown.locators if decision.as_shown(FieldClass.L, item.subjects))
        both["locators"] = truth.locators + _references(seen.locators, kept=False) + _references(as_shown, kept=True)
    return replace(truth, status=truth.status or seen.status, **both)


def _references(locators: tuple[Locator, ...], *, kept: bool) -> tuple[Locator, ...]:
    """The cross references alone, or everything but those.

    The other half of a split PNR stands in what is one traveller's alone (Amadeus `SP`, Travelport `SPLIT PTY`) and
    names the booking of another. Where somebody who listens must not learn of it, cross references come as shown.
    """
    return tuple(item for item in locators if (item.kind == "cross_reference") is kept)
