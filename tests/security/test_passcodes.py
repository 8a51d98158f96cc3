"""Passcodes from the wish for one to the proof: by link, by call-back, under duress, under fire."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from service.line.disclosing import WITHHELD_SAY
from service.passcodes import PasscodeHasher
from tests.api.problem import problem
from tests.calling import Calls, Service, logged
from tests.case import ALMA, DURESS, HIS, HIS_PHONE, PASSCODE, SAFE, VICTOR, Case, ask, listed
from tests.trips import NEW, NOBODYS, OLD, leaks

HER_MAIL, HIS_MAIL = "alma@shared.example", "victor@shared.example"


async def tried(calls: Calls, line: str, passcode: str, **more: str) -> bool:
    """Try a passcode; whether it was accepted."""
    accepted: bool = (await calls.made(f"{line}/verifications", {"passcode": passcode, **more}))["accepted"]
    return accepted


async def requested(case: Case, facts: dict[str, str]) -> str:
    agent = case.service.by("agent")
    line = await case.line(agent, facts)
    await agent.made(f"{line}/passcodes", {})
    return line


# --- asked for, chosen -----------------------------------------------------------------------------------------------


async def test_every_request_is_answered_alike(case: Case) -> None:
    await case.his_passcode()  # Victor has one, and has not proved it
    await case.protect()
    agent = case.service.by("agent")
    answers = []
    for facts, locator in (
        (ALMA, OLD), (VICTOR, OLD), ({"surname": "Nobody"}, OLD), ({}, NOBODYS), (ALMA, NEW), (ALMA, NOBODYS),
    ):  # fmt: skip
        line = await case.line(agent, facts, locator)
        answers.append(await agent.post(f"{line}/passcodes", {}))
    unbound = await case.line(agent, None)
    answers.append(await agent.post(f"{unbound}/passcodes", {}))
    assert {(each.status_code, each.content) for each in answers} == {(202, answers[0].content)}
    assert {tuple(sorted(each.headers.keys())) for each in answers} == {tuple(sorted(answers[0].headers.keys()))}


async def test_a_link_lets_its_owner_choose_once(case: Case) -> None:
    await requested(case, ALMA)
    fields = await case.message(HER_MAIL)
    assert fields["link"].endswith(f"/passcode#{fields['token']}")
    customer = case.service.by("")
    body = {"token": fields["token"], "passcode": PASSCODE}
    assert (await customer.post("/v1/passcodes", body)).json() == {"status": "set", "passcode": ""}
    problem(await customer.post("/v1/passcodes", {**body, "passcode": HIS}), 410, "link_spent")
    assert await tried(case.service.by("agent"), await case.line(case.service.by("agent"), ALMA), PASSCODE)


async def test_a_newer_link_takes_the_place_of_the_one_before(case: Case) -> None:
    await requested(case, ALMA)
    first = (await case.message(HER_MAIL))["token"]
    await requested(case, ALMA)
    second = (await case.message(HER_MAIL, count=2))["token"]
    customer = case.service.by("")
    problem(await customer.post("/v1/passcodes", {"token": first, "passcode": PASSCODE}), 410, "link_spent")
    assert (await customer.post("/v1/passcodes", {"token": second, "passcode": PASSCODE})).status_code == 200


async def test_a_link_expires_after_a_day(case: Case) -> None:
    await requested(case, ALMA)
    token = (await case.message(HER_MAIL))["token"]
    case.service.clock.ahead = timedelta(hours=24, seconds=1)
    answer = await case.service.by("").post("/v1/passcodes", {"token": token, "passcode": PASSCODE})
    problem(answer, 410, "link_spent")


@pytest.mark.parametrize("token", ["0" * 32 + ".x", "x.y", "-._"])
async def test_a_link_that_is_none_is_as_spent_as_one_that_was_used(service: Service, token: str) -> None:
    began = time.monotonic()
    answer = await service.by("").post("/v1/passcodes", {"token": token, "passcode": PASSCODE})
    assert problem(answer, 410, "link_spent")["detail"].startswith("this link was used")
    assert time.monotonic() - began < 5


async def test_a_link_that_is_none_costs_no_argon2(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    # Anybody may call it, without a token: it must not be a way to keep customers from proving their passcodes.
    async def never(*_: object) -> bytes:
        raise AssertionError("hashed for nothing")

    monkeypatch.setattr(PasscodeHasher, "digest", never)
    problem(await service.by("").post("/v1/passcodes", {"token": "x.y", "passcode": PASSCODE}), 410)


async def test_one_is_made_for_whoever_chooses_none(case: Case) -> None:
    await requested(case, ALMA)
    chosen = (await case.choose(HER_MAIL, "")).json()
    assert len(chosen["passcode"].split()) == 5
    agent = case.service.by("agent")
    assert await tried(agent, await case.line(agent, ALMA), f"  {chosen['passcode'].upper()} ")


@pytest.mark.parametrize(
    "passcode, reason",
    [
        ("short", "characters and needs 15"),
        ("x" * 200, "128 is the most"),
        ("aaaaaaaaaaaaaaaaaaaa", "repeats"),
        ("abcdefghijklmnopqrst", "alphabet|counts"),
        ("password password password", "repeats"),
        ("watchword passcode", "belong|passwords"),
    ],
)
async def test_a_passcode_that_will_not_do_is_told_why(case: Case, passcode: str, reason: str) -> None:
    await requested(case, ALMA)
    for place, bad in (
        ("passcode", {"passcode": passcode}),
        ("duress_passcode", {"passcode": PASSCODE, "duress_passcode": passcode}),
    ):
        token = (await case.message(HER_MAIL))["token"]
        answer = await case.service.by("").post("/v1/passcodes", {"token": token, **bad})
        told = problem(answer, 422, "passcode_rejected", place)["detail"]
        assert any(word in told for word in reason.split("|")), told
        assert passcode not in answer.text
    assert (await case.choose(HER_MAIL)).status_code == 200  # a refusal spends nothing


async def test_the_two_passcodes_must_differ(case: Case) -> None:
    await requested(case, ALMA)
    answer = await case.choose(HER_MAIL, PASSCODE, PASSCODE.title())
    problem(answer, 422, "passcode_rejected", "duress_passcode")


async def test_who_has_one_proves_it_before_another_is_sent(case: Case) -> None:
    await case.his_passcode()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    await agent.made(f"{line}/passcodes", {})
    declined = [e["event"]["why"] for e in await case.history() if e["name"] == "passcode.request_declined.v1"]
    assert declined == ["has one, and did not prove it"]
    assert await tried(agent, line, HIS)
    await agent.made(f"{line}/passcodes", {})
    assert (await case.choose(HIS_MAIL, PASSCODE, count=2)).status_code == 200
    assert not await tried(agent, await case.line(agent, VICTOR), HIS)
    assert await tried(agent, await case.line(agent, VICTOR), PASSCODE)


async def test_a_link_to_a_protected_partys_passcode_goes_to_the_safe_contact_and_nowhere_else(case: Case) -> None:
    await case.protect()
    await requested(case, ALMA)
    await case.message(SAFE, count=2)
    await requested(case, VICTOR)
    await case.message(HIS_MAIL)
    assert (await case.choose(HER_MAIL, HIS)).status_code == 200  # comes as it would to anybody, and is worth nothing
    await case.reissue()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    assert await tried(agent, line, HIS)
    assert leaks(await ask(agent, line)) == []
    assert {message["to_value"] for message in await case.service.delivered()} == {SAFE, HER_MAIL, HIS_MAIL}


async def test_a_passcode_on_request_gates_its_party(case: Case) -> None:
    agent = case.service.by("agent")
    assert await ask(agent, await case.line(agent, VICTOR)) is not None
    await case.his_passcode()
    line = await case.line(agent, VICTOR)
    assert await ask(agent, line) is None
    assert await ask(agent, await case.line(agent, ALMA)) is not None  # his gates him alone
    assert await tried(agent, line, HIS)
    assert await ask(agent, line) is not None


async def test_a_passcode_set_with_a_protection_gates_nobody(case: Case) -> None:
    agent = case.service.by("agent")
    before = await ask(agent, await case.line(agent, ALMA))
    await case.protect()
    assert (await case.choose()).status_code == 200
    assert await ask(agent, await case.line(agent, ALMA)) == before


async def test_duress_seems_to_work_and_shows_the_shown_view(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    lines = [await case.line(agent, ALMA) for _ in range(2)]
    answers = [
        await agent.post(f"{line}/verifications", {"passcode": each})
        for line, each in zip(lines, (PASSCODE, DURESS), strict=True)
    ]
    assert answers[0].content == answers[1].content
    assert leaks(await ask(agent, lines[0]))
    under = await ask(agent, lines[1])
    assert leaks(under) == []
    assert under["identity"]  # in just the classes that a passcode opens
    assert await ask(agent, lines[1], NEW) is None
    recorded = [e["event"]["listeners"][0]["standing"] for e in await case.history() if "attempted" in e["name"]]
    assert recorded[-2:] == ["duress", "duress"]


async def test_a_duress_passcode_at_a_locator_that_only_the_held_view_has_is_as_wrong_as_at_nobodys(case: Case) -> None:
    # He has a slip of paper with her new locator, and stands beside her.
    await case.fled(duress=DURESS)
    await case.reissue("")
    agent = case.service.by("agent")
    heard = []
    for locator in (NEW, NOBODYS):
        line = await case.line(agent, ALMA, locator)
        tries = [await agent.post(f"{line}/verifications", {"passcode": each}) for each in (DURESS, "a wrong guess")]
        assert tries[0].content == tries[1].content
        # Neither there nor with what he knew before is anything opened by it; nor by what was proved before.
        seen = [await ask(agent, line, locator), len(await listed(agent, line))]
        await agent.made(f"{line}/bind", {"locator": OLD, "facts": {}})
        seen += [len(await listed(agent, line))]
        assert await tried(agent, line, DURESS)
        await agent.made(f"{line}/bind", {"locator": locator, "facts": {}})
        seen += [await ask(agent, line, locator), len(await listed(agent, line))]
        heard.append((tries[0].content, seen))
    assert heard[0] == heard[1]
    assert heard[0][1] == [None, 0, 0, None, 0]
    her = await case.line(agent, ALMA, NEW)
    assert await tried(agent, her, PASSCODE)
    assert leaks(await ask(agent, her, NEW))


# --- wrong ones ------------------------------------------------------------------------------------------------------


async def test_a_contact_waits_from_half_a_minute_to_an_hour(case: Case) -> None:
    await case.fled()
    agent, clock = case.service.by("agent"), case.service.clock
    failures = 0

    async def fail() -> None:
        nonlocal failures
        assert not await tried(agent, await case.line(agent, VICTOR, contact=HIS_PHONE), f"wrong guess {failures}")
        failures += 1

    async def right() -> bool:
        # From the same place, spelt otherwise.
        return await tried(agent, await case.line(agent, ALMA, contact=f"00{HIS_PHONE[1:]}"), PASSCODE)

    for _ in range(4):
        await fail()
    # Four cost nothing; the right one clears the count.
    assert await right()
    for _ in range(5):
        await fail()
    clock.ahead += timedelta(seconds=25)
    assert not await right()  # the sixth failure: from now on a minute
    clock.ahead += timedelta(seconds=55)
    assert not await right()  # the seventh: two minutes
    for _ in range(20):
        await fail()
    clock.ahead += timedelta(minutes=59)
    assert not await right()
    clock.ahead += timedelta(minutes=61)
    assert await right()


async def test_a_hundred_adverse_failures_later_she_still_gets_in(case: Case) -> None:
    await case.fled()
    agent, clock = case.service.by("agent"), case.service.clock
    for number in range(20):
        line = await case.line(agent, ALMA, contact=HIS_PHONE)
        for _ in range(5):
            assert not await tried(agent, line, f"guess {number} of his")
    clock.ahead = timedelta(days=30)
    # A hundred end the contact: from there even the right one is not accepted any more, and the count stands.
    assert not await tried(agent, await case.line(agent, ALMA, contact=HIS_PHONE), PASSCODE)
    events = [entry["event"] for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert len(events) == 101
    assert not any(each["accepted"] for each in events)
    # She, from anywhere else, by her passcode:
    line = await case.line(agent, ALMA)
    assert await tried(agent, line, PASSCODE)
    assert leaks(await ask(agent, line, NEW))
    # and by the supervised call-back, even dialled from the very number that is locked.
    supervisor = case.service.by("agent", sub="supervisor", tier=3)
    line = await case.line(supervisor, ALMA, contact=HIS_PHONE, channel="call_back")
    await supervisor.made(f"{line}/call-backs", {})
    phrase = (await case.message(SAFE, "call_back_phrase"))["phrase"]
    for _ in range(6):
        assert not await tried(supervisor, line, "what was that phrase")
    assert await tried(supervisor, line, phrase)
    assert leaks(await ask(supervisor, line, NEW))


async def test_a_call_back_is_for_one_supervisor_in_one_interaction_for_a_quarter_of_an_hour(case: Case) -> None:
    await case.fled()
    supervisor, other = (case.service.by("agent", sub=sub, tier=3) for sub in ("supervisor", "other"))
    line = await case.line(supervisor, ALMA, channel="call_back")
    answer = await supervisor.post(f"{line}/call-backs", {})
    assert answer.status_code == 202
    phrase = (await case.message(SAFE, "call_back_phrase"))["phrase"]
    assert phrase not in answer.text
    assert {m["to_value"] for m in await case.service.delivered() if m["template"] == "call_back_phrase"} == {SAFE}
    theirs = await case.line(other, ALMA, channel="call_back")
    another = await case.line(supervisor, ALMA, channel="call_back")
    assert not await tried(other, theirs, phrase)
    assert not await tried(supervisor, another, phrase)
    problem(await other.post(f"{line}/verifications", {"passcode": phrase}), 409)
    case.service.clock.ahead = timedelta(minutes=14)
    assert await tried(supervisor, line, phrase)
    await supervisor.made(f"{line}/close")
    late = await case.line(supervisor, ALMA, channel="call_back")
    await supervisor.made(f"{late}/call-backs", {})
    phrase = (await case.message(SAFE, "call_back_phrase", count=2))["phrase"]
    case.service.clock.ahead += timedelta(minutes=15, seconds=1)
    assert not await tried(supervisor, late, phrase)


async def test_a_call_back_is_answered_alike_whether_there_is_anybody_to_call(case: Case) -> None:
    supervisor = case.service.by("agent", sub="supervisor", tier=3)
    answers = []
    ordinary = await case.line(supervisor, ALMA, channel="call_back")
    answers.append(await supervisor.post(f"{ordinary}/call-backs", {}))
    unknown = await case.line(supervisor, ALMA, NOBODYS, channel="call_back")
    answers.append(await supervisor.post(f"{unknown}/call-backs", {}))
    await case.fled()
    hers = await case.line(supervisor, ALMA, channel="call_back")
    answers.append(await supervisor.post(f"{hers}/call-backs", {}))
    assert {(each.status_code, each.content) for each in answers} == {(202, answers[0].content)}


async def test_by_a_call_back_she_gets_a_new_passcode_and_an_old_one_of_his_making_is_void(case: Case) -> None:
    # He asked for a passcode in her name, long ago, in the mailbox they share.
    await requested(case, ALMA)
    assert (await case.choose(HER_MAIL, HIS)).status_code == 200
    await case.protect()
    supervisor = case.service.by("agent", sub="supervisor", tier=3)
    line = await case.line(supervisor, ALMA, channel="call_back")
    await supervisor.made(f"{line}/call-backs", {})
    assert await tried(supervisor, line, (await case.message(SAFE, "call_back_phrase"))["phrase"])
    await supervisor.made(f"{line}/passcodes", {})
    assert (await case.choose(SAFE, PASSCODE, count=2)).status_code == 200
    await case.reissue()
    agent = case.service.by("agent")
    his, hers = [await case.line(agent, ALMA) for _ in range(2)]
    assert await tried(agent, his, HIS)  # were it refused from now on, that would tell him of her
    assert leaks(await ask(agent, his)) == []
    assert await tried(agent, hers, PASSCODE)
    assert leaks(await ask(agent, hers))


# --- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["has one", "has none", "nobody", "unknown locator", "not bound"])
async def test_a_trial_is_one_argon2_whoever_it_is_tried_against(
    case: Case, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    facts = {"has none": VICTOR, "nobody": {}, "not bound": None}.get(who, ALMA)
    path = await case.line(agent, facts, NOBODYS if who == "unknown locator" else OLD)
    hashed = 0
    digest = PasscodeHasher.digest

    async def counted(self: PasscodeHasher, passcode: str, salt: bytes) -> bytes:
        nonlocal hashed
        hashed += 1
        return await digest(self, passcode, salt)

    monkeypatch.setattr(PasscodeHasher, "digest", counted)
    with logged() as lines:
        assert not await tried(agent, path, "a guess of somebody")
    assert hashed == 1
    assert "a guess" not in lines.getvalue()


async def test_while_eight_passcodes_are_tried_others_are_answered(case: Case) -> None:
    agent = case.service.by("agent")
    lines = [await case.line(agent, ALMA) for _ in range(8)]
    trying = asyncio.gather(*(tried(agent, line, "a guess of somebody") for line in lines))
    answered = 0
    while not trying.done():
        assert (await case.service.client.get("/healthz")).status_code == 200
        answered += 1
        await asyncio.sleep(0)
    assert await trying == [False] * 8
    # Four rounds of some 35 ms on two threads. Were they on the loop, one request at most would get between two.
    assert answered > 16


async def test_more_than_can_be_tried_at_once_is_busy_for_everybody_alike(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    lines = [
        *[await case.line(agent, ALMA) for _ in range(2)],
        *[await case.line(agent, ALMA, NOBODYS) for _ in range(2)],
    ]
    answers: list[Any] = await asyncio.gather(
        *(agent.post(f"{lines[number % 4]}/verifications", {"passcode": "a guess"}) for number in range(120))
    )
    busy = [answer for answer in answers if answer.status_code == 503]
    assert 30 < len(busy) < 120
    for answer in busy:
        told = problem(answer, 503, "busy")
        assert (told["outcome"], told["say"], told["next_step"]) == ("withheld", WITHHELD_SAY, "ask_passcode")
        assert answer.headers["retry-after"] == "1"
    # What was not tried was not counted.
    events = [entry for entry in await case.history() if entry["name"] == "passcode.tried.v1"]
    assert len(events) == sum(answer.status_code == 200 for answer in answers[0::4] + answers[1::4])
