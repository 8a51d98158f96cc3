"""Text on a page: typefaces, lines that fit, bars in the place of what is redacted, and glyphs that are missing.

DejaVu Sans has Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian and Georgian. A character that it lacks (Chinese,
Japanese and Korean among them) is printed by its number in Unicode, such as [U+6797]: nothing vanishes. Hebrew and
Arabic are set from right to left by runs; Arabic letters stand unjoined.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from projections.redaction import pieces
from service.timeline.pdf.ink import BLACK, WHITE, Colour, Ink

_FONTS = Path(__file__).with_name("fonts")
PLAIN, BOLD, MONO = "Watchword", "Watchword-Bold", "Watchword-Mono"
_FILES = {PLAIN: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf", MONO: "DejaVuSansMono.ttf"}
_RTL = frozenset({"R", "AL"})
_MIRRORED = str.maketrans("()[]<>{}«»", ")(][><}{»«")
_CLOSES = {")": "(", "]": "[", "}": "{", "»": "«"}
_PAD = 1.6


def register() -> None:
    """Have the typefaces at hand."""
    if PLAIN not in pdfmetrics.getRegisteredFontNames():
        for name, file in _FILES.items():
            pdfmetrics.registerFont(TTFont(name, str(_FONTS / file)))
        rl_config.useA85 = 0  # a file, not a mail: its streams need not be text


class Run(NamedTuple):
    """Part of a line: at this distance from its beginning; `bar`: drawn white on black."""

    x: float
    text: str
    bar: bool
    width: float


class Style(NamedTuple):
    """How text is set: face, size and the distance between lines, in points, and its colour."""

    face: str = PLAIN
    size: float = 7.5
    leading: float = 9.6
    colour: Colour = BLACK


Line = tuple[Run, ...]


class Block(NamedTuple):
    """Lines that were made to fit, and how they are set."""

    lines: tuple[Line, ...]
    style: Style

    @property
    def height(self) -> float:
        """How high they are."""
        return len(self.lines) * self.style.leading

    def draw(self, ink: Ink, x: float, y: float) -> None:
        """Draw them, the first just below `y`."""
        face, size, leading, colour = self.style
        ink.colour(colour)
        at = y - leading + (leading - size) / 2 + size * 0.2
        for line in self.lines:
            for run in line:
                if run.bar:
                    ink.colour(BLACK)
                    ink.box(x + run.x - _PAD, at - size * 0.24, run.width + 2 * _PAD, size * 1.18)
                    ink.colour(WHITE)
                    ink.text(x + run.x, at, run.text, face, size)
                    ink.colour(colour)
                else:
                    ink.text(x + run.x, at, run.text, face, size)
            at -= leading


@lru_cache(200_000)
def width(text: str, face: str, size: float) -> float:
    """How wide a text is."""
    found: float = pdfmetrics.stringWidth(text, face, size)
    return found


@lru_cache(20_000)
def printable(text: str, face: str = PLAIN) -> str:
    """A text as this typeface can print it, in the order in which it is printed."""
    glyphs = pdfmetrics.getFont(face).face.charToGlyph
    out, foreign = [], False
    for char in text:
        if char.isspace():
            out.append(" ")
        elif ord(char) in glyphs and unicodedata.category(char)[0] != "C":
            out.append(char)
            foreign = foreign or unicodedata.bidirectional(char) in _RTL
        else:
            out.append(f"[U+{ord(char):04X}]")
    found = "".join(out)
    return _visual(found) if foreign else found


@lru_cache(20_000)
def missing(text: str, face: str = PLAIN) -> frozenset[str]:
    """The characters of a text that the typeface lacks. Bars are none."""
    glyphs = pdfmetrics.getFont(face).face.charToGlyph
    said = "".join(piece for piece, _ in pieces(text))
    return frozenset(char for char in said if ord(char) not in glyphs and not char.isspace())


def _visual(text: str) -> str:
    """A text with its runs of right-to-left letters turned round, as they are read on paper."""
    out: list[str] = []
    run: list[str] = []
    held: list[str] = []  # spaces and the like, of the run if letters of it follow

    def end() -> None:
        """The run is over: what follows its last letter and still belongs to it is a number, or closes a bracket."""
        belongs = 0
        for at, char in enumerate(held, 1):
            number = unicodedata.bidirectional(char) in ("EN", "AN")
            if run and (number or (char in _CLOSES and run.count(_CLOSES[char]) > run.count(char))):
                belongs = at
        run.extend(held[:belongs])
        out.append(_turned("".join(run)))
        out.extend(held[belongs:])
        run.clear()
        held.clear()

    for char in text:
        way = unicodedata.bidirectional(char)
        if way in _RTL or (run and way == "NSM"):
            run.extend(held)
            held.clear()
            run.append(char)
        elif run and way in ("WS", "ON", "CS", "ES", "EN", "AN"):
            held.append(char)
        else:
            end()
            out.append(char)
    end()
    return "".join(out)


def _turned(run: str) -> str:
    """A run from its end, numbers in it as they were, marks behind their letters, brackets mirrored."""
    clusters: list[str] = []
    for char in run:
        way = unicodedata.bidirectional(char)
        if clusters and (way == "NSM" or (way in ("EN", "AN") and unicodedata.bidirectional(clusters[-1][-1]) == way)):
            clusters[-1] += char
        else:
            clusters.append(char.translate(_MIRRORED))
    return "".join(reversed(clusters))


@lru_cache(50_000)
def wrapped(text: str, style: Style, wide: float) -> Block:
    """A text in lines no wider than this; its bars stay bars. A word that is too wide is broken."""
    lines: list[Line] = []
    line: list[Run] = []
    x = 0.0
    space = width(" ", style.face, style.size)
    for piece, bar in pieces(text):
        words: list[str] = []
        for word in printable(piece, style.face).split(" "):
            if word:
                words += _broken(word, style, wide - 2 * _PAD)
        for at, word in enumerate(words):
            wide_word = width(word, style.face, style.size)
            gap = (space if line else 0.0) + (_PAD if bar and not at and line else 0.0)
            if line and x + gap + wide_word + (_PAD if bar else 0.0) > wide:
                lines.append(tuple(line))
                line, x, gap = [], 0.0, 0.0
            if not line and bar:
                gap = _PAD
            last = line[-1] if line else None
            if last is not None and last.bar == bar and (at or not bar):
                # One run for each stretch of a line: one string to draw.
                line[-1] = Run(last.x, f"{last.text} {word}", bar, last.width + space + wide_word)
                x = last.x + last.width + space + wide_word
            else:
                line.append(Run(x + gap, word, bar, wide_word))
                x += gap + wide_word
        if bar and words:
            x += _PAD
    if line:
        lines.append(tuple(line))
    return Block(tuple(lines), style)


@lru_cache(50_000)
def _broken(word: str, style: Style, wide: float) -> tuple[str, ...]:
    if width(word, style.face, style.size) <= wide:
        return (word,)
    parts, part, x = [], "", 0.0
    for char in word:
        step = width(char, style.face, style.size)
        if part and x + step > wide:
            parts.append(part)
            part, x = "", 0.0
        part += char
        x += step
    return (*parts, part)
