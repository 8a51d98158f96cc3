"""The wire: one keep-alive connection, each request sent in one piece and timed to the last byte of its answer."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import Any, Self

import msgspec

HEAD_END = b"\r\n\r\n"


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer as it came, headers in their order. `seconds`: from the first byte sent to the last one read."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """The first header of this name, whatever its case; "" if there is none."""
        return next((value for each, value in self.headers if each.casefold() == name), "")

    def json(self) -> Any:
        """The body."""
        return msgspec.json.decode(self.body)


class Cut(ConnectionError):
    """The connection ended before the answer did. `partial`: what came of it."""

    def __init__(self, partial: bytes) -> None:
        """Keep what came."""
        super().__init__("the connection was cut")
        self.partial = partial


class Wire:
    """A connection to a server on 127.0.0.1."""

    def __init__(self, port: int, timeout_s: float = 60.0) -> None:
        """Connect."""
        self._sock = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        """Close at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Close."""
        self._sock.close()

    def send(self, method: str, path: str, token: str = "", body: Any = None, **headers: str) -> Reply:
        """Send a request and wait for its answer. Raises Cut."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        content = b"" if body is None else msgspec.json.encode(body)
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        raw = "\r\n".join(lines).encode() + HEAD_END + content
        clock = time.perf_counter
        began = clock()
        try:
            self._sock.sendall(raw)
        except OSError:
            raise Cut(b"") from None
        head, found, length = self._read()
        return Reply(int(head[0].split(" ", 2)[1]), _headers(head), found[:length], clock() - began)

    def raw(self, request: bytes) -> bytes:
        """Send a request as it is, and return the body of its answer. Raises Cut."""
        try:
            self._sock.sendall(request)
        except OSError:
            raise Cut(b"") from None
        _, found, length = self._read()
        return found[:length]

    def _read(self) -> tuple[list[str], bytes, int]:
        found = b""
        while True:
            end = found.find(HEAD_END)
            if end >= 0:
                break
            found += self._more(found)
        head = found[:end].decode("latin-1").split("\r\n")
        length = next(int(line[15:]) for line in head if line[:15].casefold() == "content-length:")
        end += len(HEAD_END)
        while len(found) < end + length:
            found += self._more(found)
        return head, found[end:], length

    def _more(self, found: bytes) -> bytes:
        try:
            more = self._sock.recv(65536)
        except OSError:
            raise Cut(found) from None
        if not more:
            raise Cut(found)
        return more


def _headers(head: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = (line.partition(":") for line in head[1:])
    return tuple((name, value.strip()) for name, _, value in pairs)
