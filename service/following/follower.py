"""The follower: reads the log as it grows, judges each event by the rules, and puts on record what they find.

It reads in a thread of its own and writes through the pipeline, like everybody. How far it has come is kept in the log,
in the same append as what it wrote; what it was given twice it recognises (see `opening`). After a fault it starts anew
from there, and an event that it cannot deal with is parked, on record, and passed by.

What it writes because somebody asked is written a random moment later, so that the next answer is not slower for it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Protocol, cast

import msgspec

from domain import follower, forgetting
from domain.event import EventShapeError, Recorded, with_retired
from domain.follower import EventParked, FollowerState
from domain.rule import RuleBook, RulesAdopted
from projections import deliveries, triggers
from projections.triggers import Watch
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.following.opening import SYSTEM, Found, Opening
from service.following.priming import before, readable, rows
from service.log import Append, LogError, LogUnavailable, Subscription
from service.sealing import CorruptEvent, SealingError

log = logging.getLogger("watchword.following")

NAME = "incidents"
GATHER_S = 0.05  # so long it gathers what is committed, that it may not wake for each commit
RETRY_S = 0.5
TRIES = 3
AT_ONCE = 64
MARK_EVERY, MARK_AFTER_S = 5_000, 60.0


class Letters(Protocol):
    """Who is told of the events that letters are about, in order, on the event loop."""

    def begin(self) -> None:
        """What comes now is the log from its first event on."""

    def take(self, recorded: list[Recorded]) -> None:
        """These events follow."""


class _Judged(msgspec.Struct, frozen=True, gc=False):
    """One event: what was found in it, or why it could not be judged."""

    position: int
    found: list[Found]
    why: str = ""
    due: float = 0.0


class Follower:
    """Follows the log of one desk. `begin` and `close` are called on its event loop."""

    def __init__(self, desk: Desk, letters: Letters) -> None:
        """Follow nothing yet."""
        self._desk = desk
        self._letters = letters
        self._opening = Opening(desk, NAME)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._subscription: Subscription | None = None
        self._watch, self._book, self._version = Watch(), RuleBook(()), 0
        self._judged: deque[_Judged] = deque()
        self._news = asyncio.Event()
        self._seen = self._marked = 0
        self._marked_at = time.monotonic()
        self._working: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> None:
        """Start."""
        self._loop = asyncio.get_running_loop()
        self._working = asyncio.create_task(self._work())
        self._thread.start()

    async def close(self) -> None:
        """Stop. What was found and is not on record yet is found again at the next start."""
        self._stopped.set()
        if self._subscription is not None:
            self._subscription.close()
        await asyncio.to_thread(self._thread.join)
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failing = ""
        while not self._stopped.is_set():
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - it starts anew; kind only, words could be personal
                reason = type(error).__name__
                if reason != failing:  # once, not twice a second
                    log.warning("the follower of the log starts anew", extra={"reason": reason})
                failing = reason
                self._stopped.wait(RETRY_S)

    def _follow(self) -> None:
        codec, source = self._desk.codec, self._desk.log
        position = source.tracked(NAME) or 0
        self._desk.heeding.catch_up()  # after: it goes at least as far
        self._watch, self._book, self._version = Watch(), RuleBook(()), 0
        for recorded in before(source, codec, position):
            if self._stopped.is_set():
                return
            self._judge(recorded)
        told: list[Recorded] = []
        for some in rows(source, deliveries.NAMES, gt=0, lte=position):
            if self._stopped.is_set():
                return
            told += readable(codec, some)
        self._hand_over([], told, position, anew=True)
        topics = with_retired((*triggers.NAMES, *deliveries.NAMES, *forgetting.NAMES))
        with source.subscribe(position, topics=topics) as subscription:
            self._subscription = subscription
            if self._stopped.is_set():  # `close` may have looked before there was one to be closed
                return
            self._read(subscription)

    def _read(self, subscription: Subscription) -> None:
        judged: list[_Judged] = []
        told: list[Recorded] = []
        for notification in subscription:
            if self._stopped.is_set():
                return
            with suppress(EventShapeError, CorruptEvent):  # it is parked below; what cannot be heeded is tried again
                self._desk.heeding.heed(notification)
            try:
                recorded = self._desk.codec.recorded(notification)
                found = self._judge(recorded)
                if recorded.event.NAME in deliveries.NAMES:
                    told.append(recorded)
                if found:
                    judged.append(_Judged(notification.id, found))
            except Exception as error:  # noqa: BLE001 - whatever it was, this event is not to stop the next ones
                judged.append(_Judged(notification.id, [], type(error).__name__))
            if not subscription.at_hand():
                self._hand_over(judged, told, notification.id)
                judged, told = [], []
                self._stopped.wait(GATHER_S)

    def _judge(self, recorded: Recorded) -> list[Found]:
        if isinstance(recorded.event, RulesAdopted):
            self._book, self._version = recorded.event.book, recorded.event.version
        return [Found(each, self._book, self._version) for each in self._watch.evolve(recorded, self._book)]

    def _hand_over(self, judged: list[_Judged], told: list[Recorded], position: int, *, anew: bool = False) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived, judged, told, position, anew)

    # --- on the event loop --------------------------------------------------------------------------------------------

    def _arrived(self, judged: list[_Judged], told: list[Recorded], position: int, anew: bool) -> None:  # noqa: FBT001 - called by position
        if anew:
            self._letters.begin()
            self._judged.clear()
            self._marked = position
        self._letters.take(told)
        due = self._judged[-1].due if self._judged else 0.0
        for each in judged:
            due = max(due, time.monotonic() + 0.05 + secrets.randbelow(250) / 1000)
            self._judged.append(msgspec.structs.replace(each, due=due))
        self._seen = position
        self._news.set()

    async def _work(self) -> None:
        failing = ""
        while True:
            batch: list[_Judged] = []
            try:
                await self._gathered(batch)
                await self._settle(batch)
                failing = ""
            except Exception as error:  # noqa: BLE001 - the next events have to be dealt with; kind only, likewise
                reason = type(error).__name__
                if reason != failing:
                    log.warning("what was found is not on record and is tried again", extra={"reason": reason})
                failing = reason
                self._judged.extendleft(reversed(batch))
                await asyncio.sleep(RETRY_S)

    async def _gathered(self, batch: list[_Judged]) -> None:
        """Wait for what is due next."""
        while not batch:
            if not self._judged:
                self._news.clear()
                await self._mark()
                await self._news.wait()
                continue
            wait = self._judged[0].due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            now = time.monotonic()
            while self._judged and len(batch) < AT_ONCE and self._judged[0].due <= now:
                batch.append(self._judged.popleft())

    async def _settle(self, batch: list[_Judged]) -> None:
        """Put what was found on record; what cannot be, by itself, is parked."""
        unread = [each for each in batch if each.why]
        unread += await self._refused([each for each in batch if not each.why])
        for each in sorted(unread, key=lambda each: each.position):  # parked once, by the last position of them
            await self._park(each)

    async def _refused(self, found: list[_Judged]) -> list[_Judged]:
        """Put this on record; returns what cannot be, by itself."""
        tries = 0
        while found:
            try:
                await self._opening.record([one for each in found for one in each.found])
                break
            except LogUnavailable:
                tries += await self._well()
                await asyncio.sleep(RETRY_S)
                why = "LogUnavailable"
            except Exception as error:  # noqa: BLE001 - whatever it was, it is not to stop the next events
                tries += 1
                await asyncio.sleep(RETRY_S / 5)
                why = type(error).__name__
            if tries >= TRIES and len(found) > 1:
                return [each for alone in found for each in await self._refused([alone])]
            if tries >= TRIES:
                return [msgspec.structs.replace(found[0], why=why)]
        return []

    async def _well(self) -> bool:
        """Whether the clock, the log and the keys are as they should be, so that the fault is the event's."""
        try:
            self._desk.pipeline.now()
            await self._desk.pipeline.threaded(self._desk.log.probe)
            await self._desk.pipeline.threaded(self._desk.keys.check)
        except (LogUnavailable, SealingError):  # the clock's and the keys' too
            return False
        return True

    async def _park(self, judged: _Judged) -> None:
        stream = follower.stream(NAME)

        def decide(reader: Reader) -> Draft[None]:
            if cast(FollowerState, reader.folded(stream).state).last >= judged.position:
                return Draft(None, [])
            parked = EventParked(position=judged.position, why=judged.why)
            return Draft(None, [(stream, parked)])

        about = {"position": judged.position, "reason": judged.why}
        while True:
            try:
                await self._desk.pipeline.carry_out(Asker(SYSTEM, f"event-{judged.position}"), decide)
            except LogUnavailable:  # what comes next would pass it by, and nobody would ever know
                await asyncio.sleep(RETRY_S)
            except Exception:  # noqa: BLE001 - the record of what was parked is damaged itself
                log.error("an event could not be judged, and not be parked", extra=about)  # noqa: TRY400 - its words could be personal
                return
            else:
                log.error("an event could not be judged and was parked", extra=about)
                return

    async def _mark(self) -> None:
        """Keep how far it has come, now and then, where nothing was found that would have kept it."""
        behind = self._seen - self._marked
        if behind < MARK_EVERY and (not behind or time.monotonic() - self._marked_at < MARK_AFTER_S):
            return
        mark = Append(tracking={NAME: self._seen})
        self._marked, self._marked_at = self._seen, time.monotonic()
        try:
            await asyncio.to_thread(self._desk.log.append, mark)
        except LogError:  # another replica is ahead, or it is kept the next time
            return
