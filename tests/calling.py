"""A service in this process, called over ASGI: what the API tests are written against."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from service import composition
from service.desk.clock import wall
from service.settings import Settings, load

BOOKING = Path(__file__).parent / "documents"


class MovableClock:
    """The wall clock, moved on by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return wall() + self.ahead


class Calls:
    """One person's way to the service: every request with their token."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.token = token

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        names.setdefault("Authorization", f"Bearer {self.token}")
        return await self.client.request(method, path, json=body, headers=names)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.send("POST", path, {} if body is None else body, **headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.send("GET", path, **headers)

    async def made(self, path: str, body: Any = None) -> dict[str, Any]:
        """Post, and expect it to be done."""
        response = await self.post(path, body)
        assert response.status_code in (200, 201, 202), response.text
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

    def token(self, role: str, *, sub: str = "", tier: int = 0, site: str = "manila") -> str:
        return self._issuer.mint(sub or f"{role}-1", [role], tier=tier or (1 if role == "agent" else 0), site=site)

    def by(self, role: str, *, sub: str = "", tier: int = 0, site: str = "manila") -> Calls:
        return Calls(self.client, self.token(role, sub=sub, tier=tier, site=site))

    def outbox(self) -> list[dict[str, Any]]:
        """What was sent to customers' own channels, oldest first."""
        files = sorted((self.settings.home / "outbox").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text()) for path in files]


@asynccontextmanager
async def serving(home: Path, **settings: str) -> AsyncIterator[Service]:
    """The service over fresh or existing databases in this folder."""
    found = load({"WATCHWORD_HOME": str(home), **settings})
    composition.prepare(found)
    clock = MovableClock()
    app = composition.service(found, clock=clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://watchword.test") as client:
            yield Service(app, client, found, clock)
