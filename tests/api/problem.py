"""What every error must look like, whoever made it (RFC 9457)."""

from __future__ import annotations

from typing import Any

import httpx

MEMBERS = {"type", "title", "status", "detail", "instance"}
NEUTRAL = {"outcome", "say", "next_step"}
SECURITY = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def guarded(response: httpx.Response) -> None:
    """The headers that every response has, errors of the framework's own included."""
    assert {name: response.headers.get(name) for name in SECURITY} == SECURITY, response.request.url
    assert len(response.headers["x-request-id"]) in range(1, 65)
    assert "server" not in response.headers


def problem(response: httpx.Response, status: int, kind: str = "", place: str = "") -> dict[str, Any]:
    """The problem in a response; `kind` ends its type, `place` names the part of the request."""
    guarded(response)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert MEMBERS <= found.keys() <= MEMBERS | NEUTRAL | {"place"}
    assert found["status"] == status
    assert found["type"].startswith("urn:watchword:problem:")
    assert found["title"]
    assert found["detail"]
    assert found["instance"] == f"urn:watchword:request:{response.headers['x-request-id']}"
    if kind:
        assert found["type"] == f"urn:watchword:problem:{kind}"
    if place:
        assert found["place"] == place
    return found
