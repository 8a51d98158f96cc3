"""Incidents: attempts and acts gathered for people to answer for.

One is about an account, or about an agent who browses. While it is open whatever the rules find about the same joins
it; once it is closed the next finding opens another. `cause` is the position in the log of what was found, and what
was counted once is passed over when it comes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain import exhibit
from domain.event import Event, Personal, event
from domain.exhibit import ExhibitState
from domain.refusal import Refused

About = Literal["account", "agent"]

LATEST = 20
MOST_CONTACTS = 128
MOST_AGENTS = 1_024


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What a rule found: the rule and its kind, where in the log, in which interaction, and when (UTC, ISO 8601)."""

    rule: str
    kind: str
    cause: int
    at: str
    interaction: str = ""


class IncidentState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one incident. `counts`: findings by rule; `latest`: the last ones; `warning`: the last task's.

    `contacts`: the interactions in which it happened, the last of them; `agents`: whose they were at the time.
    """

    about: str = ""
    account_id: str = ""
    agent: str = ""
    opened_at: str = ""
    rules_version: int = 0
    counts: Mapping[str, int] = {}
    latest: tuple[Finding, ...] = ()
    last_cause: int = 0
    warning: str = ""
    closed: bool = False
    closed_at: str = ""
    closed_by: str = ""
    exhibits: ExhibitState = ExhibitState()
    contacts: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()

    def opened(self) -> bool:
        """Whether there is such an incident."""
        return bool(self.about)


@event
class IncidentOpened(Event, frozen=True, kw_only=True):
    """A rule found something and no incident was open about it. `agent`: whom it is about, where it is about one."""

    NAME: ClassVar[str] = "incident.opened.v1"
    incident_id: str
    about: About
    account_id: str
    agent: str
    finding: Finding
    rules_version: int
    warning: str = ""
    contacts: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()


@event
class IncidentJoined(Event, frozen=True, kw_only=True):
    """A rule found something more. `warning`: the task that this made, "" where one is open or none is needed."""

    NAME: ClassVar[str] = "incident.joined.v1"
    incident_id: str
    finding: Finding
    warning: str = ""
    contacts: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()


@event
class IncidentClosed(Event, frozen=True, kw_only=True):
    """Somebody answered for it. `at`: UTC, ISO 8601."""

    NAME: ClassVar[str] = "incident.closed.v1"
    incident_id: str
    closed_by: str
    at: str
    words: Personal


def stream(incident_id: str) -> str:
    """The stream of this incident."""
    return f"incident:{incident_id}"


def evolve(state: IncidentState, happened: Event) -> IncidentState:
    """Fold one event."""
    match happened:
        case IncidentOpened(finding=finding):
            return IncidentState(
                about=happened.about,
                account_id=happened.account_id,
                agent=happened.agent,
                opened_at=finding.at,
                rules_version=happened.rules_version,
                counts={finding.rule: 1},
                latest=(finding,),
                last_cause=finding.cause,
                warning=happened.warning,
                contacts=happened.contacts[-MOST_CONTACTS:],
                agents=happened.agents[-MOST_AGENTS:],
            )
        case IncidentJoined(finding=finding):
            return replace(
                state,
                counts={**state.counts, finding.rule: state.counts.get(finding.rule, 0) + 1},
                latest=(*state.latest[1 - LATEST :], finding),
                last_cause=max(state.last_cause, finding.cause),
                warning=happened.warning or state.warning,
                contacts=_more(state.contacts, happened.contacts, MOST_CONTACTS),
                agents=_more(state.agents, happened.agents, MOST_AGENTS),
            )
        case IncidentClosed():
            return replace(state, closed=True, closed_at=happened.at, closed_by=happened.closed_by)
        case _ if isinstance(happened, exhibit.KINDS):
            return replace(state, exhibits=exhibit.evolve(state.exhibits, happened))
        case _:
            return state


def _more(before: tuple[str, ...], new: tuple[str, ...], most: int) -> tuple[str, ...]:
    """With these, each once and the newest last; of too many the first are let go."""
    return before if set(new) <= set(before) else tuple(dict.fromkeys((*before, *new)))[-most:]


def close(state: IncidentState, closed: IncidentClosed) -> IncidentClosed:
    """Decide on an end. Raises Refused: "unknown_incident", "closed_already"."""
    if not state.opened():
        raise Refused("unknown_incident", "there is no such incident", place="incident_id")
    if state.closed:
        raise Refused("closed_already", "this incident was closed already")
    return closed
