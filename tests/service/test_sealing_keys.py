"""Keys: made once whoever asks first, opened by one master key alone, forgotten for good, and seen by nobody."""

import os
import pickle
import sqlite3
import stat
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.log import LogUnavailable, migrate_keys
from service.sealing import KeyMissing, KeyRing, KeysUnavailable, Marks, MasterKey, WrongMasterKey
from service.sealing.keyfile import KeyFileError, kept_secret
from service.sealing.marks import own_key
from tests.postgres import PostgresServer

SECRET = bytes(range(32))


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'keys.sqlite'}"
    migrate_keys(url)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue("url" if request.param == "sqlite" else "fresh_postgres")
    migrate_keys(found)
    return found


@pytest.fixture
def ring(url: str) -> Iterator[KeyRing]:
    ring = KeyRing(url, MasterKey(SECRET))
    yield ring
    ring.close()


def said(error: BaseException) -> str:
    """What a log would show of an error and of those it is chained to, without the lines of this file."""
    chain = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    own = "".join(traceback.format_exception_only(error)) + repr(error) + repr(vars(error))
    return own + (said(chain) if chain else "")


def test_keys_are_made_once_and_read_back(either: str) -> None:
    first, second = KeyRing(either, MasterKey(SECRET)), KeyRing(either, MasterKey(SECRET))
    assert not first.has_all(["alma"])
    first.check()
    first.ensure(["alma", "brin", "alma"])
    first.ensure(["alma"])
    assert first.has_all(["alma", "brin"])
    assert not second.has_all(["alma"])
    second.check()
    second.ensure(["brin", "cleo"])
    assert [second.key(who) for who in ("alma", "brin")] == [first.key(who) for who in ("alma", "brin")]
    assert len({first.key("alma"), first.key("brin"), first.key("cleo")}) == 3
    assert len(first.key("alma")) == 32
    with pytest.raises(KeyMissing, match="dora"):
        first.key("dora")
    first.close()
    second.close()


def test_replicas_that_race_agree(either: str) -> None:
    rings = [KeyRing(either, MasterKey(SECRET)) for _ in range(4)]
    barrier = Barrier(len(rings))
    subjects = [f"s{n}" for n in range(30)]

    def race(number: int) -> list[bytes]:
        mine = subjects if number % 2 else list(reversed(subjects))
        barrier.wait(30)
        for start in range(0, len(mine), 10):
            rings[number].ensure(mine[start : start + 10])
        return [rings[number].key(subject) for subject in subjects]

    with ThreadPoolExecutor(len(rings)) as pool:
        results = list(pool.map(race, range(len(rings))))
    assert all(result == results[0] for result in results)
    assert len(set(results[0])) == len(subjects)
    for ring in rings:
        ring.close()


def test_a_destroyed_key_is_gone_and_not_made_again(either: str) -> None:
    ring = KeyRing(either, MasterKey(SECRET))
    ring.ensure(["alma", "brin"])
    ring.destroy("alma")
    ring.destroy("never made")
    assert not ring.has_all(["alma"])
    for fresh in (ring, KeyRing(either, MasterKey(SECRET))):
        for gone in ("alma", "never made"):
            with pytest.raises(KeyMissing, match=gone):
                fresh.key(gone)
            with pytest.raises(KeyMissing, match=gone):
                fresh.ensure(["brin", gone])
        assert len(fresh.key("brin")) == 32
        fresh.close()


def test_another_master_key_opens_nothing_and_says_what_to_do(either: str) -> None:
    ring = KeyRing(either, MasterKey(SECRET))
    ring.check()
    ring.ensure(["alma"])
    key = ring.key("alma")
    ring.close()
    lost = KeyRing(either, MasterKey(os.urandom(32)))
    for attempt in (lost.check, lambda: lost.key("alma"), lambda: lost.ensure(["alma"])):
        with pytest.raises(WrongMasterKey, match="restore that one") as caught:
            attempt()
        assert key.hex() not in said(caught.value)
    lost.close()


def test_a_wrapped_key_does_not_open_for_another_subject(ring: KeyRing, url: str) -> None:
    ring.ensure(["alma", "brin"])
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        wrapped = connection.execute("SELECT wrapped FROM subject_keys WHERE subject = 'alma'").fetchone()[0]
        connection.execute("UPDATE subject_keys SET wrapped = ? WHERE subject = 'brin'", (wrapped,))
    connection.close()
    assert ring.key("brin") not in wrapped
    fresh = KeyRing(url, MasterKey(SECRET))
    with pytest.raises(WrongMasterKey, match="brin"):
        fresh.key("brin")
    fresh.close()


def test_the_memory_of_keys_is_bounded(url: str) -> None:
    ring = KeyRing(url, MasterKey(SECRET), most_cached=3)
    subjects = [f"s{n}" for n in range(10)]
    ring.ensure(subjects)
    made = [ring.key(subject) for subject in subjects]
    assert sum(ring.has_all([subject]) for subject in subjects) == 3
    assert [ring.key(subject) for subject in subjects] == made
    assert repr(ring) == "KeyRing(3 cached)"
    ring.close()


def test_no_key_is_kept_in_memory_that_was_not_committed(ring: KeyRing, url: str) -> None:
    path = url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON subject_keys BEGIN SELECT RAISE(ABORT, 'canary'); END")
    connection.close()
    with pytest.raises(KeysUnavailable) as caught:
        ring.ensure(["alma-canary"])
    assert "canary" not in said(caught.value)
    assert isinstance(caught.value, LogUnavailable), "whoever withholds when the log is away withholds now too"
    assert not ring.has_all(["alma-canary"])


def test_a_database_that_is_not_there_is_no_new_ring(tmp_path: Path) -> None:
    ring = KeyRing(f"sqlite:///{tmp_path / 'gone.sqlite'}", MasterKey(SECRET))
    with pytest.raises(KeysUnavailable, match="OperationalError"):
        ring.ensure(["alma"])
    assert list(tmp_path.iterdir()) == []
    ring.close()


def test_it_recovers_when_the_database_comes_back(stoppable_postgres: PostgresServer) -> None:
    url = stoppable_postgres.url
    migrate_keys(url)
    ring = KeyRing(url, MasterKey(SECRET), timeout_s=2)
    ring.ensure(["alma"])
    stoppable_postgres.stop()
    assert len(ring.key("alma")) == 32, "what is in memory needs no database"
    with pytest.raises(KeysUnavailable) as caught:
        ring.ensure(["brin"])
    assert url not in said(caught.value)
    stoppable_postgres.start()
    ring.ensure(["brin"])
    ring.close()


def test_a_url_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="URL") as caught:
        KeyRing("canary", MasterKey(SECRET))
    assert "canary" not in str(caught.value)


# --- the master key ---------------------------------------------------------------------------------------------------


def test_the_master_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = MasterKey.find(home)
    path = home / "keys" / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]
    assert MasterKey.find(home).derive("x") == first.derive("x")
    assert first.derive("x") != first.derive("y")
    assert len(first.derive("x")) == 32
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        MasterKey.find(home)


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    barrier = Barrier(8)

    def make() -> bytes:
        barrier.wait(30)
        return os.urandom(64)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: kept_secret(tmp_path / "keys" / "one", make), range(8)))
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert [each.name for each in (tmp_path / "keys").iterdir()] == ["one"]


def test_a_master_key_may_come_from_the_operator(tmp_path: Path) -> None:
    given = MasterKey(SECRET).derive("x")
    for text in (SECRET.hex(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"):
        assert MasterKey.find(tmp_path, text=text).derive("x") == given
    assert not (tmp_path / "keys").exists()
    for text in ("canary", SECRET.hex()[:-2], "ç" * 64, "zz" * 32):
        with pytest.raises(KeyFileError, match="WATCHWORD_MASTER_KEY does not hold") as caught:
            MasterKey.find(tmp_path, text=text)
        assert text not in said(caught.value)


def test_nothing_shows_the_master_key(ring: KeyRing) -> None:
    master = MasterKey(SECRET)
    shown = repr(master) + str(master) + repr(ring) + repr(Marks(master, ring))
    assert SECRET.hex() not in shown
    assert "\\x01" not in shown
    with pytest.raises(TypeError, match="not to be copied"):
        pickle.dumps(master)
    with pytest.raises(ValueError, match="32 bytes, not 3"):
        MasterKey(b"abc")


# --- marks ------------------------------------------------------------------------------------------------------------


def test_locators_and_contacts_are_marked_however_they_are_written(ring: KeyRing) -> None:
    marks = Marks(MasterKey(SECRET), ring)
    assert marks.locator("yl9 2cn ") == marks.locator("YL92CN")
    assert marks.locator("YL92CN") != marks.locator("YL92CM")
    assert len(marks.locator("YL92CN")) == 32
    numbers = {"+447700900123", "00 44 7700 900123", "+44 (0)7700-900 123", "447700900123"}
    assert len({marks.contact(number) for number in numbers}) == 1
    assert marks.contact("Session-A") == marks.contact(" session-a")
    assert len({marks.contact(text) for text in ("session-1", "session-2", "--", "", "1")}) == 5
    assert marks.contact("YL92CN") != marks.locator("YL92CN") != marks.phantom("YL92CN")
    other = Marks(MasterKey(bytes(32)), ring)
    assert other.locator("YL92CN") != marks.locator("YL92CN")


def test_a_fact_is_marked_under_its_own_persons_key(ring: KeyRing) -> None:
    marks = Marks(MasterKey(SECRET), ring)
    ring.ensure(["alma", "brin"])
    mark = marks.fact("alma", "surname", "grey")
    assert mark == marks.fact("alma", "surname", "grey")
    assert mark.startswith("surname:")
    assert len(mark) == len("surname:") + 32
    others = {
        marks.fact("brin", "surname", "grey"),
        marks.fact("alma", "given_name", "grey"),
        marks.fact("alma", "surname", "gray"),
    }
    assert mark not in others
    assert len(others) == 3
    ring.destroy("alma")
    assert marks.fact("alma", "surname", "grey") != mark, "whoever is forgotten cannot be matched"
    assert marks.fact("alma", "surname", "grey") != marks.fact("alma", "surname", "grey"), "nor by what replaces it"
    assert own_key(SECRET, "seal") != own_key(SECRET, "fact")


def test_salts_phantoms_and_fingerprints(ring: KeyRing) -> None:
    marks = Marks(MasterKey(SECRET), ring)
    assert len(marks.salt("nobody")) == 16
    assert marks.salt("nobody") != marks.salt("somebody")
    assert marks.phantom("yl92cn") == marks.phantom(" YL92CN")
    assert marks.phantom("YL92CM") != marks.phantom("YL92CN")
    assert len(bytes.fromhex(marks.phantom("YL92CN"))) == 16
    assert len(marks.fingerprint(b"POST", b"/v1")) == 32
    cuts = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"", b"abc"), (b"abc", b"")]
    assert len({marks.fingerprint(*parts) for parts in cuts}) == len(cuts)


@given(text=st.text())
def test_no_text_breaks_a_mark(text: str) -> None:
    # The ring is never asked: only `fact` needs one, and it is tried above.
    marks = Marks(MasterKey(SECRET), KeyRing("sqlite:///unused.sqlite", MasterKey(SECRET)))
    assert len(marks.locator(text)) == len(marks.contact(text)) == len(marks.phantom(text)) == 32
    assert len(marks.salt(text)) == 16
