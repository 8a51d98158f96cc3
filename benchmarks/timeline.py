"""A timeline of 10,000 events as PDF: read from the log, gathered, redacted for a court and drawn, as the service does.

The events are attempts at eight sites by forty agents, with passcodes tried, people told about and sealed locators; one
in nine is an exhibit.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.figure import Figure, Run, Unsound
from domain.account import AccountOpened
from domain.attempt import DisclosureAttempted, Heard
from domain.event import Actor, Event, Header, Plain
from domain.exhibit import ExhibitNumbered
from domain.incident import Finding, IncidentOpened
from domain.party import PartyAdded
from domain.passcode import PasscodeTried
from domain.protection import ProtectionConfirmed, ProtectionStarted
from service import composition
from service.desk.desk import Desk
from service.desk.draft import Asker
from service.log import Append
from service.settings import load
from service.timeline.drawing import pdf
from service.timeline.gathering import gathered
from service.timeline.pdf import Anchor, Made

LENGTH = 10_000
ROUNDS = 3
GROUP = 1_000
BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)
ACCOUNT, INCIDENT, BOOKING = "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "1" * 32, "3d2e9dafc8f5b6a7c8d9eafb0c1d2e3f"
HERS, HIS = "1f0c7b8e5d6a49b2a3c4d5e6f7a8b9c0", "2e1d8c9f6e7b5ac3b4d5e6f7a8b9c0d1"
SITES = ("manila", "omaha", "leeds", "porto", "cape-town", "montreal", "pune", "nowhere")
ZONES = {
    "manila": "Asia/Manila", "omaha": "America/Chicago", "leeds": "Europe/London", "porto": "Europe/Lisbon",
    "cape-town": "Africa/Johannesburg", "montreal": "America/Toronto", "pune": "Asia/Kolkata",
}  # fmt: skip


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say(f"timeline: recording {LENGTH:,} events")
    yield Figure("timeline.pdf", asyncio.run(measured(run)), "s")


async def measured(run: Run) -> float:
    """The median time of some, in seconds."""
    desk = recorded(run.folder / "home", LENGTH)
    taken = []
    try:
        for number in range(ROUNDS):
            run.say(f"timeline: round {number + 1}")
            began = time.perf_counter()
            document = await made(desk, "court")
            taken.append(time.perf_counter() - began)
            if not document.startswith(b"%PDF") or document.count(b"/Type /Page\n") < LENGTH / 60:
                raise Unsound("the document has not the pages it should have")
    finally:
        await desk.close()
    return median(taken)


async def made(desk: Desk, recipient: str) -> bytes:
    """The timeline as a PDF for this recipient."""
    asker = Asker(Actor("legal-1", "legal"), "bench")
    timeline = await gathered(desk, asker, INCIDENT, recipient=recipient, zones=ZONES)
    if len(timeline.entries) < LENGTH:
        raise Unsound(f"{len(timeline.entries)} entries were gathered of {LENGTH}")
    anchor = Anchor("watchword.example/log", LENGTH, "qL0dLNwSxQ0Vfu1H2jl2kkBnKyCxM0k8UlAbsLl0yWc=", BEGAN.isoformat())
    return await pdf(timeline, Made("legal-1 (legal)", BEGAN, anchor=anchor))


def recorded(home: Path, length: int) -> Desk:
    """A desk over a log with such an incident in it."""
    settings = load({"WATCHWORD_HOME": str(home)})
    composition.prepare(settings)
    desk = composition.desk(settings)
    desk.keys.ensure({HERS, HIS, INCIDENT, "callers"})
    versions: dict[str, int] = {}
    stored = []
    for header, stream, happened in history(length):
        versions[stream] = versions.get(stream, 0) + 1
        stored.append(desk.codec.encode(happened, header, stream, versions[stream])[0])
    for start in range(0, len(stored), GROUP):
        part = stored[start : start + GROUP]
        expect = {str(each.originator_id): each.originator_version - 1 for each in reversed(part)}
        desk.log.append(Append(events=tuple(part), expect=expect))
    return desk


def history(length: int) -> Iterator[tuple[Header, str, Event]]:
    """The events in order: of the account, so many attempts, then the incident and its exhibits."""
    account, incident = f"account:{ACCOUNT}", f"incident:{INCIDENT}"
    start: list[Event] = [AccountOpened(reference="crm-48213")]
    start += [
        PartyAdded(party_id=party, kind=kind, marks=(), profile=Plain(party, b'{"surname":"Grey"}'))
        for party, kind in ((HERS, "holder"), (HIS, "traveller"))
    ]
    until = BEGAN + timedelta(days=3)
    safe = Plain(HERS, b'"+447700900999"')
    start += [
        ProtectionStarted(
            protection_id="p" * 32, party_id=HERS, adverse=(HIS,), safe_contact=safe, until=until, started_by="agent-1"
        ),
        ProtectionConfirmed(protection_id="p" * 32, party_id=HERS, confirmer="safety-1", complete=False),
        ProtectionConfirmed(protection_id="p" * 32, party_id=HERS, confirmer="safety-2", complete=True),
    ]
    for number, happened in enumerate(start):
        yield _header(number), account, happened
    for number in range(len(start), length):
        header = _header(number)
        yield header, account, _attempt(number, header)
    finding = Finding("adverse-attempt", "adverse_attempt", length // 2, BEGAN.isoformat())
    yield (
        _header(length),
        incident,
        IncidentOpened(
            incident_id=INCIDENT, about="account", account_id=ACCOUNT, agent="", finding=finding, rules_version=1
        ),
    )
    for number in range(1, length // 9):
        yield _header(length), incident, ExhibitNumbered(number=number, position=3 + number * 9)


def _attempt(number: int, header: Header) -> Event:
    if number % 50 == 0:
        return PasscodeTried(
            interaction_id=header.interaction, contact="c", accepted=False, blocked=False, party_id=HIS
        )
    withheld = number % 3 == 0
    return DisclosureAttempted(
        decision_id=f"{number:032x}",
        asked="booking",
        bookings=(BOOKING,),
        classes="EI",
        purpose="service",
        outcome="withheld" if withheld else "disclosed",
        view="" if withheld else "shown",
        rules=("customer-hears-own-details", "protected-as-shown", "default-deny"),
        listeners=(Heard("caller", "identified", "other", HIS),),
        judged_at={},
        locator=Plain("callers", b"OLDAAA"),
    )


def _header(number: int) -> Header:
    at = BEGAN + timedelta(minutes=7 * number, seconds=number % 53)
    site = SITES[number % len(SITES)]
    actor = Actor(f"agent-{number % 40}", "agent", 1, site)
    return Header(os.urandom(16).hex(), at, actor, "cause", f"{number // 4:032x}", 1)
