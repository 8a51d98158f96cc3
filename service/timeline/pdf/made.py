"""Made: by whom and when a document is made, and the state of the ledger that it is held against."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Anchor(msgspec.Struct, frozen=True):
    """A checkpoint that covers what a timeline tells: the log's name, its size, its root (base64), and when (UTC)."""

    origin: str = ""
    size: int = 0
    root: str = ""
    at: str = ""

    def words(self) -> str:
        """As it is printed."""
        if not self.root:
            return "no checkpoint covers this timeline"
        return f"{self.origin}, size {self.size}, root {self.root}, as of {self.at[:19]}Z"


class Made(msgspec.Struct, frozen=True):
    """Who made it and when (UTC), by which unsealing if by any, and the ledger it is held against."""

    by: str
    at: datetime
    unsealing_id: str = ""
    anchor: Anchor = Anchor()
