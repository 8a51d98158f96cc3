"""Commitments as they are listed and read: each sees those that he has to do with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import acceptance, commitment
from domain.commitment import LAST_TIER, CommitmentRead
from domain.event import Kept
from projections.commitments import COMMITMENTS, Row, Which
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.office.committing import of, when
from service.sealing import KeyMissing

MOST = 200


class CommitmentRow(msgspec.Struct, frozen=True):
    """A commitment in a list. `broken`: how often it was due in vain; `how`: the latest answer; `age_s` in seconds.

    `account_id` only for those who see every commitment, and for the last tier.
    """

    commitment_id: str
    kind: str
    status: Literal["open", "answered", "kept", "executive", "answered_for"]
    owner: str
    tier: int
    due_at: str | None
    made_to: str
    raised_by: str
    about: str
    account_id: str
    reminded: bool
    broken: int
    answers: int
    how: str
    age_s: int


class CommitmentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which commitments: all that are not over, those due soon or already, once broken, or on the executive list."""

    status: Which = "open"
    owner: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._@:-]{0,64}$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50


class CommitmentsAnswer(msgspec.Struct, frozen=True):
    """Those that are due first. `total`: how many there are, of which no more than the limit are listed."""

    commitments: tuple[CommitmentRow, ...]
    total: int


class CommitmentWords(msgspec.Struct, frozen=True):
    """One commitment with what was written about it. Null: nothing, or nothing that you may read."""

    commitment_id: str
    status: Literal["open", "answered", "kept", "executive", "answered_for"]
    owner: str
    tier: int
    due_at: str | None
    how: str
    words: str | None
    answer: str | None

    def __repr__(self) -> str:
        """Say which it is."""
        return f"CommitmentWords({self.commitment_id}, {self.status})"


async def listed(desk: Desk, asker: Asker, query: CommitmentQuery) -> CommitmentsAnswer:
    """The commitments that this asker has to do with, those that are due first, and before them the executive list."""
    held = await desk.live.current(COMMITMENTS)
    now = desk.pipeline.now()

    def found() -> CommitmentsAnswer:
        rows = [
            row
            for row in held.of(asker.actor, acceptance.queues(asker.actor, asker.team))
            if acceptance.concerns(row.state, asker.actor, asker.team)
            and row.is_now(query.status, now)
            and (not query.owner or row.state.owner == query.owner)
        ]
        rows.sort(key=lambda row: (row.state.due_at or row.made_at - timedelta(days=3650), row.state.commitment_id))
        wide = asker.actor.role != "agent" or asker.actor.tier >= LAST_TIER
        return CommitmentsAnswer(tuple(_row(row, now, wide=wide) for row in rows[: query.limit]), len(rows))

    return await desk.pipeline.threaded(found)


def _row(row: Row, now: datetime, *, wide: bool) -> CommitmentRow:
    state = row.state
    return CommitmentRow(
        commitment_id=state.commitment_id,
        kind=state.kind,
        status=state.status,
        owner=state.owner,
        tier=state.tier,
        due_at=when(state.due_at),
        made_to=state.made_to,
        raised_by=state.raised_by,
        about=state.about,
        account_id=state.account_id if wide else "",
        reminded=state.reminded,
        broken=state.broken,
        answers=state.answers,
        how=state.how,
        age_s=int((now - row.made_at).total_seconds()),
    )


async def read(desk: Desk, asker: Asker, commitment_id: str) -> CommitmentWords:
    """One commitment, with what was written about it. That it was shown is on record before it is.

    What somebody wrote is read by nobody of a lower tier than his, nor by those who stand outside the tiers. Raises
    Refused("unknown_commitment").
    """
    stream = commitment.stream(commitment_id)

    def decide(reader: Reader) -> Draft[CommitmentWords]:
        state = of(reader, commitment_id)
        acceptance.seen(state, asker.actor, asker.team)
        shown = CommitmentWords(
            commitment_id=commitment_id,
            status=state.status,
            owner=state.owner,
            tier=state.tier,
            due_at=when(state.due_at),
            how=state.how,
            words=opened(desk, asker, stream, state.words, (state.raised_by, state.raised_tier)),
            answer=opened(desk, asker, stream, state.answer, (state.answered_by, state.answered_tier)),
        )
        return Draft(shown, [(stream, CommitmentRead(commitment_id=commitment_id))])

    return (await desk.pipeline.carry_out(asker, decide, on_beat=True)).answer


def opened(desk: Desk, asker: Asker, stream: str, kept: Kept | None, author: tuple[str, int]) -> str | None:
    """What an author (subject and tier) wrote, where this asker may read it; None where not, or where it is forgotten.

    Nobody hears from a note what his tier would not have been told.
    """
    by, tier = author
    if kept is None or asker.actor.role != "agent" or (asker.actor.tier < tier and asker.actor.subject != by):
        return None
    try:
        return msgspec.json.decode(desk.codec.open(stream, kept), type=str)
    except KeyMissing:
        return None
