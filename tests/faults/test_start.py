"""A database that is down when the service starts leaves it unready; it answers when the database is back."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep

import httpx

from service.demo.running import Running
from tests.postgres import PostgresServer, new_database
from tests.serving import watchword

SECONDS = 30


def until(http: httpx.Client, path: str, status: int) -> httpx.Response:
    """Ask until this is the answer."""
    end = monotonic() + SECONDS
    while True:
        answer = http.get(path)
        if answer.status_code == status or monotonic() > end:
            return answer
        sleep(0.1)


def test_a_database_that_is_down_at_the_start_does_not_end_it(
    stoppable_postgres: PostgresServer, tmp_path: Path
) -> None:
    home, database = tmp_path / "home", stoppable_postgres
    urls = [new_database(database.url) for _ in range(2)]
    environment = {"WATCHWORD_DATABASE_URL": urls[0], "WATCHWORD_KEYS_URL": urls[1]}
    assert watchword("migrate", WATCHWORD_HOME=str(home), **environment).returncode == 0
    database.stop()
    running = Running(home, environment)
    running.begin()
    try:
        running.listen()
        office = {"Authorization": f"Bearer {running.token('back_office')}"}
        with httpx.Client(base_url=running.url, trust_env=False, timeout=SECONDS) as http:
            assert http.get("/healthz").status_code == 200
            assert http.get("/readyz").status_code == 503
            refused = http.post("/v1/accounts", headers=office, json={})
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:watchword:problem:unavailable")
            database.start()
            assert until(http, "/readyz", 200).status_code == 200
            assert http.post("/v1/accounts", headers=office, json={}).status_code == 201
    finally:
        running.stop()
