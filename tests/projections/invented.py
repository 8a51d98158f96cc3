"""Events of every kind, invented: whatever may be a string or a personal value in them says that it is one."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import count
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from domain.event import EVENTS, Actor, Event, Header, Plain, Recorded, Sealed, personal_fields
from domain.interaction import InteractionBound

NOW = datetime(2027, 5, 1, 12, tzinfo=UTC)
HER, HIM, THEM = "her0party", "him0party", "them0party"
PARTIES = (HER, HIM, THEM)
# Clear words of the record's own vocabulary, by field: what anybody outside the house may read of an event.
VOCABULARY = {
    *(
        "action",
        "actions",
        "amount_class",
        "asked",
        "classes",
        "did",
        "facts",
        "finding",
        "grants",
        "kind",
        "life",
        "reason",
    ),
    *("call_first", "role", "rule", "rules", "source", "verdict", "view", "what", "why", "by_what", "review_on"),
}
WORD = "vocabulary"


class Inventor:
    """Makes events. `said`: the secret text of each personal value by its subject; `named`: every other string."""

    def __init__(self, choose: Any) -> None:
        """Choose among possibilities by this function: a sequence in, one of it out."""
        self.choose = choose
        self.numbers = count(1)
        self.said: dict[str, list[str]] = {}
        self.named: list[str] = []

    def event(self, name: str) -> Event:
        """An event of this name."""
        cls = EVENTS[name]
        hints = get_type_hints(cls)
        return cls(**{field: self._value(field, hints[field]) for field in cls.__struct_fields__})

    def recorded(self, names: list[str]) -> tuple[Recorded, ...]:
        """Events of these names, in that order, on streams of some contacts, an account and its bookings."""
        return tuple(self._recorded(name) for name in names)

    def _recorded(self, name: str) -> Recorded:
        position = next(self.numbers)
        line = self.choose(("line1", "line2", "line3"))
        noun = name.partition(".")[0]
        stream = {"interaction": f"interaction:{line}", "commitment": "commitment:c"}.get(noun, "account:a")
        role = self.choose(("agent", "agent", "agent", "back_office", "system", "customer", "legal"))
        subject = f"staff{self.choose(('one', 'two', 'three'))}"
        actor = Actor(subject, role, 1 if role == "agent" else 0, self.choose(("manila", "omaha", "")))
        header = Header(f"id{position}", NOW + timedelta(minutes=position), actor, "cause", line)
        return Recorded(position, stream, position, name, header, self.event(name), b"")

    def _canary(self) -> str:
        found = f"Canary{next(self.numbers)}x"
        self.named.append(found)
        return found

    def _personal(self) -> Plain:
        subject = self.choose((*PARTIES, "account0subject", "incident0subject"))
        text = f"Secret{next(self.numbers)}x"
        self.said.setdefault(subject, []).append(text)
        return Plain(subject, text.encode())

    def _value(self, field: str, hint: Any) -> Any:  # noqa: C901, PLR0911, PLR0912 - one arm for each kind of type
        origin, parts = get_origin(hint), get_args(hint)
        if hint in (Plain, Sealed) or (origin in (typing.Union, types.UnionType) and Plain in parts):
            return self._personal() if type(None) not in parts or self.choose((True, False)) else None
        if origin in (typing.Union, types.UnionType):
            return self._value(field, self.choose(parts))
        if origin is Literal:
            return self.choose(parts)
        if origin is typing.Annotated:
            return self._value(field, parts[0])
        if hint is type(None):
            return None
        if hint is bool:
            return self.choose((True, False))
        if hint is int:
            return self.choose((1, 2, 3))
        if hint is float:
            return 1.0
        if hint is str:
            return self._text(field)
        if hint is datetime:
            return NOW + timedelta(minutes=self.choose((1, 60, 3000)))
        if hint is bytes:
            return b"bytes"
        if origin in (tuple, frozenset, list):
            return origin(self._value(field, parts[0]) for _ in range(self.choose((0, 1, 2))))
        if origin is not None and issubclass(origin, Mapping):
            return {self._value(field, parts[0]): self._value(field, parts[1])}
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self.choose(tuple(hint))
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            hints = get_type_hints(hint)
            return hint(**{each: self._value(each, hints[each]) for each in hint.__struct_fields__ if each in hints})
        raise AssertionError((field, hint))

    def _text(self, field: str) -> str:
        if field in VOCABULARY:
            return WORD
        if field in ("party_id", "duress_of"):
            return str(self.choose((*PARTIES, *PARTIES, "")))
        if field in ("adverse", "people", "named", "struck", "may_prove"):
            return str(self.choose(PARTIES))
        if field in ("at", "opened_at"):
            return NOW.isoformat()
        return self._canary()


def bound(recorded: Recorded, party_id: str) -> Recorded:
    """A contact that was bound as this party."""
    happened = msgspec.structs.replace(recorded.event, party_id=party_id, known=True)
    assert isinstance(happened, InteractionBound)
    return msgspec.structs.replace(recorded, event=happened)


def everything_opened(recorded: Recorded) -> dict[str, Any]:
    """The fields of an event, with whatever is personal in the open: the worst that may come to a timeline."""
    happened = recorded.event
    return {
        name: _opened(getattr(happened, name))
        if name in personal_fields(type(happened))
        else msgspec.to_builtins(getattr(happened, name))
        for name in happened.__struct_fields__
    }


def _opened(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_opened(each) for each in value]
    return None if value is None else {"opened": value.subject, "value": {"text": value.data.decode()}}


def names() -> Iterator[str]:
    """The name of every event there is."""
    yield from sorted(EVENTS)
