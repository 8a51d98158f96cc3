"""Unsealing: what an approved one opens, to the one who asked for it, page by page, each time on record.

What approves is the signature: nothing is opened but where the installation's own key signed just this approval. One
that does not open what is asked opens nothing and says nothing: what is personal stays sealed.
"""

from __future__ import annotations

from typing import cast

from domain import incident, unsealing
from domain.account import exists
from domain.event import Event
from domain.incident import IncidentState
from domain.refusal import Refused
from domain.unsealing import Reading, Scope, UnsealingState, UnsealingUsed
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.record.opener import Opener

__all__ = ["about", "opened", "opener", "used"]


def used(  # noqa: PLR0917 - what is read, by whom, how far
    desk: Desk, reader: Reader, asker: Asker, scope: Scope, unsealing_id: str, reading: Reading,
    *, after: int = 0, until: int = 0,
) -> list[tuple[str, Event]]:  # fmt: skip
    """The use of an unsealing, to be recorded with the reading; nothing where it does not open this to this reader."""
    if not unsealing_id:
        return []
    stream = unsealing.stream(unsealing_id)
    state = cast(UnsealingState, reader.folded(stream).state)
    if not state.opens(asker.actor.subject, scope, desk.pipeline.now()) or state.until is None:
        return []
    if not desk.unsealings.verify(unsealing.statement(state, state.approver, state.until), state.signature):
        return []
    happened = UnsealingUsed(
        unsealing_id=unsealing_id, reader=asker.actor.subject, reading=reading, after=after, until=until
    )
    return [(stream, happened)]


def opener(desk: Desk, scope: Scope, unsealing_id: str, account_id: str) -> Opener:
    """An opener by an unsealing whose use is on record, of what is about this account; with no id it opens nothing."""
    return Opener(
        desk.log,
        desk.codec,
        desk.keys,
        unsealing_id=unsealing_id,
        account_id=account_id,
        incident_id=scope.incident_id,
    )


async def opened(
    desk: Desk,
    asker: Asker,
    *,
    account_id: str = "",
    incident_id: str = "",
    unsealing_id: str = "",
    reading: Reading,
    until: int = 0,
) -> Opener:
    """What of one account, or one incident, this reader may have opened; its use is on record before this returns.

    Nothing is, and nothing is said of why, where there is no such unsealing, it is somebody else's or of something
    else, was not approved, was ended or has expired. `until`: how far in the log is read.

    Raises Refused: "unknown_account", "unknown_incident" (also for one that is about whoever asks).
    """
    scope = Scope(account_id, incident_id)

    def decide(reader: Reader) -> Draft[tuple[str, bool]]:
        whose = about(reader, asker, scope)
        events = used(desk, reader, asker, scope, unsealing_id, reading, until=until)
        return Draft((whose, bool(events)), events)

    whose, opens = (await desk.pipeline.carry_out(asker, decide)).answer
    if opens:
        await desk.mentions.covering()
    return opener(desk, scope, unsealing_id if opens else "", whose)


def about(reader: Reader, asker: Asker, scope: Scope) -> str:
    """The account that this is about, "" for an incident that is about none.

    Raises Refused: "unknown_account", "unknown_incident", also for an incident that is about whoever asks.
    """
    if scope.account_id:
        exists(reader.account(scope.account_id))
        return scope.account_id
    state = cast(IncidentState, reader.folded(incident.stream(scope.incident_id)).state)
    if not state.opened() or (state.agent and state.agent == asker.actor.subject):
        raise Refused("unknown_incident", "there is no such incident", place="incident_id")
    return state.account_id
