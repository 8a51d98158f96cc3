"""Signed notes (C2SP signed-note) as somebody reads them who trusts nothing: every byte has one spelling.

    text, newline-terminated
                                        (an empty line)
    — <key name> <base64 of key id (4 bytes) and signature>

A key is told as its verifier key, `<name>+<key id, 8 hex digits>+<base64 of 0x01 and 32 bytes>`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_BYTES = 65_536
MOST_SIGNATURES = 64
ED25519 = b"\x01"
DASH = "\N{EM DASH} "

_NAME = re.compile(r"[^\s+\x00-\x20\x7f]{1,255}")
_TELLS = re.compile(r"([^\s+\x00-\x20\x7f]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{43,44}={0,2})")


class Unreadable(Exception):
    """What is no signed note, or no verifier key. Its words repeat nothing of it."""


class Signature(msgspec.Struct, frozen=True):
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes


class Note(msgspec.Struct, frozen=True):
    """A note: its text, with its last newline, and who signed it. Nothing of it is true before `signed_by`."""

    text: str
    signatures: tuple[Signature, ...]


class Key(msgspec.Struct, frozen=True):
    """A verifier key: whose, its id, and the 32 bytes of the Ed25519 key."""

    name: str
    key_id: bytes
    public: bytes

    def text(self) -> str:
        """As it is told."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def fingerprint(self) -> str:
        """SHA-256 of the 32 bytes, in hex: short enough to be compared over the telephone."""
        return hashlib.sha256(self.public).hexdigest()


def based(text: str) -> bytes:
    """Base64 (RFC 4648 section 4) in its one spelling. Raises Unreadable for any other."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("it holds base64 that cannot be read") from None
    if base64.b64encode(found).decode() != text:
        raise Unreadable("it holds base64 in another spelling than its own")
    return found


def key(text: str) -> Key:
    """Read a verifier key of one line, with or without its newline. Raises Unreadable."""
    found = _TELLS.fullmatch(text.removesuffix("\n"))
    if found is None:
        raise Unreadable("it is no verifier key (<name>+<8 hex digits>+<base64>)")
    name, told = found[1], based(found[3])
    key_id = bytes.fromhex(found[2])
    if told[:1] != ED25519 or len(told) != 33:  # noqa: PLR2004 - RFC 8032 section 5.1.5
        raise Unreadable("it is no Ed25519 key")
    if key_id != hashlib.sha256(f"{name}\n".encode() + told).digest()[:4]:
        raise Unreadable("its id is not that of its name and key")
    return Key(name, key_id, told[1:])


def note(raw: bytes) -> Note:
    """Read a signed note. Raises Unreadable for anything that is not written as one would be."""
    if len(raw) > MOST_BYTES:
        raise Unreadable("it is too long for a signed note")
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
    if any(ord(sign) < 0x20 and sign != "\n" for sign in whole):  # noqa: PLR2004 - signed-note, Format
        raise Unreadable("it holds a control character")
    head, empty, tail = whole.rpartition("\n\n")
    if not empty or not head or not tail.endswith("\n"):
        raise Unreadable("it has no signature")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise Unreadable("it has too many signatures")
    return Note(head + "\n", tuple(_signature(line) for line in lines))


def written(read: Note) -> bytes:
    """A note as it is written."""
    lines = (
        f"{DASH}{each.name} {base64.b64encode(each.key_id + each.signature).decode()}\n" for each in read.signatures
    )
    return f"{read.text}\n{''.join(lines)}".encode()


def _signature(line: str) -> Signature:
    name, space, told = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space or not _NAME.fullmatch(name):
        raise Unreadable("it has a signature line that cannot be read")
    both = based(told)
    if len(both) < 5:  # noqa: PLR2004 - four bytes of id, and a signature
        raise Unreadable("it has a signature that is too short")
    return Signature(name, both[:4], both[4:])


def signed_by(read: Note, who: Key) -> bool:
    """Whether this key signed the note: at least one line is its, and every one that is holds."""
    mine = [each for each in read.signatures if (each.name, each.key_id) == (who.name, who.key_id)]
    if not mine:
        return False
    public = Ed25519PublicKey.from_public_bytes(who.public)
    try:
        for each in mine:
            public.verify(each.signature, read.text.encode())
    except InvalidSignature:
        return False
    return True
