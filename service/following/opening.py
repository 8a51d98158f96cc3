"""Opening: findings into incidents.

One that is open about the same account or agent is joined; else another is opened. An incident's id follows from what
it is about and how many there were, so that two replicas that find the same thing meet in one stream, whose versions
settle who was first; and what was counted is known by its position, so that nothing is counted twice.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import cast

import msgspec

from domain import commitment, incident
from domain.commitment import OVER, CommitmentState
from domain.event import Actor, Event
from domain.incident import Finding, IncidentJoined, IncidentOpened, IncidentState
from domain.rule import RuleBook
from projections.triggers import Trigger
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Reader
from service.office.committing import keyed

SYSTEM = Actor(commitment.SERVICE, "system")
WARN = "Warn the protected person by her safe contact, and by nothing else. See the incident for what was found."
MOST_COUNTED = 10_000
# She is under force now, or was just given away: one of these is a task of its own, whatever else is being done.
URGENT = frozenset({"duress_passcode", "mistake_reported"})


class Found(msgspec.Struct, frozen=True, gc=False):
    """A trigger, with the rules that it was found by."""

    trigger: Trigger
    book: RuleBook
    version: int


class Warning(msgspec.Struct, frozen=True, gc=False):  # noqa: A001 - the word of the field
    """The task to warn somebody: its id, and under whose key its words are sealed."""

    task: str
    subject: str


class Opening:
    """Opens and joins incidents on one desk."""

    def __init__(self, desk: Desk, name: str) -> None:
        """Write as the follower of this name."""
        self._desk = desk
        self._name = name
        self._closed: OrderedDict[str, int] = OrderedDict()  # how many are known to be closed, by what they are about

    async def record(self, found: list[Found]) -> None:
        """Put findings on record, in one append, with how far the follower has come. Raises LogUnavailable, Refused."""
        warnings: list[Warning | None] = []
        for each in found:
            task = identifier()
            warns = each.trigger.warns
            warnings.append(Warning(task, await keyed(self._desk, each.trigger.account_id, task)) if warns else None)
        tries = 0

        def decide(reader: Reader) -> Draft[None]:
            nonlocal tries
            events: list[tuple[str, Event]] = []
            states: dict[str, tuple[str, IncidentState, int]] = {}
            for each, warning in zip(found, warnings, strict=True):
                about = each.trigger.about()
                incident_id, state, counted = states.get(about) or self._current(reader, each.trigger)
                if each.trigger.position > counted:
                    warned = each.trigger.kind not in URGENT and _warned(reader, state)
                    new = self._found(reader, each, incident_id, state, None if warned else warning)
                    events += new
                    state = incident.evolve(state, new[0][1])
                states[about] = incident_id, state, counted
            tries += 1  # only here: what was not at hand is read, and then this is decided anew
            # Another replica that got ahead has put these on record, and then there is nothing to write. Its mark must
            # not keep what it has not.
            tracking = {self._name: found[-1].trigger.position} if tries == 1 else None
            return Draft(None, events, tracking=tracking)

        await self._desk.pipeline.carry_out(Asker(SYSTEM, f"event-{found[0].trigger.position}"), decide)

    def _current(self, reader: Reader, trigger: Trigger) -> tuple[str, IncidentState, int]:
        """The incident that is open about the same, or the next one; and up to which position it has counted."""
        about = trigger.about()
        number = self._closed.get(about, 0)
        while True:
            incident_id = self._desk.marks.fingerprint(b"incident", about.encode(), str(number).encode())[:16].hex()
            state = cast(IncidentState, reader.folded(incident.stream(incident_id)).state)
            if not state.closed or trigger.position <= state.last_cause:
                return incident_id, state, state.last_cause
            number += 1
            self._closed[about] = number
            if len(self._closed) > MOST_COUNTED:
                self._closed.popitem(last=False)

    def _found(
        self, reader: Reader, found: Found, incident_id: str, state: IncidentState, warning: Warning | None
    ) -> list[tuple[str, Event]]:
        """What a finding writes: the incident first, then the task to warn, if it asks for one."""
        trigger = found.trigger
        finding = Finding(trigger.rule, trigger.kind, trigger.position, trigger.at.isoformat(), trigger.interaction)
        task = "" if warning is None else warning.task
        happened: Event
        if state.opened():
            happened = IncidentJoined(
                incident_id=incident_id,
                finding=finding,
                warning=task,
                contacts=trigger.contacts,
                agents=trigger.agents,
            )
        else:
            happened = IncidentOpened(
                incident_id=incident_id,
                about="account" if trigger.account_id else "agent",
                account_id=trigger.account_id,
                agent=trigger.agent,
                finding=finding,
                rules_version=found.version,
                warning=task,
                contacts=trigger.contacts,
                agents=trigger.agents,
            )
        events: list[tuple[str, Event]] = [(incident.stream(incident_id), happened)]
        if warning is not None:
            stream = commitment.stream(task)
            reader.fresh(stream)
            now = self._desk.pipeline.now()
            made = commitment.make(
                commitment_id=task,
                kind="warning",
                account_id=trigger.account_id,
                owner=commitment.queue(commitment.LAST_TIER),
                tier=commitment.LAST_TIER,
                due_at=now + timedelta(minutes=found.book.warning.due_minutes),
                made_to=commitment.SERVICE,
                raised_by=commitment.SERVICE,
                words=sealed(warning.subject, WARN),
                about=incident.stream(incident_id),
                now=now,
            )
            events.append((stream, made))
        return events


def _warned(reader: Reader, state: IncidentState) -> bool:
    """Whether somebody has yet to do the last task to warn: then what joins needs no other."""
    if not state.warning:
        return False
    task = cast(CommitmentState, reader.folded(commitment.stream(state.warning)).state)
    return task.status not in OVER
