"""Settling a group: which of its appends may be written, judged one by one against what the earlier ones would leave.

Pure: the state of the log, read under the commit lock, comes in; rows come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.log import tables
from service.log.database import Repeats
from service.log.errors import Conflict, KeyTaken, LogError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Table

    from service.log.append import Append, LocatorEntry, Snapshot

__all__ = ["Group", "check", "judged", "reset"]


class Group:
    """Appends on their way into one transaction."""

    def __init__(self, appends: list[Append]) -> None:
        """Begin with every append undecided."""
        self.appends = appends
        self.refusals: list[tuple[Append, LogError]] = []
        self.accepted: list[tuple[Append, tuple[int, ...]]] = []
        self.rows: dict[tuple[Table, Repeats], list[tuple[Any, ...]]] = {}
        self.newest: dict[str, Snapshot] = {}
        self.tracked: dict[str, int] = {}
        self.unlocated: list[LocatorEntry] = []
        self.position: int | None = None

    def streams(self) -> list[str]:
        """Every stream whose version has to be known."""
        names: set[str] = set()
        for append in self.appends:
            if append.expect is not None:
                names.update(append.expect)
        return list(names)

    def keys(self) -> list[tuple[str, str]]:
        """Every idempotency key that is to be written."""
        return [(append.key.actor, append.key.key) for append in self.appends if append.key is not None]

    def probes(self) -> bool:
        """Whether any append is a probe."""
        return any(append.probe for append in self.appends)

    def tracks(self) -> bool:
        """Whether any append moves a tracked position."""
        return any(append.tracking for append in self.appends)

    def settle(
        self,
        heads: dict[str, int],
        last: int,
        taken: set[tuple[str, str]],
        tracked: dict[str, int],
        unsafe: LogError | None = None,
    ) -> None:
        """Accept or refuse each append, in the order they came; ``heads``, ``taken`` and ``tracked`` move with it.

        ``unsafe``: why a probe among them is refused.
        """
        event_rows: list[tuple[Any, ...]] = []
        first = last
        for append in self.appends:
            refusal = unsafe if append.probe and unsafe else _refusal(append, heads, taken, tracked)
            if refusal is not None:
                self.refusals.append((append, refusal))
                continue
            begin = last + 1
            for stored in append.events:
                last += 1
                stream, version = stored.originator_id, stored.originator_version
                event_rows.append((last, stream, version, stored.topic, stored.state))
                heads[stream] = version  # type: ignore[index]  # a str: the library's recorder turns its UUIDs into hex
            if append.key is not None or append.locators or append.snapshots or append.tracking or append.mentions:
                self._besides(append, taken, tracked)
            self.unlocated += append.unlocated
            append.accepted = True
            self.accepted.append((append, tuple(range(begin, last + 1))))
        if event_rows:
            self.rows[tables.events, Repeats.REFUSED] = event_rows
        self.position = last if last > first else None

    def _besides(self, append: Append, taken: set[tuple[str, str]], tracked: dict[str, int]) -> None:
        if append.key is not None:
            key = append.key
            taken.add((key.actor, key.key))
            row = (key.actor, key.key, key.fingerprint, key.status, key.body, key.created_at)
            self.rows.setdefault((tables.idempotency_keys, Repeats.REFUSED), []).append(row)
        if append.locators:
            rows = [(entry.mac, entry.account_id, entry.booking_id) for entry in append.locators]
            self.rows.setdefault((tables.locators, Repeats.IGNORED), []).extend(rows)
        if append.mentions:
            told = [(each.about, each.position, each.since) for each in append.mentions]
            self.rows.setdefault((tables.mentions, Repeats.IGNORED), []).extend(told)
        if append.keep_snapshots:
            kept = [(shot.stream, shot.version, shot.name, shot.state) for shot in append.snapshots]
            self.rows.setdefault((tables.snapshots, Repeats.REFUSED), []).extend(kept)
        else:
            for shot in append.snapshots:
                if shot.stream not in self.newest or self.newest[shot.stream].version <= shot.version:
                    self.newest[shot.stream] = shot
        if append.tracking:
            tracked.update(append.tracking)
            self.tracked.update(append.tracking)


def _refusal(
    append: Append, heads: dict[str, int], taken: set[tuple[str, str]], tracked: dict[str, int]
) -> LogError | None:
    for parent in append.parents:
        if parent.error is not None or not (parent.settled or parent.accepted):
            return Conflict("an append this one was judged on was not written")
    if append.expect is not None:
        for stream, version in append.expect.items():
            if heads.get(stream, 0) != version:
                return Conflict("a stream has moved on since this was judged")
    if append.key is not None and (append.key.actor, append.key.key) in taken:
        return KeyTaken("this idempotency key was used before")
    if append.tracking and any(tracked.get(name, -1) >= position for name, position in append.tracking.items()):
        return Conflict("the tracked position is not ahead of the one recorded")
    return None


def check(append: Append) -> Refused | None:
    """Judge the append by itself: every stream it writes is expected, and its versions follow on."""
    if append.expect is None:
        return None
    moved: dict[Any, int] = {}
    for stored in append.events:
        stream = stored.originator_id
        version = moved.get(stream)
        if version is None:
            version = append.expect.get(stream)  # type: ignore[arg-type]  # a str, or it is not found
            if version is None:
                return Refused("an append writes to a stream without saying what version it was judged at")
        if stored.originator_version != version + 1:
            return Refused("the versions of an append's events do not follow on from the expected ones")
        moved[stream] = version + 1
    return None


def judged(append: Append) -> None:
    """Have an append judged that is to be judged under the commit lock. Raises LogError."""
    if append.judge is not None:
        append.judge()
        wrong = check(append)
        if wrong is not None:
            raise wrong


def reset(appends: Iterable[Append]) -> None:
    """Forget what a transaction that failed had accepted."""
    for append in appends:
        append.accepted = False
