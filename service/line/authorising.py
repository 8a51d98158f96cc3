"""Authority: adopted by compliance, read by each tier as far as it is its own, and asked in the middle of a contact.

What is answered follows from the tier, the hour and what was confirmed, granted and signalled in this contact; from
nothing that is known of the account, so that it is the same for every one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from domain import account, authority, clearance, confirmation, interaction, judgement
from domain.authority import AuthorityAsked, AuthorityState, Verdict, Word
from domain.clearance import ClearanceNoted
from domain.confirmation import ConfirmationRecorded
from domain.event import Event
from domain.grant import LAST_TIER, AuthorityDocument, MaybeName, Name, Outside, Words, part
from domain.interaction import InteractionState
from domain.judgement import JudgementGranted
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader

NextStep = Literal["act", "call_first", "say_why", "transfer"]

SAY: dict[Word, str] = {
    "may": "Let me see to that for you.",
    "automatic": "Let me see to that for you.",
    "judgement": "Let me look at that for you.",
    "needs_confirmation": "I have to check that with a colleague first. Please stay with me.",
    "pass_on": "A colleague of mine can look at that with you. I will put you through.",
}
NEXT: dict[Word, NextStep] = {
    "may": "act",
    "automatic": "act",
    "judgement": "say_why",
    "needs_confirmation": "call_first",
    "pass_on": "transfer",
}


class AdoptAuthority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may do what from now on; see openapi/authority.schema.json."""

    document: AuthorityDocument


class AuthorityAdoptedAnswer(msgspec.Struct, frozen=True):
    """The version in force."""

    version: int
    digest: str


class AuthorityAnswer(msgspec.Struct, frozen=True):
    """Authority as far as it is the asker's: a tier's own part, or the whole with its version and digest."""

    scope: Literal["own", "whole"]
    tier: int | None
    version: int | None
    digest: str | None
    document: AuthorityDocument | None


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An outside party said yes: its name, and who it was there."""

    by: Name
    person: Words

    def __repr__(self) -> str:
        """Say which party, never who."""
        return f"Confirmation(by={self.by!r})"


class AskAuthority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """May I do this now? `confirmation`: who outside has just said yes to it."""

    action: Annotated[Name, Meta(examples=["change"])]
    amount_class: MaybeName = ""
    confirmation: Confirmation | None = None


class RulingAnswer(msgspec.Struct, frozen=True):
    """What authority says.

    `call_first`: who has to say yes before; `transfer_to`: the desk to pass it on to, null unless it is passed on.
    """

    ruling_id: str
    verdict: Word
    call_first: tuple[Outside, ...]
    transfer_to: str | None
    say: str
    next_step: NextStep


class RecordJudgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A judgement call that authority leaves to your tier: what you granted, and why."""

    action: Annotated[Name, Meta(examples=["waive_fee"])]
    granted: Annotated[str, Meta(min_length=1, max_length=1000)]
    why: Annotated[str, Meta(min_length=1, max_length=1000)]
    amount_class: MaybeName = ""

    def __repr__(self) -> str:
        """Say what it is about, never the words."""
        return f"RecordJudgement(action={self.action!r})"


class JudgementAnswer(msgspec.Struct, frozen=True):
    """It is on record, and may be done now."""

    judgement_id: str
    say: str = SAY["may"]
    next_step: Literal["act"] = "act"


def in_force(reader: Reader) -> AuthorityState:
    """The authority in force; whoever decides by it names its version, and is decided again where it changes."""
    return cast(AuthorityState, reader.folded(authority.STREAM).state)


def verdict(
    reader: Reader, asker: Asker, state: InteractionState, action: str, now: datetime
) -> tuple[Verdict | None, int | None]:
    """What authority says of an action that an agent asks for in this contact, and at which minute of the week.

    None for anybody who has no tier.
    """
    if asker.actor.role != "agent":
        return None, None
    ruled = in_force(reader)
    minute = authority.minute(ruled, now)
    return authority.in_contact(ruled, state, action, asker.actor.tier, now, minute=minute), minute


def about(state: InteractionState, interaction_id: str) -> str:
    """The stream that a contact's own record goes to: its account's, or its own where it is bound to none."""
    return account.stream(state.account_id) if state.account_id else interaction.stream(interaction_id)


def desk_of(state: AuthorityState, tier: int) -> str:
    """What an agent is told to transfer to."""
    if state.document is not None:
        return state.document.desk(tier)
    return f"tier {tier}" if tier <= LAST_TIER else "the manager on duty"


async def adopt_authority(
    desk: Desk, asker: Asker, body: AdoptAuthority, key: Key | None
) -> Draft[AuthorityAdoptedAnswer]:
    """Adopt a document. Raises Refused("authority_rejected") with every reason against it."""

    def decide(reader: Reader) -> Draft[AuthorityAdoptedAnswer]:
        state = in_force(reader)
        adopted = authority.adopt(state, body.document)
        for each in adopted:
            state = authority.evolve(state, each)
        return Draft(AuthorityAdoptedAnswer(state.version, state.digest), [(authority.STREAM, e) for e in adopted])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def read_authority(desk: Desk, asker: Asker) -> AuthorityAnswer:
    """An agent reads his own tier's part; nothing in it moves with what the others have."""

    def read(reader: Reader) -> Draft[AuthorityState]:
        return Draft(in_force(reader), [])

    state = (await desk.pipeline.carry_out(asker, read)).answer
    if asker.actor.role != "agent":
        return AuthorityAnswer("whole", None, state.version, state.digest, state.document)
    tier = asker.actor.tier
    own = None if state.document is None else part(state.document, tier)
    return AuthorityAnswer("own", tier, None, None, own)


async def ask_authority(desk: Desk, asker: Asker, interaction_id: str, body: AskAuthority) -> RulingAnswer:
    """Say whether this tier may do it now. Not kept under a key: what was true at noon is not true at three.

    Raises Refused: "unknown_interaction", "interaction_over", "not_asked_for".
    """
    if body.confirmation is not None:
        await desk.have_keys([interaction_id])

    def decide(reader: Reader) -> Draft[RulingAnswer]:
        now, state, ruled = desk.pipeline.now(), reader.interaction(interaction_id), in_force(reader)
        interaction.use(state, asker.actor.subject, now)
        tier, record = asker.actor.tier, about(state, interaction_id)
        events: list[tuple[str, Event]] = []
        if body.confirmation is not None:
            recorded, noted = _confirmed(ruled, state, interaction_id, body, body.confirmation, tier=tier, now=now)
            events += [(record, recorded), (interaction.stream(interaction_id), noted)]
            state = replace(state, cleared=clearance.evolve(state.cleared, noted))
        minute, amount = authority.minute(ruled, now), body.amount_class
        verdict = authority.in_contact(ruled, state, body.action, tier, now, amount_class=amount, minute=minute)
        asked = AuthorityAsked(
            ruling_id=identifier(),
            interaction_id=interaction_id,
            action=body.action,
            amount_class=body.amount_class,
            verdict=verdict.word,
            grants=verdict.grants,
            call_first=verdict.call_first,
            confirmed=state.cleared.confirmations(body.action, state.bindings),
            passed_to=verdict.passed_to,
            authority=ruled.version,
            minute=minute,
        )
        events.append((record, asked))
        return Draft(_told(ruled, asked.ruling_id, verdict), events, interaction=interaction_id)

    return (await desk.pipeline.carry_out(asker, decide, on_beat=True)).answer


def _confirmed(
    ruled: AuthorityState,
    state: InteractionState,
    interaction_id: str,
    body: AskAuthority,
    given: Confirmation,
    *,
    tier: int,
    now: datetime,
) -> tuple[ConfirmationRecorded, ClearanceNoted]:
    """What is recorded of somebody outside who said yes. Raises Refused("not_asked_for")."""
    recorded = ConfirmationRecorded(
        confirmation_id=identifier(),
        interaction_id=interaction_id,
        action=body.action,
        by=given.by,
        authority=ruled.version,
        person=sealed(interaction_id, given.person),
    )
    confirmation.confirm(() if ruled.document is None else ruled.document.of(tier), recorded)
    noted = ClearanceNoted(
        what="confirmation",
        id=recorded.confirmation_id,
        by=given.by,
        at=now,
        binding=state.bindings,
        action=body.action,
    )
    return recorded, noted


def _told(ruled: AuthorityState, ruling_id: str, verdict: Verdict) -> RulingAnswer:
    outside = () if ruled.document is None else ruled.document.outside
    return RulingAnswer(
        ruling_id,
        verdict.word,
        tuple(party for party in outside if party.name in verdict.call_first),
        desk_of(ruled, verdict.passed_to) if verdict.passed_to else None,
        SAY[verdict.word],
        NEXT[verdict.word],
    )


async def record_judgement(
    desk: Desk, asker: Asker, interaction_id: str, body: RecordJudgement, key: Key | None
) -> Draft[JudgementAnswer]:
    """Record what a person decided, where authority leaves it to the tier now.

    Raises Refused: "unknown_interaction", "interaction_over", "not_your_judgement".
    """
    await desk.have_keys([interaction_id])

    def decide(reader: Reader) -> Draft[JudgementAnswer]:
        now, state, ruled = desk.pipeline.now(), reader.interaction(interaction_id), in_force(reader)
        interaction.use(state, asker.actor.subject, now)
        tier = asker.actor.tier
        minute, amount = authority.minute(ruled, now), body.amount_class
        verdict = authority.in_contact(
            ruled, state, body.action, tier, now, amount_class=amount, anew=True, minute=minute
        )
        granted = judgement.grant(
            verdict,
            JudgementGranted(
                judgement_id=identifier(),
                interaction_id=interaction_id,
                action=body.action,
                amount_class=body.amount_class,
                grants=verdict.grants,
                authority=ruled.version,
                granted=sealed(interaction_id, body.granted),
                why=sealed(interaction_id, body.why),
                minute=minute,
            ),
        )
        noted = ClearanceNoted(
            what="judgement",
            id=granted.judgement_id,
            by=clearance.of_tier(tier),
            at=now,
            binding=state.bindings,
            action=body.action,
            amount_class=body.amount_class,
        )
        events: list[tuple[str, Event]] = [
            (about(state, interaction_id), granted),
            (interaction.stream(interaction_id), noted),
        ]
        return Draft(JudgementAnswer(granted.judgement_id), events, interaction=interaction_id, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)
