"""Splits: what is shown in the place of what is held, every way the truth could still get out, and who looked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from domain import account, booking, flight, party, split
from domain.account import AccountState
from domain.booking import BookingState, Fate, SplitDeclared
from domain.difference import between
from domain.document import BookingDocument, DocumentError, attribute, parts, people
from domain.event import Event
from domain.flight import LIFE, What
from domain.refusal import Refused
from domain.split import CHECKS, Check, CheckName, Split, SplitRead, Standing
from projections.splits import SPLITS
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.desk.opened import part
from service.office.importing import Imported, entries, made_ready, matched, rejected

Subject = Annotated[str, Meta(min_length=1, max_length=128)]
Words = Annotated[str, Meta(min_length=1, max_length=1000)]


def _named(names: tuple[str, ...]) -> Meta:
    """Say in the schema of a mapping which names it may have; msgspec reads them so, and does not say it."""
    return Meta(extra_json_schema={"propertyNames": {"enum": [*names]}})


class DeclareSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is shown from now on: a document, or without one what was frozen.

    `life` says what the shown view does at each event. `owners`: who answers for a check, by its name; without, you.
    `cancelled_party_ids`: those on it whose own tickets were cancelled on records that are not imported here.
    """

    life: Annotated[dict[What, Literal["follow", "keep", "withhold", "transfer"]], _named(LIFE)]
    reason: Words
    hers: Literal["shown", "nothing"] = "shown"
    format: Annotated[str, Meta(max_length=32)] = ""
    document: dict[str, Any] | str = ""
    owners: Annotated[dict[CheckName, Subject], _named(CHECKS)] = {}
    cancelled_party_ids: Annotated[tuple[Id, ...], Meta(max_length=99)] = ()

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "DeclareSplit()"


class AnswerCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What you found: closed, the truth does not get out this way; failed, it can. `words`: how you know."""

    check: CheckName
    result: Literal["closed", "failed"]
    words: Words

    def __repr__(self) -> str:
        """Say what was found, without words."""
        return f"AnswerCheck({self.check}, {self.result})"


class CheckAnswer(msgspec.Struct, frozen=True):
    """One way out. Times are UTC; `since`: when it came to stand so; `by`: who looked last."""

    check: CheckName
    standing: Standing
    owner: str
    due_at: str
    since: str | None
    overdue: bool
    by: str


class SplitAnswer(msgspec.Struct, frozen=True):
    """A split, open until every check is done. `undone`: the checks that are not, those due first at the front.

    `unlike`: where the declared life is not that of ordinary bookings, so that it can be told from one when that comes.
    """

    booking_id: str
    split_id: str
    status: Literal["open", "closed"]
    undone: tuple[CheckName, ...]
    checks: tuple[CheckAnswer, ...]
    unlike: tuple[str, ...]


class DifferingAnswer(msgspec.Struct, frozen=True):
    """A path that differs (`segments/0/origin`), and its field class. No value."""

    path: str
    field_class: str


class DifferenceAnswer(msgspec.Struct, frozen=True):
    """By what the held view of a booking differs from the shown one. `parted`: whether protection has parted them."""

    booking_id: str
    parted: bool
    differing: tuple[DifferingAnswer, ...]


class SplitsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which splits: those that are open, or those of which a check is overdue. The one that is due first leads."""

    status: Literal["open", "overdue"] = "open"
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class SplitsAnswer(msgspec.Struct, frozen=True):
    """Splits, and how many there are in all."""

    splits: tuple[SplitAnswer, ...]
    total: int


async def declare_split(
    desk: Desk, asker: Asker, booking_id: str, body: DeclareSplit, key: Key | None
) -> Draft[SplitAnswer]:
    """Declare what is shown in the place of what is held. Raises Refused, see `booking.declare_split`."""
    ready = await made_ready(desk, body.format, body.document) if body.document else None
    subject = await words_subject(desk, asker, booking_id)

    def decide(reader: Reader) -> Draft[SplitAnswer]:
        now, stream = desk.pipeline.now(), booking.stream(booking_id)
        state = reader.booking(booking_id)
        owner = reader.account(state.account_id) if state.account_id else None
        attributed = None if ready is None or owner is None else _attributed(desk, owner, ready)
        seen: dict[str, Any] = {}
        if attributed is not None and ready is not None and owner is not None:
            held = () if state.held is None else state.held.people
            seen = {
                "people": people(attributed),
                "locators": ready.marks,
                "cross_references": ready.cross_references,
                "parts": tuple(part(subject or booking_id, piece) for subject, piece in parts(attributed).items()),
                "cancelled": flight.cancelled(attributed),
                "taken_off": booking.taken_off(people(attributed), held, owner.protections),
            }
        declared = SplitDeclared(
            split_id=identifier(),
            hers=body.hers,
            life=cast(Mapping[str, Fate], body.life),
            reason=sealed(subject, body.reason),
            declared_by=asker.actor.subject,
            voided=tuple(who for who in body.cancelled_party_ids if owner is None or who not in owner.protections),
            **seen,
        )
        protected = frozenset() if owner is None else owner.protected(now)
        beside = [reader.booking(each) for each in (owner.bookings if owner is not None else ()) if each != booking_id]
        booking.declare_split(state, declared, protected, beside)
        shown = attributed or desk.opened.view(stream, state, "shown")
        declared = msgspec.structs.replace(
            declared,
            checks=split.set_out(
                split.wanted(desk.opened.view(stream, state, "held"), shown),
                body.owners,
                asker.actor.subject,
                now,
                linked=_linked(state, ready),
            ),
        )
        index = () if ready is None else entries(ready, state.account_id, booking_id)
        answer = told(booking_id, split.declared(declared, now), now)
        events: list[tuple[str, Event]] = [(stream, declared)]
        if owner is not None:
            events += [(account.stream(state.account_id), each) for each in party.shown(owner.parties, declared.people)]
        return Draft(answer, events, locators=index, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def words_subject(desk: Desk, asker: Asker, booking_id: str) -> str:
    """The data subject of what is said about a booking: its account, whose words can go while the booking stays."""

    def read(reader: Reader) -> Draft[str]:
        return Draft(reader.booking(booking_id).account_id or booking_id, [])

    subject = (await desk.pipeline.carry_out(asker, read)).answer
    if subject != booking_id:
        await desk.have_keys([subject])
    return subject


def _linked(state: BookingState, ready: Imported | None) -> bool:
    if ready is None or state.held is None:
        return state.linked()
    return not state.held.locators.isdisjoint((*ready.marks, *ready.cross_references))


def _attributed(desk: Desk, owner: AccountState, ready: Imported) -> BookingDocument:
    """A document that is to be shown. Raises Refused("unknown_party") for a traveller who is nobody on the account."""
    mapped = matched(desk, owner, {}, ready)
    if any(mapped[ref] == fresh for ref, fresh in ready.fresh.items()):
        raise Refused("unknown_party", "every traveller that is shown must be a party of the account", place="document")
    try:
        return attribute(ready.document, mapped, account.holder(owner))
    except DocumentError as error:
        raise rejected(error) from None


async def read_split(desk: Desk, asker: Asker, booking_id: str) -> SplitAnswer:
    """Which ways out are open, whose they are, and since when. That it was read is on record.

    Raises Refused: "unknown_booking", "unknown_split".
    """

    def decide(reader: Reader) -> Draft[SplitAnswer]:
        state = _known(reader, booking_id)
        if state.split is None:
            raise Refused("unknown_split", "no split is declared for this booking", place="booking_id")
        answer = told(booking_id, state.split, desk.pipeline.now())
        return Draft(answer, [(booking.stream(booking_id), SplitRead(what="checks"))])

    return (await desk.pipeline.carry_out(asker, decide)).answer


async def answer_check(
    desk: Desk, asker: Asker, booking_id: str, body: AnswerCheck, key: Key | None
) -> Draft[SplitAnswer]:
    """Say what was found of one way out. Raises Refused, see `split.answer`."""
    subject = await words_subject(desk, asker, booking_id)

    def decide(reader: Reader) -> Draft[SplitAnswer]:
        now, state = desk.pipeline.now(), _known(reader, booking_id)
        words = sealed(subject, body.words)
        found = split.answer(state.split, body.check, body.result, words, asker.actor, linked=state.linked())
        after = split.evolve(cast(Split, state.split), found, now)
        return Draft(told(booking_id, after, now), [(booking.stream(booking_id), found)])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def read_difference(desk: Desk, asker: Asker, booking_id: str) -> DifferenceAnswer:
    """By what paths and field classes the views of a booking differ now. That it was read is on record.

    Raises Refused("unknown_booking").
    """

    def decide(reader: Reader) -> Draft[DifferenceAnswer]:
        state, stream = _known(reader, booking_id), booking.stream(booking_id)
        held, shown = (desk.opened.view(stream, state, "held"), desk.opened.view(stream, state, "shown"))
        found = () if held is None or not state.frozen else between(held, shown)
        rows = tuple(DifferingAnswer(each.path, each.field_class.value) for each in found)
        answer = DifferenceAnswer(booking_id, state.frozen, rows)
        return Draft(answer, [(stream, SplitRead(what="difference"))])

    return (await desk.pipeline.carry_out(asker, decide)).answer


async def list_splits(desk: Desk, _asker: Asker, page: SplitsPage) -> SplitsAnswer:
    """The splits that are open, or overdue, of all accounts."""
    splits, now = await desk.live.current(SPLITS), desk.pipeline.now()
    found = [
        (booking_id, each)
        for booking_id, each in list(splits.items())
        if (each.undone() if page.status == "open" else each.overdue(now))
    ]
    found.sort(key=lambda pair: (min(pair[1].checks[name].due_at for name in pair[1].undone()), pair[0]))
    return SplitsAnswer(tuple(told(*each, now) for each in found[: page.limit]), len(found))


def _known(reader: Reader, booking_id: str) -> BookingState:
    state = reader.booking(booking_id)
    if state.held is None:
        raise Refused("unknown_booking", "there is no such booking", place="booking_id")
    return state


def told(booking_id: str, of: Split, now: datetime) -> SplitAnswer:
    """A split as tier 3 reads it."""
    undone = tuple(sorted(of.undone(), key=lambda name: of.checks[name].due_at))
    checks = tuple(_told(name, check, overdue=name in of.overdue(now)) for name, check in of.checks.items())
    unlike = tuple(what for what in flight.LIFE if of.life.get(what) != flight.ORDINARY[what])
    return SplitAnswer(booking_id, of.split_id, of.status(), undone, checks, unlike)


def _told(name: CheckName, check: Check, *, overdue: bool) -> CheckAnswer:
    since = None if check.since is None else check.since.isoformat(timespec="seconds")
    due_at = check.due_at.isoformat(timespec="seconds")
    return CheckAnswer(name, check.standing, check.owner, due_at, since, overdue, check.by)
