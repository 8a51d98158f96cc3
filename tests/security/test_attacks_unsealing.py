"""Attacks on the record: whoever reads it, in whatever order people ask and answer, what is held alone stays sealed.

It opens to who asked, at another person's word, for an hour, of the one account he named; and every time is on record.
"""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.calling import Service, serving
from tests.case import VICTOR, Case
from tests.trips import OLD, trip

DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
PEOPLE = ("ada", "ben", "cem")
ROLES = {"ada": "auditor", "ben": "auditor", "cem": "compliance"}
BODY = {"purpose": "complaint", "words": "WORDSQX of the asker"}


class Hers(msgspec.Struct):
    """One of two accounts alike, each with a truth of its own; `canaries`: what nobody but its unsealing may show."""

    case: Case
    decision_id: str
    canaries: tuple[str, ...]


class Asked(msgspec.Struct):
    """An unsealing as it ought to stand."""

    unsealing_id: str
    asker: str
    account: int
    said: timedelta | None = None
    over: bool = False


async def fled(service: Service, mark: str, locator: str, phone: str) -> Hers:
    case = await Case.opened(service)
    await case.protect(safe=phone)
    her = {"subjects": ["t1"], "surname": "Grey", "given_name": f"{mark}NAME", "title": "Ms"}
    await case.imported(trip(mark, locator, ("LGW", "YVR"), "2031-03-11", [her]), {"t1": case.alma}, case.booking)
    agent = service.by("agent", sub=f"agent-{len(mark)}")
    line = await case.line(agent, None)
    await agent.made(f"{line}/bind", {"account_id": case.account, "facts": {**VICTOR, "email": f"{mark}@said.example"}})
    asked = await agent.made(f"{line}/disclosures", {"classes": ["E", "I"], "locator": f"{mark}GUESS"})
    await agent.made(f"{line}/disclosures", {"classes": ["E", "I"], "locator": OLD})
    return Hers(case, asked["decision_id"], (mark, locator, phone[-9:]))


async def everything(service: Service, reader: str, hers: Hers, unsealing_id: str) -> dict[str, Any]:
    """All that there is to read of an account, by what it is; a page of its history at a time."""
    calls, account = service.by("auditor", sub=reader), hers.case.account
    found: dict[str, Any] = {}
    cursor: str | None = ""
    while cursor is not None:
        tail = f"limit=40&cursor={cursor}&unsealing={unsealing_id}"
        page = await calls.get(f"/v1/accounts/{account}/history?{tail}")
        found[f"history {cursor}"] = page
        cursor = page.json()["next_cursor"]
    for what in ("differences", "views"):
        found[what] = await calls.get(f"/v1/accounts/{account}/{what}?unsealing={unsealing_id}")
    found["decision"] = await calls.get(f"/v1/decisions/{hers.decision_id}?unsealing={unsealing_id}")
    assert {answer.status_code for answer in found.values()} == {200}
    return found


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(PEOPLE[:2]), st.integers(0, 1)),
        st.tuples(st.sampled_from(["approve", "approve", "refuse", "end"]), st.sampled_from(PEOPLE), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from([5, 40, 61])),
        st.tuples(st.just("read"), st.sampled_from(PEOPLE[:2]), st.integers(0, 7)),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=150 if DEEP else 4, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(STEPS)
def test_no_order_of_asking_and_answering_opens_more_than_was_agreed(steps: list[tuple[str, str, int]]) -> None:
    # So that something is open in each: it is asked for, approved and read before all that.
    begin = [("ask", "ada", 0), ("approve", "ben", 0), ("read", "ada", 0), ("read", "ben", 0), ("read", "ada", 1)]
    with TemporaryDirectory() as folder:
        asyncio.run(played(Path(folder) / "home", [*begin, *steps]))


async def played(home: Path, steps: list[tuple[str, str, int]]) -> None:
    async with serving(home) as service:
        both = (
            await fled(service, "ALPHAQX", "AAANEW", "+447700900444"),
            await fled(service, "BETAQX", "BBBNEW", "+447700900555"),
        )
        asked: list[Asked] = []
        for step, person, number in steps:
            if step == "wait":
                service.clock.ahead += timedelta(minutes=number)
            elif step == "ask":
                body = {**BODY, "account_id": both[number].case.account}
                made = await service.by("auditor", sub=person).made("/v1/unsealings", body)
                asked.append(Asked(made["unsealing_id"], person, number))
            elif not asked:
                continue
            elif step == "read":
                await reads(service, both, asked[number % len(asked)], person, number // 4 % 2)
            else:
                await answers(service, asked[number % len(asked)], person, step)


async def answers(service: Service, one: Asked, person: str, step: str) -> None:
    answer = await service.by(ROLES[person], sub=person).post(f"/v1/unsealings/{one.unsealing_id}/{step}")
    waits = one.said is None and not one.over
    if step == "approve" and waits and person != one.asker:
        one.said = service.clock.ahead
    elif (step == "refuse" and waits and person != one.asker) or (step == "end" and (waits or stands(service, one))):
        one.over = True
    else:
        assert answer.status_code == 409
        return
    assert answer.status_code == 200, answer.text


def stands(service: Service, one: Asked) -> bool:
    return one.said is not None and not one.over and service.clock.ahead < one.said + timedelta(minutes=60)


async def reads(service: Service, both: tuple[Hers, Hers], one: Asked, reader: str, account: int) -> None:
    desk = service.app.state.desk
    before = desk.log.heads([f"unsealing:{one.unsealing_id}"])[f"unsealing:{one.unsealing_id}"]
    answered = await everything(service, reader, both[account], one.unsealing_id)
    opens = stands(service, one) and reader == one.asker and account == one.account
    for what, answer in answered.items():
        assert not [each for each in both[1 - account].canaries if each in answer.text], what
        if not opens:
            assert not [each for each in both[account].canaries if each in answer.text], what
            assert not answer.json().get("unsealed", False)
    whole = "".join(answer.text for answer in answered.values())
    if opens:
        assert all(each in whole for each in both[account].canaries)
    uses = desk.log.read(f"unsealing:{one.unsealing_id}", gt=before)
    assert [stored.topic for stored in uses] == (["unsealing.used.v1"] * len(answered) if opens else [])


async def test_a_decision_of_hers_tells_the_front_line_nothing_and_takes_no_other_time(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        hers = await fled(service, "ALPHAQX", "AAANEW", "+447700900444")
        ordinary = await Case.opened(service)
        agent = service.by("agent", sub="elsewhere")
        line = await ordinary.line(agent, VICTOR)
        asked = await agent.made(f"{line}/disclosures", {"classes": ["E"], "locator": OLD})
        curious = service.by("agent", sub="curious", tier=2)
        told = []
        for decision_id in (hers.decision_id, asked["decision_id"], "0" * 32):
            answer = await curious.get(f"/v1/decisions/{decision_id}")
            told.append(answer.content.replace(decision_id.encode(), b""))
        assert len(set(told)) == 1
        kept = [stored.topic for stored in service.app.state.desk.log.read("reader:curious")]
        assert kept == ["decision.read.v1"] * 3
