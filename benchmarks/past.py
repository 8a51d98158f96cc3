"""A past: what the service recorded of calls to protected and ordinary accounts, many times over under other ids.

The calls are made over HTTP: the transcripts of `transcripts`, and ordinary ones in between. Each copy of their log has
ids of its own, so that no two share a stream, and the copies run on beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import create_engine, insert, select
from sqlalchemy.pool import NullPool

from benchmarks.figure import Unsound
from benchmarks.pairs import Codes, Office, Outbox, Pair, Side
from benchmarks.server import watchword
from benchmarks.transcripts import Act, Voice, Writer
from benchmarks.wire import Wire
from service.log import migrate
from service.log.tables import events
from service.settings import Settings

PAIRS, CALLS = 12, 24
SEED = "past"
BLOCK = 40  # events of one copy before it is the next one's turn
_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_SHARED = ("authority:", "policy:", "rules:", "follower:", "reader:", "webhook:")  # of the whole installation


def recorded(folder: Path) -> Settings:
    """Serve, make the accounts and the calls, and stop. Returns the settings of the log that holds them."""
    with watchword(folder) as started:
        office = Office(started.settings, started.port, Codes(), Outbox(started.settings))
        pairs = [office.pair(number, SEED) for number in range(PAIRS)]
        random = Random(SEED)
        with Wire(started.port) as wire:
            for pair in pairs:
                for at, side in enumerate((pair.protected, pair.ordinary)):
                    voice = Voice(side, f"caller-{pair.number}-{at}", random.choice(office.agents))
                    _play(wire, voice, [each for half in Writer(pair, SEED).transcript() for each in half])
                    for call in range(CALLS):
                        _ordinary(wire, pair, side, f"{pair.number}-{at}-{call}", random.choice(office.agents))
        office.close()
    return started.settings


def _play(wire: Wire, voice: Voice, acts: list[Act]) -> None:
    for act in acts:
        for step in act:
            asked = step.build(voice)
            step.heard(voice, wire.send(asked.method, asked.path, voice.agent, asked.body, **asked.headers))


def _ordinary(wire: Wire, pair: Pair, side: Side, contact: str, agent: str) -> None:
    """A caller who says who he is, asks for his bookings and about one of them three things, and rings off."""
    if not side.shown:
        return

    def sent(method: str, path: str, body: Any = None) -> dict[str, Any]:
        reply = wire.send(method, path, agent, body)
        if reply.status not in (200, 201):
            raise Unsound(f"a call could not be made: {path} {reply.status}")
        found: dict[str, Any] = reply.json()
        return found

    opened = sent("POST", "/v1/interactions", {"contact_id": f"ordinary-{contact}", "channel": "call"})
    path = f"/v1/interactions/{opened['interaction_id']}"
    facts = {kind: pair.him[kind] for kind in ("surname", "given_name")}
    sent("POST", f"{path}/bind", {"locator": side.shown[0], "facts": facts})
    sent("GET", f"{path}/bookings")
    for classes in (["E", "I"], ["I", "L", "F"], ["E", "P", "C"]):
        sent("POST", f"{path}/disclosures", {"locator": side.shown[0], "classes": classes})
    sent("POST", f"{path}/close", {})


def copied(settings: Settings, folder: Path, copies: int) -> tuple[str, int]:
    """A log of so many copies of this one, in this folder: its URL, and its last position."""
    url = f"sqlite:///{folder / 'past.sqlite'}"
    migrate(url)
    engine = create_engine(settings.database_url, poolclass=NullPool)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(select(events).order_by(events.c.position))]
    engine.dispose()
    engine, position = create_engine(url, poolclass=NullPool), 0
    with engine.begin() as connection:
        for block in _blocks(rows, copies):
            made = [
                dict(zip(("position", "stream", "version", "name", "state"), (at, *row), strict=True))
                for at, row in enumerate(block, position + 1)
            ]
            connection.execute(insert(events), made)
            position += len(made)
    engine.dispose()
    return url, position


def _blocks(rows: list[tuple[Any, ...]], copies: int) -> Iterator[list[tuple[str, int, str, bytes]]]:
    """The rows of every copy, without their positions; what is of the whole installation first, and once."""
    shared = [row[1:] for row in rows if row[1].startswith(_SHARED)]
    yield [row for row in shared if row[0].startswith(("authority:", "policy:", "rules:"))]
    own = [row[1:] for row in rows if not row[1].startswith(_SHARED)]
    masks = [Random(copy).getrandbits(128) for copy in range(copies)]
    for start in range(0, len(own), BLOCK):
        for mask in masks:
            yield [_masked(row, mask) for row in own[start : start + BLOCK]]


def _masked(row: tuple[str, int, str, bytes], mask: int) -> tuple[str, int, str, bytes]:
    """A row with every id, and every mark, replaced by the copy's own."""

    def other(found: re.Match[bytes]) -> bytes:
        return b"%032x" % (int(found[0], 16) ^ mask)

    stream, version, name, state = row
    return _ID.sub(other, stream.encode()).decode(), version, name, _ID.sub(other, state)
