"""Disputes and mistakes: the caller says that it is wrong; whoever told too much says so.

Either is answered in the same words on any account. A dispute stops whoever has the call: nothing more is told or done
in it, so that nobody is sent to the wrong airport in good faith, until another person of tier 3 has looked at it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, interaction, mistake
from domain.interaction import Disputed, DisputeResolved
from domain.mistake import MistakeReported
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId
from service.line.disclosing import TRANSFER_SAY

Words = Annotated[str, Meta(max_length=1000)]


class OpenDispute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the caller says is wrong, in words."""

    words: Words = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "OpenDispute()"


class DisputeAnswer(msgspec.Struct, frozen=True):
    """Always the same."""

    interaction_id: str
    say: str = TRANSFER_SAY
    next_step: Literal["transfer"] = "transfer"


class ResolveDispute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found, in words, by somebody else."""

    words: Words = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "ResolveDispute()"


class ResolvedAnswer(msgspec.Struct, frozen=True):
    """The contact goes on."""

    interaction_id: str
    status: Literal["resolved"] = "resolved"


class ReportMistake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That too much was told, in words; and in which answer, where that is known."""

    said: Annotated[str, Meta(max_length=1000, examples=["I read out where she flies"])]
    decision_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "ReportMistake()"


class MistakeAnswer(msgspec.Struct, frozen=True):
    """Always the same: thanks, and what happens next. It is for whoever reports it, not to be read aloud."""

    thanks: str = "Thank you for saying so at once. That is what matters now; nobody is blamed for it."
    what_happens: str = (
        "It has gone to the people who see to it from here. Go on with your work, and do not speak of it to the caller."
    )


async def open_dispute(
    desk: Desk, asker: Asker, interaction_id: str, body: OpenDispute, key: Key | None
) -> Draft[DisputeAnswer]:
    """Stop what goes on in this contact, and transfer. Raises Refused, see `interaction.use`."""
    subject = await desk.contacts.keyed(asker, interaction_id)

    def decide(reader: Reader) -> Draft[DisputeAnswer]:
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, desk.pipeline.now())
        disputed = Disputed(agent=asker.actor.subject, words=sealed(subject, body.words))
        stream = interaction.stream(interaction_id)
        return Draft(DisputeAnswer(interaction_id), [(stream, disputed)], interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def close_dispute(
    desk: Desk, asker: Asker, interaction_id: str, body: ResolveDispute, key: Key | None
) -> Draft[ResolvedAnswer]:
    """Let the contact go on, as somebody of tier 3 to whom the caller did not say it. Raises Refused."""
    await desk.have_keys([interaction_id])

    def decide(reader: Reader) -> Draft[ResolvedAnswer]:
        interaction.resolve(reader.interaction(interaction_id), asker.actor.subject)
        resolved = DisputeResolved(resolver=asker.actor.subject, words=sealed(interaction_id, body.words))
        stream = interaction.stream(interaction_id)
        return Draft(ResolvedAnswer(interaction_id), [(stream, resolved)], interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def report_mistake(
    desk: Desk, asker: Asker, interaction_id: str, body: ReportMistake, key: Key | None
) -> Draft[MistakeAnswer]:
    """Record that too much was told, about each account the contact was bound to. Raises Refused, see `mistake.report`.

    The next question of the same call may have bound it anew since.
    """
    subject = await desk.contacts.keyed(asker, interaction_id)

    def decide(reader: Reader) -> Draft[MistakeAnswer]:
        state = reader.interaction(interaction_id)
        mistake.report(state, asker.actor.subject)
        reported = MistakeReported(
            interaction_id=interaction_id, decision_id=body.decision_id, said=sealed(subject, body.said)
        )
        accounts = [account.stream(each) for each in state.bound_to] or [interaction.stream(interaction_id)]
        return Draft(MistakeAnswer(), [(about, reported) for about in accounts], interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)
