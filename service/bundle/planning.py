"""Planning a bundle: what the incident held when it was asked for, for whom, and a checkpoint that covers it all.

Whatever is put on record after that is in no part of it, so that it is the same whenever it is made.
"""

from __future__ import annotations

import asyncio

import msgspec
from msgspec.structs import replace

from domain import export, unsealing
from domain.event import Header, Kept
from domain.exhibit import EntryCommented
from domain.export import ExportAsked, ExportState
from domain.unsealing import UnsealingApproved, UnsealingAsked, UnsealingState
from projections.entry import Timeline
from service.bundle.asking import opens
from service.bundle.custody import Custody, LedgerSaid, Opened, Who
from service.bundle.note import key
from service.bundle.readable import subjects
from service.desk.desk import Desk
from service.desk.draft import Asker, Draft, Reader
from service.ledger.note import Checkpoint
from service.log import LogUnavailable
from service.timeline.anchor import Anchor
from service.timeline.gathering import gathered
from service.timeline.pdf import Made


class NotMade(Exception):
    """It cannot be made, however often it is tried. `why` is one of our own words."""

    def __init__(self, why: str) -> None:
        """Keep why."""
        super().__init__(why)
        self.why = why


class Plan(msgspec.Struct, frozen=True):
    """What a bundle will hold. `withheld`: events that are in it by their hash; `subjects`: whose data it shows.

    `public`: the checkpoint that the house last published, and witnesses may have signed; `consistency`: that what it
    covers is the beginning of what `checkpoint` covers.
    """

    timeline: Timeline
    positions: tuple[int, ...]
    withheld: tuple[int, ...]
    custody: Custody
    checkpoint: Checkpoint
    made: Made
    subjects: tuple[str, ...]
    public: Checkpoint | None = None
    consistency: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        """Name the export, and nothing that is in it."""
        return f"Plan({self.custody.export_id!r})"


async def planned(desk: Desk, export_id: str, state: ExportState, by: Asker) -> Plan:
    """Gather what the incident held then, as whoever asked may have it, and have the ledger cover it.

    Raises NotMade, Refused (the incident is no longer theirs to read, the recipient no longer one), LogUnavailable.
    """
    asked_at, header, asked = await asyncio.to_thread(_asked, desk, export_id)
    whose = Asker(header.actor, header.cause)
    unsealed = await _unsealing(desk, state, whose, by)
    timeline = await gathered(
        desk,
        whose,
        state.incident_id,
        recipient=state.recipient,
        unsealing_id=state.unsealing_id,
        until=asked_at,
        reading="export",
    )
    full = timeline.recipient.kind == "full"
    told = {each.position for each in (timeline.recorded if full else timeline.entries)}
    custodial = {asked_at, *(await asyncio.to_thread(_positions, desk, state.unsealing_id))}
    positions = tuple(sorted(told | custodial))
    withheld = () if full else tuple(sorted(told - custodial))
    checkpoint = await desk.ledger.covering(positions[-1])
    public = await asyncio.to_thread(_public, desk, checkpoint)
    verifier = key(desk.ledger.key_text)
    words = await asyncio.to_thread(_words, desk, export_id, asked)
    shown = {
        subject
        for each in timeline.recorded
        if state.unsealing_id or isinstance(each.event, EntryCommented)
        for subject in subjects(msgspec.json.decode(each.stored_bytes)["event"])
    }
    custody = Custody(
        export_id=export_id,
        incident_id=state.incident_id,
        account_id=state.account_id,
        exported_by=Who(header.actor.subject, header.actor.role, header.actor.site),
        asked_at=asked.asked_at,
        asked_at_position=asked_at,
        for_whom=words[0],
        purpose=state.purpose,
        words=words[1],
        recipient=state.recipient,
        unsealing=unsealed and replace(unsealed, subjects=tuple(sorted(shown))),
        events=len(positions),
        withheld=len(withheld),
        first_position=positions[0],
        last_position=positions[-1],
        ledger=LedgerSaid(
            checkpoint.origin, checkpoint.size, checkpoint.root.hex(), verifier.text(), verifier.fingerprint()
        ),
        timestamp=desk.workshop.tsa_url,
        software=desk.workshop.software,
    )
    anchor = Anchor(checkpoint.origin, checkpoint.size, checkpoint.text.split("\n")[2], asked.asked_at.isoformat())
    made = Made(header.actor.subject, asked.asked_at, state.unsealing_id, anchor)
    return Plan(
        timeline=replace(timeline, recorded=()),
        positions=positions,
        withheld=withheld,
        custody=custody,
        checkpoint=checkpoint,
        made=made,
        subjects=tuple(sorted(shown)),
        public=public and public[0],
        consistency=public[1] if public else (),
    )


def _public(desk: Desk, checkpoint: Checkpoint) -> tuple[Checkpoint, tuple[bytes, ...]] | None:
    """The public checkpoint, and that it is of the same ledger; None where nothing was published yet, or only later."""
    try:
        found = desk.ledger.public
    except LogUnavailable:
        return None
    if not 0 < found.size <= checkpoint.size:
        return None
    return found, tuple(desk.ledger.tree.consistency(found.size, checkpoint.size))


def _asked(desk: Desk, export_id: str) -> tuple[int, Header, ExportAsked]:
    """Where the export was asked for, and what was asked."""
    first = desk.log.of_streams([export.stream(export_id)], lte=desk.log.last_position())[0]
    header, asked = desk.codec.decode(first)
    assert isinstance(asked, ExportAsked)  # noqa: S101 - the first event of its stream
    return first.id, header, asked


def _positions(desk: Desk, unsealing_id: str) -> list[int]:
    """Where the unsealing was asked for and approved."""
    if not unsealing_id:
        return []
    rows = desk.log.of_streams([unsealing.stream(unsealing_id)], lte=desk.log.last_position())
    return [each.id for each in rows if each.topic in {UnsealingAsked.NAME, UnsealingApproved.NAME}]


async def _unsealing(desk: Desk, state: ExportState, whose: Asker, by: Asker) -> Opened | None:
    """The unsealing that this export is made under. Raises NotMade where it opens nothing any more."""
    if not state.unsealing_id:
        return None

    def read(reader: Reader) -> Draft[UnsealingState | None]:
        return Draft(opens(reader, whose, state.incident_id, state.unsealing_id, desk), [])

    found = (await desk.pipeline.carry_out(by, read)).answer
    if found is None or found.until is None:
        raise NotMade("the unsealing had expired before the timeline was made")
    return Opened(found.unsealing_id, found.asker, found.approver, found.purpose, found.until, ())


def _words(desk: Desk, export_id: str, asked: ExportAsked) -> list[str]:
    stream = export.stream(export_id)
    kept = [Kept(asked.for_whom, 1, ExportAsked.NAME, "for_whom"), Kept(asked.words, 1, ExportAsked.NAME, "words")]
    return [msgspec.json.decode(desk.codec.open(stream, each), type=str) for each in kept]
