"""Confirmations: a named party outside the desk said yes to something, through a person of theirs, at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from domain.event import Event, Personal, event
from domain.grant import Grant
from domain.refusal import Refused


@event
class ConfirmationRecorded(Event, frozen=True, kw_only=True):
    """An outside party said yes to an action. `person`: who it was there, in the agent's words. The header has when."""

    NAME: ClassVar[str] = "confirmation.recorded.v1"
    confirmation_id: str
    interaction_id: str
    action: str
    by: str
    authority: int
    person: Personal


def confirm(grants: Iterable[Grant], recorded: ConfirmationRecorded) -> ConfirmationRecorded:
    """Decide on a confirmation, by the tier's own `grants`.

    Raises Refused("not_asked_for") where none of them has this party confirm this action: what others need tells of
    their authority.
    """
    if not any(grant.action == recorded.action and recorded.by in grant.confirmed_by for grant in grants):
        raise Refused(
            "not_asked_for", "your authority asks for no such confirmation of this action", place="confirmation.by"
        )
    return recorded
