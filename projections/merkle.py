"""Merkle trees as RFC 6962, section 2.1, has them (SHA-256): hashes, roots, and proofs of inclusion and consistency.

A tree over leaves `0 .. size-1`. What makes a proof asks for hashes of complete subtrees only: `node(level, index)` is
the hash over the leaves `index * 2**level` up to `(index + 1) * 2**level`. What checks a proof is the algorithm of RFC
9162, sections 2.1.3.2 and 2.1.4.2, and knows nothing of how it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

__all__ = [
    "EMPTY",
    "NotConsistent",
    "consistency",
    "consistent",
    "included_root",
    "inclusion",
    "leaf",
    "pair",
    "peaks",
    "root",
]

SIZE = 32  # bytes of a hash
EMPTY = sha256(b"").digest()  # the root of a tree without leaves

Node = Callable[[int, int], bytes]


class NotConsistent(ValueError):
    """A proof does not prove what it should."""


def leaf(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + entry).digest()


def pair(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return sha256(b"\x01" + left + right).digest()


def peaks(begin: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees (level, index) that the subtree over the leaves `begin .. end-1` is made of, left to right.

    `begin` must be where a subtree of the tree begins: a multiple of the smallest power of two that spans the leaves.
    """
    found = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        found.append((level, begin >> level))
        begin += 1 << level
    return found


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of complete subtrees, each at least as high as the next, left to right."""
    if not hashes:
        return EMPTY
    found = hashes[-1]
    for each in reversed(hashes[:-1]):
        found = pair(each, found)
    return found


def _subtree(begin: int, end: int, node: Node) -> bytes:
    return root([node(level, index) for level, index in peaks(begin, end)])


def _split(size: int) -> int:
    """The largest power of two smaller than this."""
    return 1 << (size - 1).bit_length() - 1


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The proof that the leaf of this index is in the tree of this size (RFC 6962, 2.1.1): the sibling first.

    Raises ValueError for a leaf that is not in it.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    begin, end = 0, size
    found = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            found.append(_subtree(middle, end, node))
            end = middle
        else:
            found.append(_subtree(begin, middle, node))
            begin = middle
    return found[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of size `old` is the beginning of that of size `new` (RFC 6962, 2.1.2).

    Empty where there is nothing to prove: nothing came before, or the two are one. Raises ValueError where `old` is
    larger.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} is not the beginning of one of {new}")
    if old in (0, new):
        return []
    begin, end, whole = 0, new, True
    found = []
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            found.append(_subtree(middle, end, node))
            end = middle
        else:
            found.append(_subtree(begin, middle, node))
            begin, whole = middle, False
    if not whole:
        found.append(_subtree(begin, end, node))
    return found[::-1]


def included_root(hashed: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a proof of inclusion leads to (RFC 9162, 2.1.3.2). Raises NotConsistent where it leads nowhere."""
    if not 0 <= index < size:
        raise NotConsistent(f"there is no leaf {index} in a tree of {size}")
    at, last, found = index, size - 1, hashed
    for each in path:
        if last == 0:
            raise NotConsistent("the proof is too long")
        if at & 1 or at == last:
            found = pair(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = pair(found, each)
        at, last = at >> 1, last >> 1
    if last:
        raise NotConsistent("the proof is too short")
    return found


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check a proof of consistency (RFC 9162, 2.1.4.2). Raises NotConsistent."""
    if old in (0, new):
        if path or old_root != (new_root if old == new else EMPTY):
            raise NotConsistent("the two roots are not of one tree")
        return
    if not 0 < old < new or not path:
        raise NotConsistent("the proof is empty, or the older tree is the larger")
    hashes = [*([old_root] if old & (old - 1) == 0 else []), *path]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            raise NotConsistent("the proof is too long")
        if at & 1 or at == last:
            first, second = pair(each, first), pair(each, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = pair(second, each)
        at, last = at >> 1, last >> 1
    if last or first != old_root or second != new_root:
        raise NotConsistent("the proof does not lead from the one root to the other")
