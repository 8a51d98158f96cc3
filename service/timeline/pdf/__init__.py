"""The timeline as a PDF for a court's file, drawn on the canvas itself: tables of ten thousand rows take minutes.

    Timeline, who made it, the ledger's anchor -> document: laid out first, so that each page knows of how many it is
        front (title page: for whom, scope, what is redacted and why), plot (attempts over time), rows (the entries),
        index (of exhibits), glossary
    made: by whom and when, and the ledger's state    ink: text, boxes and lines onto a page
    text: wrapping, bars, what the typeface lacks     page: blocks onto pages, header and footer

`fonts` holds DejaVu Sans with its licence. The same timeline makes the same bytes. `drawn` takes seconds of processor
time for a long one: call it in a process of its own (`service.timeline.drawing`).
"""

from service.timeline.pdf.document import drawn
from service.timeline.pdf.made import Anchor, Made

__all__ = ["Anchor", "Made", "drawn"]
