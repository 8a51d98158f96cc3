"""Checkpoints: a tree's size and root as a signed note (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

    origin            who keeps the log
    size              how many leaves, decimal
    root              base64
    (an empty line)
    — name base64(key id, signature)      one line for each signature

Signatures are Ed25519: of a log over the text (type 1), of a witness over the text and a time (type 4).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from functools import cached_property

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.ledger.errors import LedgerError
from service.signing import SigningKey

__all__ = ["BadNote", "Checkpoint", "Signer", "Verifier", "cosigned", "read", "signed_by", "time_of"]

LOG, COSIGNATURE = 1, 4  # the types of signature
MOST = 64 * 1024  # characters of a note that is read
_DASH = "\N{EM DASH} "
_TIME = 8  # bytes before the signature of a witness


class BadNote(LedgerError):
    """A checkpoint or a key that cannot be read, or is not signed by whom it should be. Says which and why."""


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree's head: `size` leaves, the root over them, and `text`, the whole signed note."""

    origin: str
    size: int
    root: bytes
    text: str

    @property
    def body(self) -> str:
        """What is signed."""
        return self.text[: self.text.rindex("\n\n") + 1]

    @property
    def signatures(self) -> list[str]:
        """The lines of signatures, without their ends."""
        return self.text[self.text.rindex("\n\n") + 2 :].splitlines()


def read(text: str) -> Checkpoint:
    """A checkpoint from its note; nothing is said of who signed it. Raises BadNote."""
    body, found, signatures = text.rpartition("\n\n")
    lines = body.split("\n")
    if len(text) > MOST or not found or len(lines) < 3 or not all(lines[:3]):  # noqa: PLR2004 - the format's lines
        raise BadNote("this is no checkpoint: a signed note has three lines, an empty one, and signatures")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")):
        raise BadNote("the second line of a checkpoint is a size")
    if not signatures.endswith("\n") or not all(each.startswith(_DASH) for each in signatures.splitlines()):
        raise BadNote("the signatures of the checkpoint cannot be read")
    hashed = _decoded(root)
    if len(hashed) != hashlib.sha256().digest_size:
        raise BadNote("the third line of a checkpoint is a hash of SHA-256 in base64")
    return Checkpoint(origin, int(size), hashed, text)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise BadNote("there is base64 in it that cannot be read") from None


class Verifier:
    """A public key, and the name it signs under: `name+key id+base64`."""

    def __init__(self, name: str, kind: int, public: bytes) -> None:
        """Verify signatures of this type by these 32 bytes."""
        self.name = name
        self.kind = kind
        self._public = public
        self._key = Ed25519PublicKey.from_public_bytes(public)
        self.key_id = hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + public).digest()[:4]

    @classmethod
    def read(cls, text: str) -> Verifier:
        """A key from its text. Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        key_id, _, key = rest.partition("+")
        material = _decoded(key)
        if not name or len(material) != 33 or material[0] not in (LOG, COSIGNATURE):  # noqa: PLR2004 - Ed25519 and its type
            raise BadNote("this is no Ed25519 verifier key: it reads name+hash+base64")
        found = cls(name, material[0], material[1:])
        if found.key_id.hex() != key_id:
            raise BadNote(f"the hash in the verifier key of {name} is not of its key")
        return found

    def __repr__(self) -> str:
        """The key as text: it is public."""
        return f"Verifier({self.text})"

    @property
    def text(self) -> str:
        """The key as it is handed to others."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self._public).decode()}"

    def of(self, line: str) -> bytes | None:
        """The signature on this line; None where it is another key's. Raises BadNote for a line that is none."""
        name, _, blob = line.removeprefix(_DASH).partition(" ")
        payload = _decoded(blob)
        return payload[4:] if (name, payload[:4]) == (self.name, self.key_id) else None

    def verifies(self, checkpoint: Checkpoint, line: str) -> bool:
        """Whether this line is this key's, and its signature is good."""
        signature, message = self.of(line), checkpoint.body.encode()
        if signature is None:
            return False
        if self.kind == COSIGNATURE:
            at, signature = int.from_bytes(signature[:_TIME]), signature[_TIME:]
            message = f"cosignature/v1\ntime {at}\n".encode() + message
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def signed_by(checkpoint: Checkpoint, verifier: Verifier) -> None:
    """Check that this key signed it, and that none of its signatures is bad. Raises BadNote."""
    own = [line for line in checkpoint.signatures if verifier.of(line) is not None]
    if not own:
        raise BadNote(f"the checkpoint of size {checkpoint.size} is not signed by {verifier.name}")
    if not all(verifier.verifies(checkpoint, line) for line in own):
        raise BadNote(f"the signature of {verifier.name} on the checkpoint of size {checkpoint.size} is not good")


def time_of(checkpoint: Checkpoint, witness: Verifier) -> int | None:
    """When this witness cosigned it, in seconds since 1970; None where it did not."""
    for line in checkpoint.signatures:
        if witness.verifies(checkpoint, line):
            signature = witness.of(line)
            return int.from_bytes((signature or b"")[:_TIME])
    return None


def cosigned(checkpoint: Checkpoint, lines: Iterable[str]) -> Checkpoint:
    """The checkpoint with more signatures, each once."""
    more = [line for line in dict.fromkeys(lines) if line not in checkpoint.signatures]
    return msgspec.structs.replace(checkpoint, text=checkpoint.text + "".join(f"{line}\n" for line in more))


class Signer:
    """The log's own key. Its name is the origin."""

    def __init__(self, key: SigningKey, origin: str) -> None:
        """Sign under this name."""
        self._key = key
        self.origin = origin

    @cached_property
    def verifier(self) -> Verifier:
        """What others verify by. Raises KeysUnavailable until the keys were reached."""
        return Verifier(self.origin, LOG, base64.urlsafe_b64decode(self._key.public()["x"] + "="))

    def __repr__(self) -> str:
        """Name the log, and say nothing of the key."""
        return f"Signer({self.origin})"

    def sign(self, size: int, root: bytes) -> Checkpoint:
        """The checkpoint of a tree."""
        body = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        return Checkpoint(self.origin, size, root, self._signed(body))

    def seal(self, text: str) -> str:
        """Another text as a signed note. Raises ValueError for one that could be read as a checkpoint."""
        if text.startswith(f"{self.origin}\n") or not text.endswith("\n"):
            raise ValueError("a checkpoint is signed as one, and nothing else is signed as a checkpoint")
        return self._signed(text)

    def _signed(self, text: str) -> str:
        signature = self.verifier.key_id + bytes.fromhex(self._key.sign(text.encode()))
        return f"{text}\n{_DASH}{self.origin} {base64.b64encode(signature).decode()}\n"
