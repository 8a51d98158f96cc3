"""Reading the record.

An auditor's page of an account's history. Reading it is itself on record, before the page goes out.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from domain import account
from domain.account import HistoryRead
from domain.event import Recorded
from projections.history import HistoryEntry, entry
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader

MOST = 200


class HistoryPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page: the `next_cursor` of the page before, and how many entries.

    A walk through the pages ends with what had happened when it began; reading them adds to the record.
    """

    cursor: Annotated[str, Meta(pattern=r"^([0-9a-f]{1,15}-[0-9a-f]{1,15})?$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50


class HistoryAnswer(msgspec.Struct, frozen=True):
    """Entries, oldest first. `next_cursor` is null on the last page."""

    entries: tuple[HistoryEntry, ...]
    next_cursor: str | None


async def history(desk: Desk, asker: Asker, account_id: str, page: HistoryPage) -> HistoryAnswer:
    """One page of an account's history. Raises Refused("unknown_account")."""
    stream = account.stream(account_id)
    after, until = (int(part, 16) for part in (page.cursor or "0-0").split("-"))

    def decide(reader: Reader) -> Draft[int]:
        account.exists(reader.account(account_id))
        read = HistoryRead(after=after, limit=page.limit)
        return Draft(reader.folded(stream).version, [(stream, read)])

    newest = (await desk.pipeline.carry_out(asker, decide)).answer
    until = min(until, newest) or newest
    rows = await desk.pipeline.threaded(lambda: desk.log.page(stream, gt=after, limit=page.limit))
    entries = []
    for stored in rows:
        if stored.originator_version > until:
            break
        header, happened = desk.codec.decode(stored)
        recorded = Recorded(0, stream, stored.originator_version, stored.topic, header, happened, stored.state)
        entries.append(entry(recorded))
    more = bool(entries) and entries[-1].version < until
    return HistoryAnswer(tuple(entries), f"{entries[-1].version:x}-{until:x}" if more else None)
