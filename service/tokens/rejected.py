"""Why a token was not accepted: a few fixed words, never a part of the token."""

from __future__ import annotations

__all__ = ["IssuerUnavailable", "TokenRejected"]


class TokenRejected(Exception):
    """The token is no good. `reason` fits into the quotes of a WWW-Authenticate header (RFC 6750 section 3)."""

    def __init__(self, reason: str) -> None:
        """Say why."""
        super().__init__(reason)
        self.reason = reason


class IssuerUnavailable(Exception):
    """The issuer's keys were never fetched and cannot be now, so no token can be judged. The token may be good."""
