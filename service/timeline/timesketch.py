"""Timesketch: a timeline as JSONL and CSV that Timesketch imports.

Mandatory are `message`, `datetime` (ISO 8601) and `timestamp_desc` (Timesketch, "Import from JSON or CSV"); whatever
else there is becomes an attribute of the event. A name that begins with an underscore, or is `label`, would be dropped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import msgspec

from projections.entry import Entry, Timeline
from projections.redaction import shown

COLUMNS = (
    *("message", "datetime", "timestamp_desc", "data_type", "local_time", "time_zone", "who", "site", "about", "heard"),
    *("outcome", "decided", "words", "exhibit", "position", "event", "stream", "stream_version", "interaction"),
    *("pinned", "tags", "comments", "redactions", "incident", "recipient"),
)
DESCRIPTION = "Event recorded"
DATA_TYPE = "watchword:incident:entry"
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def row(timeline: Timeline, entry: Entry) -> dict[str, str | int | bool]:
    """An entry as an event of Timesketch: flat, each redaction in words with its reason."""
    comments = "; ".join(f"{shown(each.by)}: {shown(each.text)}" for each in entry.comments)
    words = "; ".join(f"{each.field.replace('_', ' ')}: {shown(each.text)}" for each in entry.words)
    message = f"{shown(entry.who)}: {shown(entry.what)}"
    if entry.outcome:
        message += f": {shown(entry.outcome)}"
    return {
        "message": message,
        "datetime": entry.at,
        "timestamp_desc": DESCRIPTION,
        "data_type": DATA_TYPE,
        "local_time": entry.local,
        "time_zone": entry.zone,
        "who": shown(entry.who),
        "site": entry.site,
        "about": ", ".join(entry.about),
        "heard": ", ".join(shown(each) for each in entry.heard),
        "outcome": shown(entry.outcome),
        "decided": shown(entry.how),
        "words": words,
        "exhibit": entry.exhibit,
        "position": entry.position,
        "event": entry.name,
        "stream": entry.stream,
        "stream_version": entry.version,
        "interaction": entry.interaction,
        "pinned": entry.pinned,
        "tags": ", ".join(entry.tags),
        "comments": comments,
        "redactions": "; ".join(f"{each.place}: {each.reason}" for each in entry.redactions),
        "incident": timeline.incident_id,
        "recipient": timeline.recipient.name or "full",
    }


def lines(timeline: Timeline) -> Iterator[bytes]:
    """The timeline as JSON Lines, UTF-8, each with its line's end."""
    for entry in timeline.entries:
        yield msgspec.json.encode(row(timeline, entry)) + b"\n"


def table(timeline: Timeline) -> Iterator[bytes]:
    """The timeline as CSV (RFC 4180), UTF-8, its header first. A cell that a spreadsheet would run begins with an '."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for entry in timeline.entries:
        writer.writerow({name: _harmless(value) for name, value in row(timeline, entry).items()})
        yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()


def _harmless(value: str | int | bool) -> str | int | bool:  # noqa: FBT001 - the value of a cell
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
