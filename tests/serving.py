"""The real service for tests: a process of its own on a free port, in a home of its own, stopped by its pid.

``server`` is the embedded default; ``postgres_server`` the same on a real PostgreSQL, its keys in a second database;
``any_server`` is both, one after the other. They last for the session: make accounts and contacts of your own.
``start_server`` starts one for a test alone.

Each is a ``service.demo.running.Running``: ``url``, ``home``, ``pid``, ``messages()``, and ``token(role, tier=...,
site=..., sub=...)``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.demo.running import Running
from tests.postgres import drop_database, new_database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service on SQLite."""
    with Running(tmp_path_factory.mktemp("server")) as running:
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
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
        subprocess.run(
            [sys.executable, "-m", "service.cli", "migrate"],
            env=clean | {"WATCHWORD_HOME": str(home)} | environment,
            cwd=Path(__file__).parent.parent,
            check=True,
        )
        yield made.enter_context(Running(home, environment))


@pytest.fixture(params=["server", "postgres_server"])
def any_server(request: pytest.FixtureRequest) -> Running:
    """The service, on each database."""
    running: Running = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts services of the test's own, in ``tmp_path / "home"`` unless told where, with more settings as keywords."""
    with ExitStack() as started:

        def start(home: Path | None = None, **environment: str) -> Running:
            return started.enter_context(Running(home or tmp_path / "home", environment))

        yield start
