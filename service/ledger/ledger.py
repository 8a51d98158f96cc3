"""The ledger of one desk: a thread that keeps the tree on a beat, and what others ask of it.

It wakes on its beat and never because something was committed, so that nobody can tell by its work that somebody asked.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from service.ledger.errors import LedgerError
from service.ledger.keeping import Keeper
from service.ledger.note import Checkpoint, Signer
from service.ledger.store import Store
from service.ledger.tree import Tree
from service.ledger.witness import Witnesses, WitnessState
from service.log.errors import LogUnavailable

__all__ = ["Ledger"]

log = logging.getLogger("watchword.ledger")

BEAT_S = 0.4
BREATH = 0.5  # while it catches up it rests half as long as it worked, so that decisions have the processor too
RETRY_S = 0.5
LOOK_S = 0.02
PATIENCE_S = 15.0
WITNESS_S = 60.0  # between two tries to have witnesses sign


class Ledger:
    """The ledger. `begin` and `close` are called on the desk's event loop."""

    def __init__(
        self, keeper: Keeper, store: Store, signer: Signer, witnesses: Witnesses, reach: Callable[[], None]
    ) -> None:
        """Keep nothing yet. `reach` has the keys at hand that the signer needs, or raises LogUnavailable."""
        self._reach = reach
        self._keeper = keeper
        self._store = store
        self._witnesses = witnesses
        self._signer = signer
        self.tree: Tree = keeper.tree
        self.error: LedgerError | None = None
        self.ended: Callable[[], None] | None = None  # called from the thread once it has stopped for good
        self._compared = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._asking: threading.Thread | None = None
        self._asked_at = -WITNESS_S

    @property
    def key_text(self) -> str:
        """The verifier key of the log. Raises KeysUnavailable until the keys were reached."""
        return self._signer.verifier.text

    def seal(self, text: str) -> str:
        """Another text as a signed note, by the key of the checkpoints. Raises ValueError for one that reads as one."""
        return self._signer.seal(text)

    @property
    def current(self) -> Checkpoint:
        """The newest signed checkpoint, for auditors. Raises LogUnavailable."""
        return self._there(self._keeper.current)

    @property
    def public(self) -> Checkpoint:
        """The public checkpoint. Raises LogUnavailable."""
        return self._there(self._keeper.public)

    def _there(self, found: Checkpoint | None) -> Checkpoint:
        self.check()
        if found is None:
            raise LogUnavailable("nothing was published of the log yet")
        return found

    def witnesses(self) -> list[WitnessState]:
        """How it stands with each witness."""
        return self._witnesses.states(self._keeper.public)

    def check(self) -> None:
        """Raises LogUnavailable where the ledger has stopped for good, and people have to look."""
        if self.error is not None:
            raise LogUnavailable("the log contradicts what was published of it")

    async def sound(self) -> None:
        """Wait until the log was compared with what was published of it. Raises LedgerError."""
        while not self._compared.is_set():
            if self.error is not None:
                raise self.error
            await asyncio.sleep(LOOK_S)

    async def covering(self, position: int) -> Checkpoint:
        """A signed checkpoint that covers this position; waits for it. Raises LogUnavailable."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            found = self._keeper.current
            self.check()
            if found is not None and found.size >= position:
                return found
            await asyncio.sleep(LOOK_S)
        raise LogUnavailable("no checkpoint covers this position yet")

    def prove(self, position: int, checkpoint: Checkpoint) -> str:
        """The text of a `.tlog-proof` for the event at this position. Blocking, about 0.1 ms.

        Raises ValueError where the checkpoint does not cover it, LogUnavailable, LedgerError.
        """
        return self.tree.proof(position - 1, checkpoint)

    def begin(self) -> None:
        """Start."""
        self._thread.start()

    async def close(self) -> None:
        """Stop. What is not covered yet is after the next start."""
        self._stopped.set()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)
        if self._asking is not None:
            await asyncio.to_thread(self._asking.join)
        self._store.close()

    def _run(self) -> None:
        failing = ""
        while not self._stopped.is_set():
            began = time.monotonic()
            wait = BEAT_S
            try:
                if self._round():
                    wait = BREATH * (time.monotonic() - began)
                else:
                    wait -= (time.monotonic() - began) % BEAT_S
                failing = ""
            except LedgerError as error:
                self.error = error
                log.critical("the ledger has stopped", extra={"reason": str(error)})
                if self.ended is not None:
                    self.ended()
                return
            except Exception as error:  # noqa: BLE001 - it tries again, for ever: it may not skip; kind only
                reason = type(error).__name__
                if reason != failing:  # once, not twice a second
                    log.warning("the ledger tries again", extra={"reason": reason})
                failing, wait = reason, RETRY_S
            self._stopped.wait(wait)

    def _round(self) -> bool:
        """One beat. Whether there is more at hand."""
        if not self._compared.is_set():
            self._reach()
            self._keeper.compare()
            self._compared.set()
        more = self._keeper.step()
        public = self._keeper.public
        if public is not None and public.size and time.monotonic() - self._asked_at >= WITNESS_S:
            self._asked_at = time.monotonic()
            if (self._asking is None or not self._asking.is_alive()) and self._witnesses.missing(public):
                self._asking = threading.Thread(target=self._ask, args=(public,), name="witnesses", daemon=True)
                self._asking.start()
        return more

    def _ask(self, public: Checkpoint) -> None:
        try:
            lines = self._witnesses.ask(public, self.tree)
            while lines and not self._keeper.countersign(public, lines) and not self._stopped.wait(RETRY_S):
                pass
        except Exception as error:  # noqa: BLE001 - they are asked again in a minute; kind only
            log.warning("witnesses could not be asked", extra={"reason": type(error).__name__})
