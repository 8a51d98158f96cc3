"""The agent goes on regardless: the truth never reached the tool, and an override needs a reason and another person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.account import AccountState
from domain.event import Kept, Plain
from domain.override import MOST_WAITING, REASONS, Override, statement
from service.safety.overriding import unvouched
from service.sealing import MasterKey
from service.signing import SigningKey
from tests.api.problem import problem
from tests.calling import Calls
from tests.case import ALMA, DURESS, HIS_PHONE, PASSCODE, VICTOR, Case, ask, listed, words
from tests.trips import CANARIES, NEW, OLD, OLD_TRIP, leaks

ASK = {
    "reason": "caller_cannot_use_passcode",
    "words": "Her telephone was taken from her at the airport.",
    "classes": ["E", "I"],
    "minutes": 15,
}
REVIEW = {"finding": "justified", "words": "The recording bears it out."}


async def asked(calls: Calls, line: str, **more: Any) -> str:
    found: str = (await calls.made(f"{line}/overrides", {**ASK, **more}))["override_id"]
    return found


async def approved(case: Case, override: str, sub: str = "lead") -> dict[str, Any]:
    path = f"/v1/accounts/{case.account}/overrides/{override}/approve"
    return await case.service.by("agent", sub=sub, tier=3).made(path)


async def attempts(case: Case) -> list[dict[str, Any]]:
    return [entry["event"] for entry in await case.history() if entry["name"] == "disclosure.attempted.v1"]


async def test_04_the_agent_goes_on_regardless(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    # Whatever is on his screen, the truth is not: there is nothing that he could read out.
    for locator in (OLD, NEW):
        await ask(agent, line, locator)
    await listed(agent, line)
    assert all(leaks(response.text) == [] for response in agent.heard)
    # An override takes a reason out of a closed list, and words.
    for body in ({**ASK, "reason": "he sounded all right"}, {**ASK, "words": ""}, {**ASK, "minutes": 61}):
        problem(await agent.post(f"{line}/overrides", body), 422, "bad_body")
    problem(await agent.post(f"{line}/overrides", {**ASK, "classes": ["N"]}), 422, "bad_body")
    override = await asked(agent, line)
    assert leaks(await ask(agent, line)) == []  # asking opens nothing
    # And another person, of tier 3: not himself, whatever his tier.
    path = f"/v1/accounts/{case.account}/overrides/{override}"
    problem(await case.service.by("agent", sub="lead", tier=2).post(f"{path}/approve"), 403, "forbidden")
    himself = case.service.by("agent", tier=3)
    problem(await himself.post(f"{path}/approve"), 409, "another_person")
    problem(await himself.post(f"{path}/refuse"), 409, "another_person")
    assert leaks(await ask(agent, line)) == []
    await approved(case, override)
    told = await ask(agent, line)
    # It is narrow: the itinerary as held, and no locator, ticket, payment or document of it.
    assert [(each["origin"], each["destination"]) for each in told["segments"]] == [("LGW", "YVR")]
    assert NEW not in str(told)
    for name in ("tickets", "loyalty", "contacts", "payments", "identity", "remarks"):
        assert leaks(told.get(name, [])) == [], name
    last = (await attempts(case))[-1]
    assert (last["view"], last["override_id"], "override" in last["rules"]) == ("held", override, True)
    assert last["listeners"][0]["standing"] == "identified"  # the record does not say that he proved anything
    # For this contact of this agent, and until it expires.
    for sub in ("agent-1", "agent-2"):
        other = case.service.by("agent", sub=sub)
        assert leaks(await ask(other, await case.line(other, ALMA))) == []
    case.service.clock.ahead = timedelta(minutes=16)
    assert leaks(await ask(agent, line)) == []


async def test_04_an_override_ends_before_who_must_not_hear(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    await approved(case, await asked(agent, line))
    assert leaks(await ask(agent, line))
    for body in ({"kind": "third_party"}, {"kind": "customer", "facts": VICTOR}, {"kind": "customer"}):
        joined = (await agent.made(f"{line}/listeners", body))["listener_id"]
        assert leaks(await ask(agent, line)) == [], body
        assert leaks(await listed(agent, line)) == []
        await agent.send("DELETE", f"{line}/listeners/{joined}")
    assert leaks(await ask(agent, line))
    await agent.made(f"{line}/verifications", {"passcode": DURESS})
    assert leaks(await ask(agent, line)) == []


async def test_04_an_adverse_party_gets_nothing_by_an_override_of_his_own(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    await approved(case, await asked(agent, line, classes=["E", "I", "L", "C", "P", "F", "D"]))
    assert leaks(await ask(agent, line)) == []
    assert await ask(agent, line, NEW) is None
    assert leaks(await listed(agent, line)) == []


async def test_04_what_was_approved_for_one_caller_opens_nothing_for_another(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    override = await asked(agent, line)
    answer = await case.service.by("agent", sub="lead", tier=3).get("/v1/overrides/waiting")
    (found,) = answer.json()["overrides"]
    assert (found["party_id"], found["channel"], found["tier"], found["bindings"]) == (case.victor, "call", 1, 1)
    await approved(case, override)
    # The same agent says a moment later that it is she who rings, or that it is another binding of his.
    for facts in (ALMA, VICTOR, ALMA):
        await agent.made(f"{line}/bind", {"locator": OLD, "facts": facts})
        assert leaks(await ask(agent, line)) == []
    assert not any(each["override_id"] for each in await attempts(case) if "held" in each["view"])
    # Nor is approved any more what was asked for about somebody else.
    override = await asked(agent, line)
    await agent.made(f"{line}/bind", {"locator": OLD, "facts": ALMA})
    path = f"/v1/accounts/{case.account}/overrides/{override}/approve"
    problem(await case.service.by("agent", sub="lead", tier=3).post(path), 409, "interaction_over")


async def test_04_whoever_rings_and_says_he_is_the_police_is_nobody(case: Case) -> None:
    await case.fled()
    agent, third = case.service.by("agent"), case.service.by("agent", sub="safety-9", tier=3)
    more = {**ASK, "reason": "welfare_check_by_police_liaison", "party_id": case.alma}
    # The channel is the word of whoever opened the contact: only tier 3 may say that the desk rang.
    for channel in ("call", "call_back"):
        line = await case.line(agent, {}, channel=channel)
        problem(await agent.post(f"{line}/overrides", more), 403, "not_your_tier")
    rang_us = await case.line(third, {})
    problem(await third.post(f"{rang_us}/overrides", more), 409, "not_a_call_back")
    rung = await case.line(third, {}, channel="call_back")
    problem(await third.post(f"{rung}/overrides", {**more, "party_id": ""}), 422, "wrong_party")
    problem(await third.post(f"{rung}/overrides", {**ASK, "party_id": case.alma}), 422, "wrong_party")
    assert await ask(third, rung) is None
    # Rung back by tier 3, under an override of another's, the liaison is told what she would be told of it.
    override = await asked(third, rung, **more)
    (found,) = (await case.service.by("agent", sub="lead", tier=3).get("/v1/overrides/waiting")).json()["overrides"]
    assert (found["party_id"], found["channel"], found["tier"]) == (case.alma, "call_back", 3)
    await approved(case, override)
    assert leaks(await ask(third, rung))


async def test_04_a_claim_of_his_own_does_not_disarm_hers(case: Case) -> None:
    await case.fled()
    agent, third = case.service.by("agent"), case.service.by("agent", sub="safety-9", tier=3)

    async def told() -> list[bool]:
        line = await case.line(agent, ALMA)
        await approved(case, await asked(agent, line))
        hers = leaks(await ask(agent, line))
        line = await case.line(third, {}, channel="call_back")
        await approved(case, await asked(third, line, reason="court_order", party_id=case.alma))
        return [bool(hers), bool(leaks(await ask(third, line)))]

    assert await told() == [True, True]
    await case.protect(case.victor, [case.alma], safe=HIS_PHONE, confirmed=False, sub="fooled")
    assert await told() == [True, True]
    case.service.clock.ahead = timedelta(days=5)  # lapsed, over bookings whose views were parted
    assert await told() == [True, True]


async def test_04_an_override_does_not_tell_a_protected_account_from_an_ordinary_one(case: Case) -> None:
    his = {"subjects": ["t2"], "kind": "travel_document", "value": "SHOWNHISPASS"}
    old = {**OLD_TRIP, "identity": [*OLD_TRIP["identity"], his]}
    ordinary = await Case.opened(case.service)
    for each in (ordinary, case):
        await each.imported(old, {"t1": each.alma, "t2": each.victor}, each.booking)
    await case.fled(duress=DURESS)
    agent, third = case.service.by("agent"), case.service.by("agent", sub="safety-9", tier=3)
    told = []
    for each in (ordinary, case):
        line = await each.line(agent, None)
        await agent.made(f"{line}/bind", {"account_id": each.account, "facts": VICTOR})
        await approved(each, await asked(agent, line, classes=["D"]))
        rung = await each.line(third, None, channel="call_back")
        await third.made(f"{rung}/bind", {"account_id": each.account, "facts": {}})
        await approved(each, await asked(third, rung, reason="court_order", party_id=each.victor))
        told.append((await ask(agent, line, OLD, ["E", "D"]), await ask(third, rung, OLD, ["E", "I"])))
    assert told[0] == told[1]
    assert "SHOWNHISPASS" in str(told[0][0])
    assert leaks(told) == []


async def test_04_whoever_comes_back_after_a_duress_passcode_hears_nothing_held_by_an_override(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, DURESS)
    for _ in range(2):  # and comes back once more
        code = (await agent.made(f"{line}/resume-code"))["code"]
        body = {"code": code, "contact_id": "+447700900555", "channel": "call"}
        line = f"/v1/interactions/{(await agent.made('/v1/interactions/resume', body))['interaction_id']}"
        await agent.made(f"{line}/bind", {"locator": OLD, "facts": ALMA})
        await approved(case, await asked(agent, line))
        assert leaks(await ask(agent, line)) == []
        assert leaks(await listed(agent, line)) == []


async def test_04_one_agent_who_asks_often_does_not_make_anothers_go(case: Case) -> None:
    await case.fled()
    agent, insider = case.service.by("agent"), case.service.by("agent", sub="insider")
    line = await case.line(agent, ALMA)
    override = await asked(agent, line)
    for _ in range(MOST_WAITING + 1):
        await asked(insider, await case.line(insider, VICTOR))
    await approved(case, override)
    assert leaks(await ask(agent, line))


async def test_asking_is_answered_alike_whoever_it_is_about(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    await case.fled()
    agent = case.service.by("agent")
    seen = []
    for line in (
        await case.line(agent, ALMA),
        await case.line(agent, ALMA, NEW),
        await ordinary.line(agent, ALMA),
        await case.line(agent, ALMA, "NONEXX"),
        await case.line(agent, None),
    ):
        response = await agent.post(f"{line}/overrides", ASK)
        answer = response.json()
        assert answer.pop("override_id")
        headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
        seen.append((response.status_code, headers, len(response.content), words(answer)))
    assert all(each == seen[0] for each in seen)


async def test_it_is_signed_and_what_was_not_signed_opens_nothing(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    await approved(case, await asked(agent, line))
    assert leaks(await ask(agent, line))
    # Somebody who can write to the database, and has no key, approves nothing: a signature of another key's is none.
    other = SigningKey(MasterKey(bytes(32)), "approvals of overrides")
    genuine = SigningKey.verify
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SigningKey, "verify", lambda _, said, signature: genuine(other, said, signature))
        assert leaks(await ask(agent, line)) == []
    assert leaks(await ask(agent, line))


def test_what_was_approved_for_one_reason_is_not_vouched_for_under_another() -> None:
    now = datetime.now(UTC)
    key = SigningKey(MasterKey(b"x" * 32), "approvals of overrides")
    words_ = Kept(Plain("i", b""), 1, "override.asked.v1", "words")
    until = now + timedelta(minutes=15)
    found = Override("o", "i", "agent", REASONS[0], "EI", 15, now, words_, "lead", until, party_id="alma", bindings=1)
    found = replace(found, signature=key.sign(statement("a", found, "lead", until)))

    def vouched_for(each: Override) -> bool:
        return unvouched(key, "a", AccountState(overrides={"o": each})) == ()

    assert vouched_for(found)
    changed = (
        {"reason": "court_order"}, {"party_id": "bo"}, {"bindings": 2}, {"minutes": 60}, {"channel": "call_back"},
        {"tier": 3}, {"classes": "EIL"}, {"until": until + timedelta(hours=1)},
    )  # fmt: skip
    for each in changed:
        assert not vouched_for(replace(found, **each)), each


async def test_no_reason_reaches_the_record_in_the_open(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    override = await asked(agent, line)
    await approved(case, override)
    compliance = case.service.by("compliance", sub="reviewer")
    await compliance.made(f"/v1/accounts/{case.account}/overrides/{override}/review", REVIEW)
    text = (await case.service.by("auditor").get(f"/v1/accounts/{case.account}/history?limit=200")).text
    for each in ("telephone", "recording", *CANARIES, PASSCODE):
        assert each not in text


async def test_25_whoever_reads_why_overrides_were_asked_for_is_on_record(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    override = await asked(agent, await case.line(agent, ALMA))
    for number, (calls, path) in enumerate((
        (case.service.by("agent", sub="nosy", tier=3), "/v1/overrides/waiting"),
        (case.service.by("auditor", sub="nosy"), "/v1/overrides?status=open"),
    )):  # fmt: skip
        (found,) = (await calls.get(path)).json()["overrides"]
        assert found["words"] == ASK["words"]
        read = [each for each in await case.history() if each["name"] == "override.words_read.v1"]
        assert len(read) == number + 1
        assert read[-1]["event"] == {"override_ids": [override]}
        assert read[-1]["actor"]["subject"] == "nosy"
