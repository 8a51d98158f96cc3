"""The ledger over HTTP: read and verified by somebody else's reader; and nothing public ticks when somebody asks."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from eventsourcing.persistence import StoredEvent
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import Checkpoint, InclusionProof

from projections.ledger import entry
from service.ledger.note import Checkpoint as Ours
from service.log import Append
from tests.api.problem import problem
from tests.calling import Calls, Service, serving
from tests.case import ALMA, PASSCODE, Case, ask
from tests.trips import OLD

FILL = 900


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with serving(tmp_path / "home") as running:
        yield running


def fill(service: Service, count: int = FILL) -> None:
    """Events, so that there is more than one tile."""
    log = service.app.state.desk.log
    done = log.heads(["follower:filler"])["follower:filler"]
    rows = tuple(StoredEvent("follower:filler", done + n, "event.parked.v1", b"{}" * 9) for n in range(1, count + 1))
    log.append(Append(events=rows, expect={"follower:filler": done}))


async def covered(service: Service) -> Ours:
    """The checkpoint of all there is now."""
    desk = service.app.state.desk
    found: Ours = await desk.ledger.covering(desk.log.last_position())
    return found


class Backend:
    """What another's reader fetches through: everything it may want, fetched before (it does not wait)."""

    def __init__(self) -> None:
        self.found: dict[str, bytes | None] = {}
        self.wanted: list[str] = []

    def get(self, *path: str) -> bytes | None:
        if "/".join(path) not in self.found:
            self.wanted.append("/".join(path))
            raise LookupError
        return self.found["/".join(path)]


async def read(calls: Calls, prefix: str, what: Any) -> Any:
    """Have another's reader do something with the log at this prefix."""
    backend = Backend()
    while True:
        reader = TilesReader(backend)
        try:
            reader.get_checkpoint()
            return what(reader)
        except LookupError:
            for path in backend.wanted:
                answer = await calls.get(f"{prefix}/{path}")
                backend.found[path] = answer.content if answer.status_code == 200 else None
            backend.wanted.clear()


async def test_somebody_elses_reader_reads_all_of_it(service: Service) -> None:
    await Case.opened(service)
    fill(service)
    found, auditor = await covered(service), service.by("auditor")
    key = (await service.by("").get("/v1/log/key")).text
    root = await read(auditor, "/v1/log/current", lambda reader: reader.calculate_root_hash())
    told = await read(auditor, "/v1/log/current", lambda reader: reader.get_checkpoint())
    told.verify(Vkey.from_string(key.strip()))
    assert root == told.root_hash
    assert told.size >= found.size
    rows = service.app.state.desk.log.section(gt=0, limit=told.size)
    chance = random.Random(3)
    for row in chance.sample(rows, 25):
        index = row[4] - 1
        leaf = await read(auditor, "/v1/log/current", lambda reader, index=index: reader.get_entry(index))
        assert leaf == entry(*row[:4])
        proof = await read(
            auditor, "/v1/log/current", lambda reader, index=index: reader.get_inclusion_proof(index, told.size)
        )
        proof.check(leaf_hash(leaf), told.root_hash)


async def test_a_proof_is_a_file_that_anybody_can_check(service: Service) -> None:
    await Case.opened(service)
    fill(service, 300)
    await covered(service)
    auditor = service.by("auditor")
    key = Vkey.from_string((await service.by("").get("/v1/log/key")).text.strip())
    for position in (1, 2, 255, 256, 257, 300):
        answer = await auditor.get(f"/v1/log/proofs/{position}")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        head, _, note = answer.text.partition("\n\n")
        first, at, *hashes = head.split("\n")
        assert (first, at) == ("c2sp.org/tlog-proof@v1", f"index {position - 1}")
        checkpoint = Checkpoint.from_text(note)
        checkpoint.verify(key)
        [row] = service.app.state.desk.log.section(gt=position - 1, lte=position, limit=1)
        proof = InclusionProof(position - 1, checkpoint.size, [b64decode(each) for each in hashes])
        proof.check(leaf_hash(entry(*row[:4])), checkpoint.root_hash)
    for wrong in ("0", "99999", "x"):
        problem(await auditor.get(f"/v1/log/proofs/{wrong}"), 404, "unknown_position", "position")
    problem(await auditor.get("/v1/log/proofs/3?checkpoint=public"), 404, "unknown_position", "position")
    problem(await auditor.get("/v1/log/consistency?old=99999"), 422, "bad_sizes", "query.old")
    assert (await auditor.get("/v1/log/consistency?old=7&new=300")).json()["new"] == 300


async def test_who_reads_entries_is_on_record_and_nobody_else_gets_any(service: Service) -> None:
    await Case.opened(service)
    size = (await covered(service)).size
    auditor = service.by("auditor", sub="auditor-9")
    path = f"/v1/log/current/tile/entries/000.p/{size}"
    for role in ("agent", "legal", "operations", "compliance"):
        problem(await service.by(role, tier=3).get(path), 403, "forbidden")
    problem(await service.by("").get(path), 401)
    assert (await auditor.get(path)).status_code == 200
    desk = service.app.state.desk
    *_, last = desk.log.read("ledger:log")
    header, happened = desk.codec.decode(last)
    assert (header.actor.subject, happened.NAME, happened.first, happened.count) == (
        "auditor-9",
        "entries.read.v1",
        1,
        size,
    )


async def test_what_is_no_tile_is_not_found(service: Service) -> None:
    await covered(service)
    for path in ("0/000", "0/000.p/300", "8/000", "x/000", "00/000.p/1", "0/x000/000.p/1", "0/..", "0/"):
        for prefix, calls in (("/v1/log", service.by("")), ("/v1/log/current", service.by("auditor"))):
            assert (await calls.get(f"{prefix}/tile/{path}")).status_code == 404


# --- promise 4 --------------------------------------------------------------------------------------------------------

PUBLIC = (
    "checkpoint",
    "key",
    "tile/0/000",
    "tile/0/001",
    "tile/0/003",
    "tile/0/000.p/7",
    "tile/1/000.p/1",
    "tile/1/000",
)


async def public(service: Service) -> list[tuple[int, str, bytes]]:
    """All that anybody can fetch, without what is of the one request."""
    anybody, found = service.by(""), []
    for path in PUBLIC:
        answer = await anybody.get(f"/v1/log/{path}", X_Request_ID="same")
        found.append((answer.status_code, str(sorted(answer.headers.items())), answer.content))
    return found


async def test_nothing_public_moves_when_somebody_asks(service: Service) -> None:
    case = await Case.opened(service)
    await case.fled()
    fill(service)
    service.clock.ahead += timedelta(days=1)
    size = (await covered(service)).size
    before = await public(service)
    for _ in range(100):
        before = await public(service)
        if before[0][2].splitlines()[1] == str(size // 256 * 256).encode():
            break
        await asyncio.sleep(0.05)
    assert before[0][2].splitlines()[1] == str(size // 256 * 256).encode()
    assert [status for status, _, _ in before] == [200, 200, 200, 200, 404, 200, 200, 404]
    agent = service.by("agent")
    for n in range(30):  # an insider who asks about her, and about nobody
        line = await case.line(agent, ALMA, OLD if n % 2 else f"ZZZ{n:03}")
        await ask(agent, line)
        await agent.made(f"{line}/verifications", {"passcode": PASSCODE if n % 3 else "no passcode of hers"})
    fill(service, 300)  # and the tree passes the end of a tile
    assert (await covered(service)).size > size + 300
    assert await public(service) == before
    # Not even what lies behind it is told from what does not exist.
    existing, missing = [await service.by("").get(f"/v1/log/tile/0/{n}", X_Request_ID="same") for n in ("004", "999")]
    assert (existing.status_code, existing.content) == (missing.status_code, missing.content)
    service.clock.ahead += timedelta(days=1)
    await asyncio.sleep(1)
    assert await public(service) != before


async def test_only_who_reads_the_record_sees_it_follow(service: Service) -> None:
    await covered(service)
    for path in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
        assert (await service.by("").get(f"/v1/log/current/{path}")).status_code == 401
        problem(await service.by("agent", tier=3).get(f"/v1/log/current/{path}"), 403, "forbidden")
    assert (await service.by("legal").get("/v1/log/current/checkpoint")).status_code == 200


async def test_a_ledger_that_stopped_makes_the_service_unready(service: Service) -> None:
    await covered(service)
    desk = service.app.state.desk
    desk.log.append(Append(events=(StoredEvent("follower:filler", 1, "event.parked.v1", b"{}"),), expect=None))
    size = (await covered(service)).size
    with closing(sqlite3.connect(service.settings.home / "watchword.sqlite")) as connection, connection:
        connection.execute("UPDATE events SET state = ? WHERE position = ?", (b"[]", size))
    for _ in range(100):
        if (await service.client.get("/readyz")).status_code == 503:
            break
        await asyncio.sleep(0.05)
    assert (await service.client.get("/readyz")).status_code == 503
    problem(await service.by("").get("/v1/log/checkpoint"), 503, "unavailable")
