"""The plot: attempts over time, a strip for each site, told apart from withheld by shade and by side of the line.

What was told stands above a site's line in black, what was withheld below it in outline: it can be read in black and
white, and by who sees no colours.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import Color

from projections.entry import Entry, Timeline
from service.timeline.pdf.ink import Ink
from service.timeline.pdf.page import INNER, Piece
from service.timeline.pdf.text import BOLD, PLAIN, printable

MOST_SITES, BINS, MOST_TICKS = 8, 72, 7
TOLD = frozenset({"disclosed", "accepted"})
_ATTEMPTS = ("disclosure.attempted.", "action.attempted.")
_STRIP, _LABEL, _AXIS, _TOP = 62.0, 104.0, 30.0, 26.0
_INK, _FAINT, _PALE = Color(0, 0, 0), Color(0.55, 0.55, 0.55), Color(0.8, 0.8, 0.8)
_OTHERS = "other sites"
_STEPS = tuple(
    timedelta(seconds=each)
    for each in (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 14 * 86400, 30 * 86400)
)


def attempts(timeline: Timeline) -> list[Entry]:
    """The entries that are attempts."""
    return [each for each in timeline.entries if each.name.startswith(_ATTEMPTS)]


def piece(timeline: Timeline) -> Piece | None:
    """The plot, None where nobody asked for anything."""
    found = attempts(timeline)
    if not found:
        return None
    drawing = _drawing(found)
    height = drawing.height + 8

    def draw(ink: Ink, x: float, y: float) -> None:
        renderPDF.draw(drawing, ink.canvas, x, y - height + 4, showBoundary=False)

    return Piece(height, draw)


def _drawing(found: list[Entry]) -> Drawing:
    moments = [datetime.fromisoformat(each.at) for each in found]
    began, ended = min(moments), max(moments)
    span = max((ended - began).total_seconds(), 60.0)
    often = Counter(each.site or "no site" for each in found)
    sites = [site for site, _ in sorted(often.items(), key=lambda pair: (-pair[1], pair[0]))]
    shown = sites if len(sites) <= MOST_SITES else [*sites[: MOST_SITES - 1], _OTHERS]
    counts: Counter[tuple[str, int, bool]] = Counter()
    for each, moment in zip(found, moments, strict=True):
        site = each.site or "no site"
        at = min(int((moment - began).total_seconds() / span * BINS), BINS - 1)
        counts[site if site in shown else _OTHERS, at, each.outcome in TOLD] += 1
    most = max(counts.values())
    wide = INNER - _LABEL
    drawing = Drawing(INNER, _TOP + _STRIP * len(shown) + _AXIS)
    drawing.add(
        _text(_LABEL, drawing.height - 9, "Above a line, black: told or accepted. Below it, outlined: withheld.")
    )
    drawing.add(
        _text(_LABEL, drawing.height - 18, f"The highest bar stands for {most}; a bar spans {_spanned(span / BINS)}.")
    )
    for number, site in enumerate(shown):
        middle = drawing.height - _TOP - _STRIP * (number + 0.5)
        bars = {(at, told): count for (where, at, told), count in counts.items() if where == site}
        _strip(drawing, site, middle, bars, most=most, wide=wide)
    _axis(drawing, began, span, wide)
    return drawing


def _strip(
    drawing: Drawing, site: str, middle: float, counts: dict[tuple[int, bool], int], *, most: int, wide: float
) -> None:
    told = sum(count for (_, outcome), count in counts.items() if outcome)
    drawing.add(_text(0, middle + 3, site[:1].upper() + site[1:], BOLD, most=18))
    drawing.add(_text(0, middle - 7, f"{told} told, {sum(counts.values()) - told} withheld"))
    drawing.add(Line(_LABEL, middle, _LABEL + wide, middle, strokeColor=_FAINT, strokeWidth=0.6))
    step, tall = wide / BINS, _STRIP / 2 - 5
    for (at, outcome), count in sorted(counts.items()):
        height = max(tall * count / most, 1.5)
        drawing.add(
            Rect(
                _LABEL + at * step + 0.4,
                middle if outcome else middle - height,
                max(step - 0.8, 1.0),
                height,
                fillColor=_INK if outcome else _PALE,
                strokeColor=_INK,
                strokeWidth=0.4,
            )
        )


def _axis(drawing: Drawing, began: datetime, span: float, wide: float) -> None:
    """Ticks at whole steps of UTC, no more than eight."""
    drawing.add(Line(_LABEL, _AXIS - 4, _LABEL + wide, _AXIS - 4, strokeColor=_INK, strokeWidth=0.6))
    step = next((each for each in _STEPS if span / each.total_seconds() <= MOST_TICKS), timedelta(seconds=span / 6))
    seconds = step.total_seconds()
    tick = datetime.fromtimestamp(-(-began.timestamp() // seconds) * seconds, UTC)
    form = "%Y-%m-%d" if step >= timedelta(days=1) else "%m-%d %H:%M"
    while (offset := (tick - began).total_seconds()) <= span:
        x = _LABEL + offset / span * wide
        drawing.add(Line(x, _AXIS - 4, x, _AXIS - 8, strokeColor=_INK, strokeWidth=0.6))
        drawing.add(_text(x, _AXIS - 16, tick.strftime(form), anchor="end" if x > INNER - 24 else "middle"))
        tick += step
    drawing.add(_text(_LABEL, _AXIS - 26, f"UTC, from {began:%Y-%m-%d %H:%M}"))


def _spanned(seconds: float) -> str:
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}s"
    return f"{seconds:.0f} seconds"


def _text(x: float, y: float, text: str, face: str = PLAIN, *, anchor: str = "start", most: int = 0) -> String:
    text = printable(text, face)
    if most and len(text) > most:
        text = f"{text[: most - 1]}…"
    return String(x, y, text, fontName=face, fontSize=6.6, textAnchor=anchor, fillColor=_INK)
