"""Replaying: every decision of a long past made again by the policy of its day, as `watchword audit replay` does it.

With everything that takes: processes started, rows read and decoded, streams folded, what came out compared. A figure
is one only where every decision came out as it is on record.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.figure import Figure, Run, Unsound
from benchmarks.past import copied, recorded
from service.record.auditing import Tally
from service.record.shares import chunks

COPIES = 150
ROUNDS = 3


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say("replaying: recording calls over HTTP, and copying them")
    settings = recorded(run.folder / "served")
    url, last = copied(settings, run.folder, COPIES)
    rates = []
    for number in range(ROUNDS):
        began, tally = time.perf_counter(), Tally()
        for chunk in chunks(url, last):
            tally.add(chunk)
        rates.append(tally.decisions / (time.perf_counter() - began))
        run.say(f"replaying: round {number + 1}: {tally.decisions:,} decisions of {last:,} events")
        if not tally.sound() or not tally.decisions:
            raise Unsound(f"{tally.divergences} decisions came out otherwise, {tally.faults} events cannot be read")
    yield Figure("audit.replay", median(rates), "decisions/s")
