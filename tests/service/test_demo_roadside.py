"""The roadside: the story plays against the real service, comes out true, and notices when it does not."""

import pytest

from service.demo.roadside import PASSCODE, TOMAS, Roadside
from service.demo.transcript import Ears
from tests.stories import Instead, Told, instead, told


@pytest.fixture(scope="module")
def shown() -> Told:
    """The story, played once: it ends well."""
    return told(Roadside())


def test_it_is_told_and_everything_it_shows_is_true(shown: Told) -> None:
    shown.ended_well(13, "Pike Place Garage", "withheld, by stale-context", "asked to be put through")
    assert PASSCODE not in shown.printed


TWIN, RECORD = "The hotel of a protected trip", "Every answer is on record"


CHANGES: dict[str, Instead] = {
    "the last caller's booking is told": (
        Ears.CUSTOMER, "ask", 0, lambda one: instead(one, '"document":null', '"document":{"origin":"JFK"}'),
        {"What was left over", "Nothing of the last caller's"},
    ),
    "the last caller's dealer is dialled": (
        Ears.CUSTOMER, "dial", 2, lambda one: instead(one, "Pike Place Garage", "Hudson Street Motors"),
        {"The number dialled", "Nothing of the last caller's"},
    ),
    "what is left over is answered in other words": (
        Ears.CUSTOMER, "dial", 1, lambda one: instead(one, "ask_passcode", "transfer"), {"What was left over"},
    ),
    "what is left over is recorded as something else": (
        Ears.AUDITOR, "history", 0, lambda one: instead(one, '["stale-context"]', '["no-such-booking"]'),
        {"Each of them is on record"},
    ),
    "the dealer hears where he is before he says so": (
        Ears.DEALER, "ask", 0, lambda one: instead(one, '"segments":[]', '"segments":["SEA"]'),
        {"The dealer on the line"},
    ),
    "his consent opens nothing": (
        Ears.DEALER, "ask", 1, lambda one: instead(one, "SEA", "XXX"), {"Where he is"},
    ),
    "his consent opens too much": (
        Ears.DEALER, "ask", 1, lambda one: instead(one, '"contacts":[]', f'"contacts":["{TOMAS.phone}"]'),
        {"And nothing else"},
    ),
    "he hears less when the dealer has left": (
        Ears.CUSTOMER, "ask", 2, lambda one: instead(one, "411.09", "0"), {"When the dealer had left"},
    ),
    "an answer is not on record": (
        Ears.DEALER, "ask", 1, lambda one: instead(one, '"decision_id":"', '"decision_id":"x'), {RECORD},
    ),
    "the record is not sealed": (
        Ears.AUDITOR, "history", 0, lambda one: instead(one, "crm-00302", TOMAS.surname), {"No name, no number"},
    ),
    "he is put through to where she sleeps": (
        Ears.ADVERSE, "dial", 0, lambda one: instead(one, "Bowery House", "Gastown Inn"), {TWIN, "Her real hotel"},
    ),
    "a hidden locator is known": (
        Ears.ADVERSE, "dial", 1, lambda one: instead(one, "ask_passcode", "transfer"), {TWIN, "Her new locator"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_just_these_checks_are_untrue_when_something_else_comes_back(shown: Told, change: str) -> None:
    shown.notices(CHANGES[change])
