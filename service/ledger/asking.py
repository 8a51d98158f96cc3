"""What the API answers about the ledger.

Anybody may have the public checkpoint, and hash tiles as far as it reaches: it moves on its own beat, in whole tiles,
so that nothing of it ticks when somebody asks about an account. What follows the log within a second is for those who
read the record. Entries are the record itself, as it is stored; who reads them is on record first.
"""

from __future__ import annotations

import base64
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain import ledger
from domain.ledger import EntriesRead
from domain.refusal import Refused
from projections.ledger import WIDTH, bundle, entry, read_path
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.ledger.note import Checkpoint
from service.ledger.witness import WitnessState

HIGHEST = 7  # a level above would be of more leaves than there are positions


class Which(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Against which checkpoint: the one auditors see, or the public one."""

    checkpoint: Literal["current", "public"] = "current"


class Sizes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two sizes of the tree. `new` left out: that of the current checkpoint."""

    old: Annotated[int, Meta(ge=0)] = 0
    new: Annotated[int, Meta(ge=0)] | None = None


class ConsistencyAnswer(msgspec.Struct, frozen=True):
    """A proof of consistency (RFC 6962, 2.1.2): hashes in base64."""

    old: int
    new: int
    proof: tuple[str, ...]


class WitnessesAnswer(msgspec.Struct, frozen=True):
    """Who cosigns the public checkpoint, and how it stands with each."""

    witnesses: tuple[WitnessState, ...]


async def checkpoint(desk: Desk, _asker: Asker) -> str:
    """The public checkpoint."""
    return desk.ledger.public.text


async def current_checkpoint(desk: Desk, _asker: Asker) -> str:
    """The newest checkpoint, not a second old."""
    return desk.ledger.current.text


async def key(desk: Desk, _asker: Asker) -> str:
    """The key that checkpoints verify by."""
    return f"{desk.ledger.key_text}\n"


async def tile(desk: Desk, _asker: Asker, level: str, number: str) -> bytes:
    """A hash tile, as far as the public checkpoint reaches. Raises Refused("unknown_tile")."""
    return await _tile(desk, desk.ledger.public, level, number)


async def current_tile(desk: Desk, _asker: Asker, level: str, number: str) -> bytes:
    """A hash tile, as far as the current checkpoint reaches. Raises Refused("unknown_tile")."""
    return await _tile(desk, desk.ledger.current, level, number)


async def entries(desk: Desk, asker: Asker, number: str) -> bytes:
    """An entry bundle, as far as the public checkpoint reaches. Raises Refused("unknown_tile")."""
    return await _entries(desk, asker, desk.ledger.public, number)


async def current_entries(desk: Desk, asker: Asker, number: str) -> bytes:
    """An entry bundle, as far as the current checkpoint reaches. Raises Refused("unknown_tile")."""
    return await _entries(desk, asker, desk.ledger.current, number)


async def proof(desk: Desk, _asker: Asker, position: str, which: Which) -> str:
    """The `.tlog-proof` of the event at this position. Raises Refused("unknown_position")."""
    covering = desk.ledger.public if which.checkpoint == "public" else desk.ledger.current
    if not (position.isascii() and position.isdigit()) or not 1 <= int(position) <= covering.size:
        raise Refused("unknown_position", "give a position that the checkpoint covers, from 1 on", place="position")
    return await desk.pipeline.threaded(lambda: desk.ledger.prove(int(position), covering))


async def consistency(desk: Desk, _asker: Asker, sizes: Sizes) -> ConsistencyAnswer:
    """The proof that the log only grew between two sizes. Raises Refused("bad_sizes")."""
    most = desk.ledger.current.size
    new = most if sizes.new is None else sizes.new
    if not sizes.old <= new <= most:
        raise Refused("bad_sizes", f"give old and new, in this order, up to {most}", place="query.old")
    found = await desk.pipeline.threaded(lambda: desk.ledger.tree.consistency(sizes.old, new))
    return ConsistencyAnswer(sizes.old, new, tuple(base64.b64encode(each).decode() for each in found))


async def witnesses(desk: Desk, _asker: Asker) -> WitnessesAnswer:
    """How it stands with each witness."""
    return WitnessesAnswer(tuple(desk.ledger.witnesses()))


def _unknown() -> Refused:
    return Refused("unknown_tile", "there is no such tile in the tree of the checkpoint", place="number")


def _found(covering: Checkpoint, level: int, number: str) -> tuple[int, int]:
    """Number and width of a tile of the checkpoint's tree. The store is not asked about what is beyond it."""
    found = read_path(number)
    if found is None or found[0] * WIDTH + found[1] > covering.size >> 8 * level:
        raise _unknown()
    return found


async def _tile(desk: Desk, covering: Checkpoint, level: str, number: str) -> bytes:
    if level not in [str(each) for each in range(HIGHEST + 1)]:
        raise _unknown()
    at, width = _found(covering, int(level), number)
    hashes = await desk.pipeline.threaded(lambda: desk.ledger.tree.tile(int(level), at, width))
    if hashes is None:
        raise _unknown()
    return hashes


async def _entries(desk: Desk, asker: Asker, covering: Checkpoint, number: str) -> bytes:
    at, width = _found(covering, 0, number)
    first = at * WIDTH + 1

    def decide(_: Reader) -> Draft[None]:
        return Draft(None, [(ledger.STREAM, EntriesRead(first=first, count=width))])

    await desk.pipeline.carry_out(asker, decide)
    last = first + width - 1
    rows = await desk.pipeline.threaded(lambda: desk.log.section(gt=first - 1, lte=last, limit=width))
    return bundle(entry(*row[:4]) for row in rows)
