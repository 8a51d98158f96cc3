"""Ways in that were thought of by reading the code as an attacker would: each is closed, and stays closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.problem import problem
from tests.calling import Calls, Service, serving
from tests.case import ALMA, HIS, HIS_PHONE, PASSCODE, SAFE, VICTOR, Case, ask, listed, words
from tests.trips import CANARIES, NEW, NEW_TRIP, NOBODYS, OLD, leaks


async def test_his_passcode_is_accepted_no_more_from_her_new_locator_than_from_one_that_nobody_has(case: Case) -> None:
    await case.his_passcode()
    await case.fled()
    await case.reissue("")
    agent = case.service.by("agent")
    answers = []
    for locator in (NEW, NOBODYS):
        line = await case.line(agent, VICTOR, locator)
        answers.append(await agent.made(f"{line}/verifications", {"passcode": HIS}))
    assert answers[0] == answers[1]
    assert not answers[0]["accepted"]


async def test_what_he_proved_on_the_old_locator_opens_nothing_bound_to_her_new_one(case: Case) -> None:
    await case.his_passcode()
    await case.fled()
    agent = case.service.by("agent")
    seen = []
    for locator in (NEW, NOBODYS):
        line = await case.verified(agent, VICTOR, HIS)
        await agent.made(f"{line}/bind", {"locator": locator, "facts": VICTOR})
        asked = [await agent.post(f"{line}/disclosures", {"classes": ["E", "I"], "locator": w}) for w in (OLD, locator)]
        passcodes = len(await case.service.delivered())
        await agent.made(f"{line}/passcodes", {})
        await agent.made(f"{line}/listeners", {"kind": "customer", "facts": ALMA})
        asked.append(await agent.post(f"{line}/disclosures", {"classes": ["E"], "locator": OLD}))
        await agent.made(f"{line}/bind", {"locator": OLD, "facts": VICTOR})  # and back: as if nothing had been
        asked.append(await agent.post(f"{line}/disclosures", {"classes": ["E", "I", "D"], "locator": OLD}))
        everything = [words((await agent.get(f"{line}/bookings")).json()), *(words(each.json()) for each in asked)]
        seen.append((everything, len(await case.service.delivered()) - passcodes))
    assert seen[0] == seen[1]


async def test_her_own_passcode_works_from_her_new_locator(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE, NEW)
    document = await ask(agent, line, NEW)
    assert all(canary in str(document).replace("'", '"') for canary in CANARIES if "REMARK" not in canary)


async def test_whom_she_really_travels_with_cannot_be_found_out_by_offering_names(case: Case) -> None:
    await case.fled()
    friend = {"subjects": ["t2"], "surname": "Cole", "given_name": "Ben"}
    trip = {**NEW_TRIP, "travellers": [*NEW_TRIP["travellers"], friend]}
    await case.imported(trip, {"t1": case.alma}, case.booking)
    agent = case.service.by("agent")
    answers = []
    for surname, given_name in (("Cole", "Ben"), ("Nobody", "Ned")):
        line = await case.line(agent, {"surname": surname, "given_name": given_name})
        answers.append(await ask(agent, line))
    assert answers == [None, None]


async def test_somebody_with_her_surname_on_the_new_trip_leaves_the_old_one_as_easy_to_ask_for(case: Case) -> None:
    agent = case.service.by("agent")
    surname = {"surname": "Grey"}
    before = await ask(agent, await case.line(agent, surname))
    await case.fled()
    child = {"subjects": ["t2"], "surname": "Grey", "given_name": "Robin", "kind": "child"}
    trip = {**NEW_TRIP, "travellers": [*NEW_TRIP["travellers"], child]}
    await case.imported(trip, {"t1": case.alma}, case.booking)
    assert await ask(agent, await case.line(agent, surname)) == before
    assert before is not None


async def _protected_again(case: Case, safe: str) -> None:
    await case.protect(adverse=[], safe=safe, confirmed=False, sub="another-site")


async def test_protecting_her_again_sends_no_link_to_another_contact(case: Case) -> None:
    await case.protect()
    await _protected_again(case, HIS_PHONE)
    agent = case.service.by("agent")
    await agent.made(f"{await case.line(agent, ALMA)}/passcodes", {})
    await case.message(SAFE, count=2)  # what she asked for now, after what came with the protection
    assert [m for m in await case.service.delivered() if m["to_value"] == HIS_PHONE] == []


async def test_protecting_her_again_takes_no_open_link_from_her(case: Case) -> None:
    await case.protect()
    await _protected_again(case, HIS_PHONE)
    assert (await case.choose()).status_code == 200


async def test_after_a_lapse_a_passcode_goes_to_no_contact_that_nobody_has_confirmed(case: Case) -> None:
    await case.protect(confirmed=False)
    await case.reissue()
    case.service.clock.ahead = timedelta(hours=73)
    agent = case.service.by("agent")
    await agent.made(f"{await case.line(agent, ALMA)}/passcodes", {})
    # To her ordinary channel, as on any account: what is chosen by it opens nothing that came since.
    assert (await case.choose("alma@shared.example", HIS)).status_code == 200
    assert leaks(await ask(agent, await case.verified(agent, ALMA, HIS))) == []
    assert {each["to_value"] for each in await case.service.delivered()} == {"alma@shared.example"}


async def test_a_protection_that_nobody_confirmed_sends_nobody_a_link(case: Case) -> None:
    await case.protect(confirmed=False, safe=HIS_PHONE)  # he rang in her name, and named his own telephone
    assert await case.service.delivered() == []


async def test_a_lapse_does_not_let_another_safe_contact_in(case: Case) -> None:
    await case.protect(confirmed=False)
    await case.reissue()
    case.service.clock.ahead = timedelta(hours=73)
    again = await case.protect(adverse=[], safe=HIS_PHONE, confirmed=False)
    body: dict[str, Any] = {"protection_id": again}
    of_account = f"/v1/accounts/{case.account}/protection"
    one, two = (case.service.by("agent", sub=sub, tier=3) for sub in ("safety-1", "safety-2"))
    problem(await one.post(f"{of_account}/confirm", body), 409, "safe_contact_differs")
    for each in (one, two):
        safe = {"safe_contact": {"kind": "phone", "value": SAFE}}
        await each.made(f"{of_account}/safe-contact", {**body, **safe})
    for each in (one, two):
        await each.made(f"{of_account}/confirm", body)
    supervisor = case.service.by("agent", sub="supervisor", tier=3)
    line = await case.line(supervisor, ALMA, channel="call_back")
    await supervisor.made(f"{line}/call-backs", {})
    await case.message(SAFE, "call_back_phrase")
    assert [m for m in await case.service.delivered() if m["to_value"] == HIS_PHONE] == []


async def test_where_both_claim_protection_each_safe_contact_gets_a_phrase_of_its_own(case: Case) -> None:
    await case.protect(case.victor, [case.alma], safe=HIS_PHONE)
    await case.protect()
    await case.reissue()
    supervisor = case.service.by("agent", sub="supervisor", tier=3)
    line = await case.line(supervisor, VICTOR, channel="call_back")
    await supervisor.made(f"{line}/call-backs", {})
    his = (await case.message(HIS_PHONE, "call_back_phrase"))["phrase"]
    hers = (await case.message(SAFE, "call_back_phrase"))["phrase"]
    assert his != hers
    assert (await supervisor.made(f"{line}/verifications", {"passcode": his}))["accepted"]
    document = await ask(supervisor, line)
    assert leaks(document) == []
    assert await ask(supervisor, line, NEW) is None


async def test_the_other_half_of_a_split_record_is_told_to_nobody_it_is_not_shown_to(case: Case) -> None:
    # What is his alone, on a record whose other half is hers.
    await case.his_passcode()
    await case.protect()
    his = {
        **NEW_TRIP,
        "travellers": [{"subjects": ["t1"], "surname": "Hale", "given_name": "Victor"}],
        "locators": [{"code": "HISOWN"}, {"code": "HERHALF", "kind": "cross_reference"}],
    }
    await case.imported(his, {"t1": case.victor})
    agent = case.service.by("agent")
    line = await case.verified(agent, VICTOR, HIS)
    document = await ask(agent, line, "HISOWN")
    assert [locator["code"] for locator in document["locators"]] == ["HISOWN"]


async def test_what_is_his_alone_he_has_by_its_own_locator_though_it_was_booked_later(case: Case) -> None:
    await case.his_passcode()
    await case.protect()
    alone = [{"subjects": ["t1"], "surname": "Hale", "given_name": "Victor"}]
    his = {**NEW_TRIP, "travellers": alone, "locators": [{"code": "HISOWN"}]}
    await case.imported(his, {"t1": case.victor})
    agent = case.service.by("agent")
    line = await case.verified(agent, VICTOR, HIS, "HISOWN")
    assert await ask(agent, line, "HISOWN") is not None


async def test_a_restart_after_a_snapshot_answers_as_before(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.desk.pipeline.SNAPSHOT_EVERY", 1)
    await case.his_passcode()
    # The views are parted, and say the same: one view still. Two alike would be told one after the other.
    await case.protect(case.victor, [case.alma], safe=HIS_PHONE)
    agent = case.service.by("agent")
    line = await case.verified(agent, VICTOR, HIS)
    before = await ask(agent, line)
    assert before is not None
    async with serving(case.service.settings.home) as again:
        assert await ask(again.by("agent"), line) == before
    entries = [entry["event"] for entry in await case.history() if entry["name"] == "disclosure.attempted.v1"]
    assert entries[0]["view"] == entries[1]["view"]
    assert entries[0]["rules"] == entries[1]["rules"]


async def test_another_agent_can_do_nothing_in_somebodys_interaction(case: Case) -> None:
    await case.fled()
    agent, other = case.service.by("agent"), case.service.by("agent", sub="agent-2")
    line = await case.verified(agent, ALMA, PASSCODE)
    assert await ask(other, line, NEW) is None
    assert await listed(other, line) == []
    for path, body in (
        ("bind", {"locator": OLD, "facts": VICTOR}),
        ("verifications", {"passcode": PASSCODE}),
        ("passcodes", {}),
        ("listeners", {"kind": "customer"}),
        ("close", {}),
    ):
        assert (await other.post(f"{line}/{path}", body)).status_code == 409
    assert await ask(agent, line, NEW) is not None


async def test_a_booking_of_another_account_is_as_unknown_as_nobodys(case: Case) -> None:
    other = await Case.opened(case.service)
    agent = case.service.by("agent")
    line = await case.line(agent, None)
    await agent.made(f"{line}/bind", {"account_id": case.account, "facts": VICTOR})
    answers = [
        words((await agent.post(f"{line}/disclosures", {"classes": ["E"], "booking_id": each})).json())
        for each in (other.booking, "0" * 32)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["outcome"] == "withheld"


async def test_no_account_can_be_opened_or_bound_under_a_phantoms_id(service: Service) -> None:
    agent: Calls = service.by("agent")
    opened = await agent.made("/v1/interactions", {"contact_id": "+44", "channel": "call"})
    line = f"/v1/interactions/{opened['interaction_id']}"
    await agent.made(f"{line}/bind", {"locator": NOBODYS, "facts": VICTOR})
    await agent.made(f"{line}/verifications", {"passcode": "whatever it may be"})
    # The id that attempts were recorded under is no account: nothing can be put on it, and its history is nobody's.
    phantom = _phantom(service)
    office = service.by("back_office")
    assert (
        await office.post(f"/v1/accounts/{phantom}/parties", {"kind": "holder", "facts": VICTOR})
    ).status_code == 404
    assert (await service.by("auditor").get(f"/v1/accounts/{phantom}/history")).status_code == 404


def _phantom(service: Service) -> str:
    from service import composition  # noqa: PLC0415 - looked up from inside
    from service.sealing import Marks  # noqa: PLC0415 - likewise

    keys = composition.ring(service.settings)
    try:
        keys.check()
        return Marks(keys, keys).phantom(NOBODYS)
    finally:
        keys.close()


async def test_a_protection_that_nobody_has_looked_at_is_no_way_round_a_passcode(case: Case) -> None:
    # Somebody rings as Victor, whose passcode he does not know, and asks to be protected: here is my number.
    await case.his_passcode()
    await case.protect(case.victor, [], safe="+447700900666", confirmed=False)
    supervisor = case.service.by("agent", sub="supervisor", tier=3)
    line = await case.line(supervisor, VICTOR, channel="call_back")
    await supervisor.made(f"{line}/call-backs", {})
    await supervisor.made(f"{line}/passcodes", {})
    assert [message for message in await case.service.delivered() if message["to_value"] == "+447700900666"] == []
    assert await ask(supervisor, line) is None
