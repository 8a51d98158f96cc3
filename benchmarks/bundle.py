"""An evidence bundle of 10,000 events: exported as the service does it, and verified by the command, as anybody would.

The incident is that of `timeline`. The command is a process of its own, its start included: `watchword verify` on the
archive and on its unpacked folder, with the ledger's key given.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import unpack_archive
from statistics import median
from typing import Any

import msgspec

from benchmarks import timeline
from benchmarks.figure import Figure, Run, Unsound
from domain.event import Actor
from service.bundle import asking
from service.bundle.exporting import Exporting
from service.desk.draft import Asker

ROUNDS = 5
PATIENCE_S = 600.0
LEGAL = Asker(Actor("legal-1", "legal", site="omaha"), "bench")


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    run.say(f"bundle: recording {timeline.LENGTH:,} events")
    made_s, archive, key = asyncio.run(exported(run))
    yield Figure("bundle.make", made_s, "s")
    yield Figure("bundle.verify", median(verified(archive, key) for _ in range(ROUNDS)), "s")
    unpack_archive(archive, run.folder / "unpacked")
    (folder,) = (run.folder / "unpacked").iterdir()
    yield Figure("bundle.verify.folder", median(verified(folder, key) for _ in range(ROUNDS)), "s")


async def exported(run: Run) -> tuple[float, Path, str]:
    """How long the making of a bundle took, where it lies, and the key that sealed it."""
    desk = timeline.recorded(run.folder / "home", timeline.LENGTH)
    exporting = Exporting(desk)
    try:
        desk.ledger.begin()
        await desk.begin()
        desk.mentions.begin()
        exporting.start()
        run.say("bundle: exporting")
        began = time.perf_counter()
        body = asking.AskExport(for_whom="the High Court", purpose="court_order", words="order of 1 March")
        asked = (await asking.ask_export(desk, LEGAL, timeline.INCIDENT, body, None)).answer
        while (found := await asking.read_export(desk, LEGAL, asked.export_id)).status == "asked":
            if time.perf_counter() - began > PATIENCE_S:
                raise Unsound("the bundle was not made in ten minutes")
            await asyncio.sleep(0.1)
        taken = time.perf_counter() - began
        if found.status != "made" or found.events < timeline.LENGTH:
            raise Unsound(f"the export is {found.status} with {found.events} events: {found.why}")
        run.say(f"bundle: {found.events:,} events, {found.size / 1e6:.0f} MB")
        return taken, await asking.take_export(desk, LEGAL, asked.export_id), desk.ledger.key_text
    finally:
        await exporting.close()
        await desk.close()


def verified(bag: Path, key: str) -> float:
    """How long the command took. Raises Unsound where it found fault."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "service.cli", "verify", str(bag), "--key", key, "--json"]
    ran = subprocess.run(command, capture_output=True, check=False)
    taken = time.perf_counter() - began
    told: dict[str, Any] = msgspec.json.decode(ran.stdout or b"{}")
    if ran.returncode or told["custody"]["events"] < timeline.LENGTH:
        raise Unsound(f"the bundle does not verify: {ran.stderr.decode()[-300:]}")
    return taken
