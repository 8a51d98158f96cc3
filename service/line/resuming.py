"""Resuming: a caller whose contact dropped gets his place in the queue and his case back, and proves himself anew.

The code is told before any human answers, to everybody alike. It carries no proof: a passcode comes along in the same
step. Every resumption costs one Argon2, whether a passcode was given, exists or is right, and whatever the code is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import evidence, hand_off, interaction
from domain.event import Event
from domain.evidence import EvidenceCarried, InteractionContinued
from domain.hand_off import RESUME_LASTS, ResumeIssued, ResumeMissed, ResumeState, ResumeUsed, Spent
from domain.interaction import InteractionOpened, InteractionState
from domain.refusal import Refused
from service.desk.beat import Beat
from service.desk.codes import Code, new_code, told
from service.desk.desk import BIND_BEAT, Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.line.verifying import Trial, tried

RESUMED_SAY = "Welcome back. You have kept your place, and I have what you told us."
UNPROVED_SAY = "Welcome back. You have kept your place. Please tell me your passcode, if you have one."
NO_PASSCODE = "no passcode was given"


class IssueResumeCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code to come back with, should the contact drop."""


class ResumeCodeAnswer(msgspec.Struct, frozen=True):
    """The code, to be told to the caller: always given, alike for everybody. Times are UTC."""

    code: str
    queued_at: str
    expires_at: str
    say: str = "If we are cut off, this code gives you your place back. It is not a passcode."
    next_step: Literal["read_answer"] = "read_answer"

    def __repr__(self) -> str:
        """Say nothing of the code."""
        return "ResumeCodeAnswer()"


class ResumeInteraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code, where the caller comes from now, and his passcode if he gave one: proved in the same step."""

    code: Code
    contact_id: Annotated[str, Meta(min_length=1, max_length=128, examples=["+447700900123"])]
    channel: Literal["call", "chat", "portal"] = "call"
    passcode: Annotated[str, Meta(max_length=256)] = ""

    def __repr__(self) -> str:
        """Say nothing of either."""
        return "ResumeInteraction()"


class ResumeAnswer(msgspec.Struct, frozen=True):
    """An interaction that goes on with the case. `queued_at`: when the caller first came; `accepted`: his passcode."""

    interaction_id: str
    queued_at: str
    accepted: bool
    say: str
    next_step: Literal["ask", "ask_passcode"]


async def issue(desk: Desk, asker: Asker, interaction_id: str, _body: IssueResumeCode) -> ResumeCodeAnswer:
    """Give a code. It leaves in this answer alone, so that the call is not kept under a key.

    Raises Refused: "unknown_interaction", or "interaction_over".
    """
    code = new_code()
    stream = hand_off.resume_stream(desk.marks.code("resume", told(code)))

    def decide(reader: Reader) -> Draft[ResumeCodeAnswer]:
        now = desk.pipeline.now()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        reader.fresh(stream)
        issued = ResumeIssued(interaction_id=interaction_id, expires_at=now + RESUME_LASTS)
        answer = ResumeCodeAnswer(code, _shown(evidence.queued_at(state, now)), _shown(issued.expires_at))
        return Draft(answer, [(stream, issued)], interaction=interaction_id)

    return (await desk.pipeline.carry_out(asker, decide)).answer


async def resume(desk: Desk, asker: Asker, body: ResumeInteraction, key: Key | None) -> Draft[ResumeAnswer]:
    """Go on with the case of whoever has this code.

    Raises Refused: "wrong_channel" (see `interaction.open_by`), or "code_spent" alike, whyever it is not good.
    """
    interaction.open_by(asker.actor.role, body.channel)
    stream = hand_off.resume_stream(desk.marks.code("resume", told(body.code)))
    contact = desk.marks.contact(body.contact_id)
    interaction_id = await desk.contacts.fresh()
    fresh = interaction.stream(interaction_id)

    def find(reader: Reader) -> Draft[str]:
        _, line = _line(reader, stream)
        return Draft("" if line is None else line.account_id, [])

    async with Beat(BIND_BEAT):
        about = (await desk.pipeline.carry_out(asker, find)).answer
        account_id = about or interaction_id  # nobody's: a passcode proves nothing, and is tried all the same
        digest = await desk.hasher.digest(body.passcode or NO_PASSCODE, desk.marks.salt(account_id))

        def decide(reader: Reader) -> Draft[ResumeAnswer]:
            now = desk.pipeline.now()
            issued = cast(ResumeState, reader.folded(stream).state)
            hand_off.use(issued, now)
            before, line = _line(reader, stream)
            line = cast(InteractionState, line)
            if line.account_id != about:
                raise Refused("bound_anew", "the interaction was bound anew meanwhile; try again")
            handed = evidence.resumed(line, contact=contact, channel=body.channel, now=now)
            reader.fresh(fresh)
            opened = InteractionOpened(
                channel=body.channel, contact=contact, contact_id=sealed(interaction_id, body.contact_id), at=now
            )
            events: list[tuple[str, Event]] = [
                (stream, ResumeUsed(interaction_id=interaction_id)),
                (interaction.stream(before), InteractionContinued(continued_in=interaction_id)),
                (fresh, opened),
                (fresh, EvidenceCarried(continues=before, by="resume", evidence=handed)),
            ]
            accepted = False
            if body.passcode:
                trial = Trial(evidence.carried(handed, asker.actor), asker.actor.subject, interaction_id, now)
                tried_answer, came = tried(desk, reader, account_id, digest, trial)
                accepted = tried_answer.accepted
                events += came
            answer = ResumeAnswer(
                interaction_id,
                _shown(handed.queued_at),
                accepted,
                RESUMED_SAY if accepted else UNPROVED_SAY,
                "ask" if accepted else "ask_passcode",
            )
            return Draft(answer, events, interaction=interaction_id, status=201)

        try:
            return await desk.pipeline.carry_out(asker, decide, key=key)
        except Spent as spent:
            missed = ResumeMissed(why=spent.why)
            await desk.pipeline.carry_out(asker, lambda _: Draft(None, [(stream, missed)]))
            raise


def _line(reader: Reader, stream: str) -> tuple[str, InteractionState | None]:
    """The interaction that a code's case stands at now, however often it was handed on; None for a code of nobody."""
    interaction_id = cast(ResumeState, reader.folded(stream).state).interaction_id
    if not interaction_id:
        return "", None
    line = reader.interaction(interaction_id)
    while line.continued_in:
        interaction_id = line.continued_in
        line = reader.interaction(interaction_id)
    return interaction_id, line


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
