"""Given these events, when this is asked, then that happens: how a decider is told in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Self, TypeVar

from domain.event import Event
from domain.refusal import Refused

S = TypeVar("S")


class Deciding(Generic[S]):
    """One noun's decider: its state folds from the given events, each at its version of the stream."""

    def __init__(self, empty: S, evolve: Callable[[S, Event, int], S]) -> None:
        self.state = empty
        self._evolve = evolve
        self._version = 0
        self._happened: list[Event] | None = None
        self._refused: Refused | None = None

    def given(self, *events: Event) -> Self:
        for event in events:
            self._version += 1
            self.state = self._evolve(self.state, event, self._version)
        return self

    def when(self, command: Callable[[S], Event | Iterable[Event] | None]) -> Self:
        """Carry out a command on the state; what it decides is folded too."""
        try:
            decided = command(self.state)
        except Refused as refused:
            self._refused = refused
            return self
        self._happened = [decided] if isinstance(decided, Event) else list(decided or ())
        return self.given(*self._happened)

    def then(self, *events: Event) -> Self:
        assert self._refused is None, f"it was refused: {self._refused}"
        assert self._happened == list(events)
        return self

    def then_nothing_happened(self) -> Self:
        return self.then()

    def then_refused(self, code: str, place: str = "") -> Self:
        assert self._happened is None, f"it was not refused: {self._happened}"
        assert self._refused is not None, "nothing was asked"
        assert (self._refused.code, self._refused.place) == (code, place)
        assert self._refused.detail, "a refusal says what to do"
        return self
