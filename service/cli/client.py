"""The client: one call of the HTTP API, its answer's bytes as they came, and every way it can go wrong as `Failed`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
import msgspec

from service.cli.exits import Code, Failed, problem

CONNECT_S = 5.0
ANSWER_S = 60.0  # adopting a policy judges every combination first
LOOPBACK = ("127.0.0.1", "::1", "localhost")
OK = range(200, 300)


def path(*parts: str) -> str:
    """A path of the API from its parts, each quoted: an id is never read as a path."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


class Service:
    """The service at one URL, spoken to with one token. Use it as a context manager."""

    def __init__(self, url: str, token: str) -> None:
        """Raises Failed for a URL that cannot be used, before anything is sent."""
        try:
            base = httpx.URL(url)
        except httpx.InvalidURL:
            raise Failed(Code.USAGE, "the service's URL cannot be read; set WATCHWORD_URL or --url") from None
        if base.scheme not in ("http", "https") or not base.host:
            raise Failed(
                Code.USAGE, "the service's URL must begin with http:// or https://; set WATCHWORD_URL or --url"
            )
        if not token.isascii() or not token.isprintable():
            raise Failed(Code.USAGE, "the token holds characters that no token has; set WATCHWORD_TOKEN anew")
        self._where = f"{base.scheme}://{base.netloc.decode()}" if not base.userinfo else f"{base.scheme}://{base.host}"
        self._http = httpx.Client(
            base_url=base,
            headers={"Accept": "application/json", "User-Agent": "watchword"}
            | ({"Authorization": f"Bearer {token}"} if token else {}),
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            trust_env=base.host not in LOOPBACK,  # a proxy has no business with this machine's own service
        )

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connection."""
        self._http.close()

    def read(self, where: str, query: Mapping[str, str | int] | None = None) -> bytes:
        """GET. Raises Failed."""
        return self._call("GET", where, query=query)

    def stream(self, where: str) -> Iterator[bytes]:
        """GET what is too much for memory, piece by piece. Raises Failed."""
        try:
            with self._http.stream("GET", where, headers={"Accept": "*/*"}) as answer:
                if answer.status_code not in OK:
                    raise problem(answer.status_code, answer.read())
                yield from answer.iter_bytes()
        except httpx.TimeoutException:
            raise Failed(Code.UNAVAILABLE, f"{self._where} did not answer in time") from None
        except httpx.TransportError:
            raise Failed(Code.UNAVAILABLE, f"the connection to {self._where} broke off; try again") from None

    def write(self, where: str, body: Mapping[str, Any] | None = None, *, key: str = "", method: str = "POST") -> bytes:
        """Write, under this idempotency key or one made for it. Raises Failed."""
        return self._call(method, where, body, headers={"Idempotency-Key": key or secrets.token_hex(16)})

    def _call(
        self,
        method: str,
        where: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        sent = dict(headers or {}) | ({} if content is None else {"Content-Type": "application/json"})
        try:
            answer = self._http.request(method, where, content=content, params=query, headers=sent)
        except httpx.TimeoutException:
            raise Failed(Code.UNAVAILABLE, f"{self._where} did not answer in time; nothing was disclosed") from None
        except (httpx.TransportError, httpx.InvalidURL):
            raise Failed(
                Code.UNAVAILABLE, f"there is no service at {self._where}; is it up? (watchword serve)"
            ) from None
        except UnicodeEncodeError:
            raise Failed(Code.USAGE, "an option holds characters that cannot be sent; use ASCII in --key") from None
        if answer.status_code not in OK:
            raise problem(answer.status_code, answer.content)
        return answer.content
