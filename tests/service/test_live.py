"""Live projections: caught up with the log whenever they are asked, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.account import AccountOpened
from domain.event import Recorded
from projections.projection import Projection
from service import composition
from service.desk import live
from tests.calling import serving


def counted(state: list[int], recorded: Recorded) -> list[int]:
    return [*state, recorded.position]


OPENED: Projection[list[int]] = Projection((AccountOpened.NAME,), list, counted)
PERSON = {"kind": "holder", "facts": {"surname": "Grey", "given_name": "Alma"}}


@pytest.mark.parametrize("at_once", [2, 2_000])
async def test_it_sees_each_of_its_events_once_whoever_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(live, "AT_ONCE", at_once)
    async with serving(tmp_path / "home") as here, serving(tmp_path / "home") as there:
        desk = composition.desk(here.settings)
        found = await desk.live.current(OPENED)
        assert found == []
        for number, service in enumerate((here, there, here, here, there), start=1):
            account_id = (await service.by("back_office").made("/v1/accounts"))["account_id"]
            await service.by("back_office").made(f"/v1/accounts/{account_id}/parties", PERSON)
            found = await desk.live.current(OPENED)
            assert len(found) == number
        assert found == sorted(set(found))
        assert await desk.live.current(OPENED) == found
        await desk.close()
