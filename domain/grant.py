"""Grants: which tier may do what, when, after whose yes. Together they are the document that authority is adopted as.

`openapi/authority.schema.json` describes it to those who write one. What a schema cannot say, `faults` does: a name
that nothing declares, a zone that is none, and a moment of the week at which nobody could act on a safety signal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from domain.hours import Hours, known_zone, named, open_at, turning_points

Signal = Literal["health", "safety"]
Tier = Literal[1, 2, 3]
Kind = Literal["may", "automatic", "judgement"]

SIGNALS: tuple[Signal, ...] = ("health", "safety")
TIERS: tuple[Tier, ...] = (1, 2, 3)
LAST_TIER = 3
BEYOND = "the manager on duty"
MOST_GRANTS = 256

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,47}$")]
MaybeName = Annotated[str, Meta(pattern="^([a-z][a-z0-9_-]{0,47})?$", description="empty: not given")]
Words = Annotated[str, Meta(min_length=1, max_length=200)]


class Desk(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Where a tier is reached: what an agent is told to transfer to."""

    tier: Tier
    name: Words


class Outside(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A party outside the desk who has to say yes to some things, and how to reach it."""

    name: Name
    call: Words


class Grant(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that one tier may do.

    `kind`: "may" do it; "automatic": an exception granted by rule, which nobody judges; "judgement": a person of the
    tier decides, and says what was granted and why. `hours`: only then, in the document's zone. `confirmed_by`: after
    each of these parties said yes. `up_to`: the largest amount class. `signals`: only where one of these safety signals
    was raised in this contact; it is then among the actions the signal is answered with.
    """

    id: Name
    tier: Tier
    action: Name
    kind: Kind = "may"
    hours: Annotated[tuple[Hours, ...], Meta(max_length=21)] = ()
    confirmed_by: Annotated[tuple[Name, ...], Meta(max_length=8)] = ()
    up_to: MaybeName = ""
    signals: Annotated[tuple[Signal, ...], Meta(max_length=2)] = ()


class AuthorityDocument(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Who may do what. `zone`: the IANA zone of all hours; `amount_classes`: smallest first.

    `desks`: one for each tier; `beyond`: where the last tier passes things on to.
    """

    grants: Annotated[tuple[Grant, ...], Meta(max_length=MOST_GRANTS)]
    desks: Annotated[tuple[Desk, ...], Meta(max_length=3)]
    title: Annotated[str, Meta(max_length=200)] = ""
    zone: Annotated[str, Meta(pattern="^[A-Za-z0-9_+/-]{1,64}$", examples=["Europe/Lisbon"])] = "UTC"
    beyond: Words = BEYOND
    amount_classes: Annotated[tuple[Name, ...], Meta(max_length=16)] = ()
    outside: Annotated[tuple[Outside, ...], Meta(max_length=32)] = ()

    def desk(self, tier: int) -> str:
        """The name of a tier's desk; after the last tier's, whoever is beyond."""
        return next((each.name for each in self.desks if each.tier == tier), self.beyond)

    def of(self, tier: int) -> tuple[Grant, ...]:
        """The grants of one tier."""
        return tuple(grant for grant in self.grants if grant.tier == tier)

    def within(self, amount_class: str, up_to: str) -> bool:
        """Whether an amount class is no larger than another; one that is not declared, or not said, is the largest."""
        if not up_to:
            return True
        known = self.amount_classes
        return amount_class in known and up_to in known and known.index(amount_class) <= known.index(up_to)

    def answering(self, tier: int, signal: str, minute: int | None) -> tuple[Grant, ...]:
        """What a tier may do at once about a safety signal in this minute: nobody has to be called first."""
        return tuple(
            grant
            for grant in self.of(tier)
            if signal in grant.signals and not grant.confirmed_by and open_at(grant.hours, minute)
        )


class Fault(msgspec.Struct, frozen=True):
    """What speaks against a document: where in it, and what to do."""

    place: str
    says: str


def part(document: AuthorityDocument, tier: int) -> AuthorityDocument:
    """What a tier sees: its own grants, and of the rest what they name. Nothing in it moves with another tier's."""
    own = document.of(tier)
    called = {name for grant in own for name in grant.confirmed_by}
    known = document.amount_classes
    largest = max((known.index(grant.up_to) for grant in own if grant.up_to in known), default=-1)
    return replace(
        document,
        title="",
        grants=own,
        desks=tuple(desk for desk in document.desks if desk.tier in (tier, tier + 1)),
        beyond=document.beyond if tier >= LAST_TIER else BEYOND,
        amount_classes=known[: largest + 1],
        outside=tuple(party for party in document.outside if party.name in called),
    )


def faults(document: AuthorityDocument) -> list[Fault]:
    """Everything that speaks against adopting it, each with its place."""
    found = [Fault("zone", "name an IANA zone, such as Europe/Lisbon")] if not known_zone(document.zone) else []
    found += [
        Fault(f"{place}[{at}]{rest}", "this is named twice")
        for place, rest, names in (
            ("grants", ".id", [grant.id for grant in document.grants]),
            ("outside", ".name", [party.name for party in document.outside]),
            ("amount_classes", "", document.amount_classes),
            ("desks", ".tier", [desk.tier for desk in document.desks]),
        )
        for at, name in enumerate(names)
        if name in names[:at]
    ]
    missing = [str(tier) for tier in TIERS if tier not in {desk.tier for desk in document.desks}]
    if missing:
        found.append(Fault("desks", f"say where tier {' and '.join(missing)} is reached"))
    outside = {party.name for party in document.outside}
    for at, grant in enumerate(document.grants):
        found += [Fault(f"grants[{at}].{place}", says) for place, says in _of_one(document, grant, outside)]
    return found or list(_unanswered(document))


def _of_one(document: AuthorityDocument, grant: Grant, outside: set[str]) -> Iterable[tuple[str, str]]:
    for at, hours in enumerate(grant.hours):
        if hours.opens == hours.closes:
            yield f"hours[{at}].until", "it opens and closes at once; for the whole day say 00:00 until 24:00"
    for at, name in enumerate(grant.confirmed_by):
        if name not in outside:
            yield f"confirmed_by[{at}]", "declare this party under outside, and how to reach it"
    if grant.up_to and grant.up_to not in document.amount_classes:
        yield "up_to", "name one of the amount_classes"
    if grant.kind == "automatic":
        if grant.confirmed_by:
            yield "confirmed_by", "an automatic exception waits for nobody; make it a grant of the kind may"
        if not (grant.up_to or grant.signals or grant.hours):
            yield "kind", "say by which rule it is granted (up_to, signals or hours), or make it of the kind may"


def _unanswered(document: AuthorityDocument) -> Iterable[Fault]:
    """Moments at which nobody may act on a safety signal: no tier would have an action, nor one to pass it on to."""
    for signal in SIGNALS:
        about = [grant for grant in document.grants if signal in grant.signals]
        for minute in turning_points(hours for grant in about for hours in grant.hours):
            if not any(document.answering(tier, signal, minute) for tier in TIERS):
                says = f"from {named(minute)} on no tier may act at once on a {signal} signal, so that no tier has an"
                yield Fault("grants", f"{says} action or anybody to pass it on to; grant one without hours")
                break
