"""The public keys that tokens are verified with: given once, or fetched from an issuer's JWKS URL and kept.

An issuer that is away costs nothing while its keys are kept; a token signed with a key nobody has seen makes us ask, at
most every half minute, so that forged key ids cannot make us hammer the issuer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK

from service.outbox.endpoint import client, endpoint
from service.tokens.rejected import IssuerUnavailable

__all__ = ["ALGORITHMS", "GivenKeys", "Keys", "RemoteKeys", "usable"]

# What a key may be used for follows from the key: nothing symmetric, and never what a token says of itself.
ALGORITHMS = frozenset(["EdDSA", "ES256", "RS256"])
SMALLEST_RSA = 2048  # bits, NIST SP 800-131A
LARGEST_ANSWER = 262_144  # bytes


class Keys(Protocol):
    """Public keys by their ids."""

    async def find(self, kid: str) -> PyJWK | None:
        """The key of this id; for "" the only one there is. Raises IssuerUnavailable."""


def usable(jwks: object) -> dict[str, PyJWK]:
    """Those keys of a key set (RFC 7517) that sign in a way we accept. Others, and broken ones, are passed over."""
    found: dict[str, PyJWK] = {}
    listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, Mapping) or each.get("kty") not in {"OKP", "EC", "RSA"} or "d" in each:
            continue
        try:
            key = PyJWK(dict(each))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < SMALLEST_RSA
        if key.algorithm_name in ALGORITHMS and each.get("use", "sig") == "sig" and not weak:
            found[str(each.get("kid", ""))] = key
    return found


def _pick(keys: dict[str, PyJWK], kid: str) -> PyJWK | None:
    if not kid and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(kid)


class GivenKeys:
    """Keys that do not change while we run."""

    def __init__(self, jwks: object) -> None:
        """Use the keys of this set."""
        self._keys = usable(jwks)

    async def find(self, kid: str) -> PyJWK | None:
        """The key of this id."""
        return _pick(self._keys, kid)


class RemoteKeys:
    """Keys behind a JWKS URL: fetched when first needed, again when they are old or a new id is met."""

    def __init__(
        self, url: str, *, keep_s: float = 600, pause_s: float = 30, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask `url` (https, or loopback) no oftener than every `pause_s`. Raises ValueError for another URL."""
        self._url = endpoint(url, "WATCHWORD_JWKS_URL")
        self._keep, self._pause = keep_s, pause_s
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._fetched = self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, kid: str) -> PyJWK | None:
        """The key of this id. Raises IssuerUnavailable where there are no keys at all."""
        key = _pick(self._keys, kid)
        if key is None or self._clock() - self._fetched > self._keep:
            await self._ask(self._fetched)
            key = _pick(self._keys, kid)
        if key is None and self._fetched == float("-inf"):
            raise IssuerUnavailable("the token issuer's keys cannot be fetched; see WATCHWORD_JWKS_URL")
        return key

    async def _ask(self, seen: float) -> None:
        async with self._asking:
            if self._fetched != seen or self._clock() - self._asked < self._pause:
                return  # somebody asked while we waited, or just before
            self._asked = self._clock()
            keys = usable(await self._fetch())
            if keys:  # an empty or broken answer does not take away the keys we have
                self._keys, self._fetched = keys, self._clock()

    async def _fetch(self) -> Any:
        try:
            async with client(self._url) as http, http.stream("GET", self._url) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        return None
                return msgspec.json.decode(body) if response.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, msgspec.DecodeError):
            return None
