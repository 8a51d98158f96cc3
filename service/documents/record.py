"""Record: JSON from outside as a cursor that knows its pointer (RFC 6901), checks types and knows what was read."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from service.documents.rejection import DocumentRejected, Limits
from service.documents.value import plain_text

__all__ = ["Record", "check"]


def check(document: object, limits: Limits, known: frozenset[str]) -> None:
    """Walk a JSON value and refuse what no importer should meet: too large, too deep, control characters, odd types.

    Raises DocumentRejected with a pointer in which keys that are not `known` words are `?`: a key may be a name.
    """
    waiting: list[tuple[object, str, int]] = [(document, "", 1)]
    nodes = size = 0
    while waiting:
        value, pointer, depth = waiting.pop()
        place = pointer or "document"
        nodes += 1
        if nodes > limits.nodes:
            raise DocumentRejected("document", f"there are more than {limits.nodes} values in it")
        if depth > limits.depth:
            raise DocumentRejected(place, f"values are nested more than {limits.depth} deep")
        if isinstance(value, str):
            size += _size(place, value, limits)
        elif isinstance(value, dict):
            size += sum(_size(f"{pointer}/?", key, limits) for key in value)
            waiting += [(below, f"{pointer}/{key if key in known else '?'}", depth + 1) for key, below in value.items()]
        elif isinstance(value, list):
            waiting += [(below, f"{pointer}/{at}", depth + 1) for at, below in enumerate(value)]
        elif isinstance(value, int) and value.bit_length() > 63:  # noqa: PLR2004 - what fits everywhere
            raise DocumentRejected(place, "the number is too large")
        elif value is not None and not isinstance(value, int | float):
            raise DocumentRejected(place, "it is not a JSON value")
        if size > limits.size:
            raise DocumentRejected("document", f"it is larger than {limits.size} bytes")


def _size(place: str, text: object, limits: Limits) -> int:
    if not isinstance(text, str):
        raise DocumentRejected(place, "a key is not text")
    plain_text(place, text, limits.size)
    return len(text.encode())


class Record:
    """A JSON object and where it stands. Null counts as absent. `repr` shows the pointer alone."""

    __slots__ = ("_read", "_value", "pointer")

    def __init__(self, value: object, pointer: str = "") -> None:
        if not isinstance(value, dict):
            raise DocumentRejected(pointer or "document", "it is not an object")
        self._value: dict[str, object] = value
        self._read: dict[str, list[Record]] = {}
        self.pointer = pointer

    def __repr__(self) -> str:
        return f"<Record {self.pointer}>"

    def at(self, key: str) -> str:
        """The pointer of one member."""
        return f"{self.pointer}/{key}"

    def has(self, key: str) -> bool:
        """Whether the member is there and not null."""
        return self._value.get(key) is not None

    def text(self, key: str, most: int = 4096) -> str:
        """A string, without blanks around it; `""` if it is absent."""
        self._read.setdefault(key, [])
        value = self._value.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise DocumentRejected(self.at(key), "it is not a string")
        return plain_text(self.at(key), value, most)

    def needed(self, key: str, most: int = 256) -> str:
        """A string that has to be there."""
        value = self.text(key, most)
        if not value:
            raise DocumentRejected(self.at(key), "it is missing")
        return value

    def flag(self, key: str) -> bool | None:
        """True, false, or None if it is absent."""
        self._read.setdefault(key, [])
        value = self._value.get(key)
        if value is not None and not isinstance(value, bool):
            raise DocumentRejected(self.at(key), "it is neither true nor false")
        return value

    def record(self, key: str) -> Record:
        """An object; an empty one if it is absent."""
        read = self._read.setdefault(key, [])
        if not read:
            value = self._value.get(key)
            read.append(Record({} if value is None else value, self.at(key)))
        return read[0]

    def records(self, key: str) -> list[Record]:
        """A list of objects; an empty one if it is absent."""
        read = self._read.setdefault(key, [])
        if not read:
            read.extend(Record(value, f"{self.at(key)}/{at}") for at, value in enumerate(self._list(key)))
        return read

    def texts(self, key: str) -> list[str]:
        """A list of strings; an empty one if it is absent."""
        self._read.setdefault(key, [])
        values = []
        for at, value in enumerate(self._list(key)):
            if not isinstance(value, str):
                raise DocumentRejected(f"{self.at(key)}/{at}", "it is not a string")
            values.append(plain_text(f"{self.at(key)}/{at}", value))
        return values

    def told(self, key: str) -> str:
        """Whatever is there, as text: for what is kept as a note. `""` if it is absent."""
        self._read[key] = []
        value = self._value.get(key)
        text = value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
        return plain_text(self.at(key), text)

    def skip(self, *keys: str) -> None:
        """Count members as read, with all below: they say nothing about anybody (coordinates, names of cities)."""
        for key in keys:
            self._read[key] = []

    def _list(self, key: str) -> list[object]:
        value = self._value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise DocumentRejected(self.at(key), "it is not a list")
        return value

    def unread(self, above: str = "") -> Iterator[str]:
        """Paths, without counts, of the members that nobody read."""
        for key, value in self._value.items():
            if key not in self._read:
                if value not in (None, [], {}, ""):
                    yield f"{above}/{key}"[:256]
            else:
                for below in self._read[key]:
                    yield from below.unread(f"{above}/{key}")
