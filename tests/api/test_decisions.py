"""Decisions: each role reads one in its own words, and the front line its own line alone."""

from __future__ import annotations

import time

import pytest

from tests.api.problem import problem
from tests.api.test_history import walked
from tests.api.test_unsealing import approved
from tests.calling import Service
from tests.case import ALMA, PASSCODE, VICTOR, Case
from tests.trips import NEW, NOBODYS, OLD, leaks

NO_ID = "0" * 32
WITHHELD = "I am not able to go into that here. I can take a passcode, or pass you on to a colleague."


@pytest.fixture
async def asked(case: Case) -> dict[str, str]:
    """Decisions on an account from which she fled, made by `ayla`, by what was asked."""
    await case.fled()
    ayla = case.service.by("agent", sub="ayla")
    his, hers = await case.line(ayla, VICTOR), await case.verified(ayla, ALMA, PASSCODE)
    made = {
        "his": await ayla.made(f"{his}/disclosures", {"classes": ["E", "I"], "locator": OLD}),
        "hers": await ayla.made(f"{hers}/disclosures", {"classes": ["E", "I"], "booking_id": case.booking}),
        "nobodys": await ayla.made(f"{his}/disclosures", {"classes": ["E"], "locator": NOBODYS}),
        "done": await ayla.made(f"{his}/actions", {"action": "cancel", "locator": OLD}),
        "routed": await ayla.made(f"{his}/route", {"locator": OLD}),
    }
    listed = await ayla.get(f"{his}/bookings")
    made["listed"] = listed.json()
    unbound = await case.line(ayla, None)
    made["unbound"] = await ayla.made(f"{unbound}/disclosures", {"classes": ["E"], "locator": OLD})
    await ayla.made(f"{his}/dispute", {"words": "that is not right"})
    made["disputed"] = await ayla.made(f"{his}/disclosures", {"classes": ["E"], "locator": OLD})
    return {f"{name} {each['say']}": each["decision_id"] for name, each in made.items()}


async def test_the_front_line_is_told_its_own_line_again_and_nothing_else(case: Case, asked: dict[str, str]) -> None:
    for tier in (1, 2):
        ayla = case.service.by("agent", sub="ayla", tier=tier)
        for named, decision_id in asked.items():
            answer = await ayla.get(f"/v1/decisions/{decision_id}")
            assert answer.json() == {"decision_id": decision_id, "say": named.partition(" ")[2]}


async def test_anything_else_is_answered_with_the_neutral_line_in_one_shape(case: Case, asked: dict[str, str]) -> None:
    service = case.service
    other = await Case.opened(service)
    theirs = await other.line(service.by("agent", sub="ayla"), ALMA)
    ordinary = await service.by("agent", sub="ayla").made(f"{theirs}/disclosures", {"classes": ["E"], "locator": OLD})
    for role, sub, tier in (("agent", "boris", 2), ("portal", "web", 0), ("notifier", "jobs", 0)):
        calls = service.by(role, sub=sub, tier=tier)
        answers = []
        for decision_id in (*asked.values(), ordinary["decision_id"], NO_ID, "f" * 32):
            answer = await calls.get(f"/v1/decisions/{decision_id}")
            assert answer.json() == {"decision_id": decision_id, "say": WITHHELD}
            kept = {name: each for name, each in answer.headers.items() if name not in {"x-request-id", "date"}}
            answers.append((answer.status_code, len(answer.content), str(kept)))
        assert len(set(answers)) == 1


async def test_the_front_lines_answer_leaves_on_a_beat(case: Case, asked: dict[str, str]) -> None:
    ayla = case.service.by("agent", sub="ayla")
    for decision_id in (*asked.values(), NO_ID):
        began = time.monotonic()
        await ayla.get(f"/v1/decisions/{decision_id}")
        assert time.monotonic() - began >= 0.024


async def test_who_must_act_is_told_the_reason(case: Case, asked: dict[str, str]) -> None:
    service = case.service
    his = next(each for name, each in asked.items() if name.startswith("his "))
    for role, tier in (("agent", 3), ("legal", 0), ("compliance", 0)):
        calls = service.by(role, sub="lead", tier=tier)
        told = (await calls.get(f"/v1/decisions/{his}")).json()
        assert (told["outcome"], told["asker"]["subject"], told["account_id"]) == ("disclosed", "ayla", case.account)
        assert told["reason"].startswith("disclosed from the shown view: on the line was caller: known by what was")
        assert "another party is protected" in told["reason"]
        assert not {"rules", "listeners", "recorded", "policy_version"} & told.keys()
        problem(await calls.get(f"/v1/decisions/{NO_ID}"), 404, "unknown_decision", "decision_id")
    disputed = next(each for name, each in asked.items() if name.startswith("disputed"))
    told = (await service.by("legal").get(f"/v1/decisions/{disputed}")).json()
    assert told["reason"].startswith("withheld: the caller disputes what he was told")


async def test_the_auditor_is_told_rules_version_and_inputs_and_what_is_personal_stays_sealed(
    case: Case, asked: dict[str, str]
) -> None:
    service = case.service
    ada = service.by("auditor", sub="ada")
    entries = {
        e["event"]["decision_id"]: e
        for e in await walked(ada, case.account)
        if e["name"] in {"disclosure.attempted.v1", "action.attempted.v1"}
    }
    for named, decision_id in asked.items():
        told = (await ada.get(f"/v1/decisions/{decision_id}")).json()
        assert (told["decision_id"], told["say"]) == (decision_id, named.partition(" ")[2])
        assert told["policy_version"] == 1
        assert told["recorded"]["event"]["judged_at"]
        assert [each["rule"] for each in told["rules"]] == told["recorded"]["event"]["rules"]
        assert all(each["words"] for each in (*told["rules"], *told["listeners"]))
        assert leaks(told) == []
        if named.startswith("unbound"):
            assert "account_id" not in told
        else:
            assert told["recorded"] == entries[decision_id]


async def test_an_unsealing_of_the_account_opens_what_was_asked(case: Case) -> None:
    await case.fled()
    ayla = case.service.by("agent", sub="ayla")
    line = await case.line(ayla, VICTOR)
    asked = await ayla.made(f"{line}/disclosures", {"classes": ["E"], "locator": NEW})
    other = await Case.opened(case.service)
    ours = await approved(case.service, account_id=case.account)
    theirs = await approved(case.service, account_id=other.account)
    ada = case.service.by("auditor", sub="ada")
    path = f"/v1/decisions/{asked['decision_id']}"
    opened = (await ada.get(f"{path}?unsealing={ours}")).json()
    assert opened["unsealed"] is True
    assert opened["recorded"]["event"]["locator"]["value"] == NEW
    for calls, unsealing in ((ada, theirs), (case.service.by("auditor", sub="ben"), ours)):
        told = await calls.get(f"{path}?unsealing={unsealing}")
        assert "unsealed" not in told.json()
        assert leaks(told.text) == []
    front = await ayla.get(f"{path}?unsealing={ours}")
    assert front.json().keys() == {"decision_id", "say"}


async def test_reading_one_is_on_record_whether_there_is_such_a_one_or_not(case: Case, asked: dict[str, str]) -> None:
    service = case.service
    his = next(iter(asked.values()))
    for role, sub in (("agent", "ayla"), ("auditor", "ada"), ("legal", "lea")):
        await service.by(role, sub=sub).get(f"/v1/decisions/{his}")
    await service.by("agent", sub="boris").get(f"/v1/decisions/{NO_ID}")
    reads = [e for e in await walked(service.by("auditor"), case.account) if e["name"] == "decision.read.v1"]
    assert [(e["stream"], e["event"]["told"]) for e in reads] == [
        ("reader:ayla", "line"), ("reader:ada", "whole"), ("reader:lea", "reason"),
    ]  # fmt: skip
    desk = service.app.state.desk
    (stored,) = desk.log.read("reader:boris")
    assert desk.codec.decode(stored)[1].decision_id == NO_ID


async def test_who_has_no_part_in_it_reads_none(service: Service) -> None:
    for role in ("back_office", "operations", "executive"):
        problem(await service.by(role).get(f"/v1/decisions/{NO_ID}"), 403, "forbidden")
