"""A stand-in for Vault's transit engine, over a real socket: encrypt, decrypt, rewrap with `batch_input`, versions.

As HashiCorp documents it (HTTP API, secret/transit): ciphertext `vault:v<version>:<base64 of nonce and box>`, results
in `data.batch_results`, 400 where any of a batch cannot be opened, 403 for a token that may not, 503 while sealed. No
Vault can be had where these tests run; what it really does beyond this is not shown by them.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FIRST = "s.first"


class Transit:
    """One transit key, `watchword` under `/v1/transit`, on a port of this machine."""

    def __init__(self) -> None:
        self.token, self.sealed, self.closed, self.delay_s = FIRST, False, False, 0.0
        self.calls: list[tuple[str, int]] = []
        self._keys = [os.urandom(32)]
        transit = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                if transit.closed:
                    self.close_connection = True
                    return
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                status, told = transit.answer(self.path, self.headers.get("X-Vault-Token", ""), body)
                raw = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop answering, also those who are connected."""
        self.closed = True
        self._server.shutdown()
        self._server.server_close()

    def rotate(self) -> None:
        """A next version of the key, as `transit/keys/watchword/rotate` makes one."""
        self._keys.append(os.urandom(32))

    def answer(self, path: str, token: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        time.sleep(self.delay_s)
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        verb, _, name = path.removeprefix("/v1/transit/").partition("/")
        if name != "watchword" or verb not in ("encrypt", "decrypt", "rewrap"):
            return 400, {"errors": ["encryption key not found"]}
        given = body.get("batch_input")
        if not given:
            return 400, {"errors": ["missing batch input to process"]}
        self.calls.append((verb, len(given)))
        results = [getattr(self, f"_{verb}")(each) for each in given]
        failed = any("error" in each for each in results)
        return (400 if failed else 200), {"data": {"batch_results": results}}

    def _encrypt(self, item: dict[str, str]) -> dict[str, Any]:
        return self._made(base64.b64decode(item["plaintext"]))

    def _made(self, plaintext: bytes) -> dict[str, Any]:
        version, nonce = len(self._keys), os.urandom(12)
        box = nonce + AESGCM(self._keys[-1]).encrypt(nonce, plaintext, None)
        return {"ciphertext": f"vault:v{version}:{base64.b64encode(box).decode()}", "key_version": version}

    def _opened(self, item: dict[str, str]) -> bytes | None:
        try:
            mark, version, box = item["ciphertext"].split(":")
            raw, key = base64.b64decode(box), self._keys[int(version[1:]) - 1]
            return AESGCM(key).decrypt(raw[:12], raw[12:], None) if mark == "vault" else None
        except (ValueError, IndexError, InvalidTag):
            return None

    def _decrypt(self, item: dict[str, str]) -> dict[str, Any]:
        found = self._opened(item)
        return {"error": "invalid ciphertext"} if found is None else {"plaintext": base64.b64encode(found).decode()}

    def _rewrap(self, item: dict[str, str]) -> dict[str, Any]:
        found = self._opened(item)
        return {"error": "invalid ciphertext"} if found is None else self._made(found)
