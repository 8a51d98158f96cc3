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

    async def kept(self, about: str, *, discard: bool = False) -> int:
        """How many messages for this party are in the folder; or remove them. Raises OutboxUnavailable."""
        try:
            return await asyncio.to_thread(self._kept, about, discard=discard)
        except OSError as error:
            raise OutboxUnavailable(f"the outbox folder cannot be read: {os.strerror(error.errno or 0)}") from None

    def _kept(self, about: str, *, discard: bool) -> int:
        found = [path for path in self._path.glob("*.json") if _about(path.read_bytes()) == about]
        for path in found if discard else ():
            path.unlink(missing_ok=True)
        return len(found)

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


class _About(msgspec.Struct):
    """All that is read of a message again."""

    about: str = ""

    def __repr__(self) -> str:
        return "_About()"


def _about(message: bytes) -> str:
    try:
        return msgspec.json.decode(message, type=_About).about
    except msgspec.MsgspecError:
        return ""  # somebody else's file
