"""What goes to the customer's own channel and past no member of staff: one-time links and call-back phrases."""

from __future__ import annotations

import hashlib
import logging
import secrets
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.event import Kept
from service.chance import identifier
from service.desk.desk import Desk
from service.outbox import Message, OutboxUnavailable
from service.sealing import KeyMissing, KeysUnavailable

log = logging.getLogger("watchword.desk")


class SafeContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place that only this person reads or answers. Never the shared address."""

    kind: Literal["email", "phone"]
    value: Annotated[str, Meta(min_length=3, max_length=254, examples=["+447700900999"])]

    def __repr__(self) -> str:
        """Say only what kind it is."""
        return f"SafeContact(kind={self.kind!r})"


class Link(msgspec.Struct, frozen=True):
    """A one-time link: the token it carries, and the digest of that token, which is all that is kept."""

    token: str
    mark: str

    def __repr__(self) -> str:
        """Say nothing of the token."""
        return "Link()"


def one_time_link(account_id: str) -> Link:
    """A new link for somebody on this account: 256 random bits, led by the account so that it can be found again."""
    token = f"{account_id}.{secrets.token_urlsafe(32)}"
    return Link(token, token_mark(token))


def token_mark(token: str) -> str:
    """SHA-256 of a token, in hex: safe to keep, since a token has 256 bits of chance."""
    return hashlib.sha256(token.encode()).hexdigest()


async def deliver_link(desk: Desk, to: SafeContact, link: Link, about: str) -> None:
    """Send the link that lets a customer choose a passcode."""
    await _deliver(
        desk, to, about, "passcode_link", {"link": f"{desk.public_url}/passcode#{link.token}", "token": link.token}
    )


async def deliver_phrase(desk: Desk, to: SafeContact, phrase: str, about: str) -> None:
    """Send the phrase that a supervisor on a call-back will ask for."""
    await _deliver(desk, to, about, "call_back_phrase", {"phrase": phrase})


async def deliver_answerable(
    desk: Desk, to: SafeContact, template: Literal["confirm_link", "stop_link"], link: Link, about: str
) -> None:
    """Send a safe contact the link by which what was asked for is confirmed or stopped."""
    await _deliver(
        desk, to, about, template, {"link": f"{desk.public_url}/safe-contact#{link.token}", "token": link.token}
    )


async def deliver_news(desk: Desk, stream: str, safe_contact: Kept, text: str) -> None:
    """Send the safe contact that is kept in this account's stream a line that says nothing."""
    try:
        to = msgspec.json.decode(desk.codec.open(stream, safe_contact), type=SafeContact)
    except (KeyMissing, KeysUnavailable):
        log.warning("a message to a customer could not be delivered", extra={"template": "news"})
        return
    await _deliver(desk, to, safe_contact.personal.subject, "news", {"text": text})


async def _deliver(
    desk: Desk,
    to: SafeContact,
    about: str,
    template: Literal["passcode_link", "call_back_phrase", "confirm_link", "stop_link", "news"],
    fields: dict[str, str],
) -> None:
    """Hand a message to the outbox.

    A gateway that is down costs the message, not the protection: another can be asked for. Nothing goes to somebody
    who was forgotten meanwhile.
    """
    try:
        if await desk.pipeline.threaded(lambda: desk.keys.forgotten(about)):
            return
        await desk.outbox.deliver(Message(identifier(), to.kind, to.value, template, fields, about))
    except KeysUnavailable:
        log.warning("a message to a customer could not be delivered", extra={"template": template})
    except OutboxUnavailable:
        log.warning("a message to a customer could not be delivered", extra={"template": template})
