"""The pipeline: nothing is answered on a state that never was, and nobody stalls what is judged under the lock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from domain.account import AccountOpened, AccountState, BookingAdded
from domain.event import Actor, Event
from service.desk import pipeline
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.log import Append, LogUnavailable
from tests.calling import Service, serving

ASKER = Asker(Actor("somebody", "back_office"), "a test")
STREAM = "account:0123"
UNHURRIED_S = 1.5


def adding(booking: str) -> Callable[[Reader], Draft[int]]:
    """A decision that adds a booking to the account."""

    def decide(reader: Reader) -> Draft[int]:
        state = cast(AccountState, reader.folded(STREAM).state)
        event: Event = BookingAdded(booking_id=booking) if state.opened else AccountOpened()
        return Draft(len(state.bookings), [(STREAM, event)])

    return decide


def reading(reader: Reader) -> Draft[tuple[str, ...]]:
    """A question about it that writes nothing."""
    return Draft(cast(AccountState, reader.folded(STREAM).state).bookings, [])


@pytest_asyncio.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[tuple[Service, Service]]:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(serving(tmp_path / "home")) for _ in range(2)]
        await one.app.state.desk.pipeline.carry_out(ASKER, adding("none"))
        yield one, other


async def test_a_question_is_not_answered_on_what_was_never_written(
    replicas: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = (each.app.state.desk for each in replicas)
    await asyncio.gather(*(desk.pipeline.carry_out(ASKER, reading) for desk in (ours, theirs)))
    held: list[Append] = []
    with monkeypatch.context() as patch:  # our append is on its way while the other replica's comes first
        patch.setattr(ours.log, "submit", held.append)
        writing = asyncio.create_task(ours.pipeline.carry_out(ASKER, adding("ours")))
        await asyncio.sleep(0.05)
        asked = asyncio.create_task(ours.pipeline.carry_out(ASKER, reading))
        await asyncio.sleep(0.05)
        await theirs.pipeline.carry_out(ASKER, adding("theirs"))
    for append in held:
        ours.log.submit(append)
    answered = (await asked).answer
    await writing
    assert answered in {("theirs",), ("theirs", "ours")}
    assert (await theirs.pipeline.carry_out(ASKER, reading)).answer == ("theirs", "ours")


async def test_what_is_judged_under_the_lock_waits_for_nobody(replicas: tuple[Service, Service]) -> None:
    one, other = replicas
    desk: Desk = one.app.state.desk

    async def took(work: Any) -> float:
        began = time.monotonic()
        await work
        return time.monotonic() - began

    asking = [asyncio.create_task(one.client.get("/readyz")) for _ in range(40)]
    await asyncio.sleep(0.01)
    judged = asyncio.create_task(took(desk.pipeline._under_the_lock(adding("judged"), ASKER, None)))
    await asyncio.sleep(0.02)
    beside = asyncio.create_task(took(other.app.state.desk.pipeline.carry_out(ASKER, adding("beside"))))
    assert await judged < UNHURRIED_S
    assert await beside < UNHURRIED_S
    assert {answer.status_code for answer in await asyncio.gather(*asking)} == {200}
    assert set((await desk.pipeline.carry_out(ASKER, reading)).answer) == {"judged", "beside"}


async def test_what_takes_too_long_under_the_lock_lets_go_of_it(
    replicas: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "JUDGING_S", 0.2)
    desk, other = (each.app.state.desk for each in replicas)

    def slow(stream: str) -> Any:
        time.sleep(0.5)
        raise TimeoutError(stream)

    with monkeypatch.context() as patch:
        patch.setattr(desk.pipeline._loader, "load", slow)
        with pytest.raises(LogUnavailable):
            await desk.pipeline._under_the_lock(adding("late"), ASKER, None)
    assert (await other.pipeline.carry_out(ASKER, adding("after"))).answer == 0
    assert (await desk.pipeline.carry_out(ASKER, reading)).answer == ("after",)


async def test_a_decision_is_recorded_at_the_instant_it_was_judged_at(tmp_path: Path) -> None:
    """Else one made at the very end of a protection could not be made again."""
    async with serving(tmp_path / "home") as service:
        desk = service.app.state.desk
        seen: list[Any] = []

        def judged(reader: Reader) -> Draft[None]:
            reader.folded(STREAM)
            for _ in range(3):
                seen.append(desk.pipeline.now())
                time.sleep(0.001)
            return Draft(None, [(STREAM, AccountOpened())])

        before = desk.pipeline.now()
        await desk.pipeline.carry_out(ASKER, judged)
        (stored,) = desk.log.read(STREAM)
        assert {*seen} == {desk.codec.decode(stored)[0].occurred_at}
        assert before < seen[0] < desk.pipeline.now()
