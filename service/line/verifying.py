"""Passcodes: asked for, and tried.

A trial always costs the same: one Argon2 over the account's salt, which accounts that do not exist have too, compared
with every party's digest, and the same counters. Locks bind the contact that failed; a phrase on a supervised
call-back never locks.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, contact, interaction
from domain.account import AccountState
from domain.contact import ContactCleared, ContactFailed
from domain.event import Event, Kept
from domain.interaction import CALLER, FAILURES_ALLOWED, InteractionState, ListenerVerified, Method, VerificationFailed
from domain.passcode import OFFER_LASTS, PasscodeOffered, PasscodeRequestDeclined, PasscodeTried
from domain.refusal import Refused
from service.chance import identifier
from service.desk.delivering import SafeContact, deliver_link, one_time_link
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.desk.repeating import carry_out_anew
from service.safety.proving import on_the_call
from service.sealing import KeyMissing

NOTHING = bytes(32)

Secret = Annotated[str, Meta(min_length=1, max_length=256)]


class TryPasscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole passcode as the caller said or typed it, and which listener it came from."""

    passcode: Secret
    listener_id: Id = CALLER

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "TryPasscode()"


class TryAnswer(msgspec.Struct, frozen=True):
    """Whether it was accepted, and a line for either case that says nothing more."""

    accepted: bool
    say: str
    next_step: Literal["ask", "ask_passcode"]


class RequestPasscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The caller wants a passcode of his own."""


class RequestAnswer(msgspec.Struct, frozen=True):
    """Always the same: if a link can be sent to the customer's own channel, it is."""

    say: str = "If we hold a way to reach you that is yours alone, a link to choose a passcode is on its way."
    next_step: Literal["ask"] = "ask"


ACCEPTED = TryAnswer(accepted=True, say="Thank you, that is right.", next_step="ask")
REFUSED = TryAnswer(accepted=False, say="I could not confirm that passcode.", next_step="ask_passcode")


class Match(msgspec.Struct, frozen=True, gc=False):
    """What a digest was found to be: whose secret, and which. All empty where it is nobody's."""

    party_id: str = ""
    method: Method = "passcode"
    secret_id: str = ""


async def try_passcode(
    desk: Desk, asker: Asker, interaction_id: str, body: TryPasscode, key: Key | None
) -> Draft[TryAnswer]:
    """Try a passcode. One Argon2 whatever it is tried against, done once and never again on a conflict.

    With a key that was used it is tried anew, and what came of it is not counted again.
    """
    state = await current(desk, asker, interaction_id)
    account_id, bindings = state.account_id or interaction_id, state.bindings
    digest = await desk.hasher.digest(body.passcode, desk.marks.salt(account_id))

    def decide(before: bytes | None, reader: Reader) -> Draft[TryAnswer]:
        now = desk.pipeline.now()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        if body.listener_id not in state.listeners:
            raise Refused("unknown_listener", "nobody on this line has that id", place="listener_id")
        if state.bindings != bindings:  # to the same account too: whether it was is not to be told
            raise Refused("bound_anew", "the interaction was bound anew meanwhile; try again")
        trial = Trial(state, asker.actor.subject, interaction_id, now, body.listener_id)
        answer, events = tried(desk, reader, account_id, digest, trial)
        if before is not None and not _proves_more(state, events):
            events = []
        return Draft(answer, events, interaction=interaction_id)

    return await carry_out_anew(desk, asker, decide, key=key)


def _proves_more(state: InteractionState, events: list[tuple[str, Event]]) -> bool:
    """Whether something was proved that was not yet."""
    for _, happened in events:
        if isinstance(happened, ListenerVerified):
            proof = state.proof(state.listeners[happened.listener_id])
            return proof is None or proof.secret_id != happened.secret_id
    return False


async def current(desk: Desk, asker: Asker, interaction_id: str) -> InteractionState:
    """The interaction as it stands, to learn which account it is about. Raises Refused, see `interaction.use`."""
    draft = await desk.pipeline.carry_out(asker, lambda reader: Draft(reader.interaction(interaction_id), []))
    interaction.use(draft.answer, asker.actor.subject, desk.pipeline.now())
    return draft.answer


class Trial(msgspec.Struct, frozen=True):
    """In which contact, by whom, when and from which listener a passcode is tried.

    A call-back's phrase is for one supervisor in one contact.
    """

    line: InteractionState
    agent: str
    interaction_id: str
    now: datetime
    listener_id: str = CALLER


def tried(
    desk: Desk, reader: Reader, account_id: str, digest: bytes, trial: Trial
) -> tuple[TryAnswer, list[tuple[str, Event]]]:
    """What comes of a passcode with this digest, and what happens then to the account, the line and the contact."""
    line = trial.line
    match = _match(desk, account_id, reader.account(account_id), digest, trial)
    on_contact = reader.contact(line.contact)
    free = match.method == "call_back" and bool(match.party_id)
    blocked = not free and (line.failures >= FAILURES_ALLOWED or contact.blocked(on_contact, trial.now))
    # A duress passcode shows what is shown; where only a held view answers that is nothing, as at nobody's locator.
    duress = bool(match.party_id) and match.method == "duress"
    accepted = bool(match.party_id) and not blocked and not (duress and line.may_prove is not None)
    happened = PasscodeTried(
        interaction_id=trial.interaction_id,
        contact=line.contact,
        accepted=accepted,
        blocked=blocked,
        party_id=match.party_id if accepted else "",
        passcode_id=match.secret_id if accepted else "",
    )
    outcome: Event = VerificationFailed(
        listener_id=trial.listener_id, account_id=account_id, duress_of=match.party_id if duress else ""
    )
    if accepted:
        outcome = ListenerVerified(
            listener_id=trial.listener_id,
            account_id=account_id,
            party_id=match.party_id,
            method=match.method,
            secret_id=match.secret_id,
        )
    return ACCEPTED if accepted else REFUSED, [
        (account.stream(account_id), happened),
        (interaction.stream(trial.interaction_id), outcome),
        (contact.stream(line.contact), ContactCleared() if accepted else ContactFailed(at=trial.now)),
    ]


def _match(desk: Desk, account_id: str, state: AccountState, digest: bytes, trial: Trial) -> Match:
    """Compare a digest with every secret of the account, in constant time and without stopping early."""
    matches: list[Match] = []
    kept: list[Kept] = []
    for party_id, party in state.parties.items():
        if party.passcode is not None:
            matches.append(Match(party_id, "passcode", party.passcode.passcode_id))
            kept.append(party.passcode.digest)
        if party.duress is not None:
            matches.append(Match(party_id, "duress", party.duress.passcode_id))
            kept.append(party.duress.digest)
        placed = party.call_back
        if placed is not None and placed.open_to(trial.agent, trial.interaction_id, trial.now):
            matches.append(Match(party_id, "call_back", placed.call_back_id))
            kept.append(placed.digest)
    stream = account.stream(account_id)
    # What may not match is compared all the same.
    digests = [
        digest if _counts(state, match, trial) else NOTHING
        for digest, match in zip([_opened(desk, stream, each) for each in kept], matches, strict=True)
    ]
    found = desk.hasher.match(digest, digests)
    return matches[found] if found >= 0 else Match()


def _counts(state: AccountState, match: Match, trial: Trial) -> bool:
    """Whether this secret may prove its party here: to all others a hidden locator is one that nobody has."""
    if trial.line.may_prove is not None and match.party_id not in trial.line.may_prove:
        return False
    return match.method == "call_back" or state.proves(match.party_id)


def _opened(desk: Desk, stream: str, kept: Kept) -> bytes:
    """A stored digest; of somebody forgotten, one that nothing matches."""
    try:
        return desk.codec.open(stream, kept)
    except KeyMissing:
        return NOTHING


async def request_passcode(
    desk: Desk, asker: Asker, interaction_id: str, _body: RequestPasscode, key: Key | None
) -> Draft[RequestAnswer]:
    """Send whoever is identified a link, to a channel of his own; of a protected party, to the safe contact alone.

    Who has a passcode already has to prove it first. The answer is the same in every case.
    """
    state = await current(desk, asker, interaction_id)
    link = one_time_link(state.account_id or interaction_id)
    to: list[SafeContact] = []

    def decide(reader: Reader) -> Draft[RequestAnswer]:
        now = desk.pipeline.now()
        to.clear()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        account_id = state.account_id or interaction_id
        on_account = reader.account(account_id)
        proof = state.proof(state.listeners[CALLER])
        party_id = proof.party_id if proof is not None else state.taken_for(state.listeners[CALLER])
        guarded = any(reader.booking(booking_id).guarded() for booking_id in on_account.bookings)
        safe_only = guarded or party_id in on_account.protected(now)
        called = proof is not None and proof.method == "call_back"
        why, channel = _reachable(
            desk, account_id, on_account, party_id, proved=proof is not None, safe_only=safe_only or called
        )
        if called and on_the_call(reader, on_account, asker.actor.subject, now):
            why, channel = "the supervisor took the call on which a passcode was asked for", None
        happened: Event
        if channel is None:
            happened = PasscodeRequestDeclined(
                interaction_id=interaction_id, party_id=party_id, why=why, agent=asker.actor.subject, at=now
            )
        else:
            to.append(channel)
            happened = PasscodeOffered(
                party_id=party_id,
                offer_id=identifier(),
                token=link.mark,
                reason="requested",
                expires_at=now + OFFER_LASTS,
            )
        return Draft(RequestAnswer(), [(account.stream(account_id), happened)], interaction=interaction_id, status=202)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_link(desk, channel, link) for channel in to))
    return draft


def _reachable(
    desk: Desk, account_id: str, state: AccountState, party_id: str, *, proved: bool, safe_only: bool
) -> tuple[str, SafeContact | None]:
    """The channel that is this party's own, or why there is none.

    Of a protected party it is the safe contact; also after a lapse that left a booking guarded.
    """
    party = state.parties.get(party_id)
    if party is None:
        return "nobody identified", None
    if state.proves(party_id) and not proved:
        return "has one, and did not prove it", None
    stream = account.stream(account_id)
    protection = state.protections.get(party_id)
    if protection is not None and safe_only and party_id not in state.confirmed():
        return "nobody has confirmed the safe contact yet", None
    if protection is not None and safe_only:
        kept = desk.codec.open(stream, protection.reach(desk.pipeline.now()))
        return "", msgspec.json.decode(kept, type=SafeContact)
    profile = json.loads(desk.codec.open(stream, party.profile))
    for kind in ("email", "phone"):
        if profile.get(kind):
            return "", SafeContact(kind, profile[kind])
    return "no channel of their own", None
