"""Nobody called back: a promise that a voicemail does not keep, and a known fault that customers paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import httpx

from service.demo.cast import MANILA, OFFICE, SAFETY, SOFIA, Customer, Staff
from service.demo.checks import Check, unheard
from service.demo.narrator import Narrator
from service.demo.running import NotPlayed
from service.demo.stage import Stage
from service.demo.transcript import Ears, Exchange

CHIEF = Staff("chief-1", "executive")
ABOVE = Staff("agent-21", "agent", 2, "manila")
NORA = Customer("Byrne", "Nora", "1979-02-03", "nora.byrne@example.org", "+447700900321")

# In the story a promise has seconds where in life it has hours, so that it climbs while one looks on.
GIVEN = timedelta(seconds=2)
CLIMBS_WITHIN_S = 30.0
LOOK_EVERY_S = 0.2
WORDS = "We ring her today about seat 14C, paid twice."
EXCUSE = "Nobody had said whose the queue was; it has an owner now."

Row = Mapping[str, Any]


class NobodyCalledBack:
    """She was promised a call; a voicemail was left; the fault behind it was known."""

    title = "Nobody called back"

    def __init__(self) -> None:
        """Not played yet."""
        self._begins = 0
        self.promise = self.second = self.problem = ""

    def play(self, stage: Stage, twin: Stage) -> None:  # noqa: ARG002 - nothing here differs in a world without protection
        """Play it. The clock of the service does what nobody does."""
        say = stage.narrator.scene
        self._begins = len(stage.transcript)
        say("Nora Byrne paid for a seat, twice, and has none. The agent promises that somebody calls her back.")
        account = _open(stage)
        line = _rings(stage, account)
        self.promise = _promise(stage, line)
        say("He rings once, and leaves a voicemail. It is on record, and keeps nothing.")
        _answer(stage, MANILA, self.promise, "voicemail")
        say("Others have lost their seats too. An agent names the cause, joins the cases to it and tells tier 3.")
        self.problem = stage.made(SOFIA, "set up", "problems", FAULT, "problem_id")
        victims = {"interactions": [line], "accounts": [account], "commitments": [self.promise]}
        stage.call(SOFIA, Ears.STAFF, "set up", f"problems/{self.problem}/victims", victims)
        escalation = _escalate(stage, self.problem)
        say("Nobody calls back. The promise climbs by itself: to tier 2, to tier 3, onto the executive list.")
        _see(stage, ABOVE, "commitments", self._stands("tier-2"))
        _see(stage, SAFETY[0], "commitments", self._stands("tier-3"))
        _see(stage, CHIEF, "commitments?status=executive", self._stands("executives"))
        say("Nobody answers the agent either. What was escalated is marked as ignored, and stays where all can see it.")
        _see(stage, CHIEF, "problems", lambda told: any(row["ignored"] for row in told["problems"]))
        say("There it stands until a person answers for it.")
        stage.call(CHIEF, Ears.STAFF, "set up", f"commitments/{self.promise}/answer-for", {"words": EXCUSE})
        stage.call(CHIEF, Ears.STAFF, "read", "commitments?status=executive")
        _answered_for(stage, self.problem, escalation)
        say("She is promised a letter, and it comes. Who sent it cannot say that it will do; she can, when she rings.")
        self._second(stage, account)

    def _second(self, stage: Stage, account: str) -> None:
        self.second = _promise(stage, _rings(stage, account), timedelta(hours=4))
        _answer(stage, MANILA, self.second, "mail")
        stage.call(MANILA, Ears.STAFF, "set up", f"commitments/{self.second}/accept", {})
        said = {"interaction_id": _rings(stage, account)}
        stage.call(MANILA, Ears.HERSELF, "set up", f"commitments/{self.second}/accept", said)

    def checks(self, stage: Stage, twin: Stage) -> Sequence[Check]:  # noqa: ARG002 - see `play`
        """What it shows."""
        mine = stage.transcript[self._begins :]
        promise, second, problem = (f"commitments/{self.promise}", f"commitments/{self.second}", self.problem)
        voicemail = [each.told().get("status") for each in mine if each.path == f"{promise}/answers"]
        judged = [each for each in mine if each.path == f"{second}/accept"]
        climbed = _once([(row["owner"], row["broken"]) for row in _rows(mine, "commitments", self.promise)])
        lists = [each for each in mine if each.path == "commitments?status=executive"]
        on_list = _once([any(row["commitment_id"] == self.promise for row in _listed(each)) for each in lists])
        faults = [row for row in _rows(mine, "problems", problem) if row["ignored"]]
        told = [each.told() for each in mine if each.path.startswith(f"problems/{problem}/escalations/")]
        ignored = _once([row["ignored"] for row in _rows(mine, "problems", problem)])
        lifted = [each for each in mine if each.path.startswith(promise) and each.method == "POST"]
        return [
            _check("A voicemail did not keep the promise", voicemail == ["open"], voicemail),
            _check(
                "Past its due time it climbed a tier at a time, onto the executive list",
                climbed == [("tier-2", 1), ("tier-3", 2), ("executives", 3)],
                climbed,
            ),
            _check(
                "It climbed by itself: nobody called anything but the voicemail and the answer for it",
                [each.path.rpartition("/")[2] for each in lifted] == ["answers", "answer-for"],
                [each.path.rpartition("/")[2] for each in lifted],
            ),
            _check(
                "It stood on the executive list until a person answered for it",
                on_list[-2:] == [True, False],
                on_list,
            ),
            _check(
                "The ignored escalation stood there with its age and its victims",
                any(row["victims"] == VICTIMS and row["escalations"][0]["age_s"] >= 1 for row in faults),
                [(row["victims"], row["ignored"]) for row in faults[-1:]],
            ),
            _check(
                "An answer that will not do left it standing; it went when the one who raised it accepted another",
                [(each["answered_by"], each["accepted"]) for each in told]
                == [(CHIEF.sub, False), ("", False), (CHIEF.sub, False), (CHIEF.sub, True)]
                and ignored == [0, 1, 0][-len(ignored) :]
                and len(ignored) > 1,
                ignored,
            ),
            _check(
                "Nobody accepted an answer of his own; the customer did, and then the promise was kept",
                [each.status for each in judged] == [httpx.codes.CONFLICT, httpx.codes.OK]
                and judged[-1].told().get("status") == "kept",
                [each.status for each in judged],
            ),
            unheard(
                "What was promised and excused is in no list: it is sealed",
                [each for each in mine if each.call == "read"],
                {"promise": "seat 14C", "excuse": "whose the queue was"},
            ),
        ]

    def _stands(self, owner: str) -> Callable[[dict[str, Any]], bool]:
        """Whether the promise is this owner's in what came back."""
        return lambda told: any(
            row["commitment_id"] == self.promise and row["owner"] == owner for row in told["commitments"]
        )


FAULT = {"title": "Seats are paid for and not assigned.", "about": "website.seats"}
VICTIMS = 3


def _open(stage: Stage) -> str:
    account = stage.made(OFFICE, "set up", "accounts", {"reference": "crm-77120"}, "account_id")
    stage.made(OFFICE, "set up", f"accounts/{account}/parties", {"kind": "holder", "facts": NORA.facts()}, "party_id")
    return account


def _rings(stage: Stage, account: str) -> str:
    """She rings, and says who she is; returns the interaction."""
    opened = {"contact_id": NORA.phone, "channel": "call"}
    line = stage.made(MANILA, "open", "interactions", opened, "interaction_id")
    stage.made(MANILA, "bind", f"interactions/{line}/bind", {"account_id": account, "facts": NORA.named()})
    return line


def _due(given: timedelta) -> str:
    return (datetime.now(UTC) + given).isoformat()


def _promise(stage: Stage, line: str, given: timedelta = GIVEN) -> str:
    body = {"kind": "promise", "owner": MANILA.sub, "due_at": _due(given), "words": WORDS, "interaction_id": line}
    return stage.made(MANILA, "set up", "commitments", body, "commitment_id")


def _answer(stage: Stage, staff: Staff, commitment: str, how: str) -> None:
    body = {"how": how, "words": "About seat 14C."}
    stage.call(staff, Ears.STAFF, "set up", f"commitments/{commitment}/answers", body)


def _escalate(stage: Stage, problem: str) -> str:
    body = {"to": "tier-3", "due_at": _due(GIVEN), "words": "Forty customers today paid for nothing."}
    return stage.made(SOFIA, "set up", f"problems/{problem}/escalations", body, "escalation_id")


def _answered_for(stage: Stage, problem: str, escalation: str) -> None:
    """Answered twice: the first answer will not do."""
    where = f"problems/{problem}/escalations/{escalation}"
    for words, accepted in (("It will be looked into.", False), ("It is mended; all are paid back.", True)):
        stage.call(CHIEF, Ears.STAFF, "set up", f"{where}/answer", {"words": words})
        stage.call(CHIEF, Ears.STAFF, "read", "problems")
        stage.call(SOFIA, Ears.STAFF, "set up", f"{where}/accept", {"accepted": accepted})
    stage.call(CHIEF, Ears.STAFF, "read", "problems")


def _see(stage: Stage, staff: Staff, where: str, seen: Callable[[dict[str, Any]], bool]) -> None:
    """Look until it is there, and show that. Raises NotPlayed if it never is: then nothing climbs."""
    until, narrator = monotonic() + CLIMBS_WITHIN_S, stage.narrator
    while True:
        stage.narrator = Narrator(None)
        try:
            exchange = stage.call(staff, Ears.STAFF, "read", where)
        finally:
            stage.narrator = narrator
        if exchange.status == httpx.codes.OK and seen(exchange.told()):
            narrator.called(exchange)
            return
        if monotonic() > until:
            raise NotPlayed(f"nothing climbed within {CLIMBS_WITHIN_S:g} seconds")
        sleep(LOOK_EVERY_S)


def _listed(exchange: Exchange) -> list[Row]:
    found: list[Row] = exchange.told().get("commitments", [])
    return found


def _rows(exchanges: Sequence[Exchange], kind: str, thing: str) -> list[Row]:
    """What the lists said of one thing, in order."""
    listed = [row for each in exchanges if each.call == "read" for row in each.told().get(kind, ())]
    return [row for row in listed if thing in (row.get("commitment_id"), row.get("problem_id"))]


def _once(values: Sequence[Any]) -> list[Any]:
    """Without those that repeat the one before."""
    return [each for at, each in enumerate(values) if not at or each != values[at - 1]]


def _check(says: str, true: bool, found: object) -> Check:  # noqa: FBT001 - a claim and whether it came out
    return Check(says, true, str(found))
