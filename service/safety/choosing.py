"""Choosing: the customer's own passcode, by the one-time link, seen by no member of staff."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account, passcode
from domain.account import AccountState
from domain.passcode import PasscodeSet
from domain.refusal import Refused
from service.chance import identifier
from service.desk.delivering import token_mark
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.desk.people import Facts
from service.passcodes import check, generate
from service.sealing import KeyMissing

CONTEXT = ("watchword", "passcode", "password")  # what everybody in front of this form thinks of
NOTHING = bytes(32)


class ChoosePasscode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customer's own choice, by the one-time link. Without `passcode` one is made and shown once."""

    token: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]{1,64}\.[0-9A-Za-z_-]{1,128}$")]
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


async def choose_passcode(desk: Desk, asker: Asker, body: ChoosePasscode) -> ChooseAnswer:
    """Set the passcode the customer chose, or make one and show it this once.

    Anybody may call this, so that what takes long comes after the link has proved to be one of ours.
    Raises Refused: "passcode_rejected" with the reason, or "link_spent".
    """
    account_id, _, _ = body.token.partition(".")

    def choice(reader: Reader, digest: bytes, duress: bytes | None) -> PasscodeSet:
        return passcode.choose(
            reader.account(account_id),
            token_mark(body.token),
            desk.pipeline.now(),
            passcode_id=identifier(),
            digest=digest,
            duress_id="" if duress is None else identifier(),
            duress=duress,
        )

    def look(reader: Reader) -> Draft[AccountState]:
        choice(reader, NOTHING, None)
        return Draft(reader.account(account_id), [])

    state = (await desk.pipeline.carry_out(asker, look)).answer
    chooser = passcode.chooser(state, token_mark(body.token))
    known = await desk.pipeline.threaded(partial(_known, desk, account_id, state, chooser))
    made = "" if body.passcode else generate()
    for place, each in (("passcode", body.passcode), ("duress_passcode", body.duress_passcode)):
        reason = await desk.pipeline.threaded(partial(check, each, (*CONTEXT, *known))) if each else None
        if reason is not None:
            raise Refused("passcode_rejected", reason, place=place)
    salt = desk.marks.salt(account_id)
    digest = await desk.hasher.digest(body.passcode or made, salt)
    duress = await desk.hasher.digest(body.duress_passcode, salt) if body.duress_passcode else None
    before = _known_to_others(desk, account_id, state, body.token)
    for place, chosen in (("passcode", digest), ("duress_passcode", duress)):
        if chosen is not None and desk.hasher.match(chosen, before) >= 0:
            raise Refused("passcode_rejected", "it was used before, and others may know it", place=place)
    if duress == digest:
        raise Refused("passcode_rejected", "the two passcodes must differ", place="duress_passcode")

    def decide(reader: Reader) -> Draft[None]:
        return Draft(None, [(account.stream(account_id), choice(reader, digest, duress))])

    await desk.pipeline.carry_out(asker, decide)
    return ChooseAnswer("set", made)


def _known_to_others(desk: Desk, account_id: str, state: AccountState, token: str) -> list[bytes]:
    """The digests of what was chosen elsewhere by the party whose safe contact this link came to: hers is another.

    Nobody else is told by a rejection what anybody's passcode is.
    """
    party = state.parties.get(passcode.chooser(state, token_mark(token)))
    offer = None if party is None else party.offered(token_mark(token))
    if party is None or offer is None or not offer.safe:
        return []
    asked_for = [party.outward, party.outward_duress]
    if party.passcode is not None and party.passcode.requested:
        asked_for += [party.passcode, party.duress]
    found = []
    for each in asked_for:
        if each is not None:
            try:
                found.append(desk.codec.open(account.stream(account_id), each.digest))
            except KeyMissing:
                continue
    return found


def _known(desk: Desk, account_id: str, state: AccountState, chooser: str) -> list[str]:
    """What a guesser would try for the one who chooses: his own facts, and the names of the others on the account.

    Not the names of those whom only a held view names: a rejection would tell of them.
    """
    words: list[str] = []
    for party_id, party in state.parties.items():
        if party.hidden:
            continue
        try:
            facts = msgspec.json.decode(desk.codec.open(account.stream(account_id), party.profile), type=Facts)
        except KeyMissing:
            continue
        names = [facts.surname, facts.given_name]
        if party_id == chooser:
            names += [facts.email, facts.phone, facts.date_of_birth, facts.loyalty]
        words += [word for name in names for word in (name, *re.split(r"\W+", name)) if len(word) > 1]
    return words
