"""Actions: something is asked to be done, judged like a question, recorded, and queued for those who do it.

Nothing is done to a booking here, and nothing is sent: what may go to whom is decided when it goes. The worklist is
read from the log; what the caller said of an action is opened for whoever is to do it, one at a time and on record.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import action, judging
from domain.action import (
    HELD,
    Accepted,
    Action,
    ActionAttempted,
    ActionClosed,
    ActionNotGiven,
    ActionRead,
    Result,
    Route,
)
from domain.attempt import Given
from domain.event import Kept
from domain.refusal import Refused
from projections.actions import ACTIONS, Waiting
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId
from service.desk.repeating import carry_out_anew
from service.line import authorising
from service.line.disclosing import TRANSFER_SAY, WITHHELD_SAY, NextStep, not_signed, scene_of
from service.sealing import KeyMissing

ACCEPTED_SAY = "Thank you. I have put that request through, and it will be seen to."
READING_TIER = 3

Words = Annotated[str, Meta(max_length=1000)]


class RequestAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done to which booking, and what the caller said of it."""

    action: Annotated[Action, Meta(examples=["cancel"])]
    locator: Annotated[str, Meta(max_length=32, examples=["YL92CN"])] = ""
    booking_id: MaybeId = ""
    details: Words = ""

    def __repr__(self) -> str:
        """Say what kind of request it is."""
        return f"RequestAction({self.action})"


class ActionAnswer(msgspec.Struct, frozen=True):
    """Whether it was accepted, and by when it is seen to (UTC). `say` may be read aloud as it is."""

    decision_id: str
    outcome: Accepted
    say: str
    next_step: NextStep
    due_by: str | None


class ActionsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the actions that wait."""

    route: Literal["", "ordinary", "tier_3"] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class WaitingAction(msgspec.Struct, frozen=True):
    """One action that waits to be done. Times are UTC."""

    decision_id: str
    action: Action
    route: Route
    account_id: str
    booking_ids: tuple[str, ...]
    asked_at: str
    due_by: str


class ActionsAnswer(msgspec.Struct, frozen=True):
    """What waits, the most urgent first. `more`: there are others behind these."""

    actions: tuple[WaitingAction, ...]
    more: bool


class ActionDetails(msgspec.Struct, frozen=True):
    """One action that waits, with what was said of it. Empty where the words are gone."""

    decision_id: str
    action: Action
    route: Route
    account_id: str
    booking_ids: tuple[str, ...]
    due_by: str
    locator: str
    details: str

    def __repr__(self) -> str:
        """Say nothing of what was said."""
        return f"ActionDetails({self.action})"


class CloseAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of it, in words for those who come after."""

    result: Result
    words: Words = ""

    def __repr__(self) -> str:
        """Say what became of it."""
        return f"CloseAction({self.result})"


class ClosedAction(msgspec.Struct, frozen=True):
    """It waits no more."""

    decision_id: str
    result: Result


async def request(
    desk: Desk, asker: Asker, interaction_id: str, body: RequestAction, key: Key | None
) -> Draft[ActionAnswer]:
    """Judge what is to be done, and queue it. No override stands in for a passcode here: those are for words.

    With the key of one that was accepted it is judged anew, and not queued again.
    """
    mark = desk.marks.locator(body.locator) if body.locator else ""
    subject = await desk.contacts.keyed(asker, interaction_id)

    def judge(before: bytes | None, reader: Reader) -> Draft[ActionAnswer]:
        queued = None if before is None else msgspec.json.decode(before, type=ActionAnswer)
        scene = scene_of(desk, asker, reader, interaction_id)
        ruled, minute = authorising.verdict(reader, asker, scene.interaction, body.action, scene.now)
        given = Given(mark, body.booking_id, unvouched=not_signed(desk, scene), minute=minute)
        attempted, judged = judging.acted(
            scene,
            given,
            body.action,
            ruled,
            decision_id=identifier(),
            request=sealed(subject, {"locator": body.locator, "details": body.details}),
            judged_at=lambda: {stream: folded.version for stream, folded in reader.reads.items()},
            repeats="" if queued is None else queued.decision_id,
        )
        accepted, due_at = attempted.outcome == "accepted", attempted.due_at
        about = judging.about(scene.interaction, interaction_id)
        disputed = judged.decision.rules == ("disputed",)
        say = ACCEPTED_SAY if accepted else TRANSFER_SAY if disputed else WITHHELD_SAY
        next_step: NextStep = "read_answer" if accepted else "transfer" if disputed else "ask_passcode"
        answer = ActionAnswer(attempted.decision_id, attempted.outcome, say, next_step, _told(due_at))
        if attempted.repeats and queued is not None:
            answer = queued
        # Where nothing is to be done there is nothing to do once: asked again it may be accepted.
        return Draft(
            answer, [(about, attempted)], interaction=interaction_id, policy=scene.policy.version, keeps=accepted
        )

    return await carry_out_anew(desk, asker, judge, key=key, on_beat=True)


async def listed(desk: Desk, asker: Asker, page: ActionsPage) -> ActionsAnswer:
    """What waits, as far as this person may see it."""
    waiting = await desk.live.current(ACTIONS)
    seen = [each for each in waiting.in_order() if _sees(asker, each.route) and page.route in ("", _route(asker, each))]
    shown = tuple(
        WaitingAction(
            each.decision_id,
            each.action,
            _route(asker, each),
            each.account_id,
            each.bookings,
            _told(each.asked_at) or "",
            _told(each.due_at) or "",
        )
        for each in seen[: page.limit]
    )
    return ActionsAnswer(shown, more=len(seen) > len(shown))


async def read(desk: Desk, asker: Asker, decision_id: str) -> ActionDetails:
    """What was said of one action: whoever reads it has it for a while, and that he read it is on record.

    Raises Refused: "unknown_action", "with_a_colleague".
    """
    found = await _found(desk, asker, decision_id)

    def decide_(reader: Reader) -> Draft[None]:
        now, person = desk.pipeline.now(), asker.actor.subject
        _give(reader, asker, found, now)
        read_ = ActionRead(decision_id=decision_id, reader=person, until=now + HELD)
        return Draft(None, [(action.stream(decision_id), read_)], interaction=found.interaction_id)

    async with _on_record(desk, asker, found):
        await desk.pipeline.carry_out(asker, decide_)
    said = _Said()
    try:
        kept = Kept(found.request, found.version, ActionAttempted.NAME, "request")
        said = msgspec.json.decode(desk.codec.open(found.stream, kept), type=_Said)
    except KeyMissing:
        pass
    return ActionDetails(
        found.decision_id,
        found.action,
        _route(asker, found),
        found.account_id,
        found.bookings,
        _told(found.due_at) or "",
        said.locator,
        said.details,
    )


async def close(desk: Desk, asker: Asker, decision_id: str, body: CloseAction, key: Key | None) -> Draft[ClosedAction]:
    """Say what became of an action. Raises Refused: "unknown_action", "closed_already", "with_a_colleague"."""
    found = await _found(desk, asker, decision_id)
    subject = found.account_id or found.interaction_id
    await desk.have_keys([subject])

    def decide_(reader: Reader) -> Draft[ClosedAction]:
        stream = action.stream(decision_id)
        closed = ActionClosed(decision_id=decision_id, result=body.result, words=sealed(subject, body.words))
        action.close(reader.action(decision_id), closed)
        _give(reader, asker, found, desk.pipeline.now())
        return Draft(ClosedAction(decision_id, body.result), [(stream, closed)], interaction=found.interaction_id)

    async with _on_record(desk, asker, found):
        return await desk.pipeline.carry_out(asker, decide_, key=key)


def _give(reader: Reader, asker: Asker, found: Waiting, now: datetime) -> None:
    """Raise Refused, see `action.give`. The account is read too: it may be protected since a moment ago."""
    guarded = found.guarded or bool(reader.account(found.account_id).protected(now))
    action.give(
        reader.action(found.decision_id),
        asker.actor.subject,
        now,
        tier_3=asker.actor.role == "agent",
        guarded=guarded,
    )


@asynccontextmanager
async def _on_record(desk: Desk, asker: Asker, found: Waiting) -> AsyncIterator[None]:
    """Record that it was wanted by somebody to whom it was not given."""
    try:
        yield
    except Refused as refused:
        if refused.code == "with_a_colleague":
            missed = ActionNotGiven(decision_id=found.decision_id)
            told = [(action.stream(found.decision_id), missed)]
            await desk.pipeline.carry_out(asker, lambda _: Draft(None, [*told], interaction=found.interaction_id))
        raise


class _Said(msgspec.Struct, frozen=True):
    """What was sealed of a request."""

    locator: str = ""
    details: str = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "_Said()"


async def _found(desk: Desk, asker: Asker, decision_id: str) -> Waiting:
    """An action that waits, and that this person may see."""
    found = (await desk.live.current(ACTIONS)).waiting.get(decision_id)
    if found is None or not _sees(asker, found.route):
        raise Refused("unknown_action", "no such action waits for you", place="decision_id")
    return found


def _sees(asker: Asker, route: Route) -> bool:
    """Tier 3 sees all, the back office what is ordinary, anybody else nothing."""
    if asker.actor.role == "agent":
        return asker.actor.tier >= READING_TIER
    return asker.actor.role == "back_office" and route == "ordinary"


def _route(asker: Asker, found: Waiting) -> Route:
    """Whose an action is, as this person is told: to the back office it stays what it was."""
    return found.stands() if asker.actor.role == "agent" else found.route


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
