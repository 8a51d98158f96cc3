"""The embedded outbox: a folder with one file for each message. Whoever can read the folder can read the messages."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

import msgspec

from service.outbox.message import Message, OutboxUnavailable

__all__ = ["DirectoryOutbox"]


class DirectoryOutbox:
    """Writes `<message_id>.json`, whole or not at all, for its owner alone (0600, in a folder of 0700)."""

    def __init__(self, path: Path) -> None:
        """Use this folder; it is made with the first message."""
        self._path = path

    async def deliver(self, message: Message) -> None:
        """Write a message. Raises OutboxUnavailable, ValueError for an id that is no file name."""
        if not message.message_id or not all(c.isalnum() or c in "-_" for c in message.message_id):
            raise ValueError("a message's id is made of letters, digits, - and _")
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise OutboxUnavailable(f"the outbox folder cannot be written: {os.strerror(error.errno or 0)}") from None

    def _write(self, message: Message) -> None:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path / f".{message.message_id}.{secrets.token_hex(8)}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(message))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path / f"{message.message_id}.json")
        finally:
            draft.unlink(missing_ok=True)
