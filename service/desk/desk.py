"""The desk: what every command is carried out with. Made once, by the composition root."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Coroutine, Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from domain.event import Plain
from service.bundle.workshop import Workshop
from service.desk.contacts import Contacts
from service.desk.draft import Asker, Draft, Reader
from service.desk.live import Live
from service.desk.opened import Opened
from service.desk.pipeline import Pipeline
from service.following.judging import Trials
from service.following.mentioning import Mentions
from service.ledger import Ledger
from service.log import EventLog, LogUnavailable
from service.outbox import Outbox
from service.passcodes import PasscodeHasher
from service.record.heeding import Heeding
from service.sealing import Codec, KeyRing, Marks, SealingError
from service.signing import SigningKey

# A bound contact answers on this beat, so that a lookup that found nothing takes as long as one that found, loaded and
# hid.
READY_KEPT_S = 1.0
REACH_AGAIN_S = 0.5
BIND_BEAT = timedelta(milliseconds=15)

log = logging.getLogger("watchword.desk")


class Desk:
    """The pipeline and the things at its side.

    Keys, marks, the passcode hasher and the way to the customer's own channel.
    """

    def __init__(
        self,
        *,
        log: EventLog,
        pipeline: Pipeline,
        codec: Codec,
        keys: KeyRing,
        marks: Marks,
        hasher: PasscodeHasher,
        outbox: Outbox,
        public_url: str,
        freshness: Mapping[str, int],
        approvals: SigningKey,
        unsealings: SigningKey,
        webhook_hosts: frozenset[str] = frozenset(),
        ledger: Ledger,
        workshop: Workshop,
        site_zones: Mapping[str, str] | None = None,
        backups: Path | None = None,
    ) -> None:
        """Put the parts together."""
        self.log = log
        self.pipeline = pipeline
        self.codec = codec
        self.opened = Opened(codec, keys)
        self.keys = keys
        self.marks = marks
        self.hasher = hasher
        self.outbox = outbox
        self.public_url = public_url
        self.freshness = freshness
        self.approvals = approvals
        self.unsealings = unsealings
        self.webhook_hosts = webhook_hosts
        self.ledger = ledger
        self.workshop = workshop
        self.site_zones: Mapping[str, str] = site_zones or {}
        self.contacts = Contacts(pipeline, keys)
        self.heeding = Heeding(log, codec, keys)
        self.backups = backups
        self.live = Live(log, codec)
        self.trials = Trials(log, codec)
        self.mentions = Mentions(log, codec)
        self._ready_until = 0.0
        self._trying: asyncio.Task[None] | None = None
        self._later: set[asyncio.Task[None]] = set()

    def later(self, *errands: Coroutine[object, object, None]) -> None:
        """Run errands after the answer, so that no answer takes longer because something was sent."""
        for errand in errands:
            task = asyncio.get_running_loop().create_task(_presently(errand))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def ready(self, asker: Asker) -> None:
        """Whether it can decide and record now.

        Raises LogUnavailable, KeysUnavailable. Good news is kept for a second, and who asks meanwhile waits with who
        asked first: anybody may ask, and each trial is a write.
        """
        if time.monotonic() < self._ready_until:
            return
        if self._trying is None or self._trying.done():
            self._trying = asyncio.get_running_loop().create_task(self._tried(asker))
        await asyncio.shield(self._trying)

    async def _tried(self, asker: Asker) -> None:
        began = time.monotonic()

        def read(reader: Reader) -> Draft[int]:
            return Draft(reader.policy().version, [])

        if not (await self.pipeline.carry_out(asker, read)).answer:
            raise LogUnavailable("no policy is in force")
        self.pipeline.now()
        self.ledger.check()
        await self.pipeline.threaded(self.log.probe)
        await self.pipeline.threaded(self.keys.check)
        self._ready_until = began + READY_KEPT_S

    async def begin(self) -> None:
        """Decide from now on: once the log was compared with what was published of it, and the clock with the log.

        Raises LedgerError.
        """
        loop = asyncio.get_running_loop()
        self.heeding.dropped = lambda _: self._drop(loop)
        while not await self.pipeline.threaded(self._reached):  # noqa: ASYNC110 - nothing tells that a database is back
            await asyncio.sleep(REACH_AGAIN_S)
        await self.ledger.sound()
        await self.pipeline.begin()

    def _drop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let go of what was opened; called from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, and with it everything that was held
            loop.call_soon_threadsafe(self.opened.drop)

    def _reached(self) -> bool:
        """Whether the keys can be reached, and have heeded every forgetting on record.

        What is derived from their root secret is at hand from then on.
        """
        try:
            self.keys.check()
            self.heeding.catch_up()
        except (LogUnavailable, SealingError) as error:
            log.warning("the keys cannot be reached", extra={"reason": type(error).__name__})
            return False
        return True

    async def close(self) -> None:
        """Finish the errands, then stop."""
        await asyncio.gather(*self._later, return_exceptions=True)
        await self.ledger.close()
        self.live.close()
        self.trials.close()
        self.mentions.close()
        self.pipeline.close()
        self.hasher.close()
        self.log.close()
        self.keys.close()

    async def have_keys(self, subjects: Iterable[str]) -> None:
        """See to it that each of these data subjects has a key, durably, before anything is sealed with it."""
        wanted = tuple(subjects)
        if not self.keys.has_all(wanted):
            await self.pipeline.threaded(lambda: self.keys.ensure(wanted))


async def _presently(errand: Coroutine[object, object, None]) -> None:
    """Some moment later: what is sent must not slow just the next question on the same call."""
    await asyncio.sleep(0.1 + secrets.randbelow(500) / 1000)
    await errand


def sealed(subject: str, value: object) -> Plain:
    """A value as personal data of this subject: JSON."""
    return Plain(subject, msgspec.json.encode(value))
