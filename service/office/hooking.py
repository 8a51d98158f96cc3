"""Hooking: webhooks are added, listed, removed and replayed by operations. A secret is shown once, when it is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from domain import webhook
from domain.webhook import KINDS, Kind, WebhookAdded, WebhookRemoved, WebhookReplayed, WebhookState
from projections.deliveries import DELIVERIES
from service.chance import identifier
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.webhooks import envelope
from service.webhooks.sending import allowed

SECRET_BYTES = 32


class AddWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to post to: https, to a host that the settings name; or http, to this machine. And which events."""

    url: Annotated[str, Meta(min_length=8, max_length=2048, examples=["https://siem.example/hooks/watchword"])]
    kinds: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=8)] = KINDS

    def __repr__(self) -> str:
        """Say nothing of the URL, which may hold a key."""
        return "AddWebhook()"


class AddedWebhook(msgspec.Struct, frozen=True):
    """The webhook, and the secret that signs what is posted there (Standard Webhooks). It is shown this once."""

    webhook_id: str
    secret: str
    kinds: tuple[Kind, ...]

    def __repr__(self) -> str:
        """Say nothing of the secret."""
        return f"AddedWebhook({self.webhook_id!r})"


class WebhookAnswer(msgspec.Struct, frozen=True):
    """One webhook. `waiting`: letters to be delivered; `held`: dead ones, and those that wait behind them."""

    webhook_id: str
    url: str
    kinds: tuple[Kind, ...]
    added_at: str
    delivered: int
    waiting: int
    held: int

    def __repr__(self) -> str:
        """Say which it is."""
        return f"WebhookAnswer({self.webhook_id})"


class WebhooksAnswer(msgspec.Struct, frozen=True):
    """All webhooks, oldest first."""

    webhooks: tuple[WebhookAnswer, ...]


class RemovedWebhook(msgspec.Struct, frozen=True):
    """It is gone; nothing is posted there any more."""

    webhook_id: str


class ReplayWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which letters to post again: all about events after this position, or, without one, those that are dead."""

    after: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class ReplayedWebhook(msgspec.Struct, frozen=True):
    """They are on their way."""

    webhook_id: str


async def add_webhook(desk: Desk, asker: Asker, body: AddWebhook) -> AddedWebhook:
    """Add a webhook. Not kept under an idempotency key: its answer holds a secret. Raises Refused("bad_target")."""
    url = allowed(body.url, desk.webhook_hosts)
    webhook_id, secret = identifier(), envelope.secret_of(os.urandom(SECRET_BYTES))
    await desk.have_keys([webhook_id])

    def decide(reader: Reader) -> Draft[None]:
        stream = webhook.stream(webhook_id)
        reader.fresh(stream)
        added = WebhookAdded(
            webhook_id=webhook_id,
            kinds=body.kinds,
            target=sealed(webhook_id, url),
            secret=sealed(webhook_id, secret),
        )
        return Draft(None, [(stream, added)])

    await desk.pipeline.carry_out(asker, decide)
    return AddedWebhook(webhook_id, secret, body.kinds)


async def list_webhooks(desk: Desk, asker: Asker) -> WebhooksAnswer:
    """All webhooks that were not removed. Raises LogUnavailable, SealBroken."""
    found = await desk.live.current(DELIVERIES)
    told = []
    for webhook_id, mailbox in list(found.mailboxes.items()):
        state = (await desk.pipeline.carry_out(asker, _reading(webhook_id))).answer
        if state.target is None or not state.active():
            continue
        url = msgspec.json.decode(desk.codec.open(webhook.stream(webhook_id), state.target), type=str)
        held = mailbox.held()
        waiting = sum(map(len, list(mailbox.waiting.values()))) - held
        told.append(WebhookAnswer(webhook_id, url, mailbox.kinds, mailbox.added_at, mailbox.delivered, waiting, held))
    return WebhooksAnswer(tuple(told))


async def remove_webhook(desk: Desk, asker: Asker, webhook_id: str, key: Key | None) -> Draft[RemovedWebhook]:
    """Remove a webhook. Raises Refused("unknown_webhook")."""

    def decide(reader: Reader) -> Draft[RemovedWebhook]:
        webhook.exists(_of(reader, webhook_id))
        removed = WebhookRemoved(webhook_id=webhook_id)
        return Draft(RemovedWebhook(webhook_id), [(webhook.stream(webhook_id), removed)])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def replay_webhook(
    desk: Desk, asker: Asker, webhook_id: str, body: ReplayWebhook, key: Key | None
) -> Draft[ReplayedWebhook]:
    """Post letters again. Raises Refused("unknown_webhook")."""

    def decide(reader: Reader) -> Draft[ReplayedWebhook]:
        webhook.exists(_of(reader, webhook_id))
        replayed = WebhookReplayed(webhook_id=webhook_id, after=body.after)
        return Draft(ReplayedWebhook(webhook_id), [(webhook.stream(webhook_id), replayed)], status=202)

    return await desk.pipeline.carry_out(asker, decide, key=key)


def _of(reader: Reader, webhook_id: str) -> WebhookState:
    return cast(WebhookState, reader.folded(webhook.stream(webhook_id)).state)


def _reading(webhook_id: str) -> Callable[[Reader], Draft[WebhookState]]:
    return lambda reader: Draft(_of(reader, webhook_id), [])
