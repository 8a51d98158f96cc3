"""Verdicts: what was decided of notices, and by authority, decided again on the states as they were.

These events do not name the streams they were judged on. They stood then as the log has them at that position: an
append is written only where every stream it read still stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from msgspec.structs import replace

from domain import authority, booking, interaction, notice, safety_signal
from domain.account import AccountState
from domain.authority import AuthorityAsked, AuthorityState
from domain.booking import BookingState
from domain.event import Event, Recorded
from domain.interaction import InteractionState
from domain.judgement import JudgementGranted
from domain.notice import Addressed, Found, NoticeSent, NoticeSuppressed, Reason
from domain.policy import PolicyTable
from domain.safety_signal import SafetySignalActed, SafetySignalRaised
from projections.folding import State

__all__ = ["ByAuthority", "Notice", "by_authority", "noticed"]

Notice = NoticeSent | NoticeSuppressed
ByAuthority = AuthorityAsked | JudgementGranted | SafetySignalRaised | SafetySignalActed

# The state of a stream as it was before the event.
At = Callable[[str], State]


def noticed(recorded: Recorded, happened: Notice, at: At, policy: PolicyTable) -> tuple[Event, bool]:
    """A part of a notice, decided again, and whether it had to be inferred under which name the booking was found."""
    rules = policy.ruling(notice.EXISTENCE).rules
    if happened.given is not None:
        return replace(_noticed(recorded, happened, at, happened.given.locator), rules=rules), False
    again: Event = happened
    for mark in _marks(happened, at):
        again = replace(_noticed(recorded, happened, at, mark), rules=rules)
        if again == happened:
            break
    return again, True


def _marks(happened: Notice, at: At) -> list[str]:
    """Under which names a booking can have been found: its id, or a locator of either view."""
    if not happened.booking_id:
        return [""]
    state = cast(BookingState, at(booking.stream(happened.booking_id)))
    views = [view for view in (state.shown, state.held) if view is not None]
    return ["", *(mark for view in views for mark in sorted(view.locators))]


def _noticed(recorded: Recorded, happened: Notice, at: At, mark: str) -> Notice:
    account, now = cast(AccountState, at(recorded.stream)), recorded.header.occurred_at
    state = cast(BookingState, at(booking.stream(happened.booking_id))) if happened.booking_id else None
    if state is None:
        found: Found = "account" if account.opened else "nobodys"
    else:
        found = notice.found(state, mark, now) or "nobodys"
    if isinstance(happened, NoticeSent) and happened.to == "safe_contact":
        told = sorted(notice.told_safely(account, state, now)) if found == "hidden" else ()
        return replace(happened, recipients=tuple(Addressed("", party_id) for party_id in told))
    why: dict[Addressed, Reason | None] = {
        each: notice.decide(account, state, found, cast(notice.Channel, each.channel), each.party_id)
        for each in happened.recipients
    }
    if isinstance(happened, NoticeSent):
        return replace(happened, recipients=tuple(each for each in happened.recipients if why[each] is None))
    reasons = dict.fromkeys(why[each] or "" for each in happened.recipients)
    return replace(happened, reason=" ".join(reasons))


def by_authority(recorded: Recorded, happened: ByAuthority, at: At) -> Event:
    """What authority said, decided again."""
    tier, now, minute = recorded.header.actor.tier, recorded.header.occurred_at, happened.minute
    ruled = cast(AuthorityState, at(authority.STREAM))
    line = cast(InteractionState, at(interaction.stream(happened.interaction_id)))
    match happened:
        case AuthorityAsked(action=action, amount_class=amount, minute=minute):
            verdict = authority.in_contact(ruled, line, action, tier, now, amount_class=amount, minute=minute)
            return replace(
                happened,
                verdict=verdict.word,
                grants=verdict.grants,
                call_first=verdict.call_first,
                confirmed=line.cleared.confirmations(action, line.bindings),
                passed_to=verdict.passed_to,
                authority=ruled.version,
            )
        case JudgementGranted(action=action, amount_class=amount, minute=minute):
            verdict = authority.in_contact(
                ruled, line, action, tier, now, amount_class=amount, anew=True, minute=minute
            )
            grants = verdict.grants if verdict.word == "judgement" else ()
            return replace(happened, grants=grants, authority=ruled.version)
        case SafetySignalRaised(kind=kind):
            response = safety_signal.respond(ruled, kind, tier, now, minute=minute)
            actions = tuple(grant.action for grant in response.grants)
            return replace(happened, actions=actions, passed_to=response.passed_to, authority=ruled.version)
        case SafetySignalActed(did=did):
            verdict = authority.in_contact(ruled, line, did, tier, now, minute=minute)
            return replace(happened, verdict=safety_signal.verdict_on(did, verdict), authority=ruled.version)
