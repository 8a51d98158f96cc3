"""The master key: it wraps every person's key. There may be several, the newest first, while one takes another's place.

What it wraps is `0x02 | which (4) | nonce (12) | AES-256-GCM of the key`, its name the associated data; `which` is
derived from the master key and tells nothing of it. The first release wrote `0x01 | nonce | box`, which opens still.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.sealing.errors import WrongMasterKey
from service.sealing.keyfile import KeyFileError, kept_secret

__all__ = ["CHECK", "MasterKey", "derived", "read_keys"]

SIZE, NONCE, WHICH = 32, 12, 4  # bytes
FIRST, LOCAL = b"\x01", b"\x02"
CHECK = "watchword:master-key"  # nobody's: its key tells whether the master key is the right one, and which is in use


def derived(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, which tells nothing of the others (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=hashes.SHA256(), length=SIZE, salt=b"watchword", info=purpose.encode()).derive(secret)


class _Own:
    """One master key, ready to wrap."""

    __slots__ = ("cipher", "which")

    def __init__(self, secret: bytes) -> None:
        self.cipher = AESGCM(derived(secret, "subject keys"))
        self.which = derived(secret, "name of this master key")[:WHICH]


class MasterKey:
    """32 random bytes. Whoever has them and the database of keys can open everything, so they lie in neither."""

    __slots__ = ("_keys", "_secrets")

    def __init__(self, secret: bytes, *older: bytes) -> None:
        """Wrap with these 32 bytes; unwrap with `older` ones too. Raises ValueError for any other number of bytes."""
        for each in (secret, *older):
            if len(each) != SIZE:
                raise ValueError(f"a master key is {SIZE} bytes, not {len(each)}")
        self._secrets = tuple(bytes(each) for each in (secret, *older))
        self._keys = tuple(_Own(each) for each in self._secrets)

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "MasterKey()"

    def __reduce__(self) -> str:
        """Refuse to be pickled or copied into something that is written down."""
        raise TypeError("a master key is not to be copied")

    @classmethod
    def find(cls, home: Path, *, text: str = "") -> MasterKey:
        """The key of this installation: `text` (WATCHWORD_MASTER_KEY), else the file `<home>/keys/master.key`.

        Both hold 64 hex digits or base64, and while the key is changed the older one behind the new; the file is made
        on first start. Raises KeyFileError saying which is wrong.
        """
        if text:
            return cls.read(text, "WATCHWORD_MASTER_KEY")
        path = home / "keys" / "master.key"
        kept = kept_secret(path, lambda: secrets.token_hex(SIZE).encode() + b"\n")
        return cls.read(kept.decode("ascii", errors="replace"), str(path))

    @classmethod
    def read(cls, text: str, place: str) -> MasterKey:
        """The key in a text, or the keys in it, the newest first. Raises KeyFileError naming the place."""
        return cls(*read_keys(text, place))

    def older(self) -> int:
        """How many older keys are here beside the newest."""
        return len(self._keys) - 1

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, which tells nothing of the others."""
        return derived(self._secrets[0], purpose)

    def original(self) -> bytes | None:
        """The oldest key here."""
        return self._secrets[-1]

    def wrap(self, keys: Sequence[tuple[str, bytes]], like: bytes = b"") -> list[bytes]:
        """Wrap these keys, each under its name, by the key that wrapped `like`, or the newest.

        Raises WrongMasterKey where that one is not here.
        """
        own = self._opening(CHECK, like)[0] if like else self._keys[0]
        found = []
        for name, key in keys:
            nonce = os.urandom(NONCE)
            found.append(LOCAL + own.which + nonce + own.cipher.encrypt(nonce, key, name.encode()))
        return found

    def unwrap(self, wrapped: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The keys themselves. Raises WrongMasterKey."""
        return [self._opening(name, each)[1] for name, each in wrapped]

    def rewrap(self, wrapped: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """The same keys, wrapped by the newest. Raises WrongMasterKey."""
        return self.wrap([(name, self._opening(name, each)[1]) for name, each in wrapped])

    def current(self, wrapped: bytes) -> bool:
        """Whether the newest key here wrapped this, in today's form."""
        return wrapped[:1] == LOCAL and wrapped[1 : 1 + WHICH] == self._keys[0].which

    def _opening(self, name: str, wrapped: bytes) -> tuple[_Own, bytes]:
        """The key that opens this, and what is in it."""
        if wrapped[:1] == LOCAL:
            which, rest = wrapped[1 : 1 + WHICH], wrapped[1 + WHICH :]
            keys = [own for own in self._keys if own.which == which]
        else:
            rest, keys = wrapped[1:], [*self._keys] if wrapped[:1] == FIRST else []
        for own in keys:
            with suppress(InvalidTag, ValueError):
                return own, own.cipher.decrypt(rest[:NONCE], rest[NONCE:], name.encode())
        raise WrongMasterKey.of(name)


def read_keys(text: str, place: str) -> list[bytes]:
    """Keys of 32 bytes, as 64 hex digits or base64, with white space between. Raises KeyFileError naming the place."""
    found = []
    for each in text.split() or [""]:
        try:
            secret = bytes.fromhex(each) if len(each) == SIZE * 2 else base64.b64decode(each, validate=True)
        except ValueError:
            secret = b""
        if len(secret) != SIZE:
            # From None, and outside of the handler: the cause would repeat the text.
            raise KeyFileError(f"{place} does not hold a master key: 32 bytes as 64 hex digits or base64") from None
        found.append(secret)
    return found
