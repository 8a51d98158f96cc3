"""Hashing: one Argon2id a trial, in threads of its own, and comparisons that take the same time whatever they find.

The library lets go of the interpreter while it works, so that two hashes use two cores and the event loop goes on.
"""

from __future__ import annotations

import asyncio
import hmac
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from argon2.low_level import Type, hash_secret_raw

from service.passcodes.spoken import spoken

__all__ = ["MEMORY_KIB", "PARALLELISM", "SIZE", "TIME", "Overloaded", "PasscodeHasher"]

# OWASP Password Storage Cheat Sheet: Argon2id with m=19 MiB, t=2, p=1 at least. About 34 ms.
MEMORY_KIB, TIME, PARALLELISM, SIZE = 19_456, 2, 1, 32
SALT = 16  # bytes


class Overloaded(Exception):
    """More passcodes are waiting to be hashed than can be in reasonable time. Try again shortly; nothing was tried."""


class PasscodeHasher:
    """Hashes with bounded concurrency: `workers` at a time, each with 19 MiB, and `most_waiting` in the queue."""

    def __init__(self, workers: int = 2, most_waiting: int = 64) -> None:
        """No thread is started before the first hash."""
        self._pool = ThreadPoolExecutor(workers, "passcodes")
        self._most = workers + most_waiting
        self._pending = 0
        self._lock = threading.Lock()

    async def digest(self, passcode: str, salt: bytes) -> bytes:
        """The Argon2id hash of a passcode's spoken form, 32 bytes. `salt` has 16. Raises Overloaded."""
        if len(salt) != SALT:
            raise ValueError(f"a salt is {SALT} bytes, not {len(salt)}")
        with self._lock:
            if self._pending >= self._most:
                raise Overloaded("too many passcodes are being tried; try again shortly")
            self._pending += 1
        try:
            future = self._pool.submit(_argon2id, spoken(passcode).encode("utf-8", "surrogatepass"), salt)
        except BaseException:
            self._done()
            raise
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    @staticmethod
    def match(digest: bytes, candidates: Iterable[bytes]) -> int:
        """The index of the first candidate that equals a digest, -1 if none does. Every one is compared in full."""
        found = -1
        for index, candidate in enumerate(candidates):
            same = hmac.compare_digest(digest, candidate)
            found = index if same and found < 0 else found  # no early exit: which one it was takes no other time
        return found

    def close(self) -> None:
        """Finish what has begun and drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _done(self, _: Future[bytes] | None = None) -> None:
        with self._lock:
            self._pending -= 1


def _argon2id(secret: bytes, salt: bytes) -> bytes:
    return hash_secret_raw(
        secret, salt, time_cost=TIME, memory_cost=MEMORY_KIB, parallelism=PARALLELISM, hash_len=SIZE, type=Type.ID
    )
