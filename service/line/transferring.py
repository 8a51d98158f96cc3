"""Transfers: a contact handed to another agent, team or site, with the evidence and without its verdict.

The line stays with whoever offers it until it is taken, so that a caller whom nobody takes is not lost; taking it ends
the one and opens the other in the same append.
"""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import evidence, hand_off, interaction
from domain.event import Event
from domain.evidence import EvidenceCarried, InteractionContinued
from domain.hand_off import TRANSFER_LASTS, HandOffMissed, HandOffOffered, HandOffState, HandOffTaken, Spent
from domain.interaction import CALLER, Channel, InteractionState, ListenerKind
from service.desk.beat import Beat
from service.desk.codes import Code, new_code, told
from service.desk.desk import BIND_BEAT, Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader

OFFERED_SAY = "I am passing you on to a colleague, who has everything you told me. You need not say it again."
TAKEN_SAY = "Hello, I have everything you told my colleague. How can I help you?"


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may take it: an agent by the subject of his token, or anybody of a team or a site, as tokens name them."""

    kind: Literal["agent", "team", "site"]
    name: Annotated[str, Meta(min_length=1, max_length=128, examples=["ticketing"])]


class OfferTransfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom, and why: the reason is sealed in the record and is shown to nobody who takes the contact over."""

    to: Recipient
    reason: Annotated[str, Meta(min_length=1, max_length=1000, examples=["the owning office is in Leeds"])]

    def __repr__(self) -> str:
        """Say only what kind of recipient it is."""
        return f"OfferTransfer(to={self.to.kind})"


class OfferAnswer(msgspec.Struct, frozen=True):
    """The code, told this once: good for one taker of those named, until it expires (UTC)."""

    code: str
    expires_at: str
    say: str = OFFERED_SAY
    next_step: Literal["transfer"] = "transfer"

    def __repr__(self) -> str:
        """Say nothing of the code."""
        return "OfferAnswer()"


class TakeTransfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code as it was told, however it is written."""

    code: Code

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "TakeTransfer()"


class OnTheLine(msgspec.Struct, frozen=True):
    """Somebody who listens; `declared`: bound to silence by a declaration."""

    listener_id: str
    kind: ListenerKind
    declared: bool


class TakenAnswer(msgspec.Struct, frozen=True):
    """An interaction of one's own, and who is on the line. `queued_at`: when the caller first came, UTC."""

    interaction_id: str
    channel: Channel
    queued_at: str
    listeners: tuple[OnTheLine, ...]
    say: str = TAKEN_SAY
    next_step: Literal["ask"] = "ask"


async def offer(desk: Desk, asker: Asker, interaction_id: str, body: OfferTransfer) -> OfferAnswer:
    """Offer the contact. The code leaves in this answer alone, so that the call is not kept under a key.

    Raises Refused: "unknown_interaction", or "interaction_over".
    """
    await desk.have_keys([interaction_id])
    code = new_code()
    stream = hand_off.stream(desk.marks.code("transfer", told(code)))

    def decide(reader: Reader) -> Draft[HandOffOffered]:
        now = desk.pipeline.now()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        reader.fresh(stream)
        offered = HandOffOffered(
            interaction_id=interaction_id,
            offered_by=asker.actor.subject,
            to_kind=body.to.kind,
            to_name=body.to.name,
            reason=sealed(_concerned(desk, interaction_id, state), body.reason),
            expires_at=now + TRANSFER_LASTS,
        )
        return Draft(offered, [(stream, offered)], interaction=interaction_id)

    offered = (await desk.pipeline.carry_out(asker, decide)).answer
    return OfferAnswer(code, offered.expires_at.isoformat(timespec="seconds"))


def _concerned(desk: Desk, interaction_id: str, state: InteractionState) -> str:
    """The data subject of what is said about a contact: the caller where it is known who he is, else the contact."""
    caller = state.listeners[CALLER]
    proof = state.proof(caller)
    party_id = proof.party_id if proof is not None else state.taken_for(caller)
    return party_id if party_id and desk.keys.has_all((party_id,)) else interaction_id


async def take(desk: Desk, asker: Asker, body: TakeTransfer, key: Key | None) -> Draft[TakenAnswer]:
    """Take a contact over by its code. Raises Refused("code_spent") alike, whyever it is not good for this person."""
    mark = desk.marks.code("transfer", told(body.code))
    stream = hand_off.stream(mark)
    interaction_id = await desk.contacts.fresh()

    def decide(reader: Reader) -> Draft[TakenAnswer]:
        offered = cast(HandOffState, reader.folded(stream).state)
        line = reader.interaction(offered.interaction_id) if offered.interaction_id else None
        hand_off.take(offered, line, asker.actor, asker.team, desk.pipeline.now())
        line = cast(InteractionState, line)
        accounts = {account_id: reader.account(account_id) for account_id in evidence.proved_on(line)}
        handed = evidence.transferred(line, accounts, desk.pipeline.now())
        fresh = interaction.stream(interaction_id)
        reader.fresh(fresh)
        answer = TakenAnswer(
            interaction_id,
            handed.channel,
            handed.queued_at.isoformat(timespec="seconds"),
            tuple(OnTheLine(each.listener_id, each.kind, each.bound) for each in handed.listeners),
        )
        events: list[tuple[str, Event]] = [
            (stream, HandOffTaken(interaction_id=interaction_id)),
            (interaction.stream(offered.interaction_id), InteractionContinued(continued_in=interaction_id)),
            (fresh, EvidenceCarried(continues=offered.interaction_id, by="transfer", evidence=handed)),
        ]
        return Draft(answer, events, interaction=interaction_id, status=201)

    async with Beat(BIND_BEAT):
        try:
            return await desk.pipeline.carry_out(asker, decide, key=key)
        except Spent as spent:
            missed = HandOffMissed(why=spent.why)
            await desk.pipeline.carry_out(asker, lambda _: Draft(None, [(stream, missed)]))
            raise
