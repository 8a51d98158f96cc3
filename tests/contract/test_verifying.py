"""Whoever changes the log is found, on both databases, and the first bad position is named."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.ledger import WIDTH, Edge, leaves
from service.ledger.published import Line
from service.ledger.verifying import Report, verify
from tests.ledgers import Book, book
from tests.postgres import drop_database, new_database

EVENTS, LATER, STEP = 1_300, 7, 100
POSITIONS = st.integers(1, EVENTS)
FEWER = settings(max_examples=max(12, settings().max_examples // 8))
INSERT = (
    "INSERT INTO events (position, stream, version, name, state) VALUES (:position, :stream, :version, :name, :state)"
)
SAME_TABLE = (
    "CREATE TABLE events_bare (position BIGINT PRIMARY KEY, stream TEXT NOT NULL, version BIGINT NOT NULL,"
    " name TEXT NOT NULL, state {bytes} NOT NULL)"
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """A book of which thirteen checkpoints were published. Its table of events has lost what would be in the way."""
    folder = tmp_path_factory.mktemp("book")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'log.db'}"
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_url")
            url = new_database(server)
            stack.callback(drop_database, server, url)
        made = stack.enter_context(book(folder, url))
        for _ in range(0, EVENTS, STEP):
            made.write(STEP)
            made.kept()
        made.write(LATER)
        made.run(SAME_TABLE.format(bytes="BYTEA" if request.param == "postgres" else "BLOB"))
        made.run("INSERT INTO events_bare SELECT * FROM events", "CREATE TABLE events_before AS SELECT * FROM events")
        made.run("DROP TABLE events", "ALTER TABLE events_bare RENAME TO events")
        made.run("CREATE TABLE tiles_before AS SELECT * FROM ledger_tiles", ledger=True)
        made.log._engine.dispose()  # its plans are for the table that was
        yield made


@pytest.fixture
def made(written: Book) -> Iterator[Book]:
    yield written
    restore(written)


def restore(made: Book) -> None:
    made.run("DELETE FROM events", "INSERT INTO events SELECT * FROM events_before")
    made.run("DELETE FROM ledger_tiles", "INSERT INTO ledger_tiles SELECT * FROM tiles_before", ledger=True)


def found(made: Book) -> Report:
    """What an audit says, and everything put back."""
    report = made.verified()
    restore(made)
    return report


def at(report: Report) -> int | None:
    """The position it names: one, and no other."""
    assert not report.sound
    assert report.first == report.last
    return report.first


def test_a_log_that_nobody_touched_is_sound(made: Book) -> None:
    assert made.verified() == Report(sound=True, size=EVENTS, uncovered=LATER)


@FEWER
@given(position=POSITIONS, column=st.sampled_from(["stream", "version", "name", "state"]))
def test_a_row_that_was_rewritten(written: Book, position: int, column: str) -> None:
    change = {
        "stream": "stream = stream || '0'",
        "version": "version = version + 1",
        "name": "name = 'thing.happened.v2'",
        "state": "state = :bytes",
    }[column]
    value = {"bytes": secrets.token_bytes(20)} if column == "state" else {}
    # Our own words.
    written.run(f"UPDATE events SET {change} WHERE position = :position", position=position, **value)  # noqa: S608
    assert at(found(written)) == position


@FEWER
@given(position=POSITIONS, closed=st.booleans())
def test_a_row_that_was_dropped(written: Book, *, position: int, closed: bool) -> None:
    written.run("DELETE FROM events WHERE position = :position", position=position)
    if closed:  # the later ones moved up, as if there had been none
        moved(written, position, -1)
    report = found(written)
    assert at(report) == position
    assert closed or "missing" in report.finding


@FEWER
@given(position=POSITIONS)
def test_a_row_that_was_put_in(written: Book, position: int) -> None:
    moved(written, position - 1, 1)
    put(written, position)
    assert at(found(written)) == position


@FEWER
@given(positions=st.lists(POSITIONS, min_size=2, max_size=2, unique=True))
def test_rows_in_each_others_place(written: Book, positions: list[int]) -> None:
    swapped(written, *positions)
    assert at(found(written)) == min(positions)


@FEWER
@given(position=POSITIONS, length=st.integers(2, 40))
def test_rows_in_another_order(written: Book, position: int, length: int) -> None:
    last = min(position + length - 1, EVENTS)
    if last == position:
        return
    written.run(
        "UPDATE events SET position = -position WHERE position BETWEEN :first AND :last", first=position, last=last
    )
    written.run(
        "UPDATE events SET position = CASE WHEN position = -:first THEN :last ELSE -position - 1 END"
        " WHERE position < 0",
        first=position,
        last=last,
    )
    assert at(found(written)) == position


def test_rows_where_none_belong(made: Book) -> None:
    for position in (0, -5):
        put(made, position)
        assert at(found(made)) == position
    made.run("DELETE FROM events WHERE position > :last", last=EVENTS - 3)
    report = found(made)
    assert (at(report), report.finding) == (EVENTS - 2, "the log ends before it: events are missing")


def test_it_says_what_it_looks_like(made: Book) -> None:
    made.run("DELETE FROM events WHERE position = 700")
    moved(made, 700, -1)
    assert found(made).finding == "the event is missing: the next one stands in its place"
    moved(made, 699, 1)
    put(made, 700)
    assert found(made).finding == "an event was put in: the one that belongs here is the next one"
    swapped(made, 700, 701)
    assert found(made).finding == "the event and the next one were put in each other's place"
    swapped(made, 700, 710)
    assert found(made).finding == "the event of position 710 stands here"


def test_a_row_of_values_of_another_kind(made: Book) -> None:
    if made.url.startswith("postgresql"):
        made.run("ALTER TABLE events ALTER COLUMN state TYPE TEXT USING encode(state, 'hex')")
        made.log._engine.dispose()
        try:
            assert at(made.verified()) == 1
        finally:
            made.run("ALTER TABLE events ALTER COLUMN state TYPE BYTEA USING decode(state, 'hex')")
            made.log._engine.dispose()
        return
    made.run("UPDATE events SET state = 'words' WHERE position = 900")
    assert found(made).finding == "the row holds values of another kind"
    # An earlier row that was rewritten is named first.
    made.run(
        "UPDATE events SET state = 'words' WHERE position = 900", "UPDATE events SET version = 99 WHERE position = 899"
    )
    assert at(found(made)) == 899
    made.run("UPDATE events SET stream = CAST(x'ff00fe' AS TEXT) WHERE position = 901")
    report = found(made)
    assert (at(report), report.finding) == (901, "the row cannot be read")


# --- whoever changes the tiles too ------------------------------------------------------------------------------------


def retiled(made: Book, *, highest: int) -> None:
    """Make the tiles anew from the changed log, up to this level."""
    edge = Edge()
    for tile in edge.grow(leaves(made.log.section(gt=0, lte=EVENTS, limit=EVENTS))):
        if tile.level <= highest:
            made.run(
                "UPDATE ledger_tiles SET hashes = :hashes WHERE level = :level AND number = :number",
                ledger=True,
                hashes=tile.hashes,
                level=tile.level,
                number=tile.number,
            )


@FEWER
@given(position=st.integers(1, EVENTS // WIDTH * WIDTH))
def test_a_row_and_the_tile_of_its_leaf(written: Book, position: int) -> None:
    written.run("UPDATE events SET version = version + 1 WHERE position = :position", position=position)
    retiled(written, highest=0)
    within(found(written), position)


@FEWER
@given(position=POSITIONS)
def test_a_row_and_every_tile(written: Book, position: int) -> None:
    written.run("UPDATE events SET version = version + 1 WHERE position = :position", position=position)
    retiled(written, highest=9)
    within(found(written), position)


def within(report: Report, position: int) -> None:
    """It is named as far as the checkpoints that were published are apart."""
    assert not report.sound
    assert report.first is not None
    assert report.last is not None
    assert report.first <= position <= report.last
    assert report.last - report.first < STEP


@pytest.mark.parametrize("level, number", [(0, 1), (0, EVENTS // WIDTH), (1, 0)])
def test_tiles_alone_are_told_from_the_log(made: Book, level: int, number: int) -> None:
    hashes = made.store.tile(level, number)
    assert hashes is not None
    for wrong in (hashes[:-1] + bytes([hashes[-1] ^ 1]), hashes[:-32], None):
        statement = "UPDATE ledger_tiles SET hashes = :hashes" if wrong is not None else "DELETE FROM ledger_tiles"
        values = {} if wrong is None else {"hashes": wrong}
        made.run(
            f"{statement} WHERE level = :level AND number = :number", ledger=True, level=level, number=number, **values
        )
        report = found(made)
        assert not report.sound
        assert report.finding == "the tiles are not those that were signed, and the log is: `watchword ledger rebuild`"


def test_a_log_and_a_ledger_made_anew_contradict_the_checkpoint_kept_elsewhere(made: Book) -> None:
    line = made.published.newest()
    assert line is not None
    made.run("UPDATE events SET version = version + 1 WHERE position = 450")
    retiled(made, highest=9)
    edge = Edge()
    edge.grow(leaves(made.log.section(gt=0, lte=EVENTS, limit=EVENTS)))
    forged = made.signer.sign(edge.size, edge.root())  # by whoever has the key as well
    assert verify(made.log, made.store, [forged], lambda: ()).sound
    report = verify(made.log, made.store, [forged, line.checkpoint], lambda: [Line(forged, b"")])
    assert not report.sound


def moved(made: Book, after: int, by: int) -> None:
    """Move every row after this position."""
    made.run("UPDATE events SET position = -position WHERE position > :after", after=after)
    made.run("UPDATE events SET position = -position + :by WHERE position < 0", by=by)


def put(made: Book, position: int) -> None:
    row = {"stream": "account:9", "version": 1, "name": "thing.happened.v1", "state": b"{}"}
    made.run(INSERT, position=position, **row)


def swapped(made: Book, one: int, other: int) -> None:
    made.run("UPDATE events SET position = -1 WHERE position = :one", one=one)
    made.run("UPDATE events SET position = :one WHERE position = :other", one=one, other=other)
    made.run("UPDATE events SET position = :other WHERE position = -1", other=other)
