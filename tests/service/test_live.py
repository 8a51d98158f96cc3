"""Live projections: caught up with the log whenever they are asked, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent

from domain import event
from domain.account import AccountOpened
from domain.event import Recorded
from projections.projection import Projection
from service import composition
from service.desk import live
from service.log import Append
from tests.calling import logged, serving


def counted(state: list[int], recorded: Recorded) -> list[int]:
    return [*state, recorded.position]


def in_place(state: list[int], recorded: Recorded) -> list[int]:
    """As projections do: the state is changed in place."""
    state.append(recorded.position)
    return state


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


async def test_a_damaged_event_is_left_out_and_the_others_are_folded_once(tmp_path: Path) -> None:
    async with serving(tmp_path / "home") as service:
        desk = service.app.state.desk
        account_id = (await service.by("back_office").made("/v1/accounts"))["account_id"]
        (whole,) = desk.log.read(f"account:{account_id}")
        bodies = [b"PERSONALWORDS{", whole.state, b"{}", whole.state]
        rows = tuple(StoredEvent("account:x", at, AccountOpened.NAME, body) for at, body in enumerate(bodies, 1))
        positions = desk.log.append(Append(events=rows, expect={"account:x": 0}))
        projection: Projection[list[int]] = Projection((AccountOpened.NAME,), list, in_place)
        with logged() as lines:
            for _ in range(2):
                assert (await desk.live.current(projection))[1:] == [positions[1], positions[3]]
        assert desk.live.skipped == 2
        assert lines.getvalue().count("is left out") == 2
        assert "PERSONALWORDS" not in lines.getvalue()


async def test_it_sees_what_was_written_under_a_retired_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(event._UPCASTERS, "account.opened.v0", (AccountOpened.NAME, dict))
    async with serving(tmp_path / "home") as service:
        desk = service.app.state.desk
        account_id = (await service.by("back_office").made("/v1/accounts"))["account_id"]
        (whole,) = desk.log.read(f"account:{account_id}")
        retired = StoredEvent("account:x", 1, "account.opened.v0", whole.state)
        desk.log.append(Append(events=(retired,), expect={"account:x": 0}))
        assert len(await desk.live.current(OPENED)) == 2
