"""The outbox of a house that has a messaging gateway: each message is posted to it as JSON, signed.

The header `Watchword-Signature: t=<unix seconds>,v1=<hex>` is an HMAC-SHA256 of `<t>.<body>` under the shared secret. A
gateway checks it, refuses one older than five minutes, and passes over an `Idempotency-Key` it has seen: a message
may come twice, once in doubt.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

import httpx
import msgspec

from service.outbox.endpoint import TIMEOUT_S, client, endpoint
from service.outbox.message import Message, OutboxUnavailable

__all__ = ["HttpOutbox", "signature"]

TRIES = 2
LEAST_SECRET = 16  # characters


class HttpOutbox:
    """Posts to one URL; tries a second time where the gateway was not reached or was not well."""

    def __init__(
        self, url: str, secret: str, *, timeout_s: float = TIMEOUT_S, now: Callable[[], float] = time.time
    ) -> None:
        """Use this gateway. Raises ValueError for a URL that is not encrypted, or a secret that is too short."""
        if len(secret) < LEAST_SECRET:
            raise ValueError(f"WATCHWORD_OUTBOX_SECRET must have {LEAST_SECRET} characters or more")
        self._url = endpoint(url, "WATCHWORD_OUTBOX_URL")
        self._secret = secret.encode()
        self._timeout = timeout_s
        self._now = now

    def __repr__(self) -> str:
        """Say nothing of the gateway's secret or address."""
        return "HttpOutbox()"

    async def deliver(self, message: Message) -> None:
        """Post a message. Raises OutboxUnavailable."""
        body = msgspec.json.encode(message)
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.message_id}
        failed = ""
        async with client(self._url, self._timeout) as http:
            for _ in range(TRIES):
                headers["Watchword-Signature"] = signature(self._secret, int(self._now()), body)
                try:
                    response = await http.post(self._url, content=body, headers=headers)
                except httpx.HTTPError as error:
                    # The error's text may repeat the URL, which may hold a key.
                    failed = f"could not be reached ({type(error).__name__})"
                    continue
                if response.is_success:
                    return
                failed = f"answered {response.status_code}"
                if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    break
        raise OutboxUnavailable(f"the messaging gateway {failed}")

    async def kept(self, about: str, *, discard: bool = False) -> int:  # noqa: ARG002 - there is nothing to look through
        """None: what the gateway keeps is the gateway's own, and each message told it whom it was for."""
        return 0


def signature(secret: bytes, at: int, body: bytes) -> str:
    """What the signature header holds for a body sent at this time, seconds since 1970."""
    digest = hmac.digest(secret, f"{at}.".encode() + body, "sha256")
    return f"t={at},v1={digest.hex()}"
