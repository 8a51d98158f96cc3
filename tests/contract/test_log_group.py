"""Settling a group is settling its appends one after another: no append is judged otherwise for its company."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.log import Append, IdempotencyKey, LocatorEntry, Snapshot
from service.log.database import Repeats
from service.log.group import Group
from service.log.tables import events, idempotency_keys, locators

from .conftest import event

STREAMS = st.sampled_from(["account:1", "account:2", "policy"])


@st.composite
def appends(draw: st.DrawFn) -> list[Append]:
    made: list[Append] = []
    for _ in range(draw(st.integers(1, 8))):
        expect = draw(st.dictionaries(STREAMS, st.integers(0, 3), max_size=3))
        written = draw(st.lists(st.sampled_from(sorted(expect)), max_size=3)) if expect else []
        versions = dict(expect)
        rows = []
        for stream in written:
            versions[stream] += 1
            rows.append(event(stream, versions[stream]))
        key = draw(st.none() | st.sampled_from("ab").map(lambda name: IdempotencyKey("x", name, b"", 200, b"", 0.0)))
        parents = tuple(draw(st.lists(st.sampled_from(made), max_size=2))) if made else ()
        tracking = draw(st.none() | st.dictionaries(st.just("app"), st.integers(1, 3)))
        made.append(
            Append(
                events=tuple(rows),
                expect=expect,
                key=key,
                parents=parents,
                tracking=tracking,
                locators=tuple(draw(st.lists(st.just(LocatorEntry(b"m", "a", "b")), max_size=1))),
                snapshots=tuple(
                    Snapshot("account:1", n, "s", b"") for n in draw(st.lists(st.integers(1, 5), max_size=2))
                ),
            )
        )
    return made


@given(appends())
def test_a_group_is_its_singles(group: list[Append]) -> None:
    together = Group(group)
    together.settle({}, 0, set(), {})
    joint = {id(append): positions for append, positions in together.accepted}
    refused = {id(append): type(error) for append, error in together.refusals}
    for append in group:
        append.accepted = False

    heads: dict[str, int] = {}
    taken: set[tuple[str, str]] = set()
    tracked: dict[str, int] = {}
    last = 0
    for append in group:
        alone = Group([append])
        alone.settle(heads, last, taken, tracked)
        assert [positions for _, positions in alone.accepted] == ([joint[id(append)]] if id(append) in joint else [])
        assert [type(error) for _, error in alone.refusals] == ([refused[id(append)]] if id(append) in refused else [])
        last = alone.position or last

    rows = together.rows.get((events, Repeats.REFUSED), [])
    assert [row[0] for row in rows] == list(range(1, last + 1))
    assert {(row[1], row[2]) for row in rows} == {
        (e.originator_id, e.originator_version) for append, _ in together.accepted for e in append.events
    }
    assert len({(row[1], row[2]) for row in rows}) == len(rows)
    keys = together.rows.get((idempotency_keys, Repeats.REFUSED), [])
    assert len({row[:2] for row in keys}) == len(keys)
    assert len(together.rows.get((locators, Repeats.IGNORED), [])) == sum(
        len(append.locators) for append, _ in together.accepted
    )
    newest = [shot.version for append, _ in together.accepted for shot in append.snapshots]
    assert {shot.version for shot in together.newest.values()} == ({max(newest)} if newest else set())
