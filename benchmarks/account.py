"""What a long history costs: an attempt on an account with 100,000 behind it, and loading that account cold.

All through the desk in this process, on SQLite, snapshots and flushes included.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from statistics import median

import msgspec

from benchmarks.figure import Figure, Run, Unsound
from benchmarks.order import FACTS, FORMAT, locator, order
from domain import account
from domain.account import AccountState
from domain.event import Actor
from service import composition
from service.desk.desk import Desk
from service.desk.draft import Asker
from service.desk.loading import Loader
from service.desk.people import Facts
from service.desk.pipeline import SNAPSHOT_EVERY
from service.line.disclosing import AskDisclosure, ask
from service.line.interacting import BindInteraction, OpenInteraction, bind, open_interaction
from service.log import EventLog
from service.office.accounts import OpenAccount, open_account
from service.office.importing import ImportBooking, import_booking
from service.sealing import Codec
from service.settings import Settings
from service.settings import load as settings_from

MANY, FEW = 100_000, 10
LINES = 64
PAIRS = 500
LOADS = 15
OFFICE = Asker(Actor("office-1", "back_office"), "benchmark")
AGENT = Asker(Actor("agent-1", "agent", 1, "manila"), "benchmark")


class Line(msgspec.Struct, frozen=True):
    """A contact that is bound to an account, and what it asks."""

    account_id: str
    interaction_id: str
    question: AskDisclosure

    async def ask(self, desk: Desk) -> None:
        """One attempt. Raises Unsound unless something was told."""
        if (await ask(desk, AGENT, self.interaction_id, self.question)).outcome != "disclosed":
            raise Unsound("a contact that was identified was told nothing")


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    settings = settings_from({"WATCHWORD_HOME": str(run.folder)})
    composition.prepare(settings)
    account_id = asyncio.run(filled(run, settings))
    if run.wanted("account.cold"):
        yield Figure("account.cold", median(_cold(settings, account_id) for _ in range(LOADS)), "ms")
    if run.wanted("account.flat"):
        run.say(f"account: {PAIRS} pairs of attempts")
        yield asyncio.run(_flat(settings, account_id))


async def filled(run: Run, settings: Settings) -> str:
    """An account with 100,000 attempts, and as many more as make its cold load the dearest: just before a snapshot."""
    desk = composition.desk(settings)
    await desk.pipeline.begin()
    account_id = await _opened(desk, 0)
    lines = [await _line(desk, account_id, 0) for _ in range(LINES)]
    version = len(desk.log.read(account.stream(account_id)))
    left = MANY + (-(MANY + version) - 1) % SNAPSHOT_EVERY
    run.say(f"account: {left:,} attempts on one account")

    async def talk(line: Line) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await line.ask(desk)

    await asyncio.gather(*(talk(line) for line in lines))
    await desk.close()
    return account_id


def _cold(settings: Settings, account_id: str) -> float:
    """Milliseconds of loading it as a process does that has just started: nothing of it in memory, not even a key."""
    log, keys = EventLog(settings.database_url), composition.ring(settings)
    loader = Loader(log, Codec(keys), keys)
    loader.load(account.stream("nobody"))  # the connection is there by then
    began = time.perf_counter()
    state, version = loader.load(account.stream(account_id))
    taken = time.perf_counter() - began
    log.close()
    keys.close()
    if not isinstance(state, AccountState) or state.attempts < MANY or version % SNAPSHOT_EVERY != SNAPSHOT_EVERY - 1:
        raise Unsound("the account is not the one that was filled")
    return taken * 1000


async def _flat(settings: Settings, account_id: str) -> Figure:
    """Pairs of attempts one after the other, on the one account and on the other, the order of each pair by chance."""
    desk = composition.desk(settings)
    await desk.pipeline.begin()
    long = await _line(desk, account_id, 0)
    short = await _short(desk, 1)
    for _ in range(FEW):
        await long.ask(desk)
    chance = random.Random(1)
    on_long: list[float] = []
    on_short: list[float] = []
    for number in range(PAIRS):
        if number % (PAIRS // 10) == 0:  # or the short one would soon be long
            short = await _short(desk, 2 + number)
        for line in chance.sample((long, short), 2):
            began = time.perf_counter()
            await line.ask(desk)
            (on_long if line is long else on_short).append(time.perf_counter() - began)
    await desk.close()
    ratio = median(on_long) / median(on_short)
    return Figure("account.flat", median(on_long) * 1000, "ms", ratio, "an account with 10 to 60 attempts")


async def _short(desk: Desk, number: int) -> Line:
    """A contact on a new account, with ten attempts behind it."""
    line = await _line(desk, await _opened(desk, number), number)
    for _ in range(FEW):
        await line.ask(desk)
    return line


async def _opened(desk: Desk, number: int) -> str:
    """An account with a booking."""
    account_id = (await open_account(desk, OFFICE, OpenAccount(), None)).answer.account_id
    await import_booking(desk, OFFICE, account_id, ImportBooking(FORMAT, order(number)), None)
    return account_id


async def _line(desk: Desk, account_id: str, number: int) -> Line:
    """A contact that was identified."""
    opened = await open_interaction(desk, AGENT, OpenInteraction("+447700900123", "call"), None)
    interaction_id = opened.answer.interaction_id
    offered = BindInteraction(facts=Facts(**FACTS), account_id=account_id, locator=locator(number))
    await bind(desk, AGENT, interaction_id, offered, None)
    return Line(account_id, interaction_id, AskDisclosure(("E", "I"), locator(number)))
