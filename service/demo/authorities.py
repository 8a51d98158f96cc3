"""The authorities of the stories: who may do what at the desk, in a zone where it is the hour the story needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

SIGNALS = ["health", "safety"]
MORNING, EVENING = 10, 20

AUTHORITY: dict[str, Any] = {
    "title": "The desk of the story",
    "desks": [
        {"tier": 1, "name": "first line"},
        {"tier": 2, "name": "second line"},
        {"tier": 3, "name": "safety office"},
    ],
    "amount_classes": ["small", "large"],
    "outside": [{"name": "warehouse", "call": "the ticket warehouse, extension 4100"}],
    "grants": [
        {"id": "first-change", "tier": 1, "action": "change", "hours": [{"from": "08:00", "until": "15:00"}]},
        {"id": "first-cancel", "tier": 1, "action": "cancel", "confirmed_by": ["warehouse"]},
        {"id": "first-small-fee", "tier": 1, "action": "waive_fee", "kind": "automatic", "up_to": "small"},
        {"id": "second-fee", "tier": 2, "action": "waive_fee", "kind": "judgement"},
        {"id": "second-stay", "tier": 2, "action": "stay_on_the_line", "signals": ["health"]},
        {"id": "third-refund", "tier": 3, "action": "refund"},
        {"id": "third-emergency", "tier": 3, "action": "call_emergency_services", "signals": SIGNALS},
    ],
}
UNMANNED_AT_NIGHT = {
    **AUTHORITY,
    "grants": [
        *AUTHORITY["grants"][:-1],
        {**AUTHORITY["grants"][-1], "hours": [{"from": "06:00", "until": "22:00"}]},
    ],
}


def zone_where_it_is(hour: int, now: datetime) -> str:
    """A zone where a wall clock shows this hour now: the story is true at any time of day."""
    east = (hour - now.hour + 12) % 24 - 12
    return "UTC" if not east else f"Etc/GMT{-east:+d}"
