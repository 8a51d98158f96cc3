"""Delivering: each letter to its webhook, one of an incident after the other, until it is taken or dead.

All that has to last is in the log: which letters there are, which were delivered, which died, and who delivers (so that
two replicas do not send them past each other). How often one was tried in vain is forgotten by a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from datetime import timedelta
from typing import cast

import msgspec

from domain import webhook
from domain.event import Recorded
from domain.refusal import Refused
from domain.webhook import LetterDelivered, LetterDied, WebhookClaimed, WebhookReplayed, WebhookState
from projections.deliveries import Deliveries, Letter
from service.chance import identifier
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.following.opening import SYSTEM
from service.log import LogUnavailable
from service.sealing import SealingError
from service.webhooks import envelope, sending

log = logging.getLogger("watchword.webhooks")

TRIES = 16
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 1_800.0
AT_ONCE = 8  # incidents that one webhook is told of at the same time
CLAIMED_FOR = timedelta(seconds=15)
CLAIM_LEFT = timedelta(seconds=2 * sending.TIMEOUT_S)  # with less of it left a claim is renewed before another try
LOOK_S = 5.0


class _Address(msgspec.Struct, frozen=True):
    """Where letters go, in the open. Never printed."""

    url: str
    secret: str

    def __repr__(self) -> str:
        return "_Address()"


class Delivering:
    """Delivers the letters of one desk's log. For one event loop; `take` is fed by the follower."""

    def __init__(self, desk: Desk, hosts: frozenset[str]) -> None:
        """Post to these hosts, and to this machine."""
        self._desk = desk
        self._hosts = hosts
        self._runner = identifier()
        self._deliveries = Deliveries()
        self._taken: set[tuple[str, int]] = set()  # delivered, and not read back from the log yet
        self._news = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._busy: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._rooms: dict[str, asyncio.Semaphore] = {}
        self._claiming: dict[str, asyncio.Lock] = {}
        self._pauses: dict[str, asyncio.Event] = {}  # set: whoever waits for another try need not wait longer

    def start(self) -> None:
        """Deliver from now on."""
        self._working = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop. What was not taken is delivered after the next start."""
        tasks = [each for each in (self._working, *self._busy.values()) if each is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self) -> None:
        """What comes now is the log from its first event on."""
        self._deliveries = Deliveries()

    def take(self, recorded: list[Recorded]) -> None:
        """These events follow."""
        for each in recorded:
            self._deliveries.evolve(each)
            match each.event:
                case LetterDelivered(webhook_id=webhook_id, position=position):
                    self._taken.discard((webhook_id, position))
                case WebhookReplayed(webhook_id=webhook_id, after=after):
                    if after is not None:  # these are wanted again
                        self._taken = {one for one in self._taken if one[0] != webhook_id or one[1] <= after}
                    self._pauses.pop(webhook_id, asyncio.Event()).set()
                case _:
                    pass
        if recorded:
            self._news.set()

    async def _work(self) -> None:
        while True:
            for webhook_id, mailbox in list(self._deliveries.mailboxes.items()):
                for incident_id in mailbox.due():
                    key = webhook_id, incident_id
                    if key not in self._busy and self._next(*key) is not None:
                        task = self._busy[key] = asyncio.create_task(self._incident(*key))
                        task.add_done_callback(lambda _, key=key: self._left(key))  # type: ignore[misc]  # its own key
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):  # what another replica had claimed may be free now
                    await self._news.wait()

    def _left(self, key: tuple[str, str]) -> None:
        task = self._busy.pop(key, None)
        error = None if task is None or task.cancelled() else task.exception()
        if error is not None:  # it is begun again; kind only, words could be personal
            log.warning("a delivery failed in itself", extra={"reason": type(error).__name__})

    def _next(self, webhook_id: str, incident_id: str) -> Letter | None:
        """The oldest letter of an incident that is to be delivered and was not taken."""
        mailbox = self._deliveries.mailboxes.get(webhook_id)
        if mailbox is None or incident_id in mailbox.dead:
            return None
        waiting = mailbox.waiting.get(incident_id, {})
        return next((each for each in waiting.values() if (webhook_id, each.position) not in self._taken), None)

    async def _incident(self, webhook_id: str, incident_id: str) -> None:
        """Deliver the letters of one incident, as long as there are any."""
        tries = 0
        room = self._rooms.setdefault(webhook_id, asyncio.Semaphore(AT_ONCE))
        while (letter := self._next(webhook_id, incident_id)) is not None:
            try:
                async with room:
                    if not await self._claimed(webhook_id):
                        return
                    why = await self._post(webhook_id, letter)
                tries += 1
                happened: LetterDelivered | LetterDied | None = None
                if not why:
                    happened = LetterDelivered(
                        webhook_id=webhook_id, incident_id=incident_id, position=letter.position, tries=tries
                    )
                elif tries >= TRIES:
                    happened = LetterDied(
                        webhook_id=webhook_id, incident_id=incident_id, position=letter.position, tries=tries, why=why
                    )
                if happened is not None:
                    await self._record(webhook_id, happened)
                    tries = 0
                    if why:
                        log.error("a letter could not be delivered and is dead", extra={"position": letter.position})
                        return
                    continue
            except LogUnavailable:
                await asyncio.sleep(FIRST_WAIT_S)
                continue
            longest = min(FIRST_WAIT_S * 2 ** (tries - 1), LONGEST_WAIT_S)
            pause = self._pauses.setdefault(webhook_id, asyncio.Event())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(longest * random.uniform(0.5, 1)):  # noqa: S311 - it only spreads the load
                    await pause.wait()
                    tries = 0

    async def _claimed(self, webhook_id: str) -> bool:
        """Whether this process is to deliver: the webhook is claimed by it for long enough. Raises LogUnavailable."""
        stream = webhook.stream(webhook_id)

        def decide(reader: Reader) -> Draft[bool]:
            state, now = cast(WebhookState, reader.folded(stream).state), self._desk.pipeline.now()
            mine = state.active() and state.runner == self._runner
            if mine and state.until is not None and state.until - now > CLAIM_LEFT:
                return Draft(answer=True, events=[])
            wanted = WebhookClaimed(webhook_id=webhook_id, runner=self._runner, until=now + CLAIMED_FOR)
            claimed = webhook.claim(state, wanted, now)
            if claimed is None:
                return Draft(answer=False, events=[])
            return Draft(answer=True, events=[(stream, claimed)])

        async with self._claiming.setdefault(webhook_id, asyncio.Lock()):
            return (await self._desk.pipeline.carry_out(Asker(SYSTEM, f"webhook-{webhook_id}"), decide)).answer

    async def _record(self, webhook_id: str, happened: LetterDelivered | LetterDied) -> None:
        stream = webhook.stream(webhook_id)

        def decide(reader: Reader) -> Draft[None]:
            reader.folded(stream)
            return Draft(None, [(stream, happened)])

        taken = (webhook_id, happened.position)
        if isinstance(happened, LetterDelivered):
            self._taken.add(taken)  # first: once it is on record the log may be read before we are told
        try:
            await self._desk.pipeline.carry_out(Asker(SYSTEM, f"webhook-{webhook_id}"), decide)
        except BaseException:
            self._taken.discard(taken)
            raise

    async def _post(self, webhook_id: str, letter: Letter) -> str:
        """Try once. "" where it was taken, else why not. Raises LogUnavailable."""
        try:
            address = await self._address(webhook_id)
        except Refused as refused:
            return refused.code
        except SealingError as error:  # its key is gone, or its row damaged: it dies like one that nobody takes
            return type(error).__name__
        content = envelope.body(letter)
        headers = envelope.headers(address.secret, webhook_id, letter, content, self._desk.pipeline.now())
        return await sending.post(address.url, content, headers)

    async def _address(self, webhook_id: str) -> _Address:
        """Where it goes, opened anew each time: what was removed or may not be reached any more is not kept here."""
        stream = webhook.stream(webhook_id)

        def read(reader: Reader) -> Draft[WebhookState]:
            return Draft(cast(WebhookState, reader.folded(stream).state), [])

        state = (await self._desk.pipeline.carry_out(Asker(SYSTEM, f"webhook-{webhook_id}"), read)).answer
        if state.target is None or state.secret is None:
            raise LogUnavailable("there is no such webhook")
        codec = self._desk.codec
        url, secret = (msgspec.json.decode(codec.open(stream, each), type=str) for each in (state.target, state.secret))
        return _Address(sending.allowed(url, self._hosts), secret)
