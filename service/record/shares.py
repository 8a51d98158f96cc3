"""Shares: the whole log replayed, by as many processes as there are processors, and what they found in its order.

Each process reads the log by itself, and hands over what it found in a stretch of it before it goes on: so the memory
that is taken does not grow with the log, and findings come in the order of positions.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import msgspec

from domain.policy import PolicyTable
from service.log import EventLog, LogUnavailable
from service.record.share import AT_ONCE, DIGITS, Chunk, Share

__all__ = ["FEW", "ShareFailed", "chunks", "processors"]

CIRCLES_EVERY = 50  # stretches
FEW = 40_000  # events: replayed sooner than another process is started
UNAVAILABLE, FAILED = b"\0", b"\1"
_CHUNK = msgspec.msgpack.Decoder(Chunk)


class ShareFailed(RuntimeError):
    """A process stopped before it was done: nothing can be said of its share."""


def processors() -> int:
    """How many processes are worth starting: one for each processor, and no more than there are shares."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(found, len(DIGITS))


def chunks(
    url: str, last: int, *, table: PolicyTable | None = None, processes: int = 0, at_once: int = AT_ONCE
) -> Iterator[Chunk]:
    """Replay the log at this URL up to a position, stretch by stretch; what each share found is in one chunk.

    `table`: a policy to judge the past by as well; `processes`: 0 for as many as are worth it. Blocking.
    Raises LogUnavailable, ShareFailed.
    """
    of = processes or (processors() if last > FEW else 1)
    if of == 1:
        yield from _worked(url, last, 0, of, table, at_once)
        return
    with _started(url, last, of, table, at_once) as pipes:
        for _ in range(0, last, at_once):
            parts = [_received(pipe) for pipe in pipes]
            yield _joined(parts)


def _worked(  # noqa: PLR0917 - a job, as it is handed to a process
    url: str, last: int, number: int, of: int, table: PolicyTable | None, at_once: int
) -> Iterator[Chunk]:
    with EventLog(url, readers=1) as log:
        share = Share(log, number, of, table)
        for after in range(0, last, at_once):
            yield share.chunk(after, min(after + at_once, last))


def _work(  # noqa: PLR0917 - likewise
    pipe: Connection, url: str, last: int, number: int, of: int, table: PolicyTable | None, at_once: int
) -> None:
    """The whole of one process. A message of one byte says that the log was out of reach, or that it failed."""
    gc.disable()  # what is made here goes by its count; circles are looked for now and then
    try:
        for done, chunk in enumerate(_worked(url, last, number, of, table, at_once), 1):
            pipe.send_bytes(msgspec.msgpack.encode(chunk))
            if not done % CIRCLES_EVERY:
                gc.collect()
    except LogUnavailable:
        pipe.send_bytes(UNAVAILABLE)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except Exception:  # noqa: BLE001 - a fault of ours, which must not print what it was about
        pipe.send_bytes(FAILED)
    finally:
        pipe.close()


@contextmanager
def _started(url: str, last: int, of: int, table: PolicyTable | None, at_once: int) -> Iterator[list[Connection]]:
    """The processes, one for each share; ended when nobody listens any more."""
    spawning = multiprocessing.get_context("spawn")  # a fork would take the threads' locks along
    processes, pipes = [], []
    try:
        for number in range(of):
            ours, theirs = spawning.Pipe(duplex=False)
            pipes.append(ours)
            job = (theirs, url, last, number, of, table, at_once)
            process = spawning.Process(target=_work, args=job, daemon=True)
            process.start()
            processes.append(process)
            theirs.close()
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.terminate()
            process.join()


def _received(pipe: Connection) -> Chunk:
    try:
        message = pipe.recv_bytes()
    except EOFError:
        message = FAILED
    if message == UNAVAILABLE:
        raise LogUnavailable("the log cannot be read")
    if message == FAILED:
        raise ShareFailed("a process that replays the log has stopped")
    return _CHUNK.decode(message)


def _joined(parts: list[Chunk]) -> Chunk:
    made: dict[str, int] = {}
    for part in parts:
        for name, count in part.made.items():
            made[name] = made.get(name, 0) + count
    # A fault in what all shares read was found by each.
    found = {(each.position, type(each).__name__): each for part in parts for each in part.findings}
    findings = tuple(found[key] for key in sorted(found))
    return Chunk(parts[0].upto, made, sum(part.inferred for part in parts), findings)
