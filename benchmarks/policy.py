"""Compiling the default policy into its complete table, as adopting it does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.figure import Figure, Run, Unsound
from domain.dimension import CELLS
from service.policies import DEFAULT_TEXT, compile_policy

TIMES = 5
BYTES_A_CELL = 2


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say("policy: compiling")
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        table = compile_policy(DEFAULT_TEXT)
        taken.append(time.perf_counter() - began)
        if len(table.cells) != CELLS * BYTES_A_CELL:
            raise Unsound("the table is not complete")
    yield Figure("policy.compile", median(taken), "s")
