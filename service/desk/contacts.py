"""Contacts: ids for new interactions, each with a key of its own that is durable already.

What is said in a contact is sealed under that contact, so that it can go when whoever rang is forgotten. Keys are made
many at a time: opening a contact waits for no flush of its own, and for no call to a vault.
"""

from __future__ import annotations

import asyncio

from domain.refusal import Refused
from service.chance import identifier
from service.desk.draft import Asker, Draft, Reader
from service.desk.pipeline import Pipeline
from service.sealing import KeyMissing, KeyRing

__all__ = ["Contacts"]

AT_ONCE = 64
LOW = 16


class Contacts:
    """Ids of interactions nobody has opened yet, and the keys of those somebody has. For one event loop."""

    def __init__(self, pipeline: Pipeline, keys: KeyRing) -> None:
        """Have none yet."""
        self._pipeline = pipeline
        self._keys = keys
        self._ready: list[str] = []
        self._making: asyncio.Task[None] | None = None

    async def fresh(self) -> str:
        """An id for a new interaction; there is a key for it. Raises KeysUnavailable."""
        while not self._ready:
            await asyncio.shield(self._more())
        found = self._ready.pop()
        if len(self._ready) < LOW:
            self._more()
        return found

    async def keyed(self, asker: Asker, interaction_id: str) -> str:
        """The data subject of what is said in this contact, with its key at hand.

        Raises Refused: "unknown_interaction", or "interaction_over" where whoever was on the line was forgotten.
        """
        if self._keys.has_all((interaction_id,)):
            return interaction_id
        await self._pipeline.threaded(lambda: self._keys.fetch((interaction_id,)))
        if not self._keys.has_all((interaction_id,)):

            def read(reader: Reader) -> Draft[None]:
                reader.interaction(interaction_id)
                return Draft(None, [])

            await self._pipeline.carry_out(asker, read)  # nobody is to make keys for what does not exist
            try:
                await self._pipeline.threaded(lambda: self._keys.ensure((interaction_id,)))
            except KeyMissing:
                raise Refused("interaction_over", "this interaction is over; open another") from None
        return interaction_id

    def _more(self) -> asyncio.Task[None]:
        if self._making is None or self._making.done():
            self._making = asyncio.get_running_loop().create_task(self._make())
            self._making.add_done_callback(lambda task: task.cancelled() or task.exception())  # who waits is told
        return self._making

    async def _make(self) -> None:
        made = [identifier() for _ in range(AT_ONCE)]
        await self._pipeline.threaded(lambda: self._keys.ensure(made))
        self._ready += made
