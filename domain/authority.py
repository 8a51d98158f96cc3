"""Authority: which tier may do what, versioned by events, and what that says of one action at one moment.

A tier that has no authority for something is not refused: it passes it on. To whom is always the next tier, so that
nobody learns by asking how much the others have; a safety signal alone goes straight to a tier that may act on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from domain.event import Event, event
from domain.grant import LAST_TIER, AuthorityDocument, Grant, faults
from domain.hours import minute_of_week, open_at
from domain.interaction import InteractionState
from domain.refusal import Refused

Word = Literal["may", "automatic", "judgement", "needs_confirmation", "pass_on"]

STREAM = "authority:default"
# What is better for the caller goes first: no judging before judging, and both before a call to somebody else.
_RANK: dict[Word, int] = {"automatic": 4, "may": 3, "judgement": 2, "needs_confirmation": 1, "pass_on": 0}
_MOST_REASONS = 8


class AuthorityState(msgspec.Struct, frozen=True, gc=False):
    """The authority in force; version 0 where none was adopted: then nobody may anything, and all is passed on."""

    version: int = 0
    digest: str = ""
    document: AuthorityDocument | None = None


@event
class AuthorityAdopted(Event, frozen=True, kw_only=True):
    """Authority is this from now on. `digest`: SHA-256 of the document as JSON."""

    NAME: ClassVar[str] = "authority.adopted.v1"
    version: int
    digest: str
    document: AuthorityDocument


@event
class AuthorityAsked(Event, frozen=True, kw_only=True):
    """An agent asked whether he may do something now. The header has his tier; `authority`: the version that said it.

    `confirmed`: who outside had said yes, and when; `passed_to`: the tier it goes to, 4 for beyond the last.
    `minute`: see the function.
    """

    NAME: ClassVar[str] = "authority.asked.v1"
    ruling_id: str
    interaction_id: str
    action: str
    amount_class: str
    verdict: Word
    grants: tuple[str, ...]
    call_first: tuple[str, ...]
    confirmed: Mapping[str, datetime]
    passed_to: int
    authority: int
    minute: int | None = None


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What a grant may depend on besides tier, action and time.

    `amount_class`: "" where none was said; `signals`: kinds of safety signal raised in this contact; `judged`: the
    actions, with their amount class, that a person of the tier granted in it.
    """

    amount_class: str = ""
    signals: frozenset[str] = frozenset()
    judged: frozenset[tuple[str, str]] = frozenset()


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """May it be done now? `grants`: the ids of those that say so; `call_first`: the outside parties still to say yes.

    `passed_to`: the tier to pass it on to, 4 for beyond the last, 0 where it is not passed on.
    """

    word: Word
    grants: tuple[str, ...] = ()
    call_first: tuple[str, ...] = ()
    passed_to: int = 0

    def allows(self) -> bool:
        """Whether it may be done now, with nothing to be said or asked first."""
        return self.word in ("may", "automatic")


def evolve(state: AuthorityState, happened: Event) -> AuthorityState:
    """Fold one event."""
    if isinstance(happened, AuthorityAdopted):
        return AuthorityState(happened.version, happened.digest, happened.document)
    return state


def digest_of(document: AuthorityDocument) -> str:
    """SHA-256 of a document as JSON, in hex."""
    return hashlib.sha256(msgspec.json.encode(document)).hexdigest()


def adopt(state: AuthorityState, document: AuthorityDocument) -> tuple[AuthorityAdopted, ...]:
    """Decide on a document; the one in force is not adopted again.

    Raises Refused("authority_rejected") with every reason against it and the place of the first.
    """
    found = faults(document)
    if found:
        reasons = "; ".join(f"{fault.place}: {fault.says}" for fault in found[:_MOST_REASONS])
        more = f"; and {len(found) - _MOST_REASONS} more" if len(found) > _MOST_REASONS else ""
        raise Refused("authority_rejected", reasons + more, place=f"document.{found[0].place}")
    digest = digest_of(document)
    if digest == state.digest:
        return ()
    return (AuthorityAdopted(version=state.version + 1, digest=digest, document=document),)


def minute(authority: AuthorityState, at: datetime) -> int:
    """The minute of the week on the clocks that authority goes by at an instant (UTC); -1 where none can be told.

    It goes on record with what was decided by it: the database of zones is this machine's, and changes.
    """
    found = None if authority.document is None else minute_of_week(at, authority.document.zone)
    return -1 if found is None else found


def on_the_wall(document: AuthorityDocument, at: datetime, minute: int | None) -> int | None:
    """The minute that was read off the wall, as `minute` has it; where it was not (None), as it is read off now."""
    if minute is None:
        return minute_of_week(at, document.zone)
    return minute if minute >= 0 else None


def judge(
    authority: AuthorityState,
    action: str,
    tier: int,
    at: datetime,
    *,
    confirmations: Mapping[str, datetime],
    facts: Facts,
    minute: int | None = None,
) -> Verdict:
    """What authority says of an action that somebody of this tier would do at this instant (UTC).

    `confirmations`: which outside parties said yes to it in this contact, and when. `minute`: as it was read off then,
    None to read it off now. Reads the tier's own grants alone.
    """
    passed_on = Verdict("pass_on", passed_to=min(tier, LAST_TIER) + 1)
    document = authority.document
    if document is None:
        return passed_on
    of_week = on_the_wall(document, at, minute)
    found: list[Verdict] = []
    for grant in document.of(tier):
        if grant.action == action and _applies(document, grant, of_week, facts):
            call = tuple(name for name in grant.confirmed_by if not _said_yes(confirmations, name, at))
            found.append(Verdict(_word(grant, call, facts), (grant.id,), call))
    if not found:
        return passed_on
    best = max(found, key=lambda verdict: (_RANK[verdict.word], -len(verdict.call_first)))
    alike = [verdict for verdict in found if (verdict.word, verdict.call_first) == (best.word, best.call_first)]
    return Verdict(best.word, tuple(each for verdict in alike for each in verdict.grants), best.call_first)


def _applies(document: AuthorityDocument, grant: Grant, minute: int | None, facts: Facts) -> bool:
    return (
        open_at(grant.hours, minute)
        and (not grant.signals or not facts.signals.isdisjoint(grant.signals))
        and document.within(facts.amount_class, grant.up_to)
    )


def _said_yes(confirmations: Mapping[str, datetime], name: str, at: datetime) -> bool:
    said = confirmations.get(name)
    return said is not None and said <= at


def _word(grant: Grant, call: tuple[str, ...], facts: Facts) -> Word:
    if call:
        return "needs_confirmation"
    if grant.kind == "judgement" and (grant.action, facts.amount_class) in facts.judged:
        return "may"
    return grant.kind


def in_contact(
    authority: AuthorityState,
    interaction: InteractionState,
    action: str,
    tier: int,
    at: datetime,
    *,
    amount_class: str = "",
    anew: bool = False,
    minute: int | None = None,
) -> Verdict:
    """What authority says of an action in this contact: with what was confirmed, granted and signalled in it.

    `anew`: as if nobody had granted it by judgement yet.
    """
    cleared = interaction.cleared
    signals = frozenset(cleared.signals.values())
    judged = frozenset() if anew else cleared.judged(tier, interaction.bindings)
    return judge(
        authority,
        action,
        tier,
        at,
        confirmations=cleared.confirmations(action, interaction.bindings),
        facts=Facts(amount_class, signals, judged),
        minute=minute,
    )
