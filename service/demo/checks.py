"""Checks: what a story has to show, computed from what really came back. Pure; each names what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from service.demo.transcript import Exchange

OK = range(200, 300)


class Check(msgspec.Struct, frozen=True):
    """One claim, whether it came out true, and what was found."""

    says: str
    true: bool
    found: str


def unheard(says: str, exchanges: Iterable[Exchange], canaries: Mapping[str, str]) -> Check:
    """No byte of these values is in anything that came back: status, headers or body."""
    found, count = [], 0
    for exchange in exchanges:
        count += 1
        answer = exchange.whole()
        found += [f"{name} in {exchange.call}" for name, value in canaries.items() if value.encode() in answer]
    return Check(says, bool(count) and not found, "; ".join(found) or f"{count} answers, {len(canaries)} values")


def heard(says: str, exchanges: Iterable[Exchange], wanted: Iterable[str], unwanted: Iterable[str] = ()) -> Check:
    """Each of these answers holds every wanted value, and none of the unwanted ones."""
    exchanges, wanted, unwanted = list(exchanges), list(wanted), list(unwanted)
    lacking = [v for exchange in exchanges for v in wanted if v.encode() not in exchange.body]
    leaking = [v for exchange in exchanges for v in unwanted if v.encode() in exchange.body]
    failed = [exchange.status for exchange in exchanges if exchange.status not in OK]
    found = f"{len(exchanges)} answers"
    if lacking or leaking or failed:
        found = f"{len(lacking)} values lacking, {len(leaking)} too many, {len(failed)} errors"
    return Check(says, bool(exchanges) and not (lacking or leaking or failed), found)


def refused(says: str, exchanges: Iterable[Exchange]) -> Check:
    """Passcodes were tried, and each was answered, and none accepted."""
    tried = [each.told().get("accepted") for each in exchanges if each.call == "passcode"]
    return Check(says, bool(tried) and all(accepted is False for accepted in tried), f"{len(tried)} tried")


def alike(says: str, ours: Sequence[Exchange], twins: Sequence[Exchange]) -> Check:
    """The same questions had the same answers, byte for byte: status, headers, body; but for opaque ids and times."""
    different = [
        one.call
        for one, other in zip(ours, twins, strict=False)
        if (one.call, one.sent, one.staff, one.masked()) != (other.call, other.sent, other.staff, other.masked())
    ]
    if len(ours) != len(twins):
        different.append(f"{len(ours)} calls and {len(twins)}")
    size = sum(len(one.masked()) for one in ours)
    found = f"different: {', '.join(different)}" if different else f"{len(ours)} answers, {size} bytes"
    return Check(says, bool(ours) and not different, found)


def same_refusal(says: str, hidden: Exchange, unknown: Exchange) -> Check:
    """What is hidden is answered like what is not there."""
    same = hidden.masked() == unknown.masked() and hidden.status in OK
    return Check(says, same, f"{len(hidden.masked())} bytes" if same else "the two answers differ")


def recorded(says: str, exchanges: Iterable[Exchange], entries: Iterable[Mapping[str, Any]]) -> Check:
    """Every question and every passcode is on record, in order, each with the outcome that was answered."""
    made = [_outcome(exchange) for exchange in exchanges if exchange.call in ("ask", "list", "passcode")]
    kept = [_kept(entry) for entry in entries if entry["name"] in _KEPT]
    found = f"{len(made)} attempts, {len(kept)} on record"
    return Check(says, bool(made) and made == kept, found if made == kept else f"{found}; they do not agree")


_KEPT = ("disclosure.attempted.v1", "passcode.tried.v1")


def _outcome(exchange: Exchange) -> tuple[str, str, str]:
    """What was answered: by whom, which decision, what came of it."""
    who = exchange.staff.sub if exchange.staff else ""
    if exchange.status not in OK:
        return who, "", f"error {exchange.status}"
    told = exchange.told()
    if exchange.call == "passcode":
        return who, "passcode", "accepted" if told["accepted"] else "not accepted"
    outcome = told["outcome"] if exchange.call == "ask" else "disclosed" if told["bookings"] else "withheld"
    return who, told["decision_id"], outcome


def _kept(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    """What is on record of it."""
    event, who = entry["event"], entry["actor"]["subject"]
    if entry["name"] == "passcode.tried.v1":
        return who, "passcode", "accepted" if event["accepted"] else "not accepted"
    return who, event["decision_id"], event["outcome"]


def sealed(says: str, entries: Iterable[Mapping[str, Any]], values: Iterable[str]) -> Check:
    """Nothing personal is in the record as it is read: what somebody asked for is sealed."""
    entries = list(entries)
    text = msgspec.json.encode(entries)
    clear = sum(value.encode() in text for value in values)
    return Check(says, bool(entries) and not clear, f"{clear} values in clear, in {len(text)} bytes")
