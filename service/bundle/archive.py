"""The archive: a bag as one file, a ZIP that anything opens, in which no byte is free to be another.

Nothing is compressed, no time and no attribute is kept, no comment and no extra field: from the names and contents of
its files, in their order, follows every byte (APPNOTE 6.3.10 sections 4.3 and 4.4). So it is read by writing it again:
whatever differs is a fault, a bomb and a link cannot be said in it, and a changed byte is found wherever it is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec

from service.bundle.bag import MOST_NAME
from service.bundle.fault import Fault

WHOLE = "the archive"
CHUNK = 1 << 20
MOST_FILES = 4_000_000
MOST_SIZE = 0xFFFF_FFFE  # of one file: more would need what is not needed

_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_FULL16, _FULL32 = 0xFFFF, 0xFFFF_FFFF
_DATE = (1 << 5) | 1  # 1 January 1980, as early as the format knows
_MADE_BY_UNIX, _PLAIN, _PLAIN64 = 3 << 8 | 20, 20, 45
_REGULAR = 0o100644 << 16


class Member(msgspec.Struct, frozen=True, gc=False):
    """A file in an archive: where its content begins, its size and its CRC-32."""

    at: int
    size: int
    crc: int


def _local(name: bytes, size: int, crc: int) -> bytes:
    return _LOCAL.pack(b"PK\x03\x04", _PLAIN, 0, 0, 0, _DATE, crc, size, size, len(name), 0) + name


def _entry(name: bytes, member: Member) -> bytes:
    began = member.at - _LOCAL.size - len(name)
    extra = b"" if began < _FULL32 else struct.pack("<2HQ", 1, 8, began)
    needs = _PLAIN64 if extra else _PLAIN
    head = _ENTRY.pack(
        b"PK\x01\x02", _MADE_BY_UNIX, needs, 0, 0, 0, _DATE, member.crc, member.size, member.size,
        len(name), len(extra), 0, 0, 0, _REGULAR, min(began, _FULL32),
    )  # fmt: skip
    return head + name + extra


def _directory(members: dict[bytes, Member], began: int) -> Iterator[bytes]:
    """The central directory and what ends the archive, piece by piece."""
    size = 0
    for name, member in members.items():
        entry = _entry(name, member)
        size += len(entry)
        yield entry
    count = len(members)
    if count >= _FULL16 or began >= _FULL32 or size >= _FULL32:
        at = began + size
        yield _END64.pack(
            b"PK\x06\x06", _END64.size - 12, _MADE_BY_UNIX, _PLAIN64, 0, 0, count, count, size, began
        ) + _LOCATOR.pack(b"PK\x06\x07", 0, at, 1)
    few = min(count, _FULL16)
    yield _END.pack(b"PK\x05\x06", 0, 0, few, few, min(size, _FULL32), min(began, _FULL32), 0)


def write(out: BinaryIO, files: Iterable[tuple[str, bytes]]) -> None:
    """Write an archive of these files, in this order. Raises ValueError for a file that is too large."""
    members: dict[bytes, Member] = {}
    at = 0
    for path, content in files:
        if len(content) > MOST_SIZE:
            raise ValueError("a file of a bundle is too large for its archive")
        name = path.encode("ascii")
        head = _local(name, len(content), zlib.crc32(content))
        out.write(head)
        out.write(content)
        members[name] = Member(at + len(head), len(content), zlib.crc32(content))
        at += len(head) + len(content)
    out.writelines(_directory(members, at))


def read(source: BinaryIO) -> dict[str, Member]:
    """The files of an archive by name, in their order. Raises Fault at the first byte that is not as written here."""
    members: dict[bytes, Member] = {}
    at, last = 0, WHOLE
    while (head := source.read(_LOCAL.size))[:4] == b"PK\x03\x04":
        if len(head) < _LOCAL.size or len(members) >= MOST_FILES:
            raise Fault(last, "the archive breaks off after it, or holds too many files")
        _, _, _, _, _, _, crc, size, _, length, _ = _LOCAL.unpack(head)
        name = source.read(length) if length <= MOST_NAME + 100 else b""
        if not name.isascii() or not name.decode("ascii").isprintable() or len(name) != length or name in members:
            raise Fault(WHOLE, f"the name of the file at byte {at:,} cannot be read, or is there twice")
        last = name.decode()
        if head + name != _local(name, size, crc):
            raise Fault(last, f"its header in the archive, at byte {at:,}, is not as it was written")
        found = _crc(source, size)
        if found != crc:
            began = at + len(head) + length
            raise Fault(last, f"its content, from byte {began:,} of the archive, was changed or is cut")
        members[name] = Member(at + len(head) + length, size, crc)
        at += len(head) + length + size
    if members and head[:3] != b"PK\x01":
        raise Fault(_named(head, source) or last, f"what begins at byte {at:,} of the archive is not as it was written")
    source.seek(at)
    began, names = at, [*members, b""]
    for number, expected in enumerate(_directory(members, began)):
        if source.read(len(expected)) != expected:
            about = names[number].decode() if number < len(members) else WHOLE
            raise Fault(
                about or WHOLE,
                f"the archive's directory, from byte {at:,}, is not as it was written"
                if members
                else "it is no archive of a bundle; unpack it first if another program made it, and give the folder",
            )
        at += len(expected)
    if source.read(1):
        raise Fault(WHOLE, f"something was added to it after byte {at:,}")
    return {name.decode(): member for name, member in members.items()}


def _named(head: bytes, source: BinaryIO) -> str:
    """The name in a damaged header, as far as it can be made out."""
    if len(head) < _LOCAL.size:
        return ""
    name = source.read(min(_LOCAL.unpack(head)[-2], MOST_NAME + 100))
    return name.decode("ascii") if name.isascii() and name.decode("ascii").isprintable() else ""


def _crc(source: BinaryIO, size: int) -> int | None:
    """The CRC-32 of what comes next, None where there is less of it."""
    crc, left = 0, size
    while left:
        some = source.read(min(left, CHUNK))
        if not some:
            return None
        crc = zlib.crc32(some, crc)
        left -= len(some)
    return crc
