"""Acceptance: who sees a commitment, and who may say that the answer to it will do. Never who gave it."""

from __future__ import annotations

from domain.commitment import (
    CUSTOMER,
    LAST_TIER,
    PROMISE,
    SERVICE,
    CommitmentAccepted,
    CommitmentDeclined,
    CommitmentState,
    queue,
)
from domain.event import Actor
from domain.refusal import Refused

EVERYTHING = frozenset({"executive", "compliance", "legal"})
# What stands in the place of a person; a token whose subject is one of these is not everybody's.
NOBODY = frozenset({CUSTOMER, SERVICE, *(queue(tier) for tier in range(1, LAST_TIER + 2))})


def concerns(state: CommitmentState, actor: Actor, team: str = "") -> bool:
    """Whether an actor of this team sees it: who owns or raised it, or whom it was made to; its queue; executives all.

    A tier sees what stands at it by name of the queue, the last tier whatever stands there; nobody below that sees one
    that is no promise.
    """
    if not state.commitment_id:
        return False
    if actor.role != "agent":
        return actor.role in EVERYTHING
    if actor.tier < LAST_TIER and state.kind != PROMISE:
        return False
    named = (state.owner, state.raised_by, state.made_to)
    if actor.subject in named and actor.subject not in NOBODY:
        return True
    own_queue = state.owner in queues(actor, team)
    return own_queue or (actor.tier >= LAST_TIER and state.tier >= LAST_TIER)


def queues(actor: Actor, team: str) -> tuple[str, ...]:
    """The owners that stand for an agent among others: his tier, his site, his team."""
    return tuple(each for each in (queue(actor.tier), f"site:{actor.site}", f"team:{team}") if each[-1] != ":")


def seen(state: CommitmentState, actor: Actor, team: str = "") -> None:
    """Raise Refused("unknown_commitment") unless this actor sees it: to him one of others' is none."""
    if not concerns(state, actor, team):
        raise Refused("unknown_commitment", "there is no such commitment among yours", place="commitment_id")


def judge(
    state: CommitmentState,
    actor: Actor,
    account_id: str = "",
    parties: frozenset[str] = frozenset(),
    *,
    accepted: bool,
    team: str = "",
) -> CommitmentAccepted | CommitmentDeclined:
    """Decide whether the answer will do, by the customer on the line, or by who raised it and did not answer it.

    `parties`: the customers on `account_id` whom this contact knows. Raises Refused: "unknown_commitment",
    "not_theirs", "nothing_to_accept", "own_answer".
    """
    theirs = _theirs(state, account_id, parties)
    if not theirs:
        seen(state, actor, team)
        if actor.subject not in {state.raised_by, state.made_to} - NOBODY:
            raise Refused("not_theirs", "who raised it, or whom it was made to, says whether the answer will do")
    if state.status != "answered":
        raise Refused("nothing_to_accept", "nobody has answered it yet, other than by a voicemail")
    if not theirs and actor.subject == state.answered_by:
        raise Refused("own_answer", "nobody accepts an answer of his own; ask whom it was made to")
    about, by, party_id = state.commitment_id, actor.subject, theirs
    if accepted:
        return CommitmentAccepted(commitment_id=about, accepted_by=by, party_id=party_id)
    return CommitmentDeclined(commitment_id=about, declined_by=by, party_id=party_id)


def _theirs(state: CommitmentState, account_id: str, parties: frozenset[str]) -> str:
    """The one of these customers it was made to, "" for none.

    One made in a contact that knew nobody was made to none who can be told; a task is no promise to anybody.
    """
    if state.made_to != CUSTOMER or state.kind != PROMISE or account_id != state.account_id:
        return ""
    if state.party_id or state.interaction_id:
        return state.party_id if state.party_id in parties else ""
    return min(parties, default="")
