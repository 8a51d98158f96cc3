"""The papers: the bookings of the stories, in Watchword's own format. Nobody flies on them."""

from __future__ import annotations

from typing import Any

from service.demo.cast import ALMA, VICTOR

FORMAT = "watchword.booking"
OLD_LOCATOR = "QX7RTB"
NEW_LOCATOR = "ZK4WLN"

# The trip that everybody may know of: both, from London to New York.
OLD_TRIP: dict[str, Any] = {
    "status": "active",
    "travellers": [
        {"subjects": ["t1"], "surname": ALMA.surname, "given_name": ALMA.given_name, "title": "Ms"},
        {"subjects": ["t2"], "surname": VICTOR.surname, "given_name": VICTOR.given_name, "title": "Mr"},
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
            "cabin": "economy",
            "status": "HK",
        }
    ],
    "locators": [{"code": OLD_LOCATOR, "system": "1A"}],
    "tickets": [
        {"subjects": ["t1"], "number": "9992400000017"},
        {"subjects": ["t2"], "number": "9992400000018"},
    ],
    "payments": [{"kind": "total", "amount": "812.40", "currency": "EUR"}],
}

# The trip that she takes: alone, from another airport to another place, on another day, on a new record.
NEW_TRIP: dict[str, Any] = {
    "status": "active",
    "travellers": [{"subjects": ["t1"], "surname": ALMA.surname, "given_name": ALMA.given_name, "title": "Ms"}],
    "segments": [
        {
            "carrier": "YY",
            "number": "7308",
            "origin": "LGW",
            "destination": "YVR",
            "departs_at": "2031-03-11T06:20",
            "arrives_at": "2031-03-11T08:05",
            "departure_terminal": "N",
            "cabin": "economy",
            "status": "HK",
        }
    ],
    "locators": [{"code": NEW_LOCATOR, "system": "1A"}],
    "tickets": [{"subjects": ["t1"], "number": "9992400000099"}],
    "payments": [{"kind": "total", "amount": "1377.15", "currency": "EUR"}],
}

# What only the new trip says, and the old one never does.
CANARIES = {
    "locator": NEW_LOCATOR,
    "origin": "LGW",
    "destination": "YVR",
    "departure": "2031-03-11",
    "flight": '"7308"',  # in quotes: four digits alone are in many an opaque id
    "ticket": "9992400000099",
    "fare": "1377.15",
}
# What says that somebody heard the old trip.
OLD_MARKS = ("LHR", "JFK", "2031-03-14T09:35")
