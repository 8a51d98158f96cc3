"""Overrides: asked for in a contact, answered by another person who signs, used while they last, reviewed afterwards.

Asking is answered alike on every account, known, hidden or nobody's. What approves is the signature: a disclosure is
made under an override only where the installation's own key signed just this approval.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, interaction, override
from domain.account import AccountState
from domain.event import Event
from domain.field_class import FieldClass
from domain.hearing import stand
from domain.interaction import CALLER
from domain.override import (
    ASKED_LASTS,
    AUTHORITIES,
    MOST_MINUTES,
    Finding,
    Override,
    OverrideApproved,
    OverrideAsked,
    OverrideRefused,
    OverrideReviewed,
    OverrideWordsRead,
    Reason,
)
from domain.refusal import Refused
from projections.overrides import OVERRIDES, Waiting, still_open, unanswered, unreviewed
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId
from service.safety.proving import nameable, who_had
from service.sealing import KeyMissing
from service.signing import SigningKey

ASKED_SAY = "I have asked a colleague to look at this. Please bear with me."

Letter = Literal["E", "I", "L", "C", "P", "F", "D"]
Words = Annotated[str, Meta(min_length=1, max_length=1000)]


class AskOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for an override: why, which field classes (existence always with them), and for how many minutes.

    `party_id`: about whom an authority asks; for any other reason it is about whom the caller was identified as.
    """

    reason: Annotated[Reason, Meta(examples=["caller_cannot_use_passcode"])]
    words: Words
    classes: Annotated[tuple[Letter, ...], Meta(min_length=1, max_length=7, examples=[["E", "I"]])]
    minutes: Annotated[int, Meta(ge=1, le=MOST_MINUTES, examples=[15])]
    party_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return f"AskOverride(reason={self.reason!r})"


class AskedAnswer(msgspec.Struct, frozen=True):
    """Always the same: it was asked for, and waits for another person until then."""

    override_id: str
    expires_at: str
    say: str = ASKED_SAY
    next_step: Literal["wait"] = "wait"


class AnswerOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Approve or refuse what was asked for, as it was asked for."""


class ReviewOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a third person found when it was over."""

    finding: Finding
    words: Words

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return f"ReviewOverride(finding={self.finding!r})"


class OverrideAnswer(msgspec.Struct, frozen=True):
    """What became of it. `until`: when an approved one expires, UTC; `signature`: of its approval, in hex."""

    override_id: str
    status: Literal["approved", "refused", "reviewed"]
    until: str | None = None
    signature: str = ""


class OverridesPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which: `open` are those that wait for an answer or are in force; `unreviewed` those that nobody has looked at."""

    status: Literal["open", "unreviewed"] = "unreviewed"


class ListedOverride(msgspec.Struct, frozen=True):
    """One override. `age_s`: since it was asked for, or since it expired (negative while in force).

    `party_id`: as whom the caller is to be answered, empty for nobody; `channel`, `tier` and `bindings` (how often it
    had been bound): the contact's, when it was asked for. `statement` is the text that `signature` signs; both are
    empty until it is approved.
    """

    override_id: str
    account_id: str
    interaction_id: str
    agent: str
    reason: str
    words: str
    classes: str
    minutes: int
    asked_at: str
    age_s: int
    overdue: bool
    approver: str = ""
    until: str | None = None
    statement: str = ""
    signature: str = ""
    party_id: str = ""
    channel: str = ""
    tier: int = 0
    bindings: int = 0

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return f"ListedOverride({self.override_id!r})"


class OverridesAnswer(msgspec.Struct, frozen=True):
    """Overrides, the overdue first. `key`: the public key (JWK, Ed25519) that their signatures verify with."""

    overrides: tuple[ListedOverride, ...]
    key: dict[str, str]


async def ask(desk: Desk, asker: Asker, interaction_id: str, body: AskOverride, key: Key | None) -> Draft[AskedAnswer]:
    """Ask for an override of the account the contact may be said to be about (see `nameable`).

    Raises Refused("interaction_over"), and see `override.ask`.
    """
    authority = body.reason in AUTHORITIES
    if body.party_id and not authority:
        raise Refused("wrong_party", "only for an authority a party is named; else it is the caller", place="party_id")
    await desk.have_keys([interaction_id])
    wanted = {*body.classes, FieldClass.E.value}  # whatever is told of a booking shows that it exists
    classes = "".join(each.value for each in FieldClass if each.value in wanted)

    def decide(reader: Reader) -> Draft[AskedAnswer]:
        now = desk.pipeline.now()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        account_id = nameable(reader, state) or interaction_id
        _, caller, _ = stand(state.listeners[CALLER], state, reader.account(account_id), frozenset())
        asked = OverrideAsked(
            override_id=identifier(),
            interaction_id=interaction_id,
            agent=asker.actor.subject,
            reason=body.reason,
            words=sealed(interaction_id, body.words),
            classes=classes,
            minutes=body.minutes,
            asked_at=now,
            party_id=body.party_id if authority else caller,
            bindings=state.bindings,
            channel=state.channel,
            tier=min(state.tier, asker.actor.tier),
        )
        answer = AskedAnswer(asked.override_id, (now + ASKED_LASTS).isoformat(timespec="seconds"))
        events: list[tuple[str, Event]] = [(account.stream(account_id), override.ask(asked))]
        return Draft(answer, events, interaction=interaction_id, status=202)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)


async def approve(
    desk: Desk, asker: Asker, account_id: str, override_id: str, _body: AnswerOverride, key: Key | None
) -> Draft[OverrideAnswer]:
    """Approve an override, as a person of tier 3 who is not on the contact. Raises Refused, see `override.approve`."""
    person = asker.actor.subject

    def decide(reader: Reader) -> Draft[OverrideAnswer]:
        state = reader.account(account_id)
        interaction_id = override.find(state, override_id).interaction_id
        contact, before = reader.interaction(interaction_id), who_had(reader, interaction_id)
        now = desk.pipeline.now()
        found, until = override.approve(state, override_id, contact, approver=person, now=now, before=before)
        signature = desk.approvals.sign(override.statement(account_id, found, person, until))
        approved = OverrideApproved(override_id=override_id, approver=person, until=until, signature=signature)
        answer = OverrideAnswer(override_id, "approved", until.isoformat(), signature)
        return Draft(answer, [(account.stream(account_id), approved)], interaction=found.interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def refuse(
    desk: Desk, asker: Asker, account_id: str, override_id: str, _body: AnswerOverride, key: Key | None
) -> Draft[OverrideAnswer]:
    """Refuse an override, as a person of tier 3 not on the contact. Raises Refused, see `override.answerable`."""

    def decide(reader: Reader) -> Draft[OverrideAnswer]:
        state = reader.account(account_id)
        sat_there = who_had(reader, override.find(state, override_id).interaction_id)
        found = override.answerable(state, override_id, sat_there, asker.actor.subject, desk.pipeline.now())
        refused = OverrideRefused(override_id=override_id, refuser=asker.actor.subject)
        answer = OverrideAnswer(override_id, "refused")
        return Draft(answer, [(account.stream(account_id), refused)], interaction=found.interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def review(  # noqa: PLR0917 - a command takes what its path names
    desk: Desk, asker: Asker, account_id: str, override_id: str, body: ReviewOverride, key: Key | None
) -> Draft[OverrideAnswer]:
    """Say what was found of an override afterwards, as a third person. Raises Refused, see `override.review`."""

    def read(reader: Reader) -> Draft[str]:
        return Draft(override.find(reader.account(account_id), override_id).interaction_id, [])

    interaction_id = (await desk.pipeline.carry_out(asker, read)).answer
    await desk.have_keys([interaction_id])

    def decide(reader: Reader) -> Draft[OverrideAnswer]:
        reviewed = OverrideReviewed(
            override_id=override_id,
            reviewer=asker.actor.subject,
            finding=body.finding,
            words=sealed(interaction_id, body.words),
        )
        override.review(reader.account(account_id), reviewed)
        answer = OverrideAnswer(override_id, "reviewed")
        return Draft(answer, [(account.stream(account_id), reviewed)], interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def waiting(desk: Desk, asker: Asker) -> OverridesAnswer:
    """Those that wait for somebody to approve or refuse them."""
    now = desk.pipeline.now()
    return await _listed(desk, asker, unanswered(await desk.live.current(OVERRIDES), now), now)


async def listed(desk: Desk, asker: Asker, page: OverridesPage) -> OverridesAnswer:
    """Those that are open, or that nobody has reviewed."""
    now, state = desk.pipeline.now(), await desk.live.current(OVERRIDES)
    found = still_open(state, now) if page.status == "open" else unreviewed(state, now)
    return await _listed(desk, asker, found, now)


async def _listed(desk: Desk, asker: Asker, found: list[Waiting], now: datetime) -> OverridesAnswer:
    """These with their words; that they were shown is on record of each account before they are."""
    entries = await desk.pipeline.threaded(lambda: tuple([_entry(desk, each, now) for each in found]))
    read: dict[str, list[str]] = {}
    for each in found:
        read.setdefault(account.stream(each.account_id), []).append(each.override.override_id)
    if read:
        happened: list[tuple[str, Event]] = [
            (stream, OverrideWordsRead(override_ids=tuple(ids))) for stream, ids in read.items()
        ]
        await desk.pipeline.carry_out(asker, lambda _: Draft(None, [*happened]))
    return OverridesAnswer(entries, desk.approvals.public())


def _entry(desk: Desk, found: Waiting, now: datetime) -> ListedOverride:
    each = found.override
    try:
        words = msgspec.json.decode(desk.codec.open(account.stream(found.account_id), each.words), type=str)
    except KeyMissing:  # forgotten
        words = ""
    signed = (
        "" if each.until is None else override.statement(found.account_id, each, each.approver, each.until).decode()
    )
    return ListedOverride(
        each.override_id,
        found.account_id,
        each.interaction_id,
        each.agent,
        each.reason,
        words,
        each.classes,
        each.minutes,
        each.asked_at.isoformat(timespec="seconds"),
        int((now - found.since).total_seconds()),
        found.overdue,
        each.approver,
        None if each.until is None else each.until.isoformat(),
        signed,
        each.signature,
        each.party_id,
        each.channel,
        each.tier,
        each.bindings,
    )


def unvouched(signing: SigningKey, account_id: str, state: AccountState) -> tuple[str, ...]:
    """The overrides of an account whose approval this installation did not sign, just as it stands."""

    def good(each: Override) -> bool:
        if each.until is None:
            return True
        return signing.verify(override.statement(account_id, each, each.approver, each.until), each.signature)

    return tuple([override_id for override_id, each in state.overrides.items() if not good(each)])
