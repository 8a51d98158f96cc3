"""A figure: what was measured, and the bound it has to stay within."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

SLOW_FLUSH_MS = 1.0
"""Where one flush of the disk takes longer than this, a bound's `slow` limit counts."""


class Bound(msgspec.Struct, frozen=True):
    """A limit on a figure's ratio (or its value), and the one that counts where flushes are slow."""

    kind: Literal["at least", "at most"]
    limit: float
    of: Literal["ratio", "value"] = "value"
    slow: float | None = None

    def at(self, flush_ms: float) -> float:
        """The limit on a disk whose flushes take this long."""
        return self.slow if self.slow is not None and flush_ms > SLOW_FLUSH_MS else self.limit

    def holds(self, figure: Figure, flush_ms: float) -> bool:
        """Whether the figure stays within the limit. A ratio that was not measured does not."""
        found = figure.ratio if self.of == "ratio" else figure.value
        if found is None:
            return False
        return found >= self.at(flush_ms) if self.kind == "at least" else found <= self.at(flush_ms)

    def words(self, flush_ms: float) -> str:
        """The bound as the table shows it."""
        return f"{'ratio ' if self.of == 'ratio' else ''}{self.kind} {self.at(flush_ms):g}"


# The one table of bounds. A figure that is not in it is printed only.
BOUNDS: dict[str, Bound] = {
    "http.decisions.sqlite": Bound("at least", 0.55, "ratio", slow=0.45),
    "http.decisions.sqlite.p99": Bound("at most", 3, "ratio"),
    "http.decisions.postgres": Bound("at least", 0.45, "ratio", slow=0.38),
    "http.hot_account": Bound("at least", 0.7, "ratio"),
    "decide": Bound("at least", 10, "ratio"),
    "policy.compile": Bound("at most", 5),
    "replay.sqlite": Bound("at least", 10, "ratio"),
    "account.flat": Bound("at most", 1.2, "ratio"),
    "account.cold": Bound("at most", 20),
    "history.page.p99": Bound("at most", 50),
    "http.notices.batch": Bound("at least", 5, "ratio"),
    "memory.accounts": Bound("at most", 500),
    "rules.reaction.p99": Bound("at most", 1),
    "rules.try": Bound("at least", 50_000),
    "bundle.verify": Bound("at most", 5),
    "bundle.verify.folder": Bound("at most", 5),
    "ledger.append": Bound("at least", 20_000),
    "ledger.lag.p99": Bound("at most", 1),
    "audit.verify": Bound("at least", 100_000),
    "webhooks.lost": Bound("at most", 0),
    "audit.replay": Bound("at least", 50_000),
    "timeline.pdf": Bound("at most", 10),
    "faults.sigkill": Bound("at most", 0),
    "faults.storage": Bound("at most", 0),
    "indistinguishable": Bound("at most", 0),
    "indistinguishable.us": Bound("at most", 50),
    "indistinguishable.auc": Bound("at most", 0.55),
}


class Figure(msgspec.Struct, frozen=True):
    """One measurement. `ratio` is this one divided by what `ratio_to` names, measured in the same run."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    ratio_to: str | None = None


class Run(msgspec.Struct, frozen=True):
    """What a group of figures is given: a folder of its own on the disk of the data, and what was asked for."""

    folder: Path
    flush_ms: float
    only: tuple[str, ...] = ()

    def wanted(self, name: str) -> bool:
        """Whether this figure, or group, was asked for."""
        return not self.only or any(name.startswith(each) for each in self.only)

    def say(self, text: str) -> None:
        """Progress, on stderr."""
        print(text, file=sys.stderr, flush=True)


Measure = Callable[[Run], Iterator[Figure]]
"""A group: yields its figures as they are found. A failed check of the measurement itself raises `Unsound`."""


class Unsound(RuntimeError):
    """The measurement did not measure what it says it does, so it has no figure."""
