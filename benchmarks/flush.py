"""The disk: how long it takes until a small append is on it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median

APPEND = bytes(4096)
BURSTS, TIMES = 5, 100
PAUSE_S = 0.2  # a disk has moods


def flush_ms(folder: Path) -> float:
    """The median time of one append of 4 KiB and its flush to a file in this folder, in milliseconds."""
    path = folder / "flush"
    # As SQLite flushes its write-ahead log: fdatasync, where the system has it.
    flush = getattr(os, "fdatasync", os.fsync)
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(BURSTS):
            for _ in range(TIMES):
                began = time.perf_counter()
                file.write(APPEND)
                flush(file.fileno())
                taken.append(time.perf_counter() - began)
            time.sleep(PAUSE_S)
    path.unlink()
    return median(taken) * 1000
