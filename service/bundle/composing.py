"""Composing: which files there are of what, and how they become one bag. Of the same comes the same, byte for byte."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import BinaryIO

from eventsourcing.persistence import Notification

from projections import ledger, merkle
from service.bundle import archive, bag, layout
from service.bundle.bag import Sums
from service.bundle.certificate import certificate
from service.bundle.custody import Custody
from service.bundle.pieces import Files
from service.bundle.readable import Place, readable
from service.bundle.readme import readme
from service.bundle.told import NAMED


def of_event(stored: Notification, proof: str, *, withheld: bool) -> Files:
    """The files of one event. `withheld`: its hash alone, and its proof."""
    at = stored.id
    place = Place(at, str(stored.originator_id), stored.originator_version, stored.topic)
    entry = ledger.entry(place.stream, place.version, place.name, stored.state)
    proven = (layout.event(at, layout.PROOF), proof.encode())
    if withheld:
        return [(layout.event(at, layout.LEAF), f"{merkle.leaf(entry).hex()}\n".encode()), proven]
    made: Files = [
        (layout.event(at, layout.ENTRY), entry),
        (layout.event(at, layout.READING), readable(place, stored.state)),
    ]
    if entry[:1] != ledger.WHOLE:
        made.append((layout.event(at, layout.STATE), stored.state))
    return [*made, proven]


def published(checkpoint: str, consistency: Sequence[bytes]) -> Files:
    """The public checkpoint, and the proof that what it covers is the beginning of what the bundle's own covers."""
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in consistency)
    return [(layout.PUBLIC, checkpoint.encode()), (layout.CONSISTENCY, hashes.encode())]


def facts(custody: Custody, checkpoint: str, authority: str) -> Files:
    """The files that say what the bundle is. `authority`: certificates of the timestamp's, "" where there is none."""
    made: Files = [
        (layout.README, readme(custody, stamped=bool(custody.timestamp))),
        (layout.CERTIFICATE, certificate(custody)),
        (layout.CHECKPOINT, checkpoint.encode()),
        (layout.CUSTODY, custody.written()),
        (layout.KEY, f"{custody.ledger.key}\n".encode()),
    ]
    return [*made, (layout.AUTHORITY, authority.encode())] if authority else made


def described(custody: Custody) -> list[tuple[str, str]]:
    """The fields of `bag-info.txt` that say what is in the bag."""
    return [
        ("Bag-Software-Agent", custody.software),
        ("External-Identifier", custody.export_id),
        ("Bag-Group-Identifier", custody.incident_id),
        ("Internal-Sender-Identifier", custody.ledger.origin),
        ("External-Description", f"Evidence bundle of {custody.events} events about incident {custody.incident_id}"),
    ]


def sealed(
    out: BinaryIO,
    custody: Custody,
    payload: Mapping[str, Sums],
    read: Callable[[str], bytes],
    *,
    seal: Callable[[str], str],
    timestamp: bytes | None,
) -> None:
    """Write the archive of a bag: `read` gives the content of a file of the payload, `seal` a signed note of a text."""
    name = NAMED + custody.export_id
    tags = bag.tag_files(payload, described(custody), custody.asked_at, timestamp)
    tags[bag.SEAL] = seal(bag.seal_text(name, [tags[each] for each in bag.TAG_MANIFESTS])).encode()

    def files() -> Iterator[tuple[str, bytes]]:
        for path in sorted([*tags, *payload]):
            yield f"{name}/{path}", tags[path] if path in tags else read(path)

    archive.write(out, files())
