"""Living on: the public status of a booking's flights comes in, and exceptions for whom the shown view may mislead."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import booking, living
from domain.flight import ENDING, FlightChanged, PublicStatus, What, flies, travellers
from domain.refusal import Refused
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.desk.ids import Id
from service.safety.splitting import words_subject

Moment = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})?$")]


class ChangeFlight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became public of a flight: by its designator and the local date of departure it was booked with.

    New local times, YYYY-MM-DDThh:mm, where it moved.
    """

    carrier: Annotated[str, Meta(pattern="^[A-Z0-9]{2,3}$", examples=["ZZ"])]
    flight: Annotated[str, Meta(pattern="^[0-9A-Z]{1,16}$", examples=["117"])]
    date: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2031-03-14"])]
    what: What
    departs_at: Moment = ""
    arrives_at: Moment = ""

    def __repr__(self) -> str:
        """Say what happened, not to which flight."""
        return f"ChangeFlight({self.what})"


class FlightAnswer(msgspec.Struct, frozen=True):
    """What was recorded."""

    booking_id: str
    what: What


class AllowException(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Show this party his cancelled travel as valid, until the end of this day (UTC).

    One person of tier 3 asks; another, who names the same party and day, approves.
    """

    party_id: Id
    until: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2031-03-14"])]
    words: Annotated[str, Meta(min_length=1, max_length=1000)]

    def __repr__(self) -> str:
        """Say whose it is."""
        return f"AllowException({self.party_id})"


class ExceptionAnswer(msgspec.Struct, frozen=True):
    """Asked for by the first, approved by the second. `until`: when it ends, UTC."""

    booking_id: str
    party_id: str
    status: Literal["asked", "approved"]
    until: str


async def change_flight(
    desk: Desk, asker: Asker, booking_id: str, body: ChangeFlight, key: Key | None
) -> Draft[FlightAnswer]:
    """Record what became public of a flight of this booking. Raises Refused("unknown_booking").

    Whatever the flight is on, neither view included, the answer is the same and it is on record: an answer that told
    them apart would confirm to whoever guesses which flight is held.
    """
    told = PublicStatus(body.carrier, body.flight, body.date, body.what, body.departs_at, body.arrives_at)

    def decide(reader: Reader) -> Draft[FlightAnswer]:
        state, stream = reader.booking(booking_id), booking.stream(booking_id)
        if state.held is None:
            raise Refused("unknown_booking", "there is no such booking", place="booking_id")
        # By what it was booked with: a flight that has moved before is found by the date that stood there at first.
        held = flies(desk.opened.view(stream, state, "held", lived=False), told)
        seen = desk.opened.view(stream, state, "shown", lived=False)
        shown = flies(seen, told)
        mark = desk.marks.fact(booking_id, "flight", f"{told.carrier} {told.number.lstrip('0')} {told.date}")
        loses: tuple[str, ...] = ()
        if shown and seen is not None and told.what in ENDING:
            protections = reader.account(state.account_id).protections
            loses = tuple(who for who in travellers(seen) if who not in protections)
        happened = FlightChanged(
            flight=mark, what=told.what, held=held, shown=shown, told=sealed(booking_id, told), loses=loses
        )
        return Draft(FlightAnswer(booking_id, told.what), [(stream, happened)])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def allow_exception(
    desk: Desk, asker: Asker, booking_id: str, body: AllowException, key: Key | None
) -> Draft[ExceptionAnswer]:
    """Ask for an exception, or approve what another person asked for. Raises Refused, see `living.allow`."""
    until = _end(body.until)
    subject = await words_subject(desk, asker, booking_id)

    def decide(reader: Reader) -> Draft[ExceptionAnswer]:
        state = reader.booking(booking_id)
        if state.held is None:
            raise Refused("unknown_booking", "there is no such booking", place="booking_id")
        happened = living.allow(
            state.living,
            () if state.shown is None else state.shown.people,
            party_id=body.party_id,
            until=until,
            words=sealed(subject, body.words),
            actor=asker.actor,
            now=desk.pipeline.now(),
        )
        status: Literal["asked", "approved"] = "asked" if isinstance(happened, living.ExceptionAsked) else "approved"
        answer = ExceptionAnswer(booking_id, body.party_id, status, until.isoformat())
        return Draft(answer, [(booking.stream(booking_id), happened)], status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


def _end(day: str) -> datetime:
    """The end of a day, UTC. Raises Refused("bad_until") for one that is in no calendar."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise Refused("bad_until", "name a day as YYYY-MM-DD", place="until") from None
