"""Passcodes that are not hers alone: from before she fled, of a shared mailbox, replaced since; and who is bound."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.problem import problem
from tests.calling import Calls, Service
from tests.case import ALMA, DURESS, HIS, HIS_PHONE, PASSCODE, SAFE, VICTOR, Case, ask, listed, words
from tests.trips import FORMAT, NEW, NEW_TRIP, NOBODYS, OLD, leaks

SHARED = "alma@shared.example"
NEXT = "lantern pebble violet marmot"


async def tried(calls: Calls, line: str, passcode: str) -> bool:
    accepted: bool = (await calls.made(f"{line}/verifications", {"passcode": passcode}))["accepted"]
    return accepted


async def in_her_name(case: Case, passcode: str = HIS, count: int = 1) -> None:
    """He asks with her facts, and chooses in the mailbox that they share."""
    agent = case.service.by("agent")
    await agent.made(f"{await case.line(agent, ALMA)}/passcodes", {})
    assert (await case.choose(SHARED, passcode, count=count)).status_code == 200


async def arrived(case: Case, to: str, before: int = 0) -> int:
    return len([m for m in await case.service.delivered() if m["to_value"] == to]) - before


# --- replaced ------------------------------------------------------------------------------------------------------


async def test_a_passcode_that_was_replaced_proves_nothing_in_a_contact_that_is_still_open(case: Case) -> None:
    await case.fled()
    agent, supervisor = case.service.by("agent"), case.service.by("agent", sub="sup", tier=3)
    his = await case.verified(agent, ALMA, PASSCODE)  # he has overheard it
    assert leaks(await ask(agent, his))
    back = await case.line(supervisor, ALMA, channel="call_back")
    await supervisor.made(f"{back}/call-backs", {})
    assert await tried(supervisor, back, (await case.message(SAFE, "call_back_phrase"))["phrase"])
    await supervisor.made(f"{back}/passcodes", {})
    assert (await case.choose(SAFE, NEXT, count=2)).status_code == 200
    assert await ask(agent, his) is None
    assert await listed(agent, his) == []
    done = await agent.made(f"{his}/actions", {"action": "cancel", "locator": NEW})
    assert done["outcome"] == "withheld"
    for path, body in (("protection/end", {}), ("release", {"all": True})):
        assert (await agent.post(f"{his}/{path}", body)).status_code == 202
    whys = [e["event"]["why"] for e in await case.history() if e["name"] == "protection.request_declined.v1"]
    assert whys == ["nobody proved"] * 2


# --- chosen before she fled ----------------------------------------------------------------------------------------


async def test_a_passcode_from_before_she_fled_shows_what_is_shown(case: Case) -> None:
    await in_her_name(case)
    agent = case.service.by("agent")
    before = await case.verified(agent, ALMA, HIS)
    told = await ask(agent, before)
    await case.protect()
    assert await arrived(case, SAFE) == 1  # she is sent a link, whoever chose one before
    await case.reissue("")
    await case.reissue()

    async def heard() -> None:
        for line in (before, await case.verified(agent, ALMA, HIS)):
            assert await ask(agent, line) == told
            assert leaks(await listed(agent, line)) == []
            assert await ask(agent, line, NEW) is None
        hidden = await case.line(agent, ALMA, NEW)
        assert not await tried(agent, hidden, HIS)  # as at nobody's locator
        await agent.made(f"{before}/bind", {"locator": NEW, "facts": ALMA})
        assert await ask(agent, before, NEW) is None
        await agent.made(f"{before}/bind", {"locator": OLD, "facts": ALMA})

    await heard()
    assert (await case.choose()).status_code == 200
    await heard()
    hers = await case.verified(agent, ALMA, PASSCODE)
    assert leaks(await ask(agent, hers))
    # And it ends, releases and changes nothing.
    contact = {"safe_contact": {"kind": "phone", "value": HIS_PHONE}}
    for path, body in (("protection/end", {}), ("release", {"all": True}), ("safe-contact", contact)):
        assert (await agent.post(f"{before}/{path}", body)).status_code == 202
    whys = [e["event"]["why"] for e in await case.history() if e["name"] == "protection.request_declined.v1"]
    assert whys == ["not by a passcode of the safe contact's"] * 3


# --- the mailbox they share ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", ["provisional", "confirmed", "chosen"])
async def test_what_comes_to_a_shared_mailbox_does_not_tell_who_is_protected(service: Service, fate: str) -> None:
    seen = []
    for protected in (False, True):
        case = await Case.opened(service)
        agent, came = service.by("agent"), await arrived(case, SHARED)
        if protected:
            safe = f"+4477009{len(fate):05}"
            await case.protect(safe=safe, confirmed=fate != "provisional")
            if fate == "chosen":
                assert (await case.choose(safe)).status_code == 200
            await case.imported({**NEW_TRIP, "locators": []}, {"t1": case.alma}, case.booking)
        found: list[Any] = []

        async def asked(
            line: str = "", case: Case = case, agent: Calls = agent, came: int = came, found: list[Any] = found
        ) -> None:
            line = line or await case.line(agent, None)
            await agent.made(f"{line}/bind", {"account_id": case.account, "facts": {**ALMA, "email": SHARED}})
            answer = await agent.post(f"{line}/passcodes", {})
            found.append((answer.status_code, answer.content, await arrived(case, SHARED, came)))

        async def heard(passcode: str, case: Case = case, agent: Calls = agent, found: list[Any] = found) -> str:
            line = await case.line(agent, None)
            await agent.made(f"{line}/bind", {"account_id": case.account, "facts": {**ALMA, "email": SHARED}})
            unproved = [each["segments"] for each in await listed(agent, line)]
            accepted = await tried(agent, line, passcode)
            told = await listed(agent, line)
            assert leaks(told) == []
            found.append((unproved, accepted, told))
            return line

        await asked()
        await asked()
        assert (await case.choose(SHARED, HIS, DURESS)).status_code == 200
        line = await heard(HIS)
        await heard(DURESS)
        await asked()  # who has one proves it first
        await asked(line)
        assert (await case.choose(SHARED, NEXT)).status_code == 200
        await heard(HIS)
        await heard(NEXT)
        if fate == "chosen" and protected:
            await heard_as_her(case)
        seen.append(found)
    assert seen[0] == seen[1]


async def heard_as_her(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, None)
    await agent.made(f"{line}/bind", {"account_id": case.account, "facts": {**ALMA, "email": SHARED}})
    assert await tried(agent, line, PASSCODE)
    assert leaks(await listed(agent, line))


async def test_asking_for_protection_in_her_name_does_not_tell_whether_she_is_protected(case: Case) -> None:
    body = {"protected_party_id": case.alma, "safe_contact": {"kind": "phone", "value": HIS_PHONE}}
    fooled = case.service.by("agent", sub="fooled")
    other = await Case.opened(case.service)
    await other.protect()
    for each in (case, other):
        ask_for = {**body, "protected_party_id": each.alma}
        answer = await fooled.post(f"/v1/accounts/{each.account}/protection", ask_for)
        assert (answer.status_code, answer.json()["status"]) == (201, "provisional")
        assert await arrived(case, HIS_PHONE) == 0


async def test_a_passcode_that_others_know_is_not_chosen_again_through_the_safe_contact(case: Case) -> None:
    await in_her_name(case)
    await case.protect()
    problem(await case.choose(SAFE, HIS), 422, "passcode_rejected", "passcode")
    problem(await case.choose(SAFE, PASSCODE, HIS), 422, "passcode_rejected", "duress_passcode")
    assert (await case.choose(SAFE, PASSCODE)).status_code == 200


# --- who enrols first ----------------------------------------------------------------------------------------------


async def test_he_enrols_in_her_name_first_and_nobody_confirms_his_telephone_for_hers(case: Case) -> None:
    first = await case.protect(case.alma, [], safe=HIS_PHONE, confirmed=False, sub="fooled")
    assert await case.protect(sub="hers", confirmed=False) == first
    of_account, body = f"/v1/accounts/{case.account}/protection", {"protection_id": first}
    one, two = (case.service.by("agent", sub=sub, tier=3) for sub in ("safety-1", "safety-2"))
    problem(await one.post(f"{of_account}/confirm", body), 409, "safe_contact_differs")
    finding = {**body, "finding": "upheld", "reason": "seen"}
    problem(await one.post(f"{of_account}/review", finding), 409, "safe_contact_differs")
    typed = {**body, "safe_contact": {"kind": "phone", "value": SAFE}}
    for each in (one, two):
        await each.made(f"{of_account}/safe-contact", typed)
    for each in (one, two):
        await each.made(f"{of_account}/confirm", body)
    assert (await case.choose()).status_code == 200
    assert await arrived(case, HIS_PHONE) == 0
    await case.reissue()
    agent = case.service.by("agent")
    assert leaks(await ask(agent, await case.verified(agent, ALMA, PASSCODE)))


# --- bound anew, and imported --------------------------------------------------------------------------------------


async def test_bound_anew_as_somebody_else_her_proof_counts_no_more(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    for facts in (VICTOR, {"surname": "Nobody"}, {**ALMA, "date_of_birth": "1990-01-01"}):
        line = await case.verified(agent, ALMA, PASSCODE)
        answers = [await agent.made(f"{line}/bind", {"locator": OLD, "facts": each}) for each in (ALMA, facts)]
        assert words(answers[0]) == words(answers[1])
        assert leaks(await ask(agent, line)) == []
        assert leaks(await listed(agent, line)) == []
        again = await case.verified(agent, ALMA, PASSCODE)
        for locator in (NOBODYS, OLD):
            await agent.made(f"{again}/bind", {"locator": locator, "facts": facts})
        assert leaks(await ask(agent, again)) == []
    line = await case.verified(agent, ALMA, PASSCODE)
    for facts in (ALMA, {}):  # she says it again, or nothing
        await agent.made(f"{line}/bind", {"locator": OLD, "facts": facts})
        assert leaks(await ask(agent, line))


async def test_a_document_is_not_imported_as_somebody_elses(service: Service) -> None:
    seen = []
    for fled in (False, True):
        case = await Case.opened(service)
        if fled:
            await case.protect(safe=HIS_PHONE)
        office = service.by("back_office")
        path = f"/v1/accounts/{case.account}/bookings"
        body = {"format": FORMAT, "document": NEW_TRIP, "travellers": {"t1": case.victor}}
        for booking in ("", case.booking):
            answer = await office.post(path, {**body, "booking_id": booking})
            told = problem(answer, 422, "another_person_named", "travellers.t1")
            seen.append({name: value for name, value in told.items() if name != "instance"})
    assert all(each == seen[0] for each in seen)
