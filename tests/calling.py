"""A service in this process, called over ASGI: what the API tests are written against."""

from __future__ import annotations

import asyncio
import atexit
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Any

import httpx
from fastapi import FastAPI

from service import composition
from service.desk.clock import wall
from service.logs import Lines
from service.office.climbing import tick
from service.settings import Settings, load

BOOKING = Path(__file__).parent / "documents"
DONE = (200, 201, 202)
_ERRANDS = re.compile(r"/service/(desk|line|safety|office)/")


class MovableClock:
    """The wall clock, moved on by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return wall() + self.ahead


class Calls:
    """One person's way to the service: every request with their token. Every answer is kept in `heard`."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.token = token
        self.heard: list[httpx.Response] = []

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            names.setdefault("Authorization", f"Bearer {self.token}")
        response = await self.client.request(method, path, json=body, headers=names)
        self.heard.append(response)
        return response

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.send("POST", path, {} if body is None else body, **headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.send("GET", path, **headers)

    async def made(self, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Post, and expect it to be done."""
        response = await self.post(path, body, **headers)
        assert response.status_code in DONE, response.text
        found: dict[str, Any] = response.json()
        return found


class Service:
    """The app, its settings, and tokens for anybody."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, settings: Settings, clock: MovableClock) -> None:
        self.app = app
        self.client = client
        self.settings = settings
        self.clock = clock
        self._issuer = composition.issuer(settings)

    def token(
        self,
        role: str,
        *,
        sub: str = "",
        tier: int | None = None,
        site: str = "manila",
        team: str = "",
        lifetime_s: int = 3600,
    ) -> str:
        """A token; of an agent of tier 1 unless another tier is asked for."""
        if tier is None:
            tier = 1 if role == "agent" else 0
        return self._issuer.mint(sub or f"{role}-1", [role], tier=tier, site=site, team=team, lifetime_s=lifetime_s)

    def by(self, role: str, *, sub: str = "", tier: int | None = None, site: str = "manila", team: str = "") -> Calls:
        return Calls(self.client, self.token(role, sub=sub, tier=tier, site=site, team=team) if role else "")

    async def ticked(self, ahead: timedelta = timedelta()) -> int:
        """Move the clock on, and let it do at once what is due then; returns how much that was."""
        self.clock.ahead += ahead
        return await tick(self.app.state.desk)

    async def delivered(self) -> list[dict[str, Any]]:
        """All that was sent to customers, with nothing on its way any more."""
        await errands()
        return self.outbox()

    def outbox(self) -> list[dict[str, Any]]:
        """What was sent to customers' own channels, oldest first."""
        files = sorted((self.settings.home / "outbox").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text()) for path in files]


async def errands() -> None:
    """Wait until every message is out that an answer has left behind."""
    for task in asyncio.all_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if code is not None and _ERRANDS.search(code.co_filename) and code.co_name != "climb":
            await task


@cache
def _prepared() -> Path:
    """A home as the first start leaves it, to be copied: compiling the policy takes a second or more."""
    folder = mkdtemp(prefix="watchword-prepared-")
    atexit.register(rmtree, folder, ignore_errors=True)
    composition.prepare(load({"WATCHWORD_HOME": folder}))
    return Path(folder)


def _ready(home: Path, settings: dict[str, str]) -> Settings:
    """The settings of a service whose databases are prepared."""
    found = load({"WATCHWORD_HOME": str(home), **settings})
    if settings:
        composition.prepare(found)
    elif not home.exists():
        copytree(_prepared(), home)
    return found


@asynccontextmanager
async def serving(home: Path, **settings: str) -> AsyncIterator[Service]:
    """The service over fresh or existing databases in this folder; two at once over the same are two replicas."""
    found = _ready(home, settings)
    clock = MovableClock()
    app = composition.service(found, clock=clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://watchword.test") as client:
            yield Service(app, client, found, clock)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Every log line of this process as `service.logs` would write it, at the chattiest level, libraries included."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(Lines())
    root, ours = logging.getLogger(), logging.getLogger("watchword")
    before = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])
