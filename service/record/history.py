"""History: what happened on an account, on its bookings and in the contacts that were about it.

Pages are read by the record's index, so that one costs the same in the longest history as in the shortest. A walk
through them ends with what had happened when it began. Reading is itself on record, before the page goes out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from eventsourcing.persistence import Notification
from msgspec import Meta

from domain import account
from domain.account import HistoryRead
from domain.event import Recorded
from domain.unsealing import Scope
from projections.folding import noun
from projections.history import HistoryEntry
from projections.mentions import about_account
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.ids import MaybeId
from service.record import moment, unsealing
from service.record.moment import SKEW, Instant, Moment
from service.record.opener import Opener
from service.sealing import Codec

MOST = 200
EXAMINED = 1_000  # so many events a page looks at for those it was narrowed to; then it ends, be it empty
SOME = 250

Nouns = Annotated[str, Meta(pattern="^[a-z_.0-9,]{0,500}$", examples=["disclosure,passcode.tried"])]
Who = Annotated[str, Meta(max_length=200)]


class HistoryPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page: the `next_cursor` of the page before, and how many entries; and what it is narrowed to.

    `of`: nouns of streams (account, booking, interaction, ...) and `event`: names of events (`passcode.tried.v1`, or
    how they begin: `passcode`, `passcode.tried`), each separated by commas; `actor`: a token's subject. `as_of`: as
    the record stood then. `unsealing`: an approved one, by which what is personal is opened.

    A page that is narrowed may have few entries, or none, and go on all the same: `next_cursor` says so.
    """

    cursor: Annotated[str, Meta(pattern=r"^([0-9a-f]{1,15}-[0-9a-f]{1,15})?$")] = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 50
    of: Nouns = ""
    event: Nouns = ""
    actor: Who = ""
    site: Who = ""
    interaction: MaybeId = ""
    since: Instant = msgspec.field(name="from", default="")
    until: Instant = ""
    as_of: Moment = ""
    unsealing: MaybeId = ""

    def __repr__(self) -> str:
        """Say what kind of page it is: whom somebody looks for may be a name."""
        return f"HistoryPage(limit={self.limit}, filters={self.filters()})"

    def filters(self) -> tuple[str, ...]:
        """The names of those that are given. What was looked for is not kept: a subject may be somebody's name."""
        given = {"from": self.since} | {
            each: getattr(self, each) for each in ("of", "event", "actor", "site", "interaction", "until", "as_of")
        }
        return tuple(sorted(name for name, value in given.items() if value))


class HistoryAnswer(msgspec.Struct, frozen=True):
    """Entries, oldest first. `next_cursor` is null on the last page; `as_of`: the position of the log it ends at.

    `unsealed`: whether the unsealing that was named opened what is personal.
    """

    entries: tuple[HistoryEntry, ...]
    next_cursor: str | None
    as_of: int
    unsealed: bool


async def history(desk: Desk, asker: Asker, account_id: str, page: HistoryPage) -> HistoryAnswer:
    """One page of an account's history. Raises Refused: "unknown_account", "bad_moment"."""
    stream, scope = account.stream(account_id), Scope(account_id)
    after, until = (int(part, 16) for part in (page.cursor or "0-0").split("-"))
    newest = await desk.mentions.covering(until)
    after, until = await desk.pipeline.threaded(lambda: _bounds(desk, page, after, until or newest))

    def decide(reader: Reader) -> Draft[bool]:
        account.exists(reader.account(account_id))
        uses = unsealing.used(desk, reader, asker, scope, page.unsealing, "history", after=after, until=until)
        read = HistoryRead(
            after=after,
            limit=page.limit,
            until=until,
            filters=page.filters(),
            unsealing_id=page.unsealing if uses else "",
        )
        return Draft(bool(uses), [(stream, read), *uses])

    opens = (await desk.pipeline.carry_out(asker, decide)).answer
    opener = unsealing.opener(desk, scope, page.unsealing if opens else "", account_id)
    return await desk.pipeline.threaded(lambda: _page(desk, opener, account_id, page, after, until))


def _bounds(desk: Desk, page: HistoryPage, after: int, until: int) -> tuple[int, int]:
    """From where and up to where in the log there can be anything of this page."""
    until = moment.position(desk, page.as_of, "query.as_of", until)
    since, before = moment.instant(page.since, "query.from"), moment.instant(page.until, "query.until")
    if since is not None:
        after = max(after, moment.before(desk, since - SKEW, until))
    if before is not None:
        until = min(until, moment.before(desk, before + SKEW, until))
    return after, until


def _page(  # noqa: PLR0917 - one page, and what it is of
    desk: Desk, opener: Opener, account_id: str, page: HistoryPage, after: int, until: int
) -> HistoryAnswer:
    about, wanted = about_account(account_id), _wanted(page)
    found: list[Recorded] = []
    examined, more = 0, True
    while more and len(found) < page.limit and examined < EXAMINED:
        most = SOME if page.filters() else page.limit - len(found)
        rows = desk.log.mentioned(about, gt=after, lte=until, limit=most)
        more = len(rows) == most
        for row in rows:
            after, examined = row.id, examined + 1
            if wanted is None or wanted(row, desk.codec):
                found.append(desk.codec.recorded(row))
            if len(found) == page.limit:
                break
    more = (more or len(found) == page.limit) and bool(desk.log.mentioned(about, gt=after, lte=until, limit=1))
    cursor = f"{after:x}-{until:x}" if more else None
    return HistoryAnswer(tuple(opener.entries(found)), cursor, until, opener.unsealed)


def _wanted(page: HistoryPage) -> Callable[[Notification, Codec], bool] | None:
    """Whether an event is one of those that the page was narrowed to, told by as little of it as will do."""
    if not page.filters():
        return None
    of, names = set(filter(None, page.of.split(","))), tuple(filter(None, page.event.split(",")))
    since, until = moment.instant(page.since, "query.from"), moment.instant(page.until, "query.until")

    def wanted(row: Notification, codec: Codec) -> bool:
        stream = str(row.originator_id)
        if of and noun(stream) not in of:
            return False
        if names and not any(f"{row.topic}.".startswith(f"{each}.") for each in names):
            return False
        header = codec.header(row)
        return (
            page.actor in {"", header.actor.subject}
            and page.site in {"", header.actor.site}
            and page.interaction in {"", header.interaction, _own(stream)}
            and (since is None or header.occurred_at >= since)
            and (until is None or header.occurred_at <= until)
        )

    return wanted


def _own(stream: str) -> str:
    kind, _, own = stream.partition(":")
    return own if kind == "interaction" else ""
