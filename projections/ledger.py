"""The ledger: the whole log as the leaves of a Merkle tree, and the tree as tiles (C2SP tlog-tiles).

The leaf of index `n` is the event at position `n + 1`. A tile is 256 hashes one after the other: at level 0 of leaves,
at each level above of the full tiles below. Tiles grow at their end only, so a partial tile is the beginning of what
becomes the full one.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

import msgspec

from projections import merkle

__all__ = [
    "HASH",
    "WIDTH",
    "Edge",
    "Tile",
    "bundle",
    "entry",
    "expand",
    "leaf",
    "leaves",
    "node",
    "read_path",
    "tile_path",
]

HASH = merkle.SIZE
WIDTH = 256  # hashes of a full tile
FULL = WIDTH * HASH
MOST = 0xFFFF  # bytes of an entry: its length is a uint16 in a bundle
WHOLE, DIGEST, DIGEST_OF_ALL = b"\x01", b"\x02", b"\x03"

_HEAD = struct.Struct(">cIQI")
_LEAF, _PLAIN = struct.Struct(">2sIQI"), b"\x00" + WHOLE  # a head behind what a leaf is hashed with (RFC 6962)
_LENGTH = struct.Struct(">H")
_PATH = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


Row = tuple[str, int, str, bytes, int]  # stream, version, name, state, position


class Tile(msgspec.Struct, frozen=True, gc=False):
    """A tile as it is kept: `hashes` are its 1 to 256 hashes, in one."""

    level: int
    number: int
    hashes: bytes


def entry(stream: str, version: int, name: str, state: bytes) -> bytes:
    """The bytes of an event as a leaf: what is stored of it, in an encoding that can be read in one way only.

    A tag byte, then the length of the stream (uint32), the version (uint64) and the length of the name (uint32), big
    endian, then stream, name and state. Tag 1: the state as it is stored. An entry has at most 65,535 bytes
    (tlog-tiles); where that would be more, tag 2: in the state's place its SHA-256; and where stream and name alone are
    too long, tag 3 and the SHA-256 of the whole as tag 1 has it. Raises an error for a row that holds values of other
    types.
    """
    first, second = stream.encode(), name.encode()
    made = _HEAD.pack(WHOLE, len(first), version, len(second)) + first + second + state
    if len(made) <= MOST:
        return made
    short = _HEAD.pack(DIGEST, len(first), version, len(second)) + first + second + sha256(state).digest()
    return short if len(short) <= MOST else DIGEST_OF_ALL + sha256(made).digest()


def leaf(stream: str, version: int, name: str, state: bytes) -> bytes:
    """The hash of an event as a leaf."""
    return merkle.leaf(entry(stream, version, name, state))


def leaves(rows: Iterable[Row]) -> bytes:
    """The hashes of events as leaves, in one: what `leaf` gives for each, in two thirds of the time."""
    pack, made = _LEAF.pack, sha256
    return b"".join(
        [
            made(found).digest()
            if len(
                found := pack(_PLAIN, len(first := stream.encode()), version, len(second := name.encode()))
                + first
                + second
                + state
            )
            <= MOST + 1
            else leaf(stream, version, name, state)
            for stream, version, name, state, _ in rows
        ]
    )


def bundle(entries: Iterable[bytes]) -> bytes:
    """An entry bundle (tlog-tiles): each entry behind its length."""
    return b"".join([_LENGTH.pack(len(each)) + each for each in entries])


def tile_path(number: int, width: int = 0) -> str:
    """Where a tile lies within its level: `x001/x234/067`, and for a partial one `.p/` and its width."""
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03}")
    return "/".join(reversed(parts)) + (f".p/{width}" if width else "")


def read_path(path: str) -> tuple[int, int] | None:
    """Number and width of the tile that lies there; width 256 for a full one. None for what is no tile's path."""
    found = _PATH.fullmatch(path)
    if found is None or len(found[1]) > 27:  # noqa: PLR2004 - a number below 10**18
        return None
    number, width = int(found[1].replace("x", "").replace("/", "")), int(found[2] or WIDTH)
    if tile_path(number) != found[1] or width > WIDTH - (found[2] is not None):
        return None
    return number, width


def expand(hashes: bytes) -> list[list[bytes]]:
    """Every complete subtree of a tile: at [k][i] the one over its hashes `i * 2**k` up to `(i + 1) * 2**k`."""
    rows = [[hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([sha256(b"\x01" + below[n] + below[n + 1]).digest() for n in range(0, len(below) - 1, 2)])
    return rows


def top(hashes: bytes) -> bytes:
    """The hash of a full tile: what stands for it in the level above."""
    made = sha256
    while len(hashes) > HASH:
        pairs = range(0, len(hashes), 2 * HASH)
        hashes = b"".join([made(b"\x01" + hashes[at : at + 2 * HASH]).digest() for at in pairs])
    return hashes


def node(level: int, index: int, tile: Callable[[int, int], list[list[bytes]]]) -> bytes:
    """The complete subtree (level, index) of the tree; `tile(level, number)` gives a tile as `expand` has it."""
    height, within = divmod(level, 8)
    # The root of a full tile is the last of its rows, and also the first row of the tile above, which may not be there.
    number, at = divmod(index, WIDTH >> within)
    return tile(height, number)[within][at]


class Edge:
    """The right edge of the tree, all that it takes to grow: at each level the hashes of the tile that is not full."""

    def __init__(self, size: int = 0, partial: Mapping[int, bytes] | None = None) -> None:
        """A tree of this size; `partial`: its partial tiles by level. Raises ValueError where they are of another."""
        self.size = size
        self._partial: list[bytearray] = []
        level = 0
        while size >> 8 * level:
            hashes = bytearray((partial or {}).get(level, b""))
            if len(hashes) != (size >> 8 * level) % WIDTH * HASH:
                raise ValueError(f"the partial tile of level {level} is not of a tree of {size}")
            self._partial.append(hashes)
            level += 1

    def copy(self) -> Edge:
        """Another that grows by itself."""
        return Edge(self.size, {level: bytes(each) for level, each in enumerate(self._partial)})

    def grow(self, hashes: bytes) -> list[Tile]:
        """Append leaves, their hashes in one, and return the tiles that are new or longer."""
        grown: list[Tile] = []
        size, self.size = self.size, self.size + len(hashes) // HASH
        level, fresh = 0, hashes
        while fresh:
            if level == len(self._partial):
                self._partial.append(bytearray())
            waiting = bytes(self._partial[level]) + fresh
            number = size >> 8 * (level + 1)
            above = []
            whole = len(waiting) - len(waiting) % FULL
            for at in range(0, whole, FULL):
                grown.append(Tile(level, number + at // FULL, waiting[at : at + FULL]))
                above.append(top(grown[-1].hashes))
            self._partial[level] = bytearray(waiting[whole:])
            if len(waiting) > whole:
                grown.append(Tile(level, number + whole // FULL, waiting[whole:]))
            level, fresh = level + 1, b"".join(above)
        return grown

    def root(self) -> bytes:
        """The root of the tree."""
        found: list[bytes] = []
        for hashes in reversed(self._partial):
            rows = expand(bytes(hashes)) if hashes else []
            found += [rows[level][index] for level, index in merkle.peaks(0, len(hashes) // HASH)]
        return merkle.root(found)

    def whole(self) -> tuple[int, bytes]:
        """The size and the root of the tree as far as the tiles of level 0 are full."""
        rest = self.copy()
        if rest._partial:  # noqa: SLF001 - its own kind
            rest._partial[0] = bytearray()  # noqa: SLF001 - likewise
        return self.size - self.size % WIDTH, rest.root()
