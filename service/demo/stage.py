"""The stage: a service, tokens for the cast, and every call written down and shown."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any, Literal

import httpx
import msgspec

from service.demo.cast import Staff
from service.demo.narrator import Narrator
from service.demo.running import Message, NotPlayed, Running
from service.demo.transcript import Ears, Exchange

ARRIVES_WITHIN_S = 5.0
Call = Literal[
    "set up", "open", "bind", "list", "ask", "passcode", "close", "history", "choose", "read",
    "authority", "signal", "escalate", "route", "transfer", "take", "code", "resume",
    "dial", "join", "leave", "consent",
]  # fmt: skip


class Stage:
    """Where a story is played. Use `close` when it is over."""

    def __init__(self, running: Running, narrator: Narrator) -> None:
        """Play against this service."""
        self.running = running
        self.narrator = narrator
        self.transcript: list[Exchange] = []
        self._http = httpx.Client(base_url=running.url, trust_env=False, timeout=20.0)
        self._tokens: dict[Staff, str] = {}
        self._calls = 0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self, staff: Staff | None, ears: Ears, call: Call, path: str, body: dict[str, Any] | None = None
    ) -> Exchange:
        """Make one call as somebody, write it down and show it. Raises NotPlayed where nobody answers."""
        method = "GET" if call in ("list", "history", "read") else "DELETE" if call == "leave" else "POST"
        self._calls += 1
        headers = {"X-Request-ID": f"{self._calls:032x}"}
        if staff is not None:
            headers["Authorization"] = f"Bearer {self._token(staff)}"
        if method == "POST" and call not in ("ask", "choose"):
            headers["Idempotency-Key"] = f"demo-{self._calls}"
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(body)
        try:
            answer = self._http.request(method, f"/v1/{path}", content=content, headers=headers)
        except httpx.HTTPError:
            raise NotPlayed("the service went away in the middle of the story") from None
        came = tuple((name.lower(), value) for name, value in answer.headers.items())
        exchange = Exchange(staff, ears, call, method, path, body, answer.status_code, came, answer.content)
        self.transcript.append(exchange)
        self.narrator.called(exchange)
        return exchange

    def made(self, staff: Staff | None, call: Call, path: str, body: dict[str, Any] | None, field: str = "") -> str:
        """Make a call of the setting up, and give a field of its answer. Raises NotPlayed where it is refused."""
        exchange = self.call(staff, Ears.STAFF, call, path, body)
        if exchange.status >= httpx.codes.BAD_REQUEST:
            told = exchange.told()
            raise NotPlayed(f"{path} answered {exchange.status}: {told.get('detail', '')} {told.get('place', '')}")
        return str(exchange.told()[field]) if field else ""

    def message(self, to: str, template: str) -> Message:
        """The latest message of this kind on a customer's own phone. Raises NotPlayed if it does not arrive."""
        until = monotonic() + ARRIVES_WITHIN_S
        while monotonic() < until:
            for message in reversed(self.running.messages()):
                if message.to_value == to and message.template == template:
                    return message
            sleep(0.02)
        raise NotPlayed("the message for the customer did not arrive")

    def _token(self, staff: Staff) -> str:
        if staff not in self._tokens:
            token = self.running.token(staff.role, tier=staff.tier, site=staff.site, team=staff.team, sub=staff.sub)
            self._tokens[staff] = token
        return self._tokens[staff]
