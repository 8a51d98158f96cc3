"""Evidence: what one interaction hands to the next, when a contact goes on elsewhere, or again after it dropped.

It is what the caller offered and proved, who listens, what failed and what it is about; never what was decided by it:
that is decided anew, with the receiver's tier, on what is true then. A proof whose secret is no longer in force counts
for nothing, and nor does what that person was taken for: what is carried never tells more than the line it came from
would have. A consent does not go along: who takes over has not heard it given. Whoever comes back after a contact
dropped brings the case and no proof, but that somebody spoke under duress is not forgotten; and comes he from elsewhere
he is not even taken for anybody, so that a code that was overheard identifies nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.account import AccountState
from domain.clearance import Clearances
from domain.event import Actor, Event, event
from domain.interaction import CALLER, Channel, InteractionState, Listener, Proof

Means = Literal["transfer", "resume"]


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """What is handed on. `began`: from when its time runs; `queued_at`: when the caller first came.

    The rest is as `InteractionState` has it.
    """

    channel: Channel
    contact: str
    began: datetime
    queued_at: datetime
    account_id: str
    listeners: tuple[Listener, ...]
    failures: int
    may_prove: tuple[str, ...] | None = None
    bindings: int = 0
    cleared: Clearances = Clearances()
    disputed_by: tuple[str, ...] = ()
    locator: str = ""
    place: str = ""
    duress: tuple[str, ...] = ()
    phantom: str = ""


@event
class EvidenceCarried(Event, frozen=True, kw_only=True):
    """What an earlier interaction handed to this one, which begins with it."""

    NAME: ClassVar[str] = "interaction.evidence_carried.v1"
    continues: str
    by: Means
    evidence: Evidence


@event
class InteractionContinued(Event, frozen=True, kw_only=True):
    """The contact went on in another interaction: this one is over, and nothing proved in it is good any more."""

    NAME: ClassVar[str] = "interaction.continued.v1"
    continued_in: str


def evolve(state: InteractionState, happened: InteractionContinued | EvidenceCarried, actor: Actor) -> InteractionState:
    """Fold what a hand-off did to an interaction: to the one that is over, or to the one that goes on."""
    match happened:
        case InteractionContinued(continued_in=continued_in):
            return replace(state, closed=True, continued_in=continued_in)
        case EvidenceCarried(evidence=evidence, continues=continues):
            return replace(carried(evidence, actor), continues=continues)


def carried(evidence: Evidence, actor: Actor) -> InteractionState:
    """The interaction of whoever takes over: his tier and site, and what is known so far."""
    return InteractionState(
        agent=actor.subject,
        tier=max(actor.tier, 1),
        site=actor.site,
        channel=evidence.channel,
        contact=evidence.contact,
        opened_at=evidence.began,
        account_id=evidence.account_id,
        listeners={each.listener_id: each for each in evidence.listeners},
        failures=evidence.failures,
        may_prove=None if evidence.may_prove is None else frozenset(evidence.may_prove),
        bindings=evidence.bindings,
        queued_at=evidence.queued_at,
        cleared=evidence.cleared,
        disputed_by=evidence.disputed_by,
        locator=evidence.locator,
        place=evidence.place,
        duress=evidence.duress,
        bound_to=(evidence.account_id,) if evidence.account_id else (),
        phantom=evidence.phantom,
    )


def queued_at(line: InteractionState, now: datetime) -> datetime:
    """When the caller first came: the place in the queue."""
    return line.queued_at or line.opened_at or now


def proved_on(line: InteractionState) -> frozenset[str]:
    """The accounts on which anybody on the line has proved anything: what their proofs are worth is asked of them."""
    return frozenset(account_id for listener in line.listeners.values() for account_id in listener.proofs)


def transferred(line: InteractionState, accounts: Mapping[str, AccountState], now: datetime) -> Evidence:
    """What a transfer carries, on these accounts as they are now (see `proved_on`).

    The time of the interaction runs on: handing it about makes no proof last longer. What somebody outside confirmed
    is evidence and goes along; what a colleague granted by judgement is a verdict and does not.
    """
    return Evidence(
        channel=line.channel,
        contact=line.contact,
        began=line.opened_at or now,
        queued_at=queued_at(line, now),
        account_id=line.account_id,
        listeners=tuple(_still(each, accounts) for each in line.listeners.values()),
        failures=line.failures,
        may_prove=_sorted(line.may_prove),
        bindings=line.bindings,
        cleared=replace(line.cleared, granted=()),
        disputed_by=line.disputed_by,
        locator=line.locator,
        place=line.place,
        duress=line.duress,
        phantom=line.phantom,
    )


def resumed(line: InteractionState, *, contact: str, channel: Channel, now: datetime) -> Evidence:
    """What a resumption carries: the caller alone, as taken for by what he offered if he comes from the same contact.

    His failures stay his: coming back gives no new guesses. What he disputed, and a signal that somebody is in danger,
    stand as well.
    """
    before = line.listeners[CALLER]
    caller = Listener(CALLER, "customer", identified=before.identified if contact == line.contact else {})
    return Evidence(
        channel=channel,
        contact=contact,
        began=now,
        queued_at=queued_at(line, now),
        account_id=line.account_id,
        listeners=(caller,),
        failures=line.failures,
        may_prove=_sorted(line.may_prove),
        cleared=Clearances(signals=line.cleared.signals),
        disputed_by=line.disputed_by,
        locator=line.locator,
        place=line.place,
        duress=line.duress,
        phantom=line.phantom,
    )


def in_force(proof: Proof, account: AccountState) -> bool:
    """Whether the secret that was proved still proves this party. A duress passcode does so whatever came since."""
    if proof.method == "duress":
        return True
    party = account.parties.get(proof.party_id)
    if party is None:
        return False
    if proof.method == "call_back":
        placed = party.call_back
        return placed is not None and placed.call_back_id == proof.secret_id and proof.party_id in account.confirmed()
    passcode, outward = party.passcode, party.outward
    if passcode is not None and passcode.passcode_id == proof.secret_id:
        return account.proves(proof.party_id)
    return outward is not None and outward.passcode_id == proof.secret_id


def counts(listener: Listener, interaction: InteractionState, account: AccountState) -> tuple[Proof | None, str]:
    """What a listener has proved that counts now, and the party that he is on the account it is about, "" for nobody.

    A secret that is not in force any more proves nothing from then on, in a contact that was open already too; nor is
    he taken for anybody then. Where only a held view answers, an outward passcode is as wrong as at nobody's locator.
    """
    proof = interaction.proof(listener)
    if proof is None:
        return None, interaction.taken_for(listener)
    if not in_force(proof, account) or (interaction.may_prove is not None and outward(proof, account)):
        return None, ""
    return proof, proof.party_id


def outward(proof: Proof, account: AccountState) -> bool:
    """Whether what was proved shows what is shown, and no more, while its party is protected."""
    return proof.method == "passcode" and account.outward(proof.party_id, proof.secret_id)


def _still(listener: Listener, accounts: Mapping[str, AccountState]) -> Listener:
    """A listener without what he proved by a secret that is not in force any more.

    Nor is he taken for anybody on that account: who was proved to be adverse would else be told more than before.
    """
    void = {account_id for account_id, proof in listener.proofs.items() if not in_force(proof, accounts[account_id])}
    if not void:
        return listener
    return replace(
        listener,
        proofs={account_id: proof for account_id, proof in listener.proofs.items() if account_id not in void},
        identified={account_id: party for account_id, party in listener.identified.items() if account_id not in void},
    )


def _sorted(may_prove: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if may_prove is None else tuple(sorted(may_prove))
