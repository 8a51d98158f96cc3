"""An HTTP endpoint of somebody else's that we call: encrypted on the way, unless it is this very machine."""

from __future__ import annotations

import logging
import ssl
from functools import cache
from ipaddress import ip_address

import httpx

__all__ = ["client", "endpoint", "loopback"]

TIMEOUT_S = 5.0

# They tell of each request with its URL, which may hold a key, and at the lowest level with its headers.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)


def endpoint(url: str, setting: str) -> str:
    """Check the URL of a setting: https, or http to a loopback address. Raises ValueError, which repeats none of it."""
    _trusted()
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError(f"{setting} is not a URL") from None
    if parsed.scheme == "https" and parsed.host:
        return url
    if parsed.scheme == "http" and loopback(parsed.host):
        return url
    raise ValueError(f"{setting} must begin with https:// (http:// is for loopback addresses only)")


def client(url: str, timeout_s: float = TIMEOUT_S) -> httpx.AsyncClient:
    """A client for this endpoint: it follows no redirects, and goes through a proxy only to leave this machine."""
    away = not loopback(httpx.URL(url).host)
    return httpx.AsyncClient(timeout=timeout_s, verify=_trusted(), follow_redirects=False, trust_env=away)


@cache
def _trusted() -> ssl.SSLContext:
    # Read at start: it takes 30 ms, during which the event loop would stand still.
    return httpx.create_ssl_context()


def loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
