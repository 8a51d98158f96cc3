"""Passcodes: how they are tried; they are asked for in `requesting`.

A trial always costs the same: one Argon2 over the account's salt, which accounts that do not exist have too, compared
with every party's digest, and the same counters. Locks bind the contact that failed; a phrase on a supervised
call-back never locks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, contact, interaction
from domain.account import AccountState
from domain.contact import ContactCleared, ContactFailed
from domain.event import Event, Kept
from domain.interaction import CALLER, FAILURES_ALLOWED, InteractionState, ListenerVerified, Method, VerificationFailed
from domain.passcode import PasscodeTried
from domain.refusal import Refused
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.desk.repeating import carry_out_anew
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
        for each in (party.passcode, party.outward):
            if each is not None:
                matches.append(Match(party_id, "passcode", each.passcode_id))
                kept.append(each.digest)
        for each in (party.duress, party.outward_duress):
            if each is not None:
                matches.append(Match(party_id, "duress", each.passcode_id))
                kept.append(each.digest)
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
    """Whether this secret may prove its party here: to all others a hidden locator is one that nobody has.

    So it is to an outward passcode, which shows only what is shown.
    """
    if match.method == "call_back":
        return trial.line.may_prove is None or match.party_id in trial.line.may_prove
    outward = state.outward(match.party_id, match.secret_id)
    if trial.line.may_prove is not None and (outward or match.party_id not in trial.line.may_prove):
        return False
    party = state.parties[match.party_id]
    aside = party.outward_duress is not None and party.outward_duress.passcode_id == match.secret_id
    return outward or aside or state.proves(match.party_id)


def _opened(desk: Desk, stream: str, kept: Kept) -> bytes:
    """A stored digest; of somebody forgotten, one that nothing matches."""
    try:
        return desk.codec.open(stream, kept)
    except KeyMissing:
        return NOTHING
