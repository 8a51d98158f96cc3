"""Webhooks: signed CloudEvents, in order within an incident, retried, dead, replayed, and saying nothing of anybody."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from standardwebhooks import Webhook, WebhookVerificationError

from domain.refusal import Refused
from service.webhooks import delivering, sending
from tests.answering import Answering, Reply
from tests.api.problem import problem
from tests.calling import Service, logged, serving
from tests.case import ALMA, DURESS, SAFE, VICTOR, Case, ask
from tests.incidents import counted, incidents
from tests.trips import NOBODYS, leaks

NO_ID = "0" * 32
EACH = {"rules": [{"kind": "failed_attempts", "id": "each", "within_minutes": 5, "count": 1}]}


class Receiver(Answering):
    """Takes letters, or does not, as `status` has it; keeps what came: path, headers and body."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status: Callable[[dict[str, Any]], int] = lambda _: 204
        self._lock = threading.Lock()
        super().__init__()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        with self._lock:
            status = 404 if path != "/hook" else self.status(json.loads(body))
            self.came.append(({name.lower(): value for name, value in headers.items()}, body))
        return Reply(status)

    def told(self) -> list[dict[str, Any]]:
        """What came, as data."""
        return [json.loads(body)["data"] for _, body in self.came]

    async def until(self, count: int) -> list[dict[str, Any]]:
        end = time.monotonic() + 8
        while len(self.came) < count:
            assert time.monotonic() < end, self.told()
            await asyncio.sleep(0.02)
        return self.told()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest_asyncio.fixture
async def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Case]:
    monkeypatch.setattr(delivering, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(delivering, "TRIES", 4)
    async with serving(tmp_path / "home") as service:
        yield await Case.opened(service)


async def hooked(service: Service, receiver: Receiver, **more: Any) -> dict[str, Any]:
    return await service.by("operations").made("/v1/webhooks", {"url": f"{receiver.url}/hook", **more})


async def listed(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.by("operations").get("/v1/webhooks")).json()["webhooks"]
    return found


async def settled(service: Service, **wanted: int) -> dict[str, Any]:
    """The one webhook, once its figures are these."""
    end = time.monotonic() + 8
    while True:
        (found,) = await listed(service)
        if all(found[name] == value for name, value in wanted.items()):
            return found
        assert time.monotonic() < end, found
        await asyncio.sleep(0.02)


async def test_a_letter_is_a_signed_cloudevent_that_says_nothing_of_anybody(case: Case, receiver: Receiver) -> None:
    added = await hooked(case.service, receiver)
    await case.fled(duress=DURESS)
    agent = case.service.by("agent")
    await ask(agent, await case.verified(agent, ALMA, DURESS))
    (found,) = await incidents(case.service)
    await receiver.until(1)
    headers, body = receiver.came[0]
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    told = Webhook(added["secret"]).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(added["secret"]).verify(body.replace(b"duress", b"distress"), headers)
    assert {"id", "source", "specversion", "type"} <= told.keys()  # CloudEvents 1.0.2, 3.1: required
    assert (told["specversion"], told["type"]) == ("1.0", "watchword.incident.opened")
    assert datetime.fromisoformat(told["time"]).tzinfo is not None
    assert told["subject"] == found["incident_id"]
    assert told["data"] == {
        "incident_id": found["incident_id"],
        "kind": "incident.opened",
        "rule": "duress_passcode",
        "position": int(told["id"]),
    }
    text = body.decode()
    assert leaks(text) == []
    for said in (case.account, case.alma, case.victor, case.booking, "Grey", "Hale", SAFE, "agent-1"):
        assert said not in text


async def test_what_opens_joins_and_closes_is_told_in_this_order(case: Case, receiver: Receiver) -> None:
    await hooked(case.service, receiver)
    agent, legal = case.service.by("agent"), case.service.by("legal")
    await case.service.by("compliance").made("/v1/rules", {"book": EACH})
    line = await case.line(agent, VICTOR)
    for _ in range(5):
        await ask(agent, line, NOBODYS)
    (found,) = await incidents(case.service)
    await counted(case.service, found["incident_id"], "each", 5)
    await legal.made(f"/v1/incidents/{found['incident_id']}/close", {"words": "he was told to stop"})
    told = await receiver.until(6)
    assert [each["kind"] for each in told] == ["incident.opened", *["incident.joined"] * 4, "incident.closed"]
    assert [each["position"] for each in told] == sorted(each["position"] for each in told)
    assert "he was told to stop" not in receiver.came[-1][1].decode()
    await settled(case.service, delivered=6, waiting=0, held=0)


async def test_only_the_kinds_it_asked_for_are_told(case: Case, receiver: Receiver) -> None:
    await hooked(case.service, receiver, kinds=["incident.closed"])
    await case.fled(duress=DURESS)
    await case.verified(case.service.by("agent"), ALMA, DURESS)
    (found,) = await incidents(case.service)
    await case.service.by("legal").made(f"/v1/incidents/{found['incident_id']}/close", {"words": "done"})
    assert [each["kind"] for each in await receiver.until(1)] == ["incident.closed"]


async def test_a_failing_letter_holds_back_the_later_ones_of_its_incident_and_no_others(
    case: Case, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "TRIES", 1_000)
    monkeypatch.setattr(delivering, "LONGEST_WAIT_S", 0.1)
    await case.service.by("compliance").made("/v1/rules", {"book": EACH})
    await hooked(case.service, receiver)
    agent = case.service.by("agent")
    lines = [await case.line(agent, VICTOR), await case.line(agent, {}, "OTHERS")]
    await ask(agent, lines[0], NOBODYS)
    (first,) = await incidents(case.service)
    await receiver.until(1)
    failing = True
    receiver.status = lambda told: 500 if failing and told["data"]["incident_id"] == first["incident_id"] else 200
    for line in (*lines, *lines):
        await ask(agent, line, NOBODYS)
    others = [each["incident_id"] for each in await incidents(case.service, 2) if each != first]
    await settled(case.service, delivered=3)
    failing = False
    await settled(case.service, delivered=5, waiting=0)
    taken = [each["position"] for each in receiver.told() if each["incident_id"] == first["incident_id"]]
    assert taken == sorted(taken)
    assert len(set(taken)) == 3 < len(taken)
    assert len(others) == 2


async def test_a_letter_that_nobody_takes_dies_and_is_posted_again_when_it_is_asked_for(
    case: Case, receiver: Receiver
) -> None:
    await case.service.by("compliance").made("/v1/rules", {"book": EACH})
    added = await hooked(case.service, receiver)
    agent = case.service.by("agent")
    line = await case.line(agent, VICTOR)
    receiver.status = lambda _: 302  # a redirect is not followed: it is not taken
    await ask(agent, line, NOBODYS)
    await settled(case.service, held=1, waiting=0)
    assert len(receiver.came) == 4
    assert {headers["webhook-id"] for headers, _ in receiver.came} == {receiver.came[0][0]["webhook-id"]}
    assert len({body for _, body in receiver.came}) == 1
    # The next one of the incident waits behind it, and is not tried.
    await ask(agent, line, NOBODYS)
    await settled(case.service, held=2, waiting=0)
    assert len(receiver.came) == 4
    receiver.status = lambda _: 200
    operations = case.service.by("operations")
    again = await operations.post(f"/v1/webhooks/{added['webhook_id']}/replay", {})
    assert again.status_code == 202
    await settled(case.service, held=0, waiting=0, delivered=2)
    assert [each["kind"] for each in receiver.told()[4:]] == ["incident.opened", "incident.joined"]
    # And everything from a position on.
    await operations.made(f"/v1/webhooks/{added['webhook_id']}/replay", {"after": 0})
    told = await receiver.until(8)
    assert told[6:] == told[4:6]


async def test_a_letter_is_posted_again_though_its_delivery_was_read_before_it_was_told(
    case: Case, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = delivering.Delivering._record

    async def late(self: delivering.Delivering, webhook_id: str, happened: Any) -> None:
        await record(self, webhook_id, happened)
        await asyncio.sleep(0.3)  # a loop that is busy: the follower hands the event over first

    monkeypatch.setattr(delivering.Delivering, "_record", late)
    added = await hooked(case.service, receiver)
    await case.fled(duress=DURESS)
    await case.verified(case.service.by("agent"), ALMA, DURESS)
    await settled(case.service, delivered=1, waiting=0)
    await asyncio.sleep(0.6)
    await case.service.by("operations").made(f"/v1/webhooks/{added['webhook_id']}/replay", {"after": 0})
    told = await receiver.until(2)
    assert told[0] == told[1]
    await settled(case.service, delivered=2, waiting=0)


async def test_a_letter_whose_webhook_cannot_be_opened_any_more_dies(case: Case, receiver: Receiver) -> None:
    added = await hooked(case.service, receiver)
    desk = case.service.app.state.desk
    desk.keys.destroy(added["webhook_id"])
    await case.fled(duress=DURESS)
    await case.verified(case.service.by("agent"), ALMA, DURESS)
    end = time.monotonic() + 8
    while desk.log.read(f"webhook:{added['webhook_id']}")[-1].topic != "letter.died.v1":
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    assert receiver.came == []


async def test_a_fault_that_nobody_foresaw_is_said_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a URL with a key")

    monkeypatch.setattr(sending, "client", broken)
    assert await sending.post("http://127.0.0.1:9/hook", b"{}", {}) == "ZeroDivisionError"


async def test_two_replicas_post_each_letter_once_and_in_order(tmp_path: Path, receiver: Receiver) -> None:
    async with serving(tmp_path / "home") as here, serving(tmp_path / "home") as there:
        case = await Case.opened(here)
        await here.by("compliance").made("/v1/rules", {"book": EACH})
        await hooked(here, receiver)
        lines = [(service.by("agent"), await case.line(service.by("agent"), VICTOR)) for service in (here, there)]
        for number in range(20):
            agent, line = lines[number % 2]
            await ask(agent, line, NOBODYS)
        await settled(there, delivered=20, waiting=0)
        positions = [each["position"] for each in receiver.told()]
        assert positions == sorted(set(positions))
        assert len(positions) == 20


async def test_a_webhook_that_was_removed_hears_nothing(case: Case, receiver: Receiver) -> None:
    added = await hooked(case.service, receiver)
    operations = case.service.by("operations")
    removed = await operations.send("DELETE", f"/v1/webhooks/{added['webhook_id']}")
    assert removed.json() == {"webhook_id": added["webhook_id"]}
    problem(await operations.send("DELETE", f"/v1/webhooks/{added['webhook_id']}"), 404, "unknown_webhook")
    problem(await operations.post(f"/v1/webhooks/{NO_ID}/replay", {}), 404, "unknown_webhook")
    assert await listed(case.service) == []
    await case.fled(duress=DURESS)
    await case.verified(case.service.by("agent"), ALMA, DURESS)
    await incidents(case.service)
    await asyncio.sleep(0.3)
    assert receiver.came == []


@pytest.mark.parametrize(
    "url",
    [
        "http://siem.example/hook",
        "https://siem.example/hook",
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1.siem.example/hook",
        "https://user:secret@127.0.0.1/hook",
        "ftp://127.0.0.1/hook",
        "https://",
        "http://[::ffff:10.0.0.1]/hook",
    ],
)
async def test_where_nothing_is_posted_to(case: Case, url: str) -> None:
    refused = await case.service.by("operations").post("/v1/webhooks", {"url": url})
    problem(refused, 422, "bad_target", "url")
    assert "siem" not in refused.text
    assert "secret" not in refused.text


async def test_hosts_that_the_settings_name_are_posted_to(tmp_path: Path) -> None:
    async with serving(tmp_path / "home", WATCHWORD_WEBHOOK_HOSTS="siem.example  Other.example") as service:
        operations = service.by("operations")
        for url in ("https://siem.example/hook", "https://other.example:8443/hook"):
            await operations.made("/v1/webhooks", {"url": url})
        problem(await operations.post("/v1/webhooks", {"url": "https://third.example/"}), 422, "bad_target")
        problem(await operations.post("/v1/webhooks", {"url": "http://siem.example/hook"}), 422, "bad_target")
        assert [each["url"] for each in await listed(service)] == [
            "https://siem.example/hook",
            "https://other.example:8443/hook",
        ]


async def test_the_secret_and_the_url_are_shown_once_and_kept_sealed(case: Case, receiver: Receiver) -> None:
    with logged() as lines:
        added = await hooked(case.service, receiver)
        assert added["secret"].startswith("whsec_")
        (found,) = await listed(case.service)
        assert found["url"] == f"{receiver.url}/hook"
        assert added["secret"] not in json.dumps(found)
        await case.fled(duress=DURESS)
        await case.verified(case.service.by("agent"), ALMA, DURESS)
        await receiver.until(1)
    kept = b"".join(path.read_bytes() for path in case.service.settings.home.glob("watchword.sqlite*"))
    assert added["webhook_id"].encode() in kept
    for secret in (added["secret"], receiver.url):
        assert secret.encode() not in kept
        assert secret not in lines.getvalue()


async def test_a_receiver_that_is_slow_or_gone_is_not_waited_for() -> None:
    receiver = Receiver()
    gate = threading.Event()

    def slow(_: dict[str, Any]) -> int:
        gate.wait(5)
        return 200

    receiver.status = slow
    began = time.monotonic()
    assert await sending.post(f"{receiver.url}/hook", b"{}", {}, 0.2) in {"TimeoutError", "ReadTimeout"}
    assert time.monotonic() - began < 2
    gate.set()
    receiver.close()
    assert await sending.post(f"{receiver.url}/hook", b"{}", {}, 2.0) == "ConnectError"


def test_a_host_that_is_not_allowed_any_more_is_refused() -> None:
    hosts = frozenset({"siem.example"})
    assert sending.allowed("https://siem.example/x", hosts) == "https://siem.example/x"
    with pytest.raises(Refused):
        sending.allowed("https://siem.example/x", frozenset())
