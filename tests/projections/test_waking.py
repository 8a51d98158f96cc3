"""Waking: whatever is put and taken back, what is due is what has its time now."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from projections.waking import Waking

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def at(hours: int) -> datetime:
    return BEGAN + timedelta(hours=hours)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.none() | st.integers(0, 20)), max_size=60), st.integers(0, 21)
)
def test_what_is_due_is_what_has_its_time_now_soonest_first(puts: list[tuple[str, int | None]], now: int) -> None:
    waking, times = Waking(), dict[str, int]()
    for key, hours in puts:
        waking.put(key, None if hours is None else at(hours))
        if hours is None:
            times.pop(key, None)
        else:
            times[key] = hours
    assert waking.due(at(now)) == [key for hours, key in sorted((h, k) for k, h in times.items()) if hours <= now]
    assert len(waking) == len(times)


def test_what_is_put_over_and_over_does_not_pile_up() -> None:
    waking = Waking()
    for hours in range(1000):
        waking.put("a", at(hours))
    assert len(waking._heap) == 1
