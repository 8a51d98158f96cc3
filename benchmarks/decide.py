"""`decide` in process, for two listeners and all eight classes, against one evaluation by Cedar: one of each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import median

import cedarpy

from benchmarks.figure import Figure, Run, Unsound
from domain.account import AccountState
from domain.booking import BookingState, BookingView
from domain.decision import Facts, Question, decide
from domain.dimension import Purpose
from domain.event import Kept, Sealed
from domain.interaction import InteractionState, Listener, Proof
from domain.party import Party
from domain.passcode import Passcode
from domain.protection import Protection
from service.policies import DEFAULT_SCHEMA, DEFAULT_TEXT, compile_policy

ROUNDS = 9
DECISIONS, EVALUATIONS = 5000, 500
ALL = 0xFF
NOW = datetime(2031, 1, 11, 9, 15, tzinfo=UTC)


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say("decide: compiling the policy, then rounds against Cedar")
    ours, theirs = _ours(), _cedar()
    ratios, rates = [], []
    for number in range(ROUNDS):
        if number % 2:
            cedar = _each(theirs, EVALUATIONS)
            mine = _each(ours, DECISIONS)
        else:
            mine = _each(ours, DECISIONS)
            cedar = _each(theirs, EVALUATIONS)
        ratios.append(cedar / mine)
        rates.append(1 / mine)
    yield Figure("decide", median(rates), "decisions/s", median(ratios), "one cedarpy evaluation, prepared handles")


def _each(work: Callable[[], object], times: int) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def _ours() -> Callable[[], object]:
    """The one who is protected and verified, and the one adverse towards her, on a booking whose views differ."""
    table = compile_policy(DEFAULT_TEXT)
    kept = Kept(Sealed("hers", b""), 1, "party.added.v1", "profile")
    parties = {
        name: Party(name, "traveller", frozenset(), kept, passcode=Passcode("passcode", kept, requested=name == "his"))
        for name in ("hers", "his")
    }
    protection = Protection("protection", "hers", frozenset({"his"}), kept, None, "agent-1", ("a", "b"))
    account = AccountState(opened=True, parties=parties, protections={"hers": protection}, bookings=("booking",))
    shown = BookingView(("hers", "his"), frozenset({"shown"}), (kept,), 1)
    held = BookingView(("hers",), frozenset({"held"}), (kept,), 2)
    booking = BookingState("account", held, shown, 2, frozen=True)
    listeners = {}
    for listener_id, party_id in (("caller", "his"), ("other", "hers")):
        proofs = {"account": Proof(party_id, "passcode", "passcode")}
        listeners[listener_id] = Listener(listener_id, "customer", identified={"account": party_id}, proofs=proofs)
    interaction = InteractionState("agent-1", opened_at=NOW, account_id="account", listeners=listeners)
    question = Question("agent-1", "account", "booking", ALL, Purpose.SERVICE, "shown")
    facts = Facts(account, booking, interaction)
    if decide(question, facts, table, NOW).basis != "shown":
        raise Unsound("these two are told the shown view; the decision came out differently")
    return lambda: decide(question, facts, table, NOW)


def _cedar() -> Callable[[], object]:
    """One listener, one class: a cell of the same policy, its handles prepared as the compiler prepares them."""
    policies = cedarpy.PolicySet.from_str(DEFAULT_TEXT)
    entities = cedarpy.Entities.from_json_str("[]")
    schema = cedarpy.Schema.from_str(DEFAULT_SCHEMA)
    values = {
        "Protection": "other", "Purpose": "service", "Channel": "call", "Tier": "1", "View": "shown", "Scope": "own",
    }  # fmt: skip
    context = {kind.lower(): {"type": kind, "id": value} for kind, value in values.items()}
    request = {
        "principal": {"type": "Standing", "id": "adverse"},
        "action": {"type": "Action", "id": "hear"},
        "resource": {"type": "FieldClass", "id": "I"},
        "context": json.dumps(context),
    }
    result = cedarpy.is_authorized(request, policies, entities, schema)
    if result.diagnostics.errors or not result.allowed:
        raise Unsound("Cedar permits this cell; it answered differently")
    return lambda: cedarpy.is_authorized(request, policies, entities, schema)
