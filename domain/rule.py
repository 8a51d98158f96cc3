"""Rules: what in the log opens an incident, or joins one. Data, in a document of our own, versioned like the policy.

A rule book takes effect at the position it was adopted at; `projections.triggers` evaluates it. The shape of the
document is published as `openapi/rules.schema.json`.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from domain.event import Event, event
from domain.refusal import Refused

STREAM = "rules:default"
MOST_RULES = 64

Warns = Literal["protected", "always", "never"]
RuleId = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,63}$", description="its name in incidents, unique in the book")]
Within = Annotated[int, Meta(ge=1, le=43_200, description="minutes that count together; at most thirty days")]
Quiet = Annotated[
    int, Meta(ge=0, le=1_440, description="minutes in which it does not find the same by the same person")
]
Count = Annotated[int, Meta(ge=1, le=1_000)]


class FailedAttempts(msgspec.Struct, frozen=True, tag="failed_attempts", tag_field="kind", forbid_unknown_fields=True):
    """So many failed attempts on one account: withheld, refused or a wrong passcode, whoever was asked and where."""

    id: RuleId
    within_minutes: Within
    count: Count
    warns: Warns = "protected"


class UnprovedClaims(msgspec.Struct, frozen=True, tag="unproved_claims", tag_field="kind", forbid_unknown_fields=True):
    """So many questions on one account by somebody taken for a protected party who did not prove it, told or not."""

    id: RuleId
    within_minutes: Within
    count: Count
    warns: Warns = "protected"


class DeclinedWishes(msgspec.Struct, frozen=True, tag="declined_wishes", tag_field="kind", forbid_unknown_fields=True):
    """So many wishes on one account that led to nothing: for a passcode or a call-back, an end, a stop, a release."""

    id: RuleId
    within_minutes: Within
    count: Count
    warns: Warns = "protected"


class AdverseAttempt(msgspec.Struct, frozen=True, tag="adverse_attempt", tag_field="kind", forbid_unknown_fields=True):
    """Somebody asks who is adverse towards a protected party of the account, whatever he was told."""

    id: RuleId
    quiet_minutes: Quiet = 0
    warns: Warns = "protected"


class DuressPasscode(msgspec.Struct, frozen=True, tag="duress_passcode", tag_field="kind", forbid_unknown_fields=True):
    """A duress passcode was used. The line hears nothing of it."""

    id: RuleId
    warns: Warns = "protected"


class Browsing(msgspec.Struct, frozen=True, tag="browsing", tag_field="kind", forbid_unknown_fields=True):
    """One person asks about so many accounts and locators of which no caller of his had shown to know anything.

    For the back office: flights that it says something of, and that are on neither view of their booking.
    """

    id: RuleId
    within_minutes: Within
    count: Count
    quiet_minutes: Quiet = 0


class QuestionAfterSplit(
    msgspec.Struct, frozen=True, tag="question_after_split", tag_field="kind", forbid_unknown_fields=True
):
    """Somebody who has not proved to be the protected party asks about a booking that was split shortly before."""

    id: RuleId
    within_minutes: Within
    quiet_minutes: Quiet = 0
    warns: Warns = "protected"


class OverrideRefused(
    msgspec.Struct, frozen=True, tag="override_refused", tag_field="kind", forbid_unknown_fields=True
):
    """Somebody wanted to break the glass and was refused."""

    id: RuleId
    warns: Warns = "protected"


class MistakeReported(
    msgspec.Struct, frozen=True, tag="mistake_reported", tag_field="kind", forbid_unknown_fields=True
):
    """An agent said that he told too much."""

    id: RuleId
    warns: Warns = "always"


Rule = (
    FailedAttempts
    | UnprovedClaims
    | DeclinedWishes
    | AdverseAttempt
    | DuressPasscode
    | Browsing
    | QuestionAfterSplit
    | OverrideRefused
    | MistakeReported
)


class Warning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):  # noqa: A001 - the word of the field
    """The task to warn the protected person by her safe contact: in how many minutes it is due. It is tier 3's."""

    due_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 30


class RuleBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules. An empty one opens nothing."""

    rules: Annotated[tuple[Rule, ...], Meta(max_length=MOST_RULES)]
    format: Literal["watchword.rules.1"] = "watchword.rules.1"
    warning: Warning = Warning()


DEFAULT = RuleBook(
    (
        FailedAttempts("failed-attempts", within_minutes=1_440, count=5),
        UnprovedClaims("unproved-claims", within_minutes=1_440, count=10),
        DeclinedWishes("declined-wishes", within_minutes=1_440, count=5),
        AdverseAttempt("adverse-attempt", quiet_minutes=10),
        DuressPasscode("duress-passcode"),
        Browsing("browsing", within_minutes=60, count=10, quiet_minutes=10),
        QuestionAfterSplit("question-after-split", within_minutes=1_440, quiet_minutes=10),
        OverrideRefused("override-refused"),
        MistakeReported("mistake-reported"),
    )
)


class RulesState(msgspec.Struct, frozen=True, gc=False):
    """The rules in force; version 0 is none."""

    version: int = 0
    digest: str = ""
    book: RuleBook = RuleBook(())


@event
class RulesAdopted(Event, frozen=True, kw_only=True):
    """From this position on the log is watched by these rules. `version`: 1 for the first."""

    NAME: ClassVar[str] = "rules.adopted.v1"
    version: int
    digest: str
    book: RuleBook


def digest(book: RuleBook) -> str:
    """SHA-256 of a rule book, in hex: two are the same where this is."""
    return hashlib.sha256(msgspec.json.encode(book)).hexdigest()


def evolve(state: RulesState, happened: Event) -> RulesState:
    """Fold one event of the rules' stream."""
    if isinstance(happened, RulesAdopted):
        return RulesState(happened.version, happened.digest, happened.book)
    return state


def check(book: RuleBook) -> None:
    """Raise Refused("rules_rejected") where two rules have the same id."""
    seen: set[str] = set()
    for index, rule in enumerate(book.rules):
        if rule.id in seen:
            raise Refused("rules_rejected", "give each rule an id of its own", place=f"rules[{index}].id")
        seen.add(rule.id)


def adopt(state: RulesState, book: RuleBook) -> tuple[RulesAdopted, ...]:
    """Decide on a rule book: nothing happens where it is in force already. Raises Refused("rules_rejected")."""
    check(book)
    found = digest(book)
    if state.version and found == state.digest:
        return ()
    return (RulesAdopted(version=state.version + 1, digest=found, book=book),)
