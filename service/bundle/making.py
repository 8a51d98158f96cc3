"""Making a bundle: piece by piece, each on disk and then on record, so that it can go on from wherever it was left.

    plan (the timeline, the positions, a checkpoint that covers them) -> events-0001 ... -> timeline, pdf -> facts
        -> timestamp, where an authority is configured -> the archive, sealed, and verified as whoever gets it would

The plan decides what is in it. Whatever is made again of the same plan is the same, byte for byte.
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from domain import export
from domain.export import ExportProgressed, ExportState, Piece
from service.bundle import bag, composing, layout, stamped
from service.bundle.bag import Sums
from service.bundle.pieces import Files, Pieces
from service.bundle.planning import NotMade, Plan, planned
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.timeline.drawing import pdf
from service.timeline.timesketch import lines

CHUNK = 250  # events in a piece
PLAN, TIMELINE, PDF, FACTS, TIMESTAMP = "plan", "timeline", "pdf", "facts", "timestamp"
ELSEWHERE = frozenset({PDF, TIMESTAMP})  # made by other processes
VERIFIED_WITHIN_S = 600
_ROOT = Path(__file__).parents[2]


class Overtaken(Exception):
    """Somebody else makes it, or nobody any more."""


class Making:
    """The making of one export by one runner. Raises NotMade, Overtaken, and what is worth another try."""

    def __init__(self, desk: Desk, export_id: str, runner: str, asker: Asker) -> None:
        """Make nothing yet. `asker`: the service itself, under whose name progress is recorded."""
        self._desk = desk
        self._id = export_id
        self._runner = runner
        self._asker = asker
        self._pieces: Pieces = desk.workshop.exports.of(export_id)
        self._state = ExportState()
        self._sums: dict[str, Sums] = {}
        self._where: dict[str, str] = {}
        self._anew = False  # the plan was made again, and no piece of another plan belongs to it
        self._made = False  # a piece was made, and no timestamp of before is over it

    async def all(self, state: ExportState) -> export.ExportMade:
        """Make what is missing, and say what came of it."""
        self._state = state
        plan = await self._plan()
        events = [plan.positions[at : at + CHUNK] for at in range(0, len(plan.positions), CHUNK)]
        names = [f"events-{number:04}" for number in range(1, len(events) + 1)]
        rest = [*names, TIMELINE, PDF, FACTS, *([TIMESTAMP] if plan.custody.timestamp else [])]
        of = 1 + len(rest)
        for name, positions in zip(names, events, strict=True):
            await self._piece(name, of, lambda positions=positions: self._events(plan, positions))  # type: ignore[misc]  # mypy infers no lambda with a default
        await self._piece(TIMELINE, of, lambda: _timelines(plan))
        await self._piece(PDF, of, lambda: self._drawn(plan))
        await self._piece(FACTS, of, lambda: self._facts(plan))
        for name in rest[: 3 + len(names)]:
            await asyncio.to_thread(self._index, name)
        if plan.custody.timestamp:
            await self._piece(TIMESTAMP, of, lambda: self._stamp(plan))
        archive = await asyncio.to_thread(self._sealed, plan)
        await self._verified()
        return export.ExportMade(
            export_id=self._id,
            digest=archive.digest,
            size=archive.size,
            events=len(plan.positions),
            tree_size=plan.checkpoint.size,
            root=plan.checkpoint.root.hex(),
            subjects=plan.subjects,
            at=self._desk.pipeline.now(),
        )

    # --- a piece ------------------------------------------------------------------------------------------------------

    async def _piece(self, name: str, of: int, make: Callable[[], Awaitable[Files]]) -> None:
        """See to it that this piece is on disk and on record."""
        known = self._state.pieces.get(name)
        follows = self._anew or (self._made and name == TIMESTAMP)
        if known is not None and not follows and await asyncio.to_thread(self._pieces.whole, name, known):
            return
        began = time.monotonic()
        files = await make()
        piece = await asyncio.to_thread(self._pieces.put, name, files)
        await self._progressed(name, piece, of)
        self._made = True
        if name not in ELSEWHERE:
            # As long as it took it rests, so that decisions have the processor too.
            await asyncio.sleep(min(time.monotonic() - began, 1.0))

    async def _progressed(self, name: str, piece: Piece, of_all: int) -> None:
        progress = ExportProgressed(export_id=self._id, piece=name, digest=piece.digest, size=piece.size, of=of_all)

        def decide(reader: Reader) -> Draft[ExportState]:
            state = reader.folded(export.stream(self._id)).state
            assert isinstance(state, ExportState)  # noqa: S101 - what the stream folds to
            if not export.go_on(state, self._runner):
                raise Overtaken
            return Draft(export.evolve(state, progress), [(export.stream(self._id), progress)])

        self._state = (await self._desk.pipeline.carry_out(self._asker, decide)).answer

    def _got(self, name: str) -> Files:
        """A piece that was made. Raises Overtaken where it is gone: somebody discarded it."""
        found = self._pieces.get(name, self._state.pieces[name])
        if found is None:
            raise Overtaken
        return found

    # --- the plan -----------------------------------------------------------------------------------------------------

    async def _plan(self) -> Plan:
        known = self._state.pieces.get(PLAN)
        files = None if known is None else await asyncio.to_thread(self._pieces.get, PLAN, known)
        if files is None:
            self._anew = True
            plan = await planned(self._desk, self._id, self._state, self._asker)
            await self._piece(PLAN, _pieces_of(plan), lambda: _as_piece(plan))
            return plan
        return msgspec.msgpack.decode(files[0][1], type=Plan)

    # --- what is in it ------------------------------------------------------------------------------------------------

    async def _events(self, plan: Plan, positions: tuple[int, ...]) -> Files:
        def made() -> Files:
            files: Files = []
            for stored in self._desk.log.at(positions):
                proven = self._desk.ledger.prove(stored.id, plan.checkpoint)
                files += composing.of_event(stored, proven, withheld=stored.id in plan.withheld)
            return files

        return await asyncio.to_thread(made)

    async def _drawn(self, plan: Plan) -> Files:
        return [(layout.PDF, await pdf(plan.timeline, plan.made))]

    async def _facts(self, plan: Plan) -> Files:
        authority = self._desk.workshop.authority if plan.custody.timestamp else ""
        made = composing.facts(plan.custody, plan.checkpoint.text, authority)
        return made if plan.public is None else [*made, *composing.published(plan.public.text, plan.consistency)]

    async def _stamp(self, plan: Plan) -> Files:
        manifest = bag.manifest(self._sums, 0)
        token = await stamped.asked(plan.custody.timestamp, self._desk.workshop.roots, manifest)
        return [(bag.TIMESTAMP, token)]

    def _index(self, name: str) -> None:
        """Learn the sums of the files of a piece."""
        for path, content in self._got(name):
            self._sums[path] = bag.summed(content)
            self._where[path] = name

    def _sealed(self, plan: Plan) -> Piece:
        """Write the archive. One piece after the other is in memory, since paths follow pieces nearly everywhere."""
        held: dict[str, dict[str, bytes]] = {}

        def read(path: str) -> bytes:
            name = self._where[path]
            if name not in held:
                held.clear()
                held[name] = dict(self._got(name))
            return held[name][path]

        token = self._got(TIMESTAMP)[0][1] if plan.custody.timestamp else None
        buffered = self._desk.ledger.seal
        return self._pieces.finish(
            lambda out: composing.sealed(out, plan.custody, self._sums, read, seal=buffered, timestamp=token)
        )

    async def _verified(self) -> None:
        """Verify the archive in a process of its own, as whoever gets it would. Raises NotMade."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service.cli", "verify", str(self._pieces.archive),
            "--key", self._desk.ledger.key_text,
            cwd=_ROOT, env={}, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            await asyncio.wait_for(process.wait(), VERIFIED_WITHIN_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise NotMade("the bundle that was made does not verify; see to the ledger")


def _pieces_of(plan: Plan) -> int:
    """How many pieces a plan has: itself, its events, both timelines, the facts, and a timestamp."""
    return 1 + -(-len(plan.positions) // CHUNK) + 3 + bool(plan.custody.timestamp)


async def _as_piece(plan: Plan) -> Files:
    return [(PLAN, msgspec.msgpack.encode(plan))]


async def _timelines(plan: Plan) -> Files:
    def made() -> Files:
        said = {name: getattr(plan.timeline, name) for name in plan.timeline.__struct_fields__ if name != "recorded"}
        told = msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"
        sketched = io.BytesIO()
        sketched.writelines(lines(plan.timeline))
        return [(layout.TIMELINE, told), (layout.TIMESKETCH, sketched.getvalue())]

    return await asyncio.to_thread(made)
