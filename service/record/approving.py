"""Approving: an unsealing is asked for, and answered by another person who signs; it may be ended before its time.

What the asker wrote is shown to those who answer, and is in no answer that is kept under a request's key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import unsealing
from domain.event import Event
from domain.refusal import Refused
from domain.unsealing import Purpose, Scope, UnsealingApproved, UnsealingAsked, UnsealingState
from projections.unsealings import UNSEALINGS
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId
from service.record.unsealing import about
from service.sealing import KeyMissing

MOST = 200

Status = Literal["waiting", "approved", "refused", "ended", "expired"]


class AskUnsealing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask to read what is personal in one account or one incident: for what purpose, and in words why."""

    purpose: Annotated[Purpose, Meta(examples=["court_order"])]
    words: Annotated[str, Meta(min_length=1, max_length=1000)]
    account_id: MaybeId = ""
    incident_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return f"AskUnsealing(purpose={self.purpose!r})"


class AnswerUnsealing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Approve it, refuse it or end it, as it was asked for."""


class UnsealingAnswer(msgspec.Struct, frozen=True):
    """One unsealing as it stands. `until`: when it expires, UTC; `used`: how often something was read under it.

    `words`: the asker's own, where one is read; empty in the answer to a change of it. `statement` is the text that
    `signature` signs; both are empty until it is approved.
    """

    unsealing_id: str
    status: Status
    account_id: str
    incident_id: str
    asker: str
    purpose: str
    words: str
    asked_at: str
    approver: str = ""
    until: str | None = None
    statement: str = ""
    signature: str = ""
    refused_by: str = ""
    ended_by: str = ""
    used: int = 0

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return f"UnsealingAnswer({self.unsealing_id!r}, {self.status})"


class UnsealingsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which: those that wait, those that open something now, or all; newest first. `cursor`: the page before's."""

    status: Literal["waiting", "approved", "all"] = "waiting"
    cursor: Annotated[str, Meta(pattern="^[0-9a-f]{0,15}$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50


class UnsealingsAnswer(msgspec.Struct, frozen=True):
    """Unsealings, newest first. `key`: the public key (JWK, Ed25519) that their signatures verify with."""

    unsealings: tuple[UnsealingAnswer, ...]
    next_cursor: str | None
    key: dict[str, str]


async def ask(desk: Desk, asker: Asker, body: AskUnsealing, key: Key | None) -> Draft[UnsealingAnswer]:
    """Ask for an unsealing. Raises Refused: "one_scope", "unknown_account", "unknown_incident"."""
    scope = Scope(body.account_id, body.incident_id)

    def decide(reader: Reader) -> Draft[UnsealingAnswer]:
        now, unsealing_id = desk.pipeline.now(), identifier()
        asked = UnsealingAsked(
            unsealing_id=unsealing_id,
            account_id=scope.account_id,
            incident_id=scope.incident_id,
            asker=asker.actor.subject,
            purpose=body.purpose,
            words=sealed(scope.subject(), body.words),
            asked_at=now,
        )
        unsealing.ask(asked)
        about(reader, asker, scope)
        stream = unsealing.stream(unsealing_id)
        reader.fresh(stream)
        answer = _told(unsealing.evolve(UnsealingState(), asked, 1), now)
        return Draft(answer, [(stream, asked)], status=201)

    if scope.whole():
        await desk.pipeline.carry_out(asker, lambda reader: Draft(about(reader, asker, scope), []))
        await desk.have_keys([scope.subject()])
    return await desk.pipeline.carry_out(asker, decide, key=key)


async def approve(
    desk: Desk, asker: Asker, unsealing_id: str, _body: AnswerUnsealing, key: Key | None
) -> Draft[UnsealingAnswer]:
    """Approve an unsealing, as another person. Raises Refused, see `unsealing.answerable`."""

    def decide(reader: Reader) -> Draft[UnsealingAnswer]:
        state, now, person = _of(reader, asker, unsealing_id), desk.pipeline.now(), asker.actor.subject
        until = unsealing.approve(state, person, now)
        signature = desk.unsealings.sign(unsealing.statement(state, person, until))
        approved = UnsealingApproved(unsealing_id=unsealing_id, approver=person, until=until, signature=signature)
        return _answered(state, approved, now)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def refuse(
    desk: Desk, asker: Asker, unsealing_id: str, _body: AnswerUnsealing, key: Key | None
) -> Draft[UnsealingAnswer]:
    """Refuse an unsealing, as another person. Raises Refused, see `unsealing.answerable`."""

    def decide(reader: Reader) -> Draft[UnsealingAnswer]:
        state, now = _of(reader, asker, unsealing_id), desk.pipeline.now()
        return _answered(state, unsealing.refuse(state, asker.actor.subject, now), now)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def end(
    desk: Desk, asker: Asker, unsealing_id: str, _body: AnswerUnsealing, key: Key | None
) -> Draft[UnsealingAnswer]:
    """End an unsealing before its time. Raises Refused: "unknown_unsealing", "over"."""

    def decide(reader: Reader) -> Draft[UnsealingAnswer]:
        state, now = _of(reader, asker, unsealing_id), desk.pipeline.now()
        return _answered(state, unsealing.end(state, asker.actor.subject, now), now)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def read(desk: Desk, asker: Asker, unsealing_id: str) -> UnsealingAnswer:
    """One unsealing, as it stands. Raises Refused("unknown_unsealing")."""
    draft = await desk.pipeline.carry_out(asker, lambda reader: Draft(_of(reader, asker, unsealing_id), []))
    words = await desk.pipeline.threaded(lambda: _words(desk, draft.answer))
    return _told(draft.answer, desk.pipeline.now(), words)


async def listed(desk: Desk, asker: Asker, page: UnsealingsPage) -> UnsealingsAnswer:
    """A page of unsealings; none that is about an incident which is about whoever asks. Raises LogUnavailable."""
    now, found = desk.pipeline.now(), await desk.live.current(UNSEALINGS)
    before = int(page.cursor or "f" * 15, 16)
    wanted = [
        each
        for each in reversed(list(found.by_id.values()))
        if each.position < before
        and found.about.get(each.state.scope.incident_id) != asker.actor.subject
        and (page.status == "all" or _status(each.state, now) == page.status)
    ]
    some = wanted[: page.limit]
    told = await desk.pipeline.threaded(
        lambda: tuple([_told(each.state, now, _words(desk, each.state)) for each in some])
    )
    return UnsealingsAnswer(
        told, f"{some[-1].position:x}" if len(wanted) > len(some) else None, desk.unsealings.public()
    )


def _of(reader: Reader, asker: Asker, unsealing_id: str) -> UnsealingState:
    """Its state. Raises Refused("unknown_unsealing"), also where it is about an incident that is about whoever asks."""
    state = cast(UnsealingState, reader.folded(unsealing.stream(unsealing_id)).state)
    try:
        if state.unsealing_id:
            about(reader, asker, state.scope)
    except Refused:
        state = UnsealingState()
    if not state.unsealing_id:
        raise Refused("unknown_unsealing", "there is no such unsealing", place="unsealing_id")
    return state


def _words(desk: Desk, state: UnsealingState) -> str:
    """What its asker said, for those who answer it."""
    if state.words is None:
        return ""
    try:
        return msgspec.json.decode(desk.codec.open(unsealing.stream(state.unsealing_id), state.words), type=str)
    except KeyMissing:  # forgotten
        return ""


def _answered(state: UnsealingState, happened: Event, now: datetime) -> Draft[UnsealingAnswer]:
    answer = _told(unsealing.evolve(state, happened, 0), now)
    return Draft(answer, [(unsealing.stream(state.unsealing_id), happened)])


def _status(state: UnsealingState, now: datetime) -> Status:
    if state.refused_by:
        return "refused"
    if state.ended_by:
        return "ended"
    if state.waiting(now):
        return "waiting"
    return "approved" if state.stands(now) else "expired"


def _told(state: UnsealingState, now: datetime, words: str = "") -> UnsealingAnswer:
    until = state.until
    signed = "" if until is None else unsealing.statement(state, state.approver, until).decode()
    return UnsealingAnswer(
        state.unsealing_id,
        _status(state, now),
        state.scope.account_id,
        state.scope.incident_id,
        state.asker,
        state.purpose,
        words,
        "" if state.asked_at is None else state.asked_at.isoformat(timespec="seconds"),
        state.approver,
        None if until is None else until.isoformat(),
        signed,
        state.signature,
        state.refused_by,
        state.ended_by,
        state.used,
    )
