"""The decision: the only place that says yes.

`decide(question, facts, policy, now)` is pure. For each person who would hear the answer it looks up what he may have
by what he has proved; the answer is what *all* of them may have. Everything it reads is clear and pseudonymous.

A booking is answered from one view, its *basis*: the held one if every listener may know that it exists as held, else
the shown one, else none. From the held basis, items that not all of them may have as held are taken as shown, where
they may have those (`domain.answer` makes the document of it).

Policy says what a listener of some standing may have; one thing stands whatever it says. A listener is *shy of* every
protected party he has not proved to be, and the held view tells him nothing of those: no item, and of a booking that
concerns them in either view not even that it is held otherwise. Two protected parties are not shy of each other once
two people have confirmed both protections and neither is adverse towards the other; until then a claim of one's own
opens nothing of another's.
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

_E = FieldClass.E.index
_EXISTENCE = 1 << _E
_TIERS = {1: Tier.ONE, 2: Tier.TWO, 3: Tier.THREE}
_CHANNELS = {
    "call": Channel.CALL,
    "call_back": Channel.CALL,
    "chat": Channel.CHAT,
    "portal": Channel.PORTAL,
    "notice": Channel.NOTICE,
}
_MOST_RULES = 4096
# A memo of pure look-ups, emptied when full.
_RULES: dict[tuple[int, str, int, int, tuple[int, ...]], tuple[str, ...]] = {}
_HELD, _SHOWN, _OTHERS = View.HELD.ordinal * 16, View.SHOWN.ordinal * 16, Scope.COMPANION.ordinal * 8
_NOBODY: frozenset[str] = frozenset()


class Question(msgspec.Struct, frozen=True, gc=False):
    """What is asked, and by whom. `classes`: bits by `FieldClass.index`; `locator`: a mark, "" if asked by id."""

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

    `shy_of`: the protected parties about whom the held view tells him nothing, whatever policy permits.
    """

    listener_id: str
    standing: Standing
    protection: Protection
    party_id: str
    shy_of: frozenset[str]
    situation: int
    mask: int

    def may_held(self, bit: int, subjects: tuple[str, ...]) -> bool:
        """Whether he may have an item of this field class (0 to 7), about these people, from the held view."""
        if self.shy_of and not self.shy_of.isdisjoint(subjects):
            return False
        return bool(self.mask >> (_HELD + bit if self.party_id in subjects else _HELD + _OTHERS + bit) & 1)

    def may_shown(self, bit: int, subjects: tuple[str, ...]) -> bool:
        """The same, from the shown view."""
        return bool(self.mask >> (_SHOWN + bit if self.party_id in subjects else _SHOWN + _OTHERS + bit) & 1)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What was decided. `hearings` narrow; `listeners` are all on the line, as the record keeps them."""

    outcome: Outcome
    basis: Basis
    rules: tuple[str, ...]
    listeners: tuple[Heard, ...]
    hearings: tuple[Hearing, ...]
    classes: int
    unspoken: frozenset[str]

    def shy(self) -> bool:
        """Whether the held view must tell somebody who listens nothing of another party."""
        return any(hearing.shy_of for hearing in self.hearings)

    def held(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether the answer has this item of the held view."""
        bit = field_class.index
        return self.basis == "held" and bool(self.classes >> bit & 1) and _all_held(self.hearings, bit, subjects)

    def shown(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether the answer has this item of the shown view: not where all may have such a one as held."""
        return self.as_shown(field_class, subjects) and not self.held(field_class, subjects)

    def as_shown(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether all may have this item of the shown view."""
        bit = field_class.index
        if not self.basis or not self.classes >> bit & 1:
            return False
        return _all_shown(self.hearings, self.unspoken, bit, subjects)


def decide(question: Question, facts: Facts, policy: PolicyTable, now: datetime) -> Decision:
    """Decide one question. Whatever is missing, stale or unclear is withheld."""
    interaction, booking = facts.interaction, facts.booking
    if not interaction.usable(question.agent, now) or question.account_id != interaction.account_id:
        return _withheld(("stale-context",), (), question)
    listeners, hearings = hear(question, facts, policy, now)
    if not hearings:
        return _withheld(("nobody-to-hear",), listeners, question)
    if booking is None or booking.held is None or booking.account_id != question.account_id:
        _ruled(policy, question, interaction, hearings, View.SHOWN)  # what a hidden booking costs, an unknown one costs
        return _withheld(("no-such-booking",), listeners, question)
    if booking.stale:
        return _withheld(("stale-view",), listeners, question)
    unspoken = _unspoken(facts, hearings, now) if booking.split is not None else _NOBODY
    basis, view = _basis(question.locator, booking.held, booking.shown, hearings, unspoken)
    rules = _ruled(policy, question, interaction, hearings, view)
    if not basis or not _something(hearings, question.classes):
        return _withheld(rules, listeners, question)
    return Decision("disclosed", basis, rules, listeners, hearings, question.classes, unspoken)


def _basis(
    locator: str, held: BookingView, shown: BookingView | None, hearings: tuple[Hearing, ...], unspoken: frozenset[str]
) -> tuple[Basis, View]:
    """The view that answers, and the view whose rules decided it."""
    if (
        _all_held(hearings, _E, held.people)
        and _located(locator, held, shown)
        # Of those who are shown and not on it any more the held view would say just that.
        and (
            shown is None or shown.at == held.at or all(hearing.shy_of.isdisjoint(shown.people) for hearing in hearings)
        )
    ):
        return "held", View.HELD
    if shown is not None and _all_shown(hearings, unspoken, _E, shown.people) and _located(locator, shown):
        return "shown", View.SHOWN
    return "", View.SHOWN


def hear(
    question: Question, facts: Facts, policy: PolicyTable, now: datetime
) -> tuple[tuple[Heard, ...], tuple[Hearing, ...]]:
    """Where every listener stands, and the hearings of those who narrow. None narrow where only bound ones listen."""
    account, interaction = facts.account, facts.interaction
    protected, guarded = _protected(facts, now)
    channel, tier = _CHANNELS[interaction.channel], _TIERS.get(interaction.tier, Tier.ONE)
    listeners: list[Heard] = []
    hearings: list[Hearing] = []
    for listener in interaction.listeners.values():
        standing, party_id, shy_of = stand(listener, interaction, account, protected)
        protection = Protection.NONE if not guarded else Protection.SELF if party_id in protected else Protection.OTHER
        listeners.append(Heard(listener.listener_id, standing.value, protection.value, party_id))
        if standing is not Standing.BOUND:
            situation = dimension.situation(standing, protection, question.purpose, channel, tier)
            mask = policy.masks[situation]
            hearings.append(Hearing(listener.listener_id, standing, protection, party_id, shy_of, situation, mask))
    return tuple(listeners), tuple(hearings)


def _protected(facts: Facts, now: datetime) -> tuple[frozenset[str], bool]:
    """Who is protected as far as this booking goes, and whether it is to be answered as on a protected account.

    Of a booking whose views were parted everybody counts who ever was: a protection that lapses opens nothing.
    """
    protected = facts.account.protected(now)
    if facts.booking is not None and facts.booking.guarded():
        return facts.account.ever_protected(), True
    return protected, bool(protected)


def stand(  # noqa: PLR0911 - one return for each standing
    listener: Listener, interaction: InteractionState, account: AccountState, protected: frozenset[str]
) -> tuple[Standing, str, frozenset[str]]:
    """One listener's standing on the account, the party he is ("" for nobody we know), and whom he is shy of."""
    if listener.kind != "customer":
        if listener.kind == "third_party":
            return Standing.THIRD_PARTY, "", protected
        return (Standing.BOUND if listener.bound else Standing.UNKNOWN), "", protected
    proof = interaction.proof(listener)
    party_id = proof.party_id if proof is not None else interaction.taken_for(listener)
    party = account.parties.get(party_id)
    if party is None:
        return Standing.UNKNOWN, "", protected
    if proof is None:
        return (Standing.UNPROVED if party.gated else Standing.IDENTIFIED), party_id, protected
    if proof.method == "duress":
        return Standing.DURESS, party_id, protected
    if not protected:
        return Standing.VERIFIED, party_id, _NOBODY
    standing = Standing.ADVERSE if account.adverse_towards(party_id, protected) else Standing.VERIFIED
    return standing, party_id, account.shy_of(party_id, protected)


def _withheld(rules: tuple[str, ...], listeners: tuple[Heard, ...], question: Question) -> Decision:
    return Decision("withheld", "", rules, listeners, (), question.classes, _NOBODY)


def _unspoken(facts: Facts, hearings: tuple[Hearing, ...], now: datetime) -> frozenset[str]:
    """Whose shown view the split keeps from those who proved to be adverse towards them."""
    account, booking = facts.account, facts.booking
    if booking is None or booking.split is None or booking.split.hers == "shown":
        return _NOBODY
    protected, _ = _protected(facts, now)
    adverse = (hearing.party_id for hearing in hearings if hearing.standing is Standing.ADVERSE)
    return _NOBODY.union(*(account.adverse_towards(party_id, protected) for party_id in adverse))


def _all_held(hearings: tuple[Hearing, ...], bit: int, subjects: tuple[str, ...]) -> bool:
    """Whether all may have an item of the held view."""
    for hearing in hearings:  # noqa: SIM110 - on the hot path a loop costs half of all(generator)
        if not hearing.may_held(bit, subjects):
            return False
    return True


def _all_shown(hearings: tuple[Hearing, ...], unspoken: frozenset[str], bit: int, subjects: tuple[str, ...]) -> bool:
    """Whether all may have an item of the shown view."""
    if unspoken and not unspoken.isdisjoint(subjects):
        return False
    for hearing in hearings:  # noqa: SIM110 - likewise
        if not hearing.may_shown(bit, subjects):
            return False
    return True


def _located(locator: str, seen: BookingView, also: BookingView | None = None) -> bool:
    """Whether it was asked for by its id, or by a locator of these views: who may have the held one may use either."""
    return not locator or locator in seen.locators or (also is not None and locator in also.locators)


def _something(hearings: tuple[Hearing, ...], classes: int) -> bool:
    """Whether any class asked for is one that all may have, of their own things or of others'.

    The shown view's classes tell: whoever may have one as held may have it as shown (`policy.check`).
    """
    asked = classes
    for hearing in hearings:
        asked &= hearing.mask >> _SHOWN | hearing.mask >> (_SHOWN + _OTHERS)
    return bool(asked & 0xFF)


def _ruled(
    policy: PolicyTable, question: Question, interaction: InteractionState, hearings: tuple[Hearing, ...], view: View
) -> tuple[str, ...]:
    """The rules that decided existence and the classes asked for, in this view, for everybody who narrows."""
    situations = tuple([hearing.situation for hearing in hearings])
    key = (policy.version, policy.digest, view.ordinal, question.classes, situations)
    rules = _RULES.get(key)
    if rules is None:
        found = {rule for hearing in hearings for rule in _rules(policy, question, interaction, hearing, view)}
        if len(_RULES) >= _MOST_RULES:
            _RULES.clear()
        rules = _RULES[key] = tuple(sorted(found))
    return rules


def _rules(
    policy: PolicyTable, question: Question, interaction: InteractionState, hearing: Hearing, view: View
) -> set[str]:
    channel, tier = _CHANNELS[interaction.channel], _TIERS.get(interaction.tier, Tier.ONE)
    standing, protection, purpose = hearing.standing, hearing.protection, question.purpose
    return {
        rule
        for field_class in FieldClass
        if (question.classes | _EXISTENCE) >> field_class.index & 1
        for scope in Scope
        for rule in policy.ruling(Cell(standing, protection, purpose, channel, tier, view, scope, field_class)).rules
    }
