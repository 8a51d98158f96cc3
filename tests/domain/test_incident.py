"""Incidents, rules, webhooks and followers, given what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain import follower, incident, rule, webhook
from domain.event import Plain
from domain.follower import EventParked, FollowerState
from domain.incident import (
    LATEST,
    MOST_CONTACTS,
    Finding,
    IncidentClosed,
    IncidentJoined,
    IncidentOpened,
    IncidentState,
)
from domain.refusal import Refused
from domain.rule import DEFAULT, FailedAttempts, RuleBook, RulesState
from domain.webhook import WebhookAdded, WebhookClaimed, WebhookRemoved, WebhookState

NOW = datetime(2027, 5, 1, 12, tzinfo=UTC)


def finding(cause: int, name: str = "adverse-attempt") -> Finding:
    return Finding(name, name.replace("-", "_"), cause, NOW.isoformat())


def opened(**more: Any) -> IncidentOpened:
    given: dict[str, Any] = {
        "about": "account",
        "account_id": "a",
        "agent": "",
        "finding": finding(7),
        "rules_version": 1,
    } | more
    return IncidentOpened(incident_id="i", **given)


def closed() -> IncidentClosed:
    return IncidentClosed(incident_id="i", closed_by="legal-1", at=NOW.isoformat(), words=Plain("i", b'"done"'))


def test_an_incident_counts_what_joins_it_and_keeps_the_last_of_it() -> None:
    state = incident.evolve(IncidentState(), opened())
    for cause in range(8, 8 + 2 * LATEST):
        state = incident.evolve(state, IncidentJoined(incident_id="i", finding=finding(cause, "failed-attempts")))
    assert state.counts == {"adverse-attempt": 1, "failed-attempts": 2 * LATEST}
    assert [each.cause for each in state.latest] == list(range(8 + LATEST, 8 + 2 * LATEST))
    assert state.last_cause == 7 + 2 * LATEST


def test_an_incident_remembers_in_whose_contacts_it_happened_and_no_more_than_it_must() -> None:
    state = incident.evolve(IncidentState(), opened(contacts=("i0",), agents=("first",)))
    for number in range(1, 2 * MOST_CONTACTS):
        joined = IncidentJoined(
            incident_id="i", finding=finding(number + 7), contacts=(f"i{number}", "i0"), agents=("second", "first")
        )
        state = incident.evolve(state, joined)
    assert len(state.contacts) == MOST_CONTACTS
    assert f"i{2 * MOST_CONTACTS - 1}" in state.contacts
    assert state.agents == ("first", "second")


def test_the_last_warning_is_the_incidents_until_another_is_made() -> None:
    state = incident.evolve(IncidentState(), opened())
    assert state.warning == ""
    for task, stands in (("w1", "w1"), ("", "w1"), ("w2", "w2"), ("", "w2")):
        state = incident.evolve(state, IncidentJoined(incident_id="i", finding=finding(8), warning=task))
        assert state.warning == stands


def test_an_incident_is_closed_once() -> None:
    with pytest.raises(Refused, match="no such") as refused:
        incident.close(IncidentState(), closed())
    assert refused.value.code == "unknown_incident"
    state = incident.evolve(IncidentState(), opened())
    state = incident.evolve(state, incident.close(state, closed()))
    assert (state.closed, state.closed_by) == (True, "legal-1")
    with pytest.raises(Refused) as refused:
        incident.close(state, closed())
    assert refused.value.code == "closed_already"


def test_rules_are_adopted_with_the_next_version_and_not_twice() -> None:
    (first,) = rule.adopt(RulesState(), DEFAULT)
    state = rule.evolve(RulesState(), first)
    assert (state.version, state.book) == (1, DEFAULT)
    assert rule.adopt(state, DEFAULT) == ()
    (second,) = rule.adopt(state, RuleBook(()))
    assert (second.version, second.digest) == (2, rule.digest(RuleBook(())))


def test_two_rules_of_one_name_are_refused() -> None:
    twice = RuleBook((FailedAttempts("x", within_minutes=1, count=1), FailedAttempts("x", within_minutes=2, count=1)))
    with pytest.raises(Refused) as refused:
        rule.adopt(RulesState(), twice)
    assert (refused.value.code, refused.value.place) == ("rules_rejected", "rules[1].id")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "unheard_of", "id": "x"},
        {"kind": "failed_attempts", "id": "x", "within_minutes": 0, "count": 5},
        {"kind": "failed_attempts", "id": "X!", "within_minutes": 5, "count": 5},
        {"kind": "browsing", "id": "x", "within_minutes": 5, "count": 5, "more": 1},
    ],
)
def test_a_rule_that_is_none_cannot_be_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"rules": [wrong]}, RuleBook)


def hook(*events: Any) -> WebhookState:
    state = WebhookState()
    for version, each in enumerate(
        (WebhookAdded(webhook_id="w", kinds=webhook.KINDS, target=Plain("w", b""), secret=Plain("w", b"")), *events), 1
    ):
        state = webhook.evolve(state, each, version)
    return state


def claimed(runner: str, at: datetime) -> WebhookClaimed:
    return WebhookClaimed(webhook_id="w", runner=runner, until=at + timedelta(seconds=15))


def test_one_process_at_a_time_delivers() -> None:
    wanted = claimed("b", NOW)
    assert webhook.claim(hook(), wanted, NOW) is wanted
    assert webhook.claim(hook(claimed("a", NOW)), wanted, NOW) is None
    assert webhook.claim(hook(claimed("b", NOW)), wanted, NOW) is wanted
    later = NOW + timedelta(seconds=15)
    assert webhook.claim(hook(claimed("a", NOW)), claimed("b", later), later) is not None
    assert webhook.claim(WebhookState(), wanted, NOW) is None
    assert webhook.claim(hook(WebhookRemoved(webhook_id="w")), wanted, NOW) is None


def test_a_webhook_that_is_gone_is_unknown() -> None:
    webhook.exists(hook())
    for state in (WebhookState(), hook(WebhookRemoved(webhook_id="w"))):
        with pytest.raises(Refused) as refused:
            webhook.exists(state)
        assert refused.value.code == "unknown_webhook"


def test_a_follower_counts_what_it_parked() -> None:
    state = FollowerState()
    for position in (5, 9):
        state = follower.evolve(state, EventParked(position=position, why="CorruptEvent"))
    assert state == FollowerState(2, 9)
