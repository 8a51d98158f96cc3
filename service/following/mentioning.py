"""Mentioning: the record's index follows the log, so that an account's history and a decision are found by a few seeks.

It is kept in the log's own database, and how far it has come beside it, in one append. It follows a moment behind, in a
thread of its own and a little at a time; whoever reads by it first has it catch up with what is committed. Replicas may
do the same work twice and write the same rows; what one has written the others pass over.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from eventsourcing.persistence import Notification

from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted
from domain.event import EventShapeError, with_retired
from projections.folding import noun
from projections.mentions import FOLLOWED, about_account, about_decision, found, named
from service.log import Append, Conflict, EventLog, Mention
from service.sealing import Codec, CorruptEvent

log = logging.getLogger("watchword.mentioning")

Row = Any  # (stream, version, name, state, position), as the driver has it

NAME = "mentions"
AT_ONCE = 512
EVERY_S, BEHIND_S = 1.0, 0.05
MOST_KNOWN = 65_536


class _Decision(msgspec.Struct, frozen=True, gc=False):
    decision_id: str


class _Decided(msgspec.Struct, frozen=True, gc=False):
    """As much of a stored attempt as names its decision: reading all of it takes three times as long."""

    event: _Decision


_DECIDED = msgspec.json.Decoder(_Decided)
_DECIDES = frozenset(with_retired((DisclosureAttempted.NAME, ActionAttempted.NAME)))


class Mentions:
    """The index of one log. `begin` has it follow by itself; `covering` may be asked without."""

    def __init__(self, source: EventLog, codec: Codec) -> None:
        """Follow nothing yet."""
        self._log = source
        self._codec = codec
        self._reading = ThreadPoolExecutor(1, "mentions")
        self._working = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mentioning", daemon=True)
        self._position = 0
        self._known: dict[str, tuple[int, str]] = {}  # of which account a stream was, at which version of it
        self._new: dict[str, Row] = {}  # what was decided in the rows that are just being read

    def begin(self) -> None:
        """Follow the log from now on, until `close`."""
        self._thread.start()

    async def covering(self, position: int = 0) -> int:
        """Wait until the index covers this position, or all that is committed now; returns how far it has come.

        Raises LogUnavailable.
        """
        if 0 < position <= self._position:
            return self._position
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._caught_up, position)

    def close(self) -> None:
        """Stop."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self._reading.shutdown(wait=True)

    def _caught_up(self, position: int) -> int:
        last = self._log.last_position()
        position = min(position or last, last)
        while self._position < position:
            self._step()
        return self._position

    def _run(self) -> None:
        failing = ""
        wait = 0.0
        while not self._stopped.wait(wait):
            try:
                wait = BEHIND_S if self._step() == AT_ONCE else EVERY_S
                failing = ""
            except Exception as error:  # noqa: BLE001 - it is tried again; kind only, words could be personal
                reason = type(error).__name__
                if reason != failing:  # once, not each second
                    log.warning("the index of the record cannot follow", extra={"reason": reason})
                failing, wait = reason, EVERY_S

    def _step(self) -> int:
        """Cover some more of the log; returns how many of its events that were."""
        with self._working:
            at = max(self._log.tracked(NAME) or 0, self._position)
            rows = self._log.select_all(gt=at, limit=AT_ONCE)
            if rows:
                self._cover(rows)
            else:
                self._position = at
            return len(rows)

    def _cover(self, rows: list[Row]) -> None:
        told: list[Mention] = []
        self._new = {}
        for row in rows:
            about = noun(row[0])
            if about == "account":
                told += self._on_account(row)
            elif about in FOLLOWED:
                told += self._of(row)
        last = rows[-1][-1]
        try:
            self._log.append(Append(mentions=tuple(told), tracking={NAME: last}))
        except Conflict:  # another replica is further
            self._position = self._log.tracked(NAME) or 0
        else:
            self._position = last

    def _on_account(self, row: Row) -> list[Mention]:
        """What an event of an account's own stream is about, of which there are most: of a decision its id is read."""
        stream, _, name, state, position = row
        told = [Mention(about_account(stream.partition(":")[2]), position, position)]
        if name in _DECIDES:
            try:
                about = about_decision(_DECIDED.decode(state).event.decision_id)
            except msgspec.DecodeError as error:
                _unread(position, error)
            else:
                told.append(Mention(about, position, position))
                self._new[about] = row
        return told

    def _of(self, row: Row) -> list[Mention]:
        """What an event of any other stream is about; of one that cannot be read nothing is known."""
        try:
            told = found(self._codec.recorded(_notification(row)), self)
        except (CorruptEvent, EventShapeError) as error:
            _unread(row[-1], error)
            return []
        self._new |= {each.about: row for each in told if noun(each.about) == "decision"}
        return [Mention(*each) for each in told]

    # --- what is known of the rest of the log (`projections.mentions.Known`) --------------------------------------

    def account_of(self, stream: str, version: int) -> str:
        """The account that a stream is about at this version of it: the last that it named, "" for none."""
        at, account_id = self._known.get(stream, (0, ""))
        if at not in {version, version - 1}:
            at, account_id = 0, ""
        for row in self._log.positioned(stream, gt=at, lte=version) if at != version else []:
            said = named(self._codec.recorded(row), self)
            account_id = account_id if said is None else said
        self._known.pop(stream, None)
        while len(self._known) >= MOST_KNOWN:  # oldest first
            del self._known[next(iter(self._known))]
        self._known[stream] = version, account_id
        return account_id

    def unbound(self, stream: str, version: int) -> tuple[int, ...]:
        """The positions of a stream's events up to this version, as far as none of them had named an account."""
        before = []
        for row in self._log.positioned(stream, lte=version):
            if named(self._codec.recorded(row), self) is not None:
                break
            before.append(row.id)
        return tuple(before)

    def decided(self, decision_id: str) -> str:
        """The account that a decision was about, "" where there is no such decision, or it was about none."""
        about = about_decision(decision_id)
        row = self._new.get(about)
        if row is None:
            position = self._log.first_about(about)
            if position is None:
                return ""
            (row,) = self._log.select_all(gt=position - 1, limit=1)
        kind, _, own = row[0].partition(":")
        return own if kind == "account" else self.account_of(row[0], row[1])


def _notification(row: Row) -> Notification:
    stream, version, name, stored, position = row
    return Notification(stream, version, name, stored, position)


def _unread(position: int, error: Exception) -> None:
    """Say which event could not be read, and nothing of it."""
    log.error(
        "an event could not be read, and is found by its stream alone",
        extra={"position": position, "reason": type(error).__name__},
    )
