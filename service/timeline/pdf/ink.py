"""Ink: text, boxes and lines onto a page, as the operators of PDF themselves (ISO 32000-1 sections 8 and 9).

A document of ten thousand rows has some two hundred thousand strings, most of them the same few; reportlab's own text
object takes three times as long for each. It keeps the typefaces, their subsets, the pages and the file.
"""

from __future__ import annotations

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

Colour = tuple[float, float, float]

BLACK, WHITE, GREY, PALE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.38, 0.38, 0.38), (0.93, 0.93, 0.93)
_ESCAPED = {ord(each): f"\\{each}" for each in "()\\"} | {
    code: f"\\{code:03o}" for code in (*range(32), *range(127, 256))
}


class Ink:
    """One document's page at a time. Coordinates are points from its lower left corner."""

    def __init__(self, canvas: Canvas) -> None:
        """Write on this canvas."""
        self.canvas = canvas
        self._shown: dict[tuple[str, float, str], str] = {}

    def text(self, x: float, y: float, text: str, face: str, size: float) -> None:
        """A text whose baseline begins here, in the colour that was set."""
        key = face, size, text
        shown = self._shown.get(key)
        if shown is None:
            shown = self._shown[key] = self._encoded(text, face, size)
        self._put(f"BT 1 0 0 1 {x:.2f} {y:.2f} Tm {shown} ET")

    def colour(self, colour: Colour) -> None:
        """What is filled and written from now on is of this colour."""
        self._put("{:g} {:g} {:g} rg".format(*colour))

    def box(self, x: float, y: float, wide: float, high: float) -> None:
        """A filled box, from its lower left corner."""
        self._put(f"{x:.2f} {y:.2f} {wide:.2f} {high:.2f} re f")

    def frame(self, x: float, y: float, wide: float, high: float, thick: float) -> None:
        """A black frame that is not filled."""
        self._put(f"0 0 0 RG {thick:g} w {x:.2f} {y:.2f} {wide:.2f} {high:.2f} re S")

    def rule(self, x: float, y: float, to: float, thick: float) -> None:
        """A grey line from left to right."""
        self._put("{:g} {:g} {:g} RG ".format(*GREY) + f"{thick:g} w {x:.2f} {y:.2f} m {to:.2f} {y:.2f} l S")

    def _encoded(self, text: str, face: str, size: float) -> str:
        font, document = pdfmetrics.getFont(face), self.canvas._doc  # noqa: SLF001 - who asks a typeface names its document
        found = []
        for subset, codes in font.splitString(text, document):
            name = font.getSubsetInternalName(subset, document)
            found.append(f"{name} {size:g} Tf ({codes.decode('latin-1').translate(_ESCAPED)}) Tj")
        return " ".join(found)

    def _put(self, operators: str) -> None:
        self.canvas._code.append(operators)  # noqa: SLF001 - as reportlab's own parts write on a page
