"""The edge: request ids, security headers, and how much may be sent, however it is sent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from service.api.middleware import LARGE_BODY, SMALL_BODY
from tests.api.problem import SECURITY, guarded, problem
from tests.calling import Service, logged
from tests.case import ALMA, Case, ask

SMALL = "/v1/accounts"


def sized(size: int) -> bytes:
    """A JSON body of this many bytes."""
    return json.dumps({"reference": "x"}).encode().ljust(size)


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 4096):
        yield body[start : start + 4096]


async def test_every_answer_has_the_security_headers(service: Service, case: Case) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    await ask(agent, line)
    await agent.get("/healthz")
    await agent.get("/readyz")
    await agent.get("/openapi.json")
    for response in agent.heard:
        guarded(response)
    page = await agent.get("/docs")
    assert page.status_code == 200
    assert page.headers.get_list("content-security-policy")[-1].startswith("default-src 'self'")
    assert page.headers["x-content-type-options"] == SECURITY["x-content-type-options"]


async def test_the_pages_of_docs_ask_nothing_of_another_host(service: Service) -> None:
    page = (await service.client.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page


async def test_a_request_id_is_echoed_recorded_as_the_cause_and_written_to_the_log(
    service: Service, case: Case
) -> None:
    agent = service.by("agent")
    line = await case.line(agent, ALMA)
    with logged() as lines:
        answer = await agent.post(
            f"{line}/disclosures", {"classes": ["E"], "locator": "OLDAAA"}, X_Request_ID="call-17:3"
        )
    assert answer.headers["x-request-id"] == "call-17:3"
    assert '"request_id":"call-17:3"' in lines.getvalue()
    assert (await case.history())[-1]["cause"] == "call-17:3"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<script>", "Alma Grey", "a\tb"])
async def test_a_request_id_that_is_none_is_replaced(service: Service, given: str) -> None:
    with logged() as lines:
        answer = await service.client.get("/healthz", headers={"X-Request-ID": given})
    made = answer.headers["x-request-id"]
    assert len(made) == 32
    assert int(made, 16)
    assert not given or given not in lines.getvalue()


async def test_two_requests_have_two_ids(service: Service) -> None:
    ids = {(await service.client.get("/healthz")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.parametrize("streamed", [False, True], ids=["announced", "chunked"])
async def test_a_small_body_is_small(service: Service, *, streamed: bool) -> None:
    headers = {"Authorization": f"Bearer {service.token('back_office')}", "Content-Type": "application/json"}
    for size, status in ((SMALL_BODY, 201), (SMALL_BODY + 1, 413), (4 * SMALL_BODY, 413)):
        body = sized(size)
        answer = await service.client.post(SMALL, content=chunks(body) if streamed else body, headers=headers)
        assert ("content-length" in answer.request.headers) is not streamed
        assert answer.status_code == status
        if status == 413:
            problem(answer, 413, "too_large")


@pytest.mark.parametrize("streamed", [False, True], ids=["announced", "chunked"])
async def test_a_document_may_be_large(service: Service, case: Case, *, streamed: bool) -> None:
    headers = {"Authorization": f"Bearer {service.token('back_office')}", "Content-Type": "application/json"}
    path = f"/v1/accounts/{case.account}/bookings"
    for size, status in ((LARGE_BODY, 422), (LARGE_BODY + 1, 413)):
        body = sized(size)
        answer = await service.client.post(path, content=chunks(body) if streamed else body, headers=headers)
        problem(answer, status)


@pytest.mark.parametrize("length", ["-1", "1e9", "x", "99999999999999999999"])
async def test_a_length_that_is_none(service: Service, length: str) -> None:
    headers = {"Authorization": f"Bearer {service.token('back_office')}", "Content-Type": "application/json"}
    answer = await service.client.post(SMALL, content=b"{}", headers={**headers, "Content-Length": length})
    problem(answer, 413)


async def test_too_large_is_said_before_anything_is_read_or_recorded(service: Service, case: Case) -> None:
    before = len(await case.history())
    headers = {"Authorization": f"Bearer {service.token('back_office')}", "Content-Type": "application/json"}
    body = {"kind": "holder", "facts": {"surname": "x" * SMALL_BODY}}
    path = f"/v1/accounts/{case.account}/parties"
    problem(await service.client.post(path, json=body, headers=headers), 413)
    assert len(await case.history()) == before + 1  # the first reading of it
