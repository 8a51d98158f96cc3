"""Chance: random bytes for ids and nonces, drawn from the system in bulk.

One call of `os.urandom` costs 5 to 15 microseconds, and a decision needs four. Bytes are handed out once.
"""

from __future__ import annotations

import os
import threading

DRAWN = 16_384


class Chance:
    """Random bytes of the operating system, a block at a time. Safe to use from several threads."""

    def __init__(self) -> None:
        """Draw nothing yet."""
        self._lock = threading.Lock()
        self._block = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """`size` bytes that were never handed out before."""
        with self._lock:
            start, end = self._at, self._at + size
            if end > len(self._block):
                self._block = os.urandom(max(DRAWN, size))
                start, end = 0, size
            self._at = end
            return self._block[start:end]

    def forget(self) -> None:
        """Drop what is left: a forked process must not hand out the same bytes."""
        self._lock = threading.Lock()
        self._block, self._at = b"", 0


_CHANCE = Chance()
os.register_at_fork(after_in_child=_CHANCE.forget)

take = _CHANCE.take


def identifier() -> str:
    """A new opaque id: 128 random bits in hex."""
    return take(16).hex()
