"""Webhooks: other systems that are told of incidents, and which of them has had which letter.

A letter is an event of an incident on its way to one webhook. One that could not be delivered after so many tries is a
dead letter; the later ones of its incident wait behind it, so that nobody ever hears them out of order, until somebody
asks for a replay.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from domain.event import Event, Kept, Personal, event
from domain.refusal import Refused

Kind = Literal["incident.opened", "incident.joined", "incident.closed"]

KINDS: tuple[Kind, ...] = ("incident.opened", "incident.joined", "incident.closed")


class WebhookState(msgspec.Struct, frozen=True, gc=False):
    """What is true of one webhook. `runner`: which process delivers its letters, until when (see `claim`)."""

    kinds: tuple[Kind, ...] = ()
    target: Kept | None = None
    secret: Kept | None = None
    removed: bool = False
    runner: str = ""
    until: datetime | None = None

    def active(self) -> bool:
        """Whether letters go there."""
        return self.target is not None and not self.removed


@event
class WebhookAdded(Event, frozen=True, kw_only=True):
    """Events of these kinds go there from now on. URL and secret are sealed: either may open a door."""

    NAME: ClassVar[str] = "webhook.added.v1"
    webhook_id: str
    kinds: tuple[Kind, ...]
    target: Personal
    secret: Personal


@event
class WebhookRemoved(Event, frozen=True, kw_only=True):
    """Nothing goes there any more."""

    NAME: ClassVar[str] = "webhook.removed.v1"
    webhook_id: str


@event
class WebhookReplayed(Event, frozen=True, kw_only=True):
    """Somebody asked to have letters again: all after this position, or without one those that are dead."""

    NAME: ClassVar[str] = "webhook.replayed.v1"
    webhook_id: str
    after: int | None = None


@event
class WebhookClaimed(Event, frozen=True, kw_only=True):
    """One process delivers its letters until then, so that two do not send them past each other."""

    NAME: ClassVar[str] = "webhook.claimed.v1"
    webhook_id: str
    runner: str
    until: datetime


@event
class LetterDelivered(Event, frozen=True, kw_only=True):
    """The receiver took the letter about the event at this position."""

    NAME: ClassVar[str] = "letter.delivered.v1"
    webhook_id: str
    incident_id: str
    position: int
    tries: int


@event
class LetterDied(Event, frozen=True, kw_only=True):
    """The receiver did not take it after so many tries. `why`: the last status, or the kind of the fault."""

    NAME: ClassVar[str] = "letter.died.v1"
    webhook_id: str
    incident_id: str
    position: int
    tries: int
    why: str


def stream(webhook_id: str) -> str:
    """The stream of this webhook."""
    return f"webhook:{webhook_id}"


def evolve(state: WebhookState, happened: Event, version: int) -> WebhookState:
    """Fold one event that stands at `version` of the webhook's stream."""
    match happened:
        case WebhookAdded():
            target = Kept(happened.target, version, WebhookAdded.NAME, "target")
            secret = Kept(happened.secret, version, WebhookAdded.NAME, "secret")
            return WebhookState(happened.kinds, target, secret)
        case WebhookRemoved():
            return replace(state, removed=True)
        case WebhookClaimed():
            return replace(state, runner=happened.runner, until=happened.until)
        case _:
            return state


def exists(state: WebhookState) -> None:
    """Raise Refused("unknown_webhook") unless letters go there."""
    if not state.active():
        raise Refused("unknown_webhook", "there is no such webhook", place="webhook_id")


def claim(state: WebhookState, claimed: WebhookClaimed, now: datetime) -> WebhookClaimed | None:
    """Decide on who delivers: whoever does already, or anybody once his time is over. None: somebody else does."""
    if not state.active():
        return None
    taken = state.until is not None and now < state.until and state.runner != claimed.runner
    return None if taken else claimed
