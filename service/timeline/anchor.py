"""The anchor: the state of the ledger that a timeline is held against, printed at the foot of every page."""

from __future__ import annotations

from service.desk.desk import Desk
from service.timeline.pdf.made import Anchor

__all__ = ["Anchor", "anchored"]

_LINES = 3


async def anchored(desk: Desk, position: int) -> Anchor:
    """A checkpoint that covers this position of the log."""
    checkpoint = await desk.ledger.covering(position)
    lines = checkpoint.text.splitlines()
    if len(lines) < _LINES:
        return Anchor()
    return Anchor(lines[0], int(lines[1]), lines[2], desk.pipeline.now().isoformat())
