"""A restored backup does not start; an audit finds what was changed; by the real service and the real commands."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copy
from time import monotonic, sleep
from typing import NamedTuple

import httpx
import pytest
from eventsourcing.persistence import StoredEvent
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint

from service.cli import main
from service.demo.running import Running
from service.log import Append, EventLog
from tests.serving import watchword
from tests.witnessing import TestWitness

CONTRADICTED = 6


class Ran(NamedTuple):
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ran]
Start = Callable[..., Running]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process, as the console script does."""

    def ran(*words: str, **environment: str) -> Ran:
        for name in [name for name in os.environ if name.startswith("WATCHWORD_")]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["watchword", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, said.out, said.err)

    return ran


def busy(running: Running, accounts: int) -> None:
    office = {"Authorization": f"Bearer {running.token('back_office')}"}
    with httpx.Client(base_url=running.url, headers=office, trust_env=False) as http:
        for _ in range(accounts):
            assert http.post("/v1/accounts", json={}).status_code == 201


def size(running: Running, least: int) -> int:
    """The size of the newest checkpoint, once it covers so much."""
    auditor = {"Authorization": f"Bearer {running.token('auditor')}"}
    with httpx.Client(base_url=running.url, headers=auditor, trust_env=False) as http:
        end = monotonic() + 10
        while True:
            found = int(http.get("/v1/log/current/checkpoint").text.splitlines()[1])
            if found >= least or monotonic() > end:
                return found
            sleep(0.05)


def backup(home: Path, name: str) -> Path:
    """An online backup, as the documentation tells of."""
    to = home.parent / f"{name}.backup"
    with closing(sqlite3.connect(home / name)) as one, closing(sqlite3.connect(to)) as other:
        one.backup(other)
    return to


def restored(home: Path, name: str, saved: Path) -> None:
    for end in ("", "-wal", "-shm"):
        (home / f"{name}{end}").unlink(missing_ok=True)
    copy(saved, home / name)


def test_a_restored_backup_does_not_start_and_says_why(start_server: Start, run: Run) -> None:
    running = start_server()
    busy(running, 3)
    size(running, 6)
    saved = backup(running.home, "watchword.sqlite")
    busy(running, 5)
    reached = size(running, 11)
    running.stop()
    environment = {"WATCHWORD_HOME": str(running.home), "WATCHWORD_PORT": "0"}
    good = run("audit", "verify", "--json", **environment)
    assert (good.returncode, json.loads(good.stdout)["sound"]) == (0, True)
    restored(running.home, "watchword.sqlite", saved)
    ran = watchword("serve", **environment)
    assert ran.returncode == CONTRADICTED
    assert ran.stdout == ""
    assert f"a checkpoint of {reached} events was published" in ran.stderr
    assert "Traceback" not in ran.stderr
    audit = run("audit", "verify", **environment)
    assert audit.returncode == CONTRADICTED
    assert audit.stdout == f"First bad position {reached - 4}: the log ends before it: events are missing.\n"


def test_a_row_that_was_changed_is_found_by_the_command(start_server: Start, run: Run) -> None:
    running = start_server()
    busy(running, 4)
    size(running, 7)
    with closing(sqlite3.connect(running.home / "watchword.sqlite")) as log, log:
        log.execute("UPDATE events SET name = 'account.closed.v1' WHERE position = 5")
    environment = {"WATCHWORD_HOME": str(running.home)}
    ran = run("audit", "verify", **environment)  # beside the service that runs
    assert (ran.returncode, ran.stdout) == (
        CONTRADICTED,
        "First bad position 5: the event is not the one that was signed.\n",
    )
    told = json.loads(run("audit", "verify", "--json", **environment).stdout)
    assert (told["sound"], told["first"], told["last"]) == (False, 5, 5)


def test_a_log_that_is_swapped_under_the_service_ends_it(start_server: Start) -> None:
    running = start_server()
    busy(running, 4)
    last = size(running, 7)
    with closing(sqlite3.connect(running.home / "watchword.sqlite")) as log, log:
        log.execute("UPDATE events SET state = x'7b7d' WHERE position = ?", (last,))
    assert running._process is not None
    assert running._process.wait(15) == CONTRADICTED
    assert "does not hold the event that the ledger has" in running.log.read_text()


def test_a_checkpoint_kept_elsewhere_and_a_key_are_enough(start_server: Start, run: Run, tmp_path: Path) -> None:
    running = start_server()
    busy(running, 4)
    size(running, 7)
    client = {"WATCHWORD_URL": running.url, "WATCHWORD_TOKEN": running.token("auditor")}
    note = run("ledger", "checkpoint", **client).stdout
    key = run("ledger", "key", WATCHWORD_URL=running.url).stdout.strip()
    Checkpoint.from_text(note).verify(Vkey.from_string(key))
    assert json.loads(run("ledger", "key", "--json", WATCHWORD_URL=running.url).stdout) == {"key": f"{key}\n"}
    assert "\n0\n" in run("ledger", "checkpoint", "--public", WATCHWORD_URL=running.url).stdout
    proof = tmp_path / "event.tlog-proof"
    assert run("ledger", "proof", "3", "--out", str(proof), **client).returncode == 0
    assert proof.read_text().startswith("c2sp.org/tlog-proof@v1\nindex 2\n")
    consistency = ("ledger", "consistency", "3", "--new", "7")
    told = json.loads(run(*consistency, "--json", **client).stdout)
    assert run(*consistency, **client).stdout.splitlines() == told["proof"]
    running.stop()
    (tmp_path / "kept").write_text(note)
    environment = {"WATCHWORD_HOME": str(running.home)}
    arguments = ("audit", "verify", "--key", key, "--checkpoint", str(tmp_path / "kept"))
    assert run(*arguments, **environment).returncode == 0
    # Whoever makes everything anew, the signature apart, is found by what lies elsewhere.
    with closing(sqlite3.connect(running.home / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE ledger_checkpoints SET note = replace(note, ?, ?)", ("\n7\n", "\n6\n"))
        ledger.execute("UPDATE ledger_checkpoints SET size = 6 WHERE size = 7")
    ran = run(*arguments, **environment)
    assert ran.returncode == CONTRADICTED
    assert "in the ledger's database was changed" in ran.stderr
    (tmp_path / "kept").write_text(note.replace("\n7\n", "\n5\n"))
    assert "is not good" in run(*arguments, **environment).stderr
    (running.home / "ledger.sqlite").unlink()
    assert run("migrate", **environment).returncode == 0
    rebuilt = run("ledger", "rebuild", "--json", **environment)
    assert (rebuilt.returncode, json.loads(rebuilt.stdout)) == (0, {"events": 7})


def test_a_witness_is_asked_by_itself(start_server: Start, run: Run) -> None:
    with TestWitness() as witness:
        running = start_server(WATCHWORD_WITNESSES=f"{witness.key} {witness.url}")
        with EventLog(f"sqlite:///{running.home / 'watchword.sqlite'}") as log:
            rows = tuple(StoredEvent("follower:filler", n, "event.parked.v1", b"{}") for n in range(1, 300))
            log.append(Append(events=rows, expect=None))
        assert size(running, 302) == 302
        with closing(sqlite3.connect(running.home / "ledger.sqlite")) as ledger, ledger:  # a day later
            ledger.execute("UPDATE ledger_checkpoints SET signed_at = signed_at - 86400 WHERE kind = 'public'")
        end = monotonic() + 10
        note = ""
        while witness.vkey.name not in note and monotonic() < end:
            sleep(0.05)
            note = httpx.get(f"{running.url}/v1/log/checkpoint", trust_env=False).text
        found = Checkpoint.from_text(note)
        assert found.size == 256
        found.verify(witness.vkey)
        client = {"WATCHWORD_URL": running.url, "WATCHWORD_TOKEN": running.token("operations")}
        [told] = json.loads(run("ledger", "witness", "--json", **client).stdout)["witnesses"]
        assert (told["name"], told["size"], told["status"]) == (witness.vkey.name, 256, "cosigned")


@pytest.mark.parametrize(
    "name, value",
    [("WITNESSES", "nonsense https://w.example"), ("LEDGER_ORIGIN", "two words"), ("PUBLIC_CHECKPOINT_HOURS", "0")],
)
def test_a_setting_that_cannot_be_used_stops_the_start(prepared_home: Path, run: Run, name: str, value: str) -> None:
    ran = run("serve", WATCHWORD_HOME=str(prepared_home), WATCHWORD_PORT="0", **{f"WATCHWORD_{name}": value})
    assert ran.returncode == 2, ran.stderr
    assert "Traceback" not in ran.stderr
