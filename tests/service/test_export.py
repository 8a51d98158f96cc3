"""An incident of the case, exported over HTTP, verified and tampered with; and what is on record of it."""

from __future__ import annotations

import asyncio
import io
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import bagit  # type: ignore[import-untyped]  # it ships no types
import pypdf
import pytest

from domain import export
from domain.event import Actor
from projections import ledger
from service.bundle import exporting, keeping, layout
from service.bundle.fault import Fault
from service.bundle.note import key
from service.bundle.report import Verified
from service.bundle.source import Archived, Held
from service.bundle.stamped import certificates
from service.bundle.verify import verify
from service.desk.draft import Asker
from service.log import LogUnavailable
from tests.api.problem import problem
from tests.bundles import folder_of
from tests.calling import Service, logged, serving
from tests.case import ALMA, PASSCODE, SAFE, VICTOR, Case, ask, case, prepared_postgres, service, stores
from tests.incidents import incidents
from tests.stamping import authority
from tests.trips import NEW

__all__ = ["case", "prepared_postgres", "service", "stores"]

ASKED = {"for_whom": "the High Court at Sofia", "purpose": "court_order", "words": "paragraph 4 of the order"}


async def incident(case: Case) -> str:
    """Victor probes, and an incident opens by itself."""
    await case.fled()
    agent = case.service.by("agent")
    for _ in range(3):
        await ask(agent, await case.line(agent, VICTOR))
    found: str = (await incidents(case.service))[0]["incident_id"]
    return found


async def over(service: Service, export_id: str, patience: float = 40.0) -> dict[str, Any]:
    """The export, once it is over."""
    legal, until = service.by("legal"), time.monotonic() + patience
    while True:
        found: dict[str, Any] = (await legal.get(f"/v1/exports/{export_id}")).json()
        if found["status"] != "asked":
            return found
        assert time.monotonic() < until, found
        await asyncio.sleep(0.05)


async def exported(service: Service, incident_id: str, **more: str) -> tuple[dict[str, Any], bytes]:
    """A bundle of the incident: its export, and its archive."""
    legal = service.by("legal")
    asked = await legal.made(f"/v1/incidents/{incident_id}/exports", ASKED | more)
    assert (legal.heard[-1].status_code, asked["status"]) == (202, "asked")
    found = await over(service, asked["export_id"])
    assert found["status"] == "made", found
    answer = await legal.get(f"/v1/exports/{asked['export_id']}/bag")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    return found, answer.content


def read(archive: bytes) -> dict[str, bytes]:
    source = Archived(io.BytesIO(archive))
    return {path: source.read(path) for path in source.sizes}


def verified(service: Service, archive: bytes) -> Verified:
    """Verified by the key that the house publishes."""
    return verify(Archived(io.BytesIO(archive)), trusted=key(service.app.state.desk.ledger.key_text))


async def published(service: Service) -> None:
    """Wait until the ledger has published a checkpoint: once a day, and of whole tiles of 256 events."""
    office = service.by("back_office")
    for _ in range(9):
        await asyncio.gather(*(office.made("/v1/accounts", {}) for _ in range(32)))
    service.clock.ahead += timedelta(days=1)
    until = time.monotonic() + 10
    while not _public(service):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


def _public(service: Service) -> int:
    try:
        size: int = service.app.state.desk.ledger.public.size
    except LogUnavailable:
        return 0
    return size


async def events(service: Service, export_id: str) -> list[Any]:
    desk = service.app.state.desk
    rows = desk.log.of_streams([export.stream(export_id)], lte=desk.log.last_position())
    return [(desk.codec.decode(row)) for row in rows]


async def test_an_incident_exported_over_http_verifies_is_on_record_and_a_changed_byte_is_found(
    service: Service, case: Case, tmp_path: Path
) -> None:
    incident_id = await incident(case)
    with logged() as lines:
        found, archive = await exported(service, incident_id)
    for word in (ASKED["for_whom"], ASKED["words"], "Grey", PASSCODE):
        assert word not in lines.getvalue()
    told = verified(service, archive)
    assert told.trusted
    assert (told.custody.for_whom, told.custody.words) == (ASKED["for_whom"], ASKED["words"])
    assert found["events"] == told.custody.events > 20
    assert found["root"] == told.custody.ledger.root

    files = read(archive)
    folder = folder_of(files, tmp_path / "bag")
    bagit.Bag(str(folder)).validate()
    pages = pypdf.PdfReader(io.BytesIO(files[layout.PDF])).pages
    assert told.custody.ledger.origin in pages[-1].extract_text()
    for path in (layout.PDF, layout.TIMELINE, layout.event(told.custody.asked_at_position, layout.ENTRY)):
        changed = bytearray(files[path])
        changed[len(changed) // 2] ^= 1
        with pytest.raises(Fault) as fault:
            verify(Held({**files, path: bytes(changed)}))
        assert fault.value.file == path

    # Who exported what for whom, and who took it away, is on record.
    asked, *between, fetched = await events(service, found["export_id"])
    assert asked[0].actor.subject == fetched[0].actor.subject == "legal-1"
    assert asked[1].purpose == "court_order"
    assert fetched[1] == export.ExportFetched(export_id=found["export_id"], digest=found["digest"])
    names = [happened.NAME for _, happened in between]
    assert names[0] == export.ExportTaken.NAME
    assert names[-1] == export.ExportMade.NAME
    assert names.count(export.ExportProgressed.NAME) == found["pieces"]
    desk = service.app.state.desk
    stored = b"".join(row.state for row in desk.log.read(export.stream(found["export_id"])))
    assert not any(word.encode() in stored for name, word in ASKED.items() if name != "purpose")
    listed = (await service.by("auditor").get(f"/v1/incidents/{incident_id}/exports")).json()["exports"]
    assert [each["export_id"] for each in listed] == [found["export_id"]]
    assert listed[0]["fetched"] == 1
    assert len(archive) == found["size"]

    # What the names of people, her new trip and her safe contact are is sealed in all of it.
    everything = archive.decode("latin-1") + "".join(page.extract_text() for page in pages)
    for word in (ALMA["surname"], VICTOR["surname"], NEW, SAFE, "shared.example"):
        assert word not in everything, word


async def test_an_export_without_purpose_or_recipient_is_refused(service: Service, case: Case) -> None:
    incident_id = await incident(case)
    legal, path = service.by("legal"), f"/v1/incidents/{incident_id}/exports"
    for field in ("for_whom", "words"):
        problem(await legal.post(path, ASKED | {field: ""}), 422)
        problem(await legal.post(path, {name: value for name, value in ASKED.items() if name != field}), 422)
    problem(await legal.post(path, ASKED | {"for_whom": "  "}), 422, "no_recipient")
    problem(await legal.post(path, ASKED | {"words": "\t"}), 422, "no_purpose")
    problem(await legal.post(path, ASKED | {"purpose": "curiosity"}), 422)
    problem(await legal.post(path, ASKED | {"recipient": "the press"}), 422, "unknown_recipient")
    problem(await legal.post(path, ASKED | {"unsealing_id": "0" * 32}), 422, "not_unsealed")
    problem(await legal.post(f"/v1/incidents/{'0' * 32}/exports", ASKED), 404, "unknown_incident")
    problem(await legal.get(f"/v1/exports/{'0' * 32}"), 404, "unknown_export")
    problem(await legal.get(f"/v1/exports/{'0' * 32}/bag"), 404, "unknown_export")
    assert (await legal.get(path)).json()["exports"] == []


async def test_the_same_key_asks_once(service: Service, case: Case) -> None:
    incident_id = await incident(case)
    legal, path = service.by("legal"), f"/v1/incidents/{incident_id}/exports"
    first = await legal.made(path, ASKED, Idempotency_Key="one")
    again = await legal.made(path, ASKED, Idempotency_Key="one")
    assert first == again
    assert len((await legal.get(path)).json()["exports"]) == 1


async def test_a_bundle_for_the_court_or_a_party_has_events_by_their_hashes_and_names_nobody(
    service: Service, case: Case
) -> None:
    incident_id = await incident(case)
    _, archive = await exported(service, incident_id, recipient="court")
    told = verified(service, archive)
    files = read(archive)
    leaves = [path for path in files if path.endswith(".leaf")]
    assert len(leaves) == told.custody.withheld > 15
    # Whoever is shown one of them later sees that it is the one.
    about = layout.of_event(leaves[0])
    assert about is not None
    (row,) = service.app.state.desk.log.at([about[0]])
    leaf = ledger.leaf(row.originator_id, row.originator_version, row.topic, row.state)
    assert files[leaves[0]].decode().strip() == leaf.hex()
    everything = archive.decode("latin-1")
    for word in ("safety-1", "agent-1", "first-line", case.alma, case.victor, "Grey"):
        assert word not in everything, word

    # What a party is told is his own, and nothing of anybody else, nor that there is any.
    _, archive = await exported(service, incident_id, recipient=case.victor)
    told = verified(service, archive)
    assert told.custody.withheld == told.custody.events - 1
    everything = archive.decode("latin-1")
    for word in (case.alma, "safety-1", "first-line", "protect", "adverse"):
        assert word not in everything, word


async def test_two_replicas_make_one_bundle(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as first, serving(tmp_path / "home") as second:
        incident_id = await incident(await Case.opened(first))
        asked = await second.by("legal").made(f"/v1/incidents/{incident_id}/exports", ASKED)
        found = await over(first, asked["export_id"])
        assert found["status"] == "made", found
        happened = [happened for _, happened in await events(second, asked["export_id"])]
    assert len({each.runner for each in happened if isinstance(each, export.ExportTaken)}) == 1
    assert sum(isinstance(each, export.ExportMade) for each in happened) == 1
    pieces = [each.piece for each in happened if isinstance(each, export.ExportProgressed)]
    assert len(pieces) == len(set(pieces)) == found["pieces"]


async def test_whom_an_incident_is_about_hears_nothing_of_its_export(service: Service, case: Case) -> None:
    curious = service.by("agent", sub="both")
    opened = await curious.made("/v1/interactions", {"contact_id": "c", "channel": "call"})
    for number in range(12):
        body = {"locator": f"BRW{number:03}", "facts": {}}
        await curious.made(f"/v1/interactions/{opened['interaction_id']}/bind", body)
    incident_id = (await incidents(service))[0]["incident_id"]
    found = await service.by("legal").made(f"/v1/incidents/{incident_id}/exports", ASKED)
    himself = service.by("legal", sub="both")
    problem(await himself.post(f"/v1/incidents/{incident_id}/exports", ASKED), 404, "unknown_incident")
    problem(await himself.get(f"/v1/incidents/{incident_id}/exports"), 404, "unknown_incident")
    problem(await himself.get(f"/v1/exports/{found['export_id']}"), 404, "unknown_export")
    problem(await himself.get(f"/v1/exports/{found['export_id']}/bag"), 404, "unknown_export")


async def test_an_unsealed_bundle_says_who_approved_and_is_refused_once_that_has_expired(
    service: Service, case: Case
) -> None:
    incident_id = await incident(case)
    legal = service.by("legal")
    body = {"purpose": "court_order", "words": "for the hearing", "incident_id": incident_id}
    unsealing_id = (await legal.made("/v1/unsealings", body))["unsealing_id"]
    problem(
        await legal.post(f"/v1/incidents/{incident_id}/exports", ASKED | {"unsealing_id": unsealing_id}),
        422,
        "not_unsealed",
    )
    await service.by("compliance").made(f"/v1/unsealings/{unsealing_id}/approve", {})
    found, archive = await exported(service, incident_id, unsealing_id=unsealing_id)
    told = verified(service, archive)
    assert told.custody.unsealing is not None
    assert (told.custody.unsealing.asked_by, told.custody.unsealing.approved_by) == ("legal-1", "compliance-1")
    assert case.alma in told.custody.unsealing.subjects
    files = read(archive)
    assert b"paragraph 4" in files[layout.CUSTODY]
    assert b"Grey" in files[layout.TIMELINE]
    assert b"Grey" not in b"".join(content for path, content in files.items() if path.startswith("data/events/"))

    # When she is forgotten the bundle that shows her data goes, and says so.
    desk = service.app.state.desk
    asker = Asker(Actor("watchword", "system"), "test")
    assert await keeping.showing(desk, [case.alma]) == [found["export_id"]]
    assert await keeping.forgotten(desk, asker, [case.alma]) == [found["export_id"]]
    problem(await legal.get(f"/v1/exports/{found['export_id']}/bag"), 410, "discarded")
    assert not any(found["export_id"] in path.name for path in service.settings.exports.rglob("*"))
    service.clock.ahead += timedelta(hours=2)
    problem(
        await legal.post(f"/v1/incidents/{incident_id}/exports", ASKED | {"unsealing_id": unsealing_id}),
        422,
        "not_unsealed",
    )


async def test_a_bundle_is_for_its_owner_alone_is_handed_out_whole_and_goes_after_its_days(
    service: Service, case: Case
) -> None:
    incident_id = await incident(case)
    await published(service)
    found, bundle = await exported(service, incident_id)
    assert any("when the house published" in each for each in verified(service, bundle).checked)
    folder = service.settings.exports
    assert folder.stat().st_mode & 0o777 == 0o700
    (archive,) = folder.iterdir()
    assert archive.stat().st_mode & 0o777 == 0o600
    archive.write_bytes(archive.read_bytes()[:-1])
    problem(await service.by("legal").get(f"/v1/exports/{found['export_id']}/bag"), 409, "elsewhere")
    service.clock.ahead += timedelta(days=31)
    await keeping.tidied(service.app.state.desk)
    assert list(folder.iterdir()) == []
    told = (await service.by("legal").get(f"/v1/exports/{found['export_id']}")).json()
    assert (told["status"], told["why"], told["digest"]) == ("discarded", "kept_long_enough", found["digest"])


async def test_a_timestamp_is_asked_for_checked_and_verified_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "RETRY_S", 0.01)
    async with serving(tmp_path / "home") as service:
        incident_id = await incident(await Case.opened(service))
    with authority(tmp_path / "tsa") as tsa:
        async with serving(tmp_path / "home", WATCHWORD_TSA_URL=tsa.url, WATCHWORD_TSA_CA=tsa.pem) as service:
            tsa.broken = True
            legal = service.by("legal")
            export_id = (await legal.made(f"/v1/incidents/{incident_id}/exports", ASKED))["export_id"]
            failed = await over(service, export_id)
            assert failed["status"] == "failed"
            assert "timestamp authority" in failed["why"]
            problem(await legal.get(f"/v1/exports/{export_id}/bag"), 409, "not_made")
            tsa.broken = False
            _, archive = await exported(service, incident_id)
    files = read(archive)
    assert json.loads(files[layout.CUSTODY])["timestamp"] == tsa.url
    told = verify(Held(files))
    assert told.stamped_at
    assert any("certificate is the authority's" in each for each in told.unchecked)
    trusted = verify(Held(files), roots=certificates(tsa.pem))
    assert any("says that all this was there" in each for each in trusted.checked)
