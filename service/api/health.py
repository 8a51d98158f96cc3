"""Health: alive, and able to decide *and* to record."""

from __future__ import annotations

from typing import Literal

import msgspec

from service.desk.desk import Desk
from service.desk.draft import Asker


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(msgspec.Struct, frozen=True):
    """It can decide and record."""

    status: Literal["ready"] = "ready"


async def healthz(_desk: Desk, _asker: Asker) -> Alive:
    """Answer that the process is alive."""
    return Alive()


async def readyz(desk: Desk, asker: Asker) -> Ready:
    """Answer that a policy is in force, the clock is sane, and an append would be durable. Raises LogUnavailable."""
    await desk.ready(asker)
    return Ready()
