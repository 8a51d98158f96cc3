"""No repr says what a secret or a person is: one that is logged, or quoted by an error, would have leaked it."""

from __future__ import annotations

import datetime as dt
import enum
import importlib
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

import service.desk
import service.line
import service.office
import service.outbox
import service.passcodes
import service.record
import service.safety
import service.webhooks
from service.api.calls import CALLS
from service.desk.draft import Draft

ROOMS = (
    service.desk,
    service.line,
    service.office,
    service.outbox,
    service.passcodes,
    service.record,
    service.safety,
    service.webhooks,
)
WHEN = dt.datetime(2031, 3, 14, tzinfo=dt.UTC)

# What may show of a text: ids and times, words that the service chose itself, staff by their subjects, and what is
# published of policies, rules and authority. Everything else is free words, or a secret, or of a person.
MAY = frozenset(
    {
        *("accounts", "action", "actor", "agent", "beyond", "call", "cause", "channel", "check", "cursor", "did"),
        *("digest", "escalation", "field_class", "format", "how", "id", "interaction", "interactions", "kind", "key"),
        *("made_to", "next_cursor", "office", "owner", "owners", "path", "raised_by", "ref", "rule", "rules", "say"),
        *(
            "since",
            "to",
            "transfer_to",
            "unlike",
            "until",
            "up_to",
            "warning",
            "zone",
            "commitments",
            "closes",
            "opens",
        ),
        *("review_on", "thanks", "what_happens", "counts", "by", "signature", "amount_class", "amount_classes"),
        *("unsealing", "as_of"),
    }
)
# The same, where the name is one that elsewhere is a person's.
MAY_HERE = frozenset(
    {
        *("AdoptBody.text", "AuthorityDocument.title", "CommitmentRow.about", "LeftOut.reason"),
        *("Actor.role", "Actor.site", "Actor.subject", "Heard.protection", "Heard.standing"),
        *("Desk.name", "HistoryEntry.name", "Outside.name", "Recipient.name"),
        *("Asker.team", "Finding.at", "Found.may_prove", "Key.fingerprint", "Proved.why", "Wish.why"),
        *("Comment.at", "Entry.name", "File.media", "Redaction.place", "Word.field", "HoldsPage.status"),
        *("ForgettingAnswer.status", "HoldAnswer.status", "Tally.decisions", "Chunk.upto", "TimelinePage.format"),
        *("ConsistencyAnswer.proof", "WitnessState.name", "WitnessState.status", "WitnessState.url"),
        *(f"CloudEvent.{each}" for each in ("datacontenttype", "source", "specversion", "subject", "time", "type")),
    }
)
ENDINGS = ("_id", "_ids", "_at", "_by")


def from_outside() -> Iterator[type[msgspec.Struct]]:
    """Every body, answer and query."""
    for call in CALLS:
        shapes = (call.body, call.answer, call.query)
        yield from (each for each in shapes if isinstance(each, type) and issubclass(each, msgspec.Struct))


def of_the_rooms() -> Iterator[type[msgspec.Struct]]:
    """Every struct of the rooms that handle them."""
    for room in ROOMS:
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            for each in vars(importlib.import_module(module.name)).values():
                if isinstance(each, type) and issubclass(each, msgspec.Struct) and each.__module__ == module.name:
                    yield each


class Built:
    """Values of any of these shapes, each text in them a canary that names its field."""

    def __init__(self) -> None:
        self.of: dict[type[msgspec.Struct], Any] = {}

    def struct(self, shape: type[msgspec.Struct]) -> Any:
        if shape not in self.of:
            hints = typing.get_type_hints(shape, include_extras=True)
            fields = {name: self.value(hints[name], f"{shape.__name__}.{name}") for name in shape.__struct_fields__}
            self.of[shape] = shape(**fields)
        return self.of[shape]

    def value(self, kind: Any, path: str) -> Any:  # noqa: PLR0911 - one return for each kind
        origin, within = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.value(within[0], path)
        if origin is typing.Literal:
            return within[0]
        if origin in (typing.Union, types.UnionType):
            some = [each for each in within if each is not type(None)]
            nested = [each for each in some if isinstance(each, type) and issubclass(each, msgspec.Struct)]
            return self.value((nested or some)[0], path)
        if origin in (tuple, list, set, frozenset):
            return (self.value(within[0], path),)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {self.value(within[0], path): self.value(within[1], path)}
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(kind)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return next(iter(kind))
        plain = {int: 7, float: 7.0, bool: True, dt.datetime: WHEN, dt.date: WHEN.date()}
        canary = f"<<{path}>>"
        return canary.encode() if kind is bytes else plain.get(kind, canary)


BUILT = Built()
for found in from_outside():
    BUILT.struct(found)
# What a state of `domain` holds is pseudonymous, and sealed where it is not; what comes from outside is as it came.
JUDGED: set[type[msgspec.Struct]] = {*BUILT.of, *of_the_rooms()}
for found in JUDGED:
    BUILT.struct(found)
NAMES = {each.__name__ for each in JUDGED}


@pytest.mark.parametrize("shape", sorted(JUDGED, key=str), ids=str)
def test_no_repr_tells_more_than_ids_and_the_words_of_the_service(shape: type[msgspec.Struct]) -> None:
    for canary in (each.partition(">>")[0] for each in repr(BUILT.of[shape]).split("<<")[1:]):
        owner, _, name = canary.partition(".")
        if owner not in NAMES:
            continue
        assert name in MAY or canary in MAY_HERE or name.endswith(ENDINGS), canary


def test_a_draft_says_nothing_of_what_it_would_answer() -> None:
    drafts = [Draft(each, [("stream", each)]) for each in BUILT.of.values()]
    assert len(drafts) > len(CALLS)
    assert all("<<" not in repr(each) for each in drafts)
