"""Promises 1 and 2, played: random transcripts, in which only who proved herself hears what only the held view says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.calling import logged, serving
from tests.case import ALMA, DURESS, PASSCODE, Case
from tests.replays import Replayed
from tests.replays import recorded as record
from tests.security.transcript import Transcript, World, heard

DEEP = os.environ.get("WATCHWORD_TEST_PROFILE") == "deep"
WORLDS, EACH = (200, 10) if DEEP else (20, 10)


@pytest.mark.parametrize("number", range(WORLDS))
async def test_nobody_hears_what_is_hers_but_she(tmp_path: Path, number: int) -> None:
    with logged() as lines:
        async with serving(tmp_path / "home") as service:
            case = await Case.opened(service)
            await case.his_passcode()
            await case.protect()
            assert (await case.choose(duress=DURESS)).status_code == 200
            world = World(service, case, number)
            await world.reissue(elsewhere=False)
            for each in range(EACH):
                await Transcript(world, f"{number}/{each}").play()
            recorded = await heard(world)
            assert world.told, "nobody heard anything"
            assert set(world.told) <= recorded, "something was heard that is not on record"
            again = Replayed(record(service.settings.database_url))
            assert again.divergences == [], "something decided comes out otherwise when it is decided again"
            assert again.faults == []
        assert not world.leaks(lines.getvalue())


async def test_the_player_would_notice(tmp_path: Path) -> None:
    """She proves herself and hears the truth: had the line been another's, it would have been called a leak."""
    async with serving(tmp_path / "home") as service:
        case = await Case.opened(service)
        await case.protect()
        assert (await case.choose()).status_code == 200
        world = World(service, case, 0)
        await world.reissue(elsewhere=False)
        agent = service.by("agent")
        line = await case.verified(agent, ALMA, PASSCODE)
        answer = await agent.post(f"{line}/disclosures", {"classes": ["E", "I", "L"], "locator": world.locators[-1]})
        assert world.checked(answer, may=True)["document"]
        with pytest.raises(AssertionError, match="told"):
            world.checked(answer, may=False)
