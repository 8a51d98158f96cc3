"""Whether the events of a bundle are what the ledger has: each by its proof, and its reading by its stored bytes."""

from __future__ import annotations

import re
import struct

import msgspec

from projections import ledger, merkle
from service.bundle import layout
from service.bundle.fault import Fault
from service.bundle.note import Key, Unreadable, signed_by
from service.bundle.proof import Checkpoint, Proof, begins, checkpoint, proof, proves
from service.bundle.proof import consistency as read_consistency
from service.bundle.readable import Place, readable

_LEAF = re.compile(rb"([0-9a-f]{64})\n")


class Told(msgspec.Struct, frozen=True, gc=False):
    """What is known of an event whose proof holds; `occurred_at` is as it is written in its header."""

    place: Place
    occurred_at: str


class _Header(msgspec.Struct, gc=False):
    occurred_at: str


class _Laid(msgspec.Struct, gc=False):
    """The clear part of a reading."""

    position: int
    stream: str
    version: int
    name: str
    header: _Header


_LAID = msgspec.json.Decoder(_Laid)


def _signed(path: str, raw: bytes, by: Key) -> Checkpoint:
    try:
        found = checkpoint(raw)
    except Unreadable as error:
        raise Fault(path, str(error)) from None
    if not signed_by(found.read, by):
        raise Fault(path, "it is not signed by the key that sealed the bundle")
    if found.origin != by.name:
        raise Fault(path, "it is of another ledger than its key")
    return found


class Events:
    """The events of a bundle, as their files come by in the order of their paths."""

    def __init__(self, kept: frozenset[str] = frozenset()) -> None:
        """Know none. `kept`: names of events whose readings are wanted afterwards."""
        self.known: dict[int, Told | None] = {}  # None: withheld, there by its hash alone
        self.readings: dict[int, bytes] = {}  # of those events that were asked for by name
        self._kept = kept
        self._files: dict[int, dict[str, bytes]] = {}
        self._checkpoint: tuple[Checkpoint, bytes] | None = None

    def signed(self, raw: bytes, by: Key) -> Checkpoint:
        """The checkpoint, where this key signed it. Raises Fault."""
        found = _signed(layout.CHECKPOINT, raw, by)
        self._checkpoint = found, raw
        return found

    def public(self, raw: bytes, consistency: bytes, by: Key) -> Checkpoint:
        """The public checkpoint, where this key signed it and the other is of the same ledger. Raises Fault."""
        found = _signed(layout.PUBLIC, raw, by)
        try:
            path = read_consistency(consistency)
        except Unreadable as error:
            raise Fault(layout.CONSISTENCY, str(error)) from None
        if self._checkpoint is None or not begins(found, self._checkpoint[0], path):
            raise Fault(layout.CONSISTENCY, "it does not lead from the public checkpoint to the bundle's own")
        return found

    def take(self, position: int, kind: str, raw: bytes) -> None:
        """A file of an event; the checkpoint came before it, and of each event its proof comes last. Raises Fault."""
        if self._files and position not in self._files:
            self.ended()
        files = self._files.setdefault(position, {})
        files[kind] = raw
        if kind == layout.PROOF:
            self.known[position] = self._settled(position, self._files.pop(position))

    def ended(self) -> None:
        """Nothing more comes of any event. Raises Fault for one without a proof."""
        for position, files in self._files.items():
            raise Fault(layout.event(position, min(files)), "there is no proof for it")

    def _settled(self, position: int, files: dict[str, bytes]) -> Told | None:
        """Check one event, all of whose files are there. Raises Fault."""
        if self._checkpoint is None:
            raise Fault(layout.CHECKPOINT, "it is missing")
        proven = self._read(position, files.pop(layout.PROOF))
        if layout.LEAF in files:
            match = _LEAF.fullmatch(files[layout.LEAF])
            if match is None or len(files) > 1:
                raise Fault(layout.event(position, layout.LEAF), "it is no hash of an event that is withheld")
            hashed = bytes.fromhex(match[1].decode())
            told = None
        else:
            told = self._laid(position, files)
            if told.place.name in self._kept:
                self.readings[position] = files[layout.READING]
            hashed = merkle.leaf(files[layout.ENTRY])
        if not proves(proven, hashed, self._checkpoint[0]):
            raise Fault(layout.event(position, layout.PROOF), "it does not lead from the event to the ledger's root")
        return told

    def _read(self, position: int, raw: bytes) -> Proof:
        path = layout.event(position, layout.PROOF)
        try:
            found = proof(raw)
        except Unreadable as error:
            raise Fault(path, str(error)) from None
        if found.index != position - 1:
            raise Fault(path, "it is the proof of another event")
        if self._checkpoint is None or found.checkpoint != self._checkpoint[1]:
            raise Fault(path, f"it leads to another checkpoint than {layout.CHECKPOINT}")
        return found

    @staticmethod
    def _laid(position: int, files: dict[str, bytes]) -> Told:
        """The reading, where it and the entry are of the same stored bytes. Raises Fault."""
        if not {layout.ENTRY, layout.READING} <= files.keys():
            raise Fault(layout.event(position, layout.PROOF), "what it proves is missing: the entry, or its reading")
        path, entry_path = layout.event(position, layout.READING), layout.event(position, layout.ENTRY)
        try:
            laid = _LAID.decode(files[layout.READING])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Fault(path, "it is no reading of an event") from None
        if laid.position != position:
            raise Fault(path, "it is the reading of another event")
        entry = files[layout.ENTRY]
        try:
            state = files.get(layout.STATE, entry[len(ledger.entry(laid.stream, laid.version, laid.name, b"")) :])
            same = ledger.entry(laid.stream, laid.version, laid.name, state) == entry
        except (struct.error, ValueError):  # a number or a text that no row of the log has
            same = False
            state = b""
        if not same or (entry[:1] == ledger.WHOLE) == (layout.STATE in files):
            raise Fault(entry_path, "it is not the entry of the event that its reading tells of")
        place = Place(laid.position, laid.stream, laid.version, laid.name)
        try:
            if readable(place, state) != files[layout.READING]:
                raise Fault(path, "it says something else than what is stored of the event")
        except ValueError as error:
            raise Fault(entry_path, str(error)) from None
        return Told(place, laid.header.occurred_at)
