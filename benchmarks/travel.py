"""Travel: bookings as documents, drawn from a seeded generator; nobody in them exists."""

from __future__ import annotations

from random import Random
from typing import Any

FORMAT = "watchword.booking"
LIFE = dict.fromkeys(("schedule_change", "check_in", "departure"), "follow") | dict.fromkeys(
    ("cancellation", "refund"), "transfer"
)
_PLACES = ("LHR", "JFK", "CDG", "MNL", "SIN", "GRU", "KEF", "LIS", "NRT", "YYZ")
_SURNAMES = ("Grey", "Okafor", "Lindqvist", "Oyelaran-Whitcombe", "Sy", "Marchetti", "Abernathy", "Ng")
_GIVEN = ("Alma", "Per", "Ngozi", "Maximiliano", "Jo", "Beatriz", "Tomasz", "Ana")

Person = dict[str, str]


def people(random: Random) -> tuple[Person, Person, Person]:
    """Him, her, and somebody who is on no booking that is shown. Two of them may share a surname, as families do."""
    given = random.sample(_GIVEN, 3)
    first, second, third = random.choices(_SURNAMES, k=3)
    surnames = (first, random.choice((first, second)), random.choice((first, second, third)))
    him, her, stranger = (
        {
            "surname": surname,
            "given_name": name,
            "date_of_birth": f"19{random.randint(50, 99)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}",
            "email": f"{name.casefold()}.{random.randint(100, 999)}@example.org",
        }
        for surname, name in zip(surnames, given, strict=True)
    )
    return him, her, stranger


def booking(random: Random, travellers: tuple[Person, ...], codes: tuple[str, str]) -> dict[str, Any]:
    """A booking of these travellers; `codes`: the locators it is looked up by."""
    refs = [f"t{number}" for number, _ in enumerate(travellers, 1)]
    legs = random.randint(1, 4)
    segments = [_segment(random, day) for day in range(legs)]
    seats = [
        {"subjects": [ref], "designator": f"{random.randint(1, 60)}{random.choice('ABCDEF')}", "carrier": "ZZ"}
        for ref in refs
        if random.random() < 0.7
    ]
    return {
        "status": random.choice(("active", "active", "cancelled")),
        "travellers": [
            {"subjects": [ref], "surname": person["surname"], "given_name": person["given_name"]}
            for ref, person in zip(refs, travellers, strict=True)
        ],
        "segments": segments,
        "seats": seats,
        "locators": [{"code": codes[0], "system": "1A"}, {"code": codes[1], "system": "ZZ", "kind": "carrier"}],
        "tickets": [{"subjects": [ref], "number": f"999{random.randint(10**9, 10**10 - 1)}"} for ref in refs],
        "loyalty": [{"subjects": [refs[-1]], "programme": "ZZ", "number": str(random.randint(10**6, 10**7))}],
        "contacts": [
            {"subjects": [ref], "kind": "email", "value": person["email"]}
            for ref, person in zip(refs, travellers, strict=True)
        ],
        "payments": [{"kind": "total", "amount": f"{random.randint(80, 4000)}.40", "currency": "EUR"}],
        "identity": [
            {"subjects": [ref], "kind": "date_of_birth", "value": person["date_of_birth"]}
            for ref, person in zip(refs, travellers, strict=True)
        ],
        "remarks": [{"kind": "remark", "text": "Window if possible."}] * random.randint(0, 3),
    }


def _segment(random: Random, day: int) -> dict[str, str]:
    origin, destination = random.sample(_PLACES, 2)
    return {
        "carrier": "ZZ",
        "number": str(random.randint(1, 9999)),
        "origin": origin,
        "destination": destination,
        "departs_at": f"2031-03-{14 + day}T09:35",
        "arrives_at": f"2031-03-{14 + day}T12:50",
        "cabin": random.choice(("economy", "business")),
        "status": "HK",
    }
