"""A subject-access request by mail: an identity workflow, and other people's fields stay out."""

from __future__ import annotations

from typing import Any

from tests.api.problem import problem
from tests.calling import Calls
from tests.case import ALMA, DURESS, HIS, PASSCODE, SAFE, VICTOR, Case, words
from tests.trips import leaks


async def requested(case: Case, party: str = "") -> str:
    """A letter came, in Alma's name unless it is said otherwise."""
    body = {"party_id": party or case.alma, "received_by": "letter"}
    answer = await case.service.by("back_office").made(f"/v1/accounts/{case.account}/access-requests", body)
    found: str = answer["access_request_id"]
    return found


async def answered(calls: Calls, line: str, request: str) -> dict[str, Any]:
    return await calls.made(f"{line}/access-requests", {"access_request_id": request})


async def test_16_a_subject_access_request_by_mail(case: Case) -> None:
    await case.fled()
    await case.his_passcode()
    agent = case.service.by("agent")
    office = case.service.by("back_office")
    request = await requested(case)
    # The letter itself is told nothing, whoever wrote it.
    assert leaks(office.heard[-1].text if office.heard else "") == []
    # Nor is anybody who has not proved to be her: by facts, by his own passcode, or by the duress passcode of nobody.
    unproved = (
        await case.line(agent, ALMA),
        await case.line(agent, VICTOR),
        await case.verified(agent, VICTOR, HIS),
        await case.line(agent, None),
    )
    nothing = [await answered(agent, line, request) for line in unproved]
    # A request that nobody opened is answered like hers.
    nothing.append(await answered(agent, await case.verified(agent, ALMA, PASSCODE), "0" * 32))
    assert all(words(each) == words(nothing[0]) for each in nothing)
    assert (nothing[0]["outcome"], nothing[0]["bookings"], nothing[0]["left_out"]) == ("withheld", [], [])
    # Proved, she is told what is hers as it is held.
    told = await answered(agent, await case.verified(agent, ALMA, PASSCODE), request)
    ((hers),) = [each["document"] for each in told["bookings"]]
    assert [each["number"] for each in hers["tickets"]] == ["HELDQXTICKET"]
    assert hers["remarks"] == []
    reasons = {each["field_class"]: each["reason"] for each in told["left_out"]}
    assert (reasons["P"], reasons["C"], reasons["N"]) == ("about_others", "about_others", "notes_and_reasons")
    recorded = [entry["event"] for entry in await case.history() if entry["name"] == "disclosure.attempted.v1"]
    assert recorded[-1]["decision_id"] == told["decision_id"]


async def test_16_other_peoples_fields_stay_out(case: Case) -> None:
    # On an ordinary account the same: his companion's name, contacts and documents are not his.
    await case.his_passcode()
    agent = case.service.by("agent")
    line = await case.verified(agent, VICTOR, HIS)
    seen = (await agent.made(f"{line}/disclosures", {"locator": "OLDAAA", "classes": ["E", "I", "P"]}))["document"]
    assert {each["surname"] for each in seen["travellers"]} == {"Grey", "Hale"}  # he may hear of her on the telephone
    (booking,) = (await answered(agent, line, await requested(case, case.victor)))["bookings"]
    document = booking["document"]
    assert [each["surname"] for each in document["travellers"]] == ["Hale"]
    assert document["segments"][0]["origin"] == "LHR"
    for name in ("tickets", "loyalty", "contacts", "identity", "remarks"):  # all of them hers
        assert document[name] == [], name
    assert "Grey" not in str(document)


async def test_16_what_others_consented_to_is_not_what_is_kept_of_him(case: Case) -> None:
    await case.his_passcode()
    await case.protect(case.alma, [])
    assert (await case.choose()).status_code == 200
    agent = case.service.by("agent")
    line = await case.verified(agent, VICTOR, HIS)
    joined = (await agent.made(f"{line}/listeners", {"kind": "customer", "facts": ALMA}))["listener_id"]
    await agent.made(f"{line}/verifications", {"passcode": PASSCODE, "listener_id": joined})
    consent = {"listener_id": "caller", "classes": ["C", "D", "L"], "by": joined}
    await agent.made(f"{line}/consents", consent)
    seen = (await agent.made(f"{line}/disclosures", {"locator": "OLDAAA", "classes": ["E", "L"]}))["document"]
    assert seen["tickets"]  # as she lets him hear on the telephone
    (booking,) = (await answered(agent, line, await requested(case, case.victor)))["bookings"]
    for name in ("tickets", "loyalty", "contacts", "identity", "remarks"):  # all of them hers
        assert booking["document"][name] == [], name


async def test_16_his_own_request_says_what_the_shown_view_says_once_she_fled(case: Case) -> None:
    await case.his_passcode()
    agent = case.service.by("agent")
    before = await answered(agent, await case.verified(agent, VICTOR, HIS), await requested(case, case.victor))
    await case.fled(duress=DURESS)
    after = await answered(agent, await case.verified(agent, VICTOR, HIS), await requested(case, case.victor))
    assert words(after) == words(before)
    # Under force she is told what is shown, too.
    forced = await answered(agent, await case.verified(agent, ALMA, DURESS), await requested(case))
    assert leaks(forced) == []
    assert forced["outcome"] == "disclosed"


async def test_16_the_safe_contact_is_a_way_to_prove_it(case: Case) -> None:
    await case.fled()
    lead = case.service.by("agent", sub="safety-3", tier=3)
    line = await case.line(lead, ALMA, channel="call_back")
    await lead.made(f"{line}/call-backs", {})
    phrase = (await case.message(SAFE, "call_back_phrase"))["phrase"]
    assert (await lead.made(f"{line}/verifications", {"passcode": phrase}))["accepted"]
    told = await answered(lead, line, await requested(case))
    assert leaks(told)


async def test_a_request_is_of_a_party_of_the_account(case: Case) -> None:
    office = case.service.by("back_office")
    path = f"/v1/accounts/{case.account}/access-requests"
    body = {"party_id": "0" * 32, "received_by": "mail"}
    problem(await office.post(path, body), 422, "unknown_party")
    problem(await office.post("/v1/accounts/none/access-requests", body), 404, "unknown_account")
    problem(await office.post(path, {**body, "received_by": "pigeon"}), 422, "bad_body")
