"""One request to write, and what is written with it.

An :class:`Append` is written whole or not at all. Its outcome is set by the writer thread, which then calls its sink.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from eventsourcing.persistence import StoredEvent

__all__ = ["Append", "IdempotencyKey", "LocatorEntry", "Mention", "Snapshot"]


class IdempotencyKey(msgspec.Struct, frozen=True, gc=False):
    """An answer kept under the key its asker chose, in the same transaction as its events.

    ``fingerprint`` tells whether the repeated request is the same; ``status`` and ``body`` are the answer (the body is
    empty where it must never be kept); ``created_at`` is in seconds since 1970, UTC.
    """

    actor: str
    key: str
    fingerprint: bytes
    status: int
    body: bytes
    created_at: float

    def __repr__(self) -> str:
        """Say no more than the status: the body may hold what was answered."""
        return f"IdempotencyKey(status={self.status})"


class LocatorEntry(msgspec.Struct, frozen=True, gc=False):
    """A hint that a locator, known only by its keyed hash ``mac``, belongs to a booking. The streams confirm it."""

    mac: bytes
    account_id: str
    booking_id: str

    def __repr__(self) -> str:
        """Name no locator, not even by its hash."""
        return "LocatorEntry()"


class Mention(msgspec.Struct, frozen=True, gc=False):
    """An index row: the event at ``position`` is about this (``account:<id>``, ``decision:<id>``).

    ``since``: the position that made it so, which is its own but where a contact was bound only afterwards.
    """

    about: str
    position: int
    since: int


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """The folded state of a stream at a version; ``name`` names its shape. Only the newest of a stream is kept."""

    stream: str
    version: int
    name: str
    state: bytes

    def __repr__(self) -> str:
        """Leave the state out."""
        return f"Snapshot({self.stream!r}, {self.version})"


class Append(msgspec.Struct, eq=False):
    """One request to write: whole or not at all.

    ``events``: rows of any number of streams, each stream's versions following on from where ``expect`` has it.
    ``expect``: every stream this was judged on, written or only read, and the version it must stand at (0: no events
    yet). ``None`` asks for no more than that the rows are new: what recorders of the ``eventsourcing`` library promise.
    ``key``: an idempotency key, written in the same transaction. ``locators``, ``mentions``: index rows, repeats
    ignored.
    ``unlocated``: index rows that go.
    ``parents``: earlier appends of this process on whose pending state this one was judged.
    ``snapshots``: the newest of a stream wins and the others go, or with ``keep_snapshots`` all are kept and a repeated
    version is a conflict. ``tracking``: application name to position, which must move forward. ``probe``: checks the
    writer's settings and writes a mark that needs a flush.
    ``sink``: called once per group and distinct sink with the settled appends, from the writer thread (from the
    submitting thread where the queue is full or the log closed).
    ``judge``: what fills the rest of this in, called by the writer thread once it holds the commit lock, so that
    nothing can be written between what it reads and what it writes. It may raise a ``LogError``, and takes no longer
    than it must: everybody who writes waits for it. Such an append is a transaction of its own.

    Outcome: ``settled``, then ``error`` (None: committed and flushed) and ``positions``, one for each event.
    """

    events: tuple[StoredEvent, ...] = ()
    expect: Mapping[str, int] | None = {}
    key: IdempotencyKey | None = None
    locators: tuple[LocatorEntry, ...] = ()
    parents: tuple[Append, ...] = ()
    sink: Callable[[list[Append]], None] | None = None
    judge: Callable[[], None] | None = None
    snapshots: tuple[Snapshot, ...] = ()
    keep_snapshots: bool = False
    tracking: Mapping[str, int] | None = None
    probe: bool = False
    mentions: tuple[Mention, ...] = ()
    unlocated: tuple[LocatorEntry, ...] = ()
    error: Exception | None = None
    positions: tuple[int, ...] = ()
    settled: bool = False
    accepted: bool = False  # written, and not yet flushed: for the writer's own use

    def __repr__(self) -> str:
        """Show the outcome, and nothing of what is written."""
        outcome = "pending" if not self.settled else type(self.error).__name__ if self.error else "committed"
        return f"Append({len(self.events)} events, {outcome})"
