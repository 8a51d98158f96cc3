"""The wrong number: the story plays against the real service, comes out true, and notices when it does not."""

import pytest

from service.demo.transcript import Ears
from service.demo.wrong_number import PASSCODE, WrongNumber
from tests.stories import Instead, Told, instead, told


@pytest.fixture(scope="module")
def shown() -> Told:
    """The story, played once: it ends well."""
    return told(WrongNumber())


def test_it_is_told_and_everything_it_shows_is_true(shown: Told) -> None:
    shown.ended_well(12, "LEEDS-SHOP-2, then ticketing", "Idris Haddad", "asked who owns a booking")
    assert PASSCODE not in shown.printed


TWIN, RECORD = "A protected trip is routed", "Every answer is on record"


CHANGES: dict[str, Instead] = {
    "it is routed elsewhere": (
        Ears.CUSTOMER, "route", 0, lambda one: instead(one, "LEEDS-SHOP-2", "front desk"), {"The wrong line knew"},
    ),
    "a department hears nothing": (
        Ears.CUSTOMER, "ask", 1, lambda one: instead(one, "OSL", "XXX"), {"Each department heard"},
    ),
    "he has to say it again": (
        Ears.CUSTOMER, "take", 0, lambda _: {"sent": {"passcode": PASSCODE}}, {"He said his passcode once"},
    ),
    "whoever passed him on goes on hearing": (
        Ears.CUSTOMER, "ask", 2, lambda one: instead(one, "withheld", "disclosed"), {"Whoever has passed him on"},
    ),
    "a refusal says why": (
        Ears.CUSTOMER, "take", 1, lambda one: instead(one, "not good", "not yours"), {"Somebody else's code"},
    ),
    "he loses his place": (
        Ears.CUSTOMER, "resume", 0, lambda one: instead(one, '"queued_at":"2', '"queued_at":"3'), {"He kept his place"},
    ),
    "a used code is good": (
        Ears.CUSTOMER, "resume", 1, lambda _: {"status": 201, "body": b"{}"}, {"A code that was used"},
    ),
    "an answer is not on record": (
        Ears.CUSTOMER, "ask", 3, lambda one: instead(one, '"decision_id":"', '"decision_id":"x'), {RECORD},
    ),
    "the record is not sealed": (
        Ears.AUDITOR, "history", 0, lambda one: instead(one, "crm-77140", "the owning office"), {"Neither a code"},
    ),
    "he is told of the other office": (
        Ears.ADVERSE, "route", 0, lambda one: instead(one, "LEEDS-SHOP-2", "SAFETY-OFFICE-9"),
        {TWIN, "The office that"},
    ),
    "a hidden locator is known": (
        Ears.ADVERSE, "route", 1, lambda one: instead(one, "front desk", "back desk"), {TWIN, "Her new locator"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_just_these_checks_are_untrue_when_something_else_comes_back(shown: Told, change: str) -> None:
    shown.notices(CHANGES[change])
