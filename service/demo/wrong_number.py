"""The wrong number: three departments, one passcode; a call that drops at the gate, and a place that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.demo.cast import AUDITOR, OFFICE, VICTOR, Customer, Staff
from service.demo.checks import Check, alike, heard, same_refusal, sealed, unheard
from service.demo.couple import together
from service.demo.papers import FORMAT, NEW_TRIP, OLD_TRIP
from service.demo.stage import Stage
from service.demo.transcript import Ears, Exchange

PRINTED = Staff("airline-line", "agent", 1, "airline")  # the machine behind the only number that was printed
LEEDS = Staff("agent-31", "agent", 1, "leeds")
TICKETING = Staff("agent-41", "agent", 2, "sofia", "ticketing")
BAGGAGE = Staff("agent-42", "agent", 1, "sofia", "baggage")
IDRIS = Customer("Haddad", "Idris", "1974-08-21", "idris.haddad@example.org", "+447700900222")
GATE_PHONE = "+447700900777"
PASSCODE = "thimble orchard saddle comet"
LOCATOR, HERS, HERS_NOW, NOBODYS = "WN3LDS", "WN4SHN", "WN5HLD", "WN6XXX"
OWNER = {"office": "LEEDS-SHOP-2", "channel": "shop", "escalation": ["ticketing", "duty manager"]}
OTHER = {"office": "SAFETY-OFFICE-9", "channel": "office", "escalation": []}
CLASSES = ["E", "I", "L", "P"]
MADE_UP = "0000-0000-0000-0000"
GONE = 410

TRIP: dict[str, Any] = {
    "status": "active",
    "travellers": [{"subjects": ["t1"], "surname": IDRIS.surname, "given_name": IDRIS.given_name}],
    "segments": [
        {
            "carrier": "ZZ",
            "number": "881",
            "origin": "LBA",
            "destination": "OSL",
            "departs_at": "2031-05-02T07:10",
            "status": "HK",
        }
    ],
    "locators": [{"code": LOCATOR, "system": "1A"}],
    "owners": [OWNER],
}
MARKS = ("LBA", "OSL", "2031-05-02T07:10")


class WrongNumber:
    """He rings the only number there is, and three departments later he has said his passcode once."""

    title = "The wrong number"

    def __init__(self) -> None:
        """Not played yet."""
        self._begins = 0
        self._twins = 0
        self._codes: list[str] = []

    def play(self, stage: Stage, twin: Stage) -> None:
        """Play it; in the twin, only who is told which office owns a trip that here is protected."""
        say = stage.narrator.scene
        self._begins, self._twins, self._codes = len(stage.transcript), len(twin.transcript), []
        account = _sold(stage)
        _chooses(stage)
        line = self._rings(stage)
        line = self._passed_on(stage, line)
        self._comes_back(stage)
        say("Somebody else has an old locator, and asks the same line whose trip that is. It is a protected one.")
        _protected(stage, shielded=True)
        _protected(twin, shielded=False)
        for each in (stage, twin):
            _asks_whose(each)
        say("The auditor reads the record of Idris Haddad's account.")
        stage.call(AUDITOR, Ears.AUDITOR, "history", f"accounts/{account}/history?limit=200&of=account")
        stage.narrator.record(_entries(stage.transcript[self._begins :]))

    def _rings(self, stage: Stage) -> str:
        say = stage.narrator.scene
        say("The ticket has one number printed on it: the airline's. He rings it, and a machine answers.")
        line = _open(stage, PRINTED, IDRIS.phone)
        say("Before any human has time for him he is told a code, should they be cut off.")
        self._codes.append(str(stage.call(PRINTED, Ears.CUSTOMER, "code", f"{line}/resume-code", {}).told()["code"]))
        say("He keys in his locator, says his name and, once, his passcode. The line is the wrong one, and knows it.")
        stage.call(PRINTED, Ears.CUSTOMER, "bind", f"{line}/bind", _offered(LOCATOR, IDRIS))
        stage.call(PRINTED, Ears.CUSTOMER, "passcode", f"{line}/verifications", {"passcode": PASSCODE})
        stage.call(PRINTED, Ears.CUSTOMER, "route", f"{line}/route", {"locator": LOCATOR})
        return line

    def _passed_on(self, stage: Stage, line: str) -> str:
        say = stage.narrator.scene
        say("It hands him to the shop in Leeds that sold the trip. The agent there hears it, and asks him nothing.")
        at_leeds = self._handed(stage, line, PRINTED, {"kind": "site", "name": "leeds"}, LEEDS)
        _ask(stage, LEEDS, at_leeds)
        say("The change takes the ticketing desk. Baggage, who finds the code on a screen, cannot take him.")
        code = _offer(stage, LEEDS, at_leeds, {"kind": "team", "name": "ticketing"})
        self._codes.append(code)
        _take(stage, BAGGAGE, code)
        there = _take(stage, TICKETING, code)
        _take(stage, TICKETING, code)
        _take(stage, TICKETING, MADE_UP)
        _ask(stage, TICKETING, there)
        _ask(stage, LEEDS, at_leeds)  # it is not his call any more
        return there

    def _handed(self, stage: Stage, line: str, giver: Staff, to: dict[str, str], receiver: Staff) -> str:
        code = _offer(stage, giver, line, to)
        self._codes.append(code)
        return _take(stage, receiver, code)

    def _comes_back(self, stage: Stage) -> None:
        say = stage.narrator.scene
        say("They call his flight, and he has to hang up to board. Landed, he rings again, from a telephone there.")
        back = {"code": self._codes[0], "contact_id": GATE_PHONE, "channel": "call", "passcode": PASSCODE}
        resumed = stage.call(PRINTED, Ears.CUSTOMER, "resume", "interactions/resume", back)
        line = f"interactions/{resumed.told().get('interaction_id', '')}"
        say("His code gives him his place and his case; his passcode, in the same breath, what he may hear.")
        at_ticketing = self._handed(stage, line, PRINTED, {"kind": "team", "name": "ticketing"}, TICKETING)
        _ask(stage, TICKETING, at_ticketing)
        say("Somebody read the code over his shoulder. It has been used, and was never a passcode.")
        stage.call(PRINTED, Ears.CUSTOMER, "resume", "interactions/resume", {**back, "passcode": "no idea"})

    def checks(self, stage: Stage, twin: Stage) -> Sequence[Check]:
        """What it shows."""
        mine, twins = stage.transcript[self._begins :], twin.transcript[self._twins :]
        his = [each for each in mine if each.ears is Ears.CUSTOMER]
        asks = [each for each in his if each.call == "ask"]
        hearing, over = [asks[at] for at in (0, 1, 3)], asks[2]
        spent = [each for each in his if each.status == GONE]
        theirs = [each for each in mine if each.ears is Ears.ADVERSE]
        hidden, unknown = (_routed(theirs, locator) for locator in (HERS_NOW, NOBODYS))
        entries = _entries(mine)
        return [
            _knew("The wrong line knew the right office before a human answered", his),
            heard("Each department heard his trip, and asked him for nothing", hearing, MARKS),
            _once("He said his passcode once, and once more when he came back", his),
            _over("Whoever has passed him on is told nothing more", over),
            _one_refusal("Somebody else's code, a used one and one that nobody was given: one answer", spent[:3]),
            _place("He kept his place, through every department and back", his),
            Check("A code that was used brings nobody back", len(spent) == 4, f"{len(spent[3:])} refused"),  # noqa: PLR2004 - the fourth
            _recorded("Every answer is on record", his, entries),
            sealed("Neither a code nor his name nor the reason is in the record", entries,
                   [*self._codes, LOCATOR, IDRIS.surname, "the owning office"]),
            alike("A protected trip is routed like an ordinary one, byte for byte", theirs, _adverse(twins)),
            same_refusal("Her new locator goes where one goes that nobody has", hidden, unknown),
            unheard("The office that made her new trip was named to nobody", theirs, {"office": str(OTHER["office"])}),
        ]  # fmt: skip


def _sold(stage: Stage) -> str:
    stage.narrator.scene("A shop in Leeds sells Idris Haddad a trip, and the record says whose it is.")
    account = stage.made(OFFICE, "set up", "accounts", {"reference": "crm-77140"}, "account_id")
    body = {"kind": "holder", "facts": IDRIS.facts()}
    party = stage.made(OFFICE, "set up", f"accounts/{account}/parties", body, "party_id")
    document = {"format": FORMAT, "document": TRIP, "travellers": {"t1": party}}
    stage.made(OFFICE, "set up", f"accounts/{account}/bookings", document)
    return account


def _chooses(stage: Stage) -> None:
    stage.narrator.scene("He asks for a passcode, as anybody may, and chooses it by a link that comes to his mail.")
    line = _open(stage, LEEDS, IDRIS.phone, Ears.STAFF)
    stage.call(LEEDS, Ears.STAFF, "bind", f"{line}/bind", _offered(LOCATOR, IDRIS))
    stage.made(LEEDS, "set up", f"{line}/passcodes", {})
    token = stage.message(IDRIS.email, "passcode_link").fields["token"]
    stage.made(None, "choose", "passcodes", {"token": token, "passcode": PASSCODE})
    stage.made(LEEDS, "set up", f"{line}/close", None)


def _protected(stage: Stage, *, shielded: bool) -> None:
    """A couple of whom, where `shielded`, one is protected and holds something else than is shown."""
    shown: dict[str, Any] = {**OLD_TRIP, "locators": [{"code": HERS, "system": "1A"}], "owners": [OWNER]}
    held: dict[str, Any] = {**NEW_TRIP, "locators": [{"code": HERS_NOW, "system": "1A"}], "owners": [OTHER]}
    together(stage, "crm-77141", shown, held if shielded else None)


def _asks_whose(stage: Stage) -> None:
    """What somebody does who wants to know who has to do with her trip, here and in the twin."""
    line = _open(stage, PRINTED, VICTOR.phone, Ears.ADVERSE)
    stage.call(PRINTED, Ears.ADVERSE, "bind", f"{line}/bind", _offered(HERS, VICTOR))
    for locator in (HERS, HERS_NOW, NOBODYS):
        stage.call(PRINTED, Ears.ADVERSE, "route", f"{line}/route", {"locator": locator})


def _open(stage: Stage, staff: Staff, contact: str, ears: Ears = Ears.CUSTOMER) -> str:
    opened = stage.call(staff, ears, "open", "interactions", {"contact_id": contact, "channel": "call"})
    return f"interactions/{opened.told().get('interaction_id', '')}"


def _offered(locator: str, who: Customer) -> dict[str, Any]:
    return {"locator": locator, "facts": who.named()}


def _offer(stage: Stage, staff: Staff, line: str, to: dict[str, str]) -> str:
    body = {"to": to, "reason": "the owning office is elsewhere"}
    return str(stage.call(staff, Ears.CUSTOMER, "transfer", f"{line}/transfer", body).told().get("code", ""))


def _take(stage: Stage, staff: Staff, code: str) -> str:
    taken = stage.call(staff, Ears.CUSTOMER, "take", "transfers/take", {"code": code})
    return f"interactions/{taken.told().get('interaction_id', '')}"


def _ask(stage: Stage, staff: Staff, line: str) -> None:
    question = {"locator": LOCATOR, "classes": CLASSES, "purpose": "service"}
    stage.call(staff, Ears.CUSTOMER, "ask", f"{line}/disclosures", question)


def _knew(says: str, his: Sequence[Exchange]) -> Check:
    """The first office that was named is the one that sold the trip, and only a machine had spoken to him."""
    at = next(at for at, each in enumerate(his) if each.call == "route")
    human = [each for each in his[:at] if each.staff is not PRINTED]
    told = his[at].told().get("owner")
    return Check(says, told == OWNER and not human, str((told or {}).get("office", "nobody")))


def _once(says: str, his: Iterable[Exchange]) -> Check:
    said = [each.call for each in his if PASSCODE in str((each.sent or {}).get("passcode", ""))]
    return Check(says, said == ["passcode", "resume"], f"said {len(said)} times: {', '.join(said)}")


def _over(says: str, after: Exchange) -> Check:
    told = after.told()
    return Check(says, told.get("outcome") == "withheld" and told.get("document") is None, str(told.get("outcome")))


def _one_refusal(says: str, spent: Sequence[Exchange]) -> Check:
    """Three codes that were no good, and one answer to them all."""
    answers = {each.masked() for each in spent}
    return Check(says, len(spent) == 3 and len(answers) == 1, f"{len(spent)} refused, {len(answers)} answer(s)")  # noqa: PLR2004 - three


def _place(says: str, his: Iterable[Exchange]) -> Check:
    """Every answer that says when he first came says the same."""
    said = [each.told()["queued_at"] for each in his if "queued_at" in each.told()]
    found = f"told {len(said)} times: {', '.join(sorted(set(said)))}"
    return Check(says, len(said) == 5 and len(set(said)) == 1, found)  # noqa: PLR2004 - the code, three takers, his return


def _recorded(says: str, his: Iterable[Exchange], entries: Iterable[Mapping[str, Any]]) -> Check:
    """Every decision that was answered is in the record of the account, in order."""
    made = [each.told()["decision_id"] for each in his if "decision_id" in each.told()]
    kept = [each["event"]["decision_id"] for each in entries if each["name"] == "disclosure.attempted.v1"]
    return Check(says, bool(made) and made == kept, f"{len(made)} answers, {len(kept)} on record")


def _adverse(exchanges: Iterable[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if each.ears is Ears.ADVERSE]


def _routed(exchanges: Iterable[Exchange], locator: str) -> Exchange:
    return next(each for each in exchanges if each.call == "route" and (each.sent or {}).get("locator") == locator)


def _entries(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    read = [each for each in exchanges if each.call == "history"]
    return [entry for each in read for entry in each.told().get("entries", ())]
