"""Which streams belong to an account, an incident or a contact, by what is said of them once."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from projections.concerning import CONCERNING, Concerning
from service.composition import desk  # every noun has registered its events once the service can be made
from tests.projections.invented import Inventor

assert callable(desk)


def told(name: str, stream: str, **fields: Any) -> Concerning:
    (recorded,) = Inventor(lambda options: options[0]).recorded([name])
    recorded = replace(recorded, stream=stream, event=replace(recorded.event, **fields))
    assert name in CONCERNING.names
    return CONCERNING.evolve(CONCERNING.begin(), recorded)


@pytest.mark.parametrize(
    "name, fields, about",
    [
        ("commitment.made.v1", {"account_id": "a"}, "account:a"),
        ("commitment.made.v1", {"account_id": "", "about": "incident:i"}, "incident:i"),
        ("commitment.made.v1", {"interaction_id": "l"}, "interaction:l"),
        ("hand_off.offered.v1", {"interaction_id": "l"}, "interaction:l"),
        ("resume.issued.v1", {"interaction_id": "l"}, "interaction:l"),
        ("access_request.opened.v1", {"account_id": "a"}, "account:a"),
        ("problem.victims_joined.v1", {"victims": ("account:a", "interaction:l")}, "account:a"),
        ("hold.placed.v1", {"scope": "incident", "about": "i"}, "incident:i"),
        ("hold.placed.v1", {"scope": "party", "about": "p"}, "party:p"),
        ("hold.placed.v1", {"scope": "incident", "about": "i", "names": ("a",)}, "account:a"),
        ("forgetting.asked.v1", {"account_id": "a"}, "account:a"),
    ],
)
def test_a_stream_is_found_by_what_it_is_about(name: str, fields: dict[str, Any], about: str) -> None:
    found = told(name, "noun:x", **fields)
    assert found.of([about, "account:nobodys"]) == {"noun:x"}
    assert found.of(["account:nobodys", "account:", "interaction:"]) == set()


def test_what_names_nobody_is_found_by_nobody() -> None:
    found = told("commitment.made.v1", "commitment:x", account_id="", interaction_id="", about="")
    assert found.of(["account:", "interaction:", ""]) == set()
