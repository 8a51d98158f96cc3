"""Access: the live projection that answers "may this caller see this" from states kept folded in memory.

It holds, for each stream in use, its state and version. A state may run ahead of the log by what is on its way there;
whoever put it in says by what (`pending`) and drops it when that does not arrive. It is bounded: the streams unused
for longest go first.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from projections.folding import State

P = TypeVar("P")


class Folded(Generic[P]):
    """One stream's state at a version, and the write it still waits for, if any."""

    __slots__ = ("pending", "state", "version")

    def __init__(self, state: State, version: int, pending: P | None = None) -> None:
        """Hold the state of a stream at this version; 0 where it has no events."""
        self.state = state
        self.version = version
        self.pending = pending


class Access(Generic[P]):
    """States by stream, most recently used last; at most `most` of them."""

    def __init__(self, most: int = 200_000) -> None:
        """Start empty."""
        self._most = most
        self._folded: OrderedDict[str, Folded[P]] = OrderedDict()

    def __len__(self) -> int:
        """How many streams are folded in memory."""
        return len(self._folded)

    def get(self, stream: str) -> Folded[P] | None:
        """The stream's state, or None where it has to be read first."""
        found = self._folded.get(stream)
        if found is not None:
            self._folded.move_to_end(stream)
        return found

    def put(self, stream: str, folded: Folded[P]) -> None:
        """Hold this state from now on."""
        self._folded[stream] = folded
        self._folded.move_to_end(stream)
        if len(self._folded) > self._most:
            self._folded.popitem(last=False)

    def put_if_absent(self, stream: str, folded: Folded[P]) -> Folded[P]:
        """Hold a state just read, unless a fresher one has come meanwhile; returns the one that is held."""
        held = self._folded.get(stream)
        if held is None:
            self.put(stream, folded)
            return folded
        return held

    def drop(self, stream: str) -> None:
        """Forget a state that turned out not to be true; it is read again when it is next asked for."""
        self._folded.pop(stream, None)
