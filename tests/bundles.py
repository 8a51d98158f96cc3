"""Bundles in tests: a ledger in memory, and a small bundle over it, made as the service makes one."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from eventsourcing.persistence import Notification

from domain.event import Actor, Event, Header, Sealed
from domain.exhibit import EntryPinned
from domain.export import ExportAsked
from domain.unsealing import UnsealingApproved, UnsealingAsked
from projections import ledger, merkle
from service.bundle import archive, bag, composing, layout, proof
from service.bundle.custody import Custody, LedgerSaid, Opened, Who
from service.bundle.note import Key
from service.bundle.note import key as read_key
from service.bundle.source import Archived
from service.ledger.note import Signer
from service.sealing import MasterKey
from service.signing import SigningKey

ORIGIN = "watchword.test/log"
EXPORT, INCIDENT, ACCOUNT, UNSEALING = "e" * 32, "c" * 32, "a" * 32, "u" * 32
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PDF = b"%PDF-1.4\n% drawn elsewhere\n%%EOF\n"


def signer(seed: bytes = b"k") -> Signer:
    """A ledger's key; another seed, another key."""
    return Signer(SigningKey(MasterKey(seed * 32), "checkpoints of the ledger"), ORIGIN)


class Log:
    """A log in memory and the ledger over it."""

    def __init__(self, by: Signer) -> None:
        self.by = by
        self.rows: list[Notification] = []

    def append(self, stream: str, happened: Event, who: str = "legal-1", role: str = "legal") -> int:
        """Put an event on record; returns its position."""
        position = len(self.rows) + 1
        version = 1 + sum(row.originator_id == stream for row in self.rows)
        at = AT - timedelta(hours=1) + timedelta(seconds=position)
        header = Header(f"{position:032x}", at, Actor(who, role, site="manila"), "request")
        state = msgspec.json.encode({"header": header, "event": happened})
        self.rows.append(Notification(stream, version, happened.NAME, state, position))
        return position

    def leaves(self) -> list[bytes]:
        return [ledger.leaf(str(r.originator_id), r.originator_version, r.topic, r.state) for r in self.rows]


class Tree:
    """All nodes of a tree, made once."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.rows = [leaves]
        while len(self.rows[-1]) > 1:
            below = self.rows[-1]
            self.rows.append([merkle.pair(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)])
        self.size = len(leaves)

    def node(self, level: int, index: int) -> bytes:
        return self.rows[level][index]

    def root(self) -> bytes:
        return merkle.root([self.node(*each) for each in merkle.peaks(0, self.size)])

    def path(self, position: int) -> tuple[bytes, ...]:
        return tuple(merkle.inclusion(position - 1, self.size, self.node))


def sealed(subject: str, size: int = 40) -> Sealed:
    return Sealed(subject, b"\x07" * size)


def entries(log: Log, positions: list[int]) -> tuple[bytes, bytes]:
    """A timeline and lines for Timesketch of these events."""
    told, sketched = [], b""
    for row in (log.rows[position - 1] for position in positions):
        at = msgspec.json.decode(row.state)["header"]["occurred_at"]
        told.append({"position": row.id, "name": row.topic, "at": at, "what": "something happened"})
        sketched += (
            msgspec.json.encode({"message": "x", "datetime": at, "position": row.id, "event": row.topic}) + b"\n"
        )
    return msgspec.json.encode({"entries": told}), sketched


class Bundle:
    """A bundle's files by path, its key, and what it was made from."""

    def __init__(self, log: Log, custody: Custody, payload: dict[str, bytes]) -> None:
        self.log, self.custody, self.payload = log, custody, payload

    @property
    def key(self) -> Key:
        return read_key(self.log.by.verifier.text)

    def archive(self, payload: dict[str, bytes] | None = None, timestamp: bytes | None = None) -> bytes:
        """The archive of this payload, or another, under a good seal."""
        content = self.payload if payload is None else payload
        out = io.BytesIO()
        sums = {path: bag.summed(raw) for path, raw in content.items()}
        composing.sealed(
            out, self.custody, sums, lambda path: content[path], seal=self.log.by.seal, timestamp=timestamp
        )
        return out.getvalue()

    def files(self, payload: dict[str, bytes] | None = None, timestamp: bytes | None = None) -> dict[str, bytes]:
        """Every file of the bag."""
        source = Archived(io.BytesIO(self.archive(payload, timestamp)))
        return {path: source.read(path) for path in source.sizes}


def bundle(
    *,
    events: int = 2,
    opened: bool = True,
    withheld: bool = False,
    timestamp: str = "",
    authority: str = "",
    pdf: bytes = PDF,
    long: int = 0,
    published: int = 1,
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda facts: facts,
) -> Bundle:
    """A bundle about an incident of some events. `long`: the bytes of a sealed value in one more of them;
    `published`: how many events the public checkpoint covers.

    `change`: what of the chain of custody is to be said otherwise.
    """
    log = Log(signer())
    positions = [log.append(f"incident:{INCIDENT}", EntryPinned(position=n + 1)) for n in range(events)]
    if long:
        party = UnsealingAsked(
            unsealing_id="x", account_id="", incident_id=INCIDENT, asker="somebody", purpose="audit",
            words=sealed(INCIDENT, long), asked_at=AT,
        )  # fmt: skip
        positions.append(log.append("unsealing:x", party))
    until = AT + timedelta(hours=1)
    custodial = []
    if opened:
        asked = UnsealingAsked(
            unsealing_id=UNSEALING, account_id="", incident_id=INCIDENT, asker="legal-1", purpose="court_order",
            words=sealed(INCIDENT), asked_at=AT,
        )  # fmt: skip
        approved = UnsealingApproved(unsealing_id=UNSEALING, approver="legal-2", until=until, signature="00")
        custodial += [log.append(f"unsealing:{UNSEALING}", each) for each in (asked, approved)]
    happened = ExportAsked(
        export_id=EXPORT, incident_id=INCIDENT, account_id=ACCOUNT, recipient="court" if withheld else "",
        unsealing_id=UNSEALING if opened else "", purpose="court_order", for_whom=sealed(EXPORT),
        words=sealed(EXPORT), asked_by="legal-1", asked_at=AT,
    )  # fmt: skip
    custodial.append(log.append(f"export:{EXPORT}", happened))
    tree = Tree(log.leaves())
    checkpoint = log.by.sign(tree.size, tree.root())
    key = read_key(log.by.verifier.text)
    facts: dict[str, Any] = {
        "export_id": EXPORT,
        "incident_id": INCIDENT,
        "account_id": ACCOUNT,
        "exported_by": Who("legal-1", "legal", "manila"),
        "asked_at": AT,
        "asked_at_position": custodial[-1],
        "for_whom": "the High Court",
        "purpose": "court_order",
        "words": "order of 1 March",
        "recipient": "court" if withheld else "",
        "unsealing": Opened(UNSEALING, "legal-1", "legal-2", "court_order", until, (INCIDENT,)) if opened else None,
        "events": len(positions) + len(custodial),
        "withheld": len(positions) if withheld else 0,
        "first_position": 1,
        "last_position": len(log.rows),
        "ledger": LedgerSaid(ORIGIN, tree.size, tree.root().hex(), key.text(), key.fingerprint()),
        "timestamp": timestamp,
        "software": "watchword test",
    }
    custody = Custody(**change(facts))
    payload = dict(composing.facts(custody, checkpoint.text, authority))
    if published:
        before = Tree(log.leaves()[:published])
        consistent = merkle.consistency(published, tree.size, tree.node)
        payload |= dict(composing.published(log.by.sign(published, before.root()).text, consistent))
    for position in (*positions, *custodial):
        proven = proof.written(position - 1, tree.path(position), checkpoint.text)
        hidden = withheld and position in positions
        payload |= dict(composing.of_event(log.rows[position - 1], proven, withheld=hidden))
    payload[layout.TIMELINE], payload[layout.TIMESKETCH] = entries(log, positions)
    payload[layout.PDF] = pdf
    return Bundle(log, custody, payload)


def resigned(text: str, by: Signer) -> bytes:
    """A text as a note of this key, whatever it says."""
    signature = by.verifier.key_id + bytes.fromhex(by._key.sign(text.encode()))
    return f"{text}\n\N{EM DASH} {by.origin} {base64.b64encode(signature).decode()}\n".encode()


def folder_of(files: dict[str, bytes], root: Any) -> Any:
    """The files of a bag in a folder."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


__all__ = ["PDF", "Bundle", "archive", "bundle", "folder_of", "resigned", "sealed", "signer"]
