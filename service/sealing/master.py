"""The master key: it wraps every person's key, and every other key of an installation is derived from it."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.sealing.keyfile import KeyFileError, kept_secret

__all__ = ["MasterKey"]

SIZE = 32  # bytes


class MasterKey:
    """32 random bytes. Whoever has them and the database of keys can open everything, so they lie in neither."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """Use these 32 bytes. Raises ValueError for any other number of them."""
        if len(secret) != SIZE:
            raise ValueError(f"a master key is {SIZE} bytes, not {len(secret)}")
        self._secret = bytes(secret)

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "MasterKey()"

    def __reduce__(self) -> str:
        """Refuse to be pickled or copied into something that is written down."""
        raise TypeError("a master key is not to be copied")

    @classmethod
    def find(cls, home: Path, *, text: str = "") -> MasterKey:
        """The key of this installation: `text` (WATCHWORD_MASTER_KEY), else the file `<home>/keys/master.key`.

        Both hold 64 hex digits or base64; the file is made on first start. Raises KeyFileError saying which is wrong.
        """
        if text:
            return cls._read(text, "WATCHWORD_MASTER_KEY")
        path = home / "keys" / "master.key"
        kept = kept_secret(path, lambda: secrets.token_hex(SIZE).encode() + b"\n")
        return cls._read(kept.decode("ascii", errors="replace"), str(path))

    @classmethod
    def _read(cls, text: str, place: str) -> MasterKey:
        stripped = "".join(text.split())
        try:
            secret = bytes.fromhex(stripped) if len(stripped) == SIZE * 2 else base64.b64decode(stripped, validate=True)
            return cls(secret)
        except ValueError:
            # From None: the cause would repeat the text.
            raise KeyFileError(f"{place} does not hold a master key: 32 bytes as 64 hex digits or base64") from None

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, which tells nothing of the others (HKDF-SHA256, RFC 5869)."""
        hkdf = HKDF(algorithm=hashes.SHA256(), length=SIZE, salt=b"watchword", info=purpose.encode())
        return hkdf.derive(self._secret)
