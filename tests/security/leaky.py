"""A service that leaks on purpose, to show that the comparison would notice: `python -m tests.security.leaky serve`.

Over a protected account it takes a little longer, and answers with one byte more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.server import Server
from domain.decision import Decision, Facts, Question, decide
from service import composition
from service.desk import disclosing
from service.desk.disclosing import DisclosureAnswer
from service.settings import PREFIX, load

LEAK_S = 0.003


def leak() -> None:
    """Make this process leak."""
    answer = disclosing.DisclosureAnswer
    protected = [False]

    def leaky_decide(question: Question, facts: Facts, *rest: Any) -> Decision:
        protected[0] = bool(facts.account.protections)
        if protected[0]:
            time.sleep(LEAK_S)
        return decide(question, facts, *rest)

    def leaky_answer(decision_id: str, outcome: Any, document: Any, say: str, *rest: Any) -> DisclosureAnswer:
        return answer(decision_id, outcome, document, say + " " * protected[0], *rest)

    vars(disclosing).update(decide=leaky_decide, DisclosureAnswer=leaky_answer)


@contextmanager
def leaky(home: Path) -> Iterator[Server]:
    """The leaking service on a free port."""
    wanted = {f"{PREFIX}HOME": str(home), f"{PREFIX}PORT": "0"}
    settings = load(wanted)
    home.mkdir(parents=True, exist_ok=True)
    composition.prepare(settings)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-m", "tests.security.leaky", "serve", "--json"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**clean, **wanted}, stdout=subprocess.PIPE, stderr=log)
    assert process.stdout is not None
    try:
        url = msgspec.json.decode(process.stdout.readline(), type=dict[str, str])["url"]
        yield Server(int(url.rpartition(":")[2]), process, settings)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


if __name__ == "__main__":
    leak()
    from service.cli import main

    main()
