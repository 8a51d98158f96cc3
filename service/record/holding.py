"""Holding: legal holds are placed, extended and lifted by legal, and listed: all, or those that cover somebody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import hold, incident, interaction
from domain.event import Event
from domain.evidence import EvidenceCarried
from domain.hold import HoldExtended, HoldLifted, HoldPlaced, HoldsChanged, HoldState, Reason, Scope
from domain.incident import IncidentJoined, IncidentOpened, IncidentState
from domain.interaction import InteractionBound, ListenerJoined
from domain.refusal import Refused
from projections.holds import HOLDS, Holds, covering
from projections.parties import PARTIES
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id, MaybeId
from service.office.committing import Time
from service.record.moment import Instant, instant

MOST = 500

Status = Literal["standing", "lifted", "expired"]
Words = Annotated[str, Meta(min_length=1, max_length=4000)]


class PlaceHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is held: a party, an account or an incident; why; and until when, UTC. `owner`: who answers for it."""

    scope: Scope
    about: Id
    reason: Reason
    words: Words
    until: Time
    owner: Annotated[str, Meta(max_length=128)] = ""

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return f"PlaceHold({self.scope})"


class ExtendHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Until when it stands now, UTC, and why."""

    until: Time
    words: Words

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return "ExtendHold()"


class LiftHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why there is no need of it any more."""

    words: Words

    def __repr__(self) -> str:
        """Say nothing of the words."""
        return "LiftHold()"


class HoldAnswer(msgspec.Struct, frozen=True):
    """One hold. `names`: accounts and parties that it covers besides what it is about. Times are UTC."""

    hold_id: str
    status: Status
    scope: Scope
    about: str
    names: tuple[str, ...]
    owner: str
    reason: str
    placed_by: str
    placed_at: str
    until: str
    lifted_at: str | None

    def __repr__(self) -> str:
        """Name the hold."""
        return f"HoldAnswer({self.hold_id}, {self.status})"


class HoldsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which holds: those that stand, or all; those that cover this party or account; as of when (UTC), or now."""

    status: Literal["standing", "all"] = "standing"
    party_id: MaybeId = ""
    account_id: MaybeId = ""
    at: Instant = ""

    def __repr__(self) -> str:
        """Say which are asked for."""
        return f"HoldsPage({self.status})"


class HoldsAnswer(msgspec.Struct, frozen=True):
    """Holds, newest first; `more` where there are more than could be told."""

    holds: tuple[HoldAnswer, ...]
    more: bool

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"HoldsAnswer({len(self.holds)})"


async def place_hold(desk: Desk, asker: Asker, body: PlaceHold, key: Key | None) -> Draft[HoldAnswer]:
    """Place a hold. Raises Refused: "unknown_party", "unknown_account", "unknown_incident", "bad_end"."""
    hold_id = identifier()
    names = await _exists(desk, asker, body)
    on = await account_of(desk, body.about) if body.scope == "party" else ""
    await desk.have_keys([hold_id])

    def decide(reader: Reader) -> Draft[HoldAnswer]:
        stream = hold.stream(hold_id)
        reader.fresh(stream)
        placed = hold.place(
            HoldPlaced(
                hold_id=hold_id,
                scope=body.scope,
                about=body.about,
                names=tuple(sorted(names)),
                owner=body.owner or asker.actor.subject,
                reason=body.reason,
                words=sealed(hold_id, body.words),
                placed_by=asker.actor.subject,
                placed_at=desk.pipeline.now(),
                until=_utc(body.until),
                account_id=on,
            )
        )
        return _changed(desk, reader, HoldState(), placed, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def extend_hold(desk: Desk, asker: Asker, hold_id: str, body: ExtendHold, key: Key | None) -> Draft[HoldAnswer]:
    """Let a hold stand longer. Raises Refused: "unknown_hold", "hold_over", "bad_end"."""
    before = await _read(desk, asker, hold_id)
    names = await named_by(desk, before.about) if before.scope == "incident" else frozenset()
    await desk.have_keys([hold_id])

    def decide(reader: Reader) -> Draft[HoldAnswer]:
        state, now = _of(reader, hold_id), desk.pipeline.now()
        extended = HoldExtended(
            hold_id=hold_id,
            until=_utc(body.until),
            words=sealed(hold_id, body.words),
            extended_by=asker.actor.subject,
            names=tuple(sorted(names)),
        )
        return _changed(desk, reader, state, hold.extend(state, extended, now))

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def lift_hold(desk: Desk, asker: Asker, hold_id: str, body: LiftHold, key: Key | None) -> Draft[HoldAnswer]:
    """Lift a hold. Raises Refused: "unknown_hold", "hold_over"."""
    await _read(desk, asker, hold_id)
    await desk.have_keys([hold_id])

    def decide(reader: Reader) -> Draft[HoldAnswer]:
        state = _of(reader, hold_id)
        lifted = HoldLifted(
            hold_id=hold_id,
            words=sealed(hold_id, body.words),
            lifted_by=asker.actor.subject,
            lifted_at=desk.pipeline.now(),
        )
        return _changed(desk, reader, state, hold.lift(state, lifted))

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def list_holds(desk: Desk, _asker: Asker, page: HoldsPage) -> HoldsAnswer:
    """Holds, as they stood at that moment. Raises Refused: "unknown_party", "bad_moment"."""
    at = instant(page.at, "query.at") or desk.pipeline.now()
    holds = await desk.live.current(HOLDS)
    if page.party_id:
        found = await covering_party(desk, holds, page.party_id, await account_of(desk, page.party_id), at)
    elif page.account_id:
        found = await _covering(desk, holds, {page.account_id}, at)
    else:
        found = [each.state for each in list(holds.values()) if page.status == "all" or each.state.stands(at)]
    told = [_told(each, at) for each in reversed(found)]
    return HoldsAnswer(tuple(told[:MOST]), len(told) > MOST)


async def account_of(desk: Desk, party_id: str) -> str:
    """The account a party is on. Raises Refused("unknown_party")."""
    found = (await desk.live.current(PARTIES)).get(party_id)
    if found is None:
        raise Refused("unknown_party", "there is no such person on any account", place="party_id")
    return found


async def covering_party(desk: Desk, holds: Holds, party_id: str, account_id: str, at: datetime) -> list[HoldState]:
    """The holds that cover this party at this instant: its own, its account's, and of incidents that name either."""
    return await _covering(desk, holds, {party_id, account_id}, at)


async def named_by(desk: Desk, incident_id: str) -> frozenset[str]:
    """The accounts and parties that an incident is about, or that came up in the contacts found in it."""
    return await desk.pipeline.threaded(lambda: _named(desk, incident_id))


async def _covering(desk: Desk, holds: Holds, ids: Collection[str], at: datetime) -> list[HoldState]:
    # Whom an incident names may have grown since the hold was placed.
    wanted = {e.state.about for e in list(holds.values()) if e.state.scope == "incident" and e.state.stands(at)}
    naming = {each for each in wanted if not (await named_by(desk, each)).isdisjoint(ids)}
    return covering(holds, ids, naming, at)


def _named(desk: Desk, incident_id: str) -> frozenset[str]:
    found: set[str] = set()
    contacts: set[str] = set()
    for happened in _events(desk, incident.stream(incident_id)):
        match happened:
            case IncidentOpened(account_id=account_id, finding=finding):
                found.add(account_id)
                contacts.add(finding.interaction)
            case IncidentJoined(finding=finding):
                contacts.add(finding.interaction)
            case _:
                pass
    for contact in contacts - {""}:
        for happened in _events(desk, interaction.stream(contact)):
            match happened:
                case InteractionBound() | ListenerJoined():
                    found |= {happened.account_id, happened.party_id}
                case EvidenceCarried(evidence=evidence):
                    found.add(evidence.account_id)
                case _:
                    pass
    return frozenset(found - {""})


def _events(desk: Desk, stream: str) -> list[Event]:
    return [desk.codec.decode(stored)[1] for stored in desk.log.read(stream)]


async def _exists(desk: Desk, asker: Asker, body: PlaceHold) -> frozenset[str]:
    """Whom the hold covers besides. Raises Refused where what it is about does not exist."""
    if body.scope == "party":
        await account_of(desk, body.about)
        return frozenset()

    def read(reader: Reader) -> Draft[None]:
        if body.scope == "account":
            if not reader.account(body.about).opened:
                raise Refused("unknown_account", "there is no such account", place="about")
        else:
            found = cast(IncidentState, reader.folded(incident.stream(body.about)).state)
            if not found.opened() or found.agent == asker.actor.subject:
                raise Refused("unknown_incident", "there is no such incident", place="about")
        return Draft(None, [])

    await desk.pipeline.carry_out(asker, read)
    return await named_by(desk, body.about) if body.scope == "incident" else frozenset()


async def _read(desk: Desk, asker: Asker, hold_id: str) -> HoldState:
    return (await desk.pipeline.carry_out(asker, lambda reader: Draft(_of(reader, hold_id), []))).answer


def _of(reader: Reader, hold_id: str) -> HoldState:
    state = cast(HoldState, reader.folded(hold.stream(hold_id)).state)
    if not state.hold_id:
        raise Refused("unknown_hold", "there is no such hold", place="hold_id")
    return state


def _changed(
    desk: Desk,
    reader: Reader,
    before: HoldState,
    happened: HoldPlaced | HoldExtended | HoldLifted,
    *,
    status: int = 200,
) -> Draft[HoldAnswer]:
    stream, hold_id = hold.stream(happened.hold_id), happened.hold_id
    after = hold.evolve(before, happened, reader.folded(stream).version + 1)
    reader.folded(hold.REGISTER)
    events: list[tuple[str, Event]] = [(stream, happened), (hold.REGISTER, HoldsChanged(hold_id=hold_id))]
    return Draft(_told(after, desk.pipeline.now()), events, status=status)


def _told(state: HoldState, at: datetime) -> HoldAnswer:
    lifted = state.lifted_at is not None and state.lifted_at <= at
    status: Status = "lifted" if lifted else "standing" if state.stands(at) else "expired"
    return HoldAnswer(
        state.hold_id,
        status,
        cast(Scope, state.scope),
        state.about,
        tuple(sorted(state.names)),
        state.owner,
        state.reason,
        state.placed_by,
        _iso(state.placed_at) or "",
        _iso(state.until) or "",
        _iso(state.lifted_at),
    )


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
