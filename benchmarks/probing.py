"""Probes: questions that are withheld, one after the other, under rules by which each of them is a finding."""

from __future__ import annotations

from typing import Any

from benchmarks.figure import Unsound
from benchmarks.server import Watchword
from benchmarks.wire import Wire
from service import composition

EACH = {"rules": [{"kind": "failed_attempts", "id": "each", "within_minutes": 5, "count": 1}]}
"""By this rule book every attempt that fails opens an incident about its account, or joins it."""


class Probes:
    """Contacts bound to locators that are nobody's: an account for each, and so an incident."""

    def __init__(self, server: Watchword, contacts: int) -> None:
        """Open them, and adopt the rules."""
        issuer = composition.issuer(server.settings)
        self.tokens = {
            role: issuer.mint(f"{role}-1", [role], lifetime_s=8 * 3600) for role in ("compliance", "operations")
        }
        self.tokens["agent"] = issuer.mint("prober", ["agent"], tier=1, site="manila", lifetime_s=8 * 3600)
        self.paths: list[str] = []
        with Wire(server.port) as wire:
            self._made(wire, "/v1/rules", "compliance", {"book": EACH})
            for number in range(contacts):
                opened = self._made(
                    wire, "/v1/interactions", "agent", {"contact_id": f"probe-{number}", "channel": "call"}
                )
                path = f"/v1/interactions/{opened['interaction_id']}"
                self._made(wire, f"{path}/bind", "agent", {"locator": f"PROBE{number}", "facts": {}})
                self.paths.append(path)

    def webhook(self, server: Watchword, url: str) -> str:
        """Have letters posted to this URL; returns the webhook's id."""
        with Wire(server.port) as wire:
            made: str = self._made(wire, "/v1/webhooks", "operations", {"url": url})["webhook_id"]
            return made

    def webhooks(self, server: Watchword) -> list[dict[str, Any]]:
        """The webhooks, as the service has them."""
        with Wire(server.port) as wire:
            found: list[dict[str, Any]] = wire.send("GET", "/v1/webhooks", self.tokens["operations"]).json()["webhooks"]
            return found

    def ask(self, wire: Wire, number: int) -> None:
        """Ask in one of the contacts. Raises Unsound unless it is withheld."""
        path = self.paths[number % len(self.paths)]
        question = {"classes": ["E"], "locator": "NOBODY", "purpose": "service"}
        reply = wire.send("POST", f"{path}/disclosures", self.tokens["agent"], question)
        if reply.status != 200 or reply.json()["outcome"] != "withheld":
            raise Unsound(f"a probe was answered {reply.status}")

    def _made(self, wire: Wire, path: str, role: str, body: dict[str, Any]) -> Any:
        reply = wire.send("POST", path, self.tokens[role], body)
        if reply.status not in {200, 201}:
            raise Unsound(f"{path} answered {reply.status}")
        return reply.json()
