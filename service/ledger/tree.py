"""The tree as it can be asked: roots and proofs from the tiles, which are kept in memory as far as they are used."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict

from projections import merkle
from projections.ledger import HASH, WIDTH, expand, node
from service.ledger.errors import REMADE, Damaged
from service.ledger.note import Checkpoint
from service.ledger.store import Store

__all__ = ["Tree"]

MOST_KEPT = 1_024  # tiles, some 40 MB


class Tree:
    """Blocking, and safe to use from several threads. Raises LogUnavailable, and Damaged where a tile is missing."""

    def __init__(self, store: Store) -> None:
        """Read the tiles of this store."""
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def forget(self) -> None:
        """Read every tile anew: they were made again."""
        with self._lock:
            self._kept.clear()

    def root(self, size: int) -> bytes:
        """The root of the tree when it had this size."""
        wanted = merkle.peaks(0, size)
        return merkle.root([self._nodes(size)(level, index) for level, index in wanted])

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf."""
        return self._nodes(index + 1)(0, index)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that a leaf is in the tree of this size. Raises ValueError where it is not."""
        return merkle.inclusion(index, size, self._nodes(size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of size `old` is the beginning of that of size `new`. Raises ValueError likewise."""
        return merkle.consistency(old, new, self._nodes(new))

    def proof(self, index: int, checkpoint: Checkpoint) -> str:
        """The text of a `.tlog-proof` file (C2SP tlog-proof): that this leaf is in the tree of this checkpoint."""
        path = "".join(f"{base64.b64encode(each).decode()}\n" for each in self.inclusion(index, checkpoint.size))
        return f"c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{checkpoint.text}"

    def tile(self, level: int, number: int, width: int) -> bytes | None:
        """The first `width` hashes of a tile, in one; None where there are not so many."""
        found = self._store.tile(level, number)
        return None if found is None or len(found) < width * HASH else found[: width * HASH]

    def _nodes(self, size: int) -> merkle.Node:
        def rows(level: int, number: int) -> list[list[bytes]]:
            return self._rows(level, number, min(WIDTH, (size >> 8 * level) - number * WIDTH))

        return lambda level, index: node(level, index, rows)

    def _rows(self, level: int, number: int, width: int) -> list[list[bytes]]:
        """Every subtree of a tile of which at least `width` hashes are wanted."""
        key = level, number
        with self._lock:
            found = self._kept.get(key)
            if found is not None and len(found[0]) >= width:
                self._kept.move_to_end(key)
                return found
        hashes = self._store.tile(level, number)
        if hashes is None or len(hashes) < width * HASH:
            raise Damaged(f"tile {number} of level {level} is not as long as it was; {REMADE}")
        found = expand(hashes)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found
