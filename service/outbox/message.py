"""Messages to customers, and whatever delivers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

__all__ = ["Message", "Outbox", "OutboxUnavailable"]


class OutboxUnavailable(Exception):
    """A message was not handed over. Says how it failed; nothing of whom it was for or what it said."""


class Message(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One message. The gateway knows the words of each template, in the customer's language; `fields` goes into them.

    `passcode_link` has `link` and `token`; `call_back_phrase` has `phrase`. `confirm_link` and `stop_link`, with `link`
    and `token`, go to a safe contact: something was asked for, and the link says yes or no to it. Words for them name
    neither what nor why. `news` goes there too, as its `text` stands: it says nothing. `about`: the id of the party it
    is for, by which it can be found when that person is to be forgotten.
    """

    message_id: str
    to_kind: Literal["email", "phone", "portal"]
    to_value: str
    template: Literal["passcode_link", "call_back_phrase", "confirm_link", "stop_link", "news"]
    fields: Mapping[str, str]
    about: str = ""

    def __repr__(self) -> str:
        """Say which message it is, not whom it reaches or what it says."""
        return f"Message({self.message_id!r}, {self.template!r})"


class Outbox(Protocol):
    """Delivers messages."""

    async def deliver(self, message: Message) -> None:
        """Hand a message over. Raises OutboxUnavailable; the same message may then be handed over again."""

    async def kept(self, about: str, *, discard: bool = False) -> int:
        """How many messages for this party are kept here still; or discard them. Raises OutboxUnavailable."""
