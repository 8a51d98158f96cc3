"""The trips that tests tell apart: an old one that both of them know of, and what she really holds.

Everything that only the held view says is a canary: whoever hears one heard the truth.
"""

from __future__ import annotations

import json
from typing import Any

FORMAT = "watchword.booking"
CLASSES = ["E", "I", "L", "C", "P", "F", "D", "N"]
OLD, NEW, NOBODYS = "OLDAAA", "NEWBBB", "NONEXX"


def trip(mark: str, locator: str, airports: tuple[str, str], day: str, travellers: list[dict[str, Any]]) -> Any:
    """A booking in which everything says `mark`, as far as its form allows."""
    own = {"subjects": ["t1"]}
    return {
        "status": "active",
        "travellers": travellers,
        "segments": [
            {
                "carrier": "ZZ",
                "number": f"{mark}FLIGHT",
                "origin": airports[0],
                "destination": airports[1],
                "departs_at": f"{day}T09:35",
                "departure_terminal": f"{mark}TERMINAL",
                "status": "HK",
            }
        ],
        "seats": [{**own, "designator": f"{mark}SEAT", "carrier": "ZZ", "number": f"{mark}FLIGHT"}],
        "locators": [
            {"code": locator, "system": "1A"},
            {"code": f"{mark}OTHERHALF", "system": "1A", "kind": "cross_reference"},
        ],
        "tickets": [{**own, "number": f"{mark}TICKET"}],
        "loyalty": [{**own, "number": f"{mark}LOYALTY", "programme": "ZZ"}],
        "contacts": [{**own, "kind": "email", "value": f"{mark}@mail.example"}],
        "payments": [{"kind": "total", "amount": "812.40", "currency": "EUR", "text": f"{mark}PAYMENT"}],
        "identity": [{**own, "kind": "travel_document", "value": f"{mark}PASSPORT"}],
        "remarks": [{"kind": "OSI", "text": f"{mark}REMARK"}],
        "suppliers": [{"role": "hotel", "name": f"{mark}HOTEL", "phone": f"{mark}PHONE", "place": f"{mark}PLACE"}],
    }


_HER = {"subjects": ["t1"], "surname": "Grey", "given_name": "Alma", "title": "Ms"}
_HIM = {"subjects": ["t2"], "surname": "Hale", "given_name": "Victor", "title": "Mr"}
OLD_TRIP = trip("SHOWNQX", OLD, ("LHR", "JFK"), "2031-03-14", [_HER, _HIM])
NEW_TRIP = trip("HELDQX", NEW, ("LGW", "YVR"), "2031-03-11", [_HER])

CANARY = "HELDQX"
# What only the held view says. Three letters and a date are quoted: alone they are in many an opaque id.
CANARIES = (CANARY, NEW, '"LGW"', '"YVR"', "2031-03-11")


def leaks(told: Any) -> list[str]:
    """The canaries of the held view in a text, or in whatever may be told as JSON."""
    text = told if isinstance(told, str) else json.dumps(told)
    return [canary for canary in CANARIES if canary in text]
