"""The pipeline: read states, decide, append at the versions it was judged on.

And let the answer go only after the commit.

Decisions of this process chain on pending state: the next one is judged on what the last one is about to write, and
names it as its parent, so that a link that fails takes everything after it along and all of it is decided again. Other
replicas are noticed by the versions: whatever they wrote in between makes the append a conflict, and it is decided
again on what is true then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import msgspec

from domain import booking
from domain.account import AccountState
from domain.event import Header
from domain.refusal import Refused
from projections.access import Access, Folded
from projections.folding import State, fold, noun
from service.chance import identifier
from service.desk.clock import Clock
from service.desk.draft import Asker, Cold, Draft, Key, Reader, Replay
from service.desk.loading import Loader, snapshot
from service.desk.submitting import Submitting, called
from service.log import Append, Conflict, EventLog, IdempotencyKey, KeyTaken, LogUnavailable
from service.sealing import Codec, KeyRing

SNAPSHOT_EVERY = 500
# So often may other replicas overtake a decision. Then it is made while nobody else can write: whoever asks about an
# account without pause must not keep its protection from being recorded.
CONFLICTS = 2
JUDGING_S = 3.0
PATIENCE_S = 20.0
RETRY_S = 0.5
# An answer that had to load something leaves on this beat: how much there was, hidden bookings too, must not show.
COLD_BEAT_S = 0.025

T = TypeVar("T")


class Pipeline:
    """Runs decisions against the log. One event loop, one log, one set of folded states."""

    def __init__(self, log: EventLog, codec: Codec, keys: KeyRing, clock: Clock) -> None:
        """Decide on what this log holds."""
        self._log = log
        self._codec = codec
        self._access: Access[Append] = Access()
        self._loader = Loader(log, codec, keys)
        self._threads = ThreadPoolExecutor(2, "desk")
        self._loading: dict[str, asyncio.Future[None]] = {}
        self._submitting = Submitting(log)
        self.clock = clock
        self._drafting = False
        self._moment: datetime | None = None

    def now(self) -> datetime:
        """The time, from a clock that is known to go forward. Raises ClockBroken.

        While one decision is made it stands still: a decision is recorded at the very instant it was judged at, so that
        it can be made again.
        """
        if not self._drafting:
            return self.clock.now()
        if self._moment is None:
            self._moment = self.clock.now()
        return self._moment

    async def begin(self) -> None:
        """Compare the clock with the record, as soon as the log can be read; nothing is decided before."""
        while True:
            try:
                self.clock.begin(await self.threaded(self._loader.latest))
            except LogUnavailable:
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def carry_out(
        self,
        asker: Asker,
        decide: Callable[[Reader], Draft[T]],
        *,
        key: Key | None = None,
        on_beat: bool = False,
    ) -> Draft[T]:
        """Decide, append, and return the draft once it is committed and flushed.

        What writes nothing, a refusal included, is answered too only when what it was judged on is committed and still
        true in the log: another replica may have written since.

        Raises Refused (the command is against the rules), Replay (the key was used by the same request), LogUnavailable
        (nothing was written, so nothing may be answered).
        """
        began, conflicts, cold_start = time.monotonic(), 0, False
        draft: Draft[T] | Refused
        while True:
            if conflicts < CONFLICTS:
                reader, append = Reader(self._access), self._submitting.begin()
                try:
                    draft = self._drafted(decide, reader, append, asker, key)
                except Cold as cold:
                    cold_start = True
                    await self.load(cold.stream)
                    continue
                error = await (self._settled(append) if append.events else self._stands(reader))
            else:
                draft, error = await self._under_the_lock(decide, asker, key)
            if error is None:
                if isinstance(draft, Refused):
                    raise draft
                if on_beat and cold_start:
                    await asyncio.sleep(COLD_BEAT_S - (time.monotonic() - began) % COLD_BEAT_S)
                return draft
            if isinstance(error, KeyTaken) and key is not None:
                await self.replay(asker.actor.subject, key)
            if not isinstance(error, Conflict) or time.monotonic() - began > PATIENCE_S:
                raise LogUnavailable("the decision could not be recorded") from None
            conflicts += 1

    def _drafted(
        self, decide: Callable[[Reader], Draft[T]], reader: Reader, append: Append, asker: Asker, key: Key | None
    ) -> Draft[T] | Refused:
        """Decide, and fill in the append if there is anything to write. Raises Cold."""
        self._drafting, self._moment = True, None
        try:
            draft = decide(reader)
            if draft.events:
                self._stage(append, reader, draft, asker, key)
        except Refused as refused:
            return refused
        finally:
            self._drafting = False
        return draft

    async def _under_the_lock(
        self, decide: Callable[[Reader], Draft[T]], asker: Asker, key: Key | None
    ) -> tuple[Draft[T] | Refused, Exception | None]:
        """Decide while the log's writer holds the commit lock, so that what is read stands until it is written."""
        loop = asyncio.get_running_loop()
        append = self._submitting.begin()
        # What this process is about to write waits behind the lock, and comes too late: the log alone is read.
        access: Access[Append] = Access()

        async def drafted() -> Draft[T] | Refused | Cold:
            reader = Reader(access)
            try:
                draft = self._drafted(decide, reader, append, asker, key)
            except Cold as cold:
                return cold
            append.expect = append.expect or {stream: folded.version for stream, folded in reader.reads.items()}
            return draft

        found: list[Draft[T] | Refused | Exception] = []

        def judge() -> None:
            """In the writer's thread. What is read is read there too, so that it waits for nobody else's."""
            until = time.monotonic() + JUDGING_S
            try:
                while isinstance(draft := called(drafted(), loop, until - time.monotonic()), Cold):
                    access.put(draft.stream, Folded(*self._loader.load(draft.stream)))
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for; here the lock must be let go
                found.append(error)
                raise LogUnavailable("the decision could not be made in time") from None
            found.append(draft)

        append.judge = judge
        error = await self._settled(append)
        match found:
            case [Exception() as failed] if not isinstance(failed, Refused | TimeoutError | LogUnavailable):
                raise failed
            case [Draft() | Refused() as draft]:
                return draft, error
            case _:
                raise LogUnavailable("the decision could not be recorded") from None

    async def warm(self, read: Callable[[Reader], None]) -> None:
        """Have at hand what `read` reads. Nothing may be answered by it: it may be pending, or be no more."""
        while True:
            try:
                read(Reader(self._access))
            except Cold as cold:
                await self.load(cold.stream)
            else:
                return

    async def _stands(self, reader: Reader) -> Exception | None:
        """None where all that was read is committed and still stands in the log; else it is read anew next time."""
        for folded in reader.reads.values():
            if folded.pending is not None:
                await self._submitting.outcome(folded.pending)
        # What was read may never have come to be: another replica's event may stand at its version.
        failed = [stream for stream, folded in reader.reads.items() if folded.pending and folded.pending.error]
        heads = await self.threaded(lambda: self._log.heads(list(reader.reads)))
        moved = [*failed, *(stream for stream, folded in reader.reads.items() if heads[stream] != folded.version)]
        for stream in moved:
            held = self._access.get(stream)
            if held is not None and (held.pending is None or held.pending.settled):
                self._access.drop(stream)
        return Conflict("a stream has moved on since this was judged") if moved else None

    async def replay(self, actor: str, key: Key) -> None:
        """Raise Replay if this actor's key has an answer, Refused("key_reused") if it was for another request."""
        kept = await self.threaded(lambda: self._log.find_key(actor, key.key))
        if kept is None:
            return
        if kept.fingerprint != key.fingerprint:
            raise Refused(
                "key_reused", "this key was used for a different request; choose a new one", place="Idempotency-Key"
            )
        raise Replay(kept.status, kept.body)

    async def load(self, stream: str) -> None:
        """Read a stream and hold its state. One read a stream at a time, whoever waits for it."""
        loading = self._loading.get(stream)
        if loading is not None:
            await asyncio.shield(loading)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loading[stream] = future
        try:
            state, version = await self.threaded(lambda: self._loader.load(stream))
            self._access.put_if_absent(stream, Folded(state, version))
            if isinstance(state, AccountState):
                # All at once: what is asked first must not say by its timing what there is beside it.
                beside = [booking.stream(each) for each in state.bookings]
                await asyncio.gather(*(self.load(each) for each in beside if self._access.get(each) is None))
        finally:
            del self._loading[stream]
            future.set_result(None)

    def threaded(self, work: Callable[[], T]) -> Awaitable[T]:
        """Run blocking work off the event loop."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Stop the threads that read."""
        self._threads.shutdown(wait=True)

    def _stage(self, append: Append, reader: Reader, draft: Draft[T], asker: Asker, key: Key | None) -> None:
        """Seal the draft's events at the versions they will have, fold them as pending, and fill in the append."""
        now = self.now()
        expect = {}
        parents: list[Append] = []
        for stream, folded in reader.reads.items():
            expect[stream] = folded.version
            pending = folded.pending
            if pending is not None and not pending.settled and pending not in parents:
                parents.append(pending)
        events = []
        after: dict[str, tuple[State, int]] = {}
        snapshots = []
        for stream, happened in draft.events:
            state, version = after.get(stream) or _standing(reader.folded(stream))
            expect.setdefault(stream, version)
            version += 1
            header = Header(identifier(), now, asker.actor, asker.cause, draft.interaction, draft.policy)
            stored, sealed = self._codec.encode(happened, header, stream, version)
            events.append(stored)
            state = fold(state, sealed, header, version)
            after[stream] = state, version
            if version % SNAPSHOT_EVERY == 0 and noun(stream) != "policy":
                snapshots.append(snapshot(stream, version, state))
        append.events = tuple(events)
        append.expect = expect
        append.key = None if key is None or not draft.keeps else _kept(asker, key, draft, now)
        append.locators = draft.locators
        append.unlocated = draft.unlocated
        append.parents = tuple(parents)
        append.snapshots = tuple(snapshots)
        append.tracking = draft.tracking
        for stream, (state, version) in after.items():
            self._access.put(stream, Folded(state, version, append))

    async def _settled(self, append: Append) -> Exception | None:
        """Hand an append over and wait for its outcome: None, or the error; then what it read is read anew."""
        await self._submitting.settled(append)
        if append.error is not None:
            await self._catch_up(append)
        return append.error

    async def _catch_up(self, append: Append) -> None:
        """Let go of what is not true, and of nothing else.

        Reading again what has not moved would take so long that another replica, asked without pause about the same
        account, would have moved it again, and a protection would not get through.
        """
        streams = list(append.expect or ())
        try:
            heads = await self.threaded(lambda: self._log.heads(streams))
        except LogUnavailable:
            heads = {}
        for stream in streams:
            held = self._access.get(stream)
            if held is None or (held.pending is not None and not held.pending.settled):
                continue
            failed = held.pending is not None and held.pending.error is not None
            if failed or heads.get(stream) != held.version:
                self._access.drop(stream)


def _standing(folded: Folded[Append]) -> tuple[State, int]:
    return folded.state, folded.version


def _kept(asker: Asker, key: Key, draft: Draft[T], now: datetime) -> IdempotencyKey:
    body = msgspec.json.encode(draft.answer)
    return IdempotencyKey(asker.actor.subject, key.key, key.fingerprint, draft.status, body, now.timestamp())
