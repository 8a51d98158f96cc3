"""Calls of operations, without a token."""

from __future__ import annotations

from service.api import health
from service.api.route import Call

CALLS: tuple[Call, ...] = (
    Call("healthz", "GET", "/healthz", "Alive", "health", health.Alive, health.healthz),
    Call(
        "readyz", "GET", "/readyz", "Able to decide and to record", "health", health.Ready, health.readyz,
        problems=(503,)
    ),
)  # fmt: skip
