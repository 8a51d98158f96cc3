"""Requesting: a passcode asked for on a contact. A link to choose one goes where it is the caller's own.

What comes to somebody's ordinary channel is what comes to it on any account: whoever shares it with her could else look
whether anything does. So of a protected party two links may go out. The one by which a passcode of hers is chosen goes
to her safe contact; what is chosen by the other shows what is shown (see `domain.passcode`).
"""

from __future__ import annotations

import json
from typing import Literal

import msgspec

from domain import account, evidence, interaction
from domain.account import AccountState
from domain.event import Event
from domain.interaction import CALLER, Proof
from domain.party import Party
from domain.passcode import OFFER_LASTS, PasscodeOffered, PasscodeRequestDeclined, Via
from service.chance import identifier
from service.desk.delivering import Link, SafeContact, deliver_link, one_time_link
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.line.verifying import current
from service.safety.proving import on_the_call
from service.sealing import KeyMissing

TAKEN = "has one, and did not prove it"


class RequestPasscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The caller wants a passcode of his own."""


class RequestAnswer(msgspec.Struct, frozen=True):
    """Always the same: if a link can be sent to the customer's own channel, it is."""

    say: str = "If we hold a way to reach you that is yours alone, a link to choose a passcode is on its way."
    next_step: Literal["ask"] = "ask"


class Wish(msgspec.Struct, frozen=True):
    """What a request comes to: where a link goes, and why none goes to where it would be the party's alone."""

    to: tuple[tuple[Via, SafeContact], ...] = ()
    why: str = ""


async def request_passcode(
    desk: Desk, asker: Asker, interaction_id: str, _body: RequestPasscode, key: Key | None
) -> Draft[RequestAnswer]:
    """Send whoever is identified a link, to a channel of his own; of a protected party, to the safe contact.

    Who has a passcode already has to prove it first. The answer is the same in every case.
    """
    state = await current(desk, asker, interaction_id)
    links = [one_time_link(state.account_id or interaction_id) for _ in range(2)]
    sent: list[tuple[SafeContact, Link, str]] = []

    def decide(reader: Reader) -> Draft[RequestAnswer]:
        now = desk.pipeline.now()
        sent.clear()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        account_id = state.account_id or interaction_id
        on_account = reader.account(account_id)
        proof, party_id = evidence.counts(state.listeners[CALLER], state, on_account)
        guarded = any(reader.booking(booking_id).guarded() for booking_id in on_account.bookings)
        safe_only = guarded or party_id in on_account.protected(now)
        wish = _wish(desk, account_id, on_account, party_id, proof, safe_only=safe_only)
        called = proof is not None and proof.method == "call_back"
        if called and on_the_call(reader, on_account, asker.actor.subject, now):
            wish = Wish(why="the supervisor took the call on which a passcode was asked for")
        events: list[Event] = []
        if wish.why:
            events.append(
                PasscodeRequestDeclined(
                    interaction_id=interaction_id, party_id=party_id, why=wish.why, agent=asker.actor.subject, at=now
                )
            )
        for link, (via, to) in zip(links, wish.to, strict=False):
            sent.append((to, link, party_id))
            offered = PasscodeOffered(
                party_id=party_id,
                offer_id=identifier(),
                token=link.mark,
                reason="requested",
                expires_at=now + OFFER_LASTS,
                via=via,
            )
            events.append(offered)
        stream = account.stream(account_id)
        return Draft(RequestAnswer(), [(stream, each) for each in events], interaction=interaction_id, status=202)

    draft = await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)
    desk.later(*(deliver_link(desk, to, link, about) for to, link, about in sent))
    return draft


def _wish(
    desk: Desk, account_id: str, state: AccountState, party_id: str, proof: Proof | None, *, safe_only: bool
) -> Wish:
    """What comes of it that this party wants a passcode; `safe_only`: its own channel may be somebody else's too.

    Also after a lapse that left a booking guarded.
    """
    party = state.parties.get(party_id)
    if party is None:
        return Wish(why="nobody identified")
    called = proof is not None and proof.method == "call_back"
    if party_id not in state.protections or not (safe_only or called):
        if proof is None and (party.kept() or party.public()):
            return Wish(why=TAKEN)
        own = _own(desk, account_id, party)
        return Wish(why="no channel of their own") if own is None else Wish((("own", own),))
    confirmed = party_id in state.confirmed()
    hers = confirmed and proof is not None and proof.method != "duress" and not evidence.outward(proof, state)
    why = ""
    if not confirmed:
        why = "nobody has confirmed the safe contact yet"
    elif not hers and proof is not None and proof.method == "duress":
        why = "asked for under a duress passcode"
    elif not hers and party.kept():
        why = TAKEN
    to: list[tuple[Via, SafeContact]] = []
    if not why:
        kept = desk.codec.open(account.stream(account_id), state.protections[party_id].reach(desk.pipeline.now()))
        to.append(("safe_contact", msgspec.json.decode(kept, type=SafeContact)))
    own = None if hers or (proof is None and party.public()) else _own(desk, account_id, party)
    if own is not None:
        to.append(("outward", own))
    return Wish(tuple(to), why)


def _own(desk: Desk, account_id: str, party: Party) -> SafeContact | None:
    """Where a link to this party goes on an ordinary account, None where nothing is known."""
    try:
        profile = json.loads(desk.codec.open(account.stream(account_id), party.profile))
    except KeyMissing:
        return None
    for kind in ("email", "phone"):
        if profile.get(kind):
            return SafeContact(kind, profile[kind])
    return None
