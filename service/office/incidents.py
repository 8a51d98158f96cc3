"""Incidents: listed, read and closed by those who answer for them. Nobody is shown one that is about himself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from domain import incident
from domain.incident import About, Finding, IncidentClosed, IncidentState
from domain.refusal import Refused
from projections.incidents import INCIDENTS
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader

MOST = 200

Status = Literal["open", "closed"]


class IncidentsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which incidents, newest first: how many, and the `next_cursor` of the page before."""

    status: Literal["open", "closed", "all"] = "open"
    cursor: Annotated[str, Meta(pattern="^[0-9a-f]{0,15}$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50


class IncidentAnswer(msgspec.Struct, frozen=True):
    """One incident. `counts`: findings by rule; `latest`: the last of them; `warning`: the commitment to warn, if any.

    `cause` in a finding is a position in the log. Times are UTC, ISO 8601.
    """

    incident_id: str
    status: Status
    about: About
    account_id: str
    agent: str
    opened_at: str
    counts: Mapping[str, int]
    latest: tuple[Finding, ...]
    warning: str
    rules_version: int
    closed_at: str
    closed_by: str


class IncidentsAnswer(msgspec.Struct, frozen=True):
    """Incidents, newest first. `parked`: events of the log that the rules could not judge."""

    incidents: tuple[IncidentAnswer, ...]
    next_cursor: str | None
    parked: int


class CloseIncident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done about it."""

    words: Annotated[str, Meta(min_length=1, max_length=4000)]

    def __repr__(self) -> str:
        """Say nothing of them."""
        return "CloseIncident()"


def _told(incident_id: str, state: IncidentState) -> IncidentAnswer:
    return IncidentAnswer(
        incident_id,
        "closed" if state.closed else "open",
        cast(About, state.about),
        state.account_id,
        state.agent,
        state.opened_at,
        state.counts,
        state.latest,
        state.warning,
        state.rules_version,
        state.closed_at,
        state.closed_by,
    )


async def list_incidents(desk: Desk, asker: Asker, page: IncidentsPage) -> IncidentsAnswer:
    """A page of incidents. Raises LogUnavailable."""
    found = await desk.live.current(INCIDENTS)
    before = int(page.cursor or "f" * 15, 16)
    told: list[IncidentAnswer] = []
    next_cursor = None
    last = 0
    for each in reversed(list(found.by_id.values())):
        status: Status = "closed" if each.state.closed else "open"
        if each.position >= before or page.status not in {status, "all"} or _himself(asker, each.state):
            continue
        if len(told) == page.limit:
            next_cursor = f"{last:x}"
            break
        told.append(_told(each.incident_id, each.state))
        last = each.position
    return IncidentsAnswer(tuple(told), next_cursor, found.parked)


async def read_incident(desk: Desk, asker: Asker, incident_id: str) -> IncidentAnswer:
    """One incident, as it stands. Raises Refused("unknown_incident")."""

    def read(reader: Reader) -> Draft[IncidentState]:
        return Draft(readable(reader, asker, incident_id), [])

    state = (await desk.pipeline.carry_out(asker, read)).answer
    return _told(incident_id, state)


async def close_incident(
    desk: Desk, asker: Asker, incident_id: str, body: CloseIncident, key: Key | None
) -> Draft[IncidentAnswer]:
    """Close an incident, in words. Raises Refused: "unknown_incident", "closed_already"."""
    await desk.pipeline.carry_out(asker, lambda reader: Draft(readable(reader, asker, incident_id), []))
    await desk.have_keys([incident_id])

    def decide(reader: Reader) -> Draft[IncidentAnswer]:
        state = readable(reader, asker, incident_id)
        closed = incident.close(
            state,
            IncidentClosed(
                incident_id=incident_id,
                closed_by=asker.actor.subject,
                at=desk.pipeline.now().isoformat(),
                words=sealed(incident_id, body.words),
            ),
        )
        return Draft(_told(incident_id, incident.evolve(state, closed)), [(incident.stream(incident_id), closed)])

    return await desk.pipeline.carry_out(asker, decide, key=key)


def readable(reader: Reader, asker: Asker, incident_id: str) -> IncidentState:
    """The incident's state. Raises Refused("unknown_incident"), also for one that is about whoever asks."""
    state = cast(IncidentState, reader.folded(incident.stream(incident_id)).state)
    if not state.opened() or _himself(asker, state):
        raise Refused("unknown_incident", "there is no such incident", place="incident_id")
    return state


def _himself(asker: Asker, state: IncidentState) -> bool:
    return bool(state.agent) and state.agent == asker.actor.subject
