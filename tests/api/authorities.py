"""Authorities that tests adopt: windows about the wall's own time, so that they are true at any hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.calling import Service

DESKS = [
    {"tier": 1, "name": "first line"},
    {"tier": 2, "name": "second line"},
    {"tier": 3, "name": "safety office"},
]
EVER = {"id": "third-emergency", "tier": 3, "action": "call_emergency_services", "signals": ["health", "safety"]}


def document(*grants: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document with these grants, and tier 3 for safety signals at any hour."""
    outside = [
        {"name": "warehouse", "call": "the ticket warehouse, extension 4100"},
        {"name": "airline", "call": "the ticket office"},
    ]
    common = {"title": "whole", "desks": DESKS, "amount_classes": ["small", "large"], "outside": outside}
    return {**common, "grants": [*grants, EVER], **more}


def hours(service: Service, ahead: int, lasts: int = 4) -> list[dict[str, str]]:
    """Hours that open so many hours from now (before it, if less than 0), UTC."""
    opens = service.clock() + timedelta(hours=ahead)
    return [{"from": f"{opens:%H:%M}", "until": f"{opens + timedelta(hours=lasts):%H:%M}"}]


async def adopted(service: Service, *grants: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Adopt a document with these grants."""
    return await service.by("compliance").made("/v1/authority", {"document": document(*grants, **more)})
