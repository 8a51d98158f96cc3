"""A protected account answers as an ordinary one whose bookings are what it shows (promise 4).

The comparison of `make bench`, shortened. Its figures hold there; here other tests run on the same processors, so that
time is bounded only as far as a leak of a query or a flush goes.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.indistinguishable import Findings, measure
from benchmarks.pairs import Side
from benchmarks.telling import Ear, Timed, auc, interval_us
from benchmarks.wire import Reply
from service.passcodes import hashing
from tests.calling import BOOKING, Calls, serving
from tests.security.leaky import LEAK_S, leaky

PAIRS = 30
MOST_US = 1_000.0
MOST_AUC = 0.85  # of 30 pairs chance alone gives 0.5 +- 0.075, and the better one of two classifiers is taken


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return measure(tmp_path_factory.mktemp("served"), pairs=PAIRS, batch=PAIRS)


def test_no_answer_differs_in_status_headers_shape_size_or_wording(findings: Findings) -> None:
    assert sum(len(steps) for steps in findings.steps.values()) > 15 * PAIRS
    first: dict[int, str] = {}
    for difference in findings.differences:
        first.setdefault(difference.pair, str(difference))
    assert not first, "\n".join(first.values())


def test_no_kind_of_question_takes_longer(findings: Findings) -> None:
    assert findings.microseconds() <= MOST_US


def test_a_classifier_learns_nothing(findings: Findings) -> None:
    assert findings.auc() <= MOST_AUC


# --- that the comparison can fail ------------------------------------------------------------------------------------


def test_one_byte_more_and_a_little_more_time_would_be_noticed(tmp_path: Path) -> None:
    found = measure(tmp_path, pairs=6, batch=6, serve=leaky)
    sized = [each for each in found.differences if each.protected.size == each.ordinary.size + 1]
    assert len(sized) > 5
    asked = [value for kind, values in found.by_kind().items() if kind.startswith("ask") for value in values]
    middle, low, _ = interval_us(asked)
    assert low > 0
    assert middle == pytest.approx(LEAK_S * 1e6, rel=0.8)


def timed(leak: Callable[[random.Random], float], pairs: int = 150) -> list[tuple[int, list[Timed]]]:
    drawn = random.Random(7)

    def one() -> Timed:
        pace = drawn.lognormvariate(0, 0.3)
        times = [pace * drawn.lognormvariate(-7, 0.15) for _ in range(2)]
        return Timed("ask", times[0] + leak(drawn), times[1], (250, 250))

    return [(number, [one() for _ in range(12)]) for number in range(pairs)]


@pytest.mark.parametrize(
    "leak,noticed",
    [
        pytest.param(lambda _: 0.0, False, id="none"),
        pytest.param(lambda _: 0.0003, True, id="always"),
        pytest.param(lambda drawn: 0.003 * (drawn.random() < 0.1), True, id="now and then"),
    ],
)
def test_the_classifier_notices_what_the_median_may_not(
    leak: Callable[[random.Random], float], noticed: object
) -> None:
    assert (auc(timed(leak)) > 0.6) == noticed


def test_the_interval_is_that_of_order_statistics() -> None:
    middle, low, high = interval_us([number * 1e-6 for number in range(101)])
    assert (middle, low, high) == pytest.approx((50, 37, 64))
    assert interval_us([1e-6] * 3)[1:] == (float("-inf"), float("inf"))


def test_ids_in_other_places_differ_and_other_ids_do_not() -> None:
    def told(*ids: str) -> object:
        ear = Ear(Side("", ["AAAAA1"], ["BBBBB1"], [], [], []))
        body = json.dumps({"ids": ids, "at": "2031-03-14T09:35:00+00:00"}).encode()
        return ear.told(Reply(200, (("date", "now"),), body, 0.0))

    one, two = "0" * 32, "1" * 32
    assert told(one, two) == told(two, one)
    assert told(one, one) != told(one, two)
    assert told("AAAAA1") != told("AAAAA2")


# --- what a transcript that goes step by step does not reach ------------------------------------------------------


async def test_bound_anew_in_the_middle_of_a_trial_says_nothing_of_hidden_locators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial during which the contact is bound to a hidden locator of the same account answers as with nobody's."""
    entered, go = threading.Event(), threading.Event()
    argon2id = hashing._argon2id

    def waiting(secret: bytes, salt: bytes) -> bytes:
        entered.set()
        go.wait(20)
        return argon2id(secret, salt)

    async with serving(tmp_path / "home") as service:
        office, agent = service.by("back_office"), service.by("agent")
        text = (BOOKING / "watchword_pair.json").read_text()
        account_id = (await office.made("/v1/accounts"))["account_id"]
        facts = {"surname": "Okafor", "given_name": "Ngozi"}
        party = await office.made(f"/v1/accounts/{account_id}/parties", {"kind": "holder", "facts": facts})
        path = f"/v1/accounts/{account_id}/bookings"
        await office.made(path, {"format": "watchword.booking", "document": json.loads(text)})
        protection = {
            "protected_party_id": party["party_id"],
            "safe_contact": {"kind": "phone", "value": "+447700900999"},
        }
        await agent.made(f"/v1/accounts/{account_id}/protection", protection)
        hidden = json.loads(text.replace("QX7RTB", "HIDDN1").replace("N4M2KD", "HIDDN2"))
        await office.made(path, {"format": "watchword.booking", "document": hidden})
        monkeypatch.setattr(hashing, "_argon2id", waiting)
        answers = [await _bound_meanwhile(agent, locator, entered, go) for locator in ("HIDDN1", "NOBODY")]
    assert answers[0] == answers[1]


async def _bound_meanwhile(
    agent: Calls, locator: str, entered: threading.Event, go: threading.Event
) -> tuple[int, str]:
    entered.clear()
    go.clear()
    facts = {"surname": "Okafor", "given_name": "Ngozi"}
    opened = await agent.made("/v1/interactions", {"contact_id": f"caller-{locator}", "channel": "call"})
    path = f"/v1/interactions/{opened['interaction_id']}"
    await agent.made(f"{path}/bind", {"locator": "QX7RTB", "facts": facts})
    trial = asyncio.create_task(agent.post(f"{path}/verifications", {"passcode": "not the passcode"}))
    await asyncio.to_thread(entered.wait, 20)
    await agent.made(f"{path}/bind", {"locator": locator, "facts": facts})
    go.set()
    response = await trial
    return response.status_code, response.json().get("detail", "") or response.json()["say"]
