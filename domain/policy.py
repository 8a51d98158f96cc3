"""Policy: what a listener of a given standing may hear, as a complete table compiled from Cedar, versioned by events.

The table holds one 32-bit mask a situation (`domain/dimension.py`), so that a decision looks up what one listener may
hear with one tuple access, and beside it, for every cell, the ids of the rules that decided it. Judging the cells is
Cedar's work (`service/policies`); nothing here evaluates a rule.

How the masks are used: for each listener, and each item of a document, pick the scope the item has *for that
listener*, take `classes(mask, view, scope)`, and intersect with `&` over all listeners. Whoever may have a cell held
may also have it shown (`check` rejects any other table), so a meet of one listener on the held view with one on the
shown view is never less than what both may have shown.

A listener of standing `bound` (an interpreter or relay operator) does not narrow: the default policy permits him
every cell, so that a meet with him changes nothing. He opens nothing either: whoever takes the meet leaves out
listeners of standing `bound`, and where nobody else is on the line the answer is nothing. The channel `notice` shows
nothing to anybody, bound or not.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable
from typing import ClassVar, Self

import msgspec

from domain.dimension import (
    CELLS,
    MASK_BITS,
    Cell,
    Channel,
    Protection,
    Purpose,
    Scope,
    Standing,
    Tier,
    View,
    bit,
    classes,
    every_cell,
    situation,
)
from domain.event import Event, event
from domain.field_class import FieldClass
from domain.refusal import Refused

__all__ = [
    "CELLS",
    "DEFAULT_DENY",
    "MASK_BITS",
    "NOTHING",
    "AdoptPolicy",
    "Cell",
    "ChangedCell",
    "Channel",
    "PolicyAdopted",
    "PolicyRejected",
    "PolicyState",
    "PolicyTable",
    "Protection",
    "Purpose",
    "Ruling",
    "Scope",
    "Standing",
    "Tier",
    "View",
    "bit",
    "check",
    "classes",
    "compare",
    "decide",
    "digest_of",
    "every_cell",
    "evolve",
    "situation",
]

DEFAULT_DENY = "default-deny"
"""The name under which a cell is recorded that no rule spoke about. No rule may take it as its id."""

MOST_BYTES = 60 * 1024
"""The largest policy that may be adopted: text, schema and packed table together, for an event under 64 KiB."""


class Ruling(msgspec.Struct, frozen=True, gc=False):
    """How a cell was decided, and by which rules: their ids in the order of the text, or `default-deny` alone."""

    permits: bool
    rules: tuple[str, ...]


class PolicyRejected(Refused):
    """A policy that may not be adopted. `reasons` name the rule or the cell and its fault; never personal data."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("policy-rejected", "; ".join(self.reasons), place="policy")


def digest_of(text: str, schema: str) -> str:
    """SHA-256 of the policy text, a NUL and the schema text, in hex."""
    return hashlib.sha256(text.encode() + b"\0" + schema.encode()).hexdigest()


class PolicyTable(msgspec.Struct, frozen=True, gc=False):
    """A policy judged completely: made by `PolicyTable.of`, which derives the masks.

    `version`: 0 until adopted. `digest`: `digest_of` the text and the schema. `rule_ids`: every rule in the order of
    the text, also those that decided nothing. `cells`: for every cell the index into `rulings`, 16 bits, little
    endian; 36,864 bytes. `masks`: 576 of 32 bits, one a situation.
    """

    version: int
    digest: str
    rule_ids: tuple[str, ...]
    rulings: tuple[Ruling, ...]
    cells: bytes
    masks: tuple[int, ...]

    @classmethod
    def of(
        cls, digest: str, rule_ids: tuple[str, ...], rulings: tuple[Ruling, ...], cells: bytes, version: int = 0
    ) -> Self:
        """Build a table. Raises PolicyRejected where a cell is missing or points at no ruling."""
        if len(cells) != 2 * CELLS:
            raise PolicyRejected([f"the table has {len(cells) // 2} cells, not {CELLS}; compile the policy again"])
        permits = [ruling.permits for ruling in rulings]
        numbers = struct.unpack(f"<{CELLS}H", cells)
        if max(numbers) >= len(rulings):
            place = next(cell for cell, number in zip(every_cell(), numbers, strict=True) if number >= len(rulings))
            raise PolicyRejected([f"cell {place} has no ruling; compile the policy again"])
        masks = tuple(
            sum(permits[number] << place for place, number in enumerate(numbers[start : start + MASK_BITS]))
            for start in range(0, CELLS, MASK_BITS)
        )
        return cls(version, digest, rule_ids, rulings, cells, masks)

    def __repr__(self) -> str:
        """Version, digest and sizes: the cells are long."""
        return f"PolicyTable(version={self.version}, digest={self.digest[:12]!r}, rules={len(self.rule_ids)})"

    def mask(self, standing: Standing, protection: Protection, purpose: Purpose, channel: Channel, tier: Tier) -> int:
        """All that a listener in this situation may hear: 32 bits, see `bit`. The hot path: one tuple access."""
        return self.masks[situation(standing, protection, purpose, channel, tier)]

    def ruling(self, cell: Cell) -> Ruling:
        """How a cell was decided."""
        at = situation(cell.standing, cell.protection, cell.purpose, cell.channel, cell.tier)
        place = 2 * (at * MASK_BITS + bit(cell.view, cell.scope, cell.field_class))
        return self.rulings[self.cells[place] | self.cells[place + 1] << 8]

    def rules(
        self,
        *,
        standing: Standing,
        protection: Protection,
        view: View,
        field_class: FieldClass,
        scope: Scope,
        purpose: Purpose,
        channel: Channel,
        tier: Tier,
    ) -> tuple[str, ...]:
        """Ids of the rules that decided a cell; `("default-deny",)` where none did."""
        return self.ruling(Cell(standing, protection, purpose, channel, tier, view, scope, field_class)).rules

    def permits(
        self,
        *,
        standing: Standing,
        protection: Protection,
        view: View,
        field_class: FieldClass,
        scope: Scope,
        purpose: Purpose,
        channel: Channel,
        tier: Tier,
    ) -> bool:
        """Whether a cell is permitted."""
        mask = self.mask(standing, protection, purpose, channel, tier)
        return bool(mask >> bit(view, scope, field_class) & 1)


NOTHING = PolicyTable.of("", (), (Ruling(permits=False, rules=(DEFAULT_DENY,)),), bytes(2 * CELLS))
"""The table in force before any policy is adopted: nobody hears anything."""


def check(table: PolicyTable) -> list[str]:
    """Why a table may not be adopted, a line a kind of fault with its first cell and their number; empty if it may.

    Held without shown: a meet of listeners would fall to nothing by it. Wider under protection: what is denied while
    nobody on the account is protected must stay denied when somebody is, and an adverse listener has nothing that a
    verified one would not have had.
    """
    held_alone: list[Cell] = []
    widened: list[Cell] = []
    for cell in every_cell():
        mask = table.mask(cell.standing, cell.protection, cell.purpose, cell.channel, cell.tier)
        place = bit(cell.view, cell.scope, cell.field_class)
        if not mask >> place & 1:
            continue
        if cell.view is View.HELD and not mask >> bit(View.SHOWN, cell.scope, cell.field_class) & 1:
            held_alone.append(cell)
        before = Standing.VERIFIED if cell.standing is Standing.ADVERSE else cell.standing
        if not table.mask(before, Protection.NONE, cell.purpose, cell.channel, cell.tier) >> place & 1:
            widened.append(cell)
    return [
        f"{fault} (rules {', '.join(table.ruling(found[0]).rules)}) and {len(found) - 1} more"
        for fault, found in (
            (f"held is permitted where shown is not: cell {held_alone[0] if held_alone else ''}", held_alone),
            (f"protection widens what may be heard: cell {widened[0] if widened else ''}", widened),
        )
        if found
    ]


class ChangedCell(msgspec.Struct, frozen=True, gc=False):
    """A cell that two policies decide differently, and how each decided it."""

    cell: Cell
    old: Ruling
    new: Ruling


def compare(old: PolicyTable, new: PolicyTable) -> list[ChangedCell]:
    """Every cell that is permitted by one table and denied by the other; exhaustive, in the order of the table."""
    return [
        ChangedCell(cell, before, after)
        for cell in every_cell()
        if (before := old.ruling(cell)).permits != (after := new.ruling(cell)).permits
    ]


# --- adoption: the stream `policy` ---------------------------------------------------------------------------------


@event
class PolicyAdopted(Event, frozen=True, gc=False):
    """A policy took effect at this event's position. Holds all that judges by it: no engine is needed to replay.

    `engine`: name and version of what judged the cells. `cells`: as in `PolicyTable`, compressed by zlib (RFC 1950).
    """

    NAME: ClassVar[str] = "policy.adopted.v1"
    version: int
    digest: str
    text: str
    schema: str
    engine: str
    rule_ids: tuple[str, ...]
    rulings: tuple[Ruling, ...]
    cells: bytes

    def table(self) -> PolicyTable:
        """The table as it was adopted. Raises PolicyRejected if it is not whole."""
        try:
            cells = zlib.decompressobj().decompress(self.cells, 2 * CELLS + 1)
        except zlib.error:
            raise PolicyRejected([f"the cells of policy version {self.version} cannot be unpacked"]) from None
        return PolicyTable.of(self.digest, self.rule_ids, self.rulings, cells, self.version)


class PolicyState(msgspec.Struct, frozen=True, gc=False):
    """The policy in force. `version` counts adoptions; 0: none yet, and nobody hears anything."""

    version: int = 0
    table: PolicyTable = NOTHING


class AdoptPolicy(msgspec.Struct, frozen=True, gc=False):
    """Put a compiled policy in force: the text, the schema and the table compiled from just these two by `engine`."""

    text: str
    schema: str
    engine: str
    table: PolicyTable


def decide(state: PolicyState, command: AdoptPolicy) -> list[PolicyAdopted]:
    """Adopt a policy; nothing happens if just this one is in force. Raises PolicyRejected with every reason against."""
    table = command.table
    reasons = check(table)
    if table.digest != digest_of(command.text, command.schema):
        reasons.append("the table was compiled from another text or schema; compile the policy again")
    packed = zlib.compress(table.cells, 9)
    size = len(msgspec.json.encode((command.text, command.schema, table.rule_ids, table.rulings, packed)))
    if size > MOST_BYTES:
        reasons.append(f"the policy takes {size} bytes with its table, at most {MOST_BYTES} may be adopted; shorten it")
    if reasons:
        raise PolicyRejected(reasons)
    if table == msgspec.structs.replace(state.table, version=table.version):
        return []
    return [
        PolicyAdopted(
            version=state.version + 1,
            digest=table.digest,
            text=command.text,
            schema=command.schema,
            engine=command.engine,
            rule_ids=table.rule_ids,
            rulings=table.rulings,
            cells=packed,
        )
    ]


def evolve(state: PolicyState, happened: PolicyAdopted) -> PolicyState:
    """Put the adopted policy in force. Raises PolicyRejected if its table is not whole or a version was skipped."""
    if happened.version != state.version + 1:
        raise PolicyRejected([f"policy version {happened.version} follows version {state.version}; the log has a gap"])
    return PolicyState(happened.version, happened.table())
