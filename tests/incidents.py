"""Incidents in tests: they come a moment after what they come of."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.calling import Service

PATIENCE_S = 8.0


async def incidents(service: Service, count: int | None = 1, status: str = "open") -> list[dict[str, Any]]:
    """The incidents, newest first, once there are so many; those there are now, if no number is given."""
    legal = service.by("legal")
    until = time.monotonic() + PATIENCE_S
    while True:
        found: list[dict[str, Any]] = (await legal.get(f"/v1/incidents?status={status}")).json()["incidents"]
        if count is None or len(found) == count:
            return found
        assert time.monotonic() < until, found
        await asyncio.sleep(0.02)


async def counted(service: Service, incident_id: str, rule: str, count: int) -> dict[str, Any]:
    """An incident, once a rule has found something so often."""
    legal = service.by("legal")
    until = time.monotonic() + PATIENCE_S
    while True:
        found: dict[str, Any] = (await legal.get(f"/v1/incidents/{incident_id}")).json()
        if found["counts"].get(rule) == count:
            return found
        assert time.monotonic() < until, found
        await asyncio.sleep(0.02)


def found_in(found: list[dict[str, Any]], account: str) -> list[dict[str, Any]]:
    """Those of the incidents that are about this account."""
    return [each for each in found if each["account_id"] == account]


async def passed(service: Service) -> None:
    """Wait until all that has happened so far was judged: an agent browses, and when that was found, so is the rest."""
    curious = service.by("agent", sub=f"fence-{time.monotonic_ns()}")
    opened = await curious.made("/v1/interactions", {"contact_id": "fence", "channel": "call"})
    for number in range(10):
        body = {"locator": f"FNC{time.monotonic_ns() % 10**9:09}{number}", "facts": {}}
        await curious.made(f"/v1/interactions/{opened['interaction_id']}/bind", body)
    legal = service.by("legal")
    until = time.monotonic() + PATIENCE_S
    while True:
        found = (await legal.get("/v1/incidents")).json()["incidents"]
        for each in found:
            if each["agent"].startswith("fence-") and each["latest"]:
                await legal.made(f"/v1/incidents/{each['incident_id']}/close", {"words": "a fence of a test"})
                return
        assert time.monotonic() < until
        await asyncio.sleep(0.02)
