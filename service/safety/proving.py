"""Proving: who speaks where something about a protection is asked for on a call, and the answer that everybody gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, cast

import msgspec

from domain import account, evidence, interaction
from domain.account import AccountState
from domain.ending import ProtectionRequestDeclined
from domain.event import Event
from domain.interaction import CALLER, InteractionState, Method
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

    Under a duress passcode, by one that the safe contact has not seen, and where the caller disputes what he was told,
    nothing is done at anybody's word; nor by a secret that is not in force any more.
    """
    state = reader.interaction(interaction_id)
    interaction.use(state, asker.actor.subject, desk.pipeline.now())
    account_id = state.account_id or interaction_id
    found = reader.account(account_id)
    proof, _ = evidence.counts(state.listeners[CALLER], state, found)
    if proof is None:
        return Proved(account_id, found, why="nobody proved")
    if proof.method == "duress":
        return Proved(account_id, found, proof.party_id, proof.method, "asked for under a duress passcode")
    if evidence.outward(proof, found):
        return Proved(account_id, found, proof.party_id, proof.method, "not by a passcode of the safe contact's")
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


def nameable(reader: Reader, line: InteractionState) -> str:
    """The account that a contact may be said to be about where people read of it.

    By a locator that only a held view has, and with nothing proved, it is the phantom one that it would be if that
    locator were nobody's: whoever knows no more than that is not told whose it is.
    """
    if line.may_prove is None:
        return line.account_id
    on_account = reader.account(line.account_id)
    if any(evidence.counts(each, line, on_account)[0] is not None for each in line.listeners.values()):
        return line.account_id
    return line.phantom


def on_the_call(reader: Reader, state: AccountState, agent: str, now: datetime) -> bool:
    """Whether this agent had, before or after, a call on which a passcode of this account was asked for in vain.

    Such an agent does not call the safe contact back: it takes somebody who has not been talked round on that call.
    """
    for asked in state.asked_in:
        if now - asked.at < ASKED_LASTS and (asked.agent == agent or agent in who_had(reader, asked.interaction_id)):
            return True
    return False


def who_had(reader: Reader, interaction_id: str) -> frozenset[str]:
    """Everybody who has had the contact that this interaction is of: before it was his, and after."""
    found: set[str] = set()
    seen: set[str] = set()
    for way in ("continues", "continued_in"):
        each = interaction_id
        while each and (each == interaction_id or each not in seen):
            seen.add(each)
            line = cast(InteractionState, reader.folded(interaction.stream(each)).state)
            found.add(line.agent)
            each = getattr(line, way)
    return frozenset(found) - {""}
