"""Sending: one POST to a receiver. Only to hosts that the settings name, or this machine; no redirect is followed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from domain.refusal import Refused
from service.outbox.endpoint import client, endpoint, loopback

TIMEOUT_S = 5.0


def allowed(url: str, hosts: frozenset[str]) -> str:
    """A URL that letters may be posted to. Raises Refused("bad_target") for any other, and repeats none of it."""
    try:
        endpoint(url, "url")
    except ValueError:
        raise Refused("bad_target", "use https://, or http:// on a loopback address", place="url") from None
    parsed = httpx.URL(url)
    if parsed.userinfo or parsed.fragment:
        raise Refused("bad_target", "leave user, password and fragment out; letters are signed", place="url")
    if not loopback(parsed.host) and parsed.host.casefold() not in hosts:
        raise Refused("bad_target", "the host is not among WATCHWORD_WEBHOOK_HOSTS", place="url")
    return url


async def post(url: str, content: bytes, headers: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> str:
    """Post a letter, in this time at most. "" where it was taken (any 2xx), else why not; its answer is not read."""
    try:
        async with (
            asyncio.timeout(timeout_s),
            client(url, timeout_s) as http,
            http.stream("POST", url, content=content, headers=headers) as answer,
        ):
            return "" if answer.is_success else f"answered {answer.status_code}"
    except Exception as error:  # noqa: BLE001 - whatever it was, the letter was not taken
        # The kind alone: the error's text may repeat the URL, which may hold a key.
        return type(error).__name__
