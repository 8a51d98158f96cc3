"""Whether what a bundle tells of its events is told of these events: the chain of custody, and the timelines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from domain.export import ExportAsked
from domain.unsealing import UnsealingApproved, UnsealingAsked
from service.bundle import custody, layout
from service.bundle.custody import Custody
from service.bundle.fault import Fault
from service.bundle.note import Key
from service.bundle.proof import Checkpoint
from service.bundle.recorded import Told

NAMED = "watchword-"
TELLING = frozenset({ExportAsked.NAME, UnsealingAsked.NAME, UnsealingApproved.NAME})
"""Events that the chain of custody is checked against."""


class Line(msgspec.Struct, frozen=True):
    """What is checked of an entry in a timeline: where it stands, what it is called, and when it was."""

    position: int
    name: str
    at: datetime


class _Timeline(msgspec.Struct, frozen=True):
    entries: tuple[Line, ...]


class _Sketched(msgspec.Struct, frozen=True):
    """A line for Timesketch: its `datetime`, and our own fields."""

    position: int
    event: str
    datetime: datetime


def chain(raw: bytes, name: str, ledger: Checkpoint, key: Key) -> Custody:
    """The chain of custody, as far as it can be checked before the events. Raises Fault."""
    try:
        found = custody.read(raw)
    except ValueError as error:
        raise Fault(layout.CUSTODY, str(error)) from None
    if name != NAMED + found.export_id:
        raise Fault(layout.CUSTODY, "it is of another export than this bundle")
    said = (found.ledger.origin, found.ledger.size, found.ledger.root, found.ledger.key, found.ledger.key_sha256)
    if said != (ledger.origin, ledger.size, ledger.root.hex(), key.text(), key.fingerprint()):
        raise Fault(layout.CUSTODY, "it names another ledger than the checkpoint, or another key")
    return found


def custody_holds(found: Custody, known: Mapping[int, Told | None], readings: Mapping[int, bytes]) -> None:
    """Check the chain of custody against the events. `readings`: those of `TELLING`. Raises Fault."""
    withheld = sum(each is None for each in known.values())
    counted = (len(known), withheld, min(known, default=0), max(known, default=0))
    if (found.events, found.withheld, found.first_position, found.last_position) != counted:
        raise Fault(layout.CUSTODY, "it counts other events than there are")
    asked = _event(found.asked_at_position, f"export:{found.export_id}", ExportAsked.NAME, known, readings)
    said: dict[str, Any] = {
        "export_id": found.export_id,
        "incident_id": found.incident_id,
        "account_id": found.account_id,
        "recipient": found.recipient,
        "purpose": found.purpose,
        "asked_by": found.exported_by.subject,
        "unsealing_id": found.unsealing.unsealing_id if found.unsealing else "",
    }
    for field, value in said.items():
        if asked.get(field) != value:
            raise Fault(layout.CUSTODY, f"its {field} is not that of the record")
    if _moment(asked.get("asked_at")) != found.asked_at:
        raise Fault(layout.CUSTODY, "its asked_at is not that of the record")
    if found.unsealing is not None:
        _unsealed(found.unsealing, known, readings)


def _unsealed(said: custody.Opened, known: Mapping[int, Told | None], readings: Mapping[int, bytes]) -> None:
    stream = f"unsealing:{said.unsealing_id}"
    places = {each.place.name: position for position, each in known.items() if each and each.place.stream == stream}
    asked = _event(places.get(UnsealingAsked.NAME, 0), stream, UnsealingAsked.NAME, known, readings)
    approved = _event(places.get(UnsealingApproved.NAME, 0), stream, UnsealingApproved.NAME, known, readings)
    recorded = (asked.get("asker"), asked.get("purpose"), approved.get("approver"), _moment(approved.get("until")))
    if recorded != (said.asked_by, said.purpose, said.approved_by, said.until):
        raise Fault(layout.CUSTODY, "its unsealing is not that of the record")
    if said.asked_by == said.approved_by:
        raise Fault(layout.CUSTODY, "one person asked for the unsealing and approved it")


def _event(
    position: int, stream: str, name: str, known: Mapping[int, Told | None], readings: Mapping[int, bytes]
) -> dict[str, Any]:
    """The fields of an event that the chain of custody stands on. Raises Fault where it is not among the events."""
    told = known.get(position)
    if told is None or (told.place.stream, told.place.name) != (stream, name) or position not in readings:
        raise Fault(layout.CUSTODY, f"the record has no {name} where it says")
    event = msgspec.json.decode(readings[position], type=dict[str, Any])["event"]
    if not isinstance(event, dict):
        raise Fault(layout.CUSTODY, f"the {name} of the record cannot be read")
    return event


def timeline_holds(raw: bytes, known: Mapping[int, Told | None]) -> int:
    """Check that every entry of the timeline is of an event of the bundle; how many. Raises Fault."""
    try:
        found = msgspec.json.decode(raw, type=_Timeline).entries
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Fault(layout.TIMELINE, "it is no timeline") from None
    _same(layout.TIMELINE, found, known)
    return len(found)


def timesketch_holds(raw: bytes, known: Mapping[int, Told | None]) -> int:
    """Check that every line for Timesketch is of an event of the bundle; how many. Raises Fault."""
    try:
        lines = msgspec.json.Decoder(_Sketched).decode_lines(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Fault(layout.TIMESKETCH, "it is not written as lines for Timesketch") from None
    _same(layout.TIMESKETCH, (Line(each.position, each.event, each.datetime) for each in lines), known)
    return len(lines)


def _same(path: str, lines: Iterable[Line], known: Mapping[int, Told | None]) -> None:
    for line in lines:
        if line.position not in known:
            raise Fault(path, f"it tells of position {line.position}, of which there is no event in the bundle")
        told = known[line.position]
        if told is not None and (told.place.name, _moment(told.occurred_at)) != (line.name, _utc(line.at)):
            raise Fault(path, f"what it tells of position {line.position} is not what is on record there")


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _moment(text: object) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(text)) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
