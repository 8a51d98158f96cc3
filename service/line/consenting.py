"""Consent: somebody on the line who has proved who he is lets another hear more of what is his alone.

The answer is the same whether he has proved anything or not; what a consent opens shows in what is told afterwards.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import interaction
from domain.consent import ConsentGiven
from domain.field_class import FieldClass
from domain.interaction import CALLER
from domain.refusal import Refused
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.line.disclosing import Letter


class GiveConsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may hear which field classes of what is the consenting party's alone; no class takes a consent back.

    `by`: the listener who says so, the caller unless another is named.
    """

    listener_id: Id
    classes: Annotated[tuple[Letter, ...], Meta(max_length=8, examples=[["I"]])]
    by: Id = CALLER


class ConsentAnswer(msgspec.Struct, frozen=True):
    """Always the same."""

    listener_id: str
    say: str = "Thank you. I will see what I may tell you both."
    next_step: Literal["ask"] = "ask"


async def give(
    desk: Desk, asker: Asker, interaction_id: str, body: GiveConsent, key: Key | None
) -> Draft[ConsentAnswer]:
    """Record a consent. Raises Refused: "unknown_listener", "own_consent"."""

    def decide(reader: Reader) -> Draft[ConsentAnswer]:
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, desk.pipeline.now())
        for place in ("listener_id", "by"):
            if getattr(body, place) not in state.listeners:
                raise Refused("unknown_listener", "nobody on this line has that id", place=place)
        if body.by == body.listener_id:
            raise Refused("own_consent", "name somebody else on the line; one hears one's own anyway", place="by")
        proof = state.proof(state.listeners[body.by])
        happened = ConsentGiven(
            by=body.by,
            listener_id=body.listener_id,
            party_id="" if proof is None else proof.party_id,
            account_id=state.account_id,
            classes="".join(each.value for each in FieldClass if each.value in body.classes),
            bindings=state.bindings,
        )
        answer = ConsentAnswer(body.listener_id)
        return Draft(answer, [(interaction.stream(interaction_id), happened)], interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)
