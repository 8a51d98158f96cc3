"""Exhibits: what legal does with the entries of an incident's timeline. Pins, tags, comments and exhibit numbers.

Each is an event on the incident's own stream, about the entry at a position of the log. Numbers are given in order from
1 and never again: an exhibit that is withdrawn stays withdrawn on record, and its entry may get another number.

A tag is a clear word for a kind of entry, never a name; comments, and the reason of a withdrawal, are personal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from domain.event import Event, Personal, event
from domain.refusal import Refused

MOST_ANNOTATED = 5_000
MOST_TAGS = 16
MOST_EXHIBITS = 5_000
TAG = "^[a-z0-9][a-z0-9-]{0,31}$"
_TAG = re.compile(TAG)


class Exhibit(msgspec.Struct, frozen=True, gc=False):
    """One number: the position of its entry, and whether it still stands."""

    position: int
    withdrawn: bool = False


class ExhibitState(msgspec.Struct, frozen=True, gc=False):
    """What stands now. `exhibits`: number n at n - 1; `tags`: by position; `comments`: how many, by position."""

    exhibits: tuple[Exhibit, ...] = ()
    pinned: frozenset[int] = frozenset()
    tags: Mapping[int, tuple[str, ...]] = {}
    comments: Mapping[int, int] = {}

    def number(self, position: int) -> int:
        """The number that stands for this entry, 0 for none."""
        found = (at for at, each in enumerate(self.exhibits, 1) if each.position == position and not each.withdrawn)
        return next(found, 0)


@event
class EntryPinned(Event, frozen=True, kw_only=True):
    """An entry was pinned: whoever reads the timeline is to see it first."""

    NAME: ClassVar[str] = "entry.pinned.v1"
    position: int


@event
class EntryUnpinned(Event, frozen=True, kw_only=True):
    """A pin was taken off."""

    NAME: ClassVar[str] = "entry.unpinned.v1"
    position: int


@event
class EntryTagged(Event, frozen=True, kw_only=True):
    """A tag was put on an entry."""

    NAME: ClassVar[str] = "entry.tagged.v1"
    position: int
    tag: str


@event
class EntryUntagged(Event, frozen=True, kw_only=True):
    """A tag was taken off."""

    NAME: ClassVar[str] = "entry.untagged.v1"
    position: int
    tag: str


@event
class EntryCommented(Event, frozen=True, kw_only=True):
    """Somebody of legal wrote about an entry."""

    NAME: ClassVar[str] = "entry.commented.v1"
    position: int
    words: Personal


@event
class ExhibitNumbered(Event, frozen=True, kw_only=True):
    """An entry became an exhibit of this number."""

    NAME: ClassVar[str] = "exhibit.numbered.v1"
    number: int
    position: int


@event
class ExhibitWithdrawn(Event, frozen=True, kw_only=True):
    """An exhibit was withdrawn, and why. Its number is never given again."""

    NAME: ClassVar[str] = "exhibit.withdrawn.v1"
    number: int
    words: Personal


@event
class TimelineRead(Event, frozen=True, kw_only=True):
    """Somebody read the timeline: for which recipient ("" for the full one), as what, and how far.

    `after`: the position after which he read on; `until`: the last position of the log that it covers; `entries`: how
    many he was given.
    """

    NAME: ClassVar[str] = "timeline.read.v1"
    recipient: str
    format: str
    after: int
    until: int
    entries: int
    unsealing_id: str = ""


KINDS = (
    EntryPinned,
    EntryUnpinned,
    EntryTagged,
    EntryUntagged,
    EntryCommented,
    ExhibitNumbered,
    ExhibitWithdrawn,
)


def evolve(state: ExhibitState, happened: Event) -> ExhibitState:  # noqa: PLR0911 - one arm for each event
    """Fold one event."""
    match happened:
        case EntryPinned(position=position):
            return replace(state, pinned=state.pinned | {position})
        case EntryUnpinned(position=position):
            return replace(state, pinned=state.pinned - {position})
        case EntryTagged(position=position, tag=tag):
            return replace(state, tags={**state.tags, position: (*state.tags.get(position, ()), tag)})
        case EntryUntagged(position=position, tag=tag):
            left = tuple(each for each in state.tags.get(position, ()) if each != tag)
            others = {at: tags for at, tags in state.tags.items() if at != position}
            return replace(state, tags={**others, position: left} if left else others)
        case EntryCommented(position=position):
            return replace(state, comments={**state.comments, position: state.comments.get(position, 0) + 1})
        case ExhibitNumbered(position=position):
            return replace(state, exhibits=(*state.exhibits, Exhibit(position)))
        case ExhibitWithdrawn(number=number):
            exhibits = list(state.exhibits)
            exhibits[number - 1] = replace(exhibits[number - 1], withdrawn=True)
            return replace(state, exhibits=tuple(exhibits))
        case _:
            return state


def number(state: ExhibitState, position: int) -> ExhibitNumbered:
    """Decide on making an entry an exhibit: it gets the next number.

    Raises Refused: "exhibit_already" where it has one that stands, "too_many_exhibits".
    """
    if state.number(position):
        raise Refused("exhibit_already", f"this entry is exhibit {state.number(position)}", place="position")
    if len(state.exhibits) >= MOST_EXHIBITS:
        raise Refused("too_many_exhibits", f"an incident has {MOST_EXHIBITS} exhibits at most")
    return ExhibitNumbered(number=len(state.exhibits) + 1, position=position)


def withdraw(state: ExhibitState, withdrawn: ExhibitWithdrawn) -> ExhibitWithdrawn:
    """Decide on a withdrawal. Raises Refused: "unknown_exhibit", "withdrawn_already"."""
    if not 0 < withdrawn.number <= len(state.exhibits):
        raise Refused("unknown_exhibit", "no exhibit of this incident has this number", place="number")
    if state.exhibits[withdrawn.number - 1].withdrawn:
        raise Refused("withdrawn_already", "this exhibit was withdrawn already", place="number")
    return withdrawn


def annotate(
    state: ExhibitState,
    position: int,
    *,
    pinned: bool | None = None,
    tag: tuple[str, ...] = (),
    untag: tuple[str, ...] = (),
    comment: Personal | None = None,
) -> list[Event]:
    """Decide on pins, tags and a comment of one entry: what is so already makes no event. `pinned` None: as it is.

    Raises Refused: "bad_tag", "too_many_tags", "too_many_annotations".
    """
    happened: list[Event] = []
    if pinned is not None and pinned != (position in state.pinned):
        happened.append(EntryPinned(position=position) if pinned else EntryUnpinned(position=position))
    has = state.tags.get(position, ())
    happened += [EntryUntagged(position=position, tag=each) for each in dict.fromkeys(untag) if each in has]
    new = [each for each in dict.fromkeys(tag) if each not in has or each in untag]
    if any(_TAG.fullmatch(each) is None for each in new):
        raise Refused("bad_tag", "a tag is 1 to 32 of a-z, 0-9 and hyphens, and begins with none", place="tag")
    happened += [EntryTagged(position=position, tag=each) for each in new]
    if comment is not None:
        happened.append(EntryCommented(position=position, words=comment))
    after = state
    for each in happened:
        after = evolve(after, each)
    if len(after.tags.get(position, ())) > MOST_TAGS:
        raise Refused("too_many_tags", f"an entry has {MOST_TAGS} tags at most", place="tag")
    if len({*after.pinned, *after.tags, *after.comments}) > MOST_ANNOTATED:
        raise Refused("too_many_annotations", f"{MOST_ANNOTATED} entries of an incident are annotated at most")
    return happened
