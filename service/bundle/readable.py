"""An event for people: what is stored of it, laid out, with every sealed value replaced by whose it is.

It follows from the stored bytes alone, without a key and whatever release wrote them, so that anybody can make it again
and see that nothing was added.
"""

from __future__ import annotations

from typing import Any

import msgspec

INDENT = 2


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands: in the whole log, and in its stream."""

    position: int
    stream: str
    version: int
    name: str


class Reading(msgspec.Struct, frozen=True, gc=False):
    """An event as it is laid out."""

    position: int
    stream: str
    version: int
    name: str
    header: Any
    event: Any

    def __repr__(self) -> str:
        """Say where it stands, and nothing of it."""
        return f"Reading(position={self.position})"


def readable(place: Place, state: bytes) -> bytes:
    """The reading of an event: JSON in lines. Raises ValueError for bytes that no event is stored as."""
    try:
        stored = msgspec.json.decode(state, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("the stored event is not JSON") from None
    if stored.keys() != {"header", "event"}:
        raise ValueError("the stored event has not the shape of one")
    reading = Reading(
        place.position, place.stream, place.version, place.name, stored["header"], _without_boxes(stored["event"])
    )
    return msgspec.json.format(msgspec.json.encode(reading), indent=INDENT) + b"\n"


def _without_boxes(value: Any) -> Any:
    """The value with each sealed one in it told by its subject. What is nested too deeply for JSON never gets here."""
    if isinstance(value, dict):
        if value.get("as") == "sealed" and value.keys() == {"as", "subject", "box"}:
            return {"sealed": value["subject"]}
        return {name: _without_boxes(each) for name, each in value.items()}
    return [_without_boxes(each) for each in value] if isinstance(value, list) else value


def subjects(value: Any) -> set[str]:
    """Whose sealed values stand in a stored event."""
    if isinstance(value, dict):
        if value.get("as") == "sealed" and isinstance(value.get("subject"), str):
            return {value["subject"]}
        return {each for below in value.values() for each in subjects(below)}
    return {each for below in value for each in subjects(below)} if isinstance(value, list) else set()
