"""Auditing: the whole log replayed by a command, straight from its database, and put on record as a reading of it.

No service is asked, and no key: nothing that is personal is opened. Who reads is the user of the operating system that
runs the command, under a role of its own; whoever can reach the database is whom the log's owner let in.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator

import msgspec

from domain import reader
from domain.auditing import AuditBegun, AuditEnded, What
from domain.event import Actor, Event, Header
from domain.policy import PolicyTable
from projections.replaying import Divergence, Fault
from projections.supposing import Change
from service.chance import identifier
from service.desk.clock import EARLIEST, Clock
from service.log import Append, Conflict, EventLog, LogUnavailable
from service.record.share import Chunk, Finding
from service.record.shares import chunks
from service.sealing import Decoder

__all__ = ["Audit", "Tally", "operator"]

ROLE = "command_line"
TRIES = 8


class Tally(msgspec.Struct):
    """What was found so far. `made`: decisions by the name of their event; `changes`: by how, and by rule.

    `inferred`: of how many decisions, recorded before they kept what they were given, that had to be found out.
    """

    upto: int = 0
    decisions: int = 0
    made: dict[str, int] = {}
    inferred: int = 0
    divergences: int = 0
    faults: int = 0
    changes: dict[str, int] = {}
    rules: dict[str, dict[str, int]] = {}

    def add(self, chunk: Chunk) -> None:
        """Count what was found in one more stretch of the log."""
        self.upto = chunk.upto
        self.inferred += chunk.inferred
        for name, count in chunk.made.items():
            self.made[name] = self.made.get(name, 0) + count
            self.decisions += count
        for each in chunk.findings:
            self._found(each)

    def _found(self, finding: Finding) -> None:
        match finding:
            case Divergence():
                self.divergences += 1
            case Fault():
                self.faults += 1
            case Change(how=how):
                self.changes[how] = self.changes.get(how, 0) + 1
                of_rules = self.rules.setdefault(how, {})
                for rule in finding.counted():
                    of_rules[rule] = of_rules.get(rule, 0) + 1

    def sound(self) -> bool:
        """Whether everything could be read, and came out as it is on record."""
        return not self.divergences and not self.faults

    def __repr__(self) -> str:
        """Say how many decisions were made again."""
        return f"Tally({self.decisions})"


class Audit:
    """One pass over the log as it stood when it began. Blocking. `table`: a policy to judge the past by as well."""

    def __init__(self, url: str, log: EventLog, who: Actor, table: PolicyTable | None = None) -> None:
        """Read this log, which is the one at this URL."""
        self._url = url
        self._log = log
        self._who = who
        self._table = table
        self._decoder = Decoder()
        self._id = identifier()
        self.tally = Tally()
        self.last = 0

    def begin(self) -> None:
        """Put on record that it begins. Raises LogUnavailable: then nothing may be read."""
        self.last = self._log.last_position()
        what: What = "replay" if self._table is None else "what_if"
        digest = "" if self._table is None else self._table.digest
        self._record(AuditBegun(audit_id=self._id, what=what, upto=self.last, policy=digest))

    def run(self, processes: int = 0) -> Iterator[Chunk]:
        """Replay it, stretch by stretch, and put on record what came of it. Raises LogUnavailable, ShareFailed."""
        for chunk in chunks(self._url, self.last, table=self._table, processes=processes):
            self.tally.add(chunk)
            yield chunk
        tally = self.tally
        found = {"divergences": tally.divergences, "faults": tally.faults, **tally.changes}
        self._record(AuditEnded(audit_id=self._id, decisions=tally.decisions, found=found))

    def _record(self, event: Event) -> None:
        stream = reader.stream(self._who.subject)
        clock = Clock()
        for _ in range(TRIES):
            last = self._log.last_position()
            latest = self._log.read_all(gt=last - 1, limit=1) if last else []
            clock.begin(self._decoder.header(latest[0]).occurred_at if latest else EARLIEST)
            version = self._log.heads([stream])[stream] + 1
            header = Header(identifier(), clock.now(), self._who, f"watchword audit {self._id}")
            try:
                self._log.append(
                    Append(
                        events=(self._decoder.stored(event, header, stream, version),),
                        expect={stream: version - 1},
                    )
                )
            except Conflict:  # the same user in another window
                continue
            return
        raise LogUnavailable("that the record is read could not be recorded")


def operator() -> Actor:
    """Who runs a command: the user of the operating system, and on which machine."""
    try:
        import pwd  # noqa: PLC0415 - not on every system

        name = pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        name = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return Actor(f"os:{name}", ROLE, site=platform.node())
