"""The case that tests play over HTTP: Alma Grey and Victor Hale, the old trip, and what she really holds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple, Self

import httpx
import pytest
import pytest_asyncio

from service import composition
from service.settings import load
from tests.calling import Calls, Service, serving
from tests.postgres import drop_database, new_database
from tests.trips import CLASSES, FORMAT, NEW_TRIP, OLD, OLD_TRIP

ALMA = {"surname": "Grey", "given_name": "Alma"}
VICTOR = {"surname": "Hale", "given_name": "Victor"}
PASSCODE, HIS, DURESS = "walnut harbour tinsel gravel", "granite trumpet willow anchor", "cactus bonnet ferry plaster"
SAFE, HIS_PHONE = "+447700900999", "+447700900111"
LIFE = dict.fromkeys(("schedule_change", "check_in", "departure"), "follow") | dict.fromkeys(
    ("cancellation", "refund"), "transfer"
)


def told(response: httpx.Response) -> Any:
    """The document of an answer, None where it was withheld."""
    assert response.status_code == 200, response.text
    return response.json()["document"]


def words(answer: Any) -> Any:
    """An answer without its opaque ids and times."""
    opaque = ("decision_id", "expires_at", "as_of", "due_by", "interaction_id")
    return {name: value for name, value in answer.items() if name not in opaque}


class Case:
    """One account with both of them on it, and the trip that both may know of."""

    def __init__(self, service: Service, account: str, alma: str, victor: str, booking: str) -> None:
        self.service = service
        self.account, self.alma, self.victor, self.booking = account, alma, victor, booking
        self.calls = 0

    @classmethod
    async def opened(cls, service: Service, holder: str = "alma") -> Self:
        office = service.by("back_office")
        account = (await office.made("/v1/accounts", {"reference": "crm-48213"}))["account_id"]
        parties = []
        for name, facts in (("alma", ALMA), ("victor", VICTOR)):
            body = {
                "kind": "holder" if name == holder else "traveller",
                "facts": {**facts, "date_of_birth": "1988-04-12", "email": f"{name}@shared.example"},
            }
            parties.append((await office.made(f"/v1/accounts/{account}/parties", body))["party_id"])
        body = {"format": FORMAT, "document": OLD_TRIP, "travellers": {"t1": parties[0], "t2": parties[1]}}
        booking = (await office.made(f"/v1/accounts/{account}/bookings", body))["booking_id"]
        return cls(service, account, parties[0], parties[1], booking)

    async def protect(
        self,
        party: str = "",
        adverse: list[str] | None = None,
        *,
        safe: str = SAFE,
        confirmed: bool = True,
        sub: str = "first-line",
    ) -> str:
        """Protect Alma from Victor unless it is said otherwise; returns the protection's id."""
        body = {
            "protected_party_id": party or self.alma,
            "safe_contact": {"kind": "phone", "value": safe},
            "adverse_party_ids": [self.victor] if adverse is None else adverse,
        }
        agent = self.service.by("agent", sub=sub)
        protection: str = (await agent.made(f"/v1/accounts/{self.account}/protection", body))["protection_id"]
        if confirmed:
            for name in ("safety-1", "safety-2"):
                path = f"/v1/accounts/{self.account}/protection/confirm"
                await self.service.by("agent", sub=name, tier=3).made(path, {"protection_id": protection})
        return protection

    async def message(self, to: str, template: str = "passcode_link", count: int = 1) -> dict[str, str]:
        """The fields of the newest message of this kind to this address, once `count` of them have come."""
        for _ in range(400):
            found = [m for m in self.service.outbox() if m["to_value"] == to and m["template"] == template]
            if len(found) >= count:
                fields: dict[str, str] = found[-1]["fields"]
                return fields
            await asyncio.sleep(0.01)
        raise AssertionError(f"no message {template} came to {to}")

    async def choose(
        self, to: str = SAFE, passcode: str = PASSCODE, duress: str = "", count: int = 1
    ) -> httpx.Response:
        """Choose a passcode by the link that was sent to this address."""
        token = (await self.message(to, count=count))["token"]
        body = {"token": token, "passcode": passcode, "duress_passcode": duress}
        return await self.service.by("").post("/v1/passcodes", body)

    async def imported(self, document: Any, travellers: dict[str, str], booking: str = "") -> dict[str, Any]:
        """Import a document: as the new truth of a booking, or on a record of its own; returns the answer."""
        body = {"format": FORMAT, "document": document, "travellers": travellers, "booking_id": booking}
        return await self.service.by("back_office").made(f"/v1/accounts/{self.account}/bookings", body)

    async def reissue(self, booking: str | None = None) -> str:
        """The new trip: as the new truth of the old booking, or with `booking=""` on a record of its own."""
        answer = await self.imported(NEW_TRIP, {"t1": self.alma}, self.booking if booking is None else booking)
        made: str = answer["booking_id"]
        return made

    async def fled(self, duress: str = "") -> Self:
        """Everything that happened before he rings: protected and confirmed, passcode chosen, ticket reissued."""
        await self.protect()
        assert (await self.choose(duress=duress)).status_code == 200
        await self.reissue()
        return self

    async def his_passcode(self) -> None:
        """Victor asks for a passcode and chooses it: on request, as any customer may."""
        agent = self.service.by("agent")
        line = await self.line(agent, VICTOR)
        await agent.made(f"{line}/passcodes", {})
        assert (await self.choose("victor@shared.example", HIS)).status_code == 200

    async def line(
        self, calls: Calls, facts: dict[str, str] | None, locator: str = OLD, contact: str = "", channel: str = "call"
    ) -> str:
        """A new contact, bound; returns its path. Each has a number of its own unless one is given."""
        self.calls += 1
        body = {"contact_id": contact or f"+4477000{self.calls:05}", "channel": channel}
        opened = await calls.made("/v1/interactions", body)
        path = f"/v1/interactions/{opened['interaction_id']}"
        if facts is not None:
            await calls.made(f"{path}/bind", {"locator": locator, "facts": facts})
        return path

    async def verified(self, calls: Calls, facts: dict[str, str], passcode: str, locator: str = OLD) -> str:
        """A new contact whose caller proved a passcode."""
        line = await self.line(calls, facts, locator)
        assert (await calls.made(f"{line}/verifications", {"passcode": passcode}))["accepted"]
        return line

    async def history(self) -> list[dict[str, Any]]:
        """The whole record of the account, as an auditor reads it."""
        auditor = self.service.by("auditor")
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            path = f"/v1/accounts/{self.account}/history?limit=200&of=account&cursor={cursor}"
            page = (await auditor.get(path)).json()
            found += page["entries"]
            cursor = page["next_cursor"]
        return found


async def ask(calls: Calls, line: str, locator: str = OLD, classes: list[str] | None = None, **more: str) -> Any:
    """Ask about a booking; returns what the answer says of it, None where it is withheld."""
    body = {"classes": classes or CLASSES, **({"locator": locator} if locator else {}), **more}
    return told(await calls.post(f"{line}/disclosures", body))


async def listed(calls: Calls, line: str) -> list[Any]:
    """The documents of the bookings that a contact may know of."""
    answer = await calls.get(f"{line}/bookings")
    assert answer.status_code == 200, answer.text
    return [each["document"] for each in answer.json()["bookings"]]


@pytest.fixture(scope="session")
def prepared_postgres(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Databases as the first start leaves them, and the keys that go with them, all to be copied."""
    server = request.getfixturevalue("postgres_url")
    home, made = tmp_path_factory.mktemp("prepared") / "home", [new_database(server) for _ in range(2)]
    composition.prepare(load({"WATCHWORD_HOME": str(home), **_stores(made)}))
    yield Prepared(server, home, made)
    for each in made:
        drop_database(server, each)


@pytest.fixture
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Where a test's own service keeps its log and keys: SQLite, or PostgreSQL if WATCHWORD_TEST_STORE says so."""
    if os.environ.get("WATCHWORD_TEST_STORE", "sqlite") == "sqlite":
        yield {}
        return
    prepared: Prepared = request.getfixturevalue("prepared_postgres")
    copytree(prepared.home, tmp_path / "home")
    made = [new_database(prepared.server, each) for each in prepared.databases]
    yield _stores(made)
    for each in made:
        drop_database(prepared.server, each)


class Prepared(NamedTuple):
    """A server, a home whose keys open the databases, and the two of them: the log and the keys."""

    server: str
    home: Path
    databases: list[str]


def _stores(databases: list[str]) -> dict[str, str]:
    log, keys = databases
    return {"WATCHWORD_DATABASE_URL": log, "WATCHWORD_KEYS_URL": keys}


@pytest_asyncio.fixture
async def service(tmp_path: Path, stores: dict[str, str]) -> AsyncIterator[Service]:
    """A service of the test's own."""
    async with serving(tmp_path / "home", **stores) as running:
        yield running


@pytest_asyncio.fixture
async def case(service: Service) -> Case:
    """The account as it was before anybody fled."""
    return await Case.opened(service)
