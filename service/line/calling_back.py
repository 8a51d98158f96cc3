"""Calling back: a supervisor dials the safe contact, who reads out a phrase that went there and nowhere else."""

from __future__ import annotations

from typing import Literal

import msgspec

from domain import account, interaction
from domain.event import Event, Plain
from domain.passcode import CALL_BACK_LASTS, CallBackPlaced, PasscodeRequestDeclined
from domain.refusal import Refused
from service.chance import identifier
from service.desk.delivering import SafeContact, deliver_phrase
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.line.verifying import current
from service.passcodes import generate
from service.safety.proving import on_the_call


class PlaceCallBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Call the safe contact back, as a supervisor, in an interaction of your own."""


class CallBackAnswer(msgspec.Struct, frozen=True):
    """Always the same: if there is a safe contact, a phrase to read out to you was sent there."""

    say: str = "If there is a contact to call back, a phrase was sent there; ask for it and enter it as the passcode."
    next_step: Literal["ask_passcode"] = "ask_passcode"


async def place_call_back(
    desk: Desk, asker: Asker, interaction_id: str, _body: PlaceCallBack, key: Key | None
) -> Draft[CallBackAnswer]:
    """Send a phrase to the safe contact of the account's protected party, to be read out to this supervisor.

    Only where two people have confirmed the protection, or it would be a way round a passcode to ask for one; and not
    at the word of whoever took, or took over, the call on which a passcode was asked for.
    Where several are protected each gets a phrase of her own: one for all would prove any of them to be any other.
    """
    state = await current(desk, asker, interaction_id)
    account_id = state.account_id or interaction_id
    phrases = await _phrases(desk, asker, account_id)
    to: list[tuple[SafeContact, str, str]] = []

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
        wanted = on_account.confirmed()
        if state.may_prove is not None:
            wanted &= state.may_prove
        why = "nobody to call back"
        if on_the_call(reader, on_account, asker.actor.subject, now):
            wanted, why = frozenset(), "the supervisor took the call on which a passcode was asked for"
        for party_id in sorted(wanted & phrases.keys()):
            phrase, digest = phrases[party_id]
            safe = desk.codec.open(stream, on_account.protections[party_id].reach(now))
            to.append((msgspec.json.decode(safe, type=SafeContact), phrase, party_id))
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
            declined = PasscodeRequestDeclined(interaction_id=interaction_id, party_id="", why=why)
            events.append((stream, declined))
        return Draft(CallBackAnswer(), events, interaction=interaction_id, status=202)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_phrase(desk, *each) for each in to))
    return draft


async def _phrases(desk: Desk, asker: Asker, account_id: str) -> dict[str, tuple[str, bytes]]:
    """A phrase with its digest for each party who may be called back; one is hashed also where nobody may be."""

    def read(reader: Reader) -> Draft[frozenset[str]]:
        return Draft(reader.account(account_id).confirmed(), [])

    confirmed = (await desk.pipeline.carry_out(asker, read)).answer
    found = {}
    for party_id in confirmed or ("",):
        phrase = generate()
        found[party_id] = phrase, await desk.hasher.digest(phrase, desk.marks.salt(account_id))
    return found
