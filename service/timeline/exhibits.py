"""Exhibits, pins, tags and comments on the entries of an incident's timeline, as legal sets them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from domain import exhibit, incident
from domain.event import Event
from domain.exhibit import TAG, ExhibitState, ExhibitWithdrawn
from domain.refusal import Refused
from projections.entry import ExhibitLine
from service.desk.desk import Desk, sealed
from service.desk.draft import Asker, Draft, Key, Reader
from service.office.incidents import readable
from service.timeline.gathering import belongs

Position = Annotated[int, Meta(ge=1, le=10**15)]
Words = Annotated[str, Meta(min_length=1, max_length=4000)]
Tag = Annotated[str, Meta(pattern=TAG)]


class AddExhibit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Make an entry of the timeline an exhibit; it gets the next number."""

    position: Position


class WithdrawExhibit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an exhibit is withdrawn."""

    words: Words

    def __repr__(self) -> str:
        """Say nothing of them."""
        return "WithdrawExhibit()"


class ChangeAnnotations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pin an entry or take the pin off (null: as it is), put tags on and take them off, and comment on it.

    A tag is a clear word for a kind of entry, never a name.
    """

    position: Position
    pinned: bool | None = None
    tag: Annotated[tuple[Tag, ...], Meta(max_length=16)] = ()
    untag: Annotated[tuple[Tag, ...], Meta(max_length=16)] = ()
    comment: Annotated[str, Meta(max_length=4000)] = ""

    def __repr__(self) -> str:
        """Say nothing of the comment."""
        return f"ChangeAnnotations(position={self.position})"


class AnnotationsAnswer(msgspec.Struct, frozen=True):
    """How an entry is annotated now. `exhibit`: 0 for none; `comments`: how many there are."""

    position: int
    exhibit: int
    pinned: bool
    tags: tuple[str, ...]
    comments: int

    def __repr__(self) -> str:
        """Say of which entry."""
        return f"AnnotationsAnswer({self.position})"


class ExhibitsAnswer(msgspec.Struct, frozen=True):
    """All exhibits of an incident, those that were withdrawn too, in the order of their numbers."""

    exhibits: tuple[ExhibitLine, ...]


async def add_exhibit(
    desk: Desk, asker: Asker, incident_id: str, body: AddExhibit, key: Key | None
) -> Draft[ExhibitLine]:
    """Number an entry. Raises Refused: "unknown_incident", "unknown_entry", "exhibit_already", "too_many_exhibits"."""
    await _entry(desk, asker, incident_id, body.position)

    def decide(reader: Reader) -> Draft[ExhibitLine]:
        state = readable(reader, asker, incident_id).exhibits
        numbered = exhibit.number(state, body.position)
        answer = ExhibitLine(numbered.number, body.position, withdrawn=False)
        return Draft(answer, [(incident.stream(incident_id), numbered)], status=201)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def withdraw_exhibit(  # noqa: PLR0917 - two ids in the path
    desk: Desk, asker: Asker, incident_id: str, number: str, body: WithdrawExhibit, key: Key | None
) -> Draft[ExhibitLine]:
    """Withdraw one. Raises Refused: "unknown_incident", "unknown_exhibit", "withdrawn_already"."""
    await desk.have_keys([incident_id])
    if not number.isascii() or not number.isdigit():
        raise Refused("unknown_exhibit", "no exhibit of this incident has this number", place="number")

    def decide(reader: Reader) -> Draft[ExhibitLine]:
        state = readable(reader, asker, incident_id).exhibits
        withdrawn = exhibit.withdraw(state, ExhibitWithdrawn(number=int(number), words=sealed(incident_id, body.words)))
        position = state.exhibits[withdrawn.number - 1].position
        answer = ExhibitLine(withdrawn.number, position, withdrawn=True)
        return Draft(answer, [(incident.stream(incident_id), withdrawn)])

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def list_exhibits(desk: Desk, asker: Asker, incident_id: str) -> ExhibitsAnswer:
    """All of them. Raises Refused("unknown_incident")."""

    def read(reader: Reader) -> Draft[ExhibitState]:
        return Draft(readable(reader, asker, incident_id).exhibits, [])

    state = (await desk.pipeline.carry_out(asker, read)).answer
    lines = (ExhibitLine(at, each.position, each.withdrawn) for at, each in enumerate(state.exhibits, 1))
    return ExhibitsAnswer(tuple(lines))


async def change_annotations(
    desk: Desk, asker: Asker, incident_id: str, body: ChangeAnnotations, key: Key | None
) -> Draft[AnnotationsAnswer]:
    """Pin, tag and comment. Raises Refused: "unknown_incident", "unknown_entry", "too_many_tags" and the like."""
    await _entry(desk, asker, incident_id, body.position)
    await desk.have_keys([incident_id])

    def decide(reader: Reader) -> Draft[AnnotationsAnswer]:
        state = readable(reader, asker, incident_id).exhibits
        happened = exhibit.annotate(
            state,
            body.position,
            pinned=body.pinned,
            tag=body.tag,
            untag=body.untag,
            comment=sealed(incident_id, body.comment) if body.comment else None,
        )
        events: list[tuple[str, Event]] = [(incident.stream(incident_id), each) for each in happened]
        for each in happened:
            state = exhibit.evolve(state, each)
        return Draft(_told(state, body.position), events)

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def _entry(desk: Desk, asker: Asker, incident_id: str, position: int) -> None:
    if not await belongs(desk, asker, incident_id, position):
        raise Refused("unknown_entry", "the incident's timeline has no entry at this position", place="position")


def _told(state: ExhibitState, position: int) -> AnnotationsAnswer:
    return AnnotationsAnswer(
        position,
        state.number(position),
        position in state.pinned,
        state.tags.get(position, ()),
        state.comments.get(position, 0),
    )
