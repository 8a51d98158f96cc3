"""A file: an answer that is not JSON, with its media type and the name it is saved under."""

from __future__ import annotations

import msgspec


class File(msgspec.Struct, frozen=True):
    """What is answered as it is."""

    media: str
    name: str
    content: bytes

    def __repr__(self) -> str:
        """Say how much it is, and nothing of it."""
        return f"File({self.media}, {len(self.content)} bytes)"
