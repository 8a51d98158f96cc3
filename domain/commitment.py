"""Commitments: a promise, or a task, with an owner and a due time. A voicemail does not keep one.

Who it was made to, or who raised it, accepts the answer, never who gave it; then it is kept. An answer that nobody
accepts for three days is none: it is due anew, and where that comes to pass again it is broken. One that nobody
answered in time is broken: it climbs a tier by itself and is due anew, and after the last tier it stands on the
executive list until a person answers for it. Who sees one, and whose acceptance counts, is said in `acceptance`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, Kept, Personal, event
from domain.refusal import Refused

How = Literal["call", "voicemail", "mail", "message"]
Status = Literal["open", "answered", "kept", "executive", "answered_for"]

CUSTOMER = "customer"
SERVICE = "watchword"  # raised by the service itself: nobody has to accept the answer, doing it keeps it
PROMISE = "promise"
LAST_TIER = 3
EXECUTIVES = "executives"
LONGEST = timedelta(days=400)
# One that climbs is due again after as long as it was given at first, within these bounds.
LEAST_AGAIN, MOST_AGAIN = timedelta(seconds=1), timedelta(hours=4)
# So long an answer waits for somebody to accept it.
ACCEPTED_WITHIN = timedelta(days=3)
SUBSTANTIVE = frozenset({"call", "mail", "message"})
OVER = frozenset({"kept", "answered_for"})


class CommitmentState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one commitment. `tier`: whose it is now, LAST_TIER + 1 on the executive list.

    `again_s`: how long each further tier has, in seconds. `answered_by`, `how`, `answer` are of the latest answer;
    `accept_by`: until when that waits to be accepted; `unaccepted`: how many nobody accepted at this tier.
    """

    commitment_id: str = ""
    kind: str = ""
    account_id: str = ""
    owner: str = ""
    tier: int = 0
    due_at: datetime | None = None
    made_to: str = ""
    raised_by: str = ""
    about: str = ""
    words: Kept | None = None
    party_id: str = ""
    interaction_id: str = ""
    raised_tier: int = 0
    remind_at: datetime | None = None
    again_s: float = 0.0
    status: Status = "open"
    reminded: bool = False
    broken: int = 0
    answers: int = 0
    answered_by: str = ""
    answered_tier: int = 0
    how: str = ""
    answer: Kept | None = None
    accept_by: datetime | None = None
    unaccepted: int = 0

    def wakes_at(self) -> datetime | None:
        """When the clock has something to do about it; None where it never has."""
        if self.status == "answered":
            return self.accept_by
        if self.status != "open" or self.due_at is None:
            return None
        return self.due_at if self.reminded or self.remind_at is None else min(self.remind_at, self.due_at)


@event
class CommitmentMade(Event, frozen=True, kw_only=True):
    """A promise or a task, made by `make`. `owner`: a subject, a tier's queue (see `queue`), "site:manila", "team:x".

    `made_to`: "customer", or the subject of a member of staff. `about`: what it hangs on, "incident:<id>" for one.
    `party_id`: the customer it was made to, where that was known in `interaction_id`, the contact it was made in.
    """

    NAME: ClassVar[str] = "commitment.made.v1"
    commitment_id: str
    kind: str
    account_id: str
    owner: str
    tier: int
    due_at: datetime
    made_to: str
    raised_by: str
    words: Personal
    about: str
    party_id: str = ""
    interaction_id: str = ""
    raised_tier: int = 0
    remind_at: datetime | None = None
    again_s: float = MOST_AGAIN.total_seconds()


@event
class CommitmentReminded(Event, frozen=True, kw_only=True):
    """It will be due soon."""

    NAME: ClassVar[str] = "commitment.reminded.v1"
    commitment_id: str
    owner: str
    due_at: datetime


@event
class CommitmentAnswered(Event, frozen=True, kw_only=True):
    """Somebody did something about it. `substantive`: it says more than that somebody rang.

    `accept_by`: until when it waits for somebody to accept it.
    """

    NAME: ClassVar[str] = "commitment.answered.v1"
    commitment_id: str
    how: How
    substantive: bool
    answered_by: str
    words: Personal
    answered_tier: int = 0
    accept_by: datetime | None = None


@event
class CommitmentUnaccepted(Event, frozen=True, kw_only=True):
    """Nobody said in time that the answer will do: it is open again, and due at `due_at`."""

    NAME: ClassVar[str] = "commitment.unaccepted.v1"
    commitment_id: str
    owner: str
    due_at: datetime


@event
class CommitmentAccepted(Event, frozen=True, kw_only=True):
    """Who may say so said that the answer will do: it is kept. `party_id`: the customer who said it."""

    NAME: ClassVar[str] = "commitment.accepted.v1"
    commitment_id: str
    accepted_by: str
    party_id: str = ""


@event
class CommitmentDeclined(Event, frozen=True, kw_only=True):
    """Who may accept the answer said that it will not do: it is open again, and due when it was."""

    NAME: ClassVar[str] = "commitment.declined.v1"
    commitment_id: str
    declined_by: str
    party_id: str = ""


@event
class CommitmentRead(Event, frozen=True, kw_only=True):
    """Somebody was shown it, what people wrote about it included as far as he may read it."""

    NAME: ClassVar[str] = "commitment.read.v1"
    commitment_id: str


@event
class CommitmentBroken(Event, frozen=True, kw_only=True):
    """It was due and nobody had answered it."""

    NAME: ClassVar[str] = "commitment.broken.v1"
    commitment_id: str
    owner: str
    tier: int
    due_at: datetime


@event
class CommitmentClimbed(Event, frozen=True, kw_only=True):
    """It is the next tier's now. `due_at` is None on the executive list: from there it climbs no further."""

    NAME: ClassVar[str] = "commitment.climbed.v1"
    commitment_id: str
    owner: str
    tier: int
    due_at: datetime | None


@event
class CommitmentStood(Event, frozen=True, kw_only=True):
    """A person answered for it, and it is off the executive list."""

    NAME: ClassVar[str] = "commitment.stood.v1"
    commitment_id: str
    stood_by: str
    words: Personal


def stream(commitment_id: str) -> str:
    """The stream of this commitment."""
    return f"commitment:{commitment_id}"


def queue(tier: int) -> str:
    """The owner that stands for everybody of a tier; after the last, for the executives."""
    return f"tier-{tier}" if tier <= LAST_TIER else EXECUTIVES


def evolve(state: CommitmentState, happened: Event, version: int) -> CommitmentState:  # noqa: PLR0911 - one arm for each event
    """Fold one event that stands at `version` of the commitment's stream."""
    match happened:
        case CommitmentMade():
            told = {name: getattr(happened, name) for name in happened.__struct_fields__ if name != "words"}
            return CommitmentState(words=Kept(happened.words, version, CommitmentMade.NAME, "words"), **told)
        case CommitmentReminded():
            return replace(state, reminded=True)
        case CommitmentAnswered(substantive=substantive):
            waits = substantive and state.status == "open"
            status: Status = "answered" if waits else state.status
            state = replace(state, accept_by=happened.accept_by) if waits else state
            answered = replace(state, answered_by=happened.answered_by, answered_tier=happened.answered_tier)
            kept = Kept(happened.words, version, CommitmentAnswered.NAME, "words")
            return replace(answered, status=status, how=happened.how, answer=kept, answers=state.answers + 1)
        case CommitmentAccepted():
            return replace(state, status="kept")
        case CommitmentDeclined():
            return replace(state, status="open")
        case CommitmentUnaccepted(due_at=due_at):
            return replace(state, status="open", due_at=due_at, unaccepted=state.unaccepted + 1, reminded=True)
        case CommitmentBroken():
            return replace(state, broken=state.broken + 1)
        case CommitmentClimbed(owner=owner, tier=tier, due_at=due_at):
            status = "executive" if due_at is None else "open"
            climbed = replace(state, owner=owner, tier=tier, due_at=due_at, status=status, reminded=True)
            return replace(climbed, unaccepted=0)
        case CommitmentStood():
            return replace(state, status="answered_for")
        case _:
            return state


def make(
    *,
    commitment_id: str,
    kind: str,
    account_id: str,
    owner: str,
    tier: int,
    due_at: datetime,
    made_to: str,
    raised_by: str,
    words: Personal,
    about: str,
    now: datetime,
    party_id: str = "",
    interaction_id: str = "",
    raised_tier: int = 0,
) -> CommitmentMade:
    """Decide on a new commitment; a reminder falls due when three quarters of its time are over.

    Whatever is not a promise says by its kind what the account is: it begins at the last tier, whoever is named.
    Raises Refused("due_already") and Refused("due_too_late").
    """
    if due_at <= now:
        raise Refused("due_already", "say a time that is still to come", place="due_at")
    if due_at - now > LONGEST:
        raise Refused("due_too_late", f"say a time within {LONGEST.days} days", place="due_at")
    given = due_at - now
    named = {queue(each): each for each in range(1, LAST_TIER + 1)}.get(owner, tier)
    stands = min(max(named, 1 if kind == PROMISE else LAST_TIER), LAST_TIER)
    return CommitmentMade(
        commitment_id=commitment_id,
        kind=kind,
        account_id=account_id,
        owner=queue(stands) if owner == queue(named) else owner,
        tier=stands,
        due_at=due_at,
        made_to=made_to,
        raised_by=raised_by,
        words=words,
        about=about,
        party_id=party_id,
        interaction_id=interaction_id,
        raised_tier=raised_tier,
        remind_at=due_at - given / 4,
        again_s=min(max(given, LEAST_AGAIN), MOST_AGAIN).total_seconds(),
    )


def answer(state: CommitmentState, given: CommitmentAnswered) -> tuple[Event, ...]:
    """Decide on an answer. A task of the service's own is kept by it; a promise waits until it is accepted.

    Raises Refused("over").
    """
    if state.status in OVER:
        raise Refused("over", "this commitment is over: it was kept, or somebody answered for it")
    if given.substantive and state.status == "open" and state.raised_by == SERVICE:
        accepted = CommitmentAccepted(commitment_id=state.commitment_id, accepted_by=given.answered_by)
        return given, accepted
    return (given,)


def stand(state: CommitmentState, stood: CommitmentStood) -> CommitmentStood:
    """Decide that a person answers for it. Raises Refused("not_executive")."""
    if state.status != "executive":
        raise Refused("not_executive", "only what stands on the executive list is answered for")
    return stood


def due(state: CommitmentState, now: datetime) -> tuple[Event, ...]:
    """What the clock makes of it now: nothing where nothing is due.

    A reminder; an answer that nobody accepted is none; or it is broken, and a tier higher.
    """
    wakes_at = state.wakes_at()
    if wakes_at is None or state.due_at is None or now < wakes_at:
        return ()
    about = state.commitment_id
    if state.status == "answered" and not state.unaccepted:
        anew = now + timedelta(seconds=state.again_s)
        return (CommitmentUnaccepted(commitment_id=about, owner=state.owner, due_at=anew),)
    if state.status == "open" and now < state.due_at:
        return (CommitmentReminded(commitment_id=about, owner=state.owner, due_at=state.due_at),)
    broken = CommitmentBroken(commitment_id=about, owner=state.owner, tier=state.tier, due_at=state.due_at)
    tier = state.tier + 1
    again = now + timedelta(seconds=state.again_s) if tier <= LAST_TIER else None
    return broken, CommitmentClimbed(commitment_id=about, owner=queue(tier), tier=tier, due_at=again)
