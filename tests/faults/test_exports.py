"""Killed while a bundle is made, the service goes on from the pieces that are whole, and from nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from domain import export
from service.bundle import making
from service.bundle.note import key
from service.bundle.pieces import DRAFT, Exports
from service.bundle.verify import opened, verify
from service.demo.running import Running
from service.log import EventLog

DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
PATIENCE_S = 60.0
BROWSED = 60
ASKED = {"for_whom": "the High Court", "purpose": "court_order", "words": "order of 1 March"}


def client(server: Running, role: str, **more: Any) -> httpx.Client:
    token = server.token(role, sub=more.pop("sub", f"{role}-1"), **more)
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def incident(server: Running) -> str:
    """An agent browses, and an incident opens by itself."""
    with client(server, "agent", sub="curious", tier=1) as agent, client(server, "legal") as legal:
        opened_as = agent.post("/v1/interactions", json={"contact_id": "c", "channel": "call"}).json()
        for number in range(BROWSED):
            body = {"locator": f"BRW{number:03}", "facts": {}}
            agent.post(f"/v1/interactions/{opened_as['interaction_id']}/bind", json=body).raise_for_status()
        until = time.monotonic() + PATIENCE_S
        while not (found := legal.get("/v1/incidents").json()["incidents"]):
            assert time.monotonic() < until
            time.sleep(0.05)
    name: str = found[0]["incident_id"]
    return name


def until_done(server: Running, export_id: str, done: int) -> dict[str, Any]:
    """The export, once so many pieces are made, or it is over."""
    until = time.monotonic() + PATIENCE_S
    with client(server, "legal") as legal:
        while True:
            found: dict[str, Any] = legal.get(f"/v1/exports/{export_id}").json()
            if found["status"] != "asked" or found["done"] >= done:
                return found
            assert time.monotonic() < until, found
            time.sleep(0.005)


@pytest.mark.parametrize(
    "kills, spoilt", [((3,), making.TIMELINE), *([((1, 3), making.TIMELINE), ((3,), making.PLAN)] if DEEP else [])]
)
def test_a_kill_in_the_middle_of_an_export_is_gone_on_from_whole_pieces(
    kills: tuple[int, ...], spoilt: str, start_server: Callable[..., Running]
) -> None:
    server = start_server()
    exports = server.home / "exports"
    incident_id = incident(server)
    with client(server, "legal") as legal:
        asked = legal.post(f"/v1/incidents/{incident_id}/exports", json=ASKED)
        assert asked.status_code == httpx.codes.ACCEPTED
        export_id = asked.json()["export_id"]
    folder = exports / export_id
    for done in kills:
        found = until_done(server, export_id, done)
        assert found["status"] == "asked", "it was over before it could be killed"
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        assert not (exports / f"{export_id}.zip").exists()
        # What a kill may leave, at its worst: half of a piece under the name of a whole one, and a draft.
        if (piece := folder / spoilt).exists():
            piece.write_bytes(piece.read_bytes()[: piece.stat().st_size // 2])
        (folder / f"{DRAFT}0-{making.PDF}").write_bytes(b"half")
        server = start_server(server.home)
    found = until_done(server, export_id, 10**6)
    assert found["status"] == "made", found
    with client(server, "legal") as legal:
        trusted = key(legal.get("/v1/log/key").text.strip())
        answer = legal.get(f"/v1/exports/{export_id}/bag")
        part = legal.get(f"/v1/exports/{export_id}/bag", headers={"Range": "bytes=10-19"})
    assert part.content == answer.content[10:20]
    archive = exports / f"{export_id}.zip"
    assert archive.read_bytes() == answer.content
    with opened(archive) as source:
        assert verify(source, trusted=trusted).custody.events == found["events"] > BROWSED
    assert not folder.exists()

    log = EventLog(f"sqlite:///{server.home / 'watchword.sqlite'}")
    try:
        rows = [row for row in log.read(export.stream(export_id)) if row.topic == export.ExportProgressed.NAME]
    finally:
        log.close()
    made = [str(_field(row.state, "piece")) for row in rows]
    assert made.count(spoilt) == 2, "half of a piece was taken for a whole one"
    # All hangs on the plan: of another there may be other pieces.
    again = 2 if spoilt == making.PLAN else 1
    assert made.count("events-0001") == again, "a whole piece was made again"
    assert made.count(making.PLAN) == again
    if spoilt != making.PLAN:
        assert len({_field(row.state, "digest") for row in rows if _field(row.state, "piece") == spoilt}) == 1


def _field(state: bytes, name: str) -> Any:
    return msgspec.json.decode(state)["event"][name]


def test_pieces_are_whole_or_not_there(tmp_path: Path) -> None:
    pieces = Exports(tmp_path / "exports").of("x")
    files = [("data/a", b"one"), ("data/b", b"two")]
    piece = pieces.put("first", files)
    assert pieces.get("first", piece) == files
    assert pieces.whole("first", piece)
    for harm in (b"", b"other", (tmp_path / "exports" / "x" / "first").read_bytes()[:-1]):
        (tmp_path / "exports" / "x" / "first").write_bytes(harm)
        assert pieces.get("first", piece) is None
        assert not pieces.whole("first", piece)
    assert pieces.get("never", piece) is None

    class Broken(Exception):
        pass

    def breaks(out: Any) -> None:
        out.write(b"half")
        raise Broken

    with pytest.raises(Broken):
        pieces.finish(breaks)
    assert not pieces.archive.exists()
    assert [each.name for each in (tmp_path / "exports").iterdir()] == ["x"]
    pieces.remove()
    assert list((tmp_path / "exports").iterdir()) == []
