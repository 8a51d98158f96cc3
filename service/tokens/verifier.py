"""The verifier: a token is checked once (190 us) and remembered until it expires (under 3 us).

What is remembered is a SHA-256 of the token, so that a copy of this process's memory holds no token that was used.
Rejected tokens are not remembered: they are anybody's to make up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import jwt

from service.tokens.caller import Caller, caller_from
from service.tokens.issuer import LocalIssuer
from service.tokens.jwks import ALGORITHMS, GivenKeys, Keys, RemoteKeys
from service.tokens.rejected import TokenRejected

__all__ = ["TokenVerifier"]

LONGEST = 8_192  # characters
LEEWAY_S = 30  # another machine's clock may be ahead; what has expired has expired
MOST_REMEMBERED = 16_384
_OPTIONS: Any = {
    "require": ["exp", "iss", "aud", "sub"],
    # Times are judged here, by the clock we were given.
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.InvalidAudienceError, "the token is for another audience"),
    (jwt.InvalidIssuerError, "the token is from another issuer"),
    (jwt.MissingRequiredClaimError, "the token must have exp, iss, aud and sub"),
    (jwt.InvalidSignatureError, "the signature is not right"),
    (jwt.InvalidAlgorithmError, "the algorithm does not fit the key"),
)


class TokenVerifier:
    """Knows which tokens are good, and remembers them. For one event loop."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        audience: str,
        now: Callable[[], float] = time.time,
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:
        """Accept tokens of `issuer` for `audience` signed with one of these keys."""
        self._keys = keys
        self._issuer, self._audience = issuer, audience
        self._now = now
        self._most = most_remembered
        self._remembered: dict[bytes, tuple[float, Caller]] = {}

    def __repr__(self) -> str:
        """Say nothing of whoever is remembered."""
        return f"TokenVerifier({self._issuer!r}, {len(self._remembered)} remembered)"

    @classmethod
    def local(cls, issuer: LocalIssuer, *, now: Callable[[], float] = time.time) -> TokenVerifier:
        """A verifier of the local issuer's tokens."""
        return cls(GivenKeys(issuer.jwks()), issuer=issuer.issuer, audience=issuer.audience, now=now)

    @classmethod
    def remote(cls, url: str, *, issuer: str, audience: str) -> TokenVerifier:
        """A verifier with the keys behind a JWKS URL. Raises ValueError unless it is https, or loopback."""
        return cls(RemoteKeys(url), issuer=issuer, audience=audience)

    def remembered(self, token: str) -> Caller | None:
        """Who a token speaks for that was verified before and has not expired."""
        found = self._remembered.get(sha256(token.encode("utf-8", "replace")).digest())
        return found[1] if found is not None and found[0] > self._now() else None

    async def verify(self, token: str) -> Caller:
        """Who this token speaks for. Raises TokenRejected, or IssuerUnavailable where no key was ever fetched."""
        claims = await self._claims(token)
        expires = self._in_time(claims)
        caller = caller_from(claims)
        self._remember(token, expires, caller)
        return caller

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > LONGEST or not token.isascii():
            raise TokenRejected("this is not a token")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise TokenRejected("this is not a token") from None
        if header.get("alg") not in ALGORITHMS:
            raise TokenRejected("the token must be signed with EdDSA, ES256 or RS256")
        kid = header.get("kid", "")
        key = await self._keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRejected("the token was signed with a key that is not known")
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                options=_OPTIONS,
            )
        except jwt.PyJWTError as error:
            # From None: some of the library's errors repeat claims.
            raise TokenRejected(
                next((reason for kind, reason in _REASONS if isinstance(error, kind)), "this is not a token")
            ) from None

    def _in_time(self, claims: dict[str, Any]) -> float:
        now = self._now()
        expires, begins = claims["exp"], claims.get("nbf", 0)
        for time_claim in (expires, begins):
            if isinstance(time_claim, bool) or not isinstance(time_claim, int | float) or not math.isfinite(time_claim):
                raise TokenRejected("exp and nbf must be seconds since 1970")
        if expires <= now:
            raise TokenRejected("the token has expired")
        if begins > now + LEEWAY_S:
            raise TokenRejected("the token is not valid yet")
        return float(expires)

    def _remember(self, token: str, expires: float, caller: Caller) -> None:
        while len(self._remembered) >= self._most:  # oldest first
            del self._remembered[next(iter(self._remembered))]
        self._remembered[sha256(token.encode()).digest()] = (expires, caller)
