"""Projection: what folds events of some names, from the whole log in order, into one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from domain.event import Recorded

S = TypeVar("S")


class Projection(Generic[S]):
    """`names`: the events it folds; `begin()`: the answer of an empty log; `evolve`: the answer after one event more.

    `evolve` may change the state it is given and return it. It raises nothing for any event of its names: what the log
    holds has happened.
    """

    def __init__(self, names: tuple[str, ...], begin: Callable[[], S], evolve: Callable[[S, Recorded], S]) -> None:
        """Fold events of these names."""
        self.names = names
        self.begin = begin
        self.evolve = evolve
