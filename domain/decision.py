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
from domain.consent import opened as consented
from domain.dimension import AROUND, Cell, Channel, Protection, Purpose, Scope, Standing, Tier, View
from domain.field_class import FieldClass
from domain.hearing import Hearing, all_held, all_shown, something, stand
from domain.interaction import InteractionState
from domain.policy import PolicyTable
from domain.standing_in import opened

Basis = Literal["held", "shown", ""]

_E = FieldClass.E.index
# By names of their own: a member that is asked of its class costs a tenth of a decision.
_HELD, _SHOWN, _BOUND, _LEAST = View.HELD, View.SHOWN, Standing.BOUND, Tier.ONE
_NONE, _SELF, _OTHER = Protection.NONE, Protection.SELF, Protection.OTHER
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
_NOBODY: frozenset[str] = frozenset()


class Question(msgspec.Struct, frozen=True, gc=False):
    """What is asked, and by whom. `classes`: bits by `FieldClass.index`; `locator`: a mark, "" if asked by id.

    `interaction_id`: the contact it is asked in, where an override of that contact may answer it. `named`: whether a
    booking was named, by its id or a locator; False where all there are were asked for, and there is none.
    """

    agent: str
    account_id: str
    booking_id: str
    classes: int
    purpose: Purpose
    locator: str = ""
    interaction_id: str = ""
    named: bool = True


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What it is judged on: the folded account, booking (None if there is none) and interaction."""

    account: AccountState
    booking: BookingState | None
    interaction: InteractionState


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What was decided. `hearings` narrow; `listeners` are all on the line, as the record keeps them."""

    outcome: Outcome
    basis: Basis
    rules: tuple[str, ...]
    listeners: tuple[Heard, ...]
    hearings: tuple[Hearing, ...]
    classes: int
    unspoken: frozenset[str]
    override_id: str = ""
    unshown: bool = False

    def shy(self) -> bool:
        """Whether the held view must tell somebody who listens nothing of another party."""
        return any(hearing.shy_of for hearing in self.hearings)

    def held(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether the answer has this item of the held view."""
        bit = field_class.index
        return self.basis == "held" and bool(self.classes >> bit & 1) and all_held(self.hearings, bit, subjects)

    def shown(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether the answer has this item of the shown view: not where all may have such a one as held."""
        return self.as_shown(field_class, subjects) and not self.held(field_class, subjects)

    def as_shown(self, field_class: FieldClass, subjects: tuple[str, ...]) -> bool:
        """Whether all may have this item of the shown view."""
        bit = field_class.index
        if not self.basis or not self.classes >> bit & 1:
            return False
        return all_shown(self.hearings, self.unspoken, bit, subjects)


def decide(question: Question, facts: Facts, policy: PolicyTable, now: datetime) -> Decision:
    """Decide one question. Whatever is missing, stale or unclear is withheld."""
    interaction, booking = facts.interaction, facts.booking
    if not interaction.usable(question.agent, now) or question.account_id != interaction.account_id:
        return _withheld(("stale-context",), (), question)
    listeners, hearings = hear(question, facts, policy, now)
    override_id = ""
    if facts.account.overrides:
        protected = _protected(facts, now)[0]
        override_id, hearings = opened(question, facts, policy, now, hearings=hearings, protected=protected)
    why = _unanswerable(question, facts, hearings, now)
    if booking is None or why:
        _ruled(policy, question, interaction, hearings, _SHOWN)  # what a hidden booking costs, an unknown one costs
        return _withheld((why,), listeners, question)
    unshown = booking.living is not None and booking.living.unshown(now)
    unspoken = _unspoken(facts, hearings, now) if booking.split is not None else _NOBODY
    basis, view = _basis(question.locator, booking, hearings, unspoken, unshown=unshown)
    rules = _ruled(policy, question, interaction, hearings, view)
    if unshown or override_id or interaction.consents:
        besides = {
            "shown-view-withheld": unshown,
            "override": bool(override_id),
            "consent": any(hearing.consents for hearing in hearings),
        }
        rules = (*rules, *(rule for rule, holds in besides.items() if holds))
    if not basis or not something(hearings, question.classes):
        return _withheld(rules, listeners, question)
    return Decision("disclosed", basis, rules, listeners, hearings, question.classes, unspoken, override_id, unshown)


def _unanswerable(question: Question, facts: Facts, hearings: tuple[Hearing, ...], now: datetime) -> str:
    """Why nothing is told before any policy is asked; "" where policy decides.

    A name that was given in this contact is one that no booking has; any other is left over from somewhere else.
    """
    interaction, booking = facts.interaction, facts.booking
    if interaction.disputed_by:
        return "disputed"
    if not hearings:
        return "nobody-to-hear"
    if booking is None or booking.held is None or booking.account_id != question.account_id:
        given = not question.named or (bool(question.locator) and question.locator == interaction.locator)
        return "no-such-booking" if given else "stale-context"
    if booking.stale or (booking.fresh_until is not None and now >= booking.fresh_until):
        return "stale-view"
    return ""


def _basis(
    locator: str, booking: BookingState, hearings: tuple[Hearing, ...], unspoken: frozenset[str], *, unshown: bool
) -> tuple[Basis, View]:
    """The view that answers, and the view whose rules decided it. `unshown`: the shown one is to answer nothing."""
    held, shown = booking.held, booking.shown
    if (
        held is not None
        and all_held(hearings, _E, held.people)
        and _located(locator, held, shown)
        and (shown is None or not booking.taken_off or _says_nothing(hearings, booking.taken_off, shown))
    ):
        return "held", _HELD
    if (
        shown is not None
        and not unshown
        and all_shown(hearings, unspoken, _E, shown.people)
        and _located(locator, shown)
    ):
        return "shown", _SHOWN
    return "", _SHOWN


def _says_nothing(hearings: tuple[Hearing, ...], taken_off: frozenset[str], shown: BookingView) -> bool:
    """Whether what is held does not tell a listener that somebody of whom he must not learn was taken off it."""
    gone = taken_off.intersection(shown.people)
    return all(hearing.shy_of.isdisjoint(gone) for hearing in hearings)


def hear(
    question: Question, facts: Facts, policy: PolicyTable, now: datetime
) -> tuple[tuple[Heard, ...], tuple[Hearing, ...]]:
    """Where every listener stands, and the hearings of those who narrow. None narrow where only bound ones listen."""
    account, interaction = facts.account, facts.interaction
    protected, guarded = _protected(facts, now)
    channel, tier = _CHANNELS[interaction.channel], _TIERS.get(interaction.tier, _LEAST)
    listeners: list[Heard] = []
    hearings: list[Hearing] = []
    past = _NOBODY if facts.booking is None or not guarded else facts.booking.past()
    masks, around = policy.masks, dimension.around(question.purpose, channel, tier)
    for listener in interaction.listeners.values():
        standing, party_id, shy_of = stand(listener, interaction, account, protected)
        protection = _NONE if not guarded else _SELF if party_id in protected else _OTHER
        listener_id = listener.listener_id
        listeners.append(Heard(listener_id, standing.word, protection.word, party_id))
        if standing is not _BOUND:
            at = (standing.ordinal * 3 + protection.ordinal) * AROUND + around
            hearings.append(Hearing(listener_id, standing, protection, party_id, shy_of, at, masks[at], (), past))
    if interaction.consents:
        return tuple(listeners), consented(tuple(hearings), interaction)
    return tuple(listeners), tuple(hearings)


def _protected(facts: Facts, now: datetime) -> tuple[frozenset[str], bool]:
    """Who is protected as far as this booking goes, and whether it is to be answered as on a protected account.

    Of a booking whose views were parted everybody counts who ever was, and has not released it: a protection that
    lapses or ends opens nothing.
    """
    if facts.booking is not None and facts.booking.guarded():
        ever, released = facts.account.ever_protected(), facts.booking.released_by
        return (ever - released if released else ever), True
    protected = facts.account.protected(now)
    return protected, bool(protected)


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


def _located(locator: str, seen: BookingView, also: BookingView | None = None) -> bool:
    """Whether it was asked for by its id, or by a locator of these views: who may have the held one may use either."""
    return not locator or locator in seen.locators or (also is not None and locator in also.locators)


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
    channel, tier = _CHANNELS[interaction.channel], _TIERS.get(interaction.tier, _LEAST)
    standing, protection, purpose = hearing.standing, hearing.protection, question.purpose
    return {
        rule
        for field_class in FieldClass
        if (question.classes | _EXISTENCE) >> field_class.index & 1
        for scope in Scope
        for rule in policy.ruling(Cell(standing, protection, purpose, channel, tier, view, scope, field_class)).rules
    }
