"""Access requests: opened by the back office, answered in a contact in which the person has proved who they are."""

from __future__ import annotations

from typing import Any, Literal, cast

import msgspec

from domain import access_request, judging
from domain.access_request import (
    LEFT_OUT,
    AccessRequestAnswered,
    AccessRequestOpened,
    AccessRequestState,
    ReceivedBy,
)
from domain.attempt import Given, Outcome
from domain.judging import OWN
from service.chance import identifier
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.line.disclosing import (
    ANSWER_LASTS,
    DISCLOSED_SAY,
    WITHHELD_SAY,
    Attempt,
    document_of,
    not_signed,
    recorded,
    scene_of,
)


class OpenAccessRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody asked for what is kept of them. `received_by`: how; nobody is answered that way."""

    party_id: Id
    received_by: ReceivedBy


class AccessRequestAnswer(msgspec.Struct, frozen=True):
    """The request's id, and when it is due, UTC. Invite the person to call or sign in, and to prove who they are."""

    access_request_id: str
    due_at: str


class AnswerAccessRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answer a request in this contact, whose caller has proved to be the party it is of."""

    access_request_id: Id


class LeftOut(msgspec.Struct, frozen=True):
    """What stays out of a field class, on every account alike."""

    field_class: str
    reason: str


class OwnBooking(msgspec.Struct, frozen=True):
    """What a booking says of this person."""

    booking_id: str
    document: dict[str, Any]

    def __repr__(self) -> str:
        """Say nothing of the document."""
        return "OwnBooking()"


class OwnDataAnswer(msgspec.Struct, frozen=True):
    """A person's own fields, booking by booking, and what was left out and why."""

    decision_id: str
    outcome: Outcome
    bookings: tuple[OwnBooking, ...]
    left_out: tuple[LeftOut, ...]
    say: str
    next_step: Literal["read_answer", "ask_passcode"]
    expires_at: str


_LEFT_OUT = tuple(LeftOut(each.value, why) for each, why in LEFT_OUT)


async def open_access_request(
    desk: Desk, asker: Asker, account_id: str, body: OpenAccessRequest, key: Key | None
) -> Draft[AccessRequestAnswer]:
    """Open a request. Nothing is told by it. Raises Refused("unknown_account"), Refused("unknown_party")."""

    def decide_on(reader: Reader) -> Draft[AccessRequestAnswer]:
        access_request_id = identifier()
        stream = access_request.stream(access_request_id)
        reader.fresh(stream)
        due_at = desk.pipeline.now() + access_request.DUE
        opened = AccessRequestOpened(
            account_id=account_id, party_id=body.party_id, received_by=body.received_by, due_at=due_at
        )
        access_request.open_request(reader.account(account_id), opened)
        return Draft(AccessRequestAnswer(access_request_id, due_at.isoformat()), [(stream, opened)], status=201)

    return await desk.pipeline.carry_out(asker, decide_on, key=key)


async def answer_access_request(
    desk: Desk, asker: Asker, interaction_id: str, body: AnswerAccessRequest
) -> OwnDataAnswer:
    """Tell a person who proved who they are their own fields, of the views they may have; anybody else nothing."""

    def judge(reader: Reader) -> Draft[Attempt]:
        scene = scene_of(desk, asker, reader, interaction_id)
        request = cast(AccessRequestState, reader.folded(access_request.stream(body.access_request_id)).state)
        given = Given(unvouched=not_signed(desk, scene))
        judged = judging.of_request(scene, given, request)
        draft = recorded(reader, scene, given, asked="bookings", judged=judged, classes=OWN)
        if any(each.decision.outcome == "disclosed" for each in judged):
            answered = AccessRequestAnswered(interaction_id=interaction_id, decision_id=draft.answer.decision_id)
            draft.events.append((access_request.stream(body.access_request_id), answered))
        return draft

    attempt = (await desk.pipeline.carry_out(asker, judge, on_beat=True)).answer
    found = []
    for each in attempt.judged:
        document = document_of(desk, each) if each.decision.outcome == "disclosed" else None
        if document is not None:
            found.append(OwnBooking(each.booking_id, document))
    return OwnDataAnswer(
        attempt.decision_id,
        "disclosed" if found else "withheld",
        tuple(found),
        _LEFT_OUT if found else (),
        DISCLOSED_SAY if found else WITHHELD_SAY,
        "read_answer" if found else "ask_passcode",
        (attempt.at + ANSWER_LASTS).isoformat(timespec="seconds"),
    )
