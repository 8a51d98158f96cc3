"""Letters stay in their order, however they come, and however many there are of one incident."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.event import Actor, Event, Header, Plain, Recorded
from domain.incident import Finding, IncidentJoined, IncidentOpened
from domain.webhook import KINDS, LetterDelivered, WebhookAdded, WebhookReplayed
from projections.deliveries import Deliveries, Letter, Mailbox

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HEADER = Header("h", NOW, Actor("watchword", "system"), "c")
MANY = 20_000


def recorded(position: int, stream: str, happened: Event) -> Recorded:
    return Recorded(position, stream, position, happened.NAME, HEADER, happened, b"")


def letter(position: int) -> Letter:
    return Letter(position, "i", "incident.joined", "duress_passcode", NOW)


@given(st.lists(st.lists(st.integers(1, 30), max_size=8), max_size=8))
def test_letters_wait_in_the_order_of_the_log_whatever_is_put_again(puts: list[list[int]]) -> None:
    mailbox = Mailbox(KINDS, "")
    for some in puts:
        mailbox.put([letter(position) for position in some])
    expected = sorted({position for some in puts for position in some})
    assert list(mailbox.waiting.get("i", {})) == expected
    for position in expected:
        assert mailbox.due() == ["i"]
        mailbox.take("i", position)
    assert mailbox.due() == []


def test_an_incident_with_very_many_letters_is_folded_in_no_time() -> None:
    added = WebhookAdded(webhook_id="w", kinds=KINDS, target=Plain("w", b""), secret=Plain("w", b""))
    finding = Finding("r", "duress_passcode", 1, NOW.isoformat())
    opened = IncidentOpened(
        incident_id="i", about="account", account_id="a", agent="", finding=finding, rules_version=1
    )
    joined = IncidentJoined(incident_id="i", finding=finding)
    deliveries = Deliveries()
    began = time.perf_counter()
    deliveries.evolve(recorded(1, "webhook:w", added))
    for position in range(2, MANY + 2):
        deliveries.evolve(recorded(position, "incident:i", opened if position == 2 else joined))
    assert len(deliveries.mailboxes["w"].waiting["i"]) == MANY
    for position in range(2, MANY + 2):
        taken = LetterDelivered(webhook_id="w", incident_id="i", position=position, tries=1)
        deliveries.evolve(recorded(MANY + position, "webhook:w", taken))
    assert deliveries.mailboxes["w"].due() == []
    deliveries.evolve(recorded(3 * MANY, "webhook:w", WebhookReplayed(webhook_id="w", after=2)))
    assert list(deliveries.mailboxes["w"].waiting["i"]) == list(range(3, MANY + 2))
    assert time.perf_counter() - began < 5  # it takes 0.1 s; were each to go through all that wait, half a minute
