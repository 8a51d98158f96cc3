"""Share: the part of the log that one process replays: some contacts, with all that was decided in them.

A decision reads its contact, the account and bookings that is about, policy and authority. Attempts move nothing that a
decision reads; so contacts are dealt out by the last digit of their ids, and with them their attempts. What is left of
the accounts is little, and everybody folds it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted
from domain.event import EventShapeError, Header, Recorded, with_retired
from domain.policy import PolicyTable
from projections.past import READ, Broken
from projections.replaying import DECISIONS, Divergence, Fault, Replay
from projections.supposing import Change, supposed
from service.log import EventLog, LogUnavailable
from service.sealing import CorruptEvent, Decoder

__all__ = ["AT_ONCE", "DIGITS", "Chunk", "Finding", "Load", "Share"]

DIGITS = "0123456789abcdef"
AT_ONCE = 20_000  # positions

Finding = Divergence | Fault | Change

_CONTACT = "interaction"
_WHOLE = tuple(sorted({*READ} - {_CONTACT}, key=("account", "booking", *READ).index))  # the commonest first
_ATTEMPTS = (DisclosureAttempted, ActionAttempted)
_DEALT = with_retired(tuple(each.NAME for each in _ATTEMPTS))


class Chunk(msgspec.Struct, frozen=True):
    """What a share made of the log up to a position: decisions made again by the name of their event, and findings.

    `inferred`: of how many it had to be found out what they were given.
    """

    upto: int
    made: dict[str, int] = {}
    inferred: int = 0
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        """Say how far it goes."""
        return f"Chunk({self.upto})"


class Load:
    """How a stream is read that is not held. That the log was out of reach is kept: it must not pass for damage."""

    def __init__(self, log: EventLog, decoder: Decoder) -> None:
        """Read from this log."""
        self._log = log
        self._decoder = decoder
        self.failed: LogUnavailable | None = None

    def __call__(self, stream: str, position: int) -> Iterable[Recorded]:
        """The stream's events before this position."""
        try:
            found = self._log.of_streams([stream], lte=position - 1)
        except LogUnavailable as error:
            self.failed = error
            raise
        return map(self._decoder.recorded, found)


class Share:
    """One share of several. Blocking. `table`: the policy to judge the past by, None for that of its day alone."""

    def __init__(self, log: EventLog, number: int = 0, of: int = 1, table: PolicyTable | None = None) -> None:
        """The share of this number, of so many."""
        self._log = log
        self._decoder = Decoder()
        self._load = Load(log, self._decoder)
        self._replay = Replay(self._load)
        self._table = table
        own = "".join(digit for digit in DIGITS if int(digit, 16) % of == number)
        # The first share also has whatever ends with no digit.
        self._last = own if number else ""
        self._others = "" if number else "".join(digit for digit in DIGITS if digit not in own)

    def chunk(self, gt: int, lte: int) -> Chunk:
        """Replay the positions after `gt` up to `lte`, which follow on those before. Raises LogUnavailable."""
        rows = self._log.dealt(_WHOLE, _CONTACT, _DEALT, gt=gt, lte=lte, last=self._last, others=self._others)
        made: dict[str, int] = {}
        findings: list[Finding] = []
        inferred = 0
        read, make, past, table = self._decoder.read, self._replay.made, self._replay.past, self._table
        for row in rows:
            stream, version, name, state, position = row
            try:
                if state is None:  # an attempt that is another share's
                    past.passed(stream, version)
                    continue
                header, event = read(stream, version, name, state)
                kind = type(event)
                if kind in _ATTEMPTS or (kind in DECISIONS and self._makes(stream, header)):
                    again = make(Recorded(position, stream, version, name, header, event, state))
                    made[kind.NAME] = made.get(kind.NAME, 0) + 1
                    inferred += again.inferred
                    found: Finding | None = None
                    if again.differs:
                        found = again.divergence()
                    elif table is not None and kind in _ATTEMPTS:
                        found = supposed(self._replay, again, table)
                    if found is not None:
                        findings.append(found)
                past.fold(stream, version, header, event)
            except (CorruptEvent, EventShapeError):
                findings.append(Fault(position, stream, version, "cannot be read"))
            except Broken as broken:
                findings.append(Fault(position, stream, version, broken.reason))
        if self._load.failed is not None:
            raise self._load.failed
        return Chunk(lte, made, inferred, tuple(findings))

    def _makes(self, stream: str, header: Header) -> bool:
        """Whether a decision is this share's to make: by the contact it was made in, else by its stream."""
        digit = (header.interaction or stream)[-1:]
        return digit in self._last if self._last else digit not in self._others
