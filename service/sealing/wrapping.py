"""Wrapping: what a master key does for the keys of the data subjects, wherever it is kept.

A wrapped key begins with a byte that says by what: 1 and 2 by a master key of ours (`master`), 3 by a transit engine
(`vault`). The name it is given is bound to it, so that a wrapped key does not open in another's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Derives", "Wrapping", "named"]


def named(subject: str, generation: int) -> str:
    """The name a key is wrapped under: the subject, and from its second key on which of them it is."""
    return subject if generation == 1 else f"{subject}\x00{generation}"


class Derives(Protocol):
    """Has a secret that keys for single purposes follow from."""

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, which tells nothing of the others."""


class Wrapping(Protocol):
    """Wraps keys. Each method may take as long as a call over the network, and raises KeysUnavailable then."""

    def wrap(self, keys: Sequence[tuple[str, bytes]], like: bytes = b"") -> list[bytes]:
        """Wrap these keys of 32 bytes, each under its name.

        By the master key that wrapped `like`, the key of nobody's that tells which is in use; without, by the newest.
        Raises WrongMasterKey where that one is not here.
        """

    def unwrap(self, wrapped: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The keys themselves. Raises WrongMasterKey naming the subject of one that does not open."""

    def rewrap(self, wrapped: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The same keys, wrapped by the newest master key. Raises WrongMasterKey likewise."""

    def current(self, wrapped: bytes) -> bool:
        """Whether this need not be wrapped anew: by its newest version, where the master key has versions."""

    def original(self) -> bytes | None:
        """The oldest master key that is at hand here, 32 bytes; None where there is none outside of a vault."""
