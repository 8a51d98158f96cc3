"""Around every request, as plain ASGI: its id, the limit of its size, the security headers, one line in the log.

Starlette's BaseHTTPMiddleware would cost half the throughput.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import Problem, answer, on_bug
from service.chance import identifier

log = logging.getLogger("watchword.request")

SMALL_BODY = 64 * 1024
LARGE_BODY = 2 * 1024 * 1024
_LARGE = re.compile(r"/v1/(accounts/[^/]+/bookings|bookings/[^/]+/split|policy)")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")

# OWASP REST Security Cheat Sheet: nothing of this is ever framed, sniffed, cached or referred from.
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
DOCS_POLICY = (
    b"content-security-policy",
    b"default-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
)


class TooLarge(Exception):
    """More bytes came than the path takes."""


class Edge:
    """The outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before this app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        path: str = scope["path"]
        given = _header(scope, b"x-request-id")
        request_id = given if given is not None and _REQUEST_ID.fullmatch(given) else identifier().encode()
        scope["request_id"] = request_id.decode()
        extra = (*HEADERS, DOCS_POLICY) if path.startswith("/docs") else HEADERS
        status = 500
        started = False

        async def out(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                started = True
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id), *extra]
            await send(message)

        limit = LARGE_BODY if _LARGE.fullmatch(path) else SMALL_BODY
        try:
            length = _header(scope, b"content-length")
            if length is not None and (not length.isdigit() or int(length) > limit):
                raise TooLarge  # noqa: TRY301 - one way out for a length announced and one counted
            await self._app(scope, _limited(receive, limit) if length is None else receive, out)
        except TooLarge:
            if not started:
                problem = Problem(413, "too_large", f"send at most {limit} bytes to this path")
                await answer(Request(scope), problem)(scope, receive, out)
        except Exception as error:
            # Here, because the framework's own place for it is outside of this, where the headers are not put on.
            if started:
                raise
            response = await on_bug(Request(scope), error)
            await response(scope, receive, out)
        finally:
            fields = {
                "request_id": scope["request_id"],
                "method": scope["method"],
                "route": getattr(scope.get("route"), "path", ""),
                "status": status,
                "ms": round((time.perf_counter() - began) * 1000, 2),
            }
            log.info("request", extra=fields)


def _header(scope: MutableMapping[str, Any], name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


def _limited(receive: Receive, limit: int) -> Receive:
    """Count the bytes of a body that did not say how long it is."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise TooLarge
        return message

    return counted
