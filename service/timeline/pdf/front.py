"""The front: what it is, for whom, by whom and when, what it covers, what is redacted and why, who is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from projections.entry import Timeline
from projections.redaction import MEANINGS, bar, reasons
from service.timeline.pdf.ink import GREY, Ink
from service.timeline.pdf.made import Made
from service.timeline.pdf.page import INNER, Piece, block, heading
from service.timeline.pdf.text import BOLD, PLAIN, Style, wrapped

_TITLE, _UNDER = Style(BOLD, 20, 25), Style(PLAIN, 10, 14, GREY)
_BODY = Style(PLAIN, 8.2, 11.4)
_NAME, _VALUE = Style(BOLD, 8.2, 11.4), Style(PLAIN, 8.2, 11.4)
_NAMES_WIDE = 118.0
_WHAT_IT_IS = (
    "This is a reading of events that were recorded by Watchword when they happened, before anything was answered. "
    "Nobody wrote it afterwards: each row is one event of the log, in the log's order, told in fixed words. Sentences "
    "that people typed are shown as such, or redacted."
)
_CHECKING = (
    "The root at the foot of every page is a fingerprint of the whole log at the size beside it. The evidence bundle "
    "of this incident has a proof for each event against that root, which anybody can check without the service."
)


def pieces(timeline: Timeline, made: Made, missing: tuple[str, ...]) -> Iterator[Piece]:
    """The first page, and what goes on from it."""
    yield block("INCIDENT TIMELINE · CONFIDENTIAL", Style(BOLD, 8, 11, GREY), before=26)
    yield heading(f"Incident {timeline.incident_id[:8]}", 20)._replace(mark="Title page")
    yield block(f"Made for {timeline.recipient.words()}", _UNDER, after=10)
    yield from _fields(_scope(timeline, made))
    yield heading("What this is", depth=1)
    yield block(_WHAT_IT_IS, _BODY)
    if made.anchor.root:
        yield block(_CHECKING, _BODY, before=4)
    yield from _redacted(timeline)
    if timeline.people:
        yield heading("People", depth=1)
        yield from _fields(
            {each.name: " · ".join(part for part in (each.kind, each.party_id) if part) for each in timeline.people}
        )
    yield heading("Time", depth=1)
    yield block("Instants are UTC as recorded by the service's clock, to the millisecond.", _BODY)
    if timeline.zones:
        yield from _fields({site: zone or "no time zone is known: UTC alone" for site, zone in timeline.zones.items()})
    if missing:
        yield heading("Type", depth=1)
        yield block(
            "The typeface of this document, DejaVu Sans, lacks some characters that occur here. Each is printed by its "
            f"number in Unicode: {', '.join(missing)}.",
            _BODY,
        )


def _scope(timeline: Timeline, made: Made) -> dict[str, str]:
    entries = timeline.entries
    span = f"{entries[0].at[:19]}Z to {entries[-1].at[:19]}Z".replace("T", " ") if entries else "no entries"
    found = {
        "Incident": timeline.incident_id,
        "Opened": f"{timeline.opened_at[:19].replace('T', ' ')} UTC" if timeline.opened_at else "",
        "About": {"agent": "an agent", "account": f"account {timeline.account_id}"}.get(timeline.about, ""),
        "Made for": timeline.recipient.words(),
        "Made by": made.by,
        "Made at": f"{made.at:%Y-%m-%d %H:%M:%S} UTC",
        "Covers": f"{len(entries)} entries, {span}{_up_to(timeline)}",
        "Exhibits": _exhibits(timeline),
        "Opened under": _unsealed(timeline, made),
        "Ledger": made.anchor.words(),
    }
    return {name: value for name, value in found.items() if value}


def _unsealed(timeline: Timeline, made: Made) -> str:
    shows = made.unsealing_id and timeline.recipient.kind == "full"
    return f"approved unsealing {made.unsealing_id}" if shows else ""


def _up_to(timeline: Timeline) -> str:
    return "" if timeline.recipient.kind == "party" else f"; the log up to entry {timeline.until}"


def _exhibits(timeline: Timeline) -> str:
    count, gone = len(timeline.exhibits), sum(each.withdrawn for each in timeline.exhibits)
    return f"{count}, {gone} of them withdrawn; an index of them follows the entries" if count else "none"


def _redacted(timeline: Timeline) -> Iterator[Piece]:
    yield heading("What is redacted, and why", depth=1)
    if not timeline.reasons and not timeline.left_out:
        yield block("Nothing.", _BODY)
    else:
        yield block("What is redacted stands as a black bar with its reason in it.", _BODY, after=2)
    yield from _fields({bar(reason): _why(reason, count) for reason, count in timeline.reasons.items()})
    for each in timeline.left_out:
        yield block(each, _BODY, before=3)


def _why(reason: str, count: int) -> str:
    return f"{'Once' if count == 1 else f'{count} times'}. {MEANINGS.get(reason, '')}"


def _fields(told: Mapping[str, str]) -> Iterator[Piece]:
    """Names and what they are, in two columns."""
    for name, value in told.items():
        yield field(name, value)


def field(name: str, value: str) -> Piece:
    """A name and what it is, side by side."""
    left = wrapped(name, _NAME._replace(size=7.2) if reasons(name) else _NAME, _NAMES_WIDE - 8)
    right = wrapped(value, _VALUE, INNER - _NAMES_WIDE)
    height = max(left.height, right.height) + 3.4

    def draw(ink: Ink, x: float, y: float) -> None:
        ink.rule(x, y - height + 1, x + INNER, 0.2)
        left.draw(ink, x, y - 1)
        right.draw(ink, x + _NAMES_WIDE, y - 1)

    return Piece(height, draw)
