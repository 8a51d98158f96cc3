"""Calls that turn on who is on the line, what is to be done, and what is left over from another call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.action import NEEDED
from tests.api.problem import problem
from tests.calling import Calls
from tests.case import ALMA, DURESS, HIS, PASSCODE, VICTOR, Case, ask, listed, words
from tests.trips import CLASSES, NEW, NEW_TRIP, NOBODYS, OLD, OLD_TRIP, leaks


def same(*answers: Any) -> bool:
    """Whether answers are alike but for opaque ids and times."""
    return all(words(each) == words(answers[0]) for each in answers)


async def on(case: Case, calls: Calls, facts: dict[str, str], secret: str = "") -> str:
    """A new contact about just this account, though others know of the same locator; with a passcode, proved."""
    line = await case.line(calls, None)
    await calls.made(f"{line}/bind", {"account_id": case.account, "facts": facts})
    if secret:
        assert (await calls.made(f"{line}/verifications", {"passcode": secret}))["accepted"]
    return line


async def question(calls: Calls, line: str, locator: str = OLD, **more: str) -> dict[str, Any]:
    body = {"classes": CLASSES, **({"locator": locator} if locator else {}), **more}
    answer: dict[str, Any] = (await calls.post(f"{line}/disclosures", body)).json()
    return answer


async def act(calls: Calls, line: str, action: str = "cancel", locator: str = OLD, **more: str) -> dict[str, Any]:
    response = await calls.post(f"{line}/actions", {"action": action, "locator": locator, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def dial(calls: Calls, line: str, purpose: str = "hotel", locator: str = OLD, **more: str) -> dict[str, Any]:
    response = await calls.post(f"{line}/dials", {"purpose": purpose, "locator": locator, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def events(case: Case, name: str) -> list[dict[str, Any]]:
    return [entry["event"] for entry in await case.history() if entry["name"] == name]


async def waiting(case: Case, role: str, tier: int | None = None, route: str = "") -> list[dict[str, Any]]:
    path = f"/v1/actions?limit=500{f'&route={route}' if route else ''}"
    found: list[dict[str, Any]] = (await case.service.by(role, tier=tier).get(path)).json()["actions"]
    return [each for each in found if each["account_id"] == case.account]


async def test_29_cancel_both_and_send_me_the_itinerary_again(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    agent = case.service.by("agent")
    plain = await on(ordinary, agent, VICTOR)
    await case.fled()
    hers, his = await on(case, agent, ALMA, PASSCODE), await on(case, agent, VICTOR)
    truth = await ask(agent, hers, NEW)
    for action in NEEDED:
        ours, theirs = [await act(agent, line, action, details="both of us") for line in (his, plain)]
        assert same(ours, theirs)  # ordinary words, ordinary delay
        assert ours["outcome"] == "accepted"
        late = [timedelta(seconds=_seconds(each["due_by"])) for each in (ours, theirs)]
        assert abs(late[0] - late[1]) < timedelta(seconds=5)
        one, other = agent.heard[-2:]
        assert (one.status_code, len(one.content), one.headers.keys()) == (
            other.status_code, len(other.content), other.headers.keys(),
        )  # fmt: skip
    # Nobody but tier 3 is to do it, and nobody in front can tell.
    assert await waiting(case, "back_office") == await waiting(case, "agent", 1) == []
    assert {each["route"] for each in await waiting(ordinary, "back_office")} == {"ordinary"}
    assert len(await waiting(ordinary, "back_office")) == len(NEEDED)
    queued = await waiting(case, "agent", 3, "tier_3")
    assert [each["booking_ids"] for each in queued] == [[case.booking]] * len(NEEDED)
    # The held booking is untouched, and so is what is shown; nothing was sent to anybody.
    assert await ask(agent, hers, NEW) == truth
    assert (await ask(agent, his, OLD))["segments"][0]["origin"] == "LHR"
    assert {message["template"] for message in await case.service.delivered()} == {"passcode_link"}
    recorded = await events(case, "action.attempted.v1")
    assert {(each["outcome"], each["route"], each["view"]) for each in recorded} == {("accepted", "tier_3", "shown")}
    assert [each["action"] for each in recorded] == list(NEEDED)
    assert "both of us" not in str(recorded)


def _seconds(moment: str) -> float:
    from datetime import datetime  # noqa: PLC0415 - only here

    return datetime.fromisoformat(moment).timestamp()


async def test_29_asked_of_her_new_locator_it_is_answered_like_one_that_nobody_has(case: Case) -> None:
    await case.fled()
    await case.reissue("")
    agent = case.service.by("agent")
    for facts in (VICTOR, ALMA):
        for action in NEEDED:
            on_old = await case.line(agent, facts)
            by_it, by_none = await case.line(agent, facts, NEW), await case.line(agent, facts, NOBODYS)
            answers = [
                await act(agent, on_old, action, NEW),
                await act(agent, on_old, action, NOBODYS),
                await act(agent, by_it, action, NEW),
                await act(agent, by_none, action, NOBODYS),
            ]
            assert same(*answers)
            assert answers[0]["outcome"] == "withheld"
            assert answers[0]["due_by"] is None


async def test_29_under_duress_it_is_accepted_and_queues_for_tier_3(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    free, forced = [await case.verified(agent, ALMA, secret) for secret in (PASSCODE, DURESS)]
    assert same(await act(agent, free), await act(agent, forced))
    assert [each["view"] for each in await events(case, "action.attempted.v1")] == ["held", "shown"]
    assert {each["route"] for each in await waiting(case, "agent", 3)} == {"tier_3"}


async def test_29_what_was_ordinary_is_tier_3s_once_somebody_is_protected(case: Case) -> None:
    agent = case.service.by("agent")
    assert (await act(agent, await case.line(agent, VICTOR), details="both"))["outcome"] == "accepted"
    (found,) = await waiting(case, "back_office")
    office, safety = case.service.by("back_office"), case.service.by("agent", tier=3, sub="safety-9")
    assert (await office.get(f"/v1/actions/{found['decision_id']}")).json()["details"] == "both"
    await case.protect()
    # Nothing of that shows in the list, nor to who has it: it is as with any that a colleague has.
    assert await waiting(case, "back_office") == [found]
    assert {each["route"] for each in await waiting(case, "agent", 3)} == {"tier_3"}
    path = f"/v1/actions/{found['decision_id']}"
    assert (await office.get(path)).json()["route"] == "ordinary"
    case.service.clock.ahead = timedelta(minutes=31)
    problem(await office.get(path), 409, "with_a_colleague")
    problem(await office.post(f"{path}/done", {"result": "done"}), 409, "with_a_colleague")
    problem(await agent.post(f"{path}/done", {"result": "done"}), 404, "unknown_action")
    assert (await safety.made(f"{path}/done", {"result": "not_done", "words": "asked her"}))["result"] == "not_done"
    assert await waiting(case, "agent", 3) == []
    problem(await safety.post(f"{path}/done", {"result": "done"}), 404, "unknown_action")


async def test_30_that_is_wrong_stops_the_front_line_and_transfers(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    await case.fled()
    await case.reissue("")
    agent = case.service.by("agent")
    stops, afterwards, line = [], [], ""
    # She rings without her passcode, with her new locator and with her old one; and so does anybody else.
    for account, locator in ((case, NEW), (case, OLD), (ordinary, OLD), (ordinary, NOBODYS)):
        line = await case.line(agent, None)
        offered = {"locator": locator} if locator != OLD else {"account_id": account.account}
        await agent.made(f"{line}/bind", {**offered, "facts": ALMA})
        assert leaks(await question(agent, line)) == []
        stops.append(await agent.made(f"{line}/dispute", {"words": "that is wrong, I do not fly from Heathrow"}))
        afterwards.append(
            [
                await question(agent, line),
                await question(agent, line, locator),
                await act(agent, line, "check_in"),
                await dial(agent, line),
                words((await agent.get(f"{line}/bookings")).json()),
            ]
        )
    assert same(*stops)
    assert stops[0]["next_step"] == "transfer"
    for number in range(5):
        assert same(*(each[number] for each in afterwards))
        assert afterwards[0][number]["next_step"] == "transfer"
    assert all(each["outcome"] == "withheld" for each in afterwards[1][:4])
    disputed = [each for each in await events(case, "disclosure.attempted.v1") if each["rules"] == ["disputed"]]
    assert len(disputed) == 2 * 4  # two questions, a dial and a list, on each of the two contacts about her account
    # Not even with the passcode, until somebody else has looked.
    assert (await agent.made(f"{line}/verifications", {"passcode": "anything at all"}))["next_step"] == "ask_passcode"
    hers = await on(case, agent, ALMA, PASSCODE)
    assert leaks(await ask(agent, hers, NEW))
    await agent.made(f"{hers}/dispute", {"words": "wrong"})
    assert await ask(agent, hers, NEW) is None
    assert await listed(agent, hers) == []
    for wrong in (agent, case.service.by("agent", tier=2), case.service.by("back_office")):
        problem(await wrong.post(f"{hers}/dispute/resolve", {}), 403, "forbidden")
    itself = case.service.by("agent", tier=3)
    problem(await itself.post(f"{hers}/dispute/resolve", {}), 409, "another_person")
    other = case.service.by("agent", tier=3, sub="safety-9")
    await other.made(f"{hers}/dispute/resolve", {"words": "read from her new record"})
    assert leaks(await ask(agent, hers, NEW))
    problem(await other.post(f"{hers}/dispute/resolve", {}), 409, "not_disputed")


async def test_30_a_dispute_goes_along_when_the_contact_is_transferred(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, ALMA)
    await agent.made(f"{line}/dispute", {"words": "wrong"})
    offer = {"to": {"kind": "agent", "name": "agent-9"}, "reason": "she says it is wrong"}
    offered = await agent.post(f"{line}/transfer", offer)
    assert offered.status_code in (200, 201), offered.text
    receiver = case.service.by("agent", sub="agent-9")
    taken = await receiver.post("/v1/transfers/take", {"code": offered.json()["code"]})
    assert taken.status_code in (200, 201), taken.text
    on = f"/v1/interactions/{taken.json()['interaction_id']}"
    assert (await question(receiver, on))["next_step"] == "transfer"
    safety = case.service.by("agent", sub="safety-9", tier=3)
    await safety.made(f"{on}/dispute/resolve", {})
    assert (await question(receiver, on))["outcome"] == "disclosed"


async def test_30_saying_it_to_another_lets_nobody_to_whom_it_was_said_resolve_it(case: Case) -> None:
    first, second = case.service.by("agent", sub="sup-1", tier=3), case.service.by("agent", sub="junior-1")
    line = await case.line(first, ALMA)
    await first.made(f"{line}/dispute", {"words": "wrong"})
    offer = {"to": {"kind": "agent", "name": "junior-1"}, "reason": "x"}
    code = (await first.made(f"{line}/transfer", offer))["code"]
    on = f"/v1/interactions/{(await second.made('/v1/transfers/take', {'code': code}))['interaction_id']}"
    await second.made(f"{on}/dispute", {"words": "again"})
    problem(await first.post(f"{on}/dispute/resolve", {}), 409, "another_person")
    await case.service.by("agent", sub="safety-9", tier=3).made(f"{on}/dispute/resolve", {})
    assert (await question(second, on))["outcome"] == "disclosed"


async def test_24_what_is_left_over_from_another_contact_is_answered_with_nothing(case: Case) -> None:
    other = await Case.opened(case.service)
    await other.imported({**OLD_TRIP, "locators": [{"code": "OTHERS"}]}, {"t1": other.alma, "t2": other.victor})
    agent, colleague = case.service.by("agent"), case.service.by("agent", sub="agent-2")
    line = await on(case, agent, VICTOR)
    fresh = await question(agent, line)
    assert fresh["outcome"] == "disclosed"

    async def nothing(calls: Calls, at: str, **what: str) -> None:
        asked = await question(calls, at, **{"locator": "", **what})
        assert same(asked, neutral)
        assert (await act(calls, at, **{"locator": "", **what}))["outcome"] == "withheld"
        dialled = await dial(calls, at, **{"locator": "", **what})
        assert (dialled["outcome"], dialled["dial"], dialled["say"]) == ("withheld", None, neutral["say"])

    neutral = await question(agent, line, NOBODYS)
    await nothing(agent, line, locator=NOBODYS)
    await nothing(agent, line, locator="OTHERS")  # the previous caller's locator, and his booking
    await nothing(agent, line, booking_id=other.booking)
    await nothing(agent, line, booking_id="0" * 32)
    await nothing(colleague, line, locator=OLD)  # another agent's interaction
    assert (await colleague.get(f"{line}/bookings")).json()["bookings"] == []
    left = await case.line(agent, VICTOR)
    await agent.made(f"{left}/close")
    await nothing(agent, left, locator=OLD)  # closed
    assert (await agent.get(f"{left}/bookings")).json()["bookings"] == []
    case.service.clock.ahead = timedelta(hours=9)
    await nothing(agent, line, locator=OLD)  # expired
    recorded = [
        each["rules"]
        for each in (*await events(case, "disclosure.attempted.v1"), *await events(case, "action.attempted.v1"))
        if each["outcome"] == "withheld"
    ]
    assert recorded
    assert all(rules == ["stale-context"] for rules in recorded)


async def test_24_a_number_to_dial_follows_from_this_contact(case: Case) -> None:
    dealers = [
        {"role": "dealer", "name": f"Dealer {place}", "phone": f"+1206555{number:04}", "place": place}
        for number, place in enumerate(("98101", "10001"))
    ]
    one = {**OLD_TRIP, "suppliers": dealers}
    await case.imported(one, {"t1": case.alma, "t2": case.victor}, case.booking)
    agent = case.service.by("agent")
    line = await case.line(agent, None)
    await agent.made(f"{line}/bind", {"locator": OLD, "facts": VICTOR, "place": "981 01"})
    found = await dial(agent, line, "dealer")
    assert found["dial"] == dealers[0]
    assert (await dial(agent, line, "dealer", place="98101"))["dial"] == dealers[0]
    # The last search's place is none of this contact, whether a dealer is there or not.
    stale = [await dial(agent, line, "dealer", place=place) for place in ("10001", "60601")]
    assert same(*stale, await dial(agent, line, "dealer", NOBODYS), await dial(agent, line, "hotel"))
    assert stale[0]["outcome"] == "withheld"
    rules = [each["rules"] for each in await events(case, "disclosure.attempted.v1") if each["asked"] == "dial"]
    assert rules[2:] == [["stale-context"], ["stale-context"], ["stale-context"], ["no-such-supplier"]]
    # Of two, none is guessed.
    nowhere = await case.line(agent, VICTOR)
    assert (await dial(agent, nowhere, "dealer"))["dial"] is None


async def test_24_a_number_to_dial_for_a_protected_booking_is_its_shown_views(case: Case) -> None:
    agent = case.service.by("agent")
    before = await dial(agent, await case.line(agent, VICTOR))
    await case.fled()
    assert same(before, await dial(agent, await case.line(agent, VICTOR)))
    assert before["dial"]["name"] == "SHOWNQXHOTEL"
    his = await case.line(agent, VICTOR)
    assert same(await dial(agent, his, locator=NEW), await dial(agent, his, locator=NOBODYS))
    hers = await case.verified(agent, ALMA, PASSCODE)
    assert (await dial(agent, hers, locator=NEW))["dial"]["name"] == "HELDQXHOTEL"
    joined = (await agent.made(f"{hers}/listeners", {"kind": "third_party"}))["listener_id"]
    assert (await dial(agent, hers, locator=NEW))["dial"] is None
    await agent.send("DELETE", f"{hers}/listeners/{joined}")
    assert (await dial(agent, hers, locator=NEW))["outcome"] == "disclosed"


async def test_23_a_third_party_hears_more_where_the_caller_consents_and_it_is_his(case: Case) -> None:
    his_own = {
        **NEW_TRIP,
        "travellers": [{"subjects": ["t1"], "surname": "Hale", "given_name": "Victor"}],
        "locators": [{"code": "HISOWN"}],
    }
    await case.imported(his_own, {"t1": case.victor})
    await case.his_passcode()
    agent = case.service.by("agent")
    for secret, opened in ((HIS, True), ("", False)):
        line = await case.line(agent, VICTOR, "HISOWN")
        if secret:
            assert (await agent.made(f"{line}/verifications", {"passcode": secret}))["accepted"]
        dealer = (await agent.made(f"{line}/listeners", {"kind": "third_party"}))["listener_id"]
        other = (await agent.made(f"{line}/listeners", {"kind": "colleague", "declared": True}))["listener_id"]
        narrow = await question(agent, line, "HISOWN", purpose="operations")
        said = await agent.made(f"{line}/consents", {"listener_id": dealer, "classes": ["I"]})
        assert said["say"] == "Thank you. I will see what I may tell you both."
        wide = await question(agent, line, "HISOWN", purpose="operations")
        if not opened:
            assert same(narrow, wide)
            continue
        assert narrow["document"]["segments"] == narrow["document"]["contacts"] == []
        assert [each["origin"] for each in wide["document"]["segments"]] == ["LGW"]
        assert wide["document"]["contacts"] == wide["document"]["payments"] == []  # for no field he did not name
        await agent.made(f"{line}/consents", {"listener_id": dealer, "classes": []})
        assert same(narrow, await question(agent, line, "HISOWN", purpose="operations"))
        await agent.made(f"{line}/consents", {"listener_id": dealer, "classes": ["I"]})
        await agent.made(f"{line}/bind", {"locator": "HISOWN", "facts": VICTOR})  # a new binding ends it
        assert same(narrow, await question(agent, line, "HISOWN", purpose="operations"))
        problem(await agent.post(f"{line}/consents", {"listener_id": "nobody", "classes": ["I"]}), 422)
        problem(await agent.post(f"{line}/consents", {"listener_id": "caller", "classes": ["I"]}), 422, "own_consent")
        await agent.send("DELETE", f"{line}/listeners/{other}")


async def test_23_a_protected_party_consents_and_nothing_held_is_opened_by_it(case: Case) -> None:
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    for secret in (PASSCODE, DURESS):
        line = await case.verified(agent, ALMA, secret)
        guest = (await agent.made(f"{line}/listeners", {"kind": "customer", "facts": VICTOR}))["listener_id"]
        before = await question(agent, line)
        await agent.made(f"{line}/consents", {"listener_id": guest, "classes": [*CLASSES]})
        after = await question(agent, line)
        assert leaks(before) == leaks(after) == []
        assert await ask(agent, line, NEW) is None
        assert leaks(await listed(agent, line)) == []


async def test_31_an_action_from_before_the_protection_asked_for_again_with_its_key(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    body = {"action": "cancel", "locator": OLD}
    before = (await agent.post(f"{line}/actions", body, Idempotency_Key="k")).json()
    await case.fled()
    again = await agent.post(f"{line}/actions", body, Idempotency_Key="k")
    assert again.json() == before  # decided anew and done once; that it is tier 3's now nobody can see
    assert "idempotency-replayed" not in again.headers
    assert [each["route"] for each in await waiting(case, "agent", 3)] == ["tier_3"]
    (found,) = await waiting(case, "back_office")  # it is listed as before, and given to nobody
    problem(await case.service.by("back_office").get(f"/v1/actions/{found['decision_id']}"), 409, "with_a_colleague")
    # Every time it was asked is on record; what is true no more is not said again.
    await agent.made(f"{line}/dispute", {"words": "wrong"})
    after = (await agent.post(f"{line}/actions", body, Idempotency_Key="k")).json()
    assert words(after) == words((await agent.post(f"{line}/actions", body, Idempotency_Key="k2")).json())
    assert (after["outcome"], after["next_step"]) == ("withheld", "transfer")
    await agent.made(f"{line}/close")
    assert (await agent.post(f"{line}/actions", body, Idempotency_Key="k")).json()["outcome"] == "withheld"
    attempts = await events(case, "action.attempted.v1")
    assert [(each["outcome"], each["repeats"]) for each in attempts][:3] == [
        ("accepted", ""),
        ("accepted", before["decision_id"]),
        ("withheld", ""),
    ]
    assert len(await waiting(case, "agent", 3)) == 1


async def test_31_what_was_withheld_is_accepted_with_the_same_key_once_it_may_be_and_waits_once(case: Case) -> None:
    await case.his_passcode()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    body = {"action": "cancel", "locator": OLD}
    assert (await agent.post(f"{line}/actions", body, Idempotency_Key="k")).json()["outcome"] == "withheld"
    assert (await agent.made(f"{line}/verifications", {"passcode": HIS}))["accepted"]
    answers = [(await agent.post(f"{line}/actions", body, Idempotency_Key="k")).json() for _ in range(3)]
    assert answers[0]["outcome"] == "accepted"
    assert same(*answers)
    assert [each["decision_id"] for each in await waiting(case, "agent", 3)] == [answers[0]["decision_id"]]


@pytest.mark.parametrize("known", [True, False])
async def test_a_mistake_is_thanked_for_and_recorded_about_the_account(case: Case, known: bool) -> None:  # noqa: FBT001 - a case of the test
    # Known or not, the words are the same; who reports it is whose contact it was, long after it was over.
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR, OLD if known else NOBODYS)
    asked = await question(agent, line)
    await agent.made(f"{line}/close")
    problem(await case.service.by("agent", sub="agent-2").post(f"{line}/mistake", {"said": "x"}), 409, "another_agents")
    said = await agent.made(f"{line}/mistake", {"said": "I read it all out", "decision_id": asked["decision_id"]})
    assert said.keys() == {"thanks", "what_happens"}
    assert "blamed" in said["thanks"]
    found = await events(case, "mistake.reported.v1")
    assert [each["decision_id"] for each in found] == ([asked["decision_id"]] if known else [])
    assert "read it all" not in str(found)
