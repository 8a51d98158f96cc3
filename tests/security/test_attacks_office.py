"""Whoever works in the office, or has the tier, finds out no more by it than the caller in front of him may hear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.problem import problem
from tests.calling import Calls
from tests.case import ALMA, PASSCODE, VICTOR, Case, ask
from tests.trips import NEW, NOBODYS

OVERRIDE = {"reason": "other", "words": "w", "classes": ["E"], "minutes": 1}


def due() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def told_of(case: Case, calls: Calls, line: str) -> list[str]:
    """The account that lists name of a promise, an override and an escalation which this contact gave rise to."""
    interaction_id = line.rsplit("/", 1)[-1]
    body = {"kind": "promise", "owner": "curious", "due_at": due(), "words": "w", "interaction_id": interaction_id}
    promise = (await calls.made("/v1/commitments", body))["commitment_id"]
    override = (await calls.made(f"{line}/overrides", OVERRIDE))["override_id"]
    before = await tasks(calls)
    await calls.made(f"{line}/escalations", {"claim": "police", "words": "w"})
    after = await tasks(calls)
    waiting = (await calls.get("/v1/overrides/waiting")).json()["overrides"]
    found = [each for each in waiting if each["override_id"] == override]
    # The path by which it is answered is that of the account which is named.
    path = f"/v1/accounts/{found[0]['account_id']}/overrides/{override}/refuse"
    assert (await case.service.by("agent", sub="lead", tier=3).made(path))["status"] == "refused"
    new = [each for each in after.values() if each["commitment_id"] not in before]
    return [after[promise]["account_id"], *(each["account_id"] for each in (*found, *new))]


async def tasks(calls: Calls) -> dict[str, Any]:
    rows = (await calls.get("/v1/commitments?limit=200")).json()["commitments"]
    return {each["commitment_id"]: each for each in rows}


async def test_12_whose_a_locator_is_that_only_the_held_view_has_no_list_tells(case: Case) -> None:
    await case.fled()
    curious = case.service.by("agent", sub="curious", tier=3)
    for locator in (NEW, NOBODYS):
        named = [set(await told_of(case, curious, await case.line(curious, {}, locator))) for _ in range(2)]
        assert named[0] == named[1]  # the same at each call, as of any locator
        assert len(named[0]) == 1
        assert case.account not in named[0]
        assert "" not in named[0]
    # Nor after it was handed on; with her passcode it is her account.
    other = case.service.by("agent", sub="other")
    line = await case.line(other, {}, NEW)
    code = (await other.made(f"{line}/transfer", {"to": {"kind": "agent", "name": "curious"}, "reason": "x"}))["code"]
    line = f"/v1/interactions/{(await curious.made('/v1/transfers/take', {'code': code}))['interaction_id']}"
    assert case.account not in await told_of(case, curious, line)
    hers = await case.verified(curious, ALMA, PASSCODE, NEW)
    interaction_id = hers.rsplit("/", 1)[-1]
    body = {"kind": "promise", "owner": "curious", "due_at": due(), "words": "w", "interaction_id": interaction_id}
    promise = (await curious.made("/v1/commitments", body))["commitment_id"]
    assert (await tasks(curious))[promise]["account_id"] == case.account


async def test_14_whether_facts_are_right_of_somebody_who_has_a_passcode_no_promise_tells(case: Case) -> None:
    await case.his_passcode()
    office, portal = case.service.by("agent"), case.service.by("portal")
    body = {"kind": "promise", "owner": "tier-1", "due_at": due(), "words": "w", "account_id": case.account}
    promise = (await office.made("/v1/commitments", body))["commitment_id"]
    for day in ("1988-04-12", "1988-04-13"):
        line = await case.line(portal, {**VICTOR, "date_of_birth": day}, channel="portal")
        assert await ask(portal, line) is None
        accept = {"interaction_id": line.rsplit("/", 1)[-1]}
        problem(await portal.post(f"/v1/commitments/{promise}/accept", accept), 404, "unknown_commitment")


async def test_25_a_clerk_is_not_shown_by_what_waits_who_is_protected(case: Case) -> None:
    ordinary = await Case.opened(case.service)
    agent, one, other = case.service.by("agent"), *(case.service.by("back_office", sub=f"clerk-{n}") for n in (1, 2))
    waits = []
    for each in (ordinary, case):
        line = await each.line(agent, None)
        await agent.made(
            f"{line}/bind", {"account_id": each.account, "facts": {**VICTOR, "date_of_birth": "1988-04-12"}}
        )
        body = {"action": "check_in", "booking_id": each.booking}
        waits.append((await agent.made(f"{line}/actions", body))["decision_id"])
    before = (await one.get("/v1/actions?limit=500")).json()
    await case.protect(confirmed=False)
    assert (await one.get("/v1/actions?limit=500")).json() == before
    # What a colleague read a moment ago is his on any account, and of this one it is always so.
    assert (await one.get(f"/v1/actions/{waits[0]}")).status_code == 200
    answers = [await other.get(f"/v1/actions/{each}") for each in waits]
    answers += [await other.post(f"/v1/actions/{each}/done", {"result": "done"}) for each in waits]
    told = [problem(each, 409, "with_a_colleague") for each in answers]
    assert len({(each["title"], each["detail"]) for each in told}) == 1
    assert (await one.get("/v1/actions?limit=500")).json() == before
    assert (await one.post(f"/v1/actions/{waits[0]}/done", {"result": "done"})).status_code == 200
    # Nor does a clerk decide on notices: of what he has just imported the answer would say it.
    news: dict[str, Any] = {
        "kind": "confirmation",
        "booking_id": case.booking,
        "recipients": [{"channel": "mail", "party_id": case.alma}],
    }
    problem(await one.post("/v1/notices/decisions", news), 403)
