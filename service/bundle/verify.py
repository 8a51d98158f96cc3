"""Verifying a bundle: with no network, no service and no database, and nothing of it believed before it was checked.

    source -> whole (seal, manifests, digests) -> recorded (events, proofs, checkpoint) -> told (custody, timelines)
                                                                                        -> stamped (timestamp)

The first fault ends it and names its file. What could be checked, and what could not, is said in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509

from service.bundle import bag, layout, report, stamped, told, whole
from service.bundle.custody import Custody
from service.bundle.fault import Fault
from service.bundle.note import Key
from service.bundle.proof import Checkpoint
from service.bundle.recorded import Events
from service.bundle.report import Verified
from service.bundle.source import Archived, Folder, Source
from service.bundle.whole import Whole


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A bundle in a folder or an archive. Raises Fault, OSError."""
    if path.is_dir():
        yield Folder(path)
        return
    with path.open("rb") as file:
        yield Archived(file)


def verify(source: Source, *, trusted: Key | None = None, roots: Sequence[x509.Certificate] = ()) -> Verified:
    """Verify a bundle. `trusted`: the ledger's key from elsewhere; `roots`: a timestamp authority's. Raises Fault."""
    found = whole.checked(source, trusted)
    told_of = _Reader(found)
    for path, raw in whole.content(source, found):
        told_of.take(path, raw)
    return told_of.settled(source, trusted, roots)


class _Reader:
    """Reads the files of a bundle in the order of their paths, which is that in which they can be checked."""

    def __init__(self, found: Whole) -> None:
        for path in layout.ALWAYS:
            if path not in found.payload:
                raise Fault(path, "it is missing; this is not all of a bundle")
        self._whole = found
        self._events = Events(told.TELLING)
        self._checkpoint: Checkpoint | None = None
        self._custody: Custody | None = None
        self._authority: bytes | None = None
        self._published: dict[str, bytes] = {}
        self._told = self._sketched = 0

    def take(self, path: str, raw: bytes) -> None:
        """The next file. Raises Fault."""
        about = layout.of_event(path)
        if about is not None:
            self._events.take(*about, raw)
        elif path == layout.CHECKPOINT:
            self._checkpoint = self._events.signed(raw, self._whole.signer)
        elif path == layout.CUSTODY and self._checkpoint is not None:
            self._custody = told.chain(raw, self._whole.name, self._checkpoint, self._whole.signer)
        elif path == layout.KEY and raw.decode("latin-1") != f"{self._whole.signer.text()}\n":
            raise Fault(path, "it is not the key that sealed the bundle")
        elif path == layout.TIMELINE:
            self._told = told.timeline_holds(raw, self._events.known)
        elif path == layout.TIMESKETCH:
            self._sketched = told.timesketch_holds(raw, self._events.known)
        elif path == layout.AUTHORITY:
            self._authority = raw
        elif path in (layout.CONSISTENCY, layout.PUBLIC):
            self._published[path] = raw
        elif path not in layout.ALWAYS:
            raise Fault(path, "no bundle has such a file")

    def settled(self, source: Source, trusted: Key | None, roots: Sequence[x509.Certificate]) -> Verified:
        """What came of it, once every file was read. Raises Fault."""
        self._events.ended()
        custody, checkpoint = self._custody, self._checkpoint
        if custody is None or checkpoint is None:
            raise Fault(layout.CUSTODY, "it is missing")
        told.custody_holds(custody, self._events.known, self._events.readings)
        signer = self._whole.signer
        checked = [
            report.FILES.format(files=len(source.sizes)),
            report.SEAL.format(name=signer.name, sha256=signer.fingerprint()),
            report.EVENTS.format(events=custody.events, size=checkpoint.size),
            report.READINGS,
            report.CUSTODY,
            *([report.UNSEALING] if custody.unsealing else []),
            report.TIMELINES.format(told=self._told, sketched=self._sketched),
            *([report.TRUSTED] if trusted else []),
        ]
        unchecked = [] if trusted else [report.NOT_TRUSTED]
        stamped_at = self._stamped(source, roots, checked, unchecked)
        self._public(checkpoint, checked, unchecked)
        if custody.withheld:
            unchecked.append(report.WITHHELD.format(withheld=custody.withheld))
        return Verified(
            name=self._whole.name,
            trusted=trusted is not None,
            custody=custody,
            files=len(source.sizes),
            stamped_at=stamped_at,
            seal_sha256=source.sums(bag.SEAL).digests[0],
            checked=tuple(checked),
            unchecked=(*unchecked, *report.BEYOND),
        )

    def _public(self, checkpoint: Checkpoint, checked: list[str], unchecked: list[str]) -> None:
        """Check the house's public checkpoint, if there is one. Raises Fault."""
        others = len(checkpoint.read.signatures) - 1
        if self._published:
            public, consistency = (self._published.get(path) for path in (layout.PUBLIC, layout.CONSISTENCY))
            if public is None or consistency is None:
                raise Fault(min(self._published), "what belongs to it is missing")
            found = self._events.public(public, consistency, self._whole.signer)
            covered = sum(position <= found.size for position in self._events.known)
            checked.append(report.PUBLIC.format(covered=covered, size=found.size))
            others += len(found.read.signatures) - 1
        if others:
            unchecked.append(report.WITNESSES.format(others=others))

    def _stamped(
        self, source: Source, roots: Sequence[x509.Certificate], checked: list[str], unchecked: list[str]
    ) -> str:
        """When the timestamp says that it was made, if there is one. Raises Fault."""
        if bag.TIMESTAMP not in source.sizes:
            unchecked.append(report.NO_STAMP)
            return ""
        raw, manifest = source.read(bag.TIMESTAMP), source.read(bag.MANIFESTS[0])
        stamp = stamped.stamp(raw, manifest, bag.TIMESTAMP)
        at = stamp.at.isoformat()
        if by := roots or self._certificates():
            stamped.signed(raw, manifest, bag.TIMESTAMP, by)
        if roots:
            checked.append(report.STAMPED.format(at=at))
        elif by:
            checked.append(report.STAMPED_BY_ITSELF.format(at=at))
            unchecked.append(report.STAMP_NOT_TRUSTED.format(authority=stamp.authority))
        else:
            unchecked.append(report.STAMP_NOT_SIGNED.format(at=at))
        return at

    def _certificates(self) -> Sequence[x509.Certificate]:
        """Those in the bundle, if any. Raises Fault."""
        if self._authority is None:
            return ()
        try:
            return stamped.certificates(self._authority.decode("ascii"))
        except ValueError:  # what is not ASCII is one too
            raise Fault(layout.AUTHORITY, "there is no certificate in it") from None
