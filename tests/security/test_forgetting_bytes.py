"""After a forgetting: no byte of the person in the databases, their write-ahead logs, the folders and the backups."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec
import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from domain.event import Actor
from service import composition
from service.desk.clock import wall
from service.ledger.note import Checkpoint
from service.ledger.verifying import Report, verify
from service.log import EventLog
from service.record import restoring
from service.record.auditing import Audit, Tally
from service.sealing import KeyMissing, KeyRing
from service.sealing.wrapping import named
from service.settings import Settings
from tests.calling import Service, errands, serving
from tests.postgres import PostgresServer, new_database
from tests.security import canary
from tests.security.canary import FACTS, LOCATOR, PASSCODE, SAFE, SAID, WORDS, left, spelt, standing, written
from tests.trips import FORMAT

DAY = timedelta(days=1)
DECISIONS = 4  # at least: two in the story, an action, and one that is answered with nothing afterwards


class Person:
    """Somebody with an account, a trip of her own and a long story, and what of it was told to nobody else."""

    def __init__(self, service: Service, account: str, party: str) -> None:
        self.service, self.account, self.party = service, account, party

    @classmethod
    async def with_a_story(cls, service: Service) -> Person:
        """Everything that can be said about a person, said."""
        office = service.by("back_office")
        account = (await office.made("/v1/accounts", {"reference": "crm-1"}))["account_id"]
        body = {"kind": "holder", "facts": FACTS}
        party = (await office.made(f"/v1/accounts/{account}/parties", body))["party_id"]
        self = cls(service, account, party)
        await office.made(f"/v1/accounts/{account}/parties", {"kind": "contact", "facts": {"surname": "Other"}})
        trip = {"format": FORMAT, "document": canary.TRIP, "travellers": {"t1": party}}
        booking = (await office.made(f"/v1/accounts/{account}/bookings", trip))["booking_id"]
        await self._protected()
        await self._rings(booking)
        return self

    async def _protected(self) -> None:
        agent, path = self.service.by("agent", sub="first"), f"/v1/accounts/{self.account}/protection"
        body = {
            "protected_party_id": self.party,
            "safe_contact": {"kind": "phone", "value": SAFE},
            "adverse_party_ids": [],
        }
        protection = (await agent.made(path, body))["protection_id"]
        for name in ("s-1", "s-2"):
            finding = {"protection_id": protection, "finding": "not_upheld", "reason": WORDS["review"]}
            await self.service.by("agent", sub=name, tier=3).made(f"{path}/review", finding)

    async def _chosen(self, to: str) -> None:
        for _ in range(300):
            found = [each for each in self.service.outbox() if each["to_value"] == to]
            if found:
                body = {
                    "token": found[-1]["fields"]["token"],
                    "passcode": PASSCODE,
                    "duress_passcode": canary.DURESS,
                }
                assert (await self.service.by("").post("/v1/passcodes", body)).status_code == 200
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"no link came to {to[:3]}...")

    async def _rings(self, booking: str) -> None:
        agent, legal = self.service.by("agent", team="t"), self.service.by("legal")
        line = await self._line(WORDS["contact"])
        question = {"locator": LOCATOR, "classes": ["E", "I", "L", "C", "P", "D"]}
        assert (await agent.made(f"{line}/disclosures", question))["outcome"] == "disclosed"
        await agent.made(f"{line}/passcodes", {})
        await self._chosen(canary.MAIL)
        proved = await self._line("+447700911223")
        assert (await agent.made(f"{proved}/verifications", {"passcode": PASSCODE}))["accepted"]
        assert (await agent.made(f"{proved}/disclosures", question))["document"]["identity"]
        action = {"action": "cancel", "locator": LOCATOR, "details": WORDS["action"]}
        done = (await agent.made(f"{proved}/actions", action))["decision_id"]
        closed = {"result": "done", "words": WORDS["closed"]}
        tier_3 = self.service.by("agent", sub="s-9", tier=3)
        await tier_3.made(f"/v1/actions/{done}/done", closed)
        promise = {
            "kind": "promise",
            "owner": "agent-1",
            "due_at": (wall() + DAY).isoformat(),
            "words": WORDS["commitment"],
        }
        promised = await agent.made("/v1/commitments", {**promise, "interaction_id": proved.rpartition("/")[2]})
        await agent.made("/v1/commitments", {**promise, "account_id": self.account})
        answered = {"how": "voicemail", "words": WORDS["answer"]}
        await agent.made(f"/v1/commitments/{promised['commitment_id']}/answers", answered)
        await agent.made(f"{proved}/safety-signal", {"kind": "health", "words": WORDS["signal"]})
        asked = {"reason": "other", "words": WORDS["override"], "classes": ["E", "I"], "minutes": 5}
        await agent.made(f"{line}/overrides", asked)
        await agent.made(f"{line}/mistake", {"said": WORDS["mistake"], "decision_id": ""})
        await agent.made(f"{line}/dispute", {"words": WORDS["dispute"]})
        other = self.service.by("agent", tier=3, sub="safety-9")
        await other.made(f"{line}/dispute/resolve", {"words": WORDS["resolve"]})
        offer = {"to": {"kind": "agent", "name": "agent-3"}, "reason": WORDS["transfer"]}
        await agent.made(f"{proved}/transfer", offer)
        incident = await self._incident()
        await legal.made(f"/v1/incidents/{incident}/close", {"words": WORDS["incident"]})
        hold = {"scope": "party", "about": self.party, "reason": "other", "until": (wall() + DAY).isoformat()}
        placed = (await legal.made("/v1/holds", {**hold, "words": WORDS["hold"]}))["hold_id"]
        await legal.made(f"/v1/holds/{placed}/lift", {"words": WORDS["hold"]})

    async def _incident(self) -> str:
        for _ in range(300):
            found = (await self.service.by("legal").get("/v1/incidents")).json()["incidents"]
            if found:
                return str(found[0]["incident_id"])
            await asyncio.sleep(0.02)
        raise AssertionError("no incident opened")

    async def _line(self, contact: str) -> str:
        agent = self.service.by("agent", team="t")
        opened = await agent.made("/v1/interactions", {"contact_id": contact, "channel": "call"})
        line = f"/v1/interactions/{opened['interaction_id']}"
        await agent.made(f"{line}/bind", {"locator": LOCATOR, "facts": FACTS, "place": "Zqtown"})
        return line

    async def forgotten(self) -> dict[str, Any]:
        """Asked by one, confirmed by another."""
        path = f"/v1/parties/{self.party}/forget"
        why = {"reason": "asked_by_the_person", "words": WORDS["forget"]}
        asked = await self.service.by("legal").made(path, why)
        self.plan = asked
        return await self.service.by("compliance").made(path, {**why, "digest": asked["digest"]})

    def keys(self, plan: dict[str, Any]) -> list[bytes]:
        """The keys that go, as they are and as they are wrapped."""
        ring: KeyRing = self.service.app.state.desk.keys
        found = []
        for subject in [each["subject"] for each in plan["keys"]]:
            rows = ring.store.read([subject])[subject]
            for generation, wrapped in rows.items():
                (key,) = ring.wrapping.unwrap([(named(subject, generation), wrapped)])
                found += [key, wrapped, wrapped[-48:]]
        return found


def all_of(keys: list[bytes]) -> list[bytes]:
    """Every way in which anything of the person could be written."""
    return [*(each for text in SAID for each in written(text)), *(way for key in keys for way in spelt(key))]


async def planned(person: Person) -> dict[str, Any]:
    path = f"/v1/parties/{person.party}/forget"
    why = {"reason": "asked_by_the_person", "words": WORDS["forget"]}
    return await person.service.by("legal", sub="before").made(path, why)


async def test_no_byte_of_a_forgotten_person_is_left_on_sqlite(tmp_path: Path) -> None:
    home, backups, logs = tmp_path / "home", tmp_path / "backups", tmp_path / "logs"
    logs.mkdir()
    async with serving(home, WATCHWORD_KEYS_BACKUPS=str(backups)) as service:
        person = await Person.with_a_story(service)
        await errands()
        keys = person.keys(await planned(person))
        assert len(keys) >= 3 * 6
        # Yesterday's backups, as docs/operations.md has them: the log, and the keys apart.
        with (
            closing(sqlite3.connect(home / "watchword.sqlite")) as source,
            closing(sqlite3.connect(logs / "log.sqlite")) as copy,
        ):
            source.backup(copy)
        restoring.back_up(service.settings, restoring.next_name(backups, wall()))
        before = left([home, backups], all_of(keys))
        assert any(name.startswith("keys/keys.sqlite") for name, _ in before)
        assert any(name.endswith(".keys") for name, _ in before), "what is looked for can be found"
        assert any(name.startswith("outbox") for name, _ in before)
        stored = stored_bytes(service)
        answer = await person.forgotten()
        assert (answer["status"], answer["left"]) == ("forgotten", "")
        await errands()
        assert left([home, backups, logs], all_of(keys)) == []
        await _is_nobody(person)
        assert stored_bytes(service)[: len(stored)] == stored, "not a byte of what is on record has changed"
        checkpoint = await service.app.state.desk.ledger.covering(len(stored_bytes(service)))
        settings = service.settings
    report, tally = verified(settings, checkpoint), replayed(settings)
    assert (report.sound, report.size) == (True, checkpoint.size)
    assert tally.decisions >= DECISIONS
    assert tally.sound()
    assert left([home, backups, logs], all_of(keys)) == [], "nor once everything is closed"
    copytree(logs, tmp_path / "restored")
    assert left([tmp_path / "restored"], all_of(keys)) == []


def stored_bytes(service: Service) -> list[bytes]:
    log = service.app.state.desk.log
    return [each.state for each in log.read_all(limit=log.last_position())]


def verified(settings: Settings, checkpoint: Checkpoint) -> Report:
    """What `watchword audit verify` finds."""
    with composition.kept(settings) as (log, store, _):
        return verify(log, store, [checkpoint], list)


def replayed(settings: Settings) -> Tally:
    """What `watchword audit replay` finds."""
    log = EventLog(settings.database_url)
    try:
        audit = Audit(settings.database_url, log, Actor("auditor-1", "auditor"))
        audit.begin()
        list(audit.run(1))
        return audit.tally
    finally:
        log.close()


async def _is_nobody(person: Person) -> None:
    """Nothing of her is answered, and the record stands."""
    agent = person.service.by("agent", team="t")
    line = await person._line("+447700900001")
    assert (await agent.made(f"{line}/disclosures", {"locator": LOCATOR, "classes": ["E"]}))["outcome"] == "withheld"
    page = (await person.service.by("auditor").get(f"/v1/accounts/{person.account}/history?limit=200")).json()
    added = next(each for each in page["entries"] if each["name"] == "party.added.v1")
    assert added["event"]["profile"] == {"forgotten": person.party}


def opens_nothing(settings: Settings, person: Person) -> int:
    """How many of her sealed values there are in the log of these settings, none of which opens."""
    desk = composition.desk(settings)
    count = 0
    try:
        for row in desk.log.read(f"account:{person.account}"):
            _, sealed = desk.codec.decode(row)
            opened = desk.codec.open_event(sealed, row)
            profile = getattr(sealed, "profile", None)
            if profile is not None and profile.subject == person.party:
                assert opened == sealed
                with pytest.raises(KeyMissing):
                    desk.keys.key(person.party)
                count += 1
    finally:
        desk.pipeline.close()
        desk.live.close()
        desk.log.close()
        desk.keys.close()
    return count


async def test_neither_yesterdays_log_nor_yesterdays_keys_bring_anybody_back(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    away.mkdir()
    async with serving(home) as service:
        person = await Person.with_a_story(service)
        keys = person.keys(await planned(person))
        with (
            closing(sqlite3.connect(home / "watchword.sqlite")) as source,
            closing(sqlite3.connect(away / "yesterday.sqlite")) as copy,
        ):
            source.backup(copy)
        restoring.back_up(service.settings, away / "yesterday.keys")
        with (
            closing(sqlite3.connect(home / "keys" / "keys.sqlite")) as source,
            closing(sqlite3.connect(away / "keys.sqlite")) as copy,
        ):
            source.backup(copy)
        assert (await person.forgotten())["status"] == "forgotten"
        settings = service.settings
    # Yesterday's log with today's keys.
    yesterday = msgspec.structs.replace(settings, database_url=f"sqlite:///{away / 'yesterday.sqlite'}")
    assert opens_nothing(yesterday, person) == 1
    # Yesterday's keys, brought back as the documentation has it.
    done = restoring.restore(settings, away / "yesterday.keys")
    assert (done.brought_back, done.lost) == (0, 0)
    assert opens_nothing(settings, person) == 1
    # Into a database that was lost.
    for each in (home / "keys").glob("keys.sqlite*"):
        each.unlink()
    done = restoring.restore(settings, away / "yesterday.keys")
    assert done.destroyed > 0
    assert done.brought_back > done.destroyed
    assert left([home], all_of(keys)) == []
    assert opens_nothing(settings, person) == 1
    # Yesterday's file of the keys, put in its place by hand: whoever starts on it heeds the log before anything else.
    for each in (home / "keys").glob("keys.sqlite*"):
        each.unlink()
    (away / "keys.sqlite").rename(home / "keys" / "keys.sqlite")
    async with serving(home) as service:
        with pytest.raises(KeyMissing):
            service.app.state.desk.keys.key(person.party)
        await _is_nobody(Person(service, person.account, person.party))


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the test's own: every file of it is looked through."""
    made = PostgresServer()
    try:
        yield made
    finally:
        made.close()


def administer(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for each in statements:
            connection.exec_driver_sql(each)
    engine.dispose()


async def test_no_byte_of_a_forgotten_person_is_left_on_postgresql(tmp_path: Path, server: PostgresServer) -> None:
    data = Path(str(make_url(server.url).query["host"]))
    administer(server.url, "ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()")
    log_url, keys_url = new_database(server.url), new_database(server.url)
    home = tmp_path / "home"
    administer(server.url, "CHECKPOINT")
    empty = standing([data])
    async with serving(home, WATCHWORD_DATABASE_URL=log_url, WATCHWORD_KEYS_URL=keys_url) as service:
        person = await Person.with_a_story(service)
        await errands()
        keys = person.keys(await planned(person))
        administer(server.url, "CHECKPOINT")
        found = {name.partition("/")[0] for name, _ in left([data], keys, empty)}
        assert {"base", "pg_wal"} <= found, "what is looked for can be found"
        answer = await person.forgotten()
        assert (answer["status"], answer["left"]) == ("forgotten", "")
        await errands()
        assert left([home, data], all_of(keys), empty) == []
        await _is_nobody(person)
    server.stop()
    assert left([home, data], keys, empty) == []
