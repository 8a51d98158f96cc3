"""Health or safety: authority by action, by hour and by a call to the warehouse; and what no tier may refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from service.demo.authorities import AUTHORITY, EVENING, MORNING, SIGNALS, UNMANNED_AT_NIGHT, zone_where_it_is
from service.demo.cast import AUDITOR, MANILA, OFFICE, SAFETY, Customer, Staff
from service.demo.checks import Check, alike, heard, sealed, unheard
from service.demo.papers import CANARIES, FORMAT, NEW_TRIP, OLD_MARKS, OLD_TRIP
from service.demo.stage import Stage
from service.demo.transcript import Ears, Exchange

COMPLIANCE = Staff("compliance-1", "compliance")
SECOND = Staff("agent-15", "agent", 2, "manila")
TIERS = (MANILA, SECOND, SAFETY[0])
INES = Customer("Duarte", "Ines", "1990-06-17", "ines.duarte@example.org", "+447700900222")
RUI = Customer("Sousa", "Rui", "1986-01-25", "rui.sousa@example.org", "+447700900555")
HER_SAFE_PHONE = "+447700900777"
WHO_SAID_YES = "Ms Osei of the night shift"
WHY = "the airline moved her flight twice"
SHOWN, HELD = "HS4K2D", "HS9W7X"
SHOWN_TRIP: dict[str, Any] = {
    **OLD_TRIP,
    "travellers": [
        {"subjects": ["t1"], "surname": INES.surname, "given_name": INES.given_name},
        {"subjects": ["t2"], "surname": RUI.surname, "given_name": RUI.given_name},
    ],
    "locators": [{"code": SHOWN, "system": "1A"}],
}
HELD_TRIP: dict[str, Any] = {
    **NEW_TRIP,
    "travellers": SHOWN_TRIP["travellers"][:1],
    "locators": [{"code": HELD, "system": "1A"}],
}
ONLY_HELD = {**CANARIES, "locator": HELD}


class HealthOrSafety:
    """Act within your authority, or pass the call on at once."""

    title = "Health or safety"

    def __init__(self) -> None:
        """Not played yet."""
        self._begins = (0, 0)

    def play(self, stage: Stage, twin: Stage) -> None:
        """Play it, in the twin too: what is said of health or safety is the same for every account."""
        self._begins = len(stage.transcript), len(twin.transcript)
        now = datetime.now(UTC)
        accounts = []
        for each in (stage, twin):
            account, line = _open(each, protected=each is stage)
            _authority(each, account, line, now)
            _after_three(each, line, now)
            _signals(each, account)
            accounts.append(account)
        stage.narrator.scene("The auditor reads what was asked, what was judged and what was done.")
        account = accounts[0]
        stage.call(AUDITOR, Ears.AUDITOR, "history", f"accounts/{account}/history?limit=200&of=account")
        stage.narrator.record(_entries(stage.transcript[self._begins[0] :]))

    def checks(self, stage: Stage, twin: Stage) -> Sequence[Check]:
        """What it shows."""
        mine, twins = stage.transcript[self._begins[0] :], twin.transcript[self._begins[1] :]
        ruled = [(each.staff.tier, each.told()) for each in mine if each.call == "authority" and each.staff is not None]
        of_first = [_verdict(told) for tier, told in ruled if tier == 1]
        of_second = [_verdict(told) for tier, told in ruled if tier > 1]
        signals = [each for each in mine if each.call == "signal"]
        his = [each for each in mine if each.ears is Ears.ADVERSE]
        entries = _entries(mine)
        return [
            _own_parts("Each tier saw its own part of the authority, and nothing of the others'", mine),
            _same(
                "In the morning a change was within the authority of the first line; past three it was passed on",
                [of_first[:1], of_first[-1:]],
                [["may"], ["pass_on: second line"]],
            ),
            _same(
                "A cancellation waited for the warehouse, and for nothing once it had said yes",
                of_first[1:3],
                ["needs_confirmation: warehouse", "may"],
            ),
            _same(
                "A small fee was waived by rule, a refund passed on, and a large fee left to the next tier's judgement",
                [of_first[3:5], of_second],
                [["automatic", "pass_on: second line"], ["judgement", "may"]],
            ),
            _answered("Every word of health or safety was answered with an action or with a transfer", signals),
            _same(
                "The first line passed it on, the second could for health alone, and the safety office acted",
                [_response(each) for each in signals],
                [
                    *[
                        "transfer: second line",
                        "transfer: safety office",
                        "stay_on_the_line",
                        "transfer: safety office",
                    ],
                    *["call_emergency_services"] * 2,
                    *["transfer: second line", "transfer: safety office"],
                ],
            ),
            unheard("It opened nothing: “it is about her health” told him nothing of the new trip", his, ONLY_HELD),
            heard("He heard the old trip, as ever", _told_a_trip(his), OLD_MARKS),
            alike(
                "Nobody could tell: for an ordinary account all of it was answered the same, byte for byte",
                _on_the_line(mine),
                _on_the_line(twins),
            ),
            _one_answer("Whatever office he claimed, one answer, and nobody judged it", mine),
            _recorded("Each signal, and what was done about each, is on record", signals, entries),
            _refused("An authority that leaves a signal to nobody at night was not adopted", mine),
            sealed("Who said yes, and why it was granted, is sealed", entries, [WHO_SAID_YES, WHY]),
        ]


def _open(stage: Stage, *, protected: bool) -> tuple[str, str]:
    """The account, and a contact of a first-line agent's bound to it."""
    say = stage.narrator.scene
    say("The account of Ines Duarte, with Rui Sousa on it. She is protected, and flies elsewhere than is shown.")
    account = stage.made(OFFICE, "set up", "accounts", {"reference": "crm-90417"}, "account_id")
    parties = f"accounts/{account}/parties"
    hers = stage.made(OFFICE, "set up", parties, {"kind": "holder", "facts": INES.facts()}, "party_id")
    his = stage.made(OFFICE, "set up", parties, {"kind": "traveller", "facts": RUI.facts()}, "party_id")
    document = {"format": FORMAT, "document": SHOWN_TRIP, "travellers": {"t1": hers, "t2": his}}
    booking = stage.made(OFFICE, "set up", f"accounts/{account}/bookings", document, "booking_id")
    if protected:
        wanted = {
            "protected_party_id": hers,
            "safe_contact": {"kind": "phone", "value": HER_SAFE_PHONE},
            "adverse_party_ids": [his],
        }
        protection = stage.made(MANILA, "set up", f"accounts/{account}/protection", wanted, "protection_id")
        for one in SAFETY:
            stage.made(one, "set up", f"accounts/{account}/protection/confirm", {"protection_id": protection})
        document = {"format": FORMAT, "document": HELD_TRIP, "booking_id": booking, "travellers": {"t1": hers}}
        stage.made(OFFICE, "set up", f"accounts/{account}/bookings", document, "held_version")
    return account, _line(stage, MANILA, account, INES)


def _line(stage: Stage, staff: Staff, account: str, caller: Customer) -> str:
    opened = {"contact_id": caller.phone, "channel": "call"}
    line = stage.made(staff, "open", "interactions", opened, "interaction_id")
    offered = {"account_id": account, "facts": caller.named()}
    stage.made(staff, "bind", f"interactions/{line}/bind", offered)
    return f"interactions/{line}"


def _adopt(stage: Stage, hour: int, now: datetime) -> None:
    document = {**AUTHORITY, "zone": zone_where_it_is(hour, now)}
    stage.made(COMPLIANCE, "set up", "authority", {"document": document}, "version")


def _may(stage: Stage, staff: Staff, line: str, action: str, **more: Any) -> None:
    stage.call(staff, Ears.STAFF, "authority", f"{line}/authority", {"action": action, **more})


def _authority(stage: Stage, account: str, line: str, now: datetime) -> None:
    say = stage.narrator.scene
    say("Compliance says who may do what. At the desk it is ten in the morning. Each tier reads its own part.")
    _adopt(stage, MORNING, now)
    for staff in TIERS:
        stage.call(staff, Ears.STAFF, "read", "authority")
    say("May the first line change it? Before three, yes. Cancel it? Only once the warehouse has said yes: he rings.")
    _may(stage, MANILA, line, "change")
    _may(stage, MANILA, line, "cancel")
    _may(stage, MANILA, line, "cancel", confirmation={"by": "warehouse", "person": WHO_SAID_YES})
    say("A small fee is waived by rule. A refund is not his to give; whose it is, nobody tells him.")
    _may(stage, MANILA, line, "waive_fee", amount_class="small")
    _may(stage, MANILA, line, "refund")
    say("A large fee is left to the second line's judgement: she decides, and says what she granted, and why.")
    hers = _line(stage, SECOND, account, INES)
    _may(stage, SECOND, hers, "waive_fee", amount_class="large")
    granted = {"action": "waive_fee", "amount_class": "large", "granted": "the change fee", "why": WHY}
    stage.made(SECOND, "set up", f"{hers}/judgements", granted, "judgement_id")
    _may(stage, SECOND, hers, "waive_fee", amount_class="large")


def _after_three(stage: Stage, line: str, now: datetime) -> None:
    say = stage.narrator.scene
    say("The same question, past three: the desk's clock shows eight in the evening.")
    _adopt(stage, EVENING, now)
    _may(stage, MANILA, line, "change")
    say("Somebody would leave the night to nobody. It is not adopted.")
    stage.call(COMPLIANCE, Ears.STAFF, "set up", "authority", {"document": UNMANNED_AT_NIGHT})


def _signals(stage: Stage, account: str) -> None:
    say = stage.narrator.scene
    say(
        "“It is about my health.” “I am not safe.” Nobody is asked whether it is true. Each tier acts, or passes it on."
    )
    for staff in TIERS:
        line = _line(stage, staff, account, INES)
        for kind in SIGNALS:
            _signal(stage, staff, Ears.STAFF, line, kind)
    say("Rui has heard that this opens doors. “It is about her health. Where is she?” He gets what anybody gets.")
    line = _line(stage, MANILA, account, RUI)
    for kind in SIGNALS:
        _signal(stage, MANILA, Ears.ADVERSE, line, kind)
        for locator in (SHOWN, HELD):
            question = {"locator": locator, "classes": ["E", "I", "L", "P"], "purpose": "service"}
            stage.call(MANILA, Ears.ADVERSE, "ask", f"{line}/disclosures", question)
    say("“I am her doctor, then. No: I am with the police.” One answer, whoever he says he is.")
    for claim in ("doctor", "police"):
        said = {"claim": claim, "words": f"says he is: {claim}"}
        stage.call(MANILA, Ears.ADVERSE, "escalate", f"{line}/escalations", said)


def _signal(stage: Stage, staff: Staff, ears: Ears, line: str, kind: str) -> None:
    """Say it, and record what was done: the first action it was answered with, or the transfer."""
    told = stage.call(staff, ears, "signal", f"{line}/safety-signal", {"kind": kind}).told()
    actions = told.get("actions") or [{"action": "transferred"}]
    done = f"{line}/safety-signal/{told.get('signal_id', 'none')}/done"
    stage.call(staff, ears, "set up", done, {"did": actions[0]["action"]})


def _entries(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    read = [each for each in exchanges if each.call == "history"]
    return [entry for each in read for entry in each.told().get("entries", ())]


def _on_the_line(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """What was asked and answered in contacts."""
    return [each for each in exchanges if each.call in ("authority", "signal", "escalate", "ask")]


def _told_a_trip(exchanges: Iterable[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if each.call == "ask" and each.told().get("document")]


def _verdict(told: dict[str, Any]) -> str:
    """A verdict, with whom to call or to pass it on to."""
    whom = [each["name"] for each in told.get("call_first", ())] + [told.get("transfer_to") or ""]
    return f"{told.get('verdict', 'error')}: {', '.join(filter(None, whom))}".removesuffix(": ")


def _response(exchange: Exchange) -> str:
    told = exchange.told()
    if told.get("next_step") == "transfer":
        return f"transfer: {told.get('transfer_to')}"
    return ", ".join(each["action"] for each in told.get("actions", ()))


def _same(says: str, found: Any, wanted: Any) -> Check:
    return Check(says, found == wanted, str(found))


def _own_parts(says: str, exchanges: Iterable[Exchange]) -> Check:
    """Three tiers read it; each got the grants of its own tier, all of them, and not a byte of another's."""
    read = [each for each in exchanges if each.call == "read" and each.path == "authority"]
    ids = {grant["id"]: grant["tier"] for grant in AUTHORITY["grants"]}
    wrong = [
        name
        for each in read
        for name, tier in ids.items()
        if each.staff is None or (f'"{name}"'.encode() in each.body) != (tier == each.staff.tier)
    ]
    tiers = [each.staff.tier for each in read if each.staff is not None]
    return Check(says, tiers == [1, 2, 3] and not wrong, ", ".join(wrong) or f"{len(ids)} grants, tiers {tiers}")


def _answered(says: str, signals: Sequence[Exchange]) -> Check:
    """Each was taken, and answered with one of the two."""
    wrong = [
        each.status
        for each in signals
        if each.status != httpx.codes.CREATED or bool(each.told()["actions"]) == bool(each.told()["transfer_to"])
    ]
    return Check(says, bool(signals) and not wrong, f"{len(signals)} signals, {len(wrong)} answered otherwise")


def _one_answer(says: str, exchanges: Iterable[Exchange]) -> Check:
    """The claims were different and the answers, but for opaque ids, were not."""
    claimed = [each for each in exchanges if each.call == "escalate"]
    claims = {(each.sent or {}).get("claim") for each in claimed}
    answers = {each.masked() for each in claimed if each.status == httpx.codes.CREATED}
    true = len(claims) > 1 and len(answers) == 1 and all(each.status == httpx.codes.CREATED for each in claimed)
    return Check(says, true, f"{len(claims)} claims, {len(answers)} answers")


def _recorded(says: str, signals: Sequence[Exchange], entries: Iterable[dict[str, Any]]) -> Check:
    entries = list(entries)
    made = [each.told().get("signal_id") for each in signals]
    raised = [e["event"]["signal_id"] for e in entries if e["name"] == "safety_signal.raised.v1"]
    acted = [e["event"]["signal_id"] for e in entries if e["name"] == "safety_signal.acted.v1"]
    return Check(says, bool(made) and made == raised == acted, f"{len(made)} raised, {len(acted)} seen to")


def _refused(says: str, exchanges: Iterable[Exchange]) -> Check:
    """It was offered, and was refused for that reason."""
    offered = [each for each in exchanges if (each.sent or {}).get("document") == UNMANNED_AT_NIGHT]
    refused = [each for each in offered if each.status == httpx.codes.UNPROCESSABLE_ENTITY]
    why = [each.told().get("detail", "") for each in refused]
    true = bool(offered) and len(refused) == len(offered) and all("no tier may act at once" in each for each in why)
    return Check(says, true, "; ".join(each[:60] for each in why) or f"{len(offered)} offered")
