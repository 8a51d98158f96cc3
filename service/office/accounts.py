"""Accounts and their people, as the back office opens them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import account
from domain.account import AccountOpened
from domain.party import PartyAdded
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.people import Facts, marked


class OpenAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new account. `reference` is your own pseudonymous id for it: no name, no address."""

    reference: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._:-]*$", examples=["crm-48213"])] = ""

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "OpenAccount()"


class AccountAnswer(msgspec.Struct, frozen=True):
    """The account's id."""

    account_id: str


class AddParty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person to put on the account, with the facts a caller can be identified by."""

    kind: Annotated[Literal["holder", "traveller", "contact"], Meta(examples=["holder"])]
    facts: Facts


class PartyAnswer(msgspec.Struct, frozen=True):
    """The party's id."""

    party_id: str


async def open_account(desk: Desk, asker: Asker, body: OpenAccount, key: Key | None) -> Draft[AccountAnswer]:
    """Open an account."""

    def decide(reader: Reader) -> Draft[AccountAnswer]:
        account_id = identifier()
        stream = account.stream(account_id)
        reader.fresh(stream)
        opened = AccountOpened(reference=body.reference)
        return Draft(AccountAnswer(account_id), [(stream, opened)], status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def add_party(desk: Desk, asker: Asker, account_id: str, body: AddParty, key: Key | None) -> Draft[PartyAnswer]:
    """Put a person on an account. Raises Refused("unknown_account"), Refused("bad_fact")."""
    facts = body.facts.normal("facts")
    party_id = identifier()
    await desk.have_keys([party_id])

    def decide(reader: Reader) -> Draft[PartyAnswer]:
        state = reader.account(account_id)
        added = account.add_party(
            state,
            PartyAdded(
                party_id=party_id,
                kind=body.kind,
                marks=tuple(marked(desk.marks, party_id, facts).values()),
                profile=sealed(party_id, body.facts),
            ),
        )
        return Draft(PartyAnswer(party_id), [(account.stream(account_id), added)], status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)
