"""Every error is a problem that names the place and what to do, and repeats nothing that was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.api.needs import NEEDS
from service.line.disclosing import WITHHELD_SAY
from tests.api.problem import guarded, problem
from tests.calling import Service, logged
from tests.case import ALMA, Case
from tests.trips import OLD

SECRET = "zebra-canary-9137"


async def test_what_the_framework_refuses_is_a_problem_too(service: Service) -> None:
    agent = service.by("agent")
    problem(await agent.get("/nowhere"), 404, "http-404")
    problem(await agent.post("/v1/nowhere", {}), 404, "http-404")
    answer = await agent.send("PUT", "/v1/accounts")
    problem(answer, 405, "http-405")
    assert answer.headers["allow"] == "POST"
    problem(await agent.send("TRACE", "/healthz"), 405)
    assert (await agent.send("OPTIONS", "/v1/policy")).headers["allow"] == "GET, POST"
    guarded(await agent.send("HEAD", "/v1/accounts"))
    guarded(await agent.send("OPTIONS", "/v1/accounts"))


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
async def test_a_body_that_says_it_is_no_json(service: Service, kind: str) -> None:
    headers = {"Authorization": f"Bearer {service.token('back_office')}", "Content-Type": kind}
    problem(await service.client.post("/v1/accounts", content=b"{}", headers=headers), 415, "not_json")


async def test_a_charset_does_no_harm(service: Service) -> None:
    headers = {
        "Authorization": f"Bearer {service.token('back_office')}",
        "Content-Type": "Application/JSON; charset=utf-8",
    }
    assert (await service.client.post("/v1/accounts", content=b"{}", headers=headers)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nul", b'{"reference": "a"} x', b"\xff\xfe", b'{"reference": "\\ud800"}', b"[" * 60_000],
    ids=["nothing", "cut", "word", "trailing", "bytes", "surrogate", "deep"],
)
async def test_what_is_no_json_at_all(service: Service, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {service.token('back_office')}", "Content-Type": "application/json"}
    problem(await service.client.post("/v1/accounts", content=body, headers=headers), 422, "bad_body", "$")


@pytest.mark.parametrize(
    "role, path, body, place",
    [
        ("back_office", "/v1/accounts", [], "$"),
        ("back_office", "/v1/accounts", {"reference": 7}, "$.reference"),
        ("back_office", "/v1/accounts", {"reference": "has spaces"}, "$.reference"),
        ("back_office", "/v1/accounts", {"reference": "x" * 65}, "$.reference"),
        ("back_office", "/v1/accounts/A/parties", {"kind": "pet", "facts": {}}, "$.kind"),
        ("back_office", "/v1/accounts/A/parties", {"kind": "holder", "facts": {"surname": 1}}, "$.facts.surname"),
        ("back_office", "/v1/accounts/A/parties", {"kind": "holder", "facts": {"phone": "none"}}, "facts.phone"),
        ("back_office", "/v1/accounts/A/bookings", {"format": "watchword.booking"}, "$"),
        ("back_office", "/v1/accounts/A/bookings", {"format": "x", "document": 7}, "$.document"),
        ("back_office", "/v1/accounts/A/bookings", {"format": "", "document": "", "booking_id": "a b"}, "$.booking_id"),
        ("agent", "/v1/interactions", {"contact_id": "", "channel": "call"}, "$.contact_id"),
        ("agent", "/v1/interactions", {"contact_id": "x", "channel": "pigeon"}, "$.channel"),
        ("agent", "/v1/interactions/I/bind", {"facts": {}}, "locator"),
        ("agent", "/v1/interactions/I/bind", {"facts": {"phone": "soon"}, "locator": "A"}, "facts.phone"),
        ("agent", "/v1/interactions/I/bind", {"facts": {}, "account_id": "\x00"}, "$.account_id"),
        ("agent", "/v1/interactions/I/disclosures", {"classes": []}, "$.classes"),
        ("agent", "/v1/interactions/I/disclosures", {"classes": ["E", "Z"]}, "$.classes[1]"),
        ("agent", "/v1/interactions/I/verifications", {"passcode": ""}, "$.passcode"),
        ("agent", "/v1/interactions/I/verifications", {"passcode": "x", "listener_id": "nobody"}, "listener_id"),
        ("agent", "/v1/interactions/I/listeners", {"kind": "dog"}, "$.kind"),
        ("", "/v1/passcodes", {"token": "no-link-of-ours"}, "$.token"),
    ],
)  # fmt: skip
async def test_a_body_that_is_not_valid_is_told_where(  # noqa: PLR0917 - pytest gives them by name
    service: Service, case: Case, role: str, path: str, body: Any, place: str
) -> None:
    line = (await case.line(service.by("agent"), ALMA)).rpartition("/")[2]
    path = path.replace("/A/", f"/{case.account}/").replace("/I/", f"/{line}/")
    calls = service.by(role)
    problem(await calls.send("POST", path, body), 422, place=place)


async def test_unknown_fields_are_refused_everywhere(service: Service) -> None:
    from service.api.calls import CALLS  # noqa: PLC0415 - walked here alone

    wrong = []
    for call in CALLS:
        if call.body is None:
            continue
        need = NEEDS.get(call.operation_id)
        role = "" if need is None else "agent" if "agent" in need.roles else min(need.roles)
        calls = service.by(role, tier=3 if role == "agent" else 0)
        for name, body in (("top", {**call.example, "verified": True}), ("facts", call.example)):
            if name == "facts":
                if "facts" not in call.example:
                    continue
                body = {**body, "facts": {**body["facts"], "standing": "verified"}}  # noqa: PLW2901 - a variant of it
            answer = await calls.post(call.path.replace("{", "").replace("}", ""), body)
            if answer.status_code != 422 or "unknown field" not in answer.json()["detail"]:
                wrong.append((call.operation_id, name, answer.status_code))
    assert wrong == []


async def test_a_problem_repeats_no_value_that_was_sent(service: Service, case: Case) -> None:
    agent, office, nobody = service.by("agent", tier=3), service.by("back_office"), service.by("")
    line = await case.line(agent, ALMA)
    sent = [
        (agent, "/v1/interactions", {"contact_id": SECRET, "channel": SECRET}),
        (agent, f"{line}/bind", {"facts": {"date_of_birth": SECRET[:10]}, "locator": SECRET}),
        (agent, f"{line}/bind", {"facts": SECRET}),
        (agent, f"{line}/verifications", {"passcode": SECRET * 20}),
        (agent, f"{line}/verifications", {"passcode": SECRET, "listener_id": SECRET}),
        (agent, f"/v1/accounts/{case.account}/protection", {"protected_party_id": SECRET, "safe_contact": SECRET}),
        (agent, f"/v1/accounts/{SECRET}/protection/confirm", {"protection_id": SECRET}),
        (office, f"/v1/accounts/{case.account}/bookings", {"format": SECRET, "document": SECRET}),
        (office, f"/v1/accounts/{case.account}/bookings", {"format": "amadeus.pnr_reply", "document": f"<a>{SECRET}"}),
        (
            office,
            f"/v1/accounts/{case.account}/bookings",
            {"format": "watchword.booking", "document": {"status": SECRET}},
        ),
        (nobody, "/v1/passcodes", {"token": f"a.{SECRET}", "passcode": SECRET}),
    ]
    with logged() as lines:
        for calls, path, body in sent:
            answer = await calls.post(path, body)
            assert answer.status_code >= 400
            problem(answer, answer.status_code)
            assert SECRET[:10] not in answer.text, path
    assert SECRET[:10] not in lines.getvalue()


async def test_a_bug_is_a_problem_without_a_word_of_what_it_was_about(
    service: Service, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*_: object) -> None:
        raise RuntimeError(SECRET)

    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    monkeypatch.setattr("domain.judging.decide", boom)
    with logged() as lines:
        answer = await agent.post(f"{line}/disclosures", {"classes": ["E"], "locator": OLD})
    found = problem(answer, 500, "internal")
    assert (found["outcome"], found["say"], found["next_step"]) == ("withheld", WITHHELD_SAY, "ask_passcode")
    assert SECRET not in answer.text
    assert SECRET not in lines.getvalue()
    assert '"reason":"RuntimeError"' in lines.getvalue()
    assert f'"where":"{__file__.rpartition("/")[2]}' in lines.getvalue()


async def test_what_cannot_be_recorded_is_neutral_whoever_is_asked_about(service: Service, case: Case) -> None:
    await case.fled()
    agent = service.by("agent")
    lines = [await case.line(agent, ALMA), await case.line(agent, ALMA, "NONEXX")]
    service.clock.ahead = -timedelta(days=1)
    seen = []
    for line in lines:
        answer = await agent.post(f"{line}/disclosures", {"classes": ["E"], "locator": OLD})
        found = problem(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "2"
        seen.append({name: value for name, value in found.items() if name != "instance"})
    assert seen[0] == seen[1]
    assert (seen[0]["outcome"], seen[0]["say"]) == ("withheld", WITHHELD_SAY)
    problem(await service.client.get("/readyz"), 503)
    assert (await service.client.get("/healthz")).status_code == 200
    service.clock.ahead = timedelta()
    assert (await agent.post(f"{lines[0]}/disclosures", {"classes": ["E"], "locator": OLD})).status_code == 200


async def test_ids_in_paths_that_are_none_are_unknown(service: Service) -> None:
    auditor = service.by("auditor")
    for wrong in ("%00", "a%20b", "x" * 65, "a.b", "%F0%9F%90%88"):
        problem(await auditor.get(f"/v1/accounts/{wrong}/history"), 404, "unknown_account", "account_id")
    for query in ("limit=0", "limit=201", "limit=x", "cursor=x", "cursor=1", "wrong=1", "limit=1&limit=2"):
        answer = problem(await auditor.get(f"/v1/accounts/{'0' * 32}/history?{query}"), 422, "bad_query")
        assert answer["place"].startswith("query")
