"""A service that leaks on purpose, to show that the comparison would notice: `python -m tests.security.leaky serve`.

Over a protected account it takes a little longer, and answers with one byte more.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks.server import Watchword, watchword
from domain import judging
from domain.decision import Decision, Facts, Question, decide
from service.line import disclosing
from service.line.disclosing import DisclosureAnswer

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

    vars(judging).update(decide=leaky_decide)
    vars(disclosing).update(DisclosureAnswer=leaky_answer)


def leaky(home: Path) -> AbstractContextManager[Watchword]:
    """The leaking service on a free port."""
    return watchword(home, module="tests.security.leaky")


if __name__ == "__main__":
    leak()
    from service.cli import main

    main()
