"""Timesketch's own import client reads our files, JSONL and CSV, and sends what is in them to a server of Timesketch.

The server is a small one of ours that takes an upload as `POST /api/v1/upload/` and answers as Timesketch does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from timesketch_import_client import importer

from projections import timeline
from projections.entry import Timeline
from service.timeline import timesketch
from tests.projections.invented import HER, HIM, Inventor, names
from tests.projections.test_timeline import account, gathered


class Sketching(ThreadingHTTPServer):
    """Takes uploads. `events`: those of every upload, in order."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.events: list[dict[str, Any]] = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert self.path == "/api/v1/upload/"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + body)
        fields = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
        content = fields["events"].get_payload(decode=True)
        assert isinstance(content, bytes)
        assert isinstance(self.server, Sketching)
        self.server.events += [json.loads(line) for line in content.splitlines()]
        answer = json.dumps({"objects": [{"id": 1, "searchindex": {"index_name": "i"}}], "meta": {}}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Sketching]:
    with Sketching() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def told() -> Timeline:
    """Events of every kind there is."""
    recorded = Inventor(lambda options: options[0]).recorded(list(names()))
    prepared = gathered(recorded, account(HER), exhibits=(1, 2))
    return timeline.timeline(prepared, timeline.recipient("court", prepared.account), {"manila": "Asia/Manila"})


def imported(file: Path, server: Sketching) -> list[dict[str, Any]]:
    """What the client sends of a file."""
    with requests.Session() as session:
        api = SimpleNamespace(session=session, api_root=f"http://127.0.0.1:{server.server_port}/api/v1")
        with importer.ImportStreamer() as streamer:
            streamer.set_sketch(SimpleNamespace(id=1, api=api))
            streamer.add_file(str(file))
    return server.events


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_the_import_client_reads_every_entry(ending: str, told: Timeline, server: Sketching, tmp_path: Path) -> None:
    file = tmp_path / f"timeline.{ending}"
    made = timesketch.lines if ending == "jsonl" else timesketch.table
    file.write_bytes(b"".join(made(told)))
    events = imported(file, server)
    assert len(events) == len(told.entries)
    for event, entry in zip(events, told.entries, strict=True):
        row = timesketch.row(told, entry)
        assert event["message"] == row["message"]
        assert event["timestamp_desc"] == timesketch.DESCRIPTION
        assert datetime.fromisoformat(event["datetime"]) == datetime.fromisoformat(entry.at)
        assert event["position"] == entry.position
        assert event["exhibit"] == entry.exhibit
        assert (event["redactions"] or "") == row["redactions"]


def test_it_reads_one_of_a_party_too(server: Sketching, tmp_path: Path) -> None:
    prepared = gathered(Inventor(lambda options: options[1 % len(options)]).recorded(list(names())), account())
    found = timeline.timeline(prepared, timeline.recipient(HIM, prepared.account), {})
    file = tmp_path / "his.csv"
    file.write_bytes(b"".join(timesketch.table(found)))
    assert len(imported(file, server)) == len(found.entries) > 0


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(told: Timeline) -> None:
    entry = told.entries[0]
    from msgspec.structs import replace  # noqa: PLC0415 - of this test alone

    forged = replace(told, entries=(replace(entry, site="=1+1", outcome='@SUM(A1)", x'),))
    header, row, *rest = b"".join(timesketch.table(forged)).decode().split("\r\n")
    assert header.startswith("message,datetime,timestamp_desc,")
    assert "'=1+1" in row
    assert '"\'@SUM(A1)"", x"' in row
    assert rest == [""]
