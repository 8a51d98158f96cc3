"""Listeners: who one person on the line is taken for, and that he is not any more (see `interaction.Listener`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from domain.interaction import Listener


def identified(listener: Listener, account_id: str, party_id: str) -> Listener:
    """A listener who is taken for this party of the account, "" for nobody."""
    if not account_id:
        return listener
    return replace(listener, identified={**listener.identified, account_id: party_id})


def set_aside(listener: Listener, accounts: tuple[str, ...]) -> Listener:
    """A listener without what he proved on these accounts, nor taken there for whom he was."""
    if not accounts:
        return listener
    return replace(
        listener,
        proofs={each: proof for each, proof in listener.proofs.items() if each not in accounts},
        identified={each: party for each, party in listener.identified.items() if each not in accounts},
    )
