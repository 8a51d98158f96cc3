"""Load: keep-alive connections that each send their one request, read the answer whole, and send it again.

One thread and plain sockets, 30 to 50 us of processor time a request, so that the client is not what is measured; the
same client for every contestant. Every answer is looked at.
"""

from __future__ import annotations

import gc
import re
import selectors
import socket
import time
from collections.abc import Sequence

import msgspec

from benchmarks.figure import Unsound

HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
PATIENCE_S = 30.0


class Load(msgspec.Struct, frozen=True):
    """What one round came to. Latencies in milliseconds; `answers` counts those of the warm-up too."""

    answers: int
    per_second: float
    p50: float
    p99: float


class _Connection:
    __slots__ = ("began", "buffer", "request", "sock")

    def __init__(self, port: int, request: bytes) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.buffer = b""
        self.began = 0.0

    def send(self) -> None:
        self.began = time.perf_counter()
        self.sock.sendall(self.request)  # smaller than a socket's buffer, so it does not wait

    def answered(self) -> bytes | None:
        """The answer, once it is whole. Raises Unsound where the server closed the connection."""
        data = self.sock.recv(65536)
        if not data:
            raise Unsound("the server closed a connection under load")
        self.buffer = data = self.buffer + data
        end = data.find(HEAD_END)
        if end < 0:
            return None
        length = _LENGTH.search(data, 0, end)
        if length is None:
            raise Unsound("an answer came without its length")
        if len(data) < end + len(HEAD_END) + int(length[1]):
            return None
        self.buffer = b""
        return data


def load(port: int, requests: Sequence[bytes], *, says: bytes, seconds: float, warm_s: float = 0.5) -> Load:
    """Send these requests, one a connection, for so many seconds, after a warm-up that is not timed.

    Raises Unsound unless every answer is a 200 that holds `says`.
    """
    connections = [_Connection(port, request) for request in requests]
    taken: list[float] = []
    gc.collect()
    gc.disable()
    try:
        answers = _run(connections, says, seconds=seconds, warm_s=warm_s, taken=taken)
    finally:
        gc.enable()
        for connection in connections:
            connection.sock.close()
    taken.sort()
    if len(taken) < 100:
        raise Unsound(f"{len(taken)} answers in {seconds} s are too few to tell anything")
    return Load(
        answers, len(taken) / seconds, 1000 * taken[len(taken) // 2], 1000 * taken[int(0.99 * (len(taken) - 1))]
    )


def _run(connections: Sequence[_Connection], says: bytes, *, seconds: float, warm_s: float, taken: list[float]) -> int:
    """Ask until the time is over, then wait for what is under way. Returns how many answers came in all."""
    answers = 0
    clock = time.perf_counter
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.sock, selectors.EVENT_READ, connection)
        warm = clock() + warm_s
        end = warm + seconds
        for connection in connections:
            connection.send()
        open_requests = len(connections)
        while open_requests:
            ready = selector.select(PATIENCE_S)
            if not ready:
                raise Unsound(f"no answer for {PATIENCE_S:g} s")
            for key, _ in ready:
                connection = key.data
                answer = connection.answered()
                if answer is None:
                    continue
                now = clock()
                if not answer.startswith(b"HTTP/1.1 200 ") or says not in answer:
                    raise Unsound(f"an answer is not as it should be: {answer.split(HEAD_END)[0][:40]!r}")
                answers += 1
                if warm <= now < end:
                    taken.append(now - connection.began)
                if now < end:
                    connection.send()
                else:
                    open_requests -= 1
    return answers
