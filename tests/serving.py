"""The real service for tests: a process of its own on a free port, in a home of its own, stopped by its pid.

``server`` is the embedded default; ``postgres_server`` the same on a real PostgreSQL, its keys in a second database;
``any_server`` is both, one after the other. They last for the session: make accounts and contacts of your own.
``start_server`` starts one for a test alone; ``prepared_home`` is a home to copy.

Each is a ``service.demo.running.Running``: ``url``, ``home``, ``pid``, ``messages()``, and ``token(role, tier=...,
site=..., sub=...)``.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copytree

import pytest

from service.demo.running import Running
from tests.postgres import drop_database, new_database


def watchword(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with these settings and none of this shell's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        env=clean | environment,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was migrated, to copy: the first start judges the default policy, which takes seconds."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    ran = watchword("migrate", WATCHWORD_HOME=str(home))
    assert ran.returncode == 0, ran.stderr
    return home


@pytest.fixture(scope="session")
def server(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service on SQLite."""
    home = tmp_path_factory.mktemp("server") / "home"
    with Running(copytree(prepared_home, home)) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service on PostgreSQL."""
    home = tmp_path_factory.mktemp("postgres-server")
    with ExitStack() as made:
        urls = [new_database(postgres_url) for _ in range(2)]
        for url in urls:
            made.callback(drop_database, postgres_url, url)
        environment = {"WATCHWORD_DATABASE_URL": urls[0], "WATCHWORD_KEYS_URL": urls[1]}
        ran = watchword("migrate", WATCHWORD_HOME=str(home), **environment)
        assert ran.returncode == 0, ran.stderr
        yield made.enter_context(Running(home, environment))


@pytest.fixture(params=["server", "postgres_server"])
def any_server(request: pytest.FixtureRequest) -> Running:
    """The service, on each database."""
    running: Running = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def start_server(prepared_home: Path, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts services of the test's own: in a new home, or in one that is named; more settings are keywords."""
    with ExitStack() as started:

        def start(home: Path | None = None, **environment: str) -> Running:
            if home is None:
                home = copytree(prepared_home, tmp_path / f"home-{secrets.token_hex(4)}")
            return started.enter_context(Running(home, environment))

        yield start
