"""Standing in: how an approved override widens what a caller may hear, and what ends that.

It stands in the place of the caller's passcode, and of nothing more. The caller hears, in the classes the override
names, what policy would give him had he proved to be the party he was identified as when it was asked for; everybody
else on the line narrows the answer as ever. Identified as somebody else, or bound anew, it is not for him. Where an
authority asks (a welfare check, a court's order) the caller is nobody on the account and is told what the party it
named would be told, and only in a call that tier 3 placed and asked for it in: whoever rings and says he is the police
is nobody.

It opens nothing while a third party is on the line, on any account. While anybody adverse towards a protected party is,
whether he proved who he is or not, and in a contact where a duress passcode was given for the account, it opens nothing
that is held, and of what is shown what it would on an ordinary account: or it would tell the one from the other. For a
party whose protection two people confirmed, only those are adverse whom such a protection names: nobody disarms hers by
a claim of his own. It opens no notes, and nothing in a notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from domain import dimension
from domain.dimension import Channel, Protection, Scope, Tier, View
from domain.field_class import FieldClass
from domain.hearing import proved
from domain.interaction import CALLER, InteractionState, Proof
from domain.override import AUTHORITIES, AUTHORITY_TIER, Override

if TYPE_CHECKING:
    from datetime import datetime

    from domain.account import AccountState
    from domain.decision import Facts, Question
    from domain.hearing import Hearing
    from domain.policy import PolicyTable

NEVER = frozenset({FieldClass.N})

_CHANNELS = {"call": Channel.CALL, "call_back": Channel.CALL, "chat": Channel.CHAT, "portal": Channel.PORTAL}
_SHOWN = sum(1 << dimension.bit(View.SHOWN, scope, each) for scope in Scope for each in FieldClass)
_TIERS = {1: Tier.ONE, 2: Tier.TWO, 3: Tier.THREE}


def opened(
    question: Question,
    facts: Facts,
    policy: PolicyTable,
    now: datetime,
    *,
    hearings: tuple[Hearing, ...],
    protected: frozenset[str],
) -> tuple[str, tuple[Hearing, ...]]:
    """The override that this question is answered under, "" if there is none, and the hearings as it widens them."""
    account, interaction = facts.account, facts.interaction
    caller = next((each for each in hearings if each.listener_id == CALLER), None)
    if caller is None or interaction.channel == "notice" or _overheard(interaction):
        return "", hearings
    for found in reversed(tuple(account.overrides.values())):  # the newest first
        if found.interaction_id != question.interaction_id or found.agent != question.agent or not found.active(now):
            continue
        if found.bindings == interaction.bindings and _for(found, caller, account, interaction):
            widened = _widened(found, caller, facts, protected=protected, policy=policy, question=question)
            return found.override_id, tuple([widened if each is caller else each for each in hearings])
    return "", hearings


def _overheard(interaction: InteractionState) -> bool:
    """Whether somebody is on the line in front of whom nothing is opened on any account."""
    return any(
        listener.kind == "third_party" or (listener.kind == "colleague" and not listener.bound)
        for listener in interaction.listeners.values()
    )


def _shut(party_id: str, account: AccountState, interaction: InteractionState, protected: frozenset[str]) -> bool:
    """Whether nothing that is held is opened for this party, whatever counts otherwise of who is on the line."""
    if interaction.account_id in interaction.duress:
        return True
    confirmed = account.upheld()
    towards = protected & confirmed if party_id in confirmed else protected
    known_as = {party_id}
    for listener in interaction.listeners.values():
        proof = listener.proofs.get(interaction.account_id)
        if proof is not None and proof.method == "duress":
            return True
        known_as |= {listener.identified.get(interaction.account_id, ""), "" if proof is None else proof.party_id}
    return any(account.adverse_towards(each, towards) for each in known_as)


def _for(found: Override, caller: Hearing, account: AccountState, interaction: InteractionState) -> bool:
    """Whether it was approved for who the caller is now."""
    if found.party_id not in account.parties:
        return False
    if found.reason not in AUTHORITIES:
        return caller.party_id == found.party_id
    placed = found.channel == "call_back" == interaction.channel
    return placed and min(found.tier, interaction.tier) >= AUTHORITY_TIER and not caller.party_id


def _widened(
    found: Override,
    caller: Hearing,
    facts: Facts,
    *,
    protected: frozenset[str],
    policy: PolicyTable,
    question: Question,
) -> Hearing:
    """The caller's hearing with what policy gives the party who proved himself, in the classes of the override."""
    account, interaction, party_id = facts.account, facts.interaction, found.party_id
    listener = interaction.listeners[CALLER]
    proof = Proof(party_id, "passcode", "")
    stood = interaction.proof(replace(listener, proofs={**listener.proofs, interaction.account_id: proof}))
    standing, party_id, shy_of = proved(stood, "" if stood is None else party_id, account, protected)
    protection = caller.protection
    if protection is not Protection.NONE:
        protection = Protection.SELF if party_id in protected else Protection.OTHER
    tier = _TIERS.get(interaction.tier, Tier.ONE)
    situation = dimension.situation(standing, protection, question.purpose, _CHANNELS[interaction.channel], tier)
    opens = policy.masks[situation] & _bits(found.classes)
    if _shut(party_id, account, interaction, protected):
        return replace(caller, party_id=party_id, mask=caller.mask | (opens & _SHOWN))
    return replace(
        caller,
        standing=standing,
        protection=protection,
        party_id=party_id,
        shy_of=shy_of,
        situation=situation,
        # He was shy of everybody; where he is not now, no class opens by that which the override does not name.
        mask=(caller.mask & _SHOWN if protected else caller.mask) | opens,
    )


def _bits(classes: str) -> int:
    """These classes in both views and both scopes. Who may have one as held may have it as shown (see `policy`)."""
    return sum(
        1 << dimension.bit(view, scope, each)
        for each in FieldClass
        if each.value in classes and each not in NEVER
        for view in View
        for scope in Scope
    )
