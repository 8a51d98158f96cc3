"""The commands that are no calls: serve, migrate, token; and what needs a shell or a terminal."""

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from service.api.needs import NEEDS
from service.cli import token
from service.cli.exits import Code
from service.cli.greeting import LINES, greeting
from service.demo.running import NotPlayed, Running
from service.settings import load
from service.tokens import ROLES
from tests.service.test_cli import DOCUMENTS, ROOT, Run, run
from tests.service.test_cli_exits import one_line
from tests.serving import watchword

__all__ = ["run"]  # the fixture
WATCHWORD = [sys.executable, "-m", "service.cli"]


def test_a_token_and_nothing_else(server: Running) -> None:
    words = ["token", "--role", "agent", "--role", "auditor", "--tier", "1", "--site", "manila", "--sub", "agent-7"]
    made = watchword(*words, WATCHWORD_HOME=str(server.home))
    assert (made.returncode, made.stderr, len(made.stdout.split())) == (0, "", 1)
    answer = httpx.get(f"{server.url}/v1/policy", headers={"Authorization": f"Bearer {made.stdout.strip()}"})
    assert answer.status_code == 200
    told = json.loads(watchword(*words, "--hours", "1", "--json", WATCHWORD_HOME=str(server.home)).stdout)
    assert told.keys() == {"token"}


def test_every_role_that_a_verifier_knows_can_be_asked_for() -> None:
    assert {role.value for role in token.Role} == ROLES


def test_no_token_is_made_where_your_own_issuer_makes_them(run: Run, tmp_path: Path) -> None:
    environment = {
        "WATCHWORD_HOME": str(tmp_path / "home"),
        "WATCHWORD_JWKS_URL": "https://sign-on.example/jwks.json",
    }
    made = run("token", "--role", "agent", "--sub", "a", environment=environment)
    assert "your own issuer" in one_line(made, Code.USAGE)
    assert not (tmp_path / "home").exists()


def test_a_subject_that_no_verifier_would_accept(run: Run, tmp_path: Path) -> None:
    words = ["token", "--role", "agent", "--sub", "x" * 129]
    assert "sub must be" in one_line(run(*words, environment={"WATCHWORD_HOME": str(tmp_path / "home")}), Code.USAGE)


def test_migrate_makes_the_tables_and_can_be_run_again(prepared_home: Path, run: Run) -> None:
    again = run("migrate", "--json", environment={"WATCHWORD_HOME": str(prepared_home)})
    assert again.told() == {"status": "ready"}
    with closing(sqlite3.connect(prepared_home / "watchword.sqlite")) as log:
        assert log.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0


def test_a_service_that_cannot_be(tmp_path: Path) -> None:
    ran = watchword("serve", WATCHWORD_HOME=str(tmp_path / "home"), WATCHWORD_PORT="0", WATCHWORD_PROT="80")
    assert (ran.returncode, ran.stdout) == (Code.USAGE, ""), ran.stderr
    line = ran.stderr.splitlines()[-1]
    assert line.startswith("watchword: ")
    assert "WATCHWORD_PROT is not a setting" in line
    assert "Traceback" not in ran.stderr


def test_a_service_whose_database_is_nowhere_is_up_and_not_ready(tmp_path: Path) -> None:
    running = Running(tmp_path / "home", {"WATCHWORD_DATABASE_URL": "postgresql+psycopg://u:hunter2@127.0.0.1:1/x"})
    running.begin()
    try:
        running.listen()
        with httpx.Client(base_url=running.url, trust_env=False, timeout=30) as http:
            assert http.get("/healthz").status_code == 200
            assert http.get("/readyz").status_code == 503
    finally:
        running.stop()
    said = running.log.read_text()
    assert "Traceback" not in said
    assert "hunter2" not in said


def test_a_port_that_is_taken(server: Running, prepared_home: Path) -> None:
    port = server.url.rpartition(":")[2]
    ran = watchword("serve", WATCHWORD_HOME=str(prepared_home), WATCHWORD_PORT=port)
    assert (ran.returncode, ran.stdout) == (Code.UNAVAILABLE, "")
    assert "PORT" in ran.stderr.splitlines()[-1]


def test_serving_says_where_it_is_and_gives_a_line_for_each_role(prepared_home: Path, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    environment = clean | {"WATCHWORD_HOME": str(prepared_home), "WATCHWORD_PORT": "0"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [*WATCHWORD, "serve"], env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(4 + 3 * len(LINES))]
        url = lines[0].rpartition(" ")[2]
        assert lines[1] == f"API docs: {url}/docs"
        assert httpx.get(f"{url}/docs").status_code == 200
        curls = [line for line in lines if line.startswith("curl ")]
        for line in curls:
            answer = subprocess.run(
                [*shlex.split(line), "-w", " %{http_code}"], capture_output=True, text=True, check=True
            )
            assert answer.stdout.endswith((" 200", " 201")), line
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
    assert len(curls) == len(LINES)
    called: set[str] = set().union(*(need.roles for need in NEEDS.values()))
    assert {line.role for line in LINES} == called
    assert "eyJ" not in (tmp_path / "log").read_text()


def test_serving_with_your_own_issuer_gives_no_tokens() -> None:
    said = greeting(load({"WATCHWORD_PUBLIC_URL": "https://watchword.example"}), None)
    assert "https://watchword.example/docs" in said
    assert "your own issuer" in said
    assert "Bearer" not in said


def test_a_service_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotPlayed, match="WATCHWORD_PORT must be a port"):
        Running(tmp_path, {"WATCHWORD_PORT": "many"}).start()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion(name: str) -> None:
    script = watchword(_WATCHWORD_COMPLETE=f"source_{name}")
    assert (script.returncode, script.stderr) == (0, "")
    assert "watchword" in script.stdout


def test_the_completion_script_completes() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    completed = subprocess.run(
        WATCHWORD,
        env=clean | {"_WATCHWORD_COMPLETE": "complete_bash", "COMP_WORDS": "watchword interaction ", "COMP_CWORD": "2"},
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert {"open", "bind", "verify", "close"} <= set(completed)


def test_the_version() -> None:
    ran = watchword("--version")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip()


def test_help_is_quick_and_does_not_load_the_service() -> None:
    words = "import sys, service.cli.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "service.cli.app" in loaded.split()
    assert {"fastapi", "sqlalchemy", "cryptography"}.isdisjoint(loaded.split())


TYPED = "copper lantern orchard velvet"


def test_a_passcode_is_asked_for_without_an_echo(server: Running) -> None:
    opened = httpx.post(
        f"{server.url}/v1/interactions",
        headers={"Authorization": f"Bearer {server.token('agent', tier=1, sub='agent-9')}"},
        json={"contact_id": "+447700900777", "channel": "call"},
    ).json()["interaction_id"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    environment = clean | {
        "WATCHWORD_URL": server.url,
        "WATCHWORD_TOKEN": server.token("agent", tier=1, sub="agent-9"),
    }
    in_a_terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    with subprocess.Popen(
        [sys.executable, "-c", in_a_terminal, *WATCHWORD, "interaction", "verify", opened],
        env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        seen = b""
        while not seen.endswith(b"Passcode: "):
            seen += process.stdout.read(1)
        process.stdin.write(TYPED.encode() + b"\n")
        process.stdin.flush()
        while b"confirm" not in seen:
            seen += process.stdout.read(1)
        process.stdin.close()
        seen += process.stdout.read()
    assert TYPED.encode() not in seen
    assert process.returncode == 0


def test_many_imports_show_their_progress_on_a_terminal_and_leave_stdout_alone(server: Running, tmp_path: Path) -> None:
    token = server.token("back_office")
    account = httpx.post(f"{server.url}/v1/accounts", headers={"Authorization": f"Bearer {token}"}, json={}).json()[
        "account_id"
    ]
    files = [str(DOCUMENTS / "watchword_pair.json")] * 3
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    environment = clean | {"WATCHWORD_URL": server.url, "WATCHWORD_TOKEN": token, "TERM": "xterm"}
    terminal, end = os.openpty()
    try:
        with subprocess.Popen(
            [*WATCHWORD, "booking", "import", account, *files, "--json"],
            env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=end,
        ) as process:  # fmt: skip
            data, _ = process.communicate(timeout=60)
        told = os.read(terminal, 65536).decode()
    finally:
        os.close(end)
        os.close(terminal)
    assert [json.loads(line)["held_version"] for line in data.splitlines()] == [1, 2, 3]
    assert "3/3" in told
    assert "3 of 3 documents imported" in told


def test_the_module_runs_too(run: Run) -> None:
    assert "ask" in watchword("--help").stdout
    one_line(run("history", "A", "--url", "x"), Code.USAGE)
