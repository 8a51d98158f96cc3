"""Hearings: where one listener stands, and what he may have of it by policy and by consent.

An answer is what all the hearings of those who listen have in common (see `decision`).
"""

from __future__ import annotations

import msgspec

from domain.account import AccountState
from domain.consent import Opened
from domain.dimension import Protection, Scope, Standing, View
from domain.evidence import counts, outward
from domain.interaction import InteractionState, Listener, Proof

_HELD, _SHOWN, _OTHERS = View.HELD.ordinal * 16, View.SHOWN.ordinal * 16, Scope.COMPANION.ordinal * 8
# By names of their own: a member costs more to be asked of its class (see `decision`).
_UNKNOWN, _IDENTIFIED, _UNPROVED, _VERIFIED, _DURESS, _ADVERSE, _THIRD_PARTY, _BOUND = Standing
_NOBODY: frozenset[str] = frozenset()


class Hearing(msgspec.Struct, frozen=True, gc=False):
    """One listener who narrows the answer. `mask`: what policy permits him.

    `shy_of`: the protected parties about whom the held view tells him nothing, whatever policy permits or they consent
    to. `consents`: what others on the line let him hear of what is theirs alone. `past`: who is shown on this booking
    and not held, and had no claim when that came so: what is held says nothing of them, and stays as it is.
    """

    listener_id: str
    standing: Standing
    protection: Protection
    party_id: str
    shy_of: frozenset[str]
    situation: int
    mask: int
    consents: tuple[Opened, ...] = ()
    past: frozenset[str] = _NOBODY

    def may_held(self, bit: int, subjects: tuple[str, ...]) -> bool:
        """Whether he may have an item of this field class (0 to 7), about these people, from the held view."""
        if self.shy_of and not self.shy_of.isdisjoint(subjects) and not self.past.issuperset(self.shy_of & {*subjects}):
            return False
        if self.mask >> (_HELD + bit if self.party_id in subjects else _HELD + _OTHERS + bit) & 1:
            return True
        return bool(self.consents) and any(o.held >> bit & 1 and subjects == (o.party_id,) for o in self.consents)

    def may_shown(self, bit: int, subjects: tuple[str, ...]) -> bool:
        """The same, from the shown view."""
        if self.mask >> (_SHOWN + bit if self.party_id in subjects else _SHOWN + _OTHERS + bit) & 1:
            return True
        return bool(self.consents) and any(o.shown >> bit & 1 and subjects == (o.party_id,) for o in self.consents)


def stand(
    listener: Listener, interaction: InteractionState, account: AccountState, protected: frozenset[str]
) -> tuple[Standing, str, frozenset[str]]:
    """One listener's standing on the account, the party he is ("" for nobody we know), and whom he is shy of."""
    if listener.kind != "customer":
        if listener.kind == "third_party" or (listener.kind == "colleague" and not listener.bound):
            return _THIRD_PARTY, "", protected
        return (_BOUND if listener.bound else _UNKNOWN), "", protected
    return proved(*counts(listener, interaction, account), account, protected)


def proved(
    proof: Proof | None, party_id: str, account: AccountState, protected: frozenset[str]
) -> tuple[Standing, str, frozenset[str]]:
    """Where a customer stands who is this party by this proof, or by the facts he offered where there is none."""
    party = account.parties.get(party_id)
    if party is None:
        return _UNKNOWN, "", protected
    if proof is None:
        return (_UNPROVED if party.gated else _IDENTIFIED), party_id, protected
    if proof.method == "duress" or (party_id in protected and outward(proof, account)):
        return _DURESS, party_id, protected
    if not protected:
        return _VERIFIED, party_id, _NOBODY
    standing = _ADVERSE if account.adverse(party_id, protected) else _VERIFIED
    return standing, party_id, account.shy_of(party_id, protected)


def all_held(hearings: tuple[Hearing, ...], bit: int, subjects: tuple[str, ...]) -> bool:
    """Whether all may have an item of the held view."""
    for hearing in hearings:  # noqa: SIM110 - on the hot path a loop costs half of all(generator)
        if not hearing.may_held(bit, subjects):
            return False
    return True


def all_shown(hearings: tuple[Hearing, ...], unspoken: frozenset[str], bit: int, subjects: tuple[str, ...]) -> bool:
    """Whether all may have an item of the shown view."""
    if unspoken and not unspoken.isdisjoint(subjects):
        return False
    for hearing in hearings:  # noqa: SIM110 - likewise
        if not hearing.may_shown(bit, subjects):
            return False
    return True


def something(hearings: tuple[Hearing, ...], classes: int) -> bool:
    """Whether any class asked for is one that all may have, of their own things or of others'.

    The shown view's classes tell: whoever may have one as held may have it as shown (`policy.check`).
    """
    asked = classes
    for hearing in hearings:
        his = hearing.mask >> _SHOWN | hearing.mask >> (_SHOWN + _OTHERS)
        for more in hearing.consents:
            his |= more.shown
        asked &= his
    return bool(asked & 0xFF)
