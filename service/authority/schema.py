"""Schema: the JSON Schema (draft 2020-12) of the document that authority is adopted as.

It is published as `openapi/authority.schema.json`, which is written anew by
`python -m service.authority.schema > openapi/authority.schema.json`.
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import msgspec

from domain.grant import AuthorityDocument

__all__ = ["EXAMPLE", "schema", "schema_text"]

EXAMPLE: dict[str, Any] = {
    "title": "Authority of the Lisbon desk",
    "zone": "Europe/Lisbon",
    "desks": [
        {"tier": 1, "name": "first line"},
        {"tier": 2, "name": "second line"},
        {"tier": 3, "name": "safety office"},
    ],
    "beyond": "the manager on duty",
    "amount_classes": ["small", "large"],
    "outside": [{"name": "warehouse", "call": "the ticket warehouse, extension 4100"}],
    "grants": [
        {
            "id": "first-change-before-three",
            "tier": 1,
            "action": "change",
            "hours": [{"from": "08:00", "until": "15:00", "days": ["mon", "tue", "wed", "thu", "fri"]}],
        },
        {"id": "first-cancel", "tier": 1, "action": "cancel", "confirmed_by": ["warehouse"]},
        {"id": "first-waive-small-fee", "tier": 1, "action": "waive_fee", "kind": "automatic", "up_to": "small"},
        {"id": "second-waive-fee", "tier": 2, "action": "waive_fee", "kind": "judgement"},
        {"id": "third-emergency", "tier": 3, "action": "call_emergency_services", "signals": ["health", "safety"]},
    ],
}


def schema() -> dict[str, Any]:
    """Describe the shape. That names are declared, and that somebody may always act, it cannot say (`domain.grant`)."""
    described = msgspec.json.schema(AuthorityDocument)
    definitions = described["$defs"]
    for definition in definitions.values():
        definition["description"] = inspect.cleandoc(definition["description"])
    root = definitions.pop("AuthorityDocument")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:watchword:authority",
        **root,
        "title": "Watchword authority",
        "description": "Which tier may do what, when and after whose yes, for `POST /v1/authority`.",
        "$defs": definitions,
        "examples": [EXAMPLE],
    }


def schema_text() -> str:
    """The published file, to the letter."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
