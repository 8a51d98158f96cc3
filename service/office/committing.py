"""Committing: promises made, answered, accepted by whom they were made to, and answered for.

Nothing here reads the account: a commitment about a protected one is made, answered and shown like any other.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import acceptance, commitment, incident, interaction
from domain.commitment import (
    ACCEPTED_WITHIN,
    CUSTOMER,
    PROMISE,
    SUBSTANTIVE,
    CommitmentAnswered,
    CommitmentState,
    CommitmentStood,
)
from domain.dimension import Standing
from domain.event import Event
from domain.evidence import counts
from domain.hearing import stand
from domain.incident import IncidentState
from domain.interaction import CALLER, InteractionState, Listener
from domain.refusal import Refused
from service.chance import identifier
from service.desk.beat import Beat
from service.desk.desk import BIND_BEAT, Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId
from service.safety.proving import nameable, who_had
from service.sealing import KeyMissing

Words = Annotated[str, Meta(min_length=1, max_length=1000, examples=["We call back with the answer of the airline."])]
Owner = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._@:-]{1,64}$", examples=["tier-2"])]
Time = Annotated[datetime, Meta(tz=True, examples=["2027-05-01T12:00:00Z"])]


class MakeCommitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A promise. `owner`: whose it is: a subject, or a queue: "tier-2", "site:manila", "team:ticketing".

    Name the interaction it is made in, or the account it is about, or neither. `made_to`: the customer, or the subject
    of a member of staff. `words` are read by its owner, and by nobody of a lower tier than who typed them.
    """

    kind: Literal["promise"]
    owner: Owner
    due_at: Time
    words: Words
    made_to: Owner = CUSTOMER
    account_id: MaybeId = ""
    interaction_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say what it is and whose."""
        return f"MakeCommitment({self.kind}, {self.owner})"


class AnswerCommitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done about it. A voicemail is recorded, and does not keep it."""

    how: Literal["call", "voicemail", "mail", "message"]
    words: Words

    def __repr__(self) -> str:
        """Say how."""
        return f"AnswerCommitment({self.how})"


class AcceptCommitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the answer will do.

    `interaction_id`: the contact in which the customer says so; without, whoever raised it says so himself.
    """

    interaction_id: MaybeId = ""
    accepted: bool = True


class AnswerFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person has to say for a commitment that nobody kept."""

    words: Words

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "AnswerFor()"


class CommitmentAnswer(msgspec.Struct, frozen=True):
    """Where a commitment stands. Times are UTC; `due_at` is null on the executive list."""

    commitment_id: str
    status: Literal["open", "answered", "kept", "executive", "answered_for"]
    owner: str
    tier: int
    due_at: str | None


def of(reader: Reader, commitment_id: str) -> CommitmentState:
    """The commitment's state; empty where nobody made it."""
    return cast(CommitmentState, reader.folded(commitment.stream(commitment_id)).state)


async def make(desk: Desk, asker: Asker, body: MakeCommitment, key: Key | None) -> Draft[CommitmentAnswer]:
    """Make a promise. Raises Refused: see `commitment.make`; "one_of_both", "unknown_interaction", "interaction_over".

    It is answered on a beat: whether words about this account were ever sealed before must not show.
    """
    if body.account_id and body.interaction_id:
        raise Refused("one_of_both", "name the account or the interaction, not both", place="account_id")
    commitment_id = identifier()
    subject = commitment_id

    def decide(reader: Reader) -> Draft[CommitmentAnswer]:
        now = desk.pipeline.now()
        account_id, party_id = body.account_id, ""
        if body.interaction_id:
            contact = reader.interaction(body.interaction_id)
            interaction.use(contact, asker.actor.subject, now)
            account_id = nameable(reader, contact)
            party_id = _party(reader, contact, contact.listeners[CALLER])
        made = commitment.make(
            commitment_id=commitment_id,
            kind=PROMISE,
            account_id=account_id,
            owner=body.owner,
            tier=max(asker.actor.tier, 1),
            due_at=body.due_at,
            made_to=body.made_to,
            raised_by=asker.actor.subject,
            words=sealed(subject, body.words),
            about="",
            now=now,
            party_id=party_id,
            interaction_id=body.interaction_id,
            raised_tier=asker.actor.tier,
        )
        stream = commitment.stream(commitment_id)
        reader.fresh(stream)
        answer = CommitmentAnswer(commitment_id, "open", made.owner, made.tier, made.due_at.isoformat())
        return Draft(answer, [(stream, made)], interaction=body.interaction_id, status=201)

    async with Beat(BIND_BEAT):
        subject = await keyed(desk, body.interaction_id or body.account_id, commitment_id)
        return await desk.pipeline.carry_out(asker, decide, key=key)


def _party(reader: Reader, contact: InteractionState, listener: Listener) -> str:
    """The customer whom a listener proved to be by what is in force, or was taken for; "" for nobody."""
    return counts(listener, contact, reader.account(contact.account_id))[1]


def _speaks(reader: Reader, contact: InteractionState, listener: Listener) -> str:
    """The same, but for one who has a passcode and did not prove it: until he does he is nobody, his facts or not."""
    on_account = reader.account(contact.account_id)
    standing, party_id, _ = stand(listener, contact, on_account, frozenset())
    return "" if standing is Standing.UNPROVED else party_id


async def answer(
    desk: Desk, asker: Asker, commitment_id: str, body: AnswerCommitment, key: Key | None
) -> Draft[CommitmentAnswer]:
    """Say what was done about it. Raises Refused: "unknown_commitment", "over", "another_person"."""
    subject = await _subject(desk, asker, commitment_id)

    def decide(reader: Reader) -> Draft[CommitmentAnswer]:
        state = of(reader, commitment_id)
        acceptance.seen(state, asker.actor, asker.team)
        _not_his_own(reader, asker, state)
        given = CommitmentAnswered(
            commitment_id=commitment_id,
            how=body.how,
            substantive=body.how in SUBSTANTIVE,
            answered_by=asker.actor.subject,
            words=sealed(subject, body.words),
            answered_tier=asker.actor.tier,
            accept_by=desk.pipeline.now() + ACCEPTED_WITHIN,
        )
        return _changed(reader, commitment_id, commitment.answer(state, given))

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)


async def accept(
    desk: Desk, asker: Asker, commitment_id: str, body: AcceptCommitment, key: Key | None
) -> Draft[CommitmentAnswer]:
    """Say whether the answer will do. Raises Refused: see `acceptance.judge`; "interaction_over"."""

    def decide(reader: Reader) -> Draft[CommitmentAnswer]:
        account_id, parties = "", frozenset[str]()
        if body.interaction_id:
            contact = reader.interaction(body.interaction_id)
            interaction.use(contact, asker.actor.subject, desk.pipeline.now())
            people = (_speaks(reader, contact, each) for each in contact.listeners.values() if each.kind == CUSTOMER)
            account_id, parties = contact.account_id, frozenset(people) - {""}
        state = of(reader, commitment_id)
        judged = acceptance.judge(state, asker.actor, account_id, parties, accepted=body.accepted, team=asker.team)
        return _changed(reader, commitment_id, (judged,), interaction_id=body.interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)


async def answer_for(
    desk: Desk, asker: Asker, commitment_id: str, body: AnswerFor, key: Key | None
) -> Draft[CommitmentAnswer]:
    """Answer for one that stands on the executive list.

    Raises Refused: "unknown_commitment", "not_executive", "another_person".
    """
    subject = await _subject(desk, asker, commitment_id)

    def decide(reader: Reader) -> Draft[CommitmentAnswer]:
        state = of(reader, commitment_id)
        acceptance.seen(state, asker.actor, asker.team)
        _not_his_own(reader, asker, state)
        stood = CommitmentStood(
            commitment_id=commitment_id, stood_by=asker.actor.subject, words=sealed(subject, body.words)
        )
        return _changed(reader, commitment_id, (commitment.stand(state, stood),))

    return await desk.pipeline.carry_out(asker, decide, key=key)


def _not_his_own(reader: Reader, asker: Asker, state: CommitmentState) -> None:
    """Raise Refused("another_person") for a task about an incident from whoever had any of its contacts."""
    if not state.about.startswith(incident.stream("")):
        return
    found, person = cast(IncidentState, reader.folded(state.about).state), asker.actor.subject
    if person in (*found.agents, found.agent) or any(person in who_had(reader, each) for each in found.contacts):
        raise Refused("another_person", "you had a contact that this is about; ask a colleague to see to it")


async def _subject(desk: Desk, asker: Asker, commitment_id: str) -> str:
    """Under whose key words about it are sealed: the same as its own. Raises Refused("unknown_commitment")."""

    def read(reader: Reader) -> Draft[str]:
        state = of(reader, commitment_id)
        acceptance.seen(state, asker.actor, asker.team)
        return Draft(commitment_id if state.words is None else state.words.personal.subject, [])

    subject = (await desk.pipeline.carry_out(asker, read, on_beat=True)).answer
    return await keyed(desk, subject, commitment_id)


async def keyed(desk: Desk, subject: str, itself: str) -> str:
    """The subject, with a key at hand; where it was forgotten, or there is none, the id of the thing itself."""
    if subject:
        with contextlib.suppress(KeyMissing):
            await desk.have_keys([subject])
            return subject
    await desk.have_keys([itself])
    return itself


def _changed(
    reader: Reader, commitment_id: str, events: tuple[Event, ...], *, interaction_id: str = ""
) -> Draft[CommitmentAnswer]:
    """What a commitment is once these have happened, and them to be written."""
    stream = commitment.stream(commitment_id)
    state, version = of(reader, commitment_id), reader.folded(stream).version
    for happened in events:
        version += 1
        state = commitment.evolve(state, happened, version)
    told = [(stream, happened) for happened in events]
    return Draft(_answer(state), told, interaction=interaction_id)


def _answer(state: CommitmentState) -> CommitmentAnswer:
    return CommitmentAnswer(state.commitment_id, state.status, state.owner, state.tier, when(state.due_at))


def when(at: datetime | None) -> str | None:
    """A time as it is answered."""
    return None if at is None else at.isoformat()
