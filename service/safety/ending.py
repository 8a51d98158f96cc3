"""Ending a protection: asked for by the protected party, confirmed by her safe contact, stopped by either.

Whoever asks, on whatever account, is answered alike, and nothing changes for anybody for fourteen days at least.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain import ending
from domain.ending import LINK_LASTS, ProtectionEndingAsked
from domain.event import Event
from service.chance import identifier
from service.desk.delivering import SafeContact, deliver_answerable, one_time_link
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.line.verifying import current
from service.safety.proving import NOTED, NotedAnswer, Proved, declined, proved, who_had
from service.safety.safe_contacts import told


class EndProtection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The caller wants an end to any protection of his; on a call-back that proved the safe contact: agrees to it."""


class StopEnding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The caller wants nothing changed: an ending, or a change of the safe contact, that is under way is stopped."""


class Wish(msgspec.Struct, frozen=True):
    """What a wish for the end comes to: what happens, what goes to the safe contact; `why` not, where nothing does."""

    event: Event | None = None
    template: Literal["confirm_link", "stop_link"] = "confirm_link"
    why: str = ""


async def end(
    desk: Desk, asker: Asker, interaction_id: str, _body: EndProtection, key: Key | None
) -> Draft[NotedAnswer]:
    """Note that a protected party wants an end, or her safe contact's word for it. Always the same answer."""
    state = await current(desk, asker, interaction_id)
    link = one_time_link(state.account_id or interaction_id)
    sent: list[tuple[SafeContact, Literal["confirm_link", "stop_link"], str]] = []

    def decide(reader: Reader) -> Draft[NotedAnswer]:
        sent.clear()
        who = proved(desk, reader, asker, interaction_id)
        wish = _wish(desk, reader, asker, who, interaction_id=interaction_id, token=link.mark)
        if wish.event is None:
            events = [declined(who, interaction_id, "end", wish.why)]
        else:
            kind = "ending_asked" if wish.template == "confirm_link" else "ending_confirmed"
            message = told(desk, who.stream, who.account.protections[who.party_id], kind)
            if message.to is not None:
                sent.append((message.to, wish.template, who.party_id))
            events = [(who.stream, wish.event), (who.stream, message.event)]
        return Draft(NOTED, events, interaction=interaction_id, status=202)

    draft = await desk.pipeline.carry_out(asker, decide, key=key)
    desk.later(*(deliver_answerable(desk, to, template, link, about) for to, template, about in sent))
    return draft


def _wish(desk: Desk, reader: Reader, asker: Asker, who: Proved, *, interaction_id: str, token: str) -> Wish:
    now, state, party_id = desk.pipeline.now(), who.account, who.party_id
    if who.why:
        return Wish(why=who.why)
    if who.method == "call_back":
        why = ending.not_to_be_confirmed(state, party_id, asker.actor.subject, now)
        found = state.protections[party_id].ending if not why else None
        if found is not None and asker.actor.subject in who_had(reader, found.interaction_id):
            why = "the supervisor had the call in which it was asked for"
        return Wish(why=why) if why else Wish(ending.confirm(state, party_id, "call_back", token, now), "stop_link")
    why = ending.not_to_be_asked(state, party_id, now)
    if why:
        return Wish(why=why)
    asked = ProtectionEndingAsked(
        protection_id=state.protections[party_id].protection_id,
        party_id=party_id,
        ending_id=identifier(),
        token=token,
        expires_at=now + LINK_LASTS,
        agent=asker.actor.subject,
        interaction_id=interaction_id,
    )
    return Wish(asked, "confirm_link")


async def stop(desk: Desk, asker: Asker, interaction_id: str, _body: StopEnding, key: Key | None) -> Draft[NotedAnswer]:
    """Stop what is under way of the caller's protection. Always the same answer."""

    def decide(reader: Reader) -> Draft[NotedAnswer]:
        who = proved(desk, reader, asker, interaction_id)
        own = who.account.protections.get(who.party_id) if not who.why else None
        by: Literal["customer", "safe_contact"] = "safe_contact" if who.method == "call_back" else "customer"
        now = desk.pipeline.now()
        found = [] if own is None else [*ending.stop(own, now, by), *ending.stop_change(own, now, by)]
        events = [(who.stream, each) for each in found]
        if not events:
            events = [declined(who, interaction_id, "stop", who.why or "nothing is under way")]
        return Draft(NOTED, events, interaction=interaction_id, status=202)

    return await desk.pipeline.carry_out(asker, decide, key=key)
