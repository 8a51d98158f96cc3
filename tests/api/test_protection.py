"""Protection over time, over HTTP: claims reviewed, days to look again, what is due, a safe contact mended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.problem import problem
from tests.calling import Service
from tests.case import ALMA, HIS_PHONE, PASSCODE, SAFE, Case
from tests.trips import NOBODYS

NO_ID = "0" * 32
TYPO = "+447700900990"
FAR = "2099-01-01"


def tier_3(case: Case, sub: str) -> Any:
    return case.service.by("agent", sub=sub, tier=3)


async def due(case: Case, within: int = 14) -> list[tuple[str, bool]]:
    answer = (await tier_3(case, "safety-1").get(f"/v1/protections/due?within_days={within}")).json()
    assert answer["more"] == 0
    found = answer["protections"]
    assert all(each["account_id"] == case.account for each in found)
    return [(each["why"], each["past"]) for each in found]


async def test_what_is_due_by_and_by(case: Case) -> None:
    assert await due(case) == []
    protection = await case.protect(confirmed=False)
    assert await due(case) == [("lapses", False)]
    case.service.clock.ahead = timedelta(hours=73)
    assert await due(case) == [("lapsed", True)]
    protection = await case.protect()
    assert await due(case, 366) == []
    renew = f"/v1/accounts/{case.account}/protection/renew"
    day = (await tier_3(case, "s").made(renew, {"protection_id": protection, "review_on": FAR}))["review_on"]
    assert day == FAR
    assert await due(case, 366) == []
    soon = str((case.service.clock() + timedelta(days=20)).date())
    await tier_3(case, "s").made(renew, {"protection_id": protection, "review_on": soon})
    assert await due(case) == []
    assert await due(case, 20) == [("review", False)]
    case.service.clock.ahead += timedelta(days=21)
    assert await due(case) == [("review", True)]
    await tier_3(case, "s").made(renew, {"protection_id": protection, "review_on": FAR})
    assert await due(case) == []


async def test_an_ending_is_due_too(case: Case) -> None:
    await case.fled()
    agent = case.service.by("agent")
    line = await case.verified(agent, ALMA, PASSCODE)
    await agent.made(f"{line}/protection/end", {})
    assert await due(case) == [("ending_asked", False)]
    token = (await case.message(SAFE, "confirm_link"))["token"]
    await case.service.by("").made("/v1/safe-contact/confirm", {"token": token})
    assert await due(case) == [("ends", False)]
    case.service.clock.ahead = timedelta(days=15)
    assert await due(case) == [("ended", True)]
    case.service.clock.ahead = timedelta(days=60)
    assert await due(case) == []


async def test_a_renewal_is_refused(case: Case) -> None:
    protection = await case.protect(confirmed=False)
    path, safety = f"/v1/accounts/{case.account}/protection/renew", tier_3(case, "s")
    for body, status, code, place in (
        ({"protection_id": protection, "review_on": "2031-02-30"}, 422, "bad_date", "review_on"),
        ({"protection_id": protection, "review_on": "2020-01-01"}, 422, "bad_date", "review_on"),
        ({"protection_id": NO_ID, "review_on": FAR}, 404, "unknown_protection", "protection_id"),
    ):
        problem(await safety.post(path, body), status, code, place)
    body = {"protection_id": protection, "review_on": FAR}
    problem(await safety.post(f"/v1/accounts/{NO_ID}/protection/renew", body), 404, "unknown_account", "account_id")
    case.service.clock.ahead = timedelta(hours=73)
    problem(await safety.post(path, body), 409, "lapsed")


async def test_a_review_takes_two_who_find_the_same_and_did_not_ask(case: Case) -> None:
    protection = await case.protect(confirmed=False, sub="asker")
    path = f"/v1/accounts/{case.account}/protection/review"

    def body(finding: str) -> dict[str, str]:
        return {"protection_id": protection, "finding": finding, "reason": "seen"}

    problem(await tier_3(case, "asker").post(path, body("upheld")), 409, "another_person")
    assert not (await tier_3(case, "s-1").made(path, body("not_upheld")))["settled"]
    problem(await tier_3(case, "s-1").post(path, body("not_upheld")), 409, "another_person")
    assert not (await tier_3(case, "s-2").made(path, body("upheld")))["settled"]
    assert (await tier_3(case, "s-1").made(path, body("upheld")))["settled"]  # who changed her mind has one voice
    problem(await tier_3(case, "s-3").post(path, body("upheld")), 409, "reviewed_already")
    problem(await tier_3(case, "s-3").post(path, body("not_upheld")), 409, "confirmed_already")
    case.service.clock.ahead = timedelta(days=9)
    assert await due(case) == []  # upheld is confirmed: it does not lapse
    problem(await tier_3(case, "s-3").post(path, {**body("upheld"), "protection_id": NO_ID}), 404)


async def test_what_came_with_a_claim_that_was_not_upheld_proves_nothing_in_a_later_one(case: Case) -> None:
    false = await case.protect(confirmed=False, safe=HIS_PHONE, sub="fooled")
    path = f"/v1/accounts/{case.account}/protection/review"
    for name in ("s-1", "s-2"):
        body = {"protection_id": false, "finding": "not_upheld", "reason": "it was not she"}
        await tier_3(case, name).made(path, body)
    true = await case.protect()
    assert true != false
    agent = case.service.by("agent")
    assert [each["to_value"] for each in await case.service.delivered()] == [SAFE]
    assert (await case.choose(SAFE, "copper lantern orchard velvet")).status_code == 200
    await case.verified(agent, ALMA, "copper lantern orchard velvet")


async def test_a_wrong_safe_contact_is_mended_by_two_people_before_it_is_confirmed(case: Case) -> None:
    protection = await case.protect(confirmed=False, safe=TYPO)
    path = f"/v1/accounts/{case.account}/protection/safe-contact"

    def body(value: str) -> dict[str, Any]:
        return {"protection_id": protection, "safe_contact": {"kind": "phone", "value": value}}

    one, two = tier_3(case, "s-1"), tier_3(case, "s-2")
    problem(await tier_3(case, "first-line").post(path, body(SAFE)), 409, "another_person")
    problem(await one.post(path, body("no number")), 422, "bad_fact", "safe_contact.value")
    assert (await one.made(path, body(SAFE)))["status"] == "asked"
    problem(await one.post(path, body(SAFE)), 409, "another_person")
    assert (await two.made(path, body("+44 7700 900998")))["status"] == "asked"  # not what the first one typed
    assert (await one.made(path, body("+44 (0)7700 900998")))["status"] == "corrected"
    assert await case.service.delivered() == []
    for name in ("safety-1", "safety-2"):
        confirm = {"protection_id": protection}
        await tier_3(case, name).made(f"/v1/accounts/{case.account}/protection/confirm", confirm)
    problem(await two.post(path, body(SAFE)), 409, "confirmed_already")
    assert (await case.choose("+44 (0)7700 900998")).status_code == 200
    await case.verified(case.service.by("agent"), ALMA, PASSCODE)


async def test_a_provisional_protection_is_neither_ended_nor_its_contact_changed_by_whoever_has_a_passcode(
    case: Case,
) -> None:
    agent = case.service.by("agent")
    await agent.made(f"{await case.line(agent, ALMA)}/passcodes", {})
    assert (await case.choose("alma@shared.example")).status_code == 200
    await case.protect(confirmed=False)
    line = await case.verified(agent, ALMA, PASSCODE)
    sent = len(await case.service.delivered())
    contact = {"safe_contact": {"kind": "phone", "value": HIS_PHONE}}
    answers = [await agent.post(f"{line}/protection/end", {}), await agent.post(f"{line}/safe-contact", contact)]
    assert [each.status_code for each in answers] == [202, 202]
    assert len(await case.service.delivered()) == sent
    whys = [e["event"]["why"] for e in await case.history() if e["name"] == "protection.request_declined.v1"]
    assert whys == ["provisional: it lapses by itself", "nobody has confirmed the protection yet"]


@pytest.mark.parametrize("path", ["protection/end", "protection/stop", "safe-contact", "release"])
async def test_what_a_caller_asks_for_is_noted_alike_on_every_account(case: Case, path: str) -> None:
    """Nothing in an answer tells a protected account from an ordinary one, or from nobody's."""
    office = case.service.by("back_office")
    ordinary = (await office.made("/v1/accounts"))["account_id"]
    await office.made(f"/v1/accounts/{ordinary}/parties", {"kind": "holder", "facts": {**ALMA, "email": "a@b.example"}})
    await case.fled()
    body: dict[str, Any] = {}
    if path == "safe-contact":
        body = {"safe_contact": {"kind": "phone", "value": HIS_PHONE}}
    if path == "release":
        body = {"all": True}
    agent = case.service.by("agent")
    seen = []
    for offered in ({"account_id": case.account}, {"account_id": ordinary}, {"locator": NOBODYS}):
        line = await case.line(agent, None)
        await agent.made(f"{line}/bind", {"facts": ALMA, **offered})
        response = await agent.post(f"{line}/{path}", body)
        headers = {name: value for name, value in response.headers.items() if name not in ("x-request-id", "date")}
        seen.append((response.status_code, response.content, headers))
    verified = await case.verified(agent, ALMA, PASSCODE)
    response = await agent.post(f"{verified}/{path}", body)
    headers = {name: value for name, value in response.headers.items() if name not in ("x-request-id", "date")}
    seen.append((response.status_code, response.content, headers))
    assert all(each == seen[0] for each in seen)
    assert seen[0][0] == 202


async def test_a_release_names_something(service: Service, case: Case) -> None:
    line = await case.line(service.by("agent"), ALMA)
    problem(await service.by("agent").post(f"{line}/release", {}), 422, "nothing_named", "booking_ids")
    for word in ("confirm", "stop"):
        for token in ("0123abcd.x", f"{case.account}.x"):
            problem(await service.by("").post(f"/v1/safe-contact/{word}", {"token": token}), 410, "link_spent")
