"""The roadside: a tool that still has the last caller's place, and a dealer on the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.demo.cast import AUDITOR, OFFICE, VICTOR, Customer, Staff
from service.demo.checks import Check, alike, heard, same_refusal, sealed, unheard
from service.demo.couple import together
from service.demo.papers import FORMAT, NEW_TRIP, OLD_TRIP
from service.demo.stage import Stage
from service.demo.transcript import Ears, Exchange

ROADSIDE = Staff("agent-61", "agent", 1, "cebu")
INES = Customer("Moreau", "Ines", "1969-02-11", "ines.moreau@example.org", "+447700900301")
TOMAS = Customer("Reyes", "Tomas", "1990-07-05", "tomas.reyes@example.org", "+447700900302")
PASSCODE = "lantern meadow copper sparrow"
HER_LOCATOR, HIS_LOCATOR = "RS2MRU", "RS3RYS"
SHOWN, HIDDEN, NOBODYS = "RS4SHN", "RS5HLD", "RS6XXX"
HER_PLACE, HIS_PLACE = "10001", "98101"
CLASSES = ["E", "I", "L", "C", "P", "F"]


def _dealer(name: str, phone: str, place: str) -> dict[str, str]:
    return {"role": "dealer", "name": name, "phone": phone, "place": place}


HER_DEALER = _dealer("Hudson Street Motors", "+442079460301", HER_PLACE)
HIS_DEALER = _dealer("Pike Place Garage", "+442079460302", HIS_PLACE)
FAR_DEALER = _dealer("Harbour Bridge Cars", "+442079460303", "97201")
OLD_HOTEL = {"role": "hotel", "name": "Bowery House", "phone": "+442079460304", "place": "New York"}
NEW_HOTEL = {"role": "hotel", "name": "Gastown Inn", "phone": "+442079460305", "place": "Vancouver"}


def _rental(who: Customer, locator: str, origin: str, departs: str, *dealers: dict[str, str]) -> dict[str, Any]:
    """A car, for one driver; and who sees to it when it breaks down."""
    return {
        "status": "active",
        "travellers": [{"subjects": ["t1"], "surname": who.surname, "given_name": who.given_name}],
        "segments": [{"kind": "car", "carrier": "ZZ", "number": "CAR", "origin": origin, "departs_at": departs}],
        "locators": [{"code": locator, "system": "1A"}],
        "contacts": [{"subjects": ["t1"], "kind": "phone", "value": who.phone}],
        "payments": [{"subjects": ["t1"], "kind": "deposit", "amount": "411.09", "currency": "EUR"}],
        "suppliers": list(dealers),
    }


# What says where he is, and what else is his. None of it is the dealer's to hear before he says so.
WHERE = ("SEA", "2031-06-03T18:40")
THERE = {"place": WHERE[0], "pick-up": WHERE[1]}
BESIDES = {"telephone": TOMAS.phone, "deposit": "411.09", "locator": HIS_LOCATOR}
HERS = {"dealer": HER_DEALER["name"], "number": HER_DEALER["phone"], "place": "JFK", "pick-up": "2031-06-01T09:15"}


class Roadside:
    """He has broken down; the desk knows where, and a machine there remembers somebody else."""

    title = "The roadside"

    def __init__(self) -> None:
        """Not played yet."""
        self._begins = 0
        self._twins = 0

    def play(self, stage: Stage, twin: Stage) -> None:
        """Play it; in the twin, only who is put through to a hotel of a trip that here is protected."""
        say = stage.narrator.scene
        self._begins, self._twins = len(stage.transcript), len(twin.transcript)
        hers = _booked(stage, INES, _rental(INES, HER_LOCATOR, "JFK", "2031-06-01T09:15", HER_DEALER))[1]
        rental = _rental(TOMAS, HIS_LOCATOR, "SEA", "2031-06-03T18:40", HIS_DEALER, FAR_DEALER)
        account = _booked(stage, TOMAS, rental)[0]
        _chooses(stage)
        say("Ines Moreau has broken down, and says where. She is put through to the dealer there, and hangs up.")
        line = _open(stage, INES.phone, Ears.STAFF)
        stage.call(ROADSIDE, Ears.STAFF, "bind", f"{line}/bind", _offered(HER_LOCATOR, INES, HER_PLACE))
        _dial(stage, Ears.STAFF, line, locator=HER_LOCATOR, place=HER_PLACE)
        stage.made(ROADSIDE, "set up", f"{line}/close", None)
        line = _rings(stage, hers)
        _with_a_dealer(stage, line)
        say("Somebody else asks for the hotel of an old trip, as if it were his to ask. It is a protected one.")
        _protected(stage, shielded=True)
        _protected(twin, shielded=False)
        for each in (stage, twin):
            _asks_for_the_hotel(each)
        say("The auditor reads the record of Tomas Reyes' account.")
        stage.call(AUDITOR, Ears.AUDITOR, "history", f"accounts/{account}/history?limit=200&of=account")
        stage.narrator.record(_entries(stage.transcript[self._begins :]))

    def checks(self, stage: Stage, twin: Stage) -> Sequence[Check]:
        """What it shows."""
        mine, twins = stage.transcript[self._begins :], twin.transcript[self._twins :]
        his = [each for each in mine if each.ears is Ears.CUSTOMER]
        shared = [each for each in mine if each.ears is Ears.DEALER]
        stale = [each for each in his if _left_over(each)]
        put_through = [each for each in his if each.call == "dial" and each not in stale]
        narrow, wide = [each for each in shared if each.call == "ask"]
        alone = [each for each in his if each.call == "ask" and each not in stale]
        theirs = [each for each in mine if each.ears is Ears.ADVERSE]
        hidden, unknown = (_dialled(theirs, locator) for locator in (HIDDEN, NOBODYS))
        entries = _entries(mine)
        return [
            _nothing("What was left over from the last call was answered with nothing, in the same words", stale),
            unheard("Nothing of the last caller's came back in this call", [*his, *shared], HERS),
            _stale("Each of them is on record as what it was", stale, entries),
            _number("The number dialled is his own dealer's, at the place that he gave", put_through),
            unheard("The dealer on the line narrowed the answer", [narrow], BESIDES | THERE),
            heard("Where he is the dealer heard when he said so", [wide], WHERE),
            unheard("And nothing else, of all that is his", [wide], BESIDES),
            heard("When the dealer had left he heard it all himself", alone[-1:], [*WHERE, *BESIDES.values()]),
            _recorded("Every answer is on record", [*his, *shared], entries),
            sealed("No name, no number and no place is in the record", entries,
                   [HIS_LOCATOR, HER_LOCATOR, TOMAS.surname, HIS_DEALER["phone"], HIS_PLACE]),
            alike("The hotel of a protected trip is the shown one, byte for byte", theirs, _adverse(twins)),
            same_refusal("Her new locator reaches nobody, like one that nobody has", hidden, unknown),
            unheard("Her real hotel was named to nobody", theirs, {"name": NEW_HOTEL["name"]}),
        ]  # fmt: skip


def _booked(stage: Stage, who: Customer, document: Mapping[str, Any]) -> tuple[str, str]:
    """An account of one driver with a rental on it: its id, and the booking's."""
    stage.narrator.scene(f"{who.given_name} {who.surname} has rented a car, and the booking says who sees to it.")
    account = stage.made(OFFICE, "set up", "accounts", {"reference": f"crm-{who.phone[-5:]}"},
                         "account_id")  # fmt: skip
    body = {"kind": "holder", "facts": who.facts()}
    party = stage.made(OFFICE, "set up", f"accounts/{account}/parties", body, "party_id")
    imported = {"format": FORMAT, "document": document, "travellers": {"t1": party}}
    return account, stage.made(OFFICE, "set up", f"accounts/{account}/bookings", imported, "booking_id")


def _chooses(stage: Stage) -> None:
    stage.narrator.scene("He asked for a passcode when he rented it, and chose it by a link that came to his mail.")
    line = _open(stage, TOMAS.phone, Ears.STAFF)
    stage.call(ROADSIDE, Ears.STAFF, "bind", f"{line}/bind", _offered(HIS_LOCATOR, TOMAS))
    stage.made(ROADSIDE, "set up", f"{line}/passcodes", {})
    token = stage.message(TOMAS.email, "passcode_link").fields["token"]
    stage.made(None, "choose", "passcodes", {"token": token, "passcode": PASSCODE})
    stage.made(ROADSIDE, "set up", f"{line}/close", None)


def _rings(stage: Stage, her_booking: str) -> str:
    """He rings, the tool asks with what it still has of her, and then with what he gave."""
    say = stage.narrator.scene
    say("Tomas Reyes rings, at the roadside: his name, his locator, his passcode, and the postcode on the sign.")
    line = _open(stage, TOMAS.phone, Ears.CUSTOMER)
    stage.call(ROADSIDE, Ears.CUSTOMER, "bind", f"{line}/bind", _offered(HIS_LOCATOR, TOMAS, HIS_PLACE))
    stage.call(ROADSIDE, Ears.CUSTOMER, "passcode", f"{line}/verifications", {"passcode": PASSCODE})
    say("The look-up tool still has the last caller in it: her locator, her booking, her postcode. Nobody notices.")
    _ask(stage, Ears.CUSTOMER, line, locator=HER_LOCATOR)
    _ask(stage, Ears.CUSTOMER, line, booking_id=her_booking)
    _dial(stage, Ears.CUSTOMER, line, locator=HER_LOCATOR)
    _dial(stage, Ears.CUSTOMER, line, locator=HIS_LOCATOR, place=HER_PLACE)
    say("Asked of what he gave in this call, it names the one dealer who is there. Of two it would have guessed none.")
    _dial(stage, Ears.CUSTOMER, line, locator=HIS_LOCATOR)
    return line


def _with_a_dealer(stage: Stage, line: str) -> None:
    """The dealer joins, hears what his part takes, hears where the car is when the caller says so, and leaves."""
    say = stage.narrator.scene
    say("The dealer is put on the line. From now on the answer is what both of them may hear.")
    joined = stage.call(ROADSIDE, Ears.DEALER, "join", f"{line}/listeners", {"kind": "third_party"})
    dealer = str(joined.told().get("listener_id", ""))
    _ask(stage, Ears.DEALER, line, locator=HIS_LOCATOR, purpose="operations")
    say("“Tell him where I picked it up, and when.” That, and no more: not his number, not what he paid.")
    consent = {"listener_id": dealer, "classes": ["I"]}
    stage.call(ROADSIDE, Ears.DEALER, "consent", f"{line}/consents", consent)
    _ask(stage, Ears.DEALER, line, locator=HIS_LOCATOR, purpose="operations")
    say("The dealer hangs up, and sets out.")
    stage.call(ROADSIDE, Ears.CUSTOMER, "leave", f"{line}/listeners/{dealer}")
    _ask(stage, Ears.CUSTOMER, line, locator=HIS_LOCATOR)


def _protected(stage: Stage, *, shielded: bool) -> None:
    """A couple of whom, where `shielded`, one is protected and holds something else than is shown."""
    shown: dict[str, Any] = {**OLD_TRIP, "locators": [{"code": SHOWN, "system": "1A"}], "suppliers": [OLD_HOTEL]}
    held: dict[str, Any] = {**NEW_TRIP, "locators": [{"code": HIDDEN, "system": "1A"}], "suppliers": [NEW_HOTEL]}
    together(stage, "crm-77151", shown, held if shielded else None)


def _asks_for_the_hotel(stage: Stage) -> None:
    """What somebody does who wants to be put through to where she sleeps, here and in the twin."""
    line = _open(stage, VICTOR.phone, Ears.ADVERSE)
    stage.call(ROADSIDE, Ears.ADVERSE, "bind", f"{line}/bind", _offered(SHOWN, VICTOR))
    for locator in (SHOWN, HIDDEN, NOBODYS):
        _dial(stage, Ears.ADVERSE, line, locator=locator, purpose="hotel")


def _open(stage: Stage, contact: str, ears: Ears) -> str:
    opened = stage.call(ROADSIDE, ears, "open", "interactions", {"contact_id": contact, "channel": "call"})
    return f"interactions/{opened.told().get('interaction_id', '')}"


def _offered(locator: str, who: Customer, place: str = "") -> dict[str, Any]:
    return {"locator": locator, "facts": who.named()} | ({"place": place} if place else {})


def _ask(stage: Stage, ears: Ears, line: str, purpose: str = "service", **booking: str) -> None:
    stage.call(ROADSIDE, ears, "ask", f"{line}/disclosures", {**booking, "classes": CLASSES, "purpose": purpose})


def _dial(stage: Stage, ears: Ears, line: str, purpose: str = "dealer", **what: str) -> None:
    stage.call(ROADSIDE, ears, "dial", f"{line}/dials", {"purpose": purpose, **what})


def _left_over(each: Exchange) -> bool:
    """Whether this was asked with something of the last caller's."""
    sent = each.sent or {}
    if each.call not in ("ask", "dial"):
        return False
    return sent.get("locator") != HIS_LOCATOR or sent.get("place") == HER_PLACE


def _nothing(says: str, stale: Sequence[Exchange]) -> Check:
    told = [each.told() for each in stale]
    empty = all(each["outcome"] == "withheld" and not (each.get("document") or each.get("dial")) for each in told)
    lines = {(each["say"], each["next_step"]) for each in told}
    return Check(says, len(stale) == 4 and empty and len(lines) == 1, f"{len(stale)} questions, {len(lines)} line(s)")  # noqa: PLR2004 - two questions, two dials


def _stale(says: str, stale: Iterable[Exchange], entries: Iterable[Mapping[str, Any]]) -> Check:
    """Every one of these answers is in the record under the rule for what was not given in this contact."""
    asked = [each.told()["decision_id"] for each in stale]
    kept = [each["event"]["decision_id"] for each in _attempts(entries) if each["event"]["rules"] == ["stale-context"]]
    return Check(says, bool(asked) and asked == kept, f"{len(kept)} stale")


def _number(says: str, dials: Sequence[Exchange]) -> Check:
    told = [each.told().get("dial") for each in dials]
    return Check(says, told == [HIS_DEALER], str((told[0] or {}).get("name", "nobody")) if told else "nobody")


def _recorded(says: str, his: Iterable[Exchange], entries: Iterable[Mapping[str, Any]]) -> Check:
    """Every decision that was answered is in the record of the account, in order, with its outcome."""
    made = [(told["decision_id"], told["outcome"]) for told in (each.told() for each in his) if "decision_id" in told]
    kept = [(each["event"]["decision_id"], each["event"]["outcome"]) for each in _attempts(entries)]
    return Check(says, bool(made) and sorted(made) == sorted(kept), f"{len(made)} answers, {len(kept)} on record")


def _attempts(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in entries if each["name"] == "disclosure.attempted.v1"]


def _adverse(exchanges: Iterable[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if each.ears is Ears.ADVERSE]


def _dialled(exchanges: Iterable[Exchange], locator: str) -> Exchange:
    return next(each for each in exchanges if each.call == "dial" and (each.sent or {}).get("locator") == locator)


def _entries(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    read = [each for each in exchanges if each.call == "history"]
    return [entry for each in read for entry in each.told().get("entries", ())]
