"""Keeping: the tree made to grow with the log, and its checkpoints published, in that order and durably.

    log -> leaves -> tiles --.
                   root -> signed -> the file of published checkpoints -> the ledger's database -> anybody

It skips nothing: a position that is missing, or a row that is not the one whose leaf it took, stops it. What was
published once is compared with the log before anything else, and at each step the last leaf with its row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from projections.ledger import Edge, leaf, leaves
from service.ledger.errors import Contradicted
from service.ledger.note import Checkpoint, Signer, Verifier, cosigned, signed_by
from service.ledger.published import Line, Published
from service.ledger.store import CURRENT, PUBLIC, Growing, Kept, Store
from service.ledger.tree import Tree
from service.log.reading import Reader

__all__ = ["Keeper"]

log = logging.getLogger("watchword.ledger")

AT_ONCE = 2_000  # events in one step
RESTORED = (
    "restore the whole log, or find out who changed it: `watchword audit verify`, and docs/operations.md, Backups"
)


class Keeper:
    """The tree over one log. Blocking, for one thread; every method raises LogUnavailable and LedgerError."""

    def __init__(
        self,
        *,
        source: Reader,
        store: Store,
        published: Published,
        signer: Signer,
        clock: Callable[[], datetime],
        public_s: float,
    ) -> None:
        """Follow `source`. `public_s`: seconds between two public checkpoints."""
        self._log = source
        self._store = store
        self._published = published
        self._signer = signer
        self._clock = clock
        self._public_s = public_s
        self._edge: Edge | None = None
        self.tree = Tree(store)
        self.current: Checkpoint | None = None
        self.public: Checkpoint | None = None

    @property
    def verifier(self) -> Verifier:
        """The key that its checkpoints verify by. Raises LogUnavailable while the keys were not reached."""
        return self._signer.verifier

    # --- before anything else -----------------------------------------------------------------------------------------

    def compare(self) -> None:
        """Compare the log with what was published of it: by this process, and by any other. Raises Contradicted.

        Where the tiles do not reach so far they are made first.
        """
        self._edge = None
        anchors = [line for line in (self._published.newest(), *map(self._kept, (CURRENT, PUBLIC))) if line is not None]
        last = self._log.last_position()
        for line in anchors:
            self._stands(line, last)
        size = max((line.checkpoint.size for line in anchors), default=0)
        if size > self._store.size():
            log.warning("the tiles are made again from the log", extra={"position": size})
        while self._store.size() < size:
            with self._store.growing() as growing:
                if growing is not None:
                    self._edge = self._grown(growing, size)
        for line in anchors:
            found = line.checkpoint
            if self.tree.root(found.size) != found.root:
                raise Contradicted(
                    f"the events up to position {found.size} have another root than the checkpoint that was published "
                    f"of them; {RESTORED}"
                )
        if self._published.newest() is None and size:
            log.warning("there is no file of published checkpoints: only the ledger's database could be compared")

    def _kept(self, kind: str) -> Line | None:
        kept = self._store.newest(kind)
        return None if kept is None else Line(kept.checkpoint, b"")

    def _stands(self, line: Line, last: int) -> None:
        """Whether the log reaches so far, and ends there with the same event."""
        found = line.checkpoint
        if found.origin == self._signer.origin:
            signed_by(found, self._signer.verifier)
        if last < found.size:
            raise Contradicted(
                f"the log ends at position {last}, and a checkpoint of {found.size} events was published; {RESTORED}"
            )
        if line.leaf and self._leaf(found.size) != line.leaf:
            raise Contradicted(
                f"position {found.size} holds another event than the one a checkpoint was published of; {RESTORED}"
            )

    def _leaf(self, position: int) -> bytes | None:
        rows = self._log.section(gt=position - 1, lte=position, limit=1)
        return leaf(*rows[0][:4]) if rows else None

    # --- from then on -------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Take in what came, and publish it. Whether there is more at hand."""
        stepped: tuple[int, Edge, Checkpoint, Checkpoint] | None = None
        with self._store.growing() as growing:
            if growing is not None:
                size, edge = growing.size(), self._grown(growing, None)
                stepped = size, edge, self._signed(growing, edge), self._made_public(growing, edge)
        if stepped is None:
            self._adopt()
            return False
        size, self._edge, self.current, self.public = stepped
        return self._edge.size - size == AT_ONCE

    def _grown(self, growing: Growing, limit: int | None) -> Edge:
        """The tree with what came since, its tiles written. Raises Contradicted."""
        size = growing.size()
        edge = growing.edge() if self._edge is None or self._edge.size != size else self._edge.copy()
        # The last row that was taken in is read again: the log under a running service may be another by now.
        rows = self._log.section(gt=max(0, size - 1), lte=limit, limit=AT_ONCE + (size > 0))
        if size:
            if not rows or rows[0][4] != size or leaf(*rows[0][:4]) != growing.leaf(size - 1):
                raise Contradicted(
                    f"position {size} of the log does not hold the event that the ledger has; {RESTORED}"
                )
            del rows[0]
        if rows and (rows[0][4], rows[-1][4]) != (size + 1, size + len(rows)):
            raise Contradicted(f"a position between {size + 1} and {rows[-1][4]} of the log is missing; {RESTORED}")
        if rows:
            growing.put(edge.grow(leaves(rows)))
        return edge

    def _signed(self, growing: Growing, edge: Edge) -> Checkpoint:
        kept = growing.newest(CURRENT)
        if kept is not None and (kept.checkpoint.size, kept.checkpoint.origin) == (edge.size, self._signer.origin):
            self._note(growing, kept.checkpoint, self.current)
            return kept.checkpoint
        made = self._signer.sign(edge.size, edge.root())
        self._note(growing, made, None)
        growing.keep(CURRENT, Kept(made, self._clock().timestamp()))
        return made

    def _made_public(self, growing: Growing, edge: Edge) -> Checkpoint:
        """The public checkpoint: made on its beat and at no other moment, of whole tiles alone."""
        kept, now = growing.newest(PUBLIC), self._clock().timestamp()
        if kept is not None and kept.checkpoint.origin == self._signer.origin:
            found = kept.checkpoint
            if now // self._public_s <= kept.at // self._public_s:
                self._note(growing, found, self.public)
                return found
            if found.size == edge.whole()[0]:
                growing.keep(PUBLIC, Kept(found, now))  # or it would be made as soon as a tile is full, off the beat
                return found
        made = self._signer.sign(*edge.whole())
        self._note(growing, made, None)
        growing.keep(PUBLIC, Kept(made, now))
        return made

    def _note(self, growing: Growing, made: Checkpoint, before: Checkpoint | None) -> None:
        """Write a checkpoint into the file, if this process did not publish it before: afterwards it may be seen."""
        if before is None or before.text != made.text:
            self._published.append(Line(made, growing.leaf(made.size - 1) if made.size else b""))

    def _adopt(self) -> None:
        """Publish what another replica signed, once it is in the file of this one too."""
        for kind, before in ((CURRENT, self.current), (PUBLIC, self.public)):
            kept = self._store.newest(kind)
            if kept is None or (before is not None and before.text == kept.checkpoint.text):
                continue
            found = kept.checkpoint
            signed_by(found, self._signer.verifier)
            hashed = self.tree.leaf(found.size - 1) if found.size else b""
            if found.size and self._leaf(found.size) != hashed:
                raise Contradicted(f"position {found.size} of the log does not hold the event that the ledger has")
            self._published.append(Line(found, hashed))
            if kind == CURRENT:
                self.current = found
            else:
                self.public = found

    # --- and now and then ---------------------------------------------------------------------------------------------

    def countersign(self, checkpoint: Checkpoint, lines: list[str]) -> bool:
        """Put witnesses' signatures on the public checkpoint, if it is still this one. False: try again."""
        with self._store.growing() as growing:
            if growing is None:
                return False
            kept = growing.newest(PUBLIC)
            if kept is None or kept.checkpoint.body != checkpoint.body:
                return True
            made = cosigned(kept.checkpoint, lines)
            self._note(growing, made, kept.checkpoint)
            growing.keep(PUBLIC, Kept(made, kept.at))
        return True

    def rebuild(self) -> int:
        """Drop every tile and make them again from the log, held against what was published. Returns their size."""
        with self._store.growing() as growing:
            if growing is None:
                raise Contradicted("another process keeps the ledger: stop every replica first")
            growing.clear()
        self.tree.forget()
        self.compare()
        while self.step():
            pass
        return self._store.size()
