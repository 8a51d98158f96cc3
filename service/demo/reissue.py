"""The call that must not be answered: a reissued ticket, a shared login, and a caller with every fact right but one."""

from __future__ import annotations

from typing import Any

import msgspec

from service.demo.cast import (
    ALMA,
    AUDITOR,
    HOTEL_PHONE,
    MANILA,
    OFFICE,
    SAFE_PHONE,
    SAFETY,
    SOFIA,
    SUPERVISOR,
    VICTOR,
    WEBSITE,
    Customer,
    Staff,
)
from service.demo.checks import Check, alike, heard, recorded, refused, same_refusal, sealed, unheard
from service.demo.papers import CANARIES, FORMAT, NEW_LOCATOR, NEW_TRIP, OLD_LOCATOR, OLD_MARKS, OLD_TRIP
from service.demo.stage import Stage
from service.demo.transcript import Ears, Exchange

PASSCODE = "copper lantern orchard velvet"
DURESS = "marble kettle sparrow violin"
GUESSES = ("her mother's maiden name", "correct horse battery staple")
UNKNOWN_LOCATOR = "NQ5YXD"
CLASSES = ["E", "I", "L", "P", "F"]
LIFE = {"schedule_change": "follow", "cancellation": "transfer", "check_in": "follow", "departure": "follow",
        "refund": "transfer"}  # fmt: skip


class People(msgspec.Struct, frozen=True):
    """The ids of the account and of who is on it."""

    account: str
    alma: str
    victor: str
    booking: str


class Reissue:
    """She flees; he rings."""

    title = "The call that must not be answered"

    def play(self, stage: Stage, twin: Stage) -> None:
        """Play it; in the twin, only what an ordinary account would see of it."""
        say = stage.narrator.scene
        people = _open(stage)
        _open(twin)
        _protect(stage, people)
        _reissue(stage, people)
        for each in (stage, twin):
            _website(each)
        for each in (stage, twin):
            _calls(each)
        _herself(stage)
        say("The auditor reads the record: who asked, from where, what came of it. What is personal stays sealed.")
        stage.call(AUDITOR, Ears.AUDITOR, "history", f"accounts/{people.account}/history?limit=200&of=account")
        stage.narrator.record(_entries(stage))

    def checks(self, stage: Stage, twin: Stage) -> list[Check]:
        """What it shows."""
        heard_by = {ears: [each for each in stage.transcript if each.ears is ears] for ears in Ears}
        his, portal = heard_by[Ears.ADVERSE], heard_by[Ears.PORTAL]
        hers = _answers(heard_by[Ears.HERSELF])
        not_hers = [each for each in stage.transcript if each.ears is not Ears.HERSELF]
        by_old = [each for each in _answers(his) if _sent_locator(each) == OLD_LOCATOR and each.told().get("document")]
        hidden, unknown = (
            next(each for each in his if each.call == "ask" and _sent_locator(each) == locator)
            for locator in (NEW_LOCATOR, UNKNOWN_LOCATOR)
        )
        entries = _entries(stage)
        return [
            unheard("The adverse party heard nothing of the new trip", his, CANARIES),
            heard("He heard the old trip", by_old, OLD_MARKS),
            unheard("The portal on the shared login heard nothing of the new trip", portal, CANARIES),
            heard("The portal shows the old trip", _answers(portal), OLD_MARKS),
            unheard("Nobody but herself was told anything of the new trip", not_hers, CANARIES),
            refused("No passcode he tried was accepted", his),
            alike(
                "Nobody on the line could tell: the twin, an ordinary account, answered the same, byte for byte",
                _on_the_line(stage),
                _on_the_line(twin),
            ),
            same_refusal("Her new locator is answered like one that nobody has", hidden, unknown),
            recorded("Every attempt is on record, with its outcome", stage.transcript, entries),
            sealed("What he asked for is sealed in the record", entries, [OLD_LOCATOR, NEW_LOCATOR, VICTOR.surname]),
            heard("She herself got the new trip, and not the old flight", hers, CANARIES.values(), OLD_MARKS),
            heard(
                "The duress passcode showed the old trip",
                _answers(heard_by[Ears.DURESS]),
                OLD_MARKS,
                CANARIES.values(),
            ),
        ]


def _open(stage: Stage) -> People:
    stage.narrator.scene("The back office opens the account of Alma Grey, with Victor Hale, and imports their trip.")
    account = stage.made(OFFICE, "set up", "accounts", {"reference": "crm-48213"}, "account_id")
    parties = f"accounts/{account}/parties"
    alma = stage.made(OFFICE, "set up", parties, {"kind": "holder", "facts": ALMA.facts()}, "party_id")
    victor = stage.made(OFFICE, "set up", parties, {"kind": "traveller", "facts": VICTOR.facts()}, "party_id")
    document = {"format": FORMAT, "document": OLD_TRIP, "travellers": {"t1": alma, "t2": victor}}
    booking = stage.made(OFFICE, "set up", f"accounts/{account}/bookings", document, "booking_id")
    return People(account, alma, victor, booking)


def _protect(stage: Stage, people: People) -> None:
    say, account = stage.narrator.scene, people.account
    say("She rings, afraid. The agent starts a protection at once; it only narrows. Two people of tier 3 confirm it.")
    wanted = {
        "protected_party_id": people.alma,
        "safe_contact": {"kind": "phone", "value": SAFE_PHONE},
        "adverse_party_ids": [people.victor],
    }
    protection = stage.made(SUPERVISOR, "set up", f"accounts/{account}/protection", wanted, "protection_id")
    for one in SAFETY:
        stage.made(one, "set up", f"accounts/{account}/protection/confirm", {"protection_id": protection})
    say("A one-time link reaches the phone that only she has. She chooses a passcode, and one for when she is made to.")
    link = stage.message(SAFE_PHONE, "passcode_link")
    chosen = {"token": link.fields["token"], "passcode": PASSCODE, "duress_passcode": DURESS}
    stage.made(None, "choose", "passcodes", chosen, "status")


def _reissue(stage: Stage, people: People) -> None:
    stage.narrator.scene("The ticket is reissued on a new record. The website goes on showing the old trip, on record.")
    document = {
        "format": FORMAT, "document": NEW_TRIP, "booking_id": people.booking, "travellers": {"t1": people.alma},
    }  # fmt: skip
    stage.made(OFFICE, "set up", f"accounts/{people.account}/bookings", document, "held_version")
    split = {"life": LIFE, "reason": "reissued on a new record; the old trip goes on being shown"}
    stage.made(SAFETY[0], "set up", f"bookings/{people.booking}/split", split, "split_id")


def _website(stage: Stage) -> None:
    stage.narrator.scene("Somebody signs in on the website, with the login they have always shared.")
    opened = _contact(stage, WEBSITE, Ears.PORTAL, contact="session-20310307", locator=OLD_LOCATOR, caller=ALMA)
    _list(stage, WEBSITE, Ears.PORTAL, opened)
    _ask(stage, WEBSITE, Ears.PORTAL, opened, OLD_LOCATOR)


def _calls(stage: Stage) -> None:
    """What he does, in the story and in its twin alike."""
    say, his = stage.narrator.scene, Ears.ADVERSE
    say(
        "A week later Victor rings another site. He has the old locator, his name, his date of birth: every fact right."
    )
    call = _contact(stage, MANILA, his, contact=VICTOR.phone, locator=OLD_LOCATOR, caller=VICTOR)
    _list(stage, MANILA, his, call)
    _ask(stage, MANILA, his, call, OLD_LOCATOR)
    say("“Is it still Heathrow to Kennedy? I have her passcode.” He guesses, twice.")
    for guess in GUESSES:
        _try(stage, MANILA, his, call, guess)
    _ask(stage, MANILA, his, call, OLD_LOCATOR)
    say("He has found a locator on a scrap of paper, and makes up another.")
    for locator in (NEW_LOCATOR, UNKNOWN_LOCATOR):
        _ask(stage, MANILA, his, call, locator)
    _close(stage, MANILA, his, call)
    say("He hangs up, and rings another agent at another site: with the new locator first, then with the old one.")
    for locator in (NEW_LOCATOR, OLD_LOCATOR):
        call = _contact(stage, SOFIA, his, contact=VICTOR.phone, locator=locator, caller=VICTOR)
        _list(stage, SOFIA, his, call)
        _ask(stage, SOFIA, his, call, locator)
        _close(stage, SOFIA, his, call)


def _herself(stage: Stage) -> None:
    say = stage.narrator.scene
    say("She rings from a hotel, with her old locator and her passcode, and hears where she really flies.")
    call = _contact(stage, MANILA, Ears.HERSELF, contact=HOTEL_PHONE, locator=OLD_LOCATOR, caller=ALMA)
    _try(stage, MANILA, Ears.HERSELF, call, PASSCODE)
    _ask(stage, MANILA, Ears.HERSELF, call, NEW_LOCATOR)
    _close(stage, MANILA, Ears.HERSELF, call)
    say("And once, with somebody standing beside her, she gives the other passcode.")
    call = _contact(stage, SOFIA, Ears.DURESS, contact=ALMA.phone, locator=OLD_LOCATOR, caller=ALMA)
    _try(stage, SOFIA, Ears.DURESS, call, DURESS)
    _ask(stage, SOFIA, Ears.DURESS, call, OLD_LOCATOR)
    _close(stage, SOFIA, Ears.DURESS, call)


def _contact(stage: Stage, staff: Staff, ears: Ears, *, contact: str, locator: str, caller: Customer) -> str:
    channel = "portal" if staff.role == "portal" else "call"
    opened = stage.call(staff, ears, "open", "interactions", {"contact_id": contact, "channel": channel})
    interaction = str(opened.told().get("interaction_id", ""))
    offered = {"locator": locator, "facts": caller.named()}
    stage.call(staff, ears, "bind", f"interactions/{interaction}/bind", offered)
    return interaction


def _list(stage: Stage, staff: Staff, ears: Ears, interaction: str) -> None:
    stage.call(staff, ears, "list", f"interactions/{interaction}/bookings")


def _ask(stage: Stage, staff: Staff, ears: Ears, interaction: str, locator: str) -> None:
    question = {"locator": locator, "classes": CLASSES, "purpose": "service"}
    stage.call(staff, ears, "ask", f"interactions/{interaction}/disclosures", question)


def _try(stage: Stage, staff: Staff, ears: Ears, interaction: str, passcode: str) -> None:
    stage.call(staff, ears, "passcode", f"interactions/{interaction}/verifications", {"passcode": passcode})


def _close(stage: Stage, staff: Staff, ears: Ears, interaction: str) -> None:
    stage.call(staff, ears, "close", f"interactions/{interaction}/close")


def _answers(exchanges: list[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if each.call == "ask"]


def _on_the_line(stage: Stage) -> list[Exchange]:
    """What went on where he could hear or see it."""
    return [each for each in stage.transcript if each.ears in (Ears.ADVERSE, Ears.PORTAL)]


def _sent_locator(exchange: Exchange) -> str:
    return str((exchange.sent or {}).get("locator", ""))


def _entries(stage: Stage) -> list[dict[str, Any]]:
    read = [each for each in stage.transcript if each.call == "history"]
    return [entry for each in read for entry in each.told().get("entries", ())]
