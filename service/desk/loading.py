"""Loading: a stream's state from its newest snapshot and the events after it.

Snapshots are only ever a short cut: one of another shape than today's states is passed over and the stream folded anew.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.access_request import AccessRequestState
from domain.account import AccountState
from domain.authority import AuthorityState
from domain.booking import BookingState
from domain.commitment import CommitmentState
from domain.contact import ContactState
from domain.export import ExportState
from domain.follower import FollowerState
from domain.forgetting import ForgettingState
from domain.hand_off import HandOffState, ResumeState
from domain.hold import HoldState
from domain.incident import IncidentState
from domain.interaction import InteractionState
from domain.problem import ProblemState
from domain.reader import ReaderState
from domain.rule import RulesState
from domain.unsealing import UnsealingState
from domain.webhook import WebhookState
from projections.folding import State, empty, fold, noun
from service.desk.clock import EARLIEST
from service.log import EventLog, Snapshot
from service.sealing import Codec, KeyRing

_SHAPES: dict[str, Any] = {
    "access_request": AccessRequestState,
    "account": AccountState,
    "authority": AuthorityState,
    "booking": BookingState,
    "commitment": CommitmentState,
    "contact": ContactState,
    "export": ExportState,
    "follower": FollowerState,
    "forgetting": ForgettingState,
    "hand_off": HandOffState,
    "hold": HoldState,
    "incident": IncidentState,
    "interaction": InteractionState,
    "resume": ResumeState,
    "problem": ProblemState,
    "reader": ReaderState,
    "rules": RulesState,
    "unsealing": UnsealingState,
    "webhook": WebhookState,
}
_NAMES = {
    name: f"{name}.{hashlib.sha256(msgspec.json.encode(msgspec.json.schema(shape))).hexdigest()[:16]}"
    for name, shape in _SHAPES.items()
}
_DECODERS = {name: msgspec.msgpack.Decoder(shape) for name, shape in _SHAPES.items()}
_ENCODER = msgspec.msgpack.Encoder()
AT_ONCE = 5_000


def snapshot(stream: str, version: int, state: State) -> Snapshot:
    """The state of a stream as a snapshot. What was personal in it stays sealed."""
    return Snapshot(stream, version, _NAMES[noun(stream)], _ENCODER.encode(state))


class Loader:
    """Folds streams from the log. Blocking: run it off the event loop."""

    def __init__(self, log: EventLog, codec: Codec, keys: KeyRing) -> None:
        """Read from this log, and have at hand the keys of whom it is about."""
        self._log = log
        self._codec = codec
        self._keys = keys

    def latest(self) -> datetime:
        """When the last event on record occurred. Raises LogUnavailable, CorruptEvent, EventShapeError."""
        position = self._log.last_position()
        if not position:
            return EARLIEST
        (last,) = self._log.read_all(gt=position - 1, limit=1)
        return self._codec.decode(last)[0].occurred_at

    def load_at(self, stream: str, version: int) -> State:
        """The state of a stream as it was at this version of it. Raises likewise."""
        state, at = empty(stream), 0
        kept = self._log.snapshot(stream) if noun(stream) in _SHAPES else None
        if kept is not None and kept.name == _NAMES[noun(stream)] and kept.version <= version:
            state, at = _whole(_DECODERS[noun(stream)].decode(kept.state)), kept.version
        while at < version:
            for stored in self._log.positioned(stream, gt=at, lte=min(version, at + AT_ONCE)):
                header, happened = self._codec.decode(stored)
                at = stored.originator_version
                state = fold(state, happened, header, at)
        return state

    def load(self, stream: str) -> tuple[State, int]:
        """The state of a stream and its version, 0 where it has no events. Raises LogUnavailable, CorruptEvent."""
        about = noun(stream)
        state, version = empty(stream), 0
        if about in _SHAPES:
            kept = self._log.snapshot(stream)
            if kept is not None and kept.name == _NAMES[about]:
                state, version = _whole(_DECODERS[about].decode(kept.state)), kept.version
        for stored in self._log.read(stream, gt=version):
            header, happened = self._codec.decode(stored)
            version = stored.originator_version
            state = fold(state, happened, header, version)
        if isinstance(state, AccountState) and state.forgotten:
            self._keys.drop(state.forgotten)  # it may have been now, by another replica
        self._keys.fetch(_subjects(state))
        return state, version


def _whole(state: State) -> State:
    """A state as folding would have made it: views that never parted are one view, not two alike."""
    if isinstance(state, BookingState) and state.shown == state.held:
        return replace(state, shown=state.held)
    return state


def _subjects(state: State) -> set[str]:
    """The people whose keys the next decision may need; fetched here, off the event loop."""
    match state:
        case AccountState(parties=parties):
            return set(parties)
        case CommitmentState(words=words, answer=answer):
            return {kept.personal.subject for kept in (words, answer) if kept is not None}
        case BookingState(held=held, shown=shown):
            views = [view for view in (held, shown) if view is not None]
            return {kept.personal.subject for view in views for kept in view.parts}
        case _:
            return set()
