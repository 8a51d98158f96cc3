"""Windows: what happened lately, by key, by the times of events alone, and never more of it than fits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

MOST_KEYS = 100_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Window(Generic[K, V]):
    """Values by key, the last touched last; those not touched for longer than it is wide are let go."""

    __slots__ = ("_held", "_wide")

    def __init__(self, minutes: int) -> None:
        """Be so many minutes wide."""
        self._wide = minutes * 60.0
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are held."""
        return len(self._held)

    def get(self, key: K, now: float) -> V | None:
        """What was put under this key, unless it is too old."""
        found = self._held.get(key)
        return found[1] if found is not None and now - found[0] <= self._wide else None

    def put(self, key: K, now: float, value: V) -> None:
        """Hold this as of now, and let go of what is too old or too much."""
        held = self._held
        held[key] = (now, value)
        held.move_to_end(key)
        while held:
            oldest = next(iter(held.values()))[0]
            if now - oldest <= self._wide and len(held) <= MOST_KEYS:
                return
            held.popitem(last=False)

    def drop(self, key: K) -> None:
        """Let go of this key."""
        self._held.pop(key, None)


class Quiet:
    """When a rule fired about what, so that it keeps quiet about the same for a while."""

    __slots__ = ("_fired", "_minutes")

    def __init__(self, minutes: int) -> None:
        """Keep quiet for so many minutes; 0 for none."""
        self._minutes = minutes
        self._fired: Window[str, bool] = Window(minutes)

    def lately(self, key: str, now: float) -> bool:
        """Whether it has fired about this lately. If not, it fires now."""
        if not self._minutes:
            return False
        if self._fired.get(key, now):
            return True
        self._fired.put(key, now, value=True)
        return False
