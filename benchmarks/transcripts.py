"""Transcripts: what a first-line agent might send about one account, drawn once and played to both sides of a pair.

A transcript is a list of acts, an act a few steps that are sent one after another about the same account, so that what
a step leaves behind can still be seen in the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from benchmarks.pairs import HIS, Pair, Side
from benchmarks.wire import Reply

CLASSES = "EILCPFDN"
TRY = "try"
"""The kind of a passcode attempt: one Argon2, which varies by more than anything else here takes."""


class Voice(msgspec.Struct):
    """The caller to one side, as the conversation stands."""

    side: Side
    contact: str
    agent: str
    path: str = ""
    listener: str = ""
    code: str = ""


class Request(msgspec.Struct, frozen=True):
    """What is sent."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = {}


class Step(msgspec.Struct, frozen=True):
    """One request. `keep`: the id in its answer that later steps need."""

    kind: str
    build: Callable[[Voice], Request]
    keep: str = ""

    def heard(self, voice: Voice, reply: Reply) -> None:
        """Take over what later steps need."""
        found = reply.json().get(self.keep, "") if self.keep else ""
        if self.keep == "interaction_id":
            voice.path = f"/v1/interactions/{found}"
        elif self.keep == "listener_id":
            voice.listener = found
        elif self.keep == "code":
            voice.code = found


Act = list[Step]
Where = Callable[[Side], dict[str, str]]


def _pick(of: str, at: int, name: str) -> Where:
    """The locator or id at a place of a side's list; a side without any names one that is nobody's."""

    def where(side: Side) -> dict[str, str]:
        found: list[str] = getattr(side, of)
        return {name: found[at % len(found)] if found else "ZZZZZ0" if name == "locator" else "0" * 32}

    return where


def _post(kind: str, tail: str, body: Callable[[Side], Any], keep: str = "") -> Step:
    return Step(kind, lambda voice: Request("POST", voice.path + tail, body(voice.side)), keep)


class Writer:
    """Draws the transcript of one pair."""

    def __init__(self, pair: Pair, seed: str) -> None:
        """Draw from the seed and the pair's number alone."""
        self._pair = pair
        self._random = Random(f"transcript/{seed}/{pair.number}")

    def transcript(self) -> tuple[list[Act], list[Act]]:
        """The acts before and after the service is started again."""
        draw = self._random
        optional = [self._asking, self._listing, self._requesting, self._joining, self._rebinding, self._joined_hidden]
        optional += draw.sample((self._acting, self._routing, self._handing_over, self._resuming, self._signalling), 2)
        optional += draw.sample((self._wanting, self._disputing, self._asking_for_more), 1)
        if draw.random() < 0.35:
            optional += [self._trying]
        if self._pair.has_passcode and draw.random() < 0.7:
            optional += [self._proved]
        draw.shuffle(optional)
        first, then = optional[:4], optional[4:8]
        before = [self._opening(), *(act() for act in first)]
        after = [self._again(), *(act() for act in then)]
        if draw.random() < 0.4:
            after.append(self._opening())
        after.append(self._ending())
        return before, after

    # --- acts ----------------------------------------------------------------------------------------------------

    def _opening(self) -> Act:
        return [
            self._open(),
            self._bind(self._random.choice(("known", "known", "known", "hidden", "id", "both", "none"))),
        ]

    def _again(self) -> Act:
        """The first questions after a start: nothing is in memory."""
        asking = [self._list("cold.list"), self._ask(kind="cold.ask")]
        return asking if self._random.random() < 0.5 else asking[::-1]

    def _asking(self) -> Act:
        return [self._ask() for _ in range(self._random.randint(2, 4))]

    def _listing(self) -> Act:
        return [self._list(), self._ask()]

    def _requesting(self) -> Act:
        """What is sent to customers must not be seen in what comes next."""
        return [
            self._bind("known", "her"),
            _post("request", "/passcodes", lambda _: {}),
            self._ask(kind="ask.after_request"),
        ]

    def _joining(self) -> Act:
        draw = self._random
        kind = draw.choice(("customer", "third_party", "third_party", "interpreter", "relay_operator"))
        declared = draw.random() < 0.5
        return [
            self._bind("known"),
            self._join(kind, declared=declared),
            self._ask(),
            self._ask(),
            self._list(),
            Step("leave", lambda voice: Request("DELETE", f"{voice.path}/listeners/{voice.listener}")),
            self._ask(),
        ]

    def _rebinding(self) -> Act:
        return [self._bind("hidden"), self._ask(), self._list(), self._bind("known"), self._ask("shown")]

    def _joined_hidden(self) -> Act:
        """Somebody joins while the contact is about a locator that is hidden, or nobody's."""
        return [
            self._bind("hidden"),
            self._join("customer", declared=False),
            self._bind("known", "him"),
            self._ask("shown"),
        ]

    def _trying(self) -> Act:
        """Wrong passcodes up to the lock and past it, then a right one; and again from the same contact."""
        wrong = [self._try(f"not the passcode {number}") for number in range(self._random.choice((1, 2, 5, 6)))]
        again = [self._open(), self._bind("known", "him"), self._try(HIS), self._ask("shown")]
        return [self._bind("known", "him"), *wrong, self._try(HIS), self._ask("shown"), *again]

    def _proved(self) -> Act:
        """He proves who he is, and tries out locators: neither question nor passcode may answer otherwise."""
        fresh = self._contact()
        return [
            self._open(fresh),
            self._bind("known", "him"),
            self._try(HIS),
            self._ask("shown"),
            self._bind("hidden"),
            self._ask("shown"),
            self._list(),
            self._try(HIS),
            self._bind("known", "him"),
            self._ask(),
        ]

    def _acting(self) -> Act:
        """Something is to be done, to what is shown and to what is hidden; the same question again after each."""
        return [self._bind("known"), *[step for _ in range(2) for step in (self._act(), self._ask("shown"))]]

    def _routing(self) -> Act:
        dealer = {"purpose": self._random.choice(("dealer", "owner_office", "airline"))}
        where = _pick(self._random.choice(("shown", "secret")), self._random.randrange(8), "locator")
        return [
            _post("route", "/route", where),
            _post("dial", "/dials", lambda side: {**where(side), **dealer}),
            self._ask(),
        ]

    def _handing_over(self) -> Act:
        """The contact goes to somebody else of the site, who asks in his turn."""
        offered = {"to": {"kind": "site", "name": "manila"}, "reason": "he knows the case"}
        taken = Step(
            "take", lambda voice: Request("POST", "/v1/transfers/take", {"code": voice.code}), "interaction_id"
        )
        return [_post("transfer", "/transfer", lambda _: offered, "code"), taken, self._ask(), self._list()]

    def _resuming(self) -> Act:
        """The line drops, and he comes back with his code, with a passcode or without one."""
        said = self._random.choice(("", HIS, "not the passcode"))

        def build(voice: Voice) -> Request:
            body = {"code": voice.code, "contact_id": voice.contact + "again", "passcode": said}
            return Request("POST", "/v1/interactions/resume", body)

        issued = _post("resume_code", "/resume-code", lambda _: {}, "code")
        return [issued, Step(TRY, build, "interaction_id"), self._ask(), self._list()]

    def _signalling(self) -> Act:
        return [
            _post("signal", "/safety-signal", lambda _: {"kind": "health"}),
            _post("escalate", "/escalations", lambda _: {"claim": "police", "words": "says he is a detective"}),
            _post("may", "/authority", lambda _: {"action": "refund"}),
            self._ask(),
        ]

    def _wanting(self) -> Act:
        """What only a protected party can have, and anybody may ask for."""
        safe = {"safe_contact": {"kind": "phone", "value": "+447700900777"}}
        return [
            self._bind("known"),
            _post("end", "/protection/end", lambda _: {}),
            _post("safe_contact", "/safe-contact", lambda _: safe),
            _post("release", "/release", lambda _: {"all": True}),
            self._ask(),
        ]

    def _disputing(self) -> Act:
        return [
            self._bind("known"),
            _post("dispute", "/dispute", lambda _: {"words": "that is not where I fly from"}),
            self._ask("shown"),
            self._list(),
            self._act(),
            self._open(),
            self._bind("known"),
        ]

    def _asking_for_more(self) -> Act:
        override = {"reason": "caller_cannot_use_passcode", "words": "lost", "classes": ["E", "I"], "minutes": 5}
        return [
            self._bind(self._random.choice(("known", "hidden"))),
            _post("override", "/overrides", lambda _: override),
            _post("mistake", "/mistake", lambda _: {"said": "I read out too much"}),
            self._join("colleague", declared=False),
            Step(
                "consent",
                lambda voice: Request(
                    "POST", f"{voice.path}/consents", {"listener_id": voice.listener, "classes": ["I"]}
                ),
            ),
            self._ask(),
        ]

    def _ending(self) -> Act:
        return [_post("close", "/close", lambda _: {}), self._ask(), self._list(), self._bind("hidden")]

    # --- steps ---------------------------------------------------------------------------------------------------

    def _contact(self) -> str:
        return f"caller-{self._random.getrandbits(64):016x}"

    def _open(self, suffix: str = "") -> Step:
        channel = self._random.choice(("call", "call", "chat", "chat"))

        def build(voice: Voice) -> Request:
            return Request("POST", "/v1/interactions", {"contact_id": voice.contact + suffix, "channel": channel})

        return Step("open", build, "interaction_id")

    def _facts(self, who: str = "") -> dict[str, str]:
        draw = self._random
        person = getattr(self._pair, who or draw.choice(("him", "him", "him", "her", "stranger")))
        kinds = draw.choice((["surname"], ["surname", "given_name"], ["surname", "given_name", "date_of_birth"]))
        facts = {kind: person[kind] for kind in kinds}
        if not who and draw.random() < 0.1:
            facts["given_name"] = "Nobody"
        return facts

    def _bind(self, how: str, who: str = "") -> Step:
        draw = self._random
        facts = self._facts(who)
        known = _pick("shown", draw.randrange(8), "locator")
        secret = _pick("secret", draw.randrange(16), "locator")
        nobodys = {"locator": f"ZZ{draw.randrange(10**4):04d}"}

        def body(side: Side) -> dict[str, Any]:
            whose = {"account_id": side.account_id}
            if how == "none":
                where = nobodys
            elif how == "known":
                where = known(side) if side.shown else whose
            else:
                where = {"hidden": secret(side), "id": whose, "both": {**whose, **secret(side)}}[how]
            return {**where, "facts": facts}

        return _post("bind", "/bind", body)

    def _ask(self, target: str = "", kind: str = "") -> Step:
        draw = self._random
        target = target or draw.choice(("shown", "shown", "bookings", "secret", "hidden", "none"))
        name = "booking_id" if target in ("bookings", "hidden") else "locator"
        where = _pick(target, draw.randrange(16), name) if target != "none" else lambda _: {"locator": "ZZZZZ1"}
        classes = draw.choice((["E", "I"], draw.sample(CLASSES, draw.randint(1, 8))))
        rest = {"classes": classes, "purpose": draw.choice(("service", "service", "operations"))}
        return _post(kind or f"ask.{target}", "/disclosures", lambda side: {**where(side), **rest})

    def _act(self) -> Step:
        """One action, on a booking that is shown, hidden or nobody's."""
        draw = self._random
        where = _pick(draw.choice(("shown", "shown", "secret")), draw.randrange(8), "locator")
        action = draw.choice(("change", "cancel", "refund", "check_in", "resend", "edit_contact"))
        return _post("act", "/actions", lambda side: {**where(side), "action": action, "details": "both seats"})

    def _list(self, kind: str = "list") -> Step:
        return Step(kind, lambda voice: Request("GET", f"{voice.path}/bookings"))

    def _join(self, kind: str, *, declared: bool) -> Step:
        body: dict[str, Any] = {"kind": kind, "declared": declared}
        if kind == "customer":
            body["facts"] = self._facts()
        return _post("join", "/listeners", lambda _: body, "listener_id")

    def _try(self, passcode: str) -> Step:
        return _post(TRY, "/verifications", lambda _: {"passcode": passcode})
