"""A transcript: what several people say and try on one account, drawn from a seed, and who could hear the truth by it.

The world plays transcripts one after another on the same account, which so becomes ever stranger: protected, passcodes
set, reissued again and again in between. Everything that only a held view says is a canary with a number of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import httpx

from tests.calling import Calls, Service
from tests.case import ALMA, DURESS, HIS, PASSCODE, VICTOR, Case
from tests.trips import CLASSES, FORMAT, NOBODYS, OLD, trip

CANARY = "HELDQX"
STEPS = (10, 18)
STRANGER = {"surname": "Nobody", "given_name": "Ned"}
WHO = (*[ALMA] * 5, *[VICTOR] * 4, STRANGER, {"surname": "Grey"}, {})
SAID = (*[PASSCODE] * 6, HIS, HIS, DURESS, "a guess of somebody")
DONE = (200, 201, 202)


@dataclass
class Line:
    """One contact as whoever plays it knows it. `others`: who else listens, and whether he may hear hers by it."""

    path: str
    calls: Calls
    proved_hers: bool = False
    others: dict[str, bool] = field(default_factory=dict)
    consented: set[str] = field(default_factory=set)
    overridden: bool = False
    over: bool = False

    def may_hear(self) -> bool:
        """Whether an answer on this line may hold what only the held view says. True too often rather than too seldom.

        She proved herself and everybody else is bound or has her consent; or another person approved an override.
        """
        clear = all(bound or listener in self.consented for listener, bound in self.others.items())
        return self.overridden or (self.proved_hers and clear)


class World:
    """An account, everybody who asks about it, and all that was heard."""

    def __init__(self, service: Service, case: Case, number: int) -> None:
        """Begin with nothing held that is not shown."""
        self.service = service
        self.case = case
        self.number = number
        self.imported = 0
        self.locators: list[str] = []
        self.told: list[str] = []  # ids of decisions by which something was heard
        self.portal = service.by("portal")
        self._agents: dict[int, Calls] = {}
        self.truths = 0

    def agent(self, number: int) -> Calls:
        """One of the agents: two sites, tiers 1 and 2. Always the same, by whom his contacts are known."""
        if number not in self._agents:
            site = ("manila", "sofia")[number % 2]
            self._agents[number] = self.service.by("agent", sub=f"agent-{number}", tier=1 + number % 2, site=site)
        return self._agents[number]

    def leaks(self, text: str) -> list[str]:
        """The canaries in a text."""
        return [each for each in (CANARY, '"LGW"', '"YVR"', "2031-03-11", *self.locators) if each in text]

    async def reissue(self, *, elsewhere: bool, together: bool = False) -> None:
        """A new truth, with canaries that no truth had before; as the old booking's, or on a record of its own.

        `together`: he is on it too, and what they share is hers as long as she is protected from him.
        """
        self.imported += 1
        mark, locator = f"{CANARY}{self.number}X{self.imported}", f"HQ{self.number:02}X{self.imported:03}"
        travellers = [{"subjects": ["t1"], **ALMA}, *([{"subjects": ["t2"], **VICTOR}] if together else [])]
        held = trip(mark, locator, ("LGW", "YVR"), "2031-03-11", travellers)
        held["suppliers"] = [{"subjects": ["t1"], "role": "dealer", "name": f"{mark}DEALER", "phone": f"{mark}PHONE"}]
        held["owners"] = [{"subjects": ["t1"], "office": f"{mark}OFFICE", "escalation": [f"{mark}CHIEF"]}]
        parties = {"t1": self.case.alma, **({"t2": self.case.victor} if together else {})}
        body = {"format": FORMAT, "document": held, "travellers": parties}
        if not elsewhere:
            body["booking_id"] = self.case.booking
        office = self.service.by("back_office")
        await office.made(f"/v1/accounts/{self.case.account}/bookings", body)
        self.checked(office.heard[-1], may=False)
        self.locators.append(locator)

    def checked(self, response: httpx.Response, *, may: bool) -> Any:
        """An answer, without a canary unless it may hold one. What was heard is remembered by its decision."""
        found = self.leaks(response.text)
        assert not found or may, f"{response.request.method} {response.request.url.path} told {found}"
        assert response.status_code < 500, f"{response.request.url.path} {response.status_code}"
        self.truths += bool(found)
        if response.headers.get("content-type") != "application/json":
            return {}
        answer = response.json()
        if isinstance(answer, dict) and (answer.get("document") or answer.get("bookings") or answer.get("dial")):
            self.told.append(answer["decision_id"])
        return answer


class Transcript:
    """One transcript in a world."""

    def __init__(self, world: World, seed: str) -> None:
        """Draw from the seed alone."""
        self.world = world
        self.draw = Random(seed)
        self.lines: list[Line] = []

    async def play(self) -> None:
        """Play it. Raises AssertionError where somebody heard what he must not."""
        await self._call()
        steps = (
            *[self._ask] * 9, *[self._try] * 6, *[self._call] * 3, *[self._list] * 2, *[self._join] * 2,
            *[self._consent] * 2, self._leave, self._rebind, self._act, self._dial, self._route,
            self._transfer, self._resume,
            self._override, self._reissue, self._notice, self._signal, self._say, self._staff, self._later,
        )  # fmt: skip
        for _ in range(self.draw.randint(*STEPS)):
            await self.draw.choice(steps)()

    # --- the pieces ----------------------------------------------------------------------------------------------

    def _line(self) -> Line:
        return self.lines[-1] if self.draw.random() < 0.6 else self.draw.choice(self.lines)

    def _agent(self) -> Calls:
        return self.world.portal if self.draw.random() < 0.1 else self.world.agent(self.draw.randrange(4))

    def _channel(self, calls: Calls) -> str:
        return "portal" if calls is self.world.portal else "call"

    def _locator(self) -> str:
        return self.draw.choice([*[OLD] * 5, NOBODYS, *self.world.locators[-2:]])

    def _classes(self) -> list[str]:
        return self.draw.choice([CLASSES, ["E", "I"], self.draw.sample(CLASSES, self.draw.randint(1, 8))])

    async def _sent(self, line: Line, tail: str, body: Any, *, method: str = "POST", calls: Calls | None = None) -> Any:
        """Send within a contact; hers may be in the answer only where this line may hear it."""
        response = await (calls or line.calls).send(method, line.path + tail, body)
        tells = tail in ("/disclosures", "/bookings", "/dials", "/route")
        own = calls is None or calls is line.calls
        return self.world.checked(response, may=tells and own and line.may_hear())

    # --- the steps -----------------------------------------------------------------------------------------------

    async def _call(self) -> None:
        """Somebody rings, on his own or in her name, by any locator."""
        calls = self._agent()
        opened = {"contact_id": f"caller-{self.draw.randrange(40)}", "channel": self._channel(calls)}
        answer = await calls.made("/v1/interactions", opened)
        line = Line(f"/v1/interactions/{answer['interaction_id']}", calls)
        self.lines.append(line)
        facts = self.draw.choice(WHO)
        await self._sent(line, "/bind", {"locator": self._locator(), "facts": facts})

    async def _rebind(self) -> None:
        line = self._line()
        line.consented.clear()
        facts = self.draw.choice(WHO)
        await self._sent(line, "/bind", {"locator": self._locator(), "facts": facts})

    async def _ask(self) -> None:
        line = self._line()
        asked: dict[str, Any] = {"classes": self._classes(), "purpose": self.draw.choice(["service", "operations"])}
        asked |= {"locator": self._locator()} if self.draw.random() < 0.8 else {"booking_id": self.world.case.booking}
        other = self._agent() if self.draw.random() < 0.1 else None
        await self._sent(line, "/disclosures", asked, calls=other)

    async def _list(self) -> None:
        await self._sent(self._line(), "/bookings", None, method="GET")

    async def _try(self) -> None:
        line = self._line()
        said = self.draw.choice(SAID)
        listener = self.draw.choice(["caller", *line.others])
        answer = await self._sent(line, "/verifications", {"passcode": said, "listener_id": listener})
        if answer.get("accepted") and said == PASSCODE:
            line.proved_hers = True
            line.others.pop(listener, None)  # whoever he was said to be, he is she

    async def _join(self) -> None:
        line = self._line()
        kind = self.draw.choice(["customer", "third_party", "interpreter", "relay_operator", "colleague"])
        declared = self.draw.random() < 0.5
        body: dict[str, Any] = {"kind": kind, "declared": declared}
        if kind == "customer":
            body["facts"] = self.draw.choice(WHO)
        answer = await self._sent(line, "/listeners", body)
        if "listener_id" in answer:
            line.others[answer["listener_id"]] = declared and kind not in ("customer", "third_party")

    async def _leave(self) -> None:
        line = self._line()
        if line.others:
            listener = self.draw.choice(list(line.others))
            answer = await self._sent(line, f"/listeners/{listener}", None, method="DELETE")
            if "listener_id" in answer:
                del line.others[listener]
                line.consented.discard(listener)

    async def _consent(self) -> None:
        line = self._line()
        if line.others:
            listener = self.draw.choice(list(line.others))
            answer = await self._sent(line, "/consents", {"listener_id": listener, "classes": self._classes()})
            if "listener_id" in answer and line.proved_hers:
                line.consented.add(listener)

    async def _act(self) -> None:
        action = self.draw.choice(["change", "cancel", "refund", "check_in", "resend", "edit_contact"])
        await self._sent(self._line(), "/actions", {"action": action, "locator": self._locator(), "details": "please"})

    async def _dial(self) -> None:
        await self._sent(self._line(), "/dials", {"purpose": "dealer", "locator": self._locator()})

    async def _route(self) -> None:
        await self._sent(self._line(), "/route", {"locator": self._locator()})

    async def _transfer(self) -> None:
        """The contact goes to another agent, who has what was proved, or what is left of it."""
        line, receiver = self._line(), self.draw.randrange(4)
        to = {"to": {"kind": "agent", "name": f"agent-{receiver}"}, "reason": "he knows the case"}
        offered = await self._sent(line, "/transfer", to)
        if "code" not in offered:
            return
        if self.draw.random() < 0.2:
            thief = self.world.service.by("agent", sub="thief")
            self.world.checked(await thief.post("/v1/transfers/take", {"code": offered["code"]}), may=False)
        calls = self.world.agent(receiver)
        taken = self.world.checked(await calls.post("/v1/transfers/take", {"code": offered["code"]}), may=False)
        if "interaction_id" in taken:
            path = f"/v1/interactions/{taken['interaction_id']}"
            others = {each["listener_id"]: line.others.get(each["listener_id"], False) for each in taken["listeners"]}
            others.pop("caller", None)
            self.lines.append(Line(path, calls, line.proved_hers, others, set(line.consented)))

    async def _resume(self) -> None:
        line = self._line()
        issued = await self._sent(line, "/resume-code", {})
        if "code" not in issued:
            return
        calls, said = self._agent(), self.draw.choice((*SAID, ""))
        channel = self._channel(calls)
        body = {
            "code": issued["code"],
            "contact_id": f"caller-{self.draw.randrange(40)}",
            "channel": channel,
            "passcode": said,
        }
        resumed = self.world.checked(await calls.post("/v1/interactions/resume", body), may=False)
        if "interaction_id" in resumed:
            proved = resumed["accepted"] and said == PASSCODE
            self.lines.append(Line(f"/v1/interactions/{resumed['interaction_id']}", calls, proved))

    async def _override(self) -> None:
        """Asked for in a contact; approved by another person, refused, or left alone."""
        line = self._line()
        body = {"reason": "caller_cannot_use_passcode", "words": "she lost it", "classes": ["E", "I"], "minutes": 5}
        asked = await self._sent(line, "/overrides", body)
        chance = self.draw.random()
        if "override_id" in asked and chance < 0.7:
            supervisor = self.world.service.by("agent", sub=f"lead-{self.draw.randrange(2)}", tier=3)
            what = "approve" if chance < 0.4 else "refuse"
            path = f"/v1/accounts/{self.world.case.account}/overrides/{asked['override_id']}/{what}"
            answer = await supervisor.post(path, {})
            self.world.checked(answer, may=False)
            line.overridden |= what == "approve" and answer.status_code in DONE

    async def _reissue(self) -> None:
        await self.world.reissue(elsewhere=self.draw.random() < 0.3, together=self.draw.random() < 0.4)

    async def _notice(self) -> None:
        case, channel = self.world.case, self.draw.choice(["mail", "text", "push", "letter", "voicemail", "calendar"])
        to = self.draw.choice([{"party_id": case.alma}, {"party_id": case.victor}])
        body = {"kind": "schedule_change", "locator": self._locator(), "recipients": [{"channel": channel, **to}]}
        self.world.checked(await self.world.service.by("notifier").post("/v1/notices/decisions", body), may=False)

    async def _signal(self) -> None:
        line = self._line()
        await self._sent(line, "/safety-signal", {"kind": self.draw.choice(["health", "safety"])})
        await self._sent(line, "/escalations", {"claim": "police", "words": "says he is a detective"})

    async def _say(self) -> None:
        """What stops or ends a line: a dispute, a mistake that was made, the end of the call."""
        line = self._line()
        tail, body = self.draw.choice(
            [
                ("/dispute", {"words": "not there"}),
                ("/mistake", {"said": "too much"}),
                ("/close", {}),
                ("/passcodes", {}),
            ]
        )
        await self._sent(line, tail, body)

    async def _staff(self) -> None:
        """Everybody else who can read something, reads it."""
        service, account = self.world.service, self.world.case.account
        lead = service.by("agent", sub="lead-1", tier=3)
        for calls, path in (
            (service.by("auditor"), f"/v1/accounts/{account}/history?limit=200"),
            (service.by("auditor"), "/v1/overrides"),
            (lead, "/v1/overrides/waiting"),
            (lead, "/v1/splits"),
            (lead, f"/v1/bookings/{self.world.case.booking}/difference"),
            (lead, "/v1/incidents"),
            (lead, "/v1/protections/due"),
            (service.by("legal"), "/v1/incidents"),
            (service.by("back_office"), "/v1/actions"),
            (service.by("agent", sub="agent-0", tier=1), "/v1/actions"),
            (service.by("agent", sub="agent-0", tier=1), "/v1/commitments"),
            (service.by("operations"), "/v1/webhooks"),
            (service.by(""), "/readyz"),
        ):
            self.world.checked(await calls.get(path), may=False)

    async def _later(self) -> None:
        self.world.service.clock.ahead += timedelta(minutes=self.draw.choice([1, 3, 20]))


async def heard(world: World) -> set[str]:
    """The decisions on record by which something was told."""
    page: dict[str, Any]
    found: set[str] = set()
    auditor, cursor = world.service.by("auditor"), ""
    while True:
        page = (await auditor.get(f"/v1/accounts/{world.case.account}/history?limit=200&cursor={cursor}")).json()
        for entry in page["entries"]:
            if entry["name"] == "disclosure.attempted.v1" and entry["event"]["outcome"] == "disclosed":
                found.add(entry["event"]["decision_id"])
            assert not world.leaks(json.dumps(entry)), f"{entry['name']} tells {world.leaks(json.dumps(entry))}"
        if page["next_cursor"] is None:
            return found
        cursor = page["next_cursor"]
