"""Releasing: after its end the party of a protection opens, one by one or all at once, what was held for her."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from domain import booking, ending, party, release
from domain.event import Event
from domain.refusal import Refused
from domain.release import ProtectionReleased
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.safety.proving import NOTED, NotedAnswer, declined, proved


class ReleaseBookings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which bookings the caller releases: these, or all. From then on they answer as on any ordinary account."""

    booking_ids: Annotated[tuple[Id, ...], Meta(max_length=64)] = ()
    everything: bool = msgspec.field(default=False, name="all")


async def release_bookings(
    desk: Desk, asker: Asker, interaction_id: str, body: ReleaseBookings, key: Key | None
) -> Draft[NotedAnswer]:
    """Release what is the caller's own. Always the same answer. Raises Refused("nothing_named")."""
    if not body.booking_ids and not body.everything:
        raise Refused("nothing_named", "name bookings, or say that it is all of them", place="booking_ids")
    named = None if body.everything else frozenset(body.booking_ids)

    def decide(reader: Reader) -> Draft[NotedAnswer]:
        now = desk.pipeline.now()
        who = proved(desk, reader, asker, interaction_id)
        bookings = {booking_id: reader.booking(booking_id) for booking_id in who.account.bookings}
        why = who.why or ("" if who.method == "passcode" else "not by a passcode")
        why = why or release.not_to_be_released(who.account, who.party_id, now)
        if why:
            return Draft(NOTED, [declined(who, interaction_id, "release", why)], interaction=interaction_id, status=202)
        found = release.release(who.account, who.party_id, bookings, named, now)
        events: list[tuple[str, Event]] = [(who.stream, each) for each in ending.record(who.account, now)]
        released = ProtectionReleased(
            party_id=who.party_id, bookings=tuple(found), everything=body.everything, interaction_id=interaction_id
        )
        events.append((who.stream, released))
        events += [(booking.stream(booking_id), each) for booking_id, each in found.items()]
        rejoined = [bookings[booking_id].held for booking_id, each in found.items() if each.rejoined]
        people = [person for held in rejoined if held is not None for person in held.people]
        events += [(who.stream, each) for each in party.shown(who.account.parties, people)]
        return Draft(NOTED, events, interaction=interaction_id, status=202)

    return await desk.pipeline.carry_out(asker, decide, key=key, on_beat=True)
