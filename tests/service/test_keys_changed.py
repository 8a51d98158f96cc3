"""Other keys for what is sealed: generations of a subject's, another master key, its sources, and Vault."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from domain.event import Actor, Header
from domain.forgetting import Gone
from domain.party import PartyAdded
from service import composition
from service.desk.clock import wall
from service.desk.desk import sealed
from service.log import migrate_keys
from service.log.schema import HERE
from service.log.tables import keys_metadata
from service.record import restoring
from service.sealing import Codec, KeyMissing, KeyRing, KeysUnavailable, Marks, MasterKey, WrongMasterKey, backup
from service.sealing.keyfile import KeyFileError
from service.sealing.master import CHECK
from service.sealing.rotating import rotated
from service.sealing.source import master_key
from service.sealing.vault import VaultMaster
from service.settings import BadSetting, load
from tests.calling import logged, serving
from tests.case import ALMA, Case, ask
from tests.service.transit import Transit
from tests.trips import OLD

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
HEADER = Header("0" * 32, wall(), Actor("office", "back_office"), "cause")
CANARY = "canary-margin-teapot"
DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
KEYS, KILLS = (60_000, 4) if DEEP else (6_000, 1)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of keys on either."""
    found = f"sqlite:///{tmp_path / 'keys.sqlite'}" if request.param == "sqlite" else ""
    found = found or str(request.getfixturevalue("fresh_postgres"))
    migrate_keys(found)
    return found


@pytest.fixture
def lite(tmp_path: Path) -> str:
    """A database of keys on SQLite."""
    found = f"sqlite:///{tmp_path / 'keys.sqlite'}"
    migrate_keys(found)
    return found


@pytest.fixture
def transit() -> Iterator[Transit]:
    """Something that answers as Vault's transit engine does."""
    made = Transit()
    yield made
    made.close()


def vault(transit: Transit, **more: object) -> VaultMaster:
    return VaultMaster(transit.url, key="watchword", token=transit.token, **more)  # type: ignore[arg-type]  # as given


def added(name: str) -> PartyAdded:
    return PartyAdded(party_id="alma", kind="traveller", marks=(), profile=sealed("alma", name))


@pytest.fixture
def opened() -> Iterator[Callable[..., KeyRing]]:
    """Makes rings of keys, and closes them when the test is over."""
    made: list[KeyRing] = []

    def make(*given: object, **more: object) -> KeyRing:
        made.append(KeyRing(*given, **more))  # type: ignore[arg-type]  # as given
        return made[-1]

    yield make
    for each in made:
        each.close()


# --- generations of a subject's keys ----------------------------------------------------------------------------------


def test_what_was_sealed_before_a_new_key_opens_and_not_a_byte_of_it_changes(
    url: str, opened: Callable[..., KeyRing]
) -> None:
    ring = opened(url, MasterKey(FIRST))
    codec = Codec(ring)
    ring.ensure(["alma"])
    old, _ = codec.encode(added("before"), HEADER, "account:a", 1)
    marks = Marks(MasterKey(FIRST), ring)
    mark = marks.fact("alma", "surname", "grey")
    ring.renew(["alma"])
    new, _ = codec.encode(added("after"), HEADER, "account:a", 2)
    assert b'"generation"' not in old.state
    assert b'"generation":2' in new.state
    assert ring.current("alma")[0] == 2
    assert marks.fact("alma", "surname", "grey") == mark, "who is known is still known"
    other = Codec(opened(url, MasterKey(FIRST)))
    for reader in (codec, other):
        for stored, said in ((old, "before"), (new, "after")):
            found = reader.open_event(reader.decode(stored)[1], stored)
            assert isinstance(found, PartyAdded)
            assert found.profile == sealed("alma", said)


def test_a_replica_reads_what_another_sealed_with_a_newer_key(url: str, opened: Callable[..., KeyRing]) -> None:
    one, two = opened(url, MasterKey(FIRST)), opened(url, MasterKey(FIRST))
    one.ensure(["alma"])
    first = two.key("alma")
    one.renew(["alma"])
    assert two.key("alma", 2) == one.key("alma") != first
    assert two.key("alma", 1) == first


def test_of_a_subject_that_goes_on_the_keys_up_to_now_go(url: str, opened: Callable[..., KeyRing]) -> None:
    ring = opened(url, MasterKey(FIRST))
    codec = Codec(ring)
    ring.ensure(["alma"])
    old, _ = codec.encode(added("before"), HEADER, "account:a", 1)
    assert ring.destroy(Gone("alma", 1)) == 1
    assert ring.forgotten("alma")
    with pytest.raises(KeyMissing):
        ring.key("alma")
    ring.ensure(["alma"])
    new, _ = codec.encode(added("after"), HEADER, "account:a", 2)
    said = codec.open_event(codec.decode(new)[1], new)
    assert isinstance(said, PartyAdded)
    assert said.profile == sealed("alma", "after")
    sealed_still = codec.open_event(codec.decode(old)[1], old)
    assert sealed_still == codec.decode(old)[1]
    assert ring.destroy("alma") == 1
    with pytest.raises(KeyMissing):
        ring.ensure(["alma"])
    assert not ring.forgotten("nobody")


def test_a_key_let_go_of_while_it_is_read_does_not_come_back(
    lite: str, monkeypatch: pytest.MonkeyPatch, opened: Callable[..., KeyRing]
) -> None:
    ring, other = opened(lite, MasterKey(FIRST)), opened(lite, MasterKey(FIRST))
    other.ensure(["alma"])
    read = ring.store.read

    def slowly(subjects: list[str]) -> dict[str, dict[int, bytes]]:
        found = read(subjects)
        other.destroy("alma")
        ring.drop(["alma"])  # as this process does when it hears of it
        return found

    monkeypatch.setattr(ring.store, "read", slowly)
    assert len(ring.key("alma")) == 32, "it was there when it was read"
    monkeypatch.undo()
    with pytest.raises(KeyMissing):
        ring.key("alma")


def test_keys_of_the_first_release_open_and_whoever_was_forgotten_stays_so(
    tmp_path: Path, opened: Callable[..., KeyRing]
) -> None:
    path = tmp_path / "keys.sqlite"
    url = f"sqlite:///{path}"
    _first_release(path)
    migrate_keys(url)
    ring = opened(url, MasterKey(FIRST))
    ring.check()
    assert ring.key("alma") == b"k" * 32
    with pytest.raises(KeyMissing):
        ring.ensure(["gone"])
    assert ring.derive("marks of locators") == MasterKey(FIRST).derive("marks of locators"), "what is marked is found"
    changed = opened(url, MasterKey(SECOND, FIRST))
    assert rotated(changed.store, changed.wrapping, lambda _: None) == 3
    fresh = opened(url, MasterKey(SECOND))
    fresh.check()
    assert fresh.key("alma") == b"k" * 32
    assert fresh.derive("marks of locators") == MasterKey(FIRST).derive("marks of locators")


def _first_release(path: Path) -> None:
    """A database of keys as the first release left it: its table, and rows in its form."""
    path.touch(mode=0o600)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(HERE / "versions" / "keys"))
    with engine.begin() as connection:
        config.attributes.update(connection=connection, metadata=keys_metadata, version_table="alembic_version_keys")
        command.upgrade(config, "keys_0001")
        cipher = AESGCM(MasterKey(FIRST).derive("subject keys"))
        for subject, key in (("alma", b"k" * 32), (CHECK, b"c" * 32), ("gone", b"")):
            nonce = os.urandom(12)
            wrapped = b"\x01" + nonce + cipher.encrypt(nonce, key, subject.encode()) if key else b""
            connection.exec_driver_sql("INSERT INTO subject_keys VALUES (?, ?, 0)", (subject, wrapped))
    engine.dispose()


# --- another master key -----------------------------------------------------------------------------------------------


def test_another_master_key_takes_over_while_the_service_goes_on(url: str, opened: Callable[..., KeyRing]) -> None:
    serving_now = opened(url, MasterKey(FIRST), renewed=lambda: MasterKey(SECOND, FIRST))
    serving_now.check()
    subjects = [f"s{n}" for n in range(1_200)]
    serving_now.ensure(subjects)
    kept = [serving_now.key(each) for each in subjects]
    serving_now.destroy("s7")
    turning = opened(url, MasterKey(SECOND, FIRST))
    seen: list[int] = []
    assert rotated(turning.store, turning.wrapping, seen.append) == len(subjects) - 1 + 2
    assert seen[-1] >= len(subjects)
    assert rotated(turning.store, turning.wrapping, seen.append) == 1, "all there is to do again is to say so"
    serving_now.ensure(["late"])  # it was not told, and finds out
    after = opened(url, MasterKey(SECOND))
    after.check()
    for subject, key in zip(subjects, kept, strict=True):
        if subject != "s7":
            assert after.key(subject) == key
    assert after.key("late") == serving_now.key("late")
    with pytest.raises(KeyMissing):
        after.key("s7")
    with pytest.raises(WrongMasterKey):
        opened(url, MasterKey(FIRST)).check()


def test_a_key_destroyed_while_keys_are_wrapped_anew_stays_destroyed(lite: str, opened: Callable[..., KeyRing]) -> None:
    ring = opened(lite, MasterKey(FIRST))
    ring.check()
    ring.ensure(["alma", "brin"])

    class Slow(MasterKey):
        def rewrap(self, wrapped: list[tuple[str, bytes]]) -> list[bytes]:  # type: ignore[override]  # for this test
            other = opened(lite, MasterKey(SECOND, FIRST))
            other.destroy("alma")
            other.close()
            return super().rewrap(wrapped)

    turning = opened(lite, Slow(SECOND, FIRST))
    rotated(turning.store, turning.wrapping, lambda _: None)
    fresh = opened(lite, MasterKey(SECOND))
    assert len(fresh.key("brin")) == 32
    with pytest.raises(KeyMissing):
        fresh.key("alma")


ROTATE = """
import sys, time
from pathlib import Path
from service.sealing import KeyRing, MasterKey
from service.sealing.rotating import begun, rotated
home = Path(sys.argv[1])
begun(home / "keys" / "master.key")
ring = KeyRing(f"sqlite:///{home / 'keys' / 'keys.sqlite'}", MasterKey.find(home))
rotated(ring.store, ring.wrapping, lambda looked: time.sleep(0.02))
"""


def test_a_change_of_the_master_key_that_was_killed_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = load({"WATCHWORD_HOME": str(home)})
    (home / "keys").mkdir(parents=True, mode=0o700)
    migrate_keys(settings.keys_url)
    ring = composition.ring(settings)
    ring.check()
    subjects = [f"s{n:05}" for n in range(KEYS)]
    for start in range(0, len(subjects), 3_000):
        ring.ensure(subjects[start : start + 3_000])
    kept, root = [ring.key(each) for each in subjects], ring.derive("x")
    ring.close()
    file = home / "keys" / "master.key"
    before, killed = file.read_text(), 0
    for _ in range(12):
        process = subprocess.Popen([sys.executable, "-c", ROTATE, str(home)])
        _until_begun(home, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += process.returncode == -signal.SIGKILL
        found = composition.ring(settings)  # whatever was done of it, everything opens
        found.check()
        assert found.key(subjects[0]) == kept[0]
        assert found.key(subjects[-1]) == kept[-1]
        found.close()
        if killed >= KILLS:
            break
    assert killed == KILLS
    assert len(file.read_text().split()) == 2, "both are kept until all is done"
    _, left = restoring.rotate(settings, lambda _: None)
    assert not left
    after = file.read_text()
    assert len(after.split()) == 1
    assert before.strip() not in after
    fresh = composition.ring(settings)
    fresh.check()
    assert [fresh.key(each) for each in subjects] == kept
    assert fresh.derive("x") == root
    fresh.close()
    assert before.strip()[:20].encode() not in b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


def _until_begun(home: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until some keys were wrapped anew, and not all."""
    until = time.monotonic() + 60
    with sqlite3.connect(home / "keys" / "keys.sqlite", timeout=30) as connection:
        which = connection.execute("SELECT hex(substr(wrapped, 2, 4)) FROM subject_keys LIMIT 1").fetchone()[0]
        while process.poll() is None and time.monotonic() < until:
            (others,) = connection.execute(
                "SELECT count(*) FROM (SELECT 1 FROM subject_keys WHERE hex(substr(wrapped, 2, 4)) != ? LIMIT 500)",
                (which,),
            ).fetchone()
            if others >= 300:
                break
            time.sleep(0.005)
    connection.close()


async def test_the_service_goes_on_over_a_change_of_its_own_master_key(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        case = await Case.opened(service)
        agent = service.by("agent")
        line = await case.line(agent, ALMA)
        public = service.app.state.desk.approvals.public()
        count, left = restoring.rotate(service.settings, lambda _: None)
        assert count > 4
        assert not left
        assert await ask(agent, line) is not None
        assert (await service.client.get("/readyz")).status_code == 200
        more = {"kind": "traveller", "facts": {"surname": "Later"}}
        await service.by("back_office").made(f"/v1/accounts/{case.account}/parties", more)
        assert restoring.renew(service.settings, [case.alma], 0) == 1
    async with serving(tmp_path / "home") as service:
        assert service.app.state.desk.approvals.public() == public, "what was signed still verifies"
        again = Case(service, case.account, case.alma, case.victor, case.booking)
        agent = service.by("agent")
        line = await again.line(agent, ALMA)
        assert "Grey" in str(await ask(agent, line))
        assert service.app.state.desk.log.find_locator(bytes.fromhex(service.app.state.desk.marks.locator(OLD)))


# --- where it comes from ----------------------------------------------------------------------------------------------


def test_a_command_prints_it_and_no_shell_reads_that(tmp_path: Path) -> None:
    home = str(tmp_path)
    print_it = f"{sys.executable} -c 'print(\"{FIRST.hex()}\")'"
    settings = load({"WATCHWORD_HOME": home, "WATCHWORD_MASTER_KEY_COMMAND": print_it})
    found = master_key(settings.master)
    assert isinstance(found, MasterKey)
    assert found.derive("x") == MasterKey(FIRST).derive("x")
    assert not (tmp_path / "keys").exists()
    marker = tmp_path / "ran"
    bad = (
        f"{sys.executable} -c 'import sys; print(\"{CANARY}\"); sys.exit(3)'",
        f"echo {CANARY}; touch {marker}",
        f"{sys.executable} -c 'print(\"{CANARY}\")'",
        "/nowhere/at/all",
        "'unbalanced",
    )
    with logged() as lines:
        for each in bad:
            source = load({"WATCHWORD_HOME": home, "WATCHWORD_MASTER_KEY_COMMAND": each}).master
            with pytest.raises(KeyFileError, match="WATCHWORD_MASTER_KEY_COMMAND") as caught:
                master_key(source)
            assert CANARY not in str(caught.value)
            assert caught.value.__context__ is None or caught.value.__suppress_context__
            assert CANARY not in repr(source)
    assert CANARY not in lines.getvalue()
    assert not marker.exists()
    with pytest.raises(BadSetting, match="both"):
        load({"WATCHWORD_HOME": home, "WATCHWORD_MASTER_KEY": "x", "WATCHWORD_MASTER_KEY_COMMAND": "y"})


# --- Vault ------------------------------------------------------------------------------------------------------------


def test_vault_wraps_many_at_once_and_binds_each_to_its_name(
    lite: str, transit: Transit, opened: Callable[..., KeyRing]
) -> None:
    ring = opened(lite, vault(transit))
    ring.check()
    ring.ensure([f"s{n}" for n in range(300)])
    key = ring.key("s1")
    assert [each for each in transit.calls if each[0] == "encrypt" and each[1] > 1] == [
        ("encrypt", 250),
        ("encrypt", 50),
    ]
    again = opened(lite, vault(transit))
    again.check()
    before = len(transit.calls)
    again.fetch(["s1", "s2", "s3"])
    assert again.key("s1") == key
    assert [again.key(each) for each in ("s2", "s3")] == [ring.key(each) for each in ("s2", "s3")]
    assert len(transit.calls) == before + 1, "what is at hand is not asked for"
    path = lite.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        wrapped = connection.execute("SELECT wrapped FROM subject_keys WHERE subject = 's1'").fetchone()[0]
        assert wrapped.startswith(b"\x03vault:v1:")
        connection.execute("UPDATE subject_keys SET wrapped = ? WHERE subject = 's2'", (wrapped,))
        connection.execute("UPDATE subject_keys SET wrapped = ? WHERE subject = 's3'", (wrapped[:-8] + b"AAAAAAA=",))
    connection.close()
    moved = opened(lite, vault(transit))
    for subject in ("s2", "s3"):
        with pytest.raises(WrongMasterKey, match=subject):
            moved.key(subject)


def test_vault_rotates_and_what_is_wrapped_before_moves_over(
    lite: str, transit: Transit, opened: Callable[..., KeyRing]
) -> None:
    ours = opened(lite, MasterKey(FIRST))
    ours.check()
    ours.ensure(["alma", "brin"])
    key, root = ours.key("alma"), ours.derive("x")
    both = opened(lite, vault(transit, older=MasterKey(FIRST)))
    both.check()
    both.ensure(["cleo"])  # by what is in use, until it is changed
    assert both.store.read(["cleo"])["cleo"][1][:1] == b"\x02"
    assert rotated(both.store, both.wrapping, lambda _: None) == 5
    alone = opened(lite, vault(transit))
    alone.check()
    assert (alone.key("alma"), alone.derive("x")) == (key, root)
    transit.rotate()
    assert rotated(alone.store, alone.wrapping, lambda _: None) == 5
    assert all(each[1].startswith(b"\x03vault:v2:") for each in alone.store.read(["alma", "brin", "cleo"]).values())
    fresh = opened(lite, vault(transit))
    assert fresh.key("alma") == key


def test_vault_away_sealed_or_refusing_is_told_apart_and_nothing_of_it_is_repeated(
    lite: str, transit: Transit, tmp_path: Path, opened: Callable[..., KeyRing]
) -> None:
    token = tmp_path / "token"
    token.write_text(f"{transit.token}\n")
    ring = opened(lite, vault(transit, token_file=token))
    ring.check()
    ring.ensure(["alma"])
    transit.token = "s.second"
    with pytest.raises(KeysUnavailable, match="refuses the token"):
        ring.ensure(["brin"])
    token.write_text("s.second")
    ring.ensure(["brin"])
    transit.sealed = True
    with pytest.raises(KeysUnavailable, match="sealed") as caught:
        ring.ensure(["cleo"])
    assert "s.second" not in str(caught.value) + repr(vars(caught.value))
    assert caught.value.__suppress_context__
    assert len(ring.key("alma")) == 32, "what is at hand needs no Vault"
    transit.sealed = False
    ring.ensure(["cleo"])
    wrong = opened(lite, VaultMaster(transit.url, key="another", token="s.second"))
    with pytest.raises(KeysUnavailable, match="transit key"):
        wrong.check()
    transit.close()
    with pytest.raises(KeysUnavailable, match="cannot be reached") as caught:
        ring.ensure(["dora"])
    assert transit.url not in str(caught.value)
    with pytest.raises(KeyFileError, match="token"):
        VaultMaster(transit.url, key="watchword")


async def test_a_service_on_vault_starts_decides_and_says_when_it_is_not_ready(
    tmp_path: Path, transit: Transit
) -> None:
    given = {"WATCHWORD_VAULT_URL": transit.url, "WATCHWORD_VAULT_TOKEN": transit.token}
    async with serving(tmp_path / "home", **given) as service:
        case = await Case.opened(service)
        agent = service.by("agent")
        line = await case.line(agent, ALMA)
        assert await ask(agent, line) is not None
        assert not (tmp_path / "home" / "keys" / "master.key").exists()
        asked = len(transit.calls)
        for _ in range(5):
            assert await ask(agent, line) is not None
        assert len(transit.calls) == asked, "keys stay at hand"
        transit.sealed = True
        service.app.state.desk._ready_until = 0.0  # what it found a moment ago it would say again
        ready = await service.client.get("/readyz")
        assert ready.status_code == 503
        body = {"kind": "contact", "facts": {"surname": "New"}}
        refused = await service.by("back_office").post(f"/v1/accounts/{case.account}/parties", body)
        assert refused.status_code == 503
        assert await ask(agent, line) is not None
        transit.sealed = False
        await service.by("back_office").made(f"/v1/accounts/{case.account}/parties", body)
    async with serving(tmp_path / "home", **given) as service:
        again = Case(service, case.account, case.alma, case.victor, case.booking)
        agent = service.by("agent")
        assert "Grey" in str(await ask(agent, await again.line(agent, ALMA)))


# --- backups ----------------------------------------------------------------------------------------------------------


def test_a_backup_is_whole_or_refused(url: str, tmp_path: Path, opened: Callable[..., KeyRing]) -> None:
    ring = opened(url, MasterKey(FIRST))
    ring.check()
    ring.ensure([f"s{n}" for n in range(700)])
    ring.renew(["s1"])
    ring.destroy("s2")
    path = tmp_path / "a.keys"
    rows = backup.write(ring.store, path)
    assert rows == 700 + 1 + 1 + 2  # with a second key, somebody forgotten, and two that are nobody's
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(backup.read(path)) == rows
    whole = path.read_bytes()
    for broken in (whole[:-1] + b"x", whole[: len(whole) // 2], whole.replace(b'"s3"', b'"s4"', 1), b"", b"{}\n{}\n"):
        path.write_bytes(broken)
        with pytest.raises(backup.BackupBroken):
            backup.read(path)
    path.write_bytes(whole)
    assert backup.rewritten(tmp_path, [Gone("s5"), Gone("s1", 1)]) == 1
    left = {row[:2]: row.wrapped for row in backup.read(path)}
    assert left["s5", 1] == b"" == left["s5", 0] == left["s1", 1]
    assert left["s1", 2]
    assert backup.rewritten(tmp_path, [Gone("s5"), Gone("s1", 1)]) == 0
    assert backup.rewritten(None, [Gone("s5")]) == 0


async def test_keys_lost_with_their_backups_are_said_and_nothing_breaks(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        case = await Case.opened(service)
        restoring.back_up(service.settings, tmp_path / "early.keys")
        body = {"kind": "traveller", "facts": {"surname": "Late", "given_name": "Lara"}}
        late = (await service.by("back_office").made(f"/v1/accounts/{case.account}/parties", body))["party_id"]
        settings = service.settings
    for each in (tmp_path / "home" / "keys").glob("keys.sqlite*"):
        each.unlink()
    done = restoring.restore(settings, tmp_path / "early.keys")
    assert done.lost >= 1
    assert done.destroyed == 0
    async with serving(tmp_path / "home") as service:
        again = Case(service, case.account, case.alma, case.victor, case.booking)
        agent = service.by("agent")
        assert "Grey" in str(await ask(agent, await again.line(agent, ALMA)))
        added = [each for each in await again.history() if each["name"] == "party.added.v1"]
        assert added[-1]["event"]["profile"] == {"forgotten": late}
    other = load({"WATCHWORD_HOME": str(tmp_path / "other")})
    composition.prepare(other)
    with pytest.raises(WrongMasterKey):
        restoring.restore(other, tmp_path / "early.keys")


def test_no_setting_of_a_master_key_is_shown() -> None:
    shown = repr(load({"WATCHWORD_MASTER_KEY": FIRST.hex(), "WATCHWORD_VAULT_TOKEN": CANARY}))
    assert FIRST.hex() not in shown
    assert CANARY not in shown
