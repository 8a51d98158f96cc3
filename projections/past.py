"""Past: the states of streams as the log passes by, so that what was decided can be decided on them again.

Only what a decision reads is folded: accounts, bookings, contacts, access requests, policy and authority. What was used
last is held, the rest let go, closed contacts first of all; what is asked for and not held is read again from its own
stream, so that nothing depends on what happens to be held. A state is good for the position it was folded up to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from domain.account import COUNTED
from domain.event import Event, Header, Recorded
from domain.evidence import InteractionContinued
from domain.interaction import InteractionClosed
from projections.folding import State, empty, fold, noun

__all__ = ["READ", "Broken", "Load", "Moved", "Past"]

READ = ("access_request", "account", "authority", "booking", "interaction", "policy")
"""The nouns that decisions read."""

_LASTING = frozenset({"authority", "policy"})
_READ = frozenset(READ)
_OVER = (InteractionClosed, InteractionContinued)

# The events of a stream at positions less than this one, in order.
Load = Callable[[str, int], Iterable[Recorded]]


class Broken(Exception):
    """A stream that cannot be folded: an event of it is missing or damaged. Names the stream and the version."""

    def __init__(self, stream: str, version: int) -> None:
        """Name the version that cannot be folded."""
        super().__init__(f"{stream} cannot be folded at version {version}")
        self.stream = stream
        self.version = version
        self.reason = f"does not follow {version - 1}"


class Moved(Exception):
    """A stream that does not stand at the version that a decision names."""

    def __init__(self, stream: str, named: int, stands: int) -> None:
        """Keep both versions."""
        super().__init__(f"{stream} stands at {stands}")
        self.stream = stream
        self.named = named
        self.stands = stands


class Past:
    """States by stream with their versions: at most `most` of those used last, and as many of those used before."""

    def __init__(self, load: Load, most: int = 20_000) -> None:
        """Begin before the first event; `load` reads a stream that is not held."""
        self._load = load
        self._most = most
        self._young: dict[str, tuple[State, int]] = {}
        self._old: dict[str, tuple[State, int]] = {}
        self._lasting: dict[str, tuple[State, int]] = {}
        self.loads = 0

    def holds(self, stream: str) -> bool:
        """Whether the stream's state is held: if not, its next event need not be folded, nor even decoded."""
        return stream in self._young or stream in self._old

    def fold(self, stream: str, version: int, header: Header, event: Event) -> None:
        """Move on by an event of the log. Raises Broken for one that does not fold; its stream is then let go."""
        known = self._young.get(stream)
        if known is None:
            known = self._resumed(stream, version)
            if known is None:
                return
        state, before = known
        if version <= before:
            return
        kind = type(event)
        if kind not in COUNTED or version != before + 1:
            try:
                state = _moved(state, before, stream, version, header, event)
            except Broken:
                self._drop(stream)
                raise
        held = self._young if stream not in self._lasting else self._lasting
        held[stream] = state, version
        if kind in _OVER:
            self._old[stream] = self._young.pop(stream)
        elif len(self._young) > self._most:
            self._young, self._old = {}, self._young

    def passed(self, stream: str, version: int) -> None:
        """Move on by an event that moves counters alone, and that somebody else looks at. Raises Broken."""
        known = self._young.get(stream) or self._old.get(stream)
        if known is None:
            if version == 1:
                self._young[stream] = empty(stream), 1
        elif version == known[1] + 1:
            self._young[stream] = known[0], version
        else:
            self._drop(stream)
            raise Broken(stream, known[1] + 1)

    def _resumed(self, stream: str, version: int) -> tuple[State, int] | None:
        """The state that this version moves on, of a stream that was not used lately; None where it is not held."""
        known = self._lasting.get(stream) or self._old.pop(stream, None)
        if known is not None or version != 1:
            return known
        kind = noun(stream)
        if kind not in _READ:
            return None
        known = empty(stream), 0
        if kind in _LASTING:
            self._lasting[stream] = known
        return known

    def read(self, named: Mapping[str, int], recorded: Recorded) -> dict[str, Any]:
        """The states of the streams that a decision names, as they stand before it.

        Raises Broken, and Moved for one that does not stand at the version it names.
        """
        young, lasting = self._young, self._lasting
        states: dict[str, Any] = {}
        for stream, version in named.items():
            found = young.get(stream) or lasting.get(stream) or self._at(stream, recorded)
            if found[1] != version:
                raise Moved(stream, version, found[1])
            states[stream] = found[0]
        return states

    def at(self, stream: str, recorded: Recorded) -> State:
        """The state of a stream before this event, which is the next to be folded. Raises Broken."""
        return (self._young.get(stream) or self._lasting.get(stream) or self._at(stream, recorded))[0]

    def _at(self, stream: str, recorded: Recorded) -> tuple[State, int]:
        found = self._old.pop(stream, None)
        if found is None:
            new = recorded.version == 1 and recorded.stream == stream
            found = (empty(stream), 0) if new else self._loaded(stream, recorded.position)
        kind = noun(stream)
        if kind in _READ:  # the others do not move on here
            (self._lasting if kind in _LASTING else self._young)[stream] = found
        return found

    def _loaded(self, stream: str, position: int) -> tuple[State, int]:
        self.loads += 1
        state, version = empty(stream), 0
        for each in self._load(stream, position):
            state = _moved(state, version, stream, each.version, each.header, each.event)
            version = each.version
        return state, version

    def _drop(self, stream: str) -> None:
        for held in (self._young, self._old, self._lasting):
            held.pop(stream, None)


def _moved(  # noqa: PLR0917 - called for every event that is folded
    state: State, before: int, stream: str, version: int, header: Header, event: Event
) -> State:
    """The state after this event, which has to follow the version before. Raises Broken."""
    if version == before + 1:
        try:
            return fold(state, event, header, version)
        except Exception:  # noqa: BLE001 - whatever a damaged event makes of it; its words could be personal
            raise Broken(stream, version) from None
    raise Broken(stream, before + 1)
