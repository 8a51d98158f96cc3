"""Trust: which of the stored tiles are those that a signed root was made of. From the root down, tile by tile."""

from __future__ import annotations

from functools import lru_cache

from projections.ledger import HASH, WIDTH, Edge, top
from service.ledger.store import Store

__all__ = ["Trust"]

MOST_KEPT = 512


class Trust:
    """The tiles of one store under one signed root. Blocking; raises LogUnavailable."""

    def __init__(self, store: Store, size: int, root: bytes) -> None:
        """Trust what the root of a tree of this size leads to."""
        self._store = store
        self._size = size
        self.edge = self._edge(root)
        # Above the leaves tiles are few, and asked for again and again.
        self._above = lru_cache(MOST_KEPT)(self._looked)

    def _edge(self, root: bytes) -> bool:
        """Whether the partial tiles lead to the root, so that what is in them can be trusted."""
        partial = {}
        for level in range((self._size.bit_length() + 7) // 8):
            width = (self._size >> 8 * level) % WIDTH
            partial[level] = self._stored(level, self._size >> 8 * (level + 1))[: width * HASH] if width else b""
        try:
            return Edge(self._size, partial).root() == root
        except ValueError:
            return False

    def _stored(self, level: int, number: int) -> bytes:
        return self._store.tile(level, number) or b""

    def _looked(self, level: int, number: int) -> bytes | None:
        return self.tile(level, number)

    def over(self, level: int, number: int) -> bytes | None:
        """The hash over a full tile, as the root has it; None where the tiles do not lead there."""
        above = self._above(level + 1, number // WIDTH)
        at = number % WIDTH * HASH
        return None if above is None or len(above) < at + HASH else above[at : at + HASH]

    def tile(self, level: int, number: int, stored: bytes | None = None) -> bytes | None:
        """A tile that leads to the root, as far as it belongs to this tree; None where it does not.

        `stored`: what the store holds there, where that was read already.
        """
        width = min(WIDTH, (self._size >> 8 * level) - number * WIDTH)
        found = (self._stored(level, number) if stored is None else stored)[: width * HASH]
        if width < WIDTH:
            return found if self.edge and len(found) == width * HASH else None
        if len(found) != WIDTH * HASH:
            return None
        return found if top(found) == self.over(level, number) else None

    def block(self, number: int) -> tuple[int, int]:
        """The first and the last position of the smallest trusted block around a tile of leaves that is not trusted."""
        level = 0
        while (self._size >> 8 * level) > number >> 8 * level:
            if (
                number >> 8 * level < self._size >> 8 * (level + 1)
                and self.over(level, number >> 8 * level) is not None
            ):
                span = WIDTH << 8 * level
                first = (number >> 8 * level) * span + 1
                return first, first + span - 1
            level += 1
        return 1, self._size
