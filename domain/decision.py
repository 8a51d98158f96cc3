"""The decision: the only place that says yes.

`decide(question, facts, policy, now)` is pure. For each person who would hear the answer it looks up what he may have by what he
has proved; the answer is what *all* of them may have. Everything it reads is clear and pseudonymous.

A booking is answered from one view, its *basis*: the held one if every listener may know that it exists as held, else the shown one,
else none. From the held basis, items that not all of them may have as held are taken as shown, where they may have those.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from domain import dimension
from domain.account import AccountState
from domain.attempt import Heard, Outcome
from domain.booking import BookingState, BookingView
from domain.dimension import Cell, Channel, Protection, Purpose, Scope, Standing, Tier, View
from domain.field_class import FieldClass
from domain.interaction import InteractionState, Listener
from domain.policy import PolicyTable

Basis = Literal["held", "shown", ""]

_EXISTENCE = 1 << FieldClass.E.index
_TIERS = {1: Tier.ONE, 2: Tier.TWO, 3: Tier.THREE}
_CHANNELS = {
    "call": Channel.CALL, "call_back": Channel.CALL, "chat": Channel.CHAT, "portal": Channel.PORTAL, "notice": Channel.NOTICE
}  # fmt: skip
_RULES: dict[tuple[str, int, int, int], tuple[str, ...]] = {}  # a memo of pure look-ups


class Question(msgspec.Struct, frozen=True, gc=False):
    """What is asked, and by whom. `classes` is a bit set by `FieldClass.index`; `locator` a mark, "" if asked by booking id."""

    agent: str
    account_id: str
    booking_id: str
    classes: int
    purpose: Purpose
    locator: str = ""


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What it is judged on: the folded account, booking (None if there is none) and interaction."""

    account: AccountState
    booking: BookingState | None
    interaction: InteractionState


class Hearing(msgspec.Struct, frozen=True, gc=False):
    """One listener who narrows the answer. `mask`: what policy permits him.

    `shy_of`: the protected parties he is adverse towards; what the held view says of them and him together is not his own.
    """

    listener_id: str
    standing: Standing
    protection: Protection
    party_id: str
    shy_of: frozenset[str]
    situation: int
    mask: int

    def may(self, view: View, bit: int, subjects: tuple[str, ...]) -> bool:
        """Whether he may have an item of this field class (0 to 7), about these people, in this view."""
        own = self.party_id in subjects and (view is View.SHOWN or self.shy_of.isdisjoint(subjects))
        return bool(self.mask >> (view.ordinal * 16 + (0 if own else 8) + bit) & 1)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What was decided. `hearings` narrow; `listeners` are all on the line, as the record keeps them."""

    outcome: Outcome
    basis: Basis
    rules: tuple[str, ...]
    listeners: tuple[Heard, ...]
    hearings: tuple[Hearing, ...]
    classes: int
    unspoken: frozenset[str]

    def held(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether the answer has this item of the held view."""
        bit = field_class.index
        return self.basis == "held" and bool(self.classes >> bit & 1) and self._all(View.HELD, bit, subjects)

    def shown(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether the answer has this item of the shown view."""
        bit = field_class.index
        if not self.classes >> bit & 1 or not self._all(View.SHOWN, bit, subjects):
            return False
        return self.basis == "shown" or (self.basis == "held" and not self._all(View.HELD, bit, subjects))

    def _all(self, view: View, bit: int, subjects: tuple[str, ...]) -> bool:
        if view is View.SHOWN and self.unspoken and not self.unspoken.isdisjoint(subjects):
            return False
        for hearing in self.hearings:  # noqa: SIM110 - on the hot path a loop costs half of all(generator)
            if not hearing.may(view, bit, subjects):
                return False
        return True


def decide(question: Question, facts: Facts, policy: PolicyTable, now: datetime) -> Decision:
    """Decide one question. Whatever is missing, stale or unclear is withheld."""
    interaction, booking = facts.interaction, facts.booking
    if not interaction.usable(question.agent, now) or question.account_id != interaction.account_id:
        return _withheld(("stale-context",), (), question)
    listeners, hearings = hear(question, facts, policy, now)
    if not hearings:
        return _withheld(("nobody-to-hear",), listeners, question)
    if booking is None or booking.held is None or booking.account_id != question.account_id:
        return _withheld(("no-such-booking",), listeners, question)
    if booking.stale:
        return _withheld(("stale-view",), listeners, question)
    unspoken = _unspoken(booking, hearings)
    draft = Decision("disclosed", "held", (), listeners, hearings, question.classes | _EXISTENCE, unspoken)
    basis: Basis = ""
    view = View.SHOWN
    if _known(draft, View.HELD, booking.held) and _located(question.locator, booking.held, booking.shown):
        basis, view = "held", View.HELD
    elif (
        booking.shown is not None
        and _known(draft, View.SHOWN, booking.shown)
        and _located(question.locator, booking.shown)
    ):
        basis = "shown"
    rules = _ruled(policy, question, interaction, hearings, view)
    if not basis or not _something(hearings, view, question.classes):
        return _withheld(rules, listeners, question)
    return Decision("disclosed", basis, rules, listeners, hearings, question.classes, unspoken)


def hear(
    question: Question, facts: Facts, policy: PolicyTable, now: datetime
) -> tuple[tuple[Heard, ...], tuple[Hearing, ...]]:
    """Where every listener stands, and the hearings of those who narrow. None narrow where only bound ones listen."""
    account, interaction = facts.account, facts.interaction
    protected = account.protected(now)
    guarded = bool(protected)
    if facts.booking is not None and facts.booking.guarded():
        protected |= account.ever_protected()
        guarded = True
    channel, tier = _CHANNELS[interaction.channel], _TIERS[interaction.tier]
    listeners: list[Heard] = []
    hearings: list[Hearing] = []
    for listener in interaction.listeners.values():
        standing, party_id, shy_of = stand(listener, account, question.account_id, protected)
        if not guarded:
            protection = Protection.NONE
        else:
            protection = Protection.SELF if party_id and party_id in protected else Protection.OTHER
        listeners.append(Heard(listener.listener_id, standing.value, protection.value, party_id))
        if standing is not Standing.BOUND:
            situation = dimension.situation(standing, protection, question.purpose, channel, tier)
            mask = policy.masks[situation]
            hearings.append(Hearing(listener.listener_id, standing, protection, party_id, shy_of, situation, mask))
    return tuple(listeners), tuple(hearings)


def stand(
    listener: Listener, account: AccountState, account_id: str, protected: frozenset[str]
) -> tuple[Standing, str, frozenset[str]]:
    """One listener's standing on an account, the party he is ("" for nobody we know), and whom he is adverse towards."""
    nobody: frozenset[str] = frozenset()
    if listener.kind != "customer":
        if listener.kind == "third_party":
            return Standing.THIRD_PARTY, "", nobody
        return (Standing.BOUND if listener.bound else Standing.UNKNOWN), "", nobody
    proof = listener.proofs.get(account_id)
    party_id = proof.party_id if proof is not None else listener.identified.get(account_id, "")
    party = account.parties.get(party_id)
    if party is None:
        return Standing.UNKNOWN, "", nobody
    shy_of = account.adverse_towards(party_id, protected) if protected else nobody
    if proof is None:
        return (Standing.UNPROVED if party.gated else Standing.IDENTIFIED), party_id, shy_of
    if proof.method == "duress":
        return Standing.DURESS, party_id, shy_of
    return (Standing.ADVERSE if shy_of else Standing.VERIFIED), party_id, shy_of


def _withheld(rules: tuple[str, ...], listeners: tuple[Heard, ...], question: Question) -> Decision:
    return Decision("withheld", "", rules, listeners, (), question.classes, frozenset())


def _unspoken(booking: BookingState, hearings: tuple[Hearing, ...]) -> frozenset[str]:
    """Whose shown view the split keeps from those who proved to be adverse towards them."""
    if booking.split is None or booking.split.hers == "shown":
        return frozenset()
    return frozenset().union(*(hearing.shy_of for hearing in hearings if hearing.standing is Standing.ADVERSE))


def _known(draft: Decision, view: View, seen: BookingView) -> bool:
    """Whether all listeners may know that the booking exists in this view."""
    return draft._all(view, FieldClass.E.index, seen.people)  # noqa: SLF001 - same noun


def _located(locator: str, *views: BookingView | None) -> bool:
    """Whether the booking was asked for by an id, or by a locator of these views: who may have the held one may use either."""
    return not locator or any(view is not None and locator in view.locators for view in views)


def _something(hearings: tuple[Hearing, ...], view: View, classes: int) -> bool:
    """Whether any class asked for is one that all may have, of their own things or of others'."""
    asked = classes
    for hearing in hearings:
        both = dimension.classes(hearing.mask, view, Scope.OWN) | dimension.classes(hearing.mask, view, Scope.COMPANION)
        asked &= both
    return bool(asked)


def _ruled(
    policy: PolicyTable, question: Question, interaction: InteractionState, hearings: tuple[Hearing, ...], view: View
) -> tuple[str, ...]:
    """The rules that decided existence and the classes asked for, in this view, for everybody who narrows."""
    found: set[str] = set()
    for hearing in hearings:
        key = (policy.digest, hearing.situation, view.ordinal, question.classes)
        rules = _RULES.get(key)
        if rules is None:
            rules = _RULES[key] = _rules(policy, question, interaction, hearing, view)
        found.update(rules)
    return tuple(sorted(found))


def _rules(
    policy: PolicyTable, question: Question, interaction: InteractionState, hearing: Hearing, view: View
) -> tuple[str, ...]:
    channel, tier = _CHANNELS[interaction.channel], _TIERS[interaction.tier]
    return tuple(
        sorted(
            {
                rule
                for field_class in FieldClass
                if (question.classes | _EXISTENCE) >> field_class.index & 1
                for scope in Scope
                for rule in policy.ruling(
                    Cell(
                        hearing.standing, hearing.protection, question.purpose, channel, tier, view, scope, field_class
                    )
                ).rules
            }
        )
    )
