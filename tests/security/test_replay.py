"""Promise 6, played: whatever was said on a line, each recorded decision comes out the same when it is made again."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from random import Random
from typing import Any, cast
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.action import ActionAttempted
from domain.attempt import DisclosureAttempted
from domain.dimension import Channel, Protection, Purpose, Standing, Tier, situation
from domain.event import Recorded
from domain.notice import NoticeSent, NoticeSuppressed
from domain.policy import PolicyAdopted, PolicyTable, Ruling
from service.log import EventLog
from service.record.share import Share
from tests.calling import serving
from tests.case import DURESS, Case
from tests.replays import Replayed, altered, recorded
from tests.security.transcript import Transcript, World

DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
EXAMPLES, EACH = (150, 8) if DEEP else (3, 5)


async def played(home: Path, number: int) -> str:
    """A log of some transcripts: its URL."""
    async with serving(home) as service:
        case = await Case.opened(service)
        await case.his_passcode()
        await case.protect()
        await case.choose(duress=DURESS)
        world = World(service, case, number)
        await world.reissue(elsewhere=False)
        for each in range(EACH):
            await Transcript(world, f"replay/{number}/{each}").play()
    return f"sqlite:///{home / 'watchword.sqlite'}"


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0, 99))
def test_what_was_decided_is_decided_again_and_what_was_altered_is_found(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = asyncio.run(played(Path(folder) / "home", number))
        record = recorded(url)
        assert_same(record)
        assert_shared(url, record)
    draw = Random(number)
    assert_alterations_found(record, draw)
    assert_policy_counts(record, draw)


def assert_same(record: list[Recorded]) -> None:
    with patch("domain.authority.minute_of_week", side_effect=AssertionError):  # whatever zones this machine knows
        whole = Replayed(record)
    assert whole.divergences == []
    assert whole.faults == []
    assert not any(each.inferred for each in whole.made)
    asked = [each for each in record if isinstance(each.event, DisclosureAttempted | ActionAttempted)]
    assert len([each for each in whole.made if each.judged]) == len(asked) > 10
    assert whole.loads == 0
    # What is not held is read again, and comes to the same.
    forgetful = Replayed(record, most=1)
    assert forgetful.loads > 0
    assert forgetful.divergences == []
    # As an earlier release wrote it, without what was given.
    before = [
        replace(each, event=replace(each.event, given=None)) if hasattr(each.event, "given") else each
        for each in record
    ]
    old = Replayed(before)
    assert old.divergences == []
    assert [each.inferred for each in old.made] == [hasattr(each.recorded.event, "given") for each in old.made]


def assert_shared(url: str, record: list[Recorded]) -> None:
    """Dealt out to three, each decision is made once, and comes out the same."""
    with EventLog(url) as log:
        shares = [Share(log, number, 3) for number in range(3)]
        last, counted = log.last_position(), 0
        for after in range(0, last, 50):
            for share in shares:
                chunk = share.chunk(after, min(after + 50, last))
                assert chunk.findings == ()
                counted += sum(chunk.made.values())
    assert counted == len(Replayed(record).made)


def assert_alterations_found(record: list[Recorded], draw: Random) -> None:
    """Whatever of a decision is altered, just that decision diverges, and the divergence says what of it."""
    attempts = [each for each in record if isinstance(each.event, DisclosureAttempted)]
    for each in draw.sample(attempts, 2):
        event = cast(DisclosureAttempted, each.event)
        flipped = "withheld" if event.outcome == "disclosed" else "disclosed"
        heard = tuple(replace(one, standing="verified-twice") for one in event.listeners)
        ahead = {stream: version + 1 for stream, version in event.judged_at.items()}
        changes: list[tuple[str, dict[str, Any]]] = [
            ("outcome", {"outcome": flipped}),
            ("view", {"view": "shown" if event.view != "shown" else "held"}),
            ("rules", {"rules": (*event.rules, "no-rule")}),
            ("bookings", {"bookings": (*event.bookings, "0" * 32)}),
            ("override_id", {"override_id": "0" * 32}),
            ("judged_at", {"judged_at": ahead}),
            ("policy", {"header": {"policy": 9}}),
            *([("listeners", {"listeners": heard})] if heard else []),
        ]
        for what, fields in changes:
            (found,) = Replayed(altered(record, each.position, **fields)).divergences
            assert found.position == each.position
            assert found.decision_id == event.decision_id
            assert [one.what for one in found.differs] == [what]
    for each in record:
        match each.event:
            case ActionAttempted(route=route):
                other = "tier_3" if route == "ordinary" else "ordinary"
                (found,) = Replayed(altered(record, each.position, route=other)).divergences
                assert [one.what for one in found.differs] == ["route"]
            case NoticeSent() | NoticeSuppressed():
                (found,) = Replayed(altered(record, each.position, rules=("no-rule",))).divergences
                assert found.name == each.name
            case _:
                pass
    # An event that is gone leaves a stream that does not follow, and decisions that do not stand where they say.
    gone = draw.choice([each for each in attempts if each.stream.startswith("account:")][:-1])
    without = Replayed([each for each in record if each is not gone])
    assert without.divergences
    assert without.divergences[0].position > gone.position


def assert_policy_counts(record: list[Recorded], draw: Random) -> None:
    """The cell by which something was disclosed, denied in the policy of its day: that decision diverges."""
    (adopted,) = [each for each in record if isinstance(each.event, PolicyAdopted)]
    told = [each for each in record if isinstance(each.event, DisclosureAttempted) and _plain(each.event)]
    for each in draw.sample(told, min(2, len(told))):
        event = cast(DisclosureAttempted, each.event)
        table = cast(PolicyAdopted, adopted.event).table()
        held = Replayed(altered(record, adopted.position, cells=_denying(table, event, record, each)))
        assert each.position in [found.position for found in held.divergences]


def _plain(event: DisclosureAttempted) -> bool:
    """Whether one person alone was told, by policy alone."""
    return event.outcome == "disclosed" and len(event.listeners) == 1 and not event.override_id


def _denying(table: PolicyTable, event: DisclosureAttempted, record: list[Recorded], each: Recorded) -> bytes:
    """The cells of the table with existence denied in the view, and to the standing, of this answer."""
    import zlib  # noqa: PLC0415 - as `PolicyAdopted` packs them

    (opened,) = [one for one in record if one.stream == f"interaction:{each.header.interaction}" and one.version == 1]
    heard = event.listeners[0]
    channel = getattr(opened.event, "channel", None) or opened.event.evidence.channel  # type: ignore[attr-defined]  # one of two
    at = situation(
        Standing(heard.standing),
        Protection(heard.protection),
        Purpose(event.purpose),
        {"call": Channel.CALL, "call_back": Channel.CALL, "chat": Channel.CHAT, "portal": Channel.PORTAL}[channel],
        Tier(str(max(opened.header.actor.tier, 1))),
    )
    denied = table.rulings.index(next(one for one in table.rulings if not one.permits))
    assert isinstance(table.rulings[denied], Ruling)
    cells = bytearray(table.cells)
    for scope in (0, 1):
        place = 2 * (at * 32 + (16 if event.view == "shown" else 0) + scope * 8)
        cells[place : place + 2] = denied.to_bytes(2, "little")
    return zlib.compress(bytes(cells), 9)
