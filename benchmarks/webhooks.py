"""Webhooks: letters missing or out of order within an incident, whatever befalls the receiver and the service.

The receiver is down, slow (some answers later than they are waited for) and answers 500, one after the other; in the
middle of it the service is killed and started again on the same log. A letter counts as taken when the receiver dealt
with it, whether or not its answer was heard; one that is sent again is no fault, one that comes after a later one is.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from benchmarks.figure import Figure, Run, Unsound
from benchmarks.probing import Probes
from benchmarks.server import Watchword, watchword
from benchmarks.wire import Cut, Wire
from domain.incident import IncidentClosed, IncidentJoined, IncidentOpened
from service.log.tables import events

CONTACTS = 20
EVERY_S = 0.05
PHASE_S = 5.0
LATE_S = 7.0
PATIENCE_S = 120.0
NAMES = (IncidentOpened.NAME, IncidentJoined.NAME, IncidentClosed.NAME)


class Told(msgspec.Struct, frozen=True):
    """What of a letter is looked at."""

    incident_id: str
    position: int


class _Event(msgspec.Struct):
    data: Told


class Outcome(msgspec.Struct):
    """What came of it: letters there were, taken, taken again; and what must not be."""

    letters: int
    taken: int
    again: int
    missing: int
    out_of_order: int

    def lost(self) -> int:
        """Everything that must not be."""
        return self.missing + self.out_of_order


class Receiver:
    """A receiver on one port, which is well, slow, failing, or not there."""

    def __init__(self) -> None:
        """Take a port and be well."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.state = "well"
        self.taken: list[Told] = []
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.up()

    def up(self) -> None:
        """Be there."""
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            """Answers as the receiver is."""

            def do_POST(self) -> None:
                status = take(self.rfile.read(int(self.headers["Content-Length"])))
                with suppress(OSError):  # nobody waits for it any more
                    self.send_response(status)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            """One whose port can be had again at once."""

            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        """Be gone."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _take(self, body: bytes) -> int:
        told = msgspec.json.decode(body, type=_Event).data
        with self._lock:
            if self.state == "failing":
                return 500
            self.taken.append(told)
            late = self.state == "slow" and len(self.taken) % 7 == 0
        if self.state == "slow":
            time.sleep(LATE_S if late else 0.3)
        return 204


def figures(run: Run) -> Iterator[Figure]:
    """Measure."""
    found = endure(run.folder / "served", phase_s=PHASE_S, say=run.say)
    yield Figure("webhooks.lost", found.lost(), "letters")


def endure(folder: Path, *, phase_s: float, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Probe all the while, through every trouble, and wait until nothing waits to be delivered."""
    receiver = Receiver()
    try:
        with watchword(folder) as server:
            url = server.settings.database_url
            probes = Probes(server, CONTACTS)
            probes.webhook(server, f"http://127.0.0.1:{receiver.port}/hook")
            _through(server, probes, receiver, ("well", "down", "slow"), phase_s)
            _probing(server, probes, phase_s / 2)
            say(f"webhooks: {len(receiver.taken)} letters were taken when the service is killed")
            server.process.kill()
            server.process.wait()
        with watchword(folder) as server:
            _through(server, probes, receiver, ("slow", "failing", "down", "well"), phase_s)
            _until_delivered(server, probes)
    finally:
        receiver.down()
    found = _compared(url, receiver.taken)
    say(f"webhooks: {found}")
    return found


def _through(server: Watchword, probes: Probes, receiver: Receiver, states: tuple[str, ...], phase_s: float) -> None:
    for state in states:
        receiver.state = state
        if state == "down":
            receiver.down()
        _probing(server, probes, phase_s)
        if state == "down":
            receiver.up()


def _probing(server: Watchword, probes: Probes, seconds: float) -> None:
    until = time.monotonic() + seconds
    number = int(until * 1000)
    with suppress(Cut), Wire(server.port) as wire:
        while time.monotonic() < until:
            probes.ask(wire, number)
            number += 1
            time.sleep(EVERY_S)


def _until_delivered(server: Watchword, probes: Probes) -> None:
    until = time.monotonic() + PATIENCE_S
    quiet = 0
    while quiet < 3:  # what was asked last is found a moment later
        (hook,) = probes.webhooks(server)
        quiet = quiet + 1 if not hook["waiting"] and not hook["held"] else 0
        if time.monotonic() > until:
            raise Unsound(f"{hook['waiting']} letters still wait, {hook['held']} are held up")
        time.sleep(0.5)


def _compared(url: str, taken: list[Told]) -> Outcome:
    """Compare what was taken with what is in the log."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            query = select(events.c.position).where(events.c.name.in_(NAMES))
            letters = {row.position for row in connection.execute(query)}
    finally:
        engine.dispose()
    seen: set[int] = set()
    newest: dict[str, int] = {}
    out_of_order = 0
    for told in taken:
        if told.position in seen:
            continue
        seen.add(told.position)
        out_of_order += told.position < newest.get(told.incident_id, 0)
        newest[told.incident_id] = max(told.position, newest.get(told.incident_id, 0))
    if not letters:
        raise Unsound("no incident opened")
    return Outcome(len(letters), len(seen), len(taken) - len(seen), len(letters - seen), out_of_order)
