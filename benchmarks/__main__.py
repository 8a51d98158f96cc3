"""`python -m benchmarks [--json] [--only NAMES]`: measure, print, and say by the exit code whether every bound holds.

0: all do; 1: one does not, or could not be measured; 2: usage. Figures on stdout, progress on stderr.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks import groups
from benchmarks.figure import BOUNDS, Figure, Run, Unsound
from benchmarks.flush import flush_ms


def measured(run: Run) -> Iterator[Figure | str]:
    """Every figure that was asked for, as it is found; and the names of groups that have none to show."""
    yield Figure("flush.p50", run.flush_ms, "ms")
    for group in groups.asked_for(run):
        folder = run.folder / group
        folder.mkdir()
        try:
            yield from groups.measure(group)(Run(folder, run.flush_ms, run.only))
        except Unsound as error:
            run.say(f"{group}: not measured: {error}")
            yield group
        except Exception:  # noqa: BLE001 - the other groups have figures all the same
            traceback.print_exc()
            yield group


def as_json(figure: Figure) -> str:
    """A figure as one line."""
    told = {name: value for name, value in msgspec.structs.asdict(figure).items() if value is not None}
    return msgspec.json.encode(told).decode()


def as_table(figures: list[Figure], flush: float) -> Table:
    """All figures, each with its bound and whether it holds."""
    table = Table("name", "figure", "unit", "ratio", "to", "bound", "holds")
    for column in (1, 3):
        table.columns[column].justify = "right"
    for each in figures:
        bound = BOUNDS.get(each.name)
        holds = "" if bound is None else "yes" if bound.holds(each, flush) else "[bold red]NO[/]"
        figure = f"{each.value:,.0f}" if each.value >= 1000 else f"{each.value:.3g}"
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        words = "printed" if bound is None else bound.words(flush)
        table.add_row(each.name, figure, each.unit, ratio, each.ratio_to or "", words, holds)
    return table


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, against bounds.")
    parser.add_argument("--json", action="store_true", help="one object a line on stdout, and nothing else there")
    parser.add_argument("--only", default="", metavar="NAMES", help="figures whose names begin with one of these")
    given = parser.parse_args()
    only = tuple(each.strip() for each in given.only.split(",") if each.strip())
    unknown = [each for each in only if not groups.known(each)]
    if unknown:
        parser.error(f"nothing is named {', '.join(unknown)}...; the groups are {', '.join(groups.GROUPS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    # On the disk of the data, since flushes are what is paid for.
    home = Path(os.environ.get("WATCHWORD_HOME", "var"))
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home.absolute(), prefix="bench-") as folder:
        run = Run(Path(folder), flush_ms(Path(folder)), only)
        figures: list[Figure] = []
        missing: list[str] = []
        for found in measured(run):
            if isinstance(found, str):
                missing.append(found)
                continue
            figures.append(found)
            if given.json:
                print(as_json(found), flush=True)
    missed = [each.name for each in figures if each.name in BOUNDS and not BOUNDS[each.name].holds(each, run.flush_ms)]
    if not given.json:
        Console(width=None if sys.stdout.isatty() else 140).print(as_table(figures, run.flush_ms))
    for name in (*missed, *missing):
        run.say(f"benchmarks: {name}: {'not measured' if name in missing else 'out of its bound'}")
    return 1 if missed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
