"""A real HTTP server on a free port of 127.0.0.1, for tests of what calls out: it answers as the test has it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Reply(NamedTuple):
    """What is answered. The end of the connection is the end of the body."""

    status: int
    body: bytes = b""


class Answering:
    """Answers until it is closed, each request in a thread of its own."""

    def __init__(self) -> None:
        """Start. What a subclass keeps is set up before."""
        answer = self.answer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                reply = answer(self.path, dict(self.headers), body)
                self.send_response(reply.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_GET  # noqa: N815 - the library's own name

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """The answer to one request."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop; nobody is there any more. It may be closed again."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
