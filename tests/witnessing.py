"""A witness of the tests' own (C2SP tlog-witness): it checks what it is sent with another's verifier, and cosigns."""

from __future__ import annotations

import threading
import time
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales.signing import NoteSignature, Vkey
from tlog_scales.tlog import Checkpoint, ConsistencyProof, ConsistencyProofInvalid

NAME = "witness.test/w1"


class TestWitness:
    """Listens on a free port. `key` and `url` are for the setting; `says` answers in its place."""

    __test__ = False

    def __init__(self, log_key: str = "") -> None:
        self._private = Ed25519PrivateKey.generate()
        self.vkey = Vkey(NAME, None, 4, self._private.public_key().public_bytes_raw())
        self.log_key = log_key
        self.latest: Checkpoint | None = None
        self.says: tuple[int, str, bytes] | None = None
        self.asked: list[bytes] = []
        witness = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                witness.asked.append(body)
                status, kind, answer = witness.says or witness.answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/prefix"
        self.key: str = self.vkey.serialize()  # type: ignore[no-untyped-call]  # theirs is untyped
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        """What the protocol says."""
        assert path == "/prefix/add-checkpoint"
        head, _, note = body.decode().partition("\n\n")
        first, *hashes = head.split("\n")
        old = int(first.removeprefix("old "))
        checkpoint = Checkpoint.from_text(note)
        if self.log_key:
            checkpoint.verify(Vkey.from_string(self.log_key))
        size = self.latest.size if self.latest is not None else 0
        if old != size:
            return 409, "text/x.tlog.size", f"{size}\n".encode()
        if self.latest is not None:
            proof = ConsistencyProof(old, checkpoint.size, [b64decode(each) for each in hashes])
            try:
                proof.check(self.latest.root_hash, checkpoint.root_hash)
            except ConsistencyProofInvalid:
                return 422, "text/plain", b""
        elif hashes:
            return 422, "text/plain", b""
        self.latest = checkpoint
        return 200, "text/plain", f"{self.cosigned(checkpoint)}\n".encode()

    def cosigned(self, checkpoint: Checkpoint) -> str:
        at = int(time.time())
        message = f"cosignature/v1\ntime {at}\n{checkpoint.serialize_body()}".encode()
        payload = at.to_bytes(8) + self._private.sign(message)
        return NoteSignature.from_vkey_signature(self.vkey, payload).serialize()
