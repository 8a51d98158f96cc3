"""A bag as BagIt 1.0 has it (RFC 8493), and the seal over it: which bytes stand in its tag files.

    data/...                    what is carried
    manifest-<alg>.txt          the digest of every file under data/
    timestamp.tsr               an authority's word on when manifest-sha256.txt was there, if one was asked
    bagit.txt, bag-info.txt
    tagmanifest-<alg>.txt       the digest of every file above that is not under data/
    tagmanifest.note            the digests of those two, signed: what everything hangs on

All is text of one spelling: sorted, two spaces between digest and path, newlines alone. Whatever a byte is changed to,
one of these no longer says what it says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

ALGORITHMS = ("sha256", "sha512")
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
INFO, DECLARATION, TIMESTAMP, SEAL = "bag-info.txt", "bagit.txt", "timestamp.tsr", "tagmanifest.note"
MANIFESTS = tuple(f"manifest-{each}.txt" for each in ALGORITHMS)
TAG_MANIFESTS = tuple(f"tagmanifest-{each}.txt" for each in ALGORITHMS)
PAYLOAD = "data/"
HEAD = "watchword evidence bundle v1"
MOST_NAME = 200

# What a path in a bag of ours may be: no other file system can take it for something else.
_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*")
_LINE = re.compile(r"([0-9a-f]{64}|[0-9a-f]{128})  (\S+)")
_WIDE = 78


class Sums(msgspec.Struct, frozen=True, gc=False):
    """What is known of a file: its digests in hex, by the order of `ALGORITHMS`, and its size in bytes."""

    digests: tuple[str, str]
    size: int


def summed(content: bytes) -> Sums:
    """The sums of a file."""
    return Sums((hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest()), len(content))


def safe(path: str) -> bool:
    """Whether a path is one that a bag of ours may hold: relative, ASCII, without a dot in front of any name."""
    return len(path) <= MOST_NAME and _PATH.fullmatch(path) is not None


def manifest(sums: Mapping[str, Sums], algorithm: int) -> bytes:
    """A manifest, or tag manifest, of these files by one of `ALGORITHMS`."""
    return "".join(f"{sums[path].digests[algorithm]}  {path}\n" for path in sorted(sums)).encode()


def listed(raw: bytes, algorithm: int) -> dict[str, str] | None:
    """The digests of a manifest by path; None where it is not written as `manifest` writes it."""
    wide = (64, 128)[algorithm]
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError:
        return None
    if text and not text.endswith("\n"):
        return None
    found: dict[str, str] = {}
    before = ""
    for line in text.split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        if match is None or len(match[1]) != wide or not safe(match[2]) or match[2] <= before:
            return None
        before = match[2]
        found[before] = match[1]
    return found


def info(fields: Iterable[tuple[str, str]], payload: Mapping[str, Sums], at: datetime) -> bytes:
    """`bag-info.txt` (RFC 8493 section 2.2.2): these fields, then what follows from the payload and the day."""
    total = sum(each.size for each in payload.values())
    rows = [*fields, ("Bagging-Date", at.date().isoformat()), ("Payload-Oxum", f"{total}.{len(payload)}")]
    return "".join(_folded(f"{label}: {' '.join(value.split())}") for label, value in rows).encode()


def _folded(line: str) -> str:
    """A line of `bag-info.txt`, folded where it is long: what goes on begins with two spaces."""
    words, out = line.split(" "), ""
    row = words[0]
    for word in words[1:]:
        if len(row) + 1 + len(word) > _WIDE:
            out, row = f"{out}{row}\n", f"  {word}"
        else:
            row = f"{row} {word}"
    return f"{out}{row}\n"


def oxum(raw: bytes) -> tuple[int, int] | None:
    """Bytes and files of the payload, as `bag-info.txt` says; None where it does not say so exactly once."""
    found = re.findall(rb"(?m)^Payload-Oxum: ([0-9]{1,18})\.([0-9]{1,9})$", raw)
    return (int(found[0][0]), int(found[0][1])) if len(found) == 1 else None


def seal_text(name: str, tag_manifests: Iterable[bytes]) -> str:
    """What is signed: the bag's name, and the digest of each tag manifest by its own algorithm.

    The first line is none that a checkpoint of a ledger could begin with, whose first line is the ledger's origin: so
    the ledger's key may sign both, and neither can be shown as the other.
    """
    rows = [
        f"{hashlib.new(algorithm, content).hexdigest()}  {path}\n"
        for algorithm, path, content in zip(ALGORITHMS, TAG_MANIFESTS, tag_manifests, strict=True)
    ]
    return f"{HEAD}\n{name}\n{''.join(rows)}"


def tag_files(
    payload: Mapping[str, Sums], fields: Iterable[tuple[str, str]], at: datetime, timestamp: bytes | None
) -> dict[str, bytes]:
    """Every file of a bag beside its payload and its seal, by path. `timestamp`: over the first of `MANIFESTS`."""
    made = {DECLARATION: BAGIT, INFO: info(fields, payload, at)}
    made |= {path: manifest(payload, number) for number, path in enumerate(MANIFESTS)}
    if timestamp is not None:
        made[TIMESTAMP] = timestamp
    sums = {path: summed(content) for path, content in made.items()}
    return made | {path: manifest(sums, number) for number, path in enumerate(TAG_MANIFESTS)}
