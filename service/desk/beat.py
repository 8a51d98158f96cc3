"""Beats: an answer that leaves on a whole beat since its request began says nothing by when it comes."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from types import TracebackType
from typing import Self


class Beat:
    """A context whose end waits for the next whole beat since it began, whether it ended well or not."""

    def __init__(self, beat: timedelta) -> None:
        """Beat so often."""
        self._beat = beat.total_seconds()
        self._began = time.monotonic()

    async def __aenter__(self) -> Self:
        """Begin to count."""
        self._began = time.monotonic()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Wait for the beat."""
        await asyncio.sleep(self._beat - (time.monotonic() - self._began) % self._beat)
