"""Judging: a rule book tried on the log as it is, from some moment on. Nothing is written and nobody is told.

A trial is worked off in spans, so that whoever waits for it sees how far it has come; between two spans its state is
held here, in the replica that began it, for a few minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from domain.refusal import Refused
from domain.rule import RuleBook
from projections.triggers import NAMES, Trigger, Watch
from service.chance import identifier
from service.following.priming import before, readable, rows, since
from service.log import EventLog
from service.sealing import Codec

SPAN_S = 2.0
EXAMPLES = 5
MOST_TRIALS = 4
KEPT_S = 300.0


class Trial:
    """One rule book on one log. Blocking: run it off the event loop."""

    def __init__(self, log: EventLog, codec: Codec, book: RuleBook) -> None:
        """Judge by this book."""
        self._log = log
        self._codec = codec
        self.book = book
        self._watch = Watch()
        self._about: set[str] = set()
        self.used_at = time.monotonic()
        self.found = {rule.id: 0 for rule in book.rules}
        self.opened = {rule.id: 0 for rule in book.rules}
        self.examples: dict[str, tuple[int, ...]] = {rule.id: () for rule in book.rules}
        self.events = self.position = self.last = 0

    def begin(self, moment: datetime | None) -> None:
        """Remember what was before this moment, and judge what comes after it. Raises LogUnavailable."""
        self.last = self._log.last_position()
        if moment is not None:
            self.position = since(self._log, self._codec, moment, until=self.last)
            for recorded in before(self._log, self._codec, self.position, self.book):
                self._watch.evolve(recorded, self.book)

    def span(self, seconds: float) -> None:
        """Judge for about so long. Raises LogUnavailable."""
        until = time.monotonic() + seconds
        for some in rows(self._log, NAMES, gt=self.position, lte=self.last):
            for recorded in readable(self._codec, some):
                for trigger in self._watch.evolve(recorded, self.book):
                    self._count(trigger)
            self.events += len(some)
            self.position = some[-1][-1]
            if time.monotonic() > until:
                return
        self.position = self.last

    def done(self) -> bool:
        """Whether all is judged that there was when it began."""
        return self.position >= self.last

    def _count(self, trigger: Trigger) -> None:
        self.found[trigger.rule] += 1
        if len(self.examples[trigger.rule]) < EXAMPLES:
            self.examples[trigger.rule] += (trigger.position,)
        if trigger.about() not in self._about:
            self._about.add(trigger.about())
            self.opened[trigger.rule] += 1


class Trials:
    """The trials under way on one log. For one event loop."""

    def __init__(self, log: EventLog, codec: Codec) -> None:
        """Begin with none."""
        self._log = log
        self._codec = codec
        self._thread = ThreadPoolExecutor(1, "trials")
        self._held: OrderedDict[str, Trial] = OrderedDict()

    async def begin(self, book: RuleBook, moment: datetime | None) -> tuple[str, Trial]:
        """Begin one and judge its first span. Raises LogUnavailable."""
        trial = Trial(self._log, self._codec, book)
        await self._run(lambda: trial.begin(moment))
        return await self._on(identifier(), trial)

    async def go_on(self, try_id: str) -> tuple[str, Trial]:
        """Judge the next span. Raises Refused("unknown_try"), LogUnavailable."""
        trial = self._held.pop(try_id, None)
        if trial is None:
            raise Refused("unknown_try", "it is over, too old, or another replica's; begin it again", place="try_id")
        return await self._on(try_id, trial)

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=True)

    async def _on(self, try_id: str, trial: Trial) -> tuple[str, Trial]:
        await self._run(lambda: trial.span(SPAN_S))
        trial.used_at = time.monotonic()
        if not trial.done():
            self._held[try_id] = trial
        for each, held in list(self._held.items()):
            if len(self._held) > MOST_TRIALS or trial.used_at - held.used_at > KEPT_S:
                del self._held[each]
        return try_id, trial

    async def _run(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)
