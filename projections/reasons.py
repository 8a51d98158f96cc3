"""Reasons: a recorded decision in the words of whoever must act on it: what was proved, what stood in the way."""

from __future__ import annotations

from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted, Heard

__all__ = ["Attempted", "reason", "rule_words", "stood"]

Attempted = DisclosureAttempted | ActionAttempted

_STANDINGS = {
    "unknown": "somebody whom nothing that was offered identifies",
    "identified": "known by what was offered, with no passcode to prove",
    "unproved": "known by what was offered; the passcode that is set was not proved",
    "verified": "proved by a passcode",
    "duress": "proved by a duress passcode",
    "adverse": "proved by a passcode, and adverse towards a protected party",
    "third_party": "a third party",
    "bound": "bound to silence by declaration, and does not count",
}
_PROTECTIONS = {"none": "", "other": "another party is protected", "self": "this party is protected"}
# Rules of the service itself; a policy's own are said by their ids.
_RULES = {
    "default-deny": "no rule permits it",
    "disputed": "the caller disputes what he was told: nothing more is told or done here until a colleague has looked",
    "nobody-to-hear": "nobody is on the line who may be told anything",
    "no-such-booking": "what was named is no booking of this account",
    "no-such-supplier": "there is not just one whom the caller could be put through to",
    "stale-context": "what was asked for was not given in this contact, or the contact is over or another agent's",
    "stale-view": "what is known of the booking is too old to be told",
    "shown-view-withheld": "the shown view would tell somebody that his cancelled travel is valid",
    "override": "an override stood in the place of the passcode",
    "consent": "somebody consented to what is his own being heard by the others",
}
_VIEWS = {"held": "from the held view", "shown": "from the shown view"}


def rule_words(rule: str) -> str:
    """A rule in words: the service's own as it is meant, a policy's by its id."""
    return _RULES.get(rule) or rule.replace("-", " ")


def stood(heard: Heard) -> str:
    """Where one listener stood."""
    standing = _STANDINGS.get(heard.standing, heard.standing)
    protection = _PROTECTIONS.get(heard.protection, heard.protection)
    return f"{heard.listener_id}: {standing}" + (f"; {protection}" if protection else "")


def reason(attempted: Attempted) -> str:
    """Why it was decided so, for whoever must act on it."""
    view = _VIEWS.get(attempted.view, "")
    outcome = f"{attempted.outcome} {view}".rstrip()
    own = [_RULES[rule] for rule in attempted.rules if rule in _RULES and rule != "default-deny"]
    listened = "; ".join(stood(heard) for heard in attempted.listeners) or "nobody listened"
    return f"{outcome}: " + ". ".join((*own, f"on the line was {listened}")) + "."
