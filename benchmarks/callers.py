"""Callers: three contacts who go on asking whatever befalls the service, and what each of them was told."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from benchmarks.figure import Unsound
from benchmarks.pairs import Codes, Office, Outbox, Pair
from benchmarks.server import Watchword
from benchmarks.wire import Reply, Wire

_DECISION = re.compile(rb'"decision_id":"([0-9a-f]{32})"')
_SEED = "faults"


class Caller(msgspec.Struct, frozen=True):
    """A contact ready to ask: about a protected account, an ordinary one, or a locator that is nobody's."""

    name: str
    token: str
    path: str
    question: dict[str, Any]

    def ask(self, wire: Wire, request_id: str = "") -> Reply:
        """Ask about one booking."""
        headers = {"X-Request-ID": request_id} if request_id else {}
        return wire.send("POST", f"{self.path}/disclosures", self.token, self.question, **headers)

    def list(self, wire: Wire, request_id: str = "") -> Reply:
        """Ask for the list of bookings."""
        headers = {"X-Request-ID": request_id} if request_id else {}
        return wire.send("GET", f"{self.path}/bookings", self.token, None, **headers)


def decisions(answer: bytes) -> list[str]:
    """The ids of decisions in an answer, or in as much of one as came."""
    return [found.decode() for found in _DECISION.findall(answer)]


def disclosed(reply: Reply) -> bool:
    """Whether something of a booking was told."""
    told = reply.json() if reply.status == 200 else {}
    return bool(told.get("document") or told.get("bookings"))


def callers(server: Watchword) -> list[Caller]:
    """Make a pair of accounts and the three callers; each is told what he may know. Raises Unsound."""
    office = Office(server.settings, server.port, Codes(), Outbox(server.settings))
    number = 0
    while (pair := office.pair(number, _SEED)).has_passcode or not pair.protected.shown:
        number += 1
    with Wire(server.port) as wire:
        found = [
            _caller(wire, office.agents[0], pair, "protected", pair.protected.shown[-1]),
            _caller(wire, office.agents[0], pair, "ordinary", pair.ordinary.shown[-1]),
            _caller(wire, office.agents[0], pair, "unknown", "ZZZZZ0"),
        ]
        told = [disclosed(each.ask(wire)) for each in found]
    office.close()
    if told != [True, True, False]:
        raise Unsound(f"the callers were not told what they may know: {told}")
    return found


def _caller(wire: Wire, token: str, pair: Pair, name: str, locator: str) -> Caller:
    opened = wire.send("POST", "/v1/interactions", token, {"contact_id": f"caller-{name}", "channel": "call"})
    path = f"/v1/interactions/{opened.json()['interaction_id']}"
    facts = {kind: pair.him[kind] for kind in ("surname", "given_name")}
    bound = wire.send("POST", f"{path}/bind", token, {"locator": locator, "facts": facts})
    if bound.status != 200:
        raise Unsound(f"a caller could not be bound: {bound.status}")
    return Caller(name, token, path, {"locator": locator, "classes": ["E", "I"]})
