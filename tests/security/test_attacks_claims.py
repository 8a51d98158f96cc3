"""Claims to be protected that somebody makes to take from others what is theirs, or to hear of it, each by its name."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from tests.api.problem import problem
from tests.calling import Calls, Service
from tests.case import ALMA, HIS, HIS_PHONE, PASSCODE, SAFE, VICTOR, Case, ask, listed
from tests.trips import NEW, NEW_TRIP, NOBODYS, OLD, OLD_TRIP, leaks, trip

BEA = {"surname": "Grey", "given_name": "Beatrice"}
BEAS, BEAS_PHONE = "lantern pebble violet marmot", "+447700900777"
TRUTH, OF_OLD = ["LGW"], ["LHR"]


def origins(document: Any) -> list[str]:
    return [] if document is None else [each["origin"] for each in document["segments"]]


async def hers(case: Case) -> list[list[str]]:
    """From where she flies, as she hears it with her passcode: by either locator, and in her list."""
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    by_locator = [origins(await ask(agent, line, locator)) for locator in (OLD, NEW)]
    return [*by_locator, *[origins(each) for each in await listed(agent, line)]]


@pytest.mark.parametrize("naming_her", [True, False])
async def test_a_claim_of_his_does_not_send_her_to_the_wrong_airport(case: Case, naming_her: bool) -> None:  # noqa: FBT001 - both
    await case.his_passcode()
    await case.fled()
    assert await hers(case) == [TRUTH] * 3
    adverse = [case.alma] if naming_her else []
    await case.protect(case.victor, adverse, safe=HIS_PHONE, confirmed=False, sub="fooled")
    for days in (0, 4, 40):
        case.service.clock.ahead = timedelta(days=days)
        assert await hers(case) == [TRUTH] * 3
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    for action, locator in (("check_in", OLD), ("check_in", NEW)):
        assert (await agent.made(f"{line}/actions", {"action": action, "locator": locator}))["outcome"] == "accepted"
    views = [e["event"]["view"] for e in await case.history() if e["name"] == "action.attempted.v1"]
    assert views == ["held", "held"]
    # Even one that two people confirmed takes nothing, and gives him nothing.
    await case.protect(case.victor, adverse, safe=HIS_PHONE)
    assert await hers(case) == [TRUTH] * 3
    line = await case.verified(agent, VICTOR, HIS)
    assert leaks([await ask(agent, line), await ask(agent, line, NEW), await listed(agent, line)]) == []


async def test_that_she_was_taken_off_under_her_own_claim_is_told_to_nobody_whatever_comes_of_it(case: Case) -> None:
    await case.his_passcode()
    await case.protect(confirmed=False)
    left = copy.deepcopy(OLD_TRIP)
    left["travellers"] = [{"subjects": ["t1"], "surname": "Hale", "given_name": "Victor"}]
    left["segments"][0]["origin"] = "LGW"
    await case.imported(left, {"t1": case.victor}, case.booking)
    await case.imported(left, {"t1": case.victor}, case.booking)
    agent = case.service.by("agent")
    for days in (0, 4):
        case.service.clock.ahead = timedelta(days=days)
        assert origins(await ask(agent, await case.verified(agent, VICTOR, HIS))) == OF_OLD


async def test_words_of_a_caller_do_not_lock_two_who_are_protected_out_of_their_trip(case: Case) -> None:
    office = case.service.by("back_office")
    facts = {**BEA, "date_of_birth": "2010-01-01", "email": "bea@x.example"}
    path = f"/v1/accounts/{case.account}"
    bea = (await office.made(f"{path}/parties", {"kind": "traveller", "facts": facts}))["party_id"]
    both = [copy.deepcopy(each) for each in (OLD_TRIP, NEW_TRIP)]
    for each in both:
        each["travellers"].append({"subjects": ["t3"], **BEA})
    await case.imported(both[0], {"t1": case.alma, "t2": case.victor, "t3": bea}, case.booking)
    hers = await case.protect()
    await case.protect(bea, [case.victor], safe=BEAS_PHONE)
    await case.choose()
    await case.choose(BEAS_PHONE, BEAS)
    await case.imported(both[1], {"t1": case.alma, "t3": bea})
    agent = case.service.by("agent")

    async def heard() -> list[bool]:
        people = ((ALMA, PASSCODE), (BEA, BEAS))
        return [bool(leaks(await ask(agent, await case.verified(agent, *each), NEW))) for each in people]

    assert await heard() == [True, True]
    for party, other in ((case.alma, bea), (bea, case.alma)):
        await case.protect(party, [other], safe=HIS_PHONE, confirmed=False, sub="fooled")
        assert await heard() == [True, True]
    # It waits for two people to look at it, and stands where they do.
    due = (await case.service.by("agent", tier=3).get("/v1/protections/due")).json()["protections"]
    assert (hers, "review") in {(each["protection_id"], each["why"]) for each in due}
    for name in ("safety-1", "safety-2"):
        safety = case.service.by("agent", sub=name, tier=3)
        answer = await safety.made(f"{path}/protection/confirm", {"protection_id": hers})
        assert (answer["status"], answer["until"]) == ("confirmed", None)
    assert await heard() == [False, False]
    # Two others who find that it was wrong strike the name, and they are where they were.
    body = {"protection_id": hers, "finding": "upheld", "reason": "both were heard", "struck_party_ids": [bea]}
    wrong = await case.service.by("agent", sub="safety-3", tier=3).post(
        f"{path}/protection/review", {**body, "struck_party_ids": ["nobody"]}
    )
    problem(wrong, 422, "not_adverse", "struck_party_ids")
    for name in ("safety-3", "safety-4"):
        await case.service.by("agent", sub=name, tier=3).made(f"{path}/protection/review", body)
    assert await heard() == [True, True]


async def test_a_release_of_his_does_not_open_where_hers_is_while_her_claim_merely_lapsed(service: Service) -> None:
    case = await Case.opened(service, holder="victor")
    await case.his_passcode()
    him = [{"subjects": ["t1"], "surname": "Hale", "given_name": "Victor"}]
    own = trip("SHOWNQX", "HISOWN", ("LHR", "JFK"), "2031-03-14", him)
    booking = (await case.imported(own, {"t1": case.victor}))["booking_id"]
    await case.protect(confirmed=False)
    reference = {"code": NEW, "system": "1A", "kind": "cross_reference", "subjects": ["t1"]}
    newer = {**own, "locators": [{"code": "HISOWN", "system": "1A"}, reference]}
    await case.imported(newer, {"t1": case.victor}, booking)
    await case.reissue("")
    service.clock.ahead = timedelta(hours=73)
    agent = service.by("agent")
    line = await case.verified(agent, VICTOR, HIS)
    before = await ask(agent, line, "HISOWN")
    assert (await agent.post(f"{line}/release", {"all": True})).status_code == 202
    assert leaks([await ask(agent, line, "HISOWN"), await listed(agent, line)]) == []
    assert (await ask(agent, line, "HISOWN"))["locators"] == before["locators"]


async def test_a_locator_that_is_shown_no_more_binds_like_one_that_nobody_has(case: Case) -> None:
    other = trip("SHOWNQX", "OTHERX", ("LHR", "JFK"), "2031-05-14", [{"subjects": ["t1"], **VICTOR}])
    await case.imported(other, {"t1": case.victor})
    await case.fled()
    cancelled = copy.deepcopy(OLD_TRIP)
    cancelled["segments"][0]["status"], cancelled["status"] = "HX", "cancelled"
    await case.imported(cancelled, {"t1": case.alma, "t2": case.victor}, case.booking)
    agent = case.service.by("agent")

    async def told(calls: Calls, locator: str) -> tuple[Any, list[Any]]:
        line = await case.line(calls, {"surname": "Hale"}, locator)
        return await ask(calls, line, locator), await listed(calls, line)

    assert await told(agent, OLD) == await told(agent, NOBODYS) == (None, [])
    # She gets in by it as ever, with her passcode.
    await case.verified(agent, ALMA, PASSCODE)


async def test_whom_only_a_held_view_named_is_known_again_once_it_is_shown(case: Case) -> None:
    await case.fled()
    companion = copy.deepcopy(NEW_TRIP)
    companion["travellers"].append({"subjects": ["t2"], "surname": "Moss", "given_name": "Ivy"})
    moss = {"surname": "Moss", "given_name": "Ivy"}
    await case.imported(companion, {"t1": case.alma}, case.booking)
    agent = case.service.by("agent")

    async def known() -> bool:
        line = await case.line(agent, None)
        await agent.made(f"{line}/bind", {"account_id": case.account, "facts": moss})
        return bool(await listed(agent, line))

    assert not await known()
    line = await case.verified(agent, ALMA, PASSCODE)
    assert (await agent.post(f"{line}/protection/end", {})).status_code == 202
    token = (await case.message(SAFE, "confirm_link"))["token"]
    await case.service.by("").made("/v1/safe-contact/confirm", {"token": token})
    case.service.clock.ahead = timedelta(days=14)
    assert not await known()
    line = await case.verified(agent, ALMA, PASSCODE)
    assert (await agent.post(f"{line}/release", {"all": True})).status_code == 202
    assert await known()
