"""The log as leaves and tiles: an event has one encoding, and tiles are those that another's writer writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.reader import Tile as TheirTile
from tlog_scales.tiles import tile_path as their_path
from tlog_scales.writer import TilesWriter

from projections import ledger, merkle
from projections.ledger import Edge, bundle, entry, leaf, leaves, read_path, tile_path

TEXT = st.text(max_size=20)
ROWS = st.tuples(TEXT, st.integers(0, 2**63 - 1), TEXT, st.binary(max_size=40))


@given(ROWS, ROWS)
def test_two_events_are_two_entries(one: tuple[str, int, str, bytes], other: tuple[str, int, str, bytes]) -> None:
    assert (entry(*one) == entry(*other)) == (one == other)
    assert leaf(*one) == merkle.leaf(entry(*one))


def test_a_state_that_is_too_long_goes_in_by_its_digest() -> None:
    longest = b"x" * (ledger.MOST - len(entry("s", 1, "n", b"")))
    assert len(entry("s", 1, "n", longest)) == ledger.MOST
    for stream, tag in (("s", 2), ("s" * 70_000, 3)):
        made = [entry(stream, 1, "n", longest + more) for more in (b"y", b"z")]
        assert made[0] != made[1]
        assert {(each[0], len(each) <= ledger.MOST) for each in made} == {(tag, True)}


@given(st.lists(ROWS, max_size=5))
def test_many_leaves_at_once_are_each_leaf(rows: list[tuple[str, int, str, bytes]]) -> None:
    rows += [("s", 1, "n", b"x" * size) for size in (ledger.MOST - 19, ledger.MOST - 18, ledger.MOST)]
    assert leaves((*row, 0) for row in rows) == b"".join(leaf(*row) for row in rows)


@pytest.mark.parametrize("row", [(b"s", 1, "n", b""), ("s", 1, "n", ""), ("s", "1", "n", b""), ("s", None, "n", b"")])
def test_values_of_another_kind_are_no_event(row: tuple[str, int, str, bytes]) -> None:
    with pytest.raises(Exception, match=r".+"):
        leaf(*row)
    with pytest.raises(Exception, match=r".+"):
        leaves([(*row, 1)])


@pytest.mark.parametrize("steps", [[1, 2, 300, 1, 65_500, 500], [256], [255, 1, 1], [70_000]])
def test_tiles_are_those_of_another_writer(steps: list[int], tmp_path: Path) -> None:
    writer, edge, at = TilesWriter.create(tmp_path / "theirs", "example.test/log"), Edge(), 0
    ours: dict[str, bytes] = {}
    for step in steps:
        entries = [str(n).encode() for n in range(at, at + step)]
        at += step
        for tile in edge.grow(b"".join(merkle.leaf(each) for each in entries)):
            width = len(tile.hashes) // 32
            ours[f"tile/{tile.level}/{tile_path(tile.number, width % 256)}"] = tile.hashes
        for each in entries:
            writer.add_leaf(each)
        writer.commit([Signing()], gc=False)  # type: ignore[list-item]  # all that it asks of a signer
        assert edge.root() == writer.reader.calculate_root_hash()
    theirs = {
        str(path.relative_to(tmp_path / "theirs")): path.read_bytes()
        for path in (tmp_path / "theirs" / "tile").rglob("*")
        if path.is_file() and "entries" not in path.parts
    }
    assert ours == theirs


class Signing:
    """A signer as the other writer wants one."""

    def sign(self, _: object) -> object:
        from tlog_scales.signing import NoteSignature  # noqa: PLC0415 - here alone

        return NoteSignature("example.test/log", 1, b"")


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_another_reader_takes_a_bundle_apart(entries: list[bytes]) -> None:
    assert TheirTile.from_entries_bytes(bundle(entries)).entries == entries


@given(st.integers(0, 10**15), st.integers(0, 255))
def test_a_tile_lies_where_others_look_for_it(number: int, width: int) -> None:
    path = tile_path(number, width)
    assert path == "/".join(their_path(0, number, width)[2:])
    assert read_path(path) == (number, width or 256)


@given(st.text("x0123456789./p", max_size=16))
def test_no_other_path_is_a_tiles(path: str) -> None:
    found = read_path(path)
    assert found is None or tile_path(found[0], found[1] % 256) == path


@pytest.mark.parametrize("path", ["5", "x000/005", "000.p/256", "000.p/0", "000.p/01", "001/002", "x001", "000/"])
def test_a_path_has_one_spelling(path: str) -> None:
    assert read_path(path) is None


def test_an_edge_that_is_not_of_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="not of a tree of 5"):
        Edge(5, {0: b"x" * 32})
