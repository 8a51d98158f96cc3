"""Safe contacts: changed by the protected party after a cooling-off, answering by link, mended by two people."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, ending, safe_contact
from domain.document import normalise
from domain.event import Event
from domain.notice import Addressed, NoticeSent, NoticeSuppressed
from domain.protection import Protection
from domain.refusal import Refused
from domain.safe_contact import COOLING_OFF, SafeContactChangeAsked, SafeContactChanged
from service.chance import identifier
from service.desk.delivering import SafeContact, deliver_answerable, one_time_link, token_mark
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.line.verifying import current
from service.safety.proving import NOTED, NotedAnswer, declined, proved
from service.sealing import KeyMissing

Token = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,64}\.[0-9A-Za-z_-]{1,128}$")]


class ChangeSafeContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The caller wants another safe contact: the one place that is ever written to or called."""

    safe_contact: SafeContact


class CorrectSafeContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the safe contact of an unconfirmed protection should have been; two people type it, alike."""

    protection_id: Id
    safe_contact: SafeContact


class CorrectionAnswer(msgspec.Struct, frozen=True):
    """Asked for by one, or done: the second person typed the same."""

    protection_id: str
    status: Literal["asked", "corrected"]


class SafeContactLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one-time link that came to the safe contact."""

    token: Token

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "SafeContactLink()"


class LinkAnswer(msgspec.Struct, frozen=True):
    """Noted. What it was about is not said: somebody else may be reading."""

    status: Literal["noted"] = "noted"


class Told(msgspec.Struct, frozen=True):
    """What the record says of a message to a safe contact, and where it goes, None where it goes nowhere."""

    event: Event
    to: SafeContact | None


def told(desk: Desk, stream: str, protection: Protection, kind: str) -> Told:
    """A message to the safe contact in force now; it says nothing. To one that nobody confirmed nothing goes."""
    party_id, why = protection.party_id, ""
    to: SafeContact | None = None
    if protection.until is not None:
        why = "unconfirmed_safe_contact"
    else:
        try:
            kept = desk.codec.open(stream, protection.reach(desk.pipeline.now()))
            to = msgspec.json.decode(kept, type=SafeContact)
        except KeyMissing:
            why = "forgotten"
    reached = (Addressed("safe_contact" if to is None else to.kind, party_id),)
    if to is None:
        return Told(NoticeSuppressed(notice_id=identifier(), kind=kind, recipients=reached, reason=why), None)
    return Told(NoticeSent(notice_id=identifier(), kind=kind, recipients=reached, to="safe_contact"), to)


async def change(
    desk: Desk, asker: Asker, interaction_id: str, body: ChangeSafeContact, key: Key | None
) -> Draft[NotedAnswer]:
    """Note another safe contact of the protected party who proved herself; it is the one 72 hours from now.

    The one before is told at once and can stop it. The answer is the same whoever asks.
    """
    state = await current(desk, asker, interaction_id)
    link = one_time_link(state.account_id or interaction_id)
    sent: list[tuple[SafeContact, str]] = []

    def decide(reader: Reader) -> Draft[NotedAnswer]:
        sent.clear()
        now = desk.pipeline.now()
        who = proved(desk, reader, asker, interaction_id)
        why = who.why or ("" if who.method == "passcode" else "not by her passcode")
        why = why or safe_contact.not_to_be_changed(who.account, who.party_id, now)
        if why:
            events = [declined(who, interaction_id, "safe_contact", why)]
            return Draft(NOTED, events, interaction=interaction_id, status=202)
        protection = who.account.protections[who.party_id]
        message = told(desk, who.stream, protection, "safe_contact_change")
        asked = SafeContactChangeAsked(
            protection_id=protection.protection_id,
            party_id=who.party_id,
            change_id=identifier(),
            safe_contact=sealed(who.party_id, body.safe_contact),
            token=link.mark,
            asked_at=now,
            effective_at=now + COOLING_OFF,
            interaction_id=interaction_id,
        )
        if message.to is not None:
            sent.append((message.to, who.party_id))
        events = [(who.stream, asked), (who.stream, message.event)]
        return Draft(NOTED, events, interaction=interaction_id, status=202)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_answerable(desk, to, "stop_link", link, about) for to, about in sent))
    return draft


async def confirm_by_link(desk: Desk, asker: Asker, body: SafeContactLink) -> LinkAnswer:
    """Take the safe contact's word that a protection shall end: in fourteen days, and it may be stopped till then.

    Raises Refused("link_spent").
    """
    account_id, _, _ = body.token.partition(".")
    link = one_time_link(account_id)
    sent: list[tuple[SafeContact, str]] = []

    def decide(reader: Reader) -> Draft[None]:
        sent.clear()
        state = reader.account(account_id)
        stream = account.stream(account_id)
        confirmed = ending.confirmed_by_link(state, token_mark(body.token), link.mark, desk.pipeline.now())
        message = told(desk, stream, state.protections[confirmed.party_id], "ending_confirmed")
        if message.to is not None:
            sent.append((message.to, confirmed.party_id))
        return Draft(None, [(stream, confirmed), (stream, message.event)])

    await desk.pipeline.carry_out(asker, decide)
    desk.later(*(deliver_answerable(desk, to, "stop_link", link, about) for to, about in sent))
    return LinkAnswer()


async def stop_by_link(desk: Desk, asker: Asker, body: SafeContactLink) -> LinkAnswer:
    """Stop what the safe contact was written to about. Raises Refused("link_spent")."""
    account_id, _, _ = body.token.partition(".")

    def decide(reader: Reader) -> Draft[None]:
        events = ending.stopped_by_link(reader.account(account_id), token_mark(body.token), desk.pipeline.now())
        return Draft(None, [(account.stream(account_id), each) for each in events])

    await desk.pipeline.carry_out(asker, decide)
    return LinkAnswer()


async def correct(
    desk: Desk, asker: Asker, account_id: str, body: CorrectSafeContact, key: Key | None
) -> Draft[CorrectionAnswer]:
    """Mend a wrong safe contact before the protection is confirmed. What went to the wrong one is void.

    Raises Refused, see `safe_contact.correct`, and "bad_fact".
    """
    given = body.safe_contact
    plain = normalise(given.kind, given.value)
    if not plain:
        raise Refused("bad_fact", f"this is no {given.kind}; correct it", place="safe_contact.value")

    def decide(reader: Reader) -> Draft[CorrectionAnswer]:
        now = desk.pipeline.now()
        state = reader.account(account_id)
        account.exists(state)
        party_id = state.protection(body.protection_id).party_id
        happened = safe_contact.correct(
            state,
            body.protection_id,
            asker.actor,
            now,
            mark=desk.marks.fact(party_id, given.kind, plain),
            safe_contact=sealed(party_id, given),
        )
        stream = account.stream(account_id)
        events: list[tuple[str, Event]] = [(stream, happened)]
        corrected = isinstance(happened, SafeContactChanged)
        return Draft(CorrectionAnswer(body.protection_id, "corrected" if corrected else "asked"), events)

    return await desk.pipeline.carry_out(asker, decide, key=key)
