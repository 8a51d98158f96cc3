"""The calls that have to come out right, each named after its line: those that can be made already.

What they need besides (overrides, incidents, hand-offs, disputes, actions, notices) is not built yet; where a line
speaks of that too, the part that can be tried is tried here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.log import EventLog
from tests.api.problem import problem
from tests.calling import Calls, Service
from tests.case import ALMA, DURESS, HIS, HIS_PHONE, PASSCODE, SAFE, VICTOR, Case, ask, listed, words
from tests.trips import CANARIES, CLASSES, NEW, NEW_TRIP, NOBODYS, OLD, OLD_TRIP, leaks

ALL_HE_KNOWS = {"surname": "Grey", "given_name": "Alma", "date_of_birth": "1988-04-12", "email": "alma@shared.example"}


def same(*answers: Any) -> bool:
    """Whether answers are alike but for opaque ids and times."""
    return all(words(each) == words(answers[0]) for each in answers)


async def question(calls: Calls, line: str, locator: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await calls.post(f"{line}/disclosures", {"classes": CLASSES, "locator": locator})).json()
    return answer


async def attempts(case: Case) -> list[dict[str, Any]]:
    return [entry for entry in await case.history() if entry["name"] == "disclosure.attempted.v1"]


async def test_01_a_co_passenger_with_every_fact_right_and_no_passcode(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    for facts in (VICTOR, ALL_HE_KNOWS):
        document = await ask(agent, await case.line(agent, facts))
        assert leaks(document) == []
        assert [(s["origin"], s["destination"]) for s in document["segments"]] == [("LHR", "JFK")]
    recorded = await attempts(case)
    assert [(a["event"]["outcome"], a["event"]["view"]) for a in recorded] == [("disclosed", "shown")] * 2
    assert [a["event"]["listeners"][0]["standing"] for a in recorded] == ["identified"] * 2


async def test_02_five_wrong_passcodes_then_the_right_one_in_the_same_contact(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    for number in range(5):
        assert not (await agent.made(f"{line}/verifications", {"passcode": f"wrong guess {number}"}))["accepted"]
    assert not (await agent.made(f"{line}/verifications", {"passcode": PASSCODE}))["accepted"]
    assert leaks(await ask(agent, line)) == []
    tried = [entry["event"] for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert [each["blocked"] for each in tried] == [False] * 5 + [True]
    assert not any(each["party_id"] or each["passcode_id"] for each in tried)
    case.service.clock.ahead = timedelta(hours=2)  # the delay of the contact is over, the count of this one stands
    assert not (await agent.made(f"{line}/verifications", {"passcode": PASSCODE}))["accepted"]


async def test_03_is_it_still_heathrow_to_kennedy(case: Case) -> None:
    agent = case.service.by("agent")
    before = await question(agent, await case.line(agent, VICTOR), OLD)
    await case.fled()
    after = await question(agent, await case.line(agent, VICTOR), OLD)
    assert same(before, after)
    assert after["document"]["segments"][0]["origin"] == "LHR"


async def test_05_second_site_same_case_same_answer(case: Case) -> None:
    await case.fled()
    answers = []
    for site, sub in (("manila", "agent-1"), ("sofia", "agent-2"), ("manila", "agent-3")):
        agent = case.service.by("agent", sub=sub, site=site)
        answers.append(await question(agent, await case.line(agent, VICTOR), OLD))
    assert same(*answers)


async def test_06_hang_up_ring_another_agent_attempts_add_up(case: Case) -> None:
    await case.fled()
    for site, sub in (("manila", "agent-1"), ("sofia", "agent-2")):
        agent = case.service.by("agent", sub=sub, site=site)
        line = await case.line(agent, VICTOR, contact=HIS_PHONE)
        await ask(agent, line)
        await ask(agent, line, NEW)
        await agent.made(f"{line}/verifications", {"passcode": "a guess of his"})
        await agent.made(f"{line}/close")
    recorded = await attempts(case)
    assert [(a["actor"]["subject"], a["actor"]["site"]) for a in recorded] == [
        *[("agent-1", "manila")] * 2,
        *[("agent-2", "sofia")] * 2,
    ]
    assert {a["event"]["listeners"][0]["party_id"] for a in recorded} == {case.victor}
    assert [a["event"]["outcome"] for a in recorded] == ["disclosed", "withheld"] * 2
    tried = [entry for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert len({entry["event"]["contact"] for entry in tried}) == 1  # one place, whoever answered


async def test_07_the_agent_fishes_for_a_hint(case: Case) -> None:
    # Alma has a passcode and a duress passcode, Victor has none, the stranger is nobody: all answers are one answer.
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    seen: list[Any] = []
    for facts in (ALMA, VICTOR, {"surname": "Nobody", "given_name": "Ned"}):
        line = await case.line(agent, facts)
        tries = [
            (await agent.post(f"{line}/verifications", {"passcode": guess})).json()
            for guess in (PASSCODE[:-1], PASSCODE[:6], PASSCODE + "s", "x", "x" * 256)
        ]
        asked = (await agent.post(f"{line}/passcodes", {})).json()
        seen.append((tries, asked))
    assert seen[0] == seen[1] == seen[2]
    assert all(seen[0][0][0] == each for each in seen[0][0])
    # Not one of all answers there are has it, a part of it, its length, or whether it is set.
    everybody = [case.service.by("auditor"), case.service.by("back_office"), agent]
    await everybody[0].get(f"/v1/accounts/{case.account}/history?limit=200")
    for response in [each for calls in everybody for each in calls.heard]:
        assert PASSCODE not in response.text
        assert PASSCODE.split()[0] not in response.text


async def test_08_a_new_contact_on_the_same_desktop(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    assert leaks(await ask(agent, line, NEW))
    await agent.made(f"{line}/close")
    fresh = await case.line(agent, ALMA)
    assert await ask(agent, fresh, NEW) is None
    assert leaks(await ask(agent, fresh)) == []
    assert await ask(agent, line, NEW) is None  # nor is the old one good any more


@pytest.mark.parametrize(
    "forged",
    [
        {"X-Verified": "true", "X-Party": "alma", "X-Standing": "verified"},
        {"X-Amz-Connect-Verified": "true", "Forwarded": "for=127.0.0.1;by=alma"},
        {"Cookie": "verified=true"},
    ],
)
async def test_10_a_forged_verified_true_in_call_attributes_or_headers(case: Case, forged: dict[str, str]) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    plain = await question(agent, line, OLD)
    with_headers = await agent.send("POST", f"{line}/disclosures", {"classes": CLASSES, "locator": OLD}, **forged)
    assert same(plain, with_headers.json())
    for path, body in (
        ("disclosures", {"classes": ["E"], "locator": OLD, "verified": True}),
        ("bind", {"locator": OLD, "facts": ALMA, "standing": "verified"}),
        ("bind", {"locator": OLD, "facts": {**ALMA, "verified": "true"}}),
        ("listeners", {"kind": "customer", "party_id": case.alma}),
        ("verifications", {"passcode": "x", "accepted": True}),
    ):
        problem(await agent.post(f"{line}/{path}", body), 422, "bad_body")
    opened = {"contact_id": "+44", "channel": "call", "attributes": {"verified": "true"}}
    problem(await agent.post("/v1/interactions", opened), 422, "bad_body")


async def test_11_a_spoofed_or_even_attested_caller_number(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    for number in (SAFE, "alma@shared.example", "+44 (0)7700 900999"):
        assert await ask(agent, await case.line(agent, {}, contact=number)) is None
        document = await ask(agent, await case.line(agent, ALMA, contact=number))
        assert leaks(document) == []


async def test_12_looking_up_the_other_half_of_a_split_pnr(case: Case) -> None:
    await case.fled()
    await case.reissue("")
    agent = case.service.by("agent")
    answers, lists = [], []
    # A hidden locator, the cross references of both views, and nobody's.
    for locator in (NEW, "HELDQXOTHERHALF", "SHOWNQXOTHERHALF", NOBODYS):
        on_old = await case.line(agent, VICTOR)
        answers.append(await question(agent, on_old, locator))
        by_it = await case.line(agent, VICTOR, locator)
        answers.append(await question(agent, by_it, locator))
        lists.append((await agent.get(f"{by_it}/bookings")).json())
    assert same(*answers)
    assert same(*lists)
    assert answers[0]["outcome"] == "withheld"
    assert lists[0]["bookings"] == []


async def test_13_a_childs_frequent_flyer_number(case: Case) -> None:
    trip = {
        **OLD_TRIP,
        "travellers": [*OLD_TRIP["travellers"], {"subjects": ["t3"], "surname": "Grey", "given_name": "Robin"}],
        "loyalty": [{"subjects": ["t3"], "number": "CHILD123", "programme": "ZZ"}],
    }
    await case.imported(trip, {"t1": case.alma, "t2": case.victor}, case.booking)
    await case.fled()
    agent = case.service.by("agent")
    child = {"surname": "Grey", "loyalty": "CHILD123"}
    document = await ask(agent, await case.line(agent, child))
    assert leaks(document) == []
    assert [each["number"] for each in document["loyalty"]] == ["CHILD123"]
    assert document["contacts"] == document["identity"] == document["tickets"] == []
    assert await ask(agent, await case.line(agent, {"loyalty": "CHILD123"})) is None


async def test_14_new_locator_plus_surname(case: Case) -> None:
    await case.fled()
    await case.reissue("")
    agent = case.service.by("agent")
    for facts in ({"surname": "Grey"}, ALMA, ALL_HE_KNOWS):
        line = await case.line(agent, facts, NEW)
        assert await ask(agent, line, NEW) is None
        assert await ask(agent, line, OLD) is None
        assert await listed(agent, line) == []


async def test_15_the_chain_of_exchanged_e_tickets(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    document = await ask(agent, await case.line(agent, ALMA))
    assert [each["number"] for each in document["tickets"]] == ["SHOWNQXTICKET"]
    for ticket in ("SHOWNQXTICKET", "HELDQXTICKET"):
        line = await case.line(agent, VICTOR, ticket[:32])
        assert await ask(agent, line, ticket) is None


async def test_16_a_subject_access_request_reads_nothing_of_others(case: Case) -> None:
    # No role but the auditor reads the record, and what he reads is sealed. The workflow: test_attacks_access.
    await case.fled()
    for role in ("agent", "portal", "back_office", "legal", "operations", "compliance", "notifier"):
        problem(await case.service.by(role, tier=3).get(f"/v1/accounts/{case.account}/history"), 403)


async def test_23_a_third_party_joins_the_line(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    alone = await ask(agent, line, NEW)
    assert leaks(alone)
    for body in (
        {"kind": "third_party"},
        {"kind": "interpreter", "declared": False},
        {"kind": "customer", "facts": VICTOR},
        {"kind": "customer"},
    ):
        joined = (await agent.made(f"{line}/listeners", body))["listener_id"]
        assert await ask(agent, line, NEW) is None
        assert leaks(await ask(agent, line)) == []
        assert leaks(await listed(agent, line)) == []
        await agent.send("DELETE", f"{line}/listeners/{joined}")
        assert await ask(agent, line, NEW) == alone
    await agent.made(f"{line}/listeners", {"kind": "interpreter", "declared": True})
    assert await ask(agent, line, NEW) == alone
    heard = (await attempts(case))[-1]["event"]["listeners"]
    assert [each["standing"] for each in heard] == ["verified", "bound"]


async def test_24_a_held_view_that_is_marked_stale(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    assert await ask(agent, line) is not None
    stale = {**OLD_TRIP, "stale": True}
    assert (await case.imported(stale, {"t1": case.alma, "t2": case.victor}, case.booking))["stale"]
    withheld = await question(agent, line, OLD)
    assert same(withheld, await question(agent, line, NOBODYS))
    assert await listed(agent, line) == []
    assert "GDS" not in withheld["say"]
    # The verdict is shared by both views: he is told no more once she is protected.
    await case.protect()
    assert same(withheld, await question(agent, line, OLD))


async def test_25_an_insider_browses_cases_or_probes_for_protected_accounts(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    await case.fled()
    agent = case.service.by("agent")
    seen = []
    for each in (case, ordinary):
        line = await case.line(agent, None)
        bound = await agent.post(f"{line}/bind", {"account_id": each.account, "facts": VICTOR})
        passcode = await agent.post(f"{line}/verifications", {"passcode": "just looking around"})
        asked = [await question(agent, line, locator) for locator in (OLD, NEW, NOBODYS)]
        list_ = (await agent.get(f"{line}/bookings")).json()
        sent = await agent.post(f"{line}/passcodes", {})
        again = await agent.post(
            f"/v1/accounts/{each.account}/protection",
            {"protected_party_id": each.victor, "safe_contact": {"kind": "phone", "value": HIS_PHONE}},
        )
        assert list_["bookings"].__len__() == 1
        documents = [booking["document"] for booking in list_["bookings"]]
        seen.append(
            (
                bound.json()["say"],
                passcode.json(),
                [words(answer) for answer in asked],
                documents,
                sent.json(),
                (again.status_code, again.json()["status"]),
            )
        )
    assert seen[0] == seen[1]


async def test_26_the_abusive_holder_enrols_first_and_calls_her_adverse(service: Service) -> None:
    case = await Case.opened(service, holder="victor")
    await case.his_passcode()
    await case.protect(case.victor, [case.alma], safe=HIS_PHONE, confirmed=False, sub="fooled")
    await case.protect()  # her own claim, which two people looked at
    assert (await case.choose(SAFE, PASSCODE)).status_code == 200
    await case.reissue("")
    agent = service.by("agent")
    hers = await case.verified(agent, ALMA, PASSCODE)
    his = await case.verified(agent, VICTOR, HIS)
    assert leaks(await ask(agent, his)) == []
    assert await ask(agent, his, NEW) is None
    assert leaks(await listed(agent, his)) == []
    assert leaks(await ask(agent, hers, NEW))  # what is hers alone is not lost to her by his claim
    # Nor is what is his alone lost to him.
    own = {
        **NEW_TRIP,
        "travellers": [{"subjects": ["t1"], "surname": "Hale", "given_name": "Victor"}],
        "locators": [{"code": "HISOWN"}],
    }
    await case.imported(own, {"t1": case.victor})
    assert await ask(agent, his, "HISOWN") is not None
    assert await ask(agent, hers, "HISOWN") is None


async def test_28_she_has_travelled_and_he_asks_where_she_went(case: Case) -> None:
    await case.fled()
    past = {**NEW_TRIP, "segments": [{**NEW_TRIP["segments"][0], "departs_at": "2026-01-11T06:20"}]}
    await case.imported(past, {"t1": case.alma}, case.booking)
    case.service.clock.ahead = timedelta(days=400)
    agent = case.service.by("agent")
    document = await ask(agent, await case.line(agent, VICTOR))
    assert leaks(document) == []
    assert "2026-01-11" not in str(document)
    assert document["segments"][0]["origin"] == "LHR"


async def test_28_a_protection_that_lapsed_opens_nothing(case: Case) -> None:
    await case.protect(confirmed=False)
    await case.reissue()
    case.service.clock.ahead = timedelta(hours=73)
    agent = case.service.by("agent")
    for facts in (VICTOR, ALMA):
        assert leaks(await ask(agent, await case.line(agent, facts))) == []


async def test_31_an_answer_from_before_the_protection_asked_for_again_with_its_key(case: Case) -> None:
    agent = case.service.by("agent")
    await case.reissue("")
    line = await case.line(agent, VICTOR)
    body = {"classes": CLASSES, "booking_id": ""}
    hers = await case.line(agent, ALMA, NEW)
    before = (await agent.post(f"{hers}/disclosures", {**body, "locator": NEW}, Idempotency_Key="k")).json()
    assert leaks(before["document"])
    await case.fled()
    # The booking on her own record was shown when she was protected, and goes on being shown; what came after is not.
    changed = {**NEW_TRIP, "segments": [{**NEW_TRIP["segments"][0], "number": "CHANGED"}]}
    await case.imported(changed, {"t1": case.alma})
    after = (await agent.post(f"{hers}/disclosures", {**body, "locator": NEW}, Idempotency_Key="k")).json()
    assert after["decision_id"] != before["decision_id"]
    assert "CHANGED" not in str(after)
    assert await ask(agent, line, OLD) is not None
    kept = [each for each in await attempts(case) if each["event"]["decision_id"] == after["decision_id"]]
    assert kept[0]["event"]["view"] == "shown"


async def test_32_one_auditor_alone_looks_for_where_she_is(case: Case) -> None:
    await case.fled()
    auditor = case.service.by("auditor", sub="alone")
    text = (await auditor.get(f"/v1/accounts/{case.account}/history?limit=200")).text
    for word in (*CANARIES, "SHOWNQX", "Grey", "Alma", "Hale", SAFE, "shared.example", PASSCODE, OLD):
        assert word not in text, word
    assert '{"sealed":' in text
    again = (await auditor.get(f"/v1/accounts/{case.account}/history?limit=200")).json()["entries"]
    assert [e["actor"]["subject"] for e in again if e["name"] == "account.history_read.v1"] == ["alone"]


async def test_nothing_was_answered_that_is_not_on_record(case: Case) -> None:
    # Promise 2, over all: each answer's decision is in the log before anybody has it.
    await case.fled()
    agent = case.service.by("agent")
    lines = [await case.line(agent, facts) for facts in (VICTOR, ALMA, {})]
    ids = set()
    for line in lines:
        for locator in (OLD, NEW, NOBODYS):
            ids.add((await question(agent, line, locator))["decision_id"])
            with EventLog(case.service.settings.database_url) as log:
                (last,) = log.read_all(gt=log.last_position() - 1, limit=1)
            assert next(iter(ids & {last.state.decode().partition('"decision_id":"')[2][:32]}))
    assert len(ids) == 9
