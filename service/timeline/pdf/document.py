"""The document: its parts in order, its metadata, its pages."""

from __future__ import annotations

import calendar
import io
from collections.abc import Iterator
from datetime import UTC

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import TimeStamp
from reportlab.pdfgen.canvas import Canvas

from projections.entry import Entry, Timeline
from service.timeline.pdf import front, glossary, index, plot, rows
from service.timeline.pdf.ink import Ink
from service.timeline.pdf.made import Made
from service.timeline.pdf.page import Frame, Piece, block, draw, heading, paged
from service.timeline.pdf.text import PLAIN, Style, missing, register

_BODY = Style(PLAIN, 8.2, 11.4)
MOST_MISSING = 60


def drawn(timeline: Timeline, made: Made) -> bytes:
    """The timeline as a PDF (A4). Some seconds of processor time for ten thousand entries."""
    register()
    where: dict[int, int] = {}
    pages = paged(list(_pieces(timeline, made, where)))
    where |= {each.piece.position: number for number, page in enumerate(pages, 1) for each in page}
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1, lang="en-GB")
    # The time it was made at, and not reportlab's own: the same timeline makes the same bytes.
    canvas._doc._timeStamp = _stamp(made)  # noqa: SLF001 - reportlab takes the clock's, or one of the environment
    whom = timeline.recipient.words()
    canvas.setTitle(f"Timeline of incident {timeline.incident_id}, for {whom}")
    canvas.setAuthor(made.by)
    canvas.setSubject("Events of an incident as they were recorded")
    canvas.setCreator("Watchword")
    canvas.setKeywords([timeline.incident_id, timeline.recipient.name or "full"])
    canvas.setViewerPreference("DisplayDocTitle", "true")
    canvas.showOutline()
    head = f"Incident {timeline.incident_id} · timeline for {whom}"
    draw(Ink(canvas), pages, Frame(head, f"made {made.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", _foot(made)))
    canvas.save()
    return out.getvalue()


def _pieces(timeline: Timeline, made: Made, where: dict[int, int]) -> Iterator[Piece]:
    yield from front.pieces(timeline, made, _missing(timeline))
    drawing = plot.piece(timeline)
    if drawing is not None:
        yield heading("Attempts over time", 14, fresh=True)
        yield drawing
    yield heading("Entries", 14, fresh=True)
    if timeline.entries:
        yield from rows.pieces(timeline.entries)
    else:
        yield block("There are none.", _BODY)
    if timeline.exhibits:
        yield heading("Index of exhibits", 14, fresh=True)
        yield from index.pieces(timeline.exhibits, where)
    yield heading("Glossary", 14, fresh=True)
    for term, meaning in glossary.terms(party=timeline.recipient.kind == "party"):
        yield front.field(term, meaning)


def _foot(made: Made) -> tuple[str, ...]:
    anchor = made.anchor
    if not anchor.root:
        return (f"Ledger: {anchor.words()}",)
    return (f"Ledger {anchor.origin}", f"size {anchor.size} · as of {anchor.at[:19]}Z", f"root {anchor.root}")


def _missing(timeline: Timeline) -> tuple[str, ...]:
    """The characters of this timeline that the typeface lacks, by their numbers, and whether there are more."""
    found: set[str] = set()
    for entry in timeline.entries:
        for text in _texts(entry):
            found |= missing(text)
    numbers = [f"[U+{ord(each):04X}]" for each in sorted(found)]
    return (*numbers[:MOST_MISSING], *(["and others"] if len(numbers) > MOST_MISSING else []))


def _texts(entry: Entry) -> Iterator[str]:
    yield from (entry.who, entry.site, entry.what, entry.outcome, *entry.heard)
    yield from (each.text for each in entry.words)
    for each in entry.comments:
        yield from (each.by, each.text)


def _stamp(made: Made) -> TimeStamp:
    stamp = TimeStamp(invariant=1)
    moment = made.at.astimezone(UTC)
    stamp.t = float(calendar.timegm(moment.timetuple()))
    stamp.lt = moment.timetuple()
    stamp.YMDhms = tuple(moment.timetuple())[:6]
    return stamp
