"""Escalations: whoever claims an office is told nothing and goes one fixed way, the same for every account."""

from __future__ import annotations

from typing import Literal

import msgspec

from domain import commitment, escalation
from domain.escalation import Claim, EscalationRaised
from domain.event import Event
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.line.authorising import about
from service.line.signalling import MOST_WORDS, contact
from service.safety.proving import nameable

SAY = (
    "I cannot deal with that on this line, and I can neither confirm nor deny anything. I am passing it on now to the "
    "colleagues who answer such requests."
)


class RaiseEscalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A caller claims an office. Nobody here judges whether it is so."""

    claim: Claim
    words: str = ""

    def __repr__(self) -> str:
        """Say what was claimed, never the words."""
        return f"RaiseEscalation(claim={self.claim!r})"


class EscalationAnswer(msgspec.Struct, frozen=True):
    """Always the same."""

    escalation_id: str
    say: str = SAY
    next_step: Literal["transfer"] = "transfer"
    transfer_to: Literal["legal"] = "legal"


async def raise_escalation(
    desk: Desk, asker: Asker, interaction_id: str, body: RaiseEscalation, key: Key | None
) -> Draft[EscalationAnswer]:
    """Record the claim, and make it a task of the last tier. The answer is fixed."""
    await desk.have_keys([interaction_id])
    words = sealed(interaction_id, body.words[:MOST_WORDS])

    def decide(reader: Reader) -> Draft[EscalationAnswer]:
        now, state = desk.pipeline.now(), contact(reader, interaction_id)
        commitment_id, escalation_id = identifier(), identifier()
        reader.fresh(commitment.stream(commitment_id))
        made = commitment.make(
            commitment_id=commitment_id,
            kind=escalation.KIND,
            account_id=nameable(reader, state),
            owner=commitment.queue(escalation.TIER),
            tier=escalation.TIER,
            due_at=now + escalation.DUE,
            made_to=escalation.LEGAL,
            raised_by=commitment.SERVICE,
            words=words,
            about=escalation.about(escalation_id),
            now=now,
            interaction_id=interaction_id,
        )
        raised = EscalationRaised(
            escalation_id=escalation_id,
            interaction_id=interaction_id,
            claim=body.claim,
            commitment_id=commitment_id,
            words=words,
        )
        events: list[tuple[str, Event]] = [
            (about(state, interaction_id), raised),
            (commitment.stream(commitment_id), made),
        ]
        return Draft(EscalationAnswer(escalation_id), events, interaction=interaction_id, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)
