"""Differing: an account at two moments, and its bookings as they were shown and as they were held, side by side.

Everything is folded from the log as it stood then. What differs is said by its path; what stood there, where it is
personal, stays sealed but for who has an unsealing. Reading it is on record before it goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, cast

import msgspec

from domain import account, booking
from domain.account import AccountState, HistoryRead
from domain.booking import BookingState, BookingView
from domain.document import BookingDocument
from domain.event import Event, Kept
from domain.field_class import FieldClass
from domain.unsealing import Scope
from projections.changes import Differs, changed, differs
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.ids import MaybeId
from service.desk.loading import Loader
from service.desk.opened import Opened
from service.record import moment, unsealing
from service.record.moment import Moment
from service.record.opener import Opener

__all__ = ["DifferencesPage", "ViewsPage", "differences", "views"]

Name = Literal["held", "shown"]
NAMES: tuple[Name, Name] = ("shown", "held")
KEPT = 64  # documents opened for one answer


class DifferencesPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Between which moments: positions of the log, or instants; `to` is now where it is not given."""

    since: Moment = msgspec.field(name="from", default="0")
    until: Moment = msgspec.field(name="to", default="")
    unsealing: MaybeId = ""


class ViewsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As of which moment: a position of the log, or an instant; now where it is not given."""

    as_of: Moment = ""
    unsealing: MaybeId = ""


class FieldChanged(msgspec.Struct, frozen=True):
    """A field of the account, or of a booking, by its path; null: it was not there."""

    path: str
    before: Any
    after: Any

    def __repr__(self) -> str:
        """Say where, and nothing of the values."""
        return f"FieldChanged({self.path})"


class SaidOtherwise(msgspec.Struct, frozen=True):
    """Something that a view says differently: in which field class, at which path. Sealed, it names whose it is."""

    field_class: FieldClass
    path: str
    before: Any
    after: Any

    def __repr__(self) -> str:
        """Say where, and nothing of the values."""
        return f"SaidOtherwise({self.path})"


class BookingChanged(msgspec.Struct, frozen=True):
    """What changed of one booking, and of what each of its views says."""

    booking_id: str
    fields: tuple[FieldChanged, ...]
    shown: tuple[SaidOtherwise, ...]
    held: tuple[SaidOtherwise, ...]


class DifferencesAnswer(msgspec.Struct, frozen=True):
    """What changed between two positions of the log. `unsealed`: whether what is personal is open."""

    since: int = msgspec.field(name="from")
    until: int = msgspec.field(name="to")
    unsealed: bool
    account: tuple[FieldChanged, ...]
    bookings: tuple[BookingChanged, ...]


class ViewAnswer(msgspec.Struct, frozen=True):
    """One view. `version`: of the booking's stream, at which it came to be; `people`: who is on it, by party."""

    version: int
    people: tuple[str, ...]
    document: dict[str, Any]

    def __repr__(self) -> str:
        """Say nothing of the document."""
        return f"ViewAnswer(version={self.version})"


class BothViews(msgspec.Struct, frozen=True):
    """A booking as the front line saw it and as it truly was; null: there was no such view.

    `answers`: whether the shown view answered then; `differ`: where it said something else than what was held.
    """

    booking_id: str
    guarded: bool
    answers: bool
    shown: ViewAnswer | None
    held: ViewAnswer | None
    differ: tuple[SaidOtherwise, ...]


class ViewsAnswer(msgspec.Struct, frozen=True):
    """An account's bookings side by side, as of a position of the log; who was protected then, by party."""

    as_of: int
    unsealed: bool
    protected: tuple[str, ...]
    bookings: tuple[BothViews, ...]

    def __repr__(self) -> str:
        """Say as of when."""
        return f"ViewsAnswer(as_of={self.as_of})"


async def differences(desk: Desk, asker: Asker, account_id: str, page: DifferencesPage) -> DifferencesAnswer:
    """What changed on an account between two moments. Raises Refused: "unknown_account", "bad_moment"."""
    last = await desk.mentions.covering()
    since, until = await desk.pipeline.threaded(
        lambda: tuple(
            moment.position(desk, each, place, last)
            for each, place in ((page.since, "query.from"), (page.until, "query.to"))
        )
    )
    opener = await _read(desk, asker, account_id, page.unsealing, "differences", (since, until))
    return await desk.pipeline.threaded(lambda: _differences(desk, opener, account_id, since, until))


async def views(desk: Desk, asker: Asker, account_id: str, page: ViewsPage) -> ViewsAnswer:
    """An account as the front line saw it and as it truly was. Raises Refused: "unknown_account", "bad_moment"."""
    last = await desk.mentions.covering()
    as_of = await desk.pipeline.threaded(lambda: moment.position(desk, page.as_of, "query.as_of", last))
    opener = await _read(desk, asker, account_id, page.unsealing, "views", (0, as_of))
    return await desk.pipeline.threaded(lambda: _views(desk, opener, account_id, as_of))


async def _read(  # noqa: PLR0917 - who reads what of whom, how far
    desk: Desk,
    asker: Asker,
    account_id: str,
    unsealing_id: str,
    reading: Literal["differences", "views"],
    moments: tuple[int, int],
) -> Opener:
    """Put it on record. Returns what opens of it. Raises Refused("unknown_account")."""
    scope, (after, until) = Scope(account_id), moments

    def decide(reader: Reader) -> Draft[bool]:
        account.exists(reader.account(account_id))
        uses = unsealing.used(desk, reader, asker, scope, unsealing_id, reading, after=after, until=until)
        read = HistoryRead(
            after=after, limit=0, until=until, reading=reading, unsealing_id=unsealing_id if uses else ""
        )
        events: list[tuple[str, Event]] = [(account.stream(account_id), read), *uses]
        return Draft(bool(uses), events)

    opens = (await desk.pipeline.carry_out(asker, decide)).answer
    return unsealing.opener(desk, scope, unsealing_id if opens else "", account_id)


class _Then:
    """An account and its bookings, folded from the log as it stood at a position. Blocking."""

    def __init__(self, desk: Desk, account_id: str, position: int) -> None:
        self._desk = desk
        self._opened = Opened(desk.codec, desk.keys, KEPT)
        self._loader = Loader(desk.log, desk.codec, desk.keys)
        self._position = position
        self.account = cast(AccountState, self._folded(account.stream(account_id)))
        self.bookings = {each: cast(BookingState, self._folded(booking.stream(each))) for each in self.account.bookings}

    def _folded(self, stream: str) -> Any:
        return self._loader.load_at(stream, self._desk.log.version_at(stream, self._position))

    def document(self, booking_id: str, name: Name) -> BookingDocument | None:
        state = self.bookings.get(booking_id)
        return None if state is None else self._opened.view(booking.stream(booking_id), state, name)

    def at(self) -> datetime | None:
        """When the event at this position occurred."""
        found = self._desk.log.read_all(gt=self._position - 1, limit=1) if self._position else []
        return self._desk.codec.header(found[0]).occurred_at if found else None


def _differences(desk: Desk, opener: Opener, account_id: str, since: int, until: int) -> DifferencesAnswer:
    before, after = _Then(desk, account_id, since), _Then(desk, account_id, until)
    bookings = []
    for booking_id in dict.fromkeys((*before.bookings, *after.bookings)):
        stream = booking.stream(booking_id)
        was, is_now = (then.bookings.get(booking_id, BookingState()) for then in (before, after))
        shown, held = (
            _otherwise(opener, differs(before.document(booking_id, name), after.document(booking_id, name)))
            for name in NAMES
        )
        fields = _fields(opener, stream, was, is_now)
        if fields or shown or held:
            bookings.append(BookingChanged(booking_id, fields, shown, held))
    fields = _fields(opener, account.stream(account_id), before.account, after.account)
    return DifferencesAnswer(since, until, opener.unsealed, fields, tuple(bookings))


def _views(desk: Desk, opener: Opener, account_id: str, as_of: int) -> ViewsAnswer:
    then = _Then(desk, account_id, as_of)
    at = then.at()
    protected = () if at is None else tuple(sorted(then.account.protected(at)))
    both = []
    for booking_id, state in then.bookings.items():
        shown, held = (then.document(booking_id, name) for name in NAMES)
        answers = at is not None and state.shows(at)
        shown_told, held_told = (
            _view(opener, view, document) for view, document in ((state.shown, shown), (state.held, held))
        )
        differ = _otherwise(opener, differs(shown, held)) if state.guarded() else ()
        both.append(BothViews(booking_id, state.guarded(), answers, shown_told, held_told, differ))
    return ViewsAnswer(as_of, opener.unsealed, protected, tuple(both))


def _view(opener: Opener, view: BookingView | None, document: BookingDocument | None) -> ViewAnswer | None:
    if view is None:
        return None
    subjects = [each.personal.subject for each in view.parts]
    return ViewAnswer(view.at, view.people, _document(opener, document, subjects))


def _fields(opener: Opener, stream: str, before: msgspec.Struct, after: msgspec.Struct) -> tuple[FieldChanged, ...]:
    def told(value: Any) -> Any:
        return opener.kept(stream, value) if isinstance(value, Kept) else value

    # What the views say is told by their own paths.
    return tuple(
        FieldChanged(each.path, told(each.before), told(each.after))
        for each in changed(before, after)
        if not each.path.startswith(("held/parts", "shown/parts"))
    )


def _otherwise(opener: Opener, found: Sequence[Differs]) -> tuple[SaidOtherwise, ...]:
    def told(value: Any, subjects: tuple[str, ...]) -> Any:
        if value is None:
            return None
        return {"opened": list(subjects), "value": value} if opener.unsealed else {"sealed": list(subjects)}

    return tuple(
        SaidOtherwise(each.field_class, each.path, told(each.before, each.subjects), told(each.after, each.subjects))
        for each in found
    )


def _document(opener: Opener, document: BookingDocument | None, subjects: list[str]) -> dict[str, Any]:
    """A view's document as far as it may be opened; what is about people who were forgotten is not in it any more."""
    gone = [each for each in subjects if opener.forgotten(each)]
    told: dict[str, Any] = {"forgotten": gone} if gone else {}
    left = [each for each in subjects if each not in gone]
    if not left:
        return told
    if not opener.unsealed or document is None:
        return {"sealed": left, **told}
    return {"opened": left, "value": msgspec.to_builtins(document), **told}
