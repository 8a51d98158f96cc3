"""The tree: as RFC 6962 writes it down, and as somebody verifies it who did not write ours (tlog-scales)."""

from __future__ import annotations

import random
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.tlog import ConsistencyProof, ConsistencyProofInvalid, InclusionProof, InclusionProofInvalid

from projections import merkle
from projections.ledger import Edge, expand, node

PROOFS = 10_000
LEAVES = [sha256(b"\x00" + str(n).encode()).digest() for n in range(70_000)]
SIZES = st.integers(1, 1_100)


def by_the_book(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + by_the_book(leaves[:k]) + by_the_book(leaves[k:])).digest()


class Grown:
    """A tree that grew by steps of many sizes: its tiles, and its root at every size it had."""

    def __init__(self) -> None:
        chance, at, edge = random.Random(6962), 0, Edge()
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.roots = {0: edge.root()}
        while at < len(LEAVES):
            step = chance.choice([1, 1, 2, 3, 100, 255, 256, 257, 1_000])
            for tile in edge.grow(b"".join(LEAVES[at : at + step])):
                self.tiles[tile.level, tile.number] = tile.hashes
            at = edge.size
            self.roots[at] = edge.root()
        self.sizes = sorted(self.roots)
        self.rows = cache(lambda level, number: expand(self.tiles[level, number]))

    def node(self, level: int, index: int) -> bytes:
        return node(level, index, self.rows)


@pytest.fixture(scope="module")
def tree() -> Grown:
    return Grown()


def bent(chance: random.Random, hashes: list[bytes]) -> list[bytes]:
    """A proof that is none any more: a bit turned, a hash left out, put in, or two in each other's place."""
    made = list(hashes)
    how = chance.choice(["bit", "out", "in", "swap"]) if made else "in"
    at = chance.randrange(len(made)) if made else 0
    if how == "bit":
        flipped = bytearray(made[at])
        flipped[chance.randrange(32)] ^= 1 << chance.randrange(8)
        made[at] = bytes(flipped)
    elif how == "out":
        del made[at]
    elif how == "swap" and len(made) > 1:
        other = (at + 1) % len(made)
        made[at], made[other] = made[other], made[at]
    else:
        made.insert(at, chance.randbytes(32))
    return made


@given(st.integers(0, 600))
def test_the_root_is_that_of_the_book(size: int) -> None:
    edge = Edge()
    edge.grow(b"".join(LEAVES[:size]))
    assert edge.root() == by_the_book(LEAVES[:size])
    assert edge.whole() == (size // 256 * 256, by_the_book(LEAVES[: size // 256 * 256]))


@given(st.lists(st.integers(0, 300), max_size=6))
def test_it_does_not_matter_in_what_steps_a_tree_grows(steps: list[int]) -> None:
    edge, at = Edge(), 0
    for step in steps:
        edge = edge.copy()
        edge.grow(b"".join(LEAVES[at : at + step]))
        at += step
        assert edge.root() == by_the_book(LEAVES[:at])


def test_a_large_tree_is_that_of_the_book(tree: Grown) -> None:
    for size in (65_536, tree.sizes[-1], *tree.sizes[100:103]):
        if size in tree.roots:
            assert tree.roots[size] == by_the_book(LEAVES[:size])


def test_somebody_else_accepts_ten_thousand_proofs_and_rejects_as_many_corrupted_ones(tree: Grown) -> None:
    chance, rejected = random.Random(1), 0
    for _ in range(PROOFS // 2):
        size = chance.choice(tree.sizes[1:])
        index, root = chance.randrange(size), tree.roots[size]
        path = merkle.inclusion(index, size, tree.node)
        InclusionProof(index, size, path).check(LEAVES[index], root)
        assert merkle.included_root(LEAVES[index], index, size, path) == root
        wrong = bent(chance, path)
        with pytest.raises(InclusionProofInvalid):
            InclusionProof(index, size, wrong).check(LEAVES[index], root)
        rejected += not ours_includes(LEAVES[index], index, size, wrong, root)
    for _ in range(PROOFS // 2):
        old, new = sorted(chance.sample(tree.sizes[1:], 2))
        path = merkle.consistency(old, new, tree.node)
        ConsistencyProof(old, new, path).check(tree.roots[old], tree.roots[new])
        merkle.consistent(old, tree.roots[old], new, tree.roots[new], path)
        wrong = bent(chance, path)
        with pytest.raises(ConsistencyProofInvalid):
            ConsistencyProof(old, new, wrong).check(tree.roots[old], tree.roots[new])
        with pytest.raises(merkle.NotConsistent):
            merkle.consistent(old, tree.roots[old], new, tree.roots[new], wrong)
        rejected += 1
    assert rejected == PROOFS


def ours_includes(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    try:
        return merkle.included_root(leaf, index, size, path) == root
    except merkle.NotConsistent:
        return False


@given(SIZES, st.data())
def test_a_proof_proves_no_other_leaf_and_no_other_place(size: int, data: st.DataObject) -> None:
    tree = nodes_of(size)
    index, other = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    path = merkle.inclusion(index, size, tree)
    root = by_the_book(LEAVES[:size])
    assert ours_includes(LEAVES[index], index, size, path, root)
    if other != index:
        assert not ours_includes(LEAVES[other], index, size, path, root)
        assert not ours_includes(LEAVES[index], other, size, path, root)


def nodes_of(size: int) -> merkle.Node:
    tiles: dict[tuple[int, int], list[list[bytes]]] = {}
    for tile in Edge().grow(b"".join(LEAVES[:size])):
        tiles[tile.level, tile.number] = expand(tile.hashes)
    return lambda level, index: node(level, index, lambda at, number: tiles[at, number])


@given(SIZES, SIZES)
def test_no_tree_is_the_beginning_of_one_with_another_root(one: int, other: int) -> None:
    old, new = sorted((one, other))
    path = merkle.consistency(old, new, nodes_of(new))
    first, second = by_the_book(LEAVES[:old]), by_the_book(LEAVES[:new])
    merkle.consistent(old, first, new, second, path)
    for wrong in ((second, first) if first != second else (first, merkle.EMPTY), (merkle.EMPTY, second)):
        with pytest.raises(merkle.NotConsistent):
            merkle.consistent(old, wrong[0], new, wrong[1], path)


def test_what_cannot_be_proved_is_not() -> None:
    with pytest.raises(ValueError, match="no leaf 5"):
        merkle.inclusion(5, 5, nodes_of(5))
    with pytest.raises(ValueError, match="not the beginning"):
        merkle.consistency(6, 5, nodes_of(5))
    with pytest.raises(merkle.NotConsistent):
        merkle.included_root(LEAVES[0], 5, 5, [])
    assert merkle.consistency(0, 5, nodes_of(5)) == []
    merkle.consistent(0, merkle.EMPTY, 5, by_the_book(LEAVES[:5]), [])
