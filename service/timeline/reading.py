"""Reading the timeline, on record before it goes out: a page of it as JSON, or the whole as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import asdict, replace

from domain import incident
from domain.exhibit import TimelineRead
from projections.entry import Comment, Entry, ExhibitLine, Person, Timeline, Word
from projections.redaction import shown
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.file import File
from service.desk.ids import MaybeId
from service.office.incidents import readable
from service.timeline import drawing, timesketch
from service.timeline.anchor import anchored
from service.timeline.gathering import gathered
from service.timeline.pdf import Made

MOST = 1_000

Format = Literal["json", "timesketch", "csv", "pdf"]
MEDIA: Mapping[str, str] = {
    "json": "application/json",
    "timesketch": "application/x-ndjson",
    "csv": "text/csv",
    "pdf": "application/pdf",
}
ENDINGS = {"timesketch": "jsonl", "csv": "csv", "pdf": "pdf"}


class TimelinePage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which timeline, and which page of it.

    `recipient`: a party's id, `counsel:` and one, `court`, `police` or `regulator`; empty: the full one. `format`: a
    page of JSON, or the whole as JSON Lines or CSV for Timesketch, or as PDF. `cursor`: the `next_cursor` of the page
    before. `unsealing_id`: an approved unsealing of this incident, by which the asker may read what is sealed.
    """

    recipient: Annotated[str, Meta(pattern="^[0-9A-Za-z_:-]{0,73}$")] = ""
    format: Format = "json"
    cursor: Annotated[str, Meta(pattern=r"^([0-9a-f]{1,15}-[0-9a-f]{1,15})?$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 200
    unsealing_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say in which format."""
        return f"TimelinePage({self.format})"


class TimelineAnswer(msgspec.Struct, frozen=True):
    """Entries in the order of the log; `[redacted: reason]` stands for what this recipient is not to have.

    `until`: the last position of the log that was looked at, 0 where the recipient is not to know; `entries_in_all`:
    how many entries it has; `next_cursor` is null on the last page. `people`, `exhibits`, `left_out`, `reasons` and
    `zones` are those of the whole timeline.
    """

    incident_id: str
    recipient: str
    about: str
    account_id: str
    opened_at: str
    until: int
    entries_in_all: int
    people: tuple[Person, ...]
    exhibits: tuple[ExhibitLine, ...]
    left_out: tuple[str, ...]
    reasons: Mapping[str, int]
    zones: Mapping[str, str]
    entries: tuple[Entry, ...]
    next_cursor: str | None

    def __repr__(self) -> str:
        """Name the incident, and say how many entries there are."""
        return f"TimelineAnswer({self.incident_id}, {len(self.entries)} entries)"


async def read_timeline(desk: Desk, asker: Asker, incident_id: str, page: TimelinePage) -> TimelineAnswer | File:
    """An incident's timeline. Raises Refused: "unknown_incident", "unknown_recipient"."""
    after, until = (int(part, 16) for part in (page.cursor or "0-0").split("-"))
    timeline = await gathered(
        desk, asker, incident_id, recipient=page.recipient, unsealing_id=page.unsealing_id, until=until
    )
    if page.format == "json":
        rest = [each for each in timeline.entries if each.position > after]
        entries = tuple(rest[: page.limit])
        await recorded(desk, asker, timeline, page, after=after, entries=len(entries))
        more = len(rest) > len(entries)
        return _told(timeline, entries, f"{entries[-1].position:x}-{timeline.until:x}" if more else None)
    await recorded(desk, asker, timeline, page, after=0, entries=len(timeline.entries))
    return await _file(desk, asker, timeline, page)


async def recorded(
    desk: Desk, asker: Asker, timeline: Timeline, page: TimelinePage, *, after: int, entries: int
) -> None:
    """Put on record who got what of it, before anybody has it."""

    def decide(reader: Reader) -> Draft[None]:
        readable(reader, asker, timeline.incident_id)
        read = TimelineRead(
            recipient=page.recipient,
            format=page.format,
            after=after,
            until=timeline.until,
            entries=entries,
            unsealing_id=page.unsealing_id,
        )
        return Draft(None, [(incident.stream(timeline.incident_id), read)])

    await desk.pipeline.carry_out(asker, decide)


def plain(entry: Entry) -> Entry:
    """An entry with its bars in words."""
    return replace(
        entry,
        who=shown(entry.who),
        what=shown(entry.what),
        outcome=shown(entry.outcome),
        how=shown(entry.how),
        heard=tuple(shown(each) for each in entry.heard),
        words=tuple(Word(each.field, shown(each.text)) for each in entry.words),
        comments=tuple(Comment(shown(each.by), each.at, shown(each.text)) for each in entry.comments),
    )


def _told(timeline: Timeline, entries: tuple[Entry, ...], cursor: str | None) -> TimelineAnswer:
    same = {name: value for name, value in asdict(timeline).items() if name in TimelineAnswer.__struct_fields__}
    if timeline.recipient.kind == "party":
        same |= {"until": 0}
    same |= {"recipient": timeline.recipient.name, "entries": tuple(plain(each) for each in entries)}
    return TimelineAnswer(**same, entries_in_all=len(timeline.entries), next_cursor=cursor)


async def _file(desk: Desk, asker: Asker, timeline: Timeline, page: TimelinePage) -> File:
    if page.format == "pdf":
        actor = asker.actor
        anchor = await anchored(desk, timeline.until)
        made = Made(f"{actor.subject} ({actor.role})", desk.pipeline.now(), page.unsealing_id, anchor)
        content = await drawing.pdf(timeline, made)
    else:
        rows = timesketch.lines if page.format == "timesketch" else timesketch.table
        content = await asyncio.to_thread(lambda: b"".join(rows(timeline)))
    whom = page.recipient.partition(":")[0] or "full"
    name = f"timeline-{timeline.incident_id}-{whom}.{ENDINGS[page.format]}"
    return File(MEDIA[page.format], name, content)
