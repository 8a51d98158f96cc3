"""A proof in a bundle: that an event is in the ledger which a checkpoint signs (C2SP tlog-proof, tlog-checkpoint)."""

from __future__ import annotations

import base64
import re

import msgspec

from projections import merkle
from service.bundle.note import Note, Unreadable, based, note

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 64

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


class Checkpoint(msgspec.Struct, frozen=True):
    """What a checkpoint says: whose ledger, how many events, and the root over them. `read`: the note it stands in."""

    origin: str
    size: int
    root: bytes
    read: Note


class Proof(msgspec.Struct, frozen=True):
    """A proof: the index of the leaf (its position, less one), the hashes on its way up, and the checkpoint's bytes."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


def checkpoint(raw: bytes) -> Checkpoint:
    """Read a checkpoint. Raises Unreadable; whether it is signed is asked of its note."""
    read = note(raw)
    lines = read.text.split("\n")
    if len(lines) != 4 or not lines[0] or not _NUMBER.fullmatch(lines[1]):  # noqa: PLR2004 - three lines, and their end
        raise Unreadable("it is no checkpoint: origin, size and root")
    root = based(lines[2])
    if len(root) != merkle.SIZE:
        raise Unreadable("its root is no SHA-256")
    return Checkpoint(lines[0], int(lines[1]), root, read)


def proof(raw: bytes) -> Proof:
    """Read a proof. Raises Unreadable."""
    head, empty, rest = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("it is no proof") from None
    index = lines[1].removeprefix("index ") if len(lines) > 1 else ""
    if not empty or lines[0] != FIRST_LINE or not lines[1].startswith("index ") or not _NUMBER.fullmatch(index):
        raise Unreadable("it is no proof: first line, index, hashes, checkpoint")
    if len(lines) > MOST_HASHES + 2:
        raise Unreadable("it has more hashes than a ledger can be high")
    path = tuple(based(line) for line in lines[2:])
    if any(len(each) != merkle.SIZE for each in path):
        raise Unreadable("it holds a hash that is no SHA-256")
    return Proof(int(index), path, rest)


def consistency(raw: bytes) -> tuple[bytes, ...]:
    """Read the hashes of a proof of consistency, a line for each. Raises Unreadable."""
    try:
        lines = raw.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("it is no proof") from None
    if lines[-1] or len(lines) > MOST_HASHES * 2:
        raise Unreadable("it is no proof: a hash on each line")
    path = tuple(based(line) for line in lines[:-1])
    if any(len(each) != merkle.SIZE for each in path):
        raise Unreadable("it holds a hash that is no SHA-256")
    return path


def begins(first: Checkpoint, later: Checkpoint, path: tuple[bytes, ...]) -> bool:
    """Whether the ledger of the first checkpoint is the beginning of the later one's."""
    try:
        merkle.consistent(first.size, first.root, later.size, later.root, path)
    except merkle.NotConsistent:
        return False
    return True


def written(index: int, path: tuple[bytes, ...], signed_checkpoint: str) -> str:
    """A proof as it is written."""
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in path)
    return f"{FIRST_LINE}\nindex {index}\n{hashes}\n{signed_checkpoint}"


def proves(claimed: Proof, leaf: bytes, of: Checkpoint) -> bool:
    """Whether this leaf stands at this index of the ledger that the checkpoint is of."""
    try:
        return merkle.included_root(leaf, claimed.index, of.size, claimed.path) == of.root
    except merkle.NotConsistent:
        return False
