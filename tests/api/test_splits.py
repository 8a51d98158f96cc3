"""Splits over HTTP: their checks, the life of both views, the difference between them, and how fresh they are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.desk.clock import wall
from tests.api.problem import problem
from tests.calling import Calls, Service, serving
from tests.case import ALMA, HIS, LIFE, PASSCODE, VICTOR, Case, ask, words
from tests.trips import CLASSES, FORMAT, NEW, NEW_TRIP, NOBODYS, OLD, OLD_TRIP, leaks

NO_ID = "0" * 32
OLD_FLIGHT = {"carrier": "ZZ", "flight": "SHOWNQXFLIGHT", "date": "2031-03-14"}
NEW_FLIGHT = {"carrier": "ZZ", "flight": "HELDQXFLIGHT", "date": "2031-03-11"}
DECLARED = {"life": LIFE, "reason": "reissued on a new record"}
EVERY_CHECK = [
    "new_locator",
    "safety_office_only",
    "ordinary_sign_on",
    "queues_and_copies",
    "airline_site",
    "cross_reference",
    "contact_elements",
    "loyalty_account",
    "statement",
    "calendar_feeds",
    "receipts",
]


def supervisor(service: Service, name: str = "safety") -> Calls:
    return service.by("agent", sub=name, tier=3)


async def reissued(case: Case) -> Case:
    """She is protected, and her ticket is another one."""
    await case.protect()
    await case.reissue()
    return case


async def declared(case: Case, **more: Any) -> dict[str, Any]:
    return await supervisor(case.service).made(f"/v1/bookings/{case.booking}/split", {**DECLARED, **more})


async def found(case: Case, check: str, result: str = "closed", by: str = "safety") -> Any:
    body = {"check": check, "result": result, "words": "CHECKWORDS"}
    return await supervisor(case.service, by).post(f"/v1/bookings/{case.booking}/checks", body)


async def split(case: Case) -> dict[str, Any]:
    response = await supervisor(case.service).get(f"/v1/bookings/{case.booking}/split")
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


async def status(case: Case, what: str, booking: str = "", **flight: str) -> dict[str, Any]:
    path = f"/v1/bookings/{booking or case.booking}/flight-status"
    return await case.service.by("back_office").made(path, {**OLD_FLIGHT, "what": what, **flight})


async def refreshed(case: Case, document: Any, booking: str = "") -> dict[str, Any]:
    body = {"format": FORMAT, "document": document}
    return await case.service.by("back_office").made(f"/v1/bookings/{booking or case.booking}/refresh", body)


async def question(calls: Calls, line: str, locator: str = OLD) -> dict[str, Any]:
    body = {"classes": CLASSES, "locator": locator}
    answer: dict[str, Any] = (await calls.post(f"{line}/disclosures", body)).json()
    return answer


# --- checks ----------------------------------------------------------------------------------------------------------


async def test_a_split_lists_every_way_out_with_an_owner_and_a_due_time(case: Case) -> None:
    await case.fled()
    made = await declared(case, owners={"loyalty_account": "loyalty-desk"})
    assert made == await split(case)
    assert (made["status"], [each["check"] for each in made["checks"]]) == ("open", EVERY_CHECK)
    assert {each["standing"] for each in made["checks"]} == {"open"}
    owners = {each["check"]: each["owner"] for each in made["checks"]}
    assert (owners["new_locator"], owners["loyalty_account"]) == ("safety", "loyalty-desk")
    assert owners["ordinary_sign_on"] not in ("", "safety")
    assert all(each["since"] < each["due_at"] for each in made["checks"])
    assert made["undone"][0] == "new_locator"
    assert made["unlike"] == []


async def test_the_list_follows_from_what_the_documents_have(case: Case) -> None:
    bare = {name: OLD_TRIP[name] for name in ("status", "travellers", "segments", "tickets")} | {
        "locators": OLD_TRIP["locators"][:1]
    }
    await case.imported(bare, {"t1": case.alma, "t2": case.victor}, case.booking)
    await case.protect()
    lacking = {"cross_reference", "contact_elements", "loyalty_account", "statement"}
    made = await declared(case)
    assert [each["check"] for each in made["checks"]] == [each for each in EVERY_CHECK if each not in lacking]
    # Nothing is reissued yet: what is held is found by the locator that is shown.
    assert {each["check"] for each in made["checks"] if each["standing"] == "failed"} == {"new_locator"}
    problem(await found(case, "loyalty_account"), 422, "unknown_check", "check")
    problem(await found(case, "new_locator"), 409, "still_linked")


async def test_a_split_is_open_until_every_check_is_closed(case: Case) -> None:
    await case.fled()
    await declared(case)
    problem(await found(case, "ordinary_sign_on"), 409, "another_person")
    for check in EVERY_CHECK:
        before = await split(case)
        assert (before["status"], check in before["undone"]) == ("open", True)
        answer = await found(case, check, "failed", by="somebody else")
        assert answer.json()["checks"] == (await split(case))["checks"]
        assert check in answer.json()["undone"]
        after = (await found(case, check, by="somebody else")).json()
        row = next(each for each in after["checks"] if each["check"] == check)
        assert (row["standing"], row["by"]) == ("closed", "somebody else")
    assert ((await split(case))["status"], (await split(case))["undone"]) == ("closed", [])


async def test_a_new_held_document_reopens_the_checks_that_it_touches(case: Case) -> None:
    await case.fled()
    await declared(case)
    for check in EVERY_CHECK:
        assert (await found(case, check, by="another")).status_code == 200
    loyalty = {**NEW_TRIP, "loyalty": [{**NEW_TRIP["loyalty"][0], "number": "OTHER"}]}
    await case.imported(loyalty, {"t1": case.alma}, case.booking)
    assert (await split(case))["undone"] == ["loyalty_account"]
    linked = {**loyalty, "locators": [*loyalty["locators"], *OLD_TRIP["locators"][:1]]}
    await case.imported(linked, {"t1": case.alma}, case.booking)
    now = await split(case)
    touched = {"new_locator", "safety_office_only", "ordinary_sign_on", "queues_and_copies", "airline_site"}
    assert set(now["undone"]) == touched | {"cross_reference", "loyalty_account"}
    assert [each["check"] for each in now["checks"] if each["standing"] == "failed"] == ["new_locator"]
    await case.imported(linked, {"t1": case.alma}, case.booking)  # the same again touches nothing
    assert await split(case) == now


async def test_splits_are_listed_while_they_are_open_and_when_they_are_overdue(case: Case) -> None:
    safety = supervisor(case.service)

    async def listed(status: str) -> list[str]:
        answer = (await safety.get(f"/v1/splits?status={status}")).json()
        assert answer["total"] == len(answer["splits"])
        return [each["booking_id"] for each in answer["splits"]]

    await case.fled()
    assert await listed("open") == await listed("overdue") == []
    await declared(case)
    other = await reissued(await Case.opened(case.service))
    case.service.clock.ahead = timedelta(hours=1)
    await declared(other)
    assert await listed("open") == [case.booking, other.booking]
    assert await listed("overdue") == []
    case.service.clock.ahead = timedelta(hours=2, minutes=30)
    assert await listed("overdue") == [case.booking]
    assert [each["check"] for each in (await split(case))["checks"] if each["overdue"]] == [
        "new_locator",
        "safety_office_only",
    ]
    for check in EVERY_CHECK:
        assert (await found(case, check, by="another")).status_code == 200
    assert await listed("open") == [other.booking]
    assert await listed("overdue") == []
    problem(await safety.get("/v1/splits?status=closed"), 422, "bad_query")


async def test_what_a_split_refuses(case: Case) -> None:
    safety, path = supervisor(case.service), f"/v1/bookings/{case.booking}"
    problem(await safety.get(f"{path}/split"), 404, "unknown_split", "booking_id")
    problem(await safety.get(f"/v1/bookings/{NO_ID}/split"), 404, "unknown_booking", "booking_id")
    problem(await safety.get(f"/v1/bookings/{NO_ID}/difference"), 404, "unknown_booking", "booking_id")
    problem(await found(case, "statement"), 404, "unknown_split", "booking_id")
    await case.fled()
    own = {**DECLARED, "owners": {"ordinary_sign_on": "safety"}}
    problem(await safety.post(f"{path}/split", own), 409, "another_person", "owners.ordinary_sign_on")
    await declared(case)
    problem(await found(case, "weather"), 422, "bad_body")
    for agent in (case.service.by("agent", tier=1), case.service.by("agent", tier=2), case.service.by("back_office")):
        problem(await agent.get(f"{path}/split"), 403)
        problem(await agent.get(f"{path}/difference"), 403)
        problem(await agent.get("/v1/splits"), 403)
    problem(await safety.post(f"{path}/refresh", {"format": FORMAT, "document": OLD_TRIP}), 403)
    problem(await safety.post(f"{path}/flight-status", {**OLD_FLIGHT, "what": "departure"}), 403)


# --- difference ------------------------------------------------------------------------------------------------------


async def test_the_difference_is_paths_and_classes_and_no_value(case: Case) -> None:
    safety, path = supervisor(case.service), f"/v1/bookings/{case.booking}/difference"
    alone = (await safety.get(path)).json()
    assert (alone["parted"], alone["differing"]) == (False, [])
    await case.fled()
    answer = await safety.get(path)
    rows = {each["path"]: each["field_class"] for each in answer.json()["differing"]}
    assert (rows["segments/0/origin"], rows["locators/0/code"], rows["travellers/1"]) == ("I", "L", "P")
    assert leaks(answer.text) == []
    assert "SHOWNQX" not in answer.text


# --- life ------------------------------------------------------------------------------------------------------------


async def test_the_shown_view_follows_the_public_status_of_its_own_flights(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    his, hers = await case.line(agent, VICTOR), await case.verified(agent, ALMA, PASSCODE)
    truth = await ask(agent, hers, NEW)
    moved = {"departs_at": "2031-03-14T11:20", "arrives_at": "2031-03-14T19:00"}
    await status(case, "schedule_change", **moved)
    (segment,) = (await ask(agent, his))["segments"]
    assert (segment["departs_at"], segment["arrives_at"], segment["status"]) == (*moved.values(), "TK")
    assert await ask(agent, hers, NEW) == truth
    shown = await ask(agent, his)
    await status(case, "departure", **NEW_FLIGHT)
    assert await ask(agent, his) == shown
    assert (await ask(agent, hers, NEW))["segments"][0]["status"] == "departed"
    await status(case, "departure")
    assert (await ask(agent, his))["segments"][0]["departs_at"] == moved["departs_at"]
    assert (await ask(agent, his))["segments"][0]["status"] == "departed"


@pytest.mark.parametrize("what", ["schedule_change", "cancellation", "check_in", "departure", "refund"])
async def test_an_ordinary_booking_meets_the_same_fate_from_the_same_public_status(service: Service, what: str) -> None:
    ordinary, protected, frozen = [await Case.opened(service) for _ in range(3)]
    await reissued(protected)
    await reissued(frozen)
    await declared(protected)
    agent = service.by("agent")
    answers = []
    for case in (ordinary, protected, frozen):
        await status(case, what, departs_at="2031-03-14T11:20")
        line = await case.line(agent, None)
        await agent.made(f"{line}/bind", {"account_id": case.account, "facts": VICTOR})
        listed = (await agent.get(f"{line}/bookings")).json()
        documents = [each["document"] for each in listed["bookings"]]
        answers.append((words(await question(agent, line)), documents, listed["say"], listed["next_step"]))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0]["document"]["segments"][0]["departs_at"] == "2031-03-14T11:20"
    assert answers[0][0]["next_step"] == ("transfer" if what in ("cancellation", "refund") else "read_answer")


async def test_a_shown_view_that_withholds_answers_like_an_unknown_one_and_one_that_keeps_as_before(
    case: Case,
) -> None:
    await case.fled()
    made = await declared(case, life={**LIFE, "departure": "withhold", "schedule_change": "keep"})
    assert made["unlike"] == ["schedule_change", "departure"]
    agent = case.service.by("agent")
    his, hers = await case.line(agent, VICTOR), await case.verified(agent, ALMA, PASSCODE)
    before = await question(agent, his)
    await status(case, "schedule_change", departs_at="2031-03-14T11:20")
    assert words(await question(agent, his)) == words(before)
    truth = await ask(agent, hers, NEW)
    await status(case, "departure")
    assert words(await question(agent, his)) == words(await question(agent, his, NOBODYS))
    assert (await agent.get(f"{his}/bookings")).json()["bookings"] == []
    after = await ask(agent, hers, NEW)
    assert after["segments"] == truth["segments"]
    # What is hers she hears as held; of him, who was told as shown, nothing any more.
    assert [each["surname"] for each in truth["travellers"]] == ["Grey", "Hale"]
    assert [each["surname"] for each in after["travellers"]] == ["Grey"]
    # A split that is declared anew, with something to show, shows it.
    await declared(case, format=FORMAT, document=OLD_TRIP)
    assert words(await question(agent, his)) == words(before)


async def test_a_view_that_keeps_parts_from_the_truth_though_nothing_was_reissued(case: Case) -> None:
    await case.protect()
    assert (await case.choose()).status_code == 200
    await declared(case, life={**LIFE, "schedule_change": "keep"})
    agent = case.service.by("agent")
    his, hers = await case.line(agent, VICTOR), await case.verified(agent, ALMA, PASSCODE)
    await status(case, "schedule_change", departs_at="2031-03-14T11:20")
    assert (await ask(agent, his))["segments"][0]["departs_at"] == "2031-03-14T09:35"
    assert (await ask(agent, hers))["segments"][0]["departs_at"] == "2031-03-14T11:20"


async def test_what_a_flight_status_refuses(case: Case) -> None:
    office, path = case.service.by("back_office"), f"/v1/bookings/{case.booking}/flight-status"
    body = {**OLD_FLIGHT, "what": "departure"}
    problem(await office.post(f"/v1/bookings/{NO_ID}/flight-status", body), 404, "unknown_booking", "booking_id")
    problem(await office.post(path, {**body, "what": "weather"}), 422, "bad_body")
    problem(await office.post(path, {**body, "departs_at": "tomorrow"}), 422, "bad_body")


# --- his own cancelled ticket ----------------------------------------------------------------------------------------


def cancelled_for(*refs: str) -> Any:
    """What is held when these travellers' own seats on the old flight were given back, and hers is another one."""
    about = {"t1": NEW_TRIP["segments"][0], "t2": OLD_TRIP["segments"][0]}
    segments = [{**about[ref], "subjects": [ref], "status": "HX" if ref in refs else "HK"} for ref in about]
    return {**NEW_TRIP, "travellers": OLD_TRIP["travellers"], "segments": segments}


async def exception(case: Case, by: str, until: str = "2026-12-20", party: str = "") -> Any:
    body = {"party_id": party or case.victor, "until": until, "words": "until she has landed"}
    return await supervisor(case.service, by).post(f"/v1/bookings/{case.booking}/exceptions", body)


def a_day(case: Case, days: int) -> str:
    return f"{(wall() + case.service.clock.ahead + timedelta(days=days)):%Y-%m-%d}"


async def test_nobody_is_told_that_his_own_cancelled_ticket_is_valid_but_by_name_and_until_a_date(case: Case) -> None:
    both = {"t1": case.alma, "t2": case.victor}
    await case.protect()
    await case.imported(cancelled_for("t1"), both, case.booking)
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    before = await question(agent, line)
    assert before["outcome"] == "disclosed"  # hers is cancelled: it is shown for her sake
    await case.imported(cancelled_for("t2"), both, case.booking)
    assert words(await question(agent, line)) == words(await question(agent, line, NOBODYS))
    until = a_day(case, 3)
    problem(await exception(case, "one", until, NO_ID), 422, "unknown_party", "party_id")
    problem(await exception(case, "one", a_day(case, -3)), 422, "bad_until", "until")
    problem(await exception(case, "one", a_day(case, 200)), 422, "bad_until", "until")
    problem(await exception(case, "one", "2026-02-31"), 422, "bad_until", "until")
    asked = (await exception(case, "one", until)).json()
    assert (asked["status"], asked["party_id"]) == ("asked", case.victor)
    assert (await question(agent, line))["outcome"] == "withheld"
    problem(await exception(case, "one", until), 409, "another_person")
    assert (await exception(case, "two", until)).json()["status"] == "approved"
    problem(await exception(case, "three", until), 409, "confirmed_already")
    assert words(await question(agent, line)) == words(before)
    case.service.clock.ahead = timedelta(days=4, minutes=1)
    line = await case.line(agent, VICTOR)
    assert (await question(agent, line))["outcome"] == "withheld"
    await case.imported(NEW_TRIP, {"t1": case.alma}, case.booking)  # what is held says nothing of him any more
    line = await case.line(agent, VICTOR)  # bound by a locator that was not shown, nobody was taken for him
    assert words(await question(agent, line)) == words(before)


async def test_a_ticket_cancelled_on_a_record_that_is_not_held_is_named_when_the_split_is_declared(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    assert (await question(agent, line))["outcome"] == "disclosed"
    await declared(case, cancelled_party_ids=[case.victor])
    assert (await question(agent, line))["outcome"] == "withheld"
    until = a_day(case, 3)
    for name in ("one", "two"):
        assert (await exception(case, name, until)).status_code == 201
    assert (await question(agent, line))["outcome"] == "disclosed"


async def test_a_flight_that_ended_is_not_kept_as_valid(case: Case) -> None:
    await case.fled()
    await declared(case, life={**LIFE, "cancellation": "keep"})
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    assert (await question(agent, line))["outcome"] == "disclosed"
    await status(case, "cancellation")
    assert (await question(agent, line))["outcome"] == "withheld"


async def test_an_adverse_party_learns_by_no_fate_who_is_not_on_it_any_more(case: Case) -> None:
    # A booking that he holds alone by now: with nothing shown, what is held would say that she is gone.
    await case.his_passcode()
    await case.protect()
    his = {**NEW_TRIP, "travellers": [OLD_TRIP["travellers"][1]]}
    his = {name: [{k: v for k, v in row.items() if k != "subjects" or name == "travellers"} for row in rows]
           if isinstance(rows, list) else rows for name, rows in his.items()}  # fmt: skip
    await case.imported(his, {"t2": case.victor}, case.booking)
    await declared(case, life={**LIFE, "departure": "withhold"})
    agent = case.service.by("agent")
    line = await case.verified(agent, VICTOR, HIS)
    assert leaks(await ask(agent, line)) == []
    await status(case, "departure")
    assert await ask(agent, line) is None
    assert (await agent.get(f"{line}/bookings")).json()["bookings"] == []


# --- freshness -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def limited(tmp_path: Path) -> Any:
    async with serving(tmp_path / "home", WATCHWORD_FRESH_HOURS="watchword=6") as service:
        yield service


async def test_both_views_are_stale_at_once_and_as_an_ordinary_one_of_the_same_age(limited: Service) -> None:
    ordinary, case = await Case.opened(limited), await Case.opened(limited)
    await case.fled()
    agent = limited.by("agent")

    async def asked() -> list[Any]:
        answers = []
        for each in (ordinary, case):
            line = await each.line(agent, None)
            await agent.made(f"{line}/bind", {"account_id": each.account, "facts": VICTOR})
            answers.append(await question(agent, line))
        hers = await case.verified(agent, ALMA, PASSCODE, NEW)
        return [*answers, await question(agent, hers, NEW)]

    limited.clock.ahead = timedelta(hours=5)
    await case.reissue()  # under protection a newer truth is not what is shown: it makes nothing fresher
    assert [each["outcome"] for each in await asked()] == ["disclosed"] * 3
    limited.clock.ahead = timedelta(hours=6, minutes=1)
    stale = await asked()
    assert [each["outcome"] for each in stale] == ["withheld"] * 3
    assert words(stale[0]) == words(stale[1]) == words(stale[2])
    assert (await refreshed(ordinary, OLD_TRIP))["changed"] is False
    assert (await refreshed(case, NEW_TRIP))["changed"] is False
    fresh = await asked()
    assert [each["outcome"] for each in fresh] == ["disclosed"] * 3
    assert words(fresh[0]) == words(fresh[1])
    limited.clock.ahead = timedelta(hours=12, minutes=2)
    assert [each["outcome"] for each in await asked()] == ["withheld"] * 3


async def test_the_as_of_moves_with_a_refresh_and_with_nothing_that_becomes_of_the_truth(case: Case) -> None:
    agent, clock = case.service.by("agent"), case.service.clock
    his = await case.line(agent, VICTOR)
    first = (await question(agent, his))["as_of"]
    assert first.endswith("+00:00")
    assert (await question(agent, his, NOBODYS))["as_of"] is None
    clock.ahead = timedelta(minutes=10)
    await case.fled()
    hers = await case.verified(agent, ALMA, PASSCODE)
    assert (await question(agent, his))["as_of"] == first == (await question(agent, hers, NEW))["as_of"]
    assert (await refreshed(case, NEW_TRIP)) == {
        "booking_id": case.booking, "changed": False, "held_version": 2, "stale": False,
    }  # fmt: skip
    second = (await question(agent, his))["as_of"]
    assert first < second == (await question(agent, hers, NEW))["as_of"]
    clock.ahead = timedelta(minutes=20)
    changed = {**NEW_TRIP, "remarks": [{"kind": "OSI", "text": "something new"}]}
    assert (await refreshed(case, changed))["changed"] is True
    assert (await question(agent, his))["as_of"] > second
    listed = (await agent.get(f"{his}/bookings")).json()["bookings"]
    assert [each["as_of"] for each in listed] == [(await question(agent, his))["as_of"]]
    # What is shown instead is as of when it was declared, as if it had been imported then.
    clock.ahead = timedelta(minutes=30)
    third = (await question(agent, his))["as_of"]
    await declared(case, format=FORMAT, document=OLD_TRIP)
    assert (await question(agent, his))["as_of"] > third


async def test_what_names_no_traveller_is_nothing_new_once_somebody_is_protected(case: Case) -> None:
    await case.protect()
    assert (await refreshed(case, OLD_TRIP))["changed"] is False
    again = {**OLD_TRIP, "payments": [{**OLD_TRIP["payments"][0], "amount": "812.41"}]}
    assert (await refreshed(case, again))["changed"] is True


async def test_a_refresh_that_the_source_marks_stale_withholds_until_a_fresh_one(case: Case) -> None:
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    before = await question(agent, line)
    assert (await refreshed(case, {**OLD_TRIP, "stale": True}))["stale"]
    assert words(await question(agent, line)) == words(await question(agent, line, NOBODYS))
    assert not (await refreshed(case, OLD_TRIP))["stale"]
    assert words(await question(agent, line)) == words(before)
    problem(
        await case.service.by("back_office").post(
            f"/v1/bookings/{NO_ID}/refresh", {"format": FORMAT, "document": OLD_TRIP}
        ),
        404,
        "unknown_booking",
        "booking_id",
    )


# --- on record -------------------------------------------------------------------------------------------------------


async def test_a_restart_knows_all_of_it(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        case = await (await Case.opened(service)).fled()
        await declared(case)
        await found(case, "statement", by="another")
        await status(case, "schedule_change", departs_at="2031-03-14T11:20")
        before = await split(case)
        agent = service.by("agent")
        line = await case.line(agent, VICTOR)
        answer = await question(agent, line)
    async with serving(tmp_path / "home") as service:
        case.service = service
        assert await split(case) == before
        assert words(await question(service.by("agent"), line)) == words(answer)
