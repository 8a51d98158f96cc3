"""The couple: an account of two who travel together, of whom one is protected, for stories that are not about them.

In the twin nobody asks for protection, and what is shown is all there is.
"""

from __future__ import annotations

from typing import Any

from service.demo.cast import ALMA, OFFICE, SAFE_PHONE, SAFETY, SUPERVISOR, VICTOR
from service.demo.papers import FORMAT
from service.demo.stage import Stage


def together(stage: Stage, reference: str, shown: Any, held: Any | None) -> None:
    """Open their account with the booking that is shown; with one that is `held`, protect her and reissue it."""
    account = stage.made(OFFICE, "set up", "accounts", {"reference": reference}, "account_id")
    parties = {}
    for name, who, kind in (("t1", ALMA, "holder"), ("t2", VICTOR, "traveller")):
        body = {"kind": kind, "facts": who.facts()}
        parties[name] = stage.made(OFFICE, "set up", f"accounts/{account}/parties", body, "party_id")
    body = {"format": FORMAT, "document": shown, "travellers": parties}
    booking = stage.made(OFFICE, "set up", f"accounts/{account}/bookings", body, "booking_id")
    if held is None:
        return
    wanted = {
        "protected_party_id": parties["t1"],
        "safe_contact": {"kind": "phone", "value": SAFE_PHONE},
        "adverse_party_ids": [parties["t2"]],
    }
    protection = stage.made(SUPERVISOR, "set up", f"accounts/{account}/protection", wanted, "protection_id")
    for one in SAFETY:
        stage.made(one, "set up", f"accounts/{account}/protection/confirm", {"protection_id": protection})
    body = {"format": FORMAT, "document": held, "booking_id": booking, "travellers": {"t1": parties["t1"]}}
    stage.made(OFFICE, "set up", f"accounts/{account}/bookings", body)
