"""Third parties cosign the public checkpoint, and say so when the log is not what they saw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as Theirs

from service.ledger import BadNote
from service.ledger.note import Checkpoint, cosigned, read, signed_by, time_of
from service.ledger.witness import Witnesses, read_witnesses
from tests.ledgers import Book, book
from tests.witnessing import TestWitness


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Book]:
    with book(tmp_path, f"sqlite:///{tmp_path / 'log.db'}") as found:
        found.write(600)
        found.kept()
        yield found


@pytest.fixture
def witness(made: Book) -> Iterator[TestWitness]:
    with TestWitness(made.signer.verifier.text) as running:
        yield running


def witnesses(witness: TestWitness) -> Witnesses:
    return Witnesses(read_witnesses(f"{witness.key} {witness.url}/"))


def public(made: Book) -> Checkpoint:
    found = made.keeper.public
    assert found is not None
    return found


def asked(made: Book, asking: Witnesses) -> str:
    """Ask, keep what they signed, and return how it stands."""
    lines = asking.ask(public(made), made.keeper.tree)
    assert made.keeper.countersign(public(made), lines)
    made.kept()
    [state] = asking.states(public(made))
    return state.status


def test_a_witness_signs_the_public_checkpoint_and_nothing_else_is_sent(made: Book, witness: TestWitness) -> None:
    asking = witnesses(witness)
    assert asking.missing(public(made))
    assert [state.status for state in asking.states(public(made))] == ["waiting"]
    assert asked(made, asking) == "cosigned"
    assert not asking.missing(public(made))
    found = Theirs.from_text(public(made).text)
    for key in (witness.vkey, Vkey.from_string(made.signer.verifier.text)):
        found.verify(key)
    assert [b"\n512\n" in body for body in witness.asked] == [True]
    line = made.published.newest()
    assert line is not None  # the cosigned one lies in the file before anybody sees it
    assert public(made).text in [each.checkpoint.text for each in made.published.lines()]
    assert asking.ask(public(made), made.keeper.tree) == []


def test_the_next_one_is_proved_from_the_last(made: Book, witness: TestWitness) -> None:
    asking = witnesses(witness)
    for size in (512, 1_536, 2_560):
        assert asked(made, asking) == "cosigned"
        assert public(made).size == size
        [state] = asking.states(public(made))
        assert (state.size, time_of(public(made), asking.known[0].key)) == (size, state.cosigned_at)
        made.write(1_000)
        made.now += timedelta(days=1)
        made.kept()
    assert [body.split(b"\n")[0] for body in witness.asked] == [b"old 0", b"old 512", b"old 1536"]


def test_after_a_restart_it_is_asked_what_it_knows(made: Book, witness: TestWitness) -> None:
    asked(made, witnesses(witness))
    made.write(1_000)
    made.now += timedelta(days=1)
    made.kept()
    assert asked(made, witnesses(witness)) == "cosigned"
    assert [body.split(b"\n")[0] for body in witness.asked] == [b"old 0", b"old 0", b"old 512"]


def test_a_witness_that_saw_more_is_reported(made: Book, witness: TestWitness) -> None:
    asking = witnesses(witness)
    witness.says = (409, "text/x.tlog.size", b"100000\n")
    assert asked(made, asking) == "ahead"


@pytest.mark.parametrize(
    "says",
    [
        (403, "text/plain", b""),
        (409, "text/plain", b"300\n"),
        (409, "text/x.tlog.size", b"0\n"),
        (409, "text/x.tlog.size", b"many\n"),
        (200, "text/plain", b"no signature\n"),
        (200, "text/plain", b"\xff\xfe"),
        (302, "text/plain", b""),
    ],
)
def test_an_answer_that_is_none_signs_nothing(made: Book, witness: TestWitness, says: tuple[int, str, bytes]) -> None:
    asking, before = witnesses(witness), public(made)
    witness.says = says
    assert asked(made, asking) == "refused"
    assert public(made) == before


def test_anothers_signature_is_not_taken_for_its_own(made: Book, witness: TestWitness) -> None:
    other = TestWitness()
    line = other.cosigned(Theirs.from_text(public(made).text))
    older = witness.cosigned(Theirs.from_text(made.signer.sign(1, bytes(32)).text))
    for wrong in (line, older):
        witness.says = (200, "text/plain", f"{wrong}\n".encode())
        assert asked(made, witnesses(witness)) == "refused"
    other._server.server_close()


def test_one_that_is_not_there_is_asked_again(made: Book, witness: TestWitness) -> None:
    gone = Witnesses(read_witnesses(f"{witness.key} http://127.0.0.1:1"))
    assert asked(made, gone) == "unreachable"


@pytest.mark.parametrize(
    "url", ["http://witness.example", "ftp://witness.example", "witness.example", "https://w.example:port"]
)
def test_a_witness_is_reached_by_https(witness: TestWitness, url: str) -> None:
    with pytest.raises(BadNote, match="URL of the witness"):
        read_witnesses(f"{witness.key} {url}")


def test_a_witness_has_a_key_for_cosignatures(made: Book, witness: TestWitness) -> None:
    for text in (
        made.signer.verifier.text + " https://w.example",
        witness.key,
        f"{witness.key[:-6]} https://w.example",
    ):
        with pytest.raises(BadNote):
            read_witnesses(text)
    assert read_witnesses("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n\n",
        "a\n01\nAAAA\n\n— a b\n",
        "a\n1\nAAAA\n\n— a b\n",
        "a\n-1\n\n— a b\n",
        "\n\n\n",
        "a\n1\n%\n\n— a b\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        read(text)


def test_a_checkpoint_is_signed_by_its_log_or_is_none(made: Book) -> None:
    found, verifier = public(made), made.signer.verifier
    signed_by(found, verifier)
    forged = read(found.text.replace("\n512\n", "\n256\n"))
    with pytest.raises(BadNote, match="not good"):
        signed_by(forged, verifier)
    with pytest.raises(BadNote, match="not signed by"):
        signed_by(read(found.text.replace("— watchword.test/log", "— another.test/log")), verifier)
    twice = cosigned(found, [found.signatures[0], "— unknown.test AAAAAAAA"])
    assert twice.signatures == [*found.signatures, "— unknown.test AAAAAAAA"]
    signed_by(twice, verifier)
