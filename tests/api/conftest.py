"""What the API tests stand on: the service over ASGI, and a case in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.calling import Service, serving
from tests.case import Case


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A service of the test's own, on SQLite."""
    async with serving(tmp_path / "home") as running:
        yield running


@pytest_asyncio.fixture
async def case(service: Service) -> Case:
    """The account as it was before anybody fled."""
    return await Case.opened(service)
