"""Proving: who speaks where something about a protection is asked for on a call, and the answer that everybody gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain import account, interaction
from domain.account import AccountState
from domain.ending import ProtectionRequestDeclined
from domain.event import Event
from domain.interaction import CALLER, Method
from service.desk.desk import Desk
from service.desk.draft import Asker, Reader

ASKED_LASTS = timedelta(hours=24)


class NotedAnswer(msgspec.Struct, frozen=True):
    """Always the same, whoever asked for whatever: it is noted."""

    say: str = "Thank you. I have noted that."
    next_step: Literal["ask"] = "ask"


NOTED = NotedAnswer()


class Proved(msgspec.Struct, frozen=True):
    """The account a contact is about, and the party its caller proved; `why`: why nothing may be done at his word."""

    account_id: str
    account: AccountState
    party_id: str = ""
    method: Method | None = None
    why: str = ""

    @property
    def stream(self) -> str:
        """The account's stream."""
        return account.stream(self.account_id)


def proved(desk: Desk, reader: Reader, asker: Asker, interaction_id: str) -> Proved:
    """Who speaks. Raises Refused, see `interaction.use`.

    Under a duress passcode, and where the caller disputes what he was told, nothing is done at anybody's word.
    """
    state = reader.interaction(interaction_id)
    interaction.use(state, asker.actor.subject, desk.pipeline.now())
    account_id = state.account_id or interaction_id
    found = reader.account(account_id)
    proof = state.proof(state.listeners[CALLER])
    if proof is None:
        return Proved(account_id, found, why="nobody proved")
    if proof.method == "duress":
        return Proved(account_id, found, proof.party_id, proof.method, "asked for under a duress passcode")
    if state.disputed_by:
        return Proved(account_id, found, proof.party_id, proof.method, "the caller disputes what he was told")
    return Proved(account_id, found, proof.party_id, proof.method)


def declined(
    who: Proved, interaction_id: str, asked: Literal["end", "stop", "release", "safe_contact"], why: str
) -> tuple[str, Event]:
    """What is kept of a wish that led to nothing."""
    return who.stream, ProtectionRequestDeclined(
        interaction_id=interaction_id, party_id=who.party_id, asked=asked, why=why
    )


def on_the_call(reader: Reader, state: AccountState, agent: str, now: datetime) -> bool:
    """Whether this agent took, or took over, a call on which a passcode of this account was asked for in vain.

    Such an agent does not call the safe contact back: it takes somebody who has not been talked round on that call.
    """
    for asked in state.asked_in:
        if now - asked.at < ASKED_LASTS and (asked.agent == agent or took_over(reader, asked.interaction_id, agent)):
            return True
    return False


def took_over(reader: Reader, interaction_id: str, agent: str) -> bool:
    """Whether this agent has a contact, or one that it was continued in."""
    seen: set[str] = set()
    while interaction_id and interaction_id not in seen:
        seen.add(interaction_id)
        line = reader.interaction(interaction_id)
        if line.agent == agent:
            return True
        interaction_id = line.continued_in
    return False
