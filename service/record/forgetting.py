"""Forgetting a person: what would go is told first; another person confirms just that, and then it goes.

    asked -> Plan (`planning`, from the account's record) -> its digest, on record
    confirmed -> on record: the account has forgotten the party, and which keys go -> every process heeds it
              -> finished: what came up to the end, letters, bundles, backups of keys, the storage -> on record

A refusal is on record before it is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import account, forgetting, hold
from domain.forgetting import (
    ForgettingAsked,
    ForgettingConfirmed,
    ForgettingRefused,
    ForgettingState,
    Reason,
)
from domain.party import PartyForgotten
from domain.refusal import Refused
from projections.forgetting import Going, Plan, Staying
from projections.holds import HOLDS
from service.bundle import keeping
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.log import LocatorEntry, LogUnavailable
from service.outbox import OutboxUnavailable
from service.record.finishing import finish
from service.record.holding import account_of, covering_party
from service.record.planning import planned
from service.sealing.store import FOR_GOOD

Held = tuple[int, tuple[str, ...]]  # the version of the stream of all holds, and those that cover the person
Decide = Callable[[Held, Reader], Draft["ForgettingAnswer | Refused"]]

TRIES = 5

REFUSALS = {
    "held": ("held", "a legal hold covers this person: see `holds`; nobody is forgotten while it stands"),
    "protected": ("protected", "a protection of this person stands; it ends at her own word first"),
    "adverse": ("named_adverse", "a protection that stands names this person adverse; not before it is over"),
}


class ForgetParty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why; and, to have it done, the `digest` of what somebody else was told would go. Without, that is told."""

    reason: Reason
    words: Annotated[str, Meta(min_length=1, max_length=4000)]
    digest: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return "ForgetParty()"


class ForgettingAnswer(msgspec.Struct, frozen=True):
    """What would go (`asked`), or went (`forgotten`; `confirmed` while some of it is still to be done).

    `keys` go, `stays` do not; `events` hold something that goes, `locators` are rows of their index, `letters` those in
    the embedded outbox, `exports` bundles that show it, or are being made. `left`: what the storage could not do, in
    words. Digest and position are the plan's.
    """

    party_id: str
    account_id: str
    status: Literal["asked", "confirmed", "forgotten"]
    digest: str
    position: int
    keys: tuple[Going, ...]
    stays: tuple[Staying, ...]
    events: int
    locators: int
    letters: int
    exports: tuple[str, ...]
    left: str = ""

    def __repr__(self) -> str:
        """Say whose it is, and how far it has come."""
        return f"ForgettingAnswer({self.party_id}, {self.status})"


class Found(msgspec.Struct, frozen=True):
    """What goes: the keys, and besides them so many letters in the outbox, and these exports."""

    plan: Plan
    letters: int
    exports: tuple[str, ...]

    def __repr__(self) -> str:
        """Say whose it is."""
        return f"Found({self.plan.party_id})"


async def forget_party(
    desk: Desk, asker: Asker, party_id: str, body: ForgetParty, key: Key | None
) -> Draft[ForgettingAnswer]:
    """Tell what would go, or have it go. Raises Refused: "unknown_party", "forgotten_already", see `REFUSALS`.

    To have it go, also those of `forgetting.confirm`.
    """
    account_id = await account_of(desk, party_id)
    plan = await planned(desk, party_id, account_id)
    found = Found(plan, await _letters(desk, party_id), tuple(await keeping.showing(desk, _subjects(plan))))
    if not body.digest:
        return await _asked(desk, asker, body, found, key)
    draft = await _confirmed(desk, asker, body, found, key)
    answer = draft.answer
    done = await finish(desk, party_id)
    draft.answer = msgspec.structs.replace(
        answer, status="forgotten" if done is not None else "confirmed", left="" if done is None else done.left
    )
    return draft


def _judged(desk: Desk, reader: Reader, plan: Plan, held: Held) -> ForgettingRefused | None:
    """Why it may not be now, as an event. Raises Refused, or _Moved where holds were changed since they were read."""
    version, holds = held
    if reader.folded(hold.REGISTER).version != version:
        raise _Moved
    state = reader.account(plan.account_id)
    forgetting.forgettable(state, plan.party_id)
    why = forgetting.stopped(state, plan.party_id, holds, desk.pipeline.now())
    if why is None:
        return None
    return ForgettingRefused(
        party_id=plan.party_id, account_id=plan.account_id, why=why, holds=holds if why == "held" else ()
    )


class _Moved(Exception):
    """A hold was placed, extended or lifted meanwhile."""


async def _held(desk: Desk, asker: Asker, plan: Plan) -> Held:
    """The version of the stream of all holds, and which of them cover the person by then or later."""

    def read(reader: Reader) -> Draft[int]:
        return Draft(reader.folded(hold.REGISTER).version, [])

    version = (await desk.pipeline.carry_out(asker, read)).answer
    holds = await desk.live.current(HOLDS)
    found = await covering_party(desk, holds, plan.party_id, plan.account_id, desk.pipeline.now())
    return version, tuple(sorted(each.hold_id for each in found))


async def _asked(desk: Desk, asker: Asker, body: ForgetParty, found: Found, key: Key | None) -> Draft[ForgettingAnswer]:
    plan, stream = found.plan, forgetting.stream(found.plan.party_id)

    def asked() -> ForgettingAsked:
        return ForgettingAsked(
            party_id=plan.party_id,
            account_id=plan.account_id,
            digest=plan.digest(),
            position=plan.position,
            reason=body.reason,
            words=sealed(plan.party_id, body.words),
            asked_by=asker.actor.subject,
            asked_at=desk.pipeline.now(),
        )

    def decide(held: Held, reader: Reader) -> Draft[ForgettingAnswer | Refused]:
        refused = _judged(desk, reader, plan, held)
        if refused is not None:
            return _refusal(stream, refused)
        return Draft(_told(found, "asked"), [(stream, asked())])

    return await _carried_out(desk, asker, plan, decide, key)


async def _confirmed(
    desk: Desk, asker: Asker, body: ForgetParty, found: Found, key: Key | None
) -> Draft[ForgettingAnswer]:
    plan = found.plan
    stream, about = forgetting.stream(plan.party_id), account.stream(plan.account_id)
    shared = [each.subject for each in plan.goes if each.shared]
    rows = await desk.pipeline.threaded(lambda: desk.keys.store.read(shared))
    gone = plan.gone({s: max(kept) for s, kept in rows.items() if max(kept) != FOR_GOOD})

    def decide(held: Held, reader: Reader) -> Draft[ForgettingAnswer | Refused]:
        now, state = desk.pipeline.now(), cast(ForgettingState, reader.folded(stream).state)
        refused = _judged(desk, reader, plan, held)
        if refused is not None:
            return _refusal(stream, refused)
        forgetting.confirm(state, body.digest, asker.actor.subject, now)
        confirmed = ForgettingConfirmed(
            party_id=plan.party_id,
            account_id=plan.account_id,
            digest=body.digest,
            gone=gone,
            bookings=plan.bookings(),
            confirmed_by=asker.actor.subject,
            at=now,
        )
        answer = msgspec.structs.replace(_told(found, "confirmed"), digest=body.digest, position=state.position)
        return Draft(
            answer, [(about, PartyForgotten(party_id=plan.party_id)), (stream, confirmed)], unlocated=_rows(plan)
        )

    return await _carried_out(desk, asker, plan, decide, key)


def _rows(plan: Plan) -> tuple[LocatorEntry, ...]:
    return tuple(LocatorEntry(bytes.fromhex(mark), plan.account_id, booking) for mark, booking in plan.locators)


def _refusal(stream: str, refused: ForgettingRefused) -> Draft[ForgettingAnswer | Refused]:
    """A refusal that is on record before it is answered."""
    code, detail = REFUSALS[refused.why]
    return Draft(Refused(code, detail, place="party_id"), [(stream, refused)], keeps=False)


async def _carried_out(
    desk: Desk, asker: Asker, plan: Plan, decide: Decide, key: Key | None
) -> Draft[ForgettingAnswer]:
    """Decide on the holds as they stand when it is written. Raises Refused once a refusal is on record."""
    for _ in range(TRIES):
        held = await _held(desk, asker, plan)
        try:
            draft = await desk.pipeline.carry_out(asker, partial(decide, held), key=key)
        except _Moved:
            continue
        if isinstance(draft.answer, Refused):
            raise draft.answer
        return cast("Draft[ForgettingAnswer]", draft)
    raise LogUnavailable("holds are being changed; try again")


def _subjects(plan: Plan) -> set[str]:
    return {plan.party_id, *(each.subject for each in plan.goes)}


async def _letters(desk: Desk, party_id: str) -> int:
    try:
        return await desk.outbox.kept(party_id)
    except OutboxUnavailable:
        raise LogUnavailable("the outbox cannot be read") from None


def _told(found: Found, status: Literal["asked", "confirmed"]) -> ForgettingAnswer:
    plan = found.plan
    return ForgettingAnswer(
        plan.party_id,
        plan.account_id,
        status,
        plan.digest(),
        plan.position,
        plan.goes,
        plan.stays,
        plan.events,
        len(plan.locators),
        found.letters,
        found.exports,
    )
