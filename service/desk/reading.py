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
from service.desk.pipeline import Asker, Draft, Reader

MOST = 200


class HistoryPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page: the `next_cursor` of the page before, and how many entries."""

    cursor: Annotated[str, Meta(pattern=r"^([0-9a-f]{1,15})?$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50


class HistoryAnswer(msgspec.Struct, frozen=True):
    """Entries, oldest first. `next_cursor` is null on the last page."""

    entries: tuple[HistoryEntry, ...]
    next_cursor: str | None


async def history(desk: Desk, asker: Asker, account_id: str, page: HistoryPage) -> HistoryAnswer:
    """One page of an account's history. Raises Refused("unknown_account")."""
    after = int(page.cursor or "0", 16)

    def decide(reader: Reader) -> Draft[None]:
        account.exists(reader.account(account_id))
        read = HistoryRead(after=after, limit=page.limit)
        return Draft(None, [(account.stream(account_id), read)])

    await desk.pipeline.carry_out(asker, decide)
    stream = account.stream(account_id)
    rows = await desk.pipeline.threaded(lambda: desk.log.page(stream, gt=after, limit=page.limit + 1))
    entries = []
    for stored in rows[: page.limit]:
        header, happened = desk.codec.decode(stored)
        recorded = Recorded(0, stream, stored.originator_version, stored.topic, header, happened, stored.state)
        entries.append(entry(recorded))
    more = len(rows) > page.limit
    return HistoryAnswer(tuple(entries), f"{entries[-1].version:x}" if more else None)
