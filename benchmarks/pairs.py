"""Pairs: a protected account, and an ordinary one whose bookings *are* what the first one shows.

Everything is made over HTTP, as the back office, agents and supervisors make it. The people of both are the same; only
locators and ids differ, which are the opaque ids of the comparison.
"""

from __future__ import annotations

import itertools
import threading
import time
from random import Random
from typing import Any

import msgspec

from benchmarks.figure import Unsound
from benchmarks.travel import FORMAT, LIFE, Person, booking, people
from benchmarks.wire import Wire
from service import composition
from service.settings import Settings

AGENTS = 8
HIS = "copper lantern orchard velvet"
HERS = "marble thistle canyon ribbon"
SAFE = {"kind": "phone", "value": "+447700900999"}
_DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_DELIVERED_S = 20.0


class Side(msgspec.Struct):
    """One account, as somebody who asks about it can name things.

    `shown`: locators that anybody may know; `secret`: on the protected side the hidden ones, on the other as many that
    are nobody's; `bookings` and `hidden`: the like for booking ids.
    """

    account_id: str
    shown: list[str]
    secret: list[str]
    bookings: list[str]
    hidden: list[str]
    parties: list[str]


class Pair(msgspec.Struct):
    """Both sides, the people on them, and whether he has a passcode of his own."""

    number: int
    protected: Side
    ordinary: Side
    him: Person
    her: Person
    stranger: Person
    has_passcode: bool


class Codes:
    """Locators, each given once, alike in length and alphabet."""

    def __init__(self) -> None:
        """Begin."""
        self._next = itertools.count(7)

    def two(self) -> tuple[str, str]:
        """The two locators of a booking."""
        return self._one(), self._one()

    def _one(self) -> str:
        # A stride that meets every code once before it meets one again: the order of making shows in none.
        number, code = next(self._next) * 514_229_017 % len(_DIGITS) ** 6, ""
        for _ in range(6):
            number, digit = divmod(number, len(_DIGITS))
            code += _DIGITS[digit]
        return code


class Outbox:
    """The links that went to customers' own channels, found by the account they are for. Safe to share."""

    def __init__(self, settings: Settings) -> None:
        """Watch the folder of the embedded outbox."""
        self._folder = settings.home / "outbox"
        self._lock = threading.Lock()
        self._links: dict[str, str] = {}

    def token(self, account_id: str) -> str:
        """The token of the link that was sent for this account. Raises Unsound where none comes."""
        until = time.monotonic() + _DELIVERED_S
        while time.monotonic() < until:
            with self._lock:
                self._read()
                found = self._links.pop(account_id, None)
            if found is not None:
                return found
            time.sleep(0.002)
        raise Unsound("a link to choose a passcode did not arrive")

    def _read(self) -> None:
        for path in self._folder.glob("*.json"):
            token = msgspec.json.decode(path.read_bytes())["fields"].get("token", "")
            self._links[token.partition(".")[0]] = token
            path.unlink()


class Office:
    """Makes pairs, from the seed alone. One connection, one thread; several may share the outbox and the codes."""

    def __init__(self, settings: Settings, port: int, codes: Codes, outbox: Outbox) -> None:
        """Sign on as everybody who is needed."""
        issuer = composition.issuer(settings)

        def token(sub: str, role: str, tier: int = 0) -> str:
            return issuer.mint(sub, [role], tier=tier, site="manila", lifetime_s=8 * 3600)

        self._wire = Wire(port)
        self._codes = codes
        self._outbox = outbox
        self._back_office = token("office-1", "back_office")
        self._supervisors = [token(f"lead-{number}", "agent", 3) for number in range(2)]
        self.agents = [token(f"agent-{number}", "agent", 1) for number in range(AGENTS)]

    def close(self) -> None:
        """Sign off."""
        self._wire.close()

    def pair(self, number: int, seed: str) -> Pair:
        """Make a pair."""
        random = Random(f"{seed}/{number}")
        him, her, stranger = people(random)
        sides = [self._account(him, her) for _ in range(2)]
        protected, ordinary = sides
        pair = Pair(number, protected, ordinary, him, her, stranger, random.random() < 0.3)
        together = (him, her)
        for _ in range(random.choice((0, 1, 1, 1, 2))):
            self._both(pair, random, together)
        if pair.has_passcode:
            for side in sides:
                self._passcode(side, him)
        self._protect(pair, random)
        for _ in range(random.choice((0, 1, 1, 2, 4))):
            self._hidden(pair, random, random.choice(((her,), (her, stranger), together)))
        if pair.protected.bookings and random.random() < 0.8:
            self._reissue(pair, random, random.choice(((her,), together, (her, stranger))))
        if pair.protected.bookings and random.random() < 0.25:
            self._split(pair, random, together)
        if random.random() < 0.1 and pair.protected.bookings:
            self._stale(pair, random, together)
        while len(ordinary.secret) < len(protected.secret):
            ordinary.secret.append(self._codes.two()[0])
        nobodys = self._codes.two()
        for side, code in zip(sides, nobodys, strict=True):
            side.secret = side.secret or [code]
        ordinary.hidden = [f"{random.getrandbits(128):032x}" for _ in protected.hidden]
        return pair

    def _made(self, path: str, token: str, body: Any) -> dict[str, Any]:
        reply = self._wire.send("POST", path, token, body)
        if reply.status not in (200, 201, 202):
            raise Unsound(f"a pair could not be made: {path} {reply.status} {reply.body[:200]!r}")
        found: dict[str, Any] = reply.json()
        return found

    def _account(self, *persons: Person) -> Side:
        account_id = self._made("/v1/accounts", self._back_office, {})["account_id"]
        path = f"/v1/accounts/{account_id}/parties"
        parties = [
            self._made(path, self._back_office, {"kind": kind, "facts": person})["party_id"]
            for kind, person in zip(("holder", "traveller"), persons, strict=True)
        ]
        return Side(account_id, [], [], [], [], parties)

    def _import(self, side: Side, document: dict[str, Any], booking_id: str = "") -> str:
        body = {"format": FORMAT, "document": document, "booking_id": booking_id}
        found: str = self._made(f"/v1/accounts/{side.account_id}/bookings", self._back_office, body)["booking_id"]
        return found

    def _both(self, pair: Pair, random: Random, travellers: tuple[Person, ...]) -> None:
        """A booking on both, alike but for its locators."""
        draw = random.getrandbits(64)
        for side in (pair.protected, pair.ordinary):
            codes = self._codes.two()
            side.bookings.append(self._import(side, booking(Random(draw), travellers, codes)))
            side.shown += codes

    def _hidden(self, pair: Pair, random: Random, travellers: tuple[Person, ...]) -> None:
        """A booking made under protection; the ordinary account has none like it."""
        codes = self._codes.two()
        pair.protected.hidden.append(self._import(pair.protected, booking(random, travellers, codes)))
        pair.protected.secret += codes

    def _reissue(self, pair: Pair, random: Random, travellers: tuple[Person, ...]) -> None:
        """The truth of the first booking becomes another one, under new locators; what is shown stays."""
        codes = self._codes.two()
        document = booking(random, travellers, codes) | {"status": "active"}  # whose is cancelled is not shown as valid
        self._import(pair.protected, document, pair.protected.bookings[0])
        pair.protected.secret += codes

    def _split(self, pair: Pair, random: Random, travellers: tuple[Person, ...]) -> None:
        """Another document is shown of the first booking; on the ordinary account it is the booking."""
        draw = random.getrandbits(64)
        codes = self._codes.two()
        shown = booking(Random(draw), travellers, codes) | {"status": "cancelled"}  # nor is one that is held cancelled
        body = {"life": LIFE, "reason": "reissued", "format": FORMAT, "document": shown}
        self._made(f"/v1/bookings/{pair.protected.bookings[0]}/split", self._supervisors[0], body)
        pair.protected.shown[:2] = codes
        codes = self._codes.two()
        document = booking(Random(draw), travellers, codes) | {"status": "cancelled"}
        self._import(pair.ordinary, document, pair.ordinary.bookings[0])
        pair.ordinary.shown[:2] = codes

    def _stale(self, pair: Pair, random: Random, travellers: tuple[Person, ...]) -> None:
        """The first booking of both is marked as possibly out of date by its source."""
        draw = random.getrandbits(64)
        codes = self._codes.two()
        known = (pair.ordinary.shown[0], pair.ordinary.shown[1])
        for side, on_it in ((pair.protected, codes), (pair.ordinary, known)):
            stale = booking(Random(draw), travellers, on_it) | {"status": "active", "stale": True}  # nor this one
            self._import(side, stale, side.bookings[0])
        pair.protected.secret += codes

    def _protect(self, pair: Pair, random: Random) -> None:
        """She is protected from him, in half of the cases confirmed, in some with a passcode of hers."""
        side = pair.protected
        him, her = side.parties
        body = {"protected_party_id": her, "safe_contact": SAFE, "adverse_party_ids": [him]}
        path = f"/v1/accounts/{side.account_id}/protection"
        made = self._made(path, self.agents[0], body)
        confirmed = random.random() < 0.5
        if confirmed:
            for supervisor in self._supervisors:
                self._made(f"{path}/confirm", supervisor, {"protection_id": made["protection_id"]})
        if random.random() < 0.6 and confirmed:
            token = self._outbox.token(side.account_id)
            self._made("/v1/passcodes", "", {"token": token, "passcode": HERS})

    def _passcode(self, side: Side, person: Person) -> None:
        """A passcode that this person asked for."""
        agent = self.agents[0]
        contact = {"contact_id": f"setup-{side.account_id}", "channel": "call"}
        path = f"/v1/interactions/{self._made('/v1/interactions', agent, contact)['interaction_id']}"
        self._made(f"{path}/bind", agent, {"account_id": side.account_id, "facts": person})
        self._made(f"{path}/passcodes", agent, {})
        self._made("/v1/passcodes", "", {"token": self._outbox.token(side.account_id), "passcode": HIS})
