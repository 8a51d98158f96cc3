"""Interactions: opened, bound to an account by what the caller offered, joined and left by listeners, closed.

Binding answers alike, in words and on one beat, whether a locator is known, hidden or nobody's: one that nothing is
known of is bound to a phantom account, whose attempts add up like any other's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import interaction
from domain.event import Event
from domain.fact import FactKind
from domain.interaction import (
    CALLER,
    InteractionBound,
    InteractionClosed,
    InteractionOpened,
    InteractionState,
    ListenerJoined,
    ListenerKind,
)
from domain.party import identify
from domain.refusal import Refused
from service.chance import identifier
from service.desk.desk import BIND_BEAT, Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import MaybeId
from service.desk.people import Facts, marked
from service.log import LocatorEntry

BOUND_SAY = "Thank you. How can I help you with your travel?"


class OpenInteraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contact begins. `contact_id`: where it comes from (a number, a session id); evidence, never proof."""

    contact_id: Annotated[str, Meta(min_length=1, max_length=128, examples=["+447700900123"])]
    channel: Literal["call", "chat", "portal", "call_back", "notice"]

    def __repr__(self) -> str:
        """Say nothing of where it comes from."""
        return f"OpenInteraction({self.channel})"


class InteractionAnswer(msgspec.Struct, frozen=True):
    """The interaction's id."""

    interaction_id: str


class BindInteraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which account it is about: by id, or by a booking's locator; and the facts the caller offered.

    `place`: the town or postcode where he says he is, for whoever is to be put on the line near there.
    """

    facts: Facts
    account_id: MaybeId = ""
    locator: Annotated[str, Meta(max_length=32, examples=["YL92CN"])] = ""
    place: Annotated[str, Meta(max_length=64, examples=["98101"])] = ""

    def __repr__(self) -> str:
        """Say nothing of what the caller offered."""
        return f"BindInteraction({self.account_id})"


class BindAnswer(msgspec.Struct, frozen=True):
    """Always the same, whatever was found."""

    interaction_id: str
    say: str = BOUND_SAY
    next_step: Literal["ask"] = "ask"


class JoinListener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody else is on the line.

    `declared`: an interpreter, a relay operator or a colleague declared to keep what he hears to himself.
    """

    kind: ListenerKind
    declared: bool = False
    facts: Facts = Facts()


class ListenerAnswer(msgspec.Struct, frozen=True):
    """The listener's id in this interaction."""

    listener_id: str


class ClosedAnswer(msgspec.Struct, frozen=True):
    """The interaction is over."""

    interaction_id: str
    status: Literal["closed"] = "closed"


async def open_interaction(
    desk: Desk, asker: Asker, body: OpenInteraction, key: Key | None
) -> Draft[InteractionAnswer]:
    """Open a contact in which nothing is known of anybody yet. Raises Refused("wrong_channel")."""
    interaction.open_by(asker.actor.role, body.channel)
    interaction_id = await desk.contacts.fresh()
    mark = desk.marks.contact(body.contact_id)

    def decide(reader: Reader) -> Draft[InteractionAnswer]:
        stream = interaction.stream(interaction_id)
        reader.fresh(stream)
        opened = InteractionOpened(
            channel=body.channel,
            contact=mark,
            contact_id=sealed(interaction_id, body.contact_id),
            at=desk.pipeline.now(),
        )
        return Draft(InteractionAnswer(interaction_id), [(stream, opened)], interaction=interaction_id, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def bind(
    desk: Desk, asker: Asker, interaction_id: str, body: BindInteraction, key: Key | None
) -> Draft[BindAnswer]:
    """Bind the contact to an account. The answer says nothing of what was found, and leaves on a fixed beat."""
    began = time.monotonic()
    if not body.account_id and not body.locator:
        raise Refused("nothing_offered", "offer a locator or an account id", place="locator")
    facts = body.facts.normal("facts")
    subject = await desk.contacts.keyed(asker, interaction_id)
    mark = desk.marks.locator(body.locator)
    entries = await desk.pipeline.threaded(lambda: desk.log.find_locator(bytes.fromhex(mark)))
    phantom = desk.marks.phantom(body.account_id or body.locator)

    def decide(reader: Reader) -> Draft[BindAnswer]:
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, desk.pipeline.now())
        found = _find(desk, reader, body, mark=mark, entries=entries, facts=facts)
        bound = InteractionBound(
            account_id=found.account_id or phantom,
            party_id=found.party_id,
            known=bool(found.account_id),
            hidden=found.hidden,
            may_prove=found.may_prove,
            facts=body.facts.kinds(),
            offered=sealed(subject, body),
            locator=mark if body.locator else "",
            place=desk.marks.place(body.place) if body.place else "",
            phantom=phantom,
            set_aside=_not_these(desk, reader, state, found, facts),
        )
        stream = interaction.stream(interaction_id)
        return Draft(BindAnswer(interaction_id), [(stream, bound)], interaction=interaction_id)

    try:
        draft = await desk.pipeline.carry_out(asker, decide, key=key)
        await _warm(desk, entries, body.account_id, phantom)
        return draft
    finally:
        await _on_the_beat(began)


class Found(msgspec.Struct, frozen=True):
    """What a binding found.

    The account, who of its people the caller is, and whether no view that answers shows the locator: then `may_prove`
    are the protected people on it; where none is, all its people, each of whom may keep what is his alone.
    """

    account_id: str = ""
    party_id: str = ""
    hidden: bool = False
    may_prove: tuple[str, ...] = ()


def _find(
    desk: Desk,
    reader: Reader,
    body: BindInteraction,
    *,
    mark: str,
    entries: list[LocatorEntry],
    facts: Mapping[FactKind, str],
) -> Found:
    """The account a contact is about.

    The index only hints: the streams say whether a locator is a booking's, and shown.
    """
    candidates: dict[str, bool] = {body.account_id: False} if body.account_id else {}
    hidden = Found()
    for entry in entries:
        if body.account_id and entry.account_id != body.account_id:
            continue
        state = reader.booking(entry.booking_id)
        on_shown = state.shown is not None and mark in state.shown.locators
        if on_shown and state.shows(desk.pipeline.now()):
            candidates[entry.account_id] = True
        elif state.held is not None and (on_shown or mark in state.held.locators) and not hidden.hidden:
            people = frozenset(state.held.people)
            may_prove = people & reader.account(entry.account_id).ever_protected() or people
            hidden = Found(entry.account_id, hidden=True, may_prove=tuple(sorted(may_prove)))
    found = Found()
    for account_id, shown in candidates.items():
        party_id = identified(desk, reader, account_id, facts, locator_shown=shown)
        known = reader.account(account_id).opened
        if known and (party_id or not found.account_id):
            found = Found(account_id, party_id)
        if party_id:
            break
    return found if found.account_id else hidden


def _not_these(
    desk: Desk, reader: Reader, state: InteractionState, found: Found, facts: Mapping[FactKind, str]
) -> tuple[str, ...]:
    """The accounts on which the caller proved to be somebody who is not the one whose facts are offered now.

    Somebody else is on the line, or it is asked for somebody else: what was proved before says nothing of him.
    """
    aside = []
    for account_id, proof in state.listeners[CALLER].proofs.items():
        party = reader.account(account_id).parties.get(proof.party_id)
        marks = marked(desk.marks, proof.party_id, facts).values()
        another = account_id == found.account_id and found.party_id not in ("", proof.party_id)
        if another or party is None or not party.marks.issuperset(marks):
            aside.append(account_id)
    return tuple(aside)


def identified(
    desk: Desk, reader: Reader, account_id: str, facts: Mapping[FactKind, str], *, locator_shown: bool
) -> str:
    """The party on this account whose facts were offered, "" if there is no such one."""
    parties = reader.account(account_id).parties
    offered = {party_id: marked(desk.marks, party_id, facts) for party_id in parties}
    return identify(parties, offered, locator_shown=locator_shown)


async def _warm(desk: Desk, entries: list[LocatorEntry], account_id: str, phantom: str) -> None:
    """Load what the next question will be about, so that no later answer shows by its timing what had to be read."""
    accounts = {account_id or phantom, phantom, *(entry.account_id for entry in entries)}

    def read(reader: Reader) -> None:
        for each in accounts:
            for booking_id in reader.account(each).bookings:
                reader.booking(booking_id)

    await desk.pipeline.warm(read)


async def _on_the_beat(began: float) -> None:
    """Wait for the next whole beat since the request began."""
    beat = BIND_BEAT.total_seconds()
    await asyncio.sleep(beat - (time.monotonic() - began) % beat)


async def join(
    desk: Desk, asker: Asker, interaction_id: str, body: JoinListener, key: Key | None
) -> Draft[ListenerAnswer]:
    """Put another person on the line, identified by facts where he is a customer."""
    facts = body.facts.normal("facts")
    subject = await desk.contacts.keyed(asker, interaction_id)

    def decide(reader: Reader) -> Draft[ListenerAnswer]:
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, desk.pipeline.now())
        party_id = ""
        if body.kind == "customer" and state.account_id and state.may_prove is None:
            party_id = identified(desk, reader, state.account_id, facts, locator_shown=False)
        kind = body.kind
        joined = ListenerJoined(
            listener_id=identifier(),
            kind=kind,
            bound=body.declared and kind in ("interpreter", "relay_operator", "colleague"),
            account_id=state.account_id,
            party_id=party_id,
            offered=sealed(subject, body.facts),
        )
        events: list[tuple[str, Event]] = [(interaction.stream(interaction_id), interaction.join(state, joined))]
        return Draft(ListenerAnswer(joined.listener_id), events, interaction=interaction_id, status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def leave(
    desk: Desk, asker: Asker, interaction_id: str, listener_id: str, key: Key | None
) -> Draft[ListenerAnswer]:
    """Take somebody off the line."""

    def decide(reader: Reader) -> Draft[ListenerAnswer]:
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, desk.pipeline.now())
        left = interaction.leave(state, listener_id)
        events: list[tuple[str, Event]] = [(interaction.stream(interaction_id), left)]
        return Draft(ListenerAnswer(listener_id), events, interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def close(desk: Desk, asker: Asker, interaction_id: str, key: Key | None) -> Draft[ClosedAnswer]:
    """End the contact. What was proved in it is void."""

    def decide(reader: Reader) -> Draft[ClosedAnswer]:
        state = reader.interaction(interaction_id)
        interaction.use(state, asker.actor.subject, desk.pipeline.now())
        events: list[tuple[str, Event]] = [(interaction.stream(interaction_id), InteractionClosed())]
        return Draft(ClosedAnswer(interaction_id), events, interaction=interaction_id)

    return await desk.pipeline.carry_out(asker, decide, key=key)
