"""The scene: accounts with a booking each, and contacts that were bound to them, all made over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from benchmarks.figure import Unsound
from benchmarks.order import FACTS, FORMAT, locator, order
from benchmarks.server import Watchword
from service import composition

CALLERS = 32
DISCLOSED = b'"outcome":"disclosed"'


class Scene(msgspec.Struct, frozen=True):
    """Requests ready to be sent, one a contact, each its agent's; and an answer to one of them."""

    requests: list[bytes]
    answer: bytes
    asked: int


def request(path: str, token: str, body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def scene(server: Watchword, *, accounts: int, first: int) -> Scene:
    """Open this many accounts, numbered from `first`, and 32 contacts that are bound to them in turn.

    Raises Unsound unless the first question of each contact is answered as disclosed.
    """
    issuer = composition.issuer(server.settings)
    office = issuer.mint("office-1", ["back_office"])
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60, trust_env=False) as client:

        def made(path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
            if answer.is_error:
                raise Unsound(f"the scene could not be made: {path} {answer.status_code} {answer.text[:200]}")
            found: dict[str, Any] = answer.json()
            return found

        opened = []
        for number in range(first, first + accounts):
            account_id = made("/v1/accounts", office, {})["account_id"]
            made(f"/v1/accounts/{account_id}/bookings", office, {"format": FORMAT, "document": order(number)})
            opened.append((number, account_id))
        requests = []
        answer = b""
        for caller in range(CALLERS):
            number, account_id = opened[caller % accounts]
            agent = issuer.mint(f"agent-{caller}", ["agent"], tier=1, site="manila", lifetime_s=8 * 3600)
            contact = {"contact_id": f"+44770090{caller:04d}", "channel": "call"}
            interaction_id = made("/v1/interactions", agent, contact)["interaction_id"]
            bound = {"account_id": account_id, "locator": locator(number), "facts": FACTS}
            made(f"/v1/interactions/{interaction_id}/bind", agent, bound)
            path = f"/v1/interactions/{interaction_id}/disclosures"
            question = {"locator": locator(number), "classes": ["E", "I"], "purpose": "service"}
            body = msgspec.json.encode(question)
            requests.append(request(path, agent, body))
            headers = {"Authorization": f"Bearer {agent}", "Content-Type": "application/json"}
            answer = client.post(path, content=body, headers=headers).content
            if DISCLOSED not in answer:
                raise Unsound("a contact that was identified was told nothing")
        return Scene(requests, answer, CALLERS)
