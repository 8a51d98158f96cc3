"""What is on record: a log read by its rows alone, after whatever befell the service."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from domain.attempt import DisclosureAttempted
from service.log.tables import events


class Record(msgspec.Struct, frozen=True):
    """The decisions and the requests that are in the log, and whether positions and versions follow on."""

    decisions: frozenset[str]
    requests: frozenset[str]
    events: int
    gaps: int


class _Cause(msgspec.Struct):
    cause: str


class _Decided(msgspec.Struct):
    decision_id: str = ""


class _Stored(msgspec.Struct):
    header: _Cause
    event: _Decided


def record(url: str) -> Record:
    """Read the whole log at this URL."""
    decoder = msgspec.json.Decoder(_Stored)
    decisions, requests = set(), set()
    gaps, position = 0, 0
    heads: dict[str, int] = {}
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            for row in connection.execute(select(events).order_by(events.c.position)):
                gaps += _off(row, position, heads)
                position = row.position
                stored = decoder.decode(row.state)
                requests.add(stored.header.cause)
                if row.name == DisclosureAttempted.NAME:
                    decisions.add(stored.event.decision_id)
    finally:
        engine.dispose()
    return Record(frozenset(decisions), frozenset(requests), position, gaps)


def _off(row: Any, position: int, heads: dict[str, int]) -> int:
    """How many of a row's two numbers do not follow on from those before it."""
    version = heads.get(row.stream, 0)
    heads[row.stream] = row.version
    return int(row.position != position + 1) + int(row.version != version + 1)
