"""Schema: the JSON Schema (draft 2020-12) of Watchword's own booking JSON, made from the booking model.

It is published as `openapi/booking.schema.json`, which is written anew by
`python -m service.documents.schema > openapi/booking.schema.json`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from domain.document import BookingContent

__all__ = ["EXAMPLE", "schema", "schema_text"]

EXAMPLE: dict[str, Any] = {
    "status": "active",
    "travellers": [
        {"subjects": ["t1"], "surname": "Okafor", "given_name": "Ngozi", "title": "Ms"},
        {"subjects": ["t2"], "surname": "Lindqvist", "given_name": "Per", "kind": "adult"},
    ],
    "segments": [
        {
            "carrier": "ZZ",
            "number": "412",
            "origin": "LHR",
            "destination": "JFK",
            "departs_at": "2031-03-14T09:35",
            "arrives_at": "2031-03-14T12:50",
            "departure_terminal": "5",
            "booking_class": "Y",
            "cabin": "economy",
            "status": "HK",
        },
    ],
    "seats": [
        {"subjects": ["t1"], "designator": "21A", "carrier": "ZZ", "number": "412", "departs_at": "2031-03-14T09:35"},
    ],
    "locators": [{"code": "QX7RTB", "system": "1A"}, {"code": "N4M2KD", "system": "ZZ", "kind": "carrier"}],
    "tickets": [{"subjects": ["t1"], "number": "9992400000017"}],
    "loyalty": [{"subjects": ["t2"], "programme": "ZZ", "number": "70010022"}],
    "contacts": [{"subjects": ["t1"], "kind": "email", "value": "ngozi@example.org"}],
    "payments": [{"kind": "total", "amount": "812.40", "currency": "EUR"}],
    "identity": [{"subjects": ["t2"], "kind": "date_of_birth", "value": "1979-11-02"}],
    "remarks": [{"kind": "remark", "text": "Window if possible."}],
    "suppliers": [{"role": "owner_office", "name": "Lisbon office", "phone": "+351210000000", "place": "Lisbon"}],
    "owners": [{"office": "LEJ-SHOP-2", "channel": "shop", "escalation": ["ticketing", "duty manager"]}],
}


def schema() -> dict[str, Any]:
    """Describe what `watchword.read` takes. It cannot say that references lead to travellers, or dates exist."""
    described = msgspec.json.schema(BookingContent)
    definitions = described["$defs"]
    root = definitions.pop("BookingContent")
    for definition in definitions.values():
        about = definition["properties"]["subjects"]
        about["description"] = "references of the travellers it is about; none: it is about all of them"
    traveller = definitions["Traveller"]
    traveller["required"] = ["subjects", *traveller["required"]]
    reference = traveller["properties"]["subjects"]
    reference.update(minItems=1, maxItems=1, description="the reference of this traveller, of the sender's choosing")
    reference.pop("default", None)
    root["required"] = ["travellers"]
    root["properties"]["travellers"].update(minItems=1)
    root["properties"]["travellers"].pop("default", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:watchword:booking",
        **root,
        "title": "Watchword booking",
        "description": "What a booking says, for import under the format `watchword.booking`.",
        "$defs": definitions,
        "examples": [EXAMPLE],
    }


def schema_text() -> str:
    """The published file, to the letter."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
