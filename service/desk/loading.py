"""Loading: a stream's state from its newest snapshot and the events after it.

Snapshots are only ever a short cut: one of another shape than today's states is passed over and the stream folded anew.
"""

from __future__ import annotations

import contextlib
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
from domain.follower import FollowerState
from domain.hand_off import HandOffState, ResumeState
from domain.incident import IncidentState
from domain.interaction import InteractionState
from domain.problem import ProblemState
from domain.rule import RulesState
from domain.webhook import WebhookState
from projections.folding import State, empty, fold, noun
from service.desk.clock import EARLIEST
from service.log import EventLog, Snapshot
from service.sealing import Codec, KeyMissing, KeyRing

_SHAPES: dict[str, Any] = {
    "access_request": AccessRequestState,
    "account": AccountState,
    "authority": AuthorityState,
    "booking": BookingState,
    "commitment": CommitmentState,
    "contact": ContactState,
    "follower": FollowerState,
    "hand_off": HandOffState,
    "incident": IncidentState,
    "interaction": InteractionState,
    "resume": ResumeState,
    "problem": ProblemState,
    "rules": RulesState,
    "webhook": WebhookState,
}
_NAMES = {
    name: f"{name}.{hashlib.sha256(msgspec.json.encode(msgspec.json.schema(shape))).hexdigest()[:16]}"
    for name, shape in _SHAPES.items()
}
_DECODERS = {name: msgspec.msgpack.Decoder(shape) for name, shape in _SHAPES.items()}
_ENCODER = msgspec.msgpack.Encoder()


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
        for subject in _subjects(state):
            with contextlib.suppress(KeyMissing):  # somebody forgotten
                self._keys.key(subject)
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
