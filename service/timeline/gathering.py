"""Gathering: every event that belongs to an incident, from all the streams it is spread over.

About an account: what the record's index has of the account (its bookings and contacts among it), the incident's own
stream, what was found and where, and what names the account, the incident or one of those contacts: commitments,
hand-offs, requests of access, problems, holds. About an agent: the contacts that were found, and the incident's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from eventsourcing.persistence import Notification

from domain import account, action, exhibit, incident
from domain.account import AccountState, HistoryRead
from domain.action import ActionAttempted
from domain.event import Kept, Recorded
from domain.exhibit import EntryCommented, TimelineRead
from domain.incident import IncidentJoined, IncidentOpened, IncidentState
from domain.party import PartyAdded
from domain.unsealing import Reading
from projections import timeline
from projections.concerning import CONCERNING, Concerning
from projections.entry import Timeline
from projections.folding import noun
from projections.mentions import about_account
from projections.timeline import Gathered
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.office.incidents import readable
from service.record.opener import Opener
from service.record.unsealing import opened
from service.sealing import KeyMissing

AT_ONCE = 2_000
# What was done with the record of an incident is no part of what happened: it is told beside it, or in a bundle.
_MARGINAL = (*exhibit.KINDS, TimelineRead, HistoryRead)
_BESIDE = frozenset({"unsealing", "reader", "export", "audit"})


async def gathered(
    desk: Desk,
    asker: Asker,
    incident_id: str,
    *,
    recipient: str = "",
    unsealing_id: str = "",
    until: int = 0,
    reading: Reading = "timeline",
    zones: Mapping[str, str] | None = None,
) -> Timeline:
    """The incident's timeline for this recipient ("" for the full one), up to a position of the log, or its end.

    `unsealing_id`: an approved unsealing of the asker's, by which what is personal is opened as far as the recipient
    may have it; its use is recorded here, as `reading`. `zones`: IANA zones by site, instead of those of the settings.

    Raises Refused: "unknown_incident" (also for one about whoever asks), "unknown_recipient". LogUnavailable.
    """
    state, whose = await _known(desk, asker, incident_id)
    whom = timeline.recipient(recipient, whose)
    opener = await opened(desk, asker, incident_id=incident_id, unsealing_id=unsealing_id, reading=reading, until=until)
    await desk.mentions.covering()
    concerning = await desk.live.current(CONCERNING)
    last = await asyncio.to_thread(desk.log.last_position)
    until = min(until or last, last)
    if until < last:
        state = await asyncio.to_thread(_as_of, desk, incident_id, until)
    events = await asyncio.to_thread(_read, desk, incident_id, state, concerning, until)
    fields = await asyncio.to_thread(_fields, desk, opener, events)
    marginal = frozenset(each.position for each in events if _is_marginal(each))
    gathering = Gathered(incident_id, state, whose, until, events, marginal, lambda each: fields[each.position])
    return await asyncio.to_thread(timeline.timeline, gathering, whom, desk.site_zones if zones is None else zones)


async def belongs(desk: Desk, asker: Asker, incident_id: str, position: int) -> bool:
    """Whether the entry at this position is one of the incident's timeline. Raises Refused("unknown_incident")."""
    state, _ = await _known(desk, asker, incident_id)
    await desk.mentions.covering()
    concerning = await desk.live.current(CONCERNING)

    def look() -> bool:
        found = desk.log.read_all(gt=position - 1, limit=1) if position > 0 else []
        if not found or found[0].id != position:
            return False
        events = _read(desk, incident_id, state, concerning, position)
        return any(each.position == position and not _is_marginal(each) for each in events)

    return await asyncio.to_thread(look)


async def _known(desk: Desk, asker: Asker, incident_id: str) -> tuple[IncidentState, AccountState]:
    def read(reader: Reader) -> Draft[tuple[IncidentState, AccountState]]:
        state = readable(reader, asker, incident_id)
        whose = reader.account(state.account_id) if state.account_id else AccountState()
        return Draft((state, whose), [])

    return (await desk.pipeline.carry_out(asker, read)).answer


def _as_of(desk: Desk, incident_id: str, until: int) -> IncidentState:
    """The incident as it stood at this position."""
    state = IncidentState()
    for each in desk.log.of_streams([incident.stream(incident_id)], lte=until):
        state = incident.evolve(state, desk.codec.recorded(each).event)
    return state


def _read(
    desk: Desk, incident_id: str, state: IncidentState, concerning: Concerning, until: int
) -> tuple[Recorded, ...]:
    """Every event of the incident, in order. Blocking."""
    found: dict[int, Recorded] = {}

    def take(rows: Iterable[Notification]) -> None:
        for row in rows:
            if row.id not in found:
                found[row.id] = desk.codec.recorded(row)

    take(desk.log.of_streams([incident.stream(incident_id)], lte=until))
    own = [each.event for each in found.values() if isinstance(each.event, IncidentOpened | IncidentJoined)]
    lines = {each.finding.interaction for each in own if each.finding.interaction}
    tasks = {f"commitment:{each.warning}" for each in own if each.warning}
    abouts = {incident.stream(incident_id), *(f"interaction:{line}" for line in lines)}
    if state.account_id:
        after = 0
        while rows := desk.log.mentioned(about_account(state.account_id), gt=after, lte=until, limit=AT_ONCE):
            take(rows)
            after = rows[-1].id
        take(desk.log.of_streams([account.stream(state.account_id)], lte=until))
        abouts |= {about_account(state.account_id)}
        abouts |= {each.stream for each in found.values() if noun(each.stream) == "interaction"}
        abouts |= {f"party:{each.event.party_id}" for each in found.values() if isinstance(each.event, PartyAdded)}
    else:
        take(desk.log.of_streams({f"interaction:{line}" for line in lines}, lte=until))
    for each in own:
        if each.finding.cause not in found and each.finding.cause <= until:
            take(desk.log.read_all(gt=each.finding.cause - 1, limit=1))
    asked = {
        action.stream(each.event.decision_id) for each in found.values() if isinstance(each.event, ActionAttempted)
    }
    take(desk.log.of_streams(tasks | asked | concerning.of(abouts), lte=until))
    return tuple(found[position] for position in sorted(found))


def _is_marginal(recorded: Recorded) -> bool:
    beside = noun(recorded.stream) in _BESIDE or noun(recorded.name.replace(".", ":", 1)) in _BESIDE
    return isinstance(recorded.event, _MARGINAL) or beside


def _fields(desk: Desk, opener: Opener, events: tuple[Recorded, ...]) -> dict[int, dict[str, Any]]:
    """The fields of each event by its position, opened as far as the reader may. Blocking."""
    found = {each.position: told.event for each, told in zip(events, opener.entries(events), strict=True)}
    for each in events:
        if isinstance(each.event, EntryCommented):
            found[each.position]["words"] = _comment(desk, each, each.event)
    return found


def _comment(desk: Desk, recorded: Recorded, commented: EntryCommented) -> dict[str, Any]:
    """What legal wrote, for legal to read: the seal keeps it from everybody else."""
    subject = commented.words.subject
    try:
        value = desk.codec.open(recorded.stream, Kept(commented.words, recorded.version, recorded.name, "words"))
    except KeyMissing:
        return {"forgotten": subject}
    return {"opened": subject, "value": msgspec.json.decode(value)}
