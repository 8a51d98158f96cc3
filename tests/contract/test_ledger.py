"""The ledger on both databases: it skips nothing, publishes in the right order, and stops where the log is another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as Theirs
from tlog_scales.tlog import ConsistencyProof, InclusionProof

from projections.ledger import Edge, leaf, leaves
from service.ledger import BadNote, Contradicted, Damaged, Ledger, ledger
from service.ledger.errors import LedgerError, PublishedUnavailable, PublishedUnreadable
from service.ledger.note import Checkpoint, read, signed_by
from service.ledger.published import Published
from service.ledger.store import CURRENT, PUBLIC
from service.ledger.witness import Witnesses
from service.log import LogUnavailable
from tests.ledgers import Book, book


@pytest.fixture
def made(url: str, tmp_path: Path) -> Iterator[Book]:
    """A book of 600 events, kept."""
    with book(tmp_path, url) as found:
        found.write(600)
        found.kept()
        yield found


def current(made: Book) -> Checkpoint:
    found = made.keeper.current
    assert found is not None
    return found


def refuses(made: Book, words: str, kind: type[LedgerError] = Contradicted) -> None:
    """A start now is refused, saying so."""
    with pytest.raises(kind, match=words):
        made.another().compare()


def test_every_event_is_a_leaf_and_the_checkpoint_verifies_by_others_tools(made: Book) -> None:
    found, rows = current(made), made.rows()
    assert (found.size, found.origin) == (600, "watchword.test/log")
    edge = Edge()
    edge.grow(leaves(rows))
    assert found.root == edge.root()
    theirs = Theirs.from_text(found.text)
    theirs.verify(Vkey.from_string(made.signer.verifier.text))
    assert theirs.serialize() == found.text
    for row in rows[::37]:
        path = made.keeper.tree.inclusion(row[4] - 1, 600)
        InclusionProof(row[4] - 1, 600, path).check(leaf(*row[:4]), theirs.root_hash)


def test_it_grows_from_where_it_was_and_proves_that_it_only_grew(made: Book) -> None:
    before = current(made)
    made.keeper = made.another()  # after a restart
    made.write(5_000)
    made.keeper.compare()
    made.kept()
    path = made.keeper.tree.consistency(600, 5_600)
    ConsistencyProof(600, 5_600, path).check(before.root, current(made).root)
    assert made.verified().sound


def test_what_is_published_lies_in_the_file_first(made: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    before = current(made)
    made.write(10)
    with monkeypatch.context() as patched:
        patched.setattr(made.published, "append", _full)
        with pytest.raises(PublishedUnavailable):
            made.keeper.step()
    kept = made.store.newest(CURRENT)
    assert kept is not None
    assert (kept.checkpoint.size, current(made)) == (600, before)
    made.kept()
    line = made.published.newest()
    assert line is not None
    assert line.checkpoint == current(made)
    assert current(made).size == 610


def _full(_: object) -> None:
    raise PublishedUnavailable("the disk is full")


def test_what_a_crash_left_of_a_line_is_passed_over(made: Book) -> None:
    with made.published.path.open("ab") as file:
        file.write(b'{"leaf":"abc","note":"watchword.te')
    made.keeper = made.another(Published(made.published.path))
    made.keeper.compare()
    made.write(1)
    made.kept()
    line = made.published.newest()
    assert line is not None
    assert line.checkpoint.size == 601
    assert 601 in [each.checkpoint.size for each in made.published.lines()]


def test_a_line_that_was_changed_stops_the_start(made: Book) -> None:
    text = made.published.path.read_text()
    made.published.path.write_text(text.replace("\\n600\\n", "\\n700\\n"))
    refuses(made, "signature", BadNote)
    made.published.path.write_text(text.replace('"note"', '"nota"'))
    refuses(made, "no published checkpoint", PublishedUnreadable)


# --- a log that is another --------------------------------------------------------------------------------------------


def test_a_restored_backup_that_ends_too_early_is_refused(made: Book) -> None:
    made.run("DELETE FROM events WHERE position > 550")
    refuses(made, "ends at position 550, and a checkpoint of 600 events was published")


def test_a_restored_backup_that_went_on_is_refused(made: Book) -> None:
    made.run("DELETE FROM events WHERE position > 550")
    made.log.close()
    with book(made.published.path.parent, made.url) as again:
        again.write(0)
        again._versions = {f"account:{n}": 10_000 for n in range(5)}
        again.write(100)
        refuses(again, "position 600 holds another event")


def test_a_backup_of_the_ledger_restored_with_it_helps_nothing(made: Book) -> None:
    made.run("DELETE FROM events WHERE position > 300")
    made.run("DELETE FROM ledger_tiles", "DELETE FROM ledger_checkpoints", ledger=True)
    refuses(made, "ends at position 300")


def test_a_row_that_was_changed_is_refused_where_the_tiles_are_made_again(made: Book) -> None:
    made.run("UPDATE events SET version = version + 1000 WHERE position = 77")
    made.run("DELETE FROM ledger_tiles", ledger=True)
    refuses(made, "another root")


def test_without_the_file_the_database_is_what_it_is_held_against(made: Book, tmp_path: Path) -> None:
    elsewhere = Published(tmp_path / "another.jsonl")
    made.another(elsewhere).compare()
    made.run("DELETE FROM events WHERE position > 599")
    with pytest.raises(Contradicted):
        made.another(elsewhere).compare()


def test_a_ledger_that_was_lost_is_made_again(made: Book) -> None:
    before = current(made)
    made.run("DELETE FROM ledger_tiles", "DELETE FROM ledger_checkpoints", ledger=True)
    made.keeper = made.another()
    made.keeper.compare()
    made.kept()
    assert current(made) == before
    assert made.verified().sound


def test_damaged_tiles_are_made_again_when_somebody_says_so(made: Book) -> None:
    before = current(made)
    made.run("DELETE FROM ledger_tiles WHERE level = 1", ledger=True)
    made.keeper = made.another()
    with pytest.raises(Damaged, match="rebuild"):
        made.keeper.compare()
    assert made.another().rebuild() == 600
    made.keeper = made.another()
    made.keeper.compare()
    made.kept()
    assert current(made) == before


def test_a_log_that_becomes_another_under_a_running_service_stops_the_ledger(made: Book) -> None:
    made.run("UPDATE events SET state = :state WHERE position = 600", state=b"other")
    with pytest.raises(Contradicted, match="position 600"):
        made.keeper.step()


def test_a_position_that_is_missing_is_never_passed_over(made: Book) -> None:
    made.write(10)
    made.run("DELETE FROM events WHERE position = 605")
    with pytest.raises(Contradicted, match="between 601 and 610"):
        made.keeper.step()
    assert made.store.size() == 600


# --- replicas and the public ------------------------------------------------------------------------------------------


def test_two_replicas_publish_the_same_and_each_into_its_own_file(made: Book, tmp_path: Path) -> None:
    mine, yours = made.keeper, made.another(Published(tmp_path / "yours.jsonl"))
    yours.compare()
    for turn in range(6):
        made.write(7)
        (mine if turn % 2 else yours).step()
    mine.step()
    yours.step()
    assert mine.current == yours.current
    assert current(made).size == 642
    sizes = [line.checkpoint.size for line in Published(tmp_path / "yours.jsonl").lines()]
    assert sizes[-1] == 642


def test_who_waits_for_another_replica_publishes_what_that_one_signed(made: Book, tmp_path: Path) -> None:
    yours = made.another(Published(tmp_path / "yours.jsonl"))
    yours.compare()
    yours._adopt()
    assert (yours.current, yours.public) == (made.keeper.current, made.keeper.public)
    made.run("UPDATE events SET state = :state WHERE position = 600", state=b"other")
    yours.current = None
    with pytest.raises(Contradicted):
        yours._adopt()


def test_the_public_checkpoint_moves_on_its_beat_alone_and_by_whole_tiles(made: Book) -> None:
    def public() -> int:
        made.kept()
        assert made.keeper.public is not None
        return made.keeper.public.size

    assert public() == 512
    made.write(1_000)
    made.now += timedelta(hours=11)
    assert public() == 512
    made.now += timedelta(hours=2)  # midnight has passed
    assert public() == 1_536
    made.now += timedelta(days=1)
    assert public() == 1_536  # nothing new, and the beat has passed all the same
    made.write(500)
    assert public() == 1_536
    made.now += timedelta(days=1)
    assert public() == 2_048
    assert current(made).size == 2_100
    made.keeper = made.another()  # a restart is no beat
    made.keeper.compare()
    made.write(500)
    assert public() == 2_048


def test_another_origin_is_another_log_and_the_old_checkpoints_still_bind_it(made: Book) -> None:
    made.signer.origin = "watchword.test/other"
    made.signer.__dict__.pop("verifier", None)
    made.keeper = made.another()
    made.keeper.compare()
    made.kept()
    assert current(made).origin == "watchword.test/other"
    assert made.keeper.public is not None
    assert made.keeper.public.origin == "watchword.test/other"
    signed_by(current(made), made.signer.verifier)


def test_a_database_that_is_away_is_no_contradiction(made: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise LogUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(made.log, "section", away)
        made.write(3)
        with pytest.raises(LogUnavailable):
            made.keeper.step()
    made.kept()
    assert current(made).size == 603


async def test_a_database_that_returns_as_another_ends_what_waited_for_it(
    made: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> int:
        raise LogUnavailable("away")

    monkeypatch.setattr(ledger, "RETRY_S", 0.02)
    ended = threading.Event()
    waiting = Ledger(made.another(), made.store, made.signer, Witnesses(()), lambda: None)
    waiting.ended = ended.set
    with monkeypatch.context() as patched:
        patched.setattr(made.log, "last_position", away)
        waiting.begin()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await waiting.sound()
        with pytest.raises(LogUnavailable):
            _ = waiting.current
        made.run("DELETE FROM events WHERE position > 400")
    with pytest.raises(Contradicted):
        await waiting.sound()
    assert ended.wait(2)
    for asked in (waiting.check, lambda: waiting.current, lambda: waiting.public):
        with pytest.raises(LogUnavailable):
            asked()
    with pytest.raises(LogUnavailable):
        await waiting.covering(1)
    await waiting.close()


async def test_a_checkpoint_covers_what_was_just_written_within_its_beat(made: Book) -> None:
    running = Ledger(made.keeper, made.store, made.signer, Witnesses(()), lambda: None)
    running.begin()
    await running.sound()
    made.write(5)
    found = await running.covering(605)
    assert found.size == 605
    assert running.prove(605, found).endswith(f"\n\n{found.text}")
    with pytest.raises(ValueError, match="no leaf 605"):
        running.prove(606, found)
    await running.close()


def test_of_current_checkpoints_the_newest_is_kept_and_every_public_one(made: Book) -> None:
    for _ in range(3):
        made.write(300)
        made.now += timedelta(days=1)
        made.kept()
    kept = made.store.newest(PUBLIC)
    assert kept is not None
    assert kept.checkpoint.size == 1_280
    rows = made.store._rows("SELECT kind, size, note FROM ledger_checkpoints ORDER BY kind, size", ())
    assert [(kind, size) for kind, size, _ in rows] == [
        (CURRENT, 1_500),
        *((PUBLIC, size) for size in (512, 768, 1_024, 1_280)),
    ]
    for _, size, note in rows:
        assert read(note).size == size
        signed_by(read(note), made.signer.verifier)
