"""Passcodes: asked for, chosen, tried.

A trial always costs the same: one Argon2 over the account's salt, which accounts that do not exist have too, compared
with every party's digest, and the same counters. Locks bind the contact that failed; a phrase on a supervised
call-back never locks.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, contact, interaction, passcode
from domain.account import AccountState
from domain.contact import ContactCleared, ContactFailed
from domain.event import Event, Kept, Plain
from domain.interaction import CALLER, FAILURES_ALLOWED, InteractionState, ListenerVerified, Method, VerificationFailed
from domain.passcode import (
    CALL_BACK_LASTS,
    OFFER_LASTS,
    CallBackPlaced,
    PasscodeOffered,
    PasscodeRequestDeclined,
    PasscodeTried,
)
from domain.refusal import Refused
from service.chance import identifier
from service.desk.delivering import SafeContact, deliver_link, deliver_phrase, one_time_link, token_mark
from service.desk.desk import Desk
from service.desk.pipeline import Asker, Draft, Key, Reader
from service.passcodes import check, generate
from service.sealing import KeyMissing

NOTHING = bytes(32)
CONTEXT = ("watchword", "passcode", "password")  # what everybody in front of this form thinks of

Secret = Annotated[str, Meta(min_length=1, max_length=256)]


class TryPasscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole passcode as the caller said or typed it, and which listener it came from."""

    passcode: Secret
    listener_id: Annotated[str, Meta(max_length=64)] = CALLER

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


class PlaceCallBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Call the safe contact back, as a supervisor, in an interaction of your own."""


class CallBackAnswer(msgspec.Struct, frozen=True):
    """Always the same: if there is a safe contact, a phrase to read out to you was sent there."""

    say: str = "If there is a contact to call back, a phrase was sent there; ask for it and enter it as the passcode."
    next_step: Literal["ask_passcode"] = "ask_passcode"


class ChoosePasscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customer's own choice, by the one-time link. Without `passcode` one is made and shown once."""

    token: Secret
    passcode: Annotated[str, Meta(max_length=256)] = ""
    duress_passcode: Annotated[str, Meta(max_length=256)] = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "ChoosePasscode()"


class ChooseAnswer(msgspec.Struct, frozen=True):
    """Set. `passcode` is the one that was made, shown this once; empty where the customer chose."""

    status: Literal["set"]
    passcode: str

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "ChooseAnswer()"


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
    """Try a passcode. One Argon2 whatever it is tried against, done once and never again on a conflict."""
    state = await _current(desk, asker, interaction_id)
    account_id = state.account_id or interaction_id
    digest = await desk.hasher.digest(body.passcode, desk.marks.salt(account_id))

    def decide(reader: Reader) -> Draft[TryAnswer]:
        now = desk.pipeline.now()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        if body.listener_id not in state.listeners:
            raise Refused("unknown_listener", "nobody on this line has that id", place="listener_id")
        if (state.account_id or interaction_id) != account_id:
            raise Refused("bound_anew", "the interaction was bound to another account meanwhile; try again")
        on_account = reader.account(account_id)
        match = _match(
            desk,
            account_id,
            on_account,
            digest,
            supervisor=asker.actor.subject,
            interaction_id=interaction_id,
            now=now,
        )
        on_contact = reader.contact(state.contact)
        free = match.method == "call_back" and bool(match.party_id)
        blocked = not free and (state.failures >= FAILURES_ALLOWED or contact.blocked(on_contact, now))
        accepted = bool(match.party_id) and not blocked
        tried = PasscodeTried(
            interaction_id=interaction_id,
            contact=state.contact,
            accepted=accepted,
            blocked=blocked,
            party_id=match.party_id if accepted else "",
            passcode_id=match.secret_id if accepted else "",
        )
        outcome: Event = VerificationFailed(listener_id=body.listener_id)
        if accepted:
            outcome = ListenerVerified(
                listener_id=body.listener_id,
                account_id=account_id,
                party_id=match.party_id,
                method=match.method,
                secret_id=match.secret_id,
            )
        events: list[tuple[str, Event]] = [
            (account.stream(account_id), tried),
            (interaction.stream(interaction_id), outcome),
            (contact.stream(state.contact), ContactCleared() if accepted else ContactFailed(at=now)),
        ]
        return Draft(ACCEPTED if accepted else REFUSED, events, interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def _current(desk: Desk, asker: Asker, interaction_id: str) -> InteractionState:
    draft = await desk.pipeline.carry_out(asker, lambda reader: Draft(reader.interaction(interaction_id), []))
    interaction.use(draft.answer, asker.actor.subject, desk.pipeline.now())
    return draft.answer


def _match(
    desk: Desk,
    account_id: str,
    state: AccountState,
    digest: bytes,
    *,
    supervisor: str,
    interaction_id: str,
    now: datetime,
) -> Match:
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
        if placed is not None and placed.open_to(supervisor, interaction_id, now):
            matches.append(Match(party_id, "call_back", placed.call_back_id))
            kept.append(placed.digest)
    stream = account.stream(account_id)
    found = desk.hasher.match(digest, [_opened(desk, stream, each) for each in kept])
    return matches[found] if found >= 0 else Match()


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
    state = await _current(desk, asker, interaction_id)
    link = one_time_link(state.account_id or interaction_id)
    to: list[SafeContact] = []

    def decide(reader: Reader) -> Draft[RequestAnswer]:
        now = desk.pipeline.now()
        to.clear()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        account_id = state.account_id or interaction_id
        on_account = reader.account(account_id)
        caller = state.listeners[CALLER]
        proof = caller.proofs.get(account_id)
        party_id = proof.party_id if proof is not None else caller.identified.get(account_id, "")
        why, channel = _reachable(desk, account_id, on_account, party_id, proved=proof is not None, now=now)
        happened: Event
        if channel is None:
            happened = PasscodeRequestDeclined(interaction_id=interaction_id, party_id=party_id, why=why)
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
    desk: Desk, account_id: str, state: AccountState, party_id: str, *, proved: bool, now: datetime
) -> tuple[str, SafeContact | None]:
    """The channel that is this party's own, or why there is none."""
    party = state.parties.get(party_id)
    if party is None:
        return "nobody identified", None
    if party.passcode is not None and not proved:
        return "has one, and did not prove it", None
    stream = account.stream(account_id)
    protection = state.protections.get(party_id)
    if protection is not None and protection.active(now):
        return "", msgspec.json.decode(desk.codec.open(stream, protection.safe_contact), type=SafeContact)
    profile = json.loads(desk.codec.open(stream, party.profile))
    for kind in ("email", "phone"):
        if profile.get(kind):
            return "", SafeContact(kind, profile[kind])
    return "no channel of their own", None


async def place_call_back(
    desk: Desk, asker: Asker, interaction_id: str, _body: PlaceCallBack, key: Key | None
) -> Draft[CallBackAnswer]:
    """Send a phrase to the safe contact of the account's protected party, to be read out to this supervisor."""
    state = await _current(desk, asker, interaction_id)
    account_id = state.account_id or interaction_id
    phrase = generate()
    digest = await desk.hasher.digest(phrase, desk.marks.salt(account_id))
    to: list[SafeContact] = []

    def decide(reader: Reader) -> Draft[CallBackAnswer]:
        now = desk.pipeline.now()
        to.clear()
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, now)
        if state.channel != "call_back":
            raise Refused("not_a_call_back", "open an interaction whose channel is call_back", place="interaction_id")
        on_account = reader.account(account_id)
        stream = account.stream(account_id)
        events: list[tuple[str, Event]] = []
        for party_id in sorted(on_account.protected(now)):
            safe = desk.codec.open(stream, on_account.protections[party_id].safe_contact)
            to.append(msgspec.json.decode(safe, type=SafeContact))
            placed = CallBackPlaced(
                party_id=party_id,
                call_back_id=identifier(),
                digest=Plain(party_id, digest),
                supervisor=asker.actor.subject,
                interaction_id=interaction_id,
                expires_at=now + CALL_BACK_LASTS,
            )
            events.append((stream, placed))
        if not events:
            declined = PasscodeRequestDeclined(interaction_id=interaction_id, party_id="", why="nobody to call back")
            events.append((stream, declined))
        return Draft(CallBackAnswer(), events, interaction=interaction_id, status=202)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_phrase(desk, channel, phrase) for channel in to))
    return draft


async def choose_passcode(desk: Desk, asker: Asker, body: ChoosePasscode) -> ChooseAnswer:
    """Set the passcode the customer chose, or make one and show it this once.

    Raises Refused: "passcode_rejected" with the reason, or "link_spent".
    """
    account_id, _, secret = body.token.partition(".")
    made = "" if body.passcode else generate()
    chosen = body.passcode or made
    for place, each in (("passcode", chosen), ("duress_passcode", body.duress_passcode)):
        reason = await desk.pipeline.threaded(partial(check, each, CONTEXT)) if each else None
        if reason is not None:
            raise Refused("passcode_rejected", reason, place=place)
    salt = desk.marks.salt(account_id)
    digest = await desk.hasher.digest(chosen, salt)
    duress = await desk.hasher.digest(body.duress_passcode, salt) if body.duress_passcode else None
    if duress == digest:
        raise Refused("passcode_rejected", "the two passcodes must differ", place="duress_passcode")

    def decide(reader: Reader) -> Draft[None]:
        if not secret:
            raise Refused("link_spent", "this is no link of ours; ask for a new one", place="token")
        chosen = passcode.choose(
            reader.account(account_id),
            token_mark(body.token),
            desk.pipeline.now(),
            passcode_id=identifier(),
            digest=digest,
            duress_id=identifier(),
            duress=duress,
        )
        return Draft(None, [(account.stream(account_id), chosen)])

    await desk.pipeline.carry_out(asker, decide)
    return ChooseAnswer("set", made)
