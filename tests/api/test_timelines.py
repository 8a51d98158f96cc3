"""An incident's timeline over HTTP: what is in it, for whom, as what; exhibits; and that reading it is on record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from pypdf import PdfReader

from domain.event import Recorded
from service.api.calls import CALLS
from tests.api.problem import problem
from tests.calling import Calls, serving
from tests.case import ALMA, PASSCODE, SAFE, VICTOR, Case, ask
from tests.incidents import found_in, incidents, passed
from tests.trips import NEW, leaks

ZONES = {"manila": "Asia/Manila", "omaha": "America/Chicago"}
PERSONAL = ("Grey", "Alma", "Hale", "Victor", "1988-04-12", "shared.example", SAFE)


class Told:
    """An incident, and legal who reads it."""

    def __init__(self, case: Case, incident_id: str) -> None:
        self.case, self.service, self.incident = case, case.service, incident_id
        self.legal: Calls = case.service.by("legal")
        self.path = f"/v1/incidents/{incident_id}"

    async def asked(self, recipient: str = "", **query: Any) -> Any:
        words = "&".join(f"{name}={value}" for name, value in {"recipient": recipient, **query}.items())
        answer = await self.legal.get(f"{self.path}/timeline?{words}")
        assert answer.status_code == 200, answer.text
        return answer

    async def read(self, recipient: str = "", **query: Any) -> dict[str, Any]:
        found: dict[str, Any] = (await self.asked(recipient, **query)).json()
        return found

    async def positions(self, name: str) -> list[int]:
        return [each["position"] for each in (await self.read(limit=1000))["entries"] if each["name"] == name]

    def recorded(self) -> list[Recorded]:
        """The incident's own stream."""
        desk = self.service.app.state.desk
        rows = desk.log.of_streams([f"incident:{self.incident}"], lte=10**9)
        return [desk.codec.recorded(row) for row in rows]


@pytest_asyncio.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    """She fled, rang and proved herself, and he asked and asked, at two sites; an incident came of it."""
    async with serving(tmp_path / "home") as service:
        service.app.state.desk.site_zones = ZONES
        case = await (await Case.opened(service)).fled()
        hers = service.by("agent", sub="agent-hers", site="leeds")
        assert await ask(hers, await case.verified(hers, ALMA, PASSCODE)) is not None
        for number in range(3):
            his = service.by("agent", sub=f"agent-{number}", site=("manila", "omaha")[number % 2])
            line = await case.line(his, VICTOR)
            await ask(his, line)
            await his.post(f"{line}/disclosures", {"classes": ["E"], "locator": NEW})
        await passed(service)  # nothing more joins it by itself
        (found,) = found_in(await incidents(service, None), case.account)
        yield Told(case, found["incident_id"])


async def test_the_full_one_reads_across_all_streams_in_the_order_of_the_log(told: Told) -> None:
    found = await told.read(limit=1000)
    entries = found["entries"]
    assert [each["position"] for each in entries] == sorted({each["position"] for each in entries})
    nouns = {each["stream"].partition(":")[0] for each in entries}
    assert {"account", "booking", "interaction", "incident", "commitment"} <= nouns
    assert [each["kind"] for each in found["people"]] == ["holder", "traveller"]
    asked = [each for each in entries if each["name"] == "disclosure.attempted.v1"]
    assert [each["outcome"] for each in asked] == ["disclosed", *["disclosed", "withheld"] * 3]
    assert asked[0]["heard"] == ["Person A: verified, protected"]
    assert asked[1]["heard"] == ["Person B: identified, somebody else is protected"]
    assert (asked[1]["zone"], asked[3]["zone"], asked[0]["zone"]) == ("Asia/Manila", "America/Chicago", "")
    assert asked[1]["local"].endswith("+08:00")
    assert asked[1]["who"] == "agent-0 (agent 1)"


async def test_holds_overrides_and_commitments_are_in_it(told: Told) -> None:
    until = (told.service.clock() + timedelta(days=30)).isoformat()
    hold = {"scope": "incident", "about": told.incident, "reason": "police_investigation", "words": "W", "until": until}
    held = (await told.legal.made("/v1/holds", hold))["hold_id"]
    agent = told.service.by("agent", sub="agent-9", tier=3)
    line = await told.case.line(agent, VICTOR)
    asked = {"reason": "other", "words": "W", "classes": ["E"], "minutes": 5}
    await agent.made(f"{line}/overrides", asked)
    promise = {"kind": "promise", "account_id": told.case.account, "due_at": until, "owner": "tier-3", "words": "W"}
    await agent.made("/v1/commitments", promise)
    entries = (await told.read(limit=1000))["entries"]
    by_name = {each["name"]: each for each in entries}
    assert by_name["hold.placed.v1"]["stream"] == f"hold:{held}"
    assert by_name["hold.placed.v1"]["what"] == "placed a legal hold on the incident: police investigation"
    assert by_name["override.asked.v1"]["what"] == "asked for an override: other (E)"
    assert [each["outcome"] for each in entries if each["what"] == "made a commitment: promise"] != []
    his = {each["name"] for each in (await told.read(told.case.victor, limit=1000))["entries"]}
    assert his.isdisjoint({"hold.placed.v1", "override.asked.v1", "commitment.made.v1"})


async def test_nothing_sealed_is_in_any_timeline_in_any_format(told: Told) -> None:
    recipients = ("", "court", "police", "regulator", told.case.victor, f"counsel:{told.case.alma}")
    for recipient in recipients:
        for shape in ("json", "timesketch", "csv", *(["pdf"] if recipient in ("court", told.case.victor) else [])):
            answer = await told.asked(recipient, format=shape, limit=1000)
            text = answer.text
            if shape == "pdf":
                pages = PdfReader(io.BytesIO(answer.content)).pages
                text = "\n".join(page.extract_text() for page in pages)
            assert leaks(text) == [], (recipient, shape)
            assert [each for each in PERSONAL if each in text] == [], (recipient, shape)
            if recipient:
                assert "agent-" not in text.replace("agent-initiated", ""), (recipient, shape)


async def test_his_timeline_is_that_of_an_ordinary_account(told: Told) -> None:
    found = await told.read(told.case.victor, limit=1000)
    text = json.dumps(found)
    assert told.case.alma not in text
    assert "rotect" not in text
    assert "view" not in json.dumps(found["entries"])
    assert [each["position"] for each in found["entries"]] == list(range(1, len(found["entries"]) + 1))
    assert (found["until"], found["about"], found["account_id"], found["opened_at"]) == (0, "", "", "")
    told_of = [each["what"] for each in found["entries"]]
    assert told_of.count("asked about a booking (E)") == 3
    assert all(each["stream"] == "" and each["interaction"] == "" for each in found["entries"])
    assert all(redaction["reason"] for each in found["entries"] for redaction in each["redactions"])


async def test_pages_follow_one_another_and_end_where_the_first_one_looked(told: Told) -> None:
    whole = [each["position"] for each in (await told.read(limit=1000))["entries"]]
    pages, cursor = [], ""
    while True:
        page = await told.read(limit=7, cursor=cursor)
        pages.append([each["position"] for each in page["entries"]])
        assert page["entries_in_all"] == len(whole)
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    assert [each for page in pages for each in page] == whole
    assert {len(page) for page in pages[:-1]} == {7}
    his = await told.read(told.case.victor, limit=4)
    rest = await told.read(told.case.victor, limit=100, cursor=his["next_cursor"])
    assert [each["position"] for each in his["entries"] + rest["entries"]] == list(range(1, his["entries_in_all"] + 1))


async def test_reading_is_on_record_before_it_goes_out(told: Told) -> None:
    await told.read("court", limit=5)
    await told.asked(told.case.victor, format="csv")
    read = [each for each in told.recorded() if each.name == "timeline.read.v1"]
    said = [(each.event.recipient, each.event.format, each.event.entries) for each in read]  # type: ignore[attr-defined]  # of that name
    assert said[0] == ("court", "json", 5)
    assert said[1][:2] == (told.case.victor, "csv")
    assert {each.header.actor.subject for each in read} == {"legal-1"}
    assert "timeline.read.v1" not in {each["name"] for each in (await told.read(limit=1000))["entries"]}


async def test_the_format_may_be_asked_for_by_accept(told: Told) -> None:
    for media, first in (("application/pdf", b"%PDF"), ("text/csv", b"message,datetime,timestamp_desc,")):
        answer = await told.legal.get(f"{told.path}/timeline", Accept=f"{media}, */*;q=0.1")
        assert answer.headers["content-type"].startswith(media)
        assert answer.content.startswith(first)
        assert "attachment" in answer.headers["content-disposition"]
    answer = await told.legal.get(f"{told.path}/timeline?format=json", Accept="application/pdf")
    assert answer.headers["content-type"] == "application/json"


async def test_the_files_have_what_timesketch_must_have(told: Told) -> None:
    lines = (await told.asked("court", format="timesketch")).text.splitlines()
    events = [json.loads(line) for line in lines]
    rows = list(csv.DictReader(io.StringIO((await told.asked("court", format="csv")).text)))
    assert len(events) == len(rows) == (await told.read("court"))["entries_in_all"]
    assert list(rows[0])[:3] == ["message", "datetime", "timestamp_desc"]
    for event, row in zip(events, rows, strict=True):
        assert event["message"] == row["message"]
        assert event["datetime"] == row["datetime"]
        assert event["timestamp_desc"]


async def test_an_exhibit_gets_the_next_number_and_a_withdrawn_one_is_never_given_again(told: Told) -> None:
    first, second, *_ = await told.positions("disclosure.attempted.v1")
    path = f"{told.path}/exhibits"
    assert (await told.legal.made(path, {"position": second}))["number"] == 1
    problem(await told.legal.post(path, {"position": second}), 409, "exhibit_already")
    assert (await told.legal.made(path, {"position": first}))["number"] == 2
    withdrawn = await told.legal.made(f"{path}/1/withdraw", {"words": "it names somebody else"})
    assert withdrawn == {"number": 1, "position": second, "withdrawn": True}
    problem(await told.legal.post(f"{path}/1/withdraw", {"words": "again"}), 409, "withdrawn_already")
    problem(await told.legal.post(f"{path}/9/withdraw", {"words": "none"}), 404, "unknown_exhibit")
    problem(await told.legal.post(f"{path}/x/withdraw", {"words": "none"}), 404, "unknown_exhibit")
    assert (await told.legal.made(path, {"position": second}))["number"] == 3
    listed = (await told.legal.get(path)).json()["exhibits"]
    assert [(each["number"], each["withdrawn"]) for each in listed] == [(1, True), (2, False), (3, False)]
    found = await told.read(limit=1000)
    assert {each["position"]: each["exhibit"] for each in found["entries"] if each["exhibit"]} == {first: 2, second: 3}
    assert "it names somebody else" not in str(told.recorded())


async def test_only_entries_of_the_incident_can_be_exhibits_or_annotated(told: Told) -> None:
    office = told.service.by("back_office")
    await office.made("/v1/accounts", {"reference": "another"})
    desk = told.service.app.state.desk
    elsewhere = desk.log.last_position()
    await told.read()
    marginal = desk.log.last_position()
    for position in (elsewhere, marginal, 10**9, 1):
        problem(await told.legal.post(f"{told.path}/exhibits", {"position": position}), 404, "unknown_entry")
        problem(await told.legal.post(f"{told.path}/annotations", {"position": position}), 404, "unknown_entry")


async def test_pins_tags_and_comments_stand_by_an_entry_and_go_to_nobody_outside(told: Told) -> None:
    position, *_ = await told.positions("disclosure.attempted.v1")
    path = f"{told.path}/annotations"
    body = {"position": position, "pinned": True, "tag": ["first-call", "hers"], "comment": "the call that matters"}
    answer = await told.legal.made(path, body)
    assert answer == {"position": position, "exhibit": 0, "pinned": True, "tags": ["first-call", "hers"], "comments": 1}
    answer = await told.legal.made(path, {"position": position, "pinned": True, "untag": ["hers"]})
    assert (answer["tags"], answer["pinned"]) == (["first-call"], True)
    for bad in ("Hers", "-a", "a b", ""):
        problem(await told.legal.post(path, {"position": position, "tag": [bad]}), 422)
    (entry,) = [each for each in (await told.read(limit=1000))["entries"] if each["position"] == position]
    assert [(each["by"], each["text"]) for each in entry["comments"]] == [("legal-1 (legal)", "the call that matters")]
    assert (entry["pinned"], entry["tags"]) == (True, ["first-call"])
    for recipient in ("court", told.case.alma):
        text = (await told.asked(recipient, limit=1000)).text
        assert "the call that matters" not in text
        assert "first-call" not in text
    (entry,) = [each for each in (await told.read("court", limit=1000))["entries"] if each["position"] == position]
    assert {"place": "annotations", "reason": "written by legal for legal"} in entry["redactions"]
    assert "the call that matters" not in str(told.recorded())
    assert [each.name for each in told.recorded()].count("entry.pinned.v1") == 1


async def test_an_approved_unsealing_opens_the_full_one_and_a_partys_own_and_nothing_else(told: Told) -> None:
    asked = await told.legal.made(
        "/v1/unsealings", {"purpose": "court_order", "words": "the court asks", "incident_id": told.incident}
    )
    unsealing = asked["unsealing_id"]
    assert "Grey" not in (await told.asked("", limit=1000, unsealing_id=unsealing)).text
    other = told.service.by("legal", sub="legal-2")
    await other.made(f"/v1/unsealings/{unsealing}/approve", {})
    full = (await told.asked("", limit=1000, unsealing_id=unsealing)).text
    assert "surname: Grey" in full
    assert SAFE in full
    his = (await told.asked(told.case.victor, limit=1000, unsealing_id=unsealing)).text
    assert "surname: Hale" in his
    assert "Grey" not in his
    assert SAFE not in his
    assert leaks(his) == []
    court = (await told.asked("court", limit=1000, unsealing_id=unsealing)).text
    assert [each for each in PERSONAL if each in court] == []
    other_reader = await other.get(f"{told.path}/timeline?unsealing_id={unsealing}&limit=1000")
    assert "Grey" not in other_reader.text


async def test_nobody_reads_the_timeline_of_an_incident_that_is_none_or_about_himself(told: Told) -> None:
    problem(await told.legal.get(f"/v1/incidents/{'0' * 32}/timeline"), 404, "unknown_incident")
    for nobody in ("nobody", "counsel:x"):
        answer = await told.legal.get(f"{told.path}/timeline?recipient={nobody}")
        problem(answer, 422, "unknown_recipient")
    curious = told.service.by("agent", sub="legal-7")
    opened = await curious.made("/v1/interactions", {"contact_id": "x", "channel": "call"})
    for number in range(10):
        body = {"locator": f"FNC{number}", "facts": {}}
        await curious.made(f"/v1/interactions/{opened['interaction_id']}/bind", body)
    about_him = next(each for each in await incidents(told.service, 2) if each["agent"] == "legal-7")
    path = f"/v1/incidents/{about_him['incident_id']}/timeline"
    problem(await told.service.by("legal", sub="legal-7").get(path), 404, "unknown_incident")
    entries = (await told.legal.get(f"{path}?limit=1000")).json()["entries"]
    assert {"interaction.opened.v1", "interaction.bound.v1", "incident.opened.v1"} <= {each["name"] for each in entries}


def test_every_call_of_it_is_legals() -> None:
    from service.api.needs import NEEDS  # noqa: PLC0415 - of this test alone

    ours = [call.operation_id for call in CALLS if call.tag == "timelines"]
    assert len(ours) == 5
    assert {NEEDS[each].roles for each in ours} == {frozenset({"legal"})}
