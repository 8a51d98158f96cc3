"""Notices: for each recipient and channel, whether anything goes, decided and recorded before anything is sent.

A batch is one decision over every account it names, written in one append: each account's part on its own stream. The
answer leaves on a beat, and is the same for what only a held view has as for what nobody has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, notice
from domain.account import AccountState
from domain.attempt import Given
from domain.booking import BookingState
from domain.event import Event, Kept
from domain.fact import normalise
from domain.notice import CALL_US, TEXTS, Addressed, Kind, NoticeSent, NoticeSuppressed, Reason, Subject
from domain.refusal import Refused
from service.chance import identifier
from service.desk.beat import Beat
from service.desk.delivering import deliver_news
from service.desk.desk import BIND_BEAT, Desk
from service.desk.draft import Asker, Cold, Draft, Reader
from service.desk.ids import MaybeId
from service.log import LocatorEntry

MOST_RECIPIENTS = 50

Locator = Annotated[str, Meta(max_length=32, examples=["YL92CN"])]


class Address(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An address as its sender has it."""

    kind: Literal["email", "phone"]
    value: Annotated[str, Meta(min_length=1, max_length=254, examples=["alma@example.org"])]

    def __repr__(self) -> str:
        """Say only what kind it is."""
        return f"Address(kind={self.kind!r})"


class Recipient(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Somebody to be written to or called: a party, or an address. What it is about, where that is not the batch's."""

    channel: notice.Channel
    party_id: MaybeId = ""
    to: Address | None = None
    locator: Locator = ""
    booking_id: MaybeId = ""
    account_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say nothing of who it is."""
        return f"Recipient({self.channel})"


class DecideNotices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A notice that is about to be sent: its kind, what it is about, and everybody it would go to.

    Name what it is about by the locator it came under, if it came under one. A booking's id means what is shown.
    """

    kind: Kind
    recipients: Annotated[tuple[Recipient, ...], Meta(min_length=1, max_length=MOST_RECIPIENTS)]
    locator: Locator = ""
    booking_id: MaybeId = ""
    account_id: MaybeId = ""

    def __repr__(self) -> str:
        """Say what kind it is."""
        return f"DecideNotices({self.kind})"


class NoticeDecision(msgspec.Struct, frozen=True):
    """For one recipient, numbered as they were given: the text that may go, null where nothing goes."""

    recipient: int
    channel: str
    text: str | None

    def __repr__(self) -> str:
        """Say nothing of what is sent."""
        return f"NoticeDecision({self.recipient}, {self.channel})"


class NoticesAnswer(msgspec.Struct, frozen=True):
    """A decision for each recipient, in their order. Send these texts as they are, and add nothing."""

    notice_id: str
    decisions: tuple[NoticeDecision, ...]


# What a notice is about, as it was named: a locator, a booking's id or an account's.
About = tuple[Literal["locator", "booking_id", "account_id"], str]


async def decide_notices(desk: Desk, asker: Asker, body: DecideNotices) -> NoticesAnswer:
    """Decide for every recipient, record it, and answer on a beat. Raises Refused("nothing_offered")."""
    abouts = [_about(body, each, index) for index, each in enumerate(body.recipients)]
    safe: dict[tuple[str, str], Kept] = {}
    async with Beat(BIND_BEAT):
        marks = {code: desk.marks.locator(code) for named, code in abouts if named == "locator"}
        entries = await _entries(desk, marks)
        await _warm(desk, abouts, marks, entries)

        def decide(reader: Reader) -> Draft[NoticesAnswer]:
            safe.clear()
            notice_id, policy, now = identifier(), reader.policy(), desk.pipeline.now()
            batch = _Batch(notice_id, body.kind, policy.table.ruling(notice.EXISTENCE).rules)
            subjects = {about: _subject(desk, reader, about, marks, entries) for about in set(abouts)}
            decisions = []
            for index, (each, about) in enumerate(zip(body.recipients, abouts, strict=True)):
                subject = subjects[about]
                state = reader.account(subject.account_id)
                booking = reader.booking(subject.booking_id) if subject.booking_id else None
                party_id, reason = _ruled(desk, state, booking, subject, each)
                batch.add(subject, Addressed(each.channel, party_id), reason)
                text = TEXTS[each.channel] if reason is None else None
                decisions.append(NoticeDecision(index, each.channel, text))
            for subject in subjects.values():
                if subject.found == "hidden":
                    state = reader.account(subject.account_id)
                    for party_id in sorted(notice.told_safely(state, reader.booking(subject.booking_id), now)):
                        safe[account.stream(subject.account_id), party_id] = state.protections[party_id].reach(now)
                        batch.safely(subject, party_id)
            return Draft(NoticesAnswer(notice_id, tuple(decisions)), batch.events(), policy=policy.version)

        answer = (await desk.pipeline.carry_out(asker, decide, on_beat=True)).answer
    desk.later(*(deliver_news(desk, stream, kept, CALL_US) for (stream, _), kept in safe.items()))
    return answer


class _Batch:
    """The events of one batch: for each account and booking one for those it goes to, one for each reason not to."""

    def __init__(self, notice_id: str, kind: Kind, rules: tuple[str, ...]) -> None:
        """Begin."""
        self._notice_id, self._kind, self._rules = notice_id, kind, rules
        self._found: dict[tuple[Subject, Reason | Literal["", "safe_contact"]], list[Addressed]] = {}

    def add(self, subject: Subject, to: Addressed, reason: Reason | None) -> None:
        """One recipient as it was decided."""
        self._found.setdefault((subject, reason or ""), []).append(to)

    def safely(self, subject: Subject, party_id: str) -> None:
        """A safe contact that the service writes to itself."""
        self._found.setdefault((subject, "safe_contact"), []).append(Addressed("", party_id))

    def events(self) -> list[tuple[str, Event]]:
        """What is recorded, each on the stream of its account."""
        made: list[tuple[str, Event]] = []
        for (subject, why), recipients in self._found.items():
            happened: Event
            if why in ("", "safe_contact"):
                happened = NoticeSent(
                    notice_id=self._notice_id,
                    kind=self._kind,
                    recipients=tuple(recipients),
                    to="safe_contact" if why else "address",
                    booking_id=subject.booking_id,
                    rules=self._rules,
                    given=Given(subject.locator),
                )
            else:
                happened = NoticeSuppressed(
                    notice_id=self._notice_id,
                    kind=self._kind,
                    recipients=tuple(recipients),
                    reason=why,
                    booking_id=subject.booking_id,
                    rules=self._rules,
                    given=Given(subject.locator),
                )
            made.append((account.stream(subject.account_id), happened))
        return made


def _about(body: DecideNotices, recipient: Recipient, index: int) -> About:
    """What the notice to this recipient is about, by the one name it was given. Raises Refused("nothing_offered")."""
    for given in (recipient, body):
        named = [about for about in _named(given) if about[1]]
        if len(named) == 1:
            return named[0]
        if named:
            break
    raise Refused(
        "nothing_offered",
        "say what the notice is about, by a locator, a booking's id or an account's, and by one of them",
        place=f"recipients[{index}]",
    )


def _named(given: DecideNotices | Recipient) -> tuple[About, About, About]:
    return ("locator", given.locator), ("booking_id", given.booking_id), ("account_id", given.account_id)


async def _entries(desk: Desk, marks: Mapping[str, str]) -> dict[str, list[LocatorEntry]]:
    """What the index of locators hints at, by mark."""
    found: dict[str, list[LocatorEntry]] = {}
    if marks:
        macs = [bytes.fromhex(mark) for mark in sorted(set(marks.values()))]
        for entry in await desk.pipeline.threaded(lambda: desk.log.find_locators(macs)):
            found.setdefault(entry.mac.hex(), []).append(entry)
    return found


async def _warm(
    desk: Desk, abouts: list[About], marks: Mapping[str, str], entries: Mapping[str, list[LocatorEntry]]
) -> None:
    """Load every account that the batch may be about and that is not at hand, all at once."""

    def read(reader: Reader, about: About) -> None:
        kind, name = about
        if kind == "locator":
            owners = {entry.account_id for entry in entries.get(marks[name], ())}
        else:
            owners = {reader.booking(name).account_id} - {""} if kind == "booking_id" else {name}
        for owner in owners or {desk.marks.phantom(name)}:
            reader.account(owner)

    cold: set[About] = set()

    def look(reader: Reader) -> None:
        for about in set(abouts):
            try:
                read(reader, about)
            except Cold:
                cold.add(about)

    await desk.pipeline.warm(look)
    await asyncio.gather(*(desk.pipeline.warm(partial(read, about=each)) for each in cold))


def _subject(
    desk: Desk,
    reader: Reader,
    about: About,
    marks: Mapping[str, str],
    entries: Mapping[str, list[LocatorEntry]],
) -> Subject:
    """The account and booking that are meant; of what nobody has, a phantom account, as when a contact is bound."""
    kind, name = about
    hidden: Subject | None = None
    if kind == "account_id" and reader.account(name).opened:
        return Subject(name, "account")
    if kind == "booking_id":
        state = reader.booking(name)
        found = notice.found(state, "", desk.pipeline.now())
        if found is not None:
            return Subject(state.account_id, found, name)
    for entry in entries.get(marks[name], ()) if kind == "locator" else ():
        state = reader.booking(entry.booking_id)
        found = notice.found(state, marks[name], desk.pipeline.now())
        if found is None:
            continue
        subject = Subject(entry.account_id, found, entry.booking_id, marks[name])
        if state.shown is not None and marks[name] in state.shown.locators:
            return subject
        hidden = subject
    return hidden or Subject(desk.marks.phantom(name), "nobodys")


def _ruled(
    desk: Desk, state: AccountState, booking: BookingState | None, subject: Subject, recipient: Recipient
) -> tuple[str, Reason | None]:
    """Which party a recipient is, and why nothing goes to it. An address of several is theirs it may go to."""
    ruled: tuple[str, Reason | None] = "", notice.decide(state, booking, subject.found, recipient.channel, "")
    for party_id in _parties(desk, state, recipient):
        ruled = party_id, notice.decide(state, booking, subject.found, recipient.channel, party_id)
        if ruled[1] is None:
            break
    return ruled


def _parties(desk: Desk, state: AccountState, recipient: Recipient) -> list[str]:
    """The parties that a recipient can be: the one named, and where there is an address, who is known by it."""
    known = [recipient.party_id] if recipient.party_id else list(state.parties)
    if recipient.to is None:
        return known if recipient.party_id else []
    kind = recipient.to.kind
    value = normalise(kind, recipient.to.value)
    if not value:
        return []
    return [
        party_id
        for party_id in known
        if party_id in state.parties and desk.marks.fact(party_id, kind, value) in state.parties[party_id].marks
    ]
